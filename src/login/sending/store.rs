use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, types::Json};

use super::{Account, Code, DAY_BUDGET, HOUR_BUDGET, Holder, LoginEvent, Tally};
use crate::{
    email::Email,
    error::Result,
    language::Language,
    messages::{Channel, Kind},
};

pub struct Seen {
    pub account: Account,
    pub language: Option<Language>,
    pub email: Option<Email>,
    pub nobody_yet: bool,
    pub in_a_row: i32,
    pub blocked_until: Option<DateTime<Utc>>,
    pub block_sent: i64,
    pub block_verified: i64,
    pub country_sent: i64,
    pub country_verified: i64,
    pub hour_cost: Decimal,
    pub day_cost: Decimal,
    /// On this day.
    pub country_cost: Decimal,
    pub stopped: Vec<String>,
}

pub async fn look(
    db: &mut PgConnection,
    holder: &Holder,
    bucket: &[u8],
    tally: &Tally,
    country_budget: &str,
    since: DateTime<Utc>,
    has_budget: bool,
) -> Result<Seen> {
    let [block, country, everywhere] = &tally.scopes;
    let stops = [block, country, HOUR_BUDGET, DAY_BUDGET, country_budget].map(str::to_owned);
    let seen = sqlx::query_as!(
        Seen,
        r#"select case when a.id is null then 'none' when a.disabled_at is null then 'good' else 'disabled' end
                as "account!: Account",
            me.language as "language?: Language", me.email as "email?: Email",
            not exists (select from users) as "nobody_yet!",
            coalesce(f.in_a_row, 0) as "in_a_row!", f.blocked_until as "blocked_until?",
            block.sent as "block_sent!", block.verified as "block_verified!",
            country.sent as "country_sent!", country.verified as "country_verified!",
            spent.hour as "hour_cost!", spent.day as "day_cost!", country.cost as "country_cost!",
            array(select scope from code_stops where scope = any($3::text[])) as "stopped!"
        from (
            select coalesce(sum(sent), 0) as sent, coalesce(sum(verified), 0) as verified
            from code_tallies where scope = $4 and hour > $6
        ) block, (
            select coalesce(sum(sent), 0) as sent, coalesce(sum(verified), 0) as verified,
                coalesce(sum(cost) filter (where hour >= $8), 0) as cost
            from code_tallies where scope = $5 and hour > $6
        ) country, (
            select coalesce(sum(cost) filter (where hour >= $9), 0) as hour, coalesce(sum(cost), 0) as day
            from code_tallies where scope = $7 and hour >= $8 and $10::bool
        ) spent
        left join login_failures f on f.bucket = $2
        left join users a on a.phone = $1
        left join users me on me.id = coalesce($11, a.id)"#,
        holder.phone.as_str(),
        bucket,
        &stops,
        block,
        country,
        since,
        everywhere,
        tally.day,
        tally.hour,
        has_budget,
        holder.aim.user_id()
    );
    Ok(seen.fetch_one(db).await?)
}

/// Whether it is told now, and not before.
pub async fn stop(db: &mut PgConnection, scope: &str, event: &LoginEvent, now: DateTime<Utc>) -> Result<bool> {
    let stopped = sqlx::query_scalar!(
        r#"with stopped as (
            insert into code_stops (scope, since) values ($1, $2) on conflict do nothing returning scope
        ), told as (
            insert into login_events select e.* from stopped, jsonb_populate_record(null::login_events, $3) e
        )
        select exists (select from stopped) as "stopped!""#,
        scope,
        now,
        Json(event) as _
    );
    Ok(stopped.fetch_one(db).await?)
}

pub struct Spending<'a> {
    pub price: Decimal,
    pub per_hour: Option<Decimal>,
    pub per_day: Option<Decimal>,
    /// For the country of the phone, and under which it is told that it is spent.
    pub of_country: Option<Decimal>,
    pub country_budget: &'a str,
    /// Of each, `detail` is its scope. Those of the budgets hold if the budget is found to be spent.
    pub stops: &'a [LoginEvent],
    pub resumed: &'a [String],
}

pub struct Queued {
    /// Budgets: if it is none, the message is queued.
    pub over: Vec<String>,
    pub stopped: Vec<String>,
}

#[expect(clippy::too_many_lines, reason = "one statement, so that it is all done or nothing")]
pub async fn queue(
    db: &mut PgConnection,
    code: &Code<'_>,
    spending: &Spending<'_>,
    now: DateTime<Utc>,
) -> Result<Queued> {
    let (message, tally) = (&code.message, code.tally);
    let queued = sqlx::query_as!(
        Queued,
        r#"with spent as (
            select coalesce(sum(cost) filter (where hour >= $10), 0) as hour, coalesce(sum(cost), 0) as day
            from code_tallies where scope = '*' and hour >= $11 and ($13::numeric is not null or $14::numeric is not null)
        ), over as (
            select $20::text as scope from spent where hour + $12 > $13
            union all select $24::text where $25 < $12 + coalesce((
                select sum(cost) from code_tallies where scope = $23 and hour >= $11 and $25::numeric is not null
            ), 0)
            union all select $21::text from spent where day + $12 > $14
        ), within as (
            select where not exists (select from over)
        ), message as (
            insert into messages (id, challenge_id, channel, recipient, body, suppressed, state, due_at, expires_at,
                created_at, updated_at, bucket, kind, country, reserve)
            select $1, $2, $3, $4, $5, $6, 'queued', $7, $8, $7, $7, $9, $22, $23, case when $6 then 0 else $12 end
            from within
            returning id
        ), tally as (
            insert into code_tallies as t (scope, hour, shard, sent, cost)
            select scope, $10, $16, 1, $12 from unnest($15::text[]) scope, within where not $6
            on conflict (scope, hour, shard) do update set sent = t.sent + 1, cost = t.cost + excluded.cost
        ), told as (
            insert into login_events select e.* from within, jsonb_populate_record(null::login_events, $17) e
        ), stopped as (
            insert into code_stops (scope, since)
            select e.detail, $7 from jsonb_populate_recordset(null::login_events, $18) e
            where e.detail not in ($20, $21, $24) or e.detail in (select scope from over)
            on conflict do nothing
            returning scope
        ), stops_told as (
            insert into login_events select e.* from jsonb_populate_recordset(null::login_events, $18) e
            where e.detail in (select scope from stopped)
        ), resumed as (
            delete from code_stops where scope = any($19::text[])
        )
        select array(select scope from over) as "over!", array(select scope from stopped) as "stopped!""#,
        message.id,
        message.challenge_id,
        message.channel as Channel,
        message.recipient,
        message.body,
        message.suppressed,
        now,
        message.expires_at,
        &code.bucket[..],
        tally.hour,
        tally.day,
        spending.price,
        spending.per_hour,
        spending.per_day,
        &tally.scopes,
        tally.shard,
        Json(&code.event) as _,
        Json(spending.stops) as _,
        spending.resumed,
        HOUR_BUDGET,
        DAY_BUDGET,
        message.kind as Kind,
        message.country,
        spending.country_budget,
        spending.of_country
    );
    Ok(queued.fetch_one(db).await?)
}

pub async fn drop_tallies(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from code_tallies where ctid in
            (select ctid from code_tallies where hour < $1 limit $2 for update skip locked)",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}
