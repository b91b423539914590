use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::LoginEvent;
use crate::base::error::Result;

pub async fn is_blocked(db: &mut PgConnection, challenge_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let blocked = sqlx::query_scalar!(
        r#"select exists (
            select from messages m join login_failures f on f.bucket = m.bucket
            where m.challenge_id = $1 and f.blocked_until > $2
        ) as "blocked!""#,
        challenge_id,
        now
    );
    Ok(blocked.fetch_one(db).await?)
}

/// How many there are now. `waits` are the seconds after the first, the second and so on; the last is for all more.
pub async fn count(
    db: &mut PgConnection,
    bucket: &[u8],
    now: DateTime<Utc>,
    waits: &[f64],
    wrong: &LoginEvent,
    locked: &LoginEvent,
) -> Result<i32> {
    let in_a_row = sqlx::query_scalar!(
        r#"with failed as (
            insert into login_failures as f (bucket, in_a_row, last_at, blocked_until)
            values ($1, 1, $2, $2::timestamptz + make_interval(secs => ($3::float8[])[1]))
            on conflict (bucket) do update set in_a_row = f.in_a_row + 1, last_at = $2,
                blocked_until =
                    $2::timestamptz + make_interval(secs => ($3::float8[])[least(f.in_a_row + 1, cardinality($3::float8[]))])
            returning in_a_row
        ), told as (
            insert into login_events select * from jsonb_populate_record(null::login_events, $4)
        ), lock_told as (
            insert into login_events select e.* from failed, jsonb_populate_record(null::login_events, $5) e
            where failed.in_a_row = cardinality($3::float8[])
        )
        select in_a_row from failed"#,
        bucket,
        now,
        waits,
        Json(wrong) as _,
        Json(locked) as _
    );
    Ok(in_a_row.fetch_one(db).await?)
}

pub async fn reset(db: &mut PgConnection, bucket: &[u8], event: &LoginEvent) -> Result<bool> {
    let reset = sqlx::query_scalar!(
        r#"with reset as (
            delete from login_failures where bucket = $1 returning in_a_row
        ), told as (
            insert into login_events select e.* from reset, jsonb_populate_record(null::login_events, $2) e
        )
        select exists (select from reset) as "reset!""#,
        bucket,
        Json(event) as _
    );
    Ok(reset.fetch_one(db).await?)
}

pub async fn drop_forgiven(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from login_failures where bucket in (
            select bucket from login_failures where in_a_row < 5 and last_at < $1 limit $2 for update skip locked
        )",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

pub async fn forget(db: &mut PgConnection, buckets: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("delete from login_failures where bucket = any($1)", buckets).execute(db).await?;
    Ok(())
}
