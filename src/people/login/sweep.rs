//! What logins leave behind, and when it goes.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{audit, failures, sending};
use crate::{base::error::Result, platform::app::App};

/// No challenge lives as long as this, so none can come back.
const CONSUMED_KEPT_FOR: TimeDelta = TimeDelta::days(1);
/// For whoever looks into what happened.
const SESSIONS_KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// A full batch of any of them is followed by the next at once.
const MOST: i64 = 500;

/// Background step.
pub async fn sweep(app: App) -> Result<usize> {
    let mut db = app.db().await?;
    let now = app.clock.now();
    let swept = [
        drop_consumed_challenges(&mut db, now - CONSUMED_KEPT_FOR).await?,
        drop_used_tokens(&mut db, now).await?,
        expire_sessions(&mut db, now).await?,
        drop_sessions(&mut db, now - SESSIONS_KEPT_FOR).await?,
        audit::purge(&mut db, now, MOST).await?,
        failures::sweep(&mut db, now, MOST).await?,
        sending::sweep(&mut db, now, MOST).await?,
    ];
    Ok(swept.iter().map(|rows| usize::try_from(*rows).unwrap_or(usize::MAX)).sum())
}

async fn drop_consumed_challenges(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from consumed_challenges where challenge_id in
            (select challenge_id from consumed_challenges where consumed_at < $1 limit $2 for update skip locked)",
        before,
        MOST
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

/// A used token is kept so that its return is noticed; once it has expired, it would be refused in any case. The last of a
/// session is kept until that has ended.
async fn drop_used_tokens(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from refresh_tokens where hash in (
            select t.hash from refresh_tokens t join sessions s on s.id = t.session_id
            where t.expires_at < $1 and (t.used_at is not null or s.ended_at is not null)
            limit $2 for update of t skip locked
        )",
        before,
        MOST
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

/// Those whose half year is over, and those that nobody can refresh any more: each by an index.
async fn expire_sessions(db: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let expired = sqlx::query!(
        "with over as (
            select id from sessions where ended_at is null and expires_at <= $1
            limit $2 for update skip locked
        ), idle as (
            select s.id from refresh_tokens t join sessions s on s.id = t.session_id
            where t.expires_at <= $1 and t.used_at is null and s.ended_at is null
            limit $2 for update of s skip locked
        )
        update sessions set ended_at = $1, ended_because = 'expired'
        where id in (select id from over union select id from idle) and ended_at is null",
        now,
        MOST
    );
    Ok(expired.execute(db).await?.rows_affected())
}

/// Their tokens go with them.
async fn drop_sessions(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from sessions where id in
            (select id from sessions where ended_at < $1 limit $2 for update skip locked)",
        before,
        MOST
    );
    Ok(dropped.execute(db).await?.rows_affected())
}
