use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use super::{Prefix, SendingStop, StoppedBy};
use crate::{
    base::error::Result,
    messages::pumping::{BLOCK_FLOOR, COUNTRY_FLOOR, LEAST_PERCENT, SEEN_BACK},
    people::audit::LoginEvent,
};

/// Those that are in force now, from what is counted: one that came by itself needs no row.
pub async fn list(
    db: &mut PgConnection,
    after: &str,
    only: Option<&Prefix>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SendingStop>> {
    let stops = sqlx::query_as!(
        SendingStop,
        r#"with counted as (
            select scope, sum(sent) as sent, sum(phones) as phones, sum(verified) as verified,
                max(hour) filter (where sent > 0) as last
            from code_tallies where hour > $1::timestamptz - $2::interval and scope <> '*' and scope > $4
                and ($5::text is null or scope = $5)
            group by scope
        ), bad as (
            select scope, last from counted
            where sent >= case when scope like '+%' then $6::bigint else $8 end
                and phones >= case when scope like '+%' then $7::bigint else $9 end
                and verified * 100 < sent * $10::bigint
        ), told as (
            select scope, since, until, is_set, set_by from code_stops
            where scope not like '%budget%' and scope > $4 and ($5::text is null or scope = $5)
        ), stopped as (
            select scope, 'owner' as by, set_by, since, until from told
            where is_set and (until is null or until > $1)
            union all
            select b.scope, 'breaker', null, coalesce(t.since, $1), b.last + $2::interval
            from bad b left join told t on t.scope = b.scope
            where t.scope is null or not t.is_set or t.until <= $1
        )
        select s.scope as "prefix!", s.by as "by!: StoppedBy", s.set_by, s.since as "since!", s.until,
            coalesce(c.sent, 0) as "sent!", coalesce(c.phones, 0) as "phones!", coalesce(c.verified, 0) as "verified!"
        from stopped s left join counted c on c.scope = s.scope
        order by s.scope limit $3"#,
        now,
        SEEN_BACK as _,
        limit,
        after,
        only.map(|prefix| prefix.0.as_str()),
        BLOCK_FLOOR.codes,
        BLOCK_FLOOR.phones,
        COUNTRY_FLOOR.codes,
        COUNTRY_FLOOR.phones,
        LEAST_PERCENT
    );
    Ok(stops.fetch_all(db).await?)
}

/// Of two who set or lift a stop at once, the second finds what the first has done.
pub async fn lock(db: &mut PgConnection, prefix: &Prefix) -> Result<()> {
    sqlx::query!("select from pg_advisory_xact_lock(hashtextextended('sending stop ' || $1, 0))", prefix.0)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn set(
    tx: &mut PgTransaction<'_>,
    prefix: &Prefix,
    until: Option<DateTime<Utc>>,
    user_id: Option<Uuid>,
    event: &LoginEvent,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with told as (
            insert into login_events select e.* from jsonb_populate_record(null::login_events, $5) e
        )
        insert into code_stops (scope, since, is_set, set_by, until) values ($1, $2, true, $3, $4)
        on conflict (scope) do update set since = excluded.since, is_set = true, set_by = excluded.set_by,
            until = excluded.until",
        prefix.0,
        now,
        user_id,
        until,
        Json(event) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn lift(tx: &mut PgTransaction<'_>, prefix: &Prefix, event: &LoginEvent, since: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with told as (
            insert into login_events select e.* from jsonb_populate_record(null::login_events, $3) e
        ), forgotten as (
            update code_tallies set sent = 0, phones = 0, verified = 0 where scope = $1 and hour > $2
        ), uncounted as (
            update messages set counted = 0 where created_at > $2 and counted > 0 and (block = $1 or country = $1)
        )
        delete from code_stops where scope = $1",
        prefix.0,
        since,
        Json(event) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
