use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, types::Json};

use super::{
    Account, Code, Tally,
    budget::{self, Allowance, Budget, DAY_BUDGET, HOUR_BUDGET},
    stops,
};
use crate::{
    base::{email::Email, error::Result, language::Language},
    messages::{Channel, Kind, pumping::SEEN_BACK},
    people::{audit::LoginEvent, codes::holder::Holder},
};

/// What the database has of a phone, its block and its country.
pub struct Known {
    pub account: Account,
    pub is_owner: bool,
    /// Of whoever is logged in, or else of the account: the language of messages, and the mailbox that was proven.
    pub language: Option<Language>,
    pub email: Option<Email>,
    /// Nobody at all has an account.
    pub nobody_yet: bool,
    /// Wrong codes in a row.
    pub in_a_row: i32,
    pub blocked_until: Option<DateTime<Utc>>,
    pub block_sent: i64,
    pub block_phones: i64,
    pub block_verified: i64,
    pub country_sent: i64,
    pub country_phones: i64,
    pub country_verified: i64,
    pub hour_cost: Decimal,
    pub hour_strangers: Decimal,
    pub day_cost: Decimal,
    pub day_strangers: Decimal,
    /// On this day.
    pub country_cost: Decimal,
    pub country_strangers: Decimal,
    /// Stops that came by themselves.
    pub stopped: Vec<String>,
    /// An owner has stopped it.
    pub is_set: bool,
}

#[expect(clippy::too_many_lines, reason = "one statement, the same for all phones")]
pub async fn look(
    db: &mut PgConnection,
    holder: &Holder,
    bucket: &[u8],
    tally: &Tally,
    now: DateTime<Utc>,
    has_budget: bool,
) -> Result<Known> {
    let [block, country, everywhere] = &tally.scopes;
    let scopes = [block, country, HOUR_BUDGET, DAY_BUDGET, &budget::of_country(country)].map(str::to_owned);
    let known = sqlx::query_as!(
        Known,
        r#"select case when a.id is null then 'none' when a.disabled_at is null then 'good' else 'disabled' end
                as "account!: Account", coalesce(a.is_owner, false) as "is_owner!",
            me.language as "language?: Language", me.email as "email?: Email",
            not exists (select from users) as "nobody_yet!",
            coalesce(f.in_a_row, 0) as "in_a_row!", f.blocked_until as "blocked_until?",
            block.sent as "block_sent!", block.phones as "block_phones!", block.verified as "block_verified!",
            country.sent as "country_sent!", country.phones as "country_phones!",
            country.verified as "country_verified!",
            spent.hour as "hour_cost!", spent.hour_strangers as "hour_strangers!", spent.day as "day_cost!",
            spent.day_strangers as "day_strangers!", country.cost as "country_cost!",
            country.strangers_cost as "country_strangers!",
            array(select scope from code_stops where scope = any($3::text[]) and not is_set) as "stopped!",
            exists (
                select from code_stops where scope = any($12::text[]) and is_set and (until is null or until > $13)
            ) as "is_set!"
        from (
            select coalesce(sum(sent), 0) as sent, coalesce(sum(phones), 0) as phones,
                coalesce(sum(verified), 0) as verified
            from code_tallies where scope = $4 and hour > $6
        ) block, (
            select coalesce(sum(sent), 0) as sent, coalesce(sum(phones), 0) as phones,
                coalesce(sum(verified), 0) as verified, coalesce(sum(cost) filter (where hour >= $8), 0) as cost,
                coalesce(sum(strangers_cost) filter (where hour >= $8), 0) as strangers_cost
            from code_tallies where scope = $5 and hour > $6
        ) country, (
            select coalesce(sum(cost) filter (where hour >= $9), 0) as hour, coalesce(sum(cost), 0) as day,
                coalesce(sum(strangers_cost) filter (where hour >= $9), 0) as hour_strangers,
                coalesce(sum(strangers_cost), 0) as day_strangers
            from code_tallies where scope = $7 and hour >= $8 and $10::bool
        ) spent
        left join login_failures f on f.bucket = $2
        left join users a on a.phone = $1
        left join users me on me.id = coalesce($11, a.id)"#,
        holder.phone.as_str(),
        bucket,
        &scopes,
        block,
        country,
        now - SEEN_BACK,
        everywhere,
        tally.day,
        tally.hour,
        has_budget,
        holder.aim.user_id(),
        &stops::prefixes(&holder.phone, country),
        now
    );
    Ok(known.fetch_one(db).await?)
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
    /// Of each budget, for whoever asks.
    pub allowances: Vec<Allowance>,
    /// Of each, `detail` is its scope. Those that are not `stopped` yet hold if their budget is found to be spent.
    pub stops: &'a [LoginEvent],
    pub stopped: &'a [String],
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
    budgets: &[Budget],
    now: DateTime<Utc>,
) -> Result<Queued> {
    let (message, tally) = (&code.message, code.tally);
    let names: Vec<_> = budgets.iter().map(|budget| budget.name.clone()).collect();
    let scopes: Vec<_> = budgets.iter().map(|budget| budget.scope.clone()).collect();
    let starts: Vec<_> = budgets.iter().map(|budget| budget.start).collect();
    let limits: Vec<_> = spending.allowances.iter().map(|allowance| allowance.most).collect();
    let shares: Vec<_> = spending.allowances.iter().map(|allowance| allowance.share_of_strangers).collect();
    let queued = sqlx::query_as!(
        Queued,
        r#"with over as materialized (
            select scope from unnest(exceeded_budgets($11, $18, $19, $20, $21, $25)) scope
        ), within as (
            select where not exists (select from over)
        ), message as (
            insert into messages (id, challenge_id, channel, recipient, body, suppressed, state, due_at, expires_at,
                created_at, updated_at, bucket, kind, country, reserve, block)
            select $1, $2, $3, $4, $5, $6, 'queued', $7, $8, $7, $7, $9, $22, $23, case when $6 then 0 else $11 end, $24
            from within
            returning id
        ), tally as (
            insert into code_tallies as t (scope, hour, shard, cost, strangers_cost)
            select scope, $10, $13, $11, case when $24::text is null then 0 else $11 end from unnest($12::text[]) scope, within where not $6 and $11 > 0
            on conflict (scope, hour, shard) do update set cost = t.cost + excluded.cost,
                strangers_cost = t.strangers_cost + excluded.strangers_cost
        ), told as (
            insert into login_events select e.* from within, jsonb_populate_record(null::login_events, $14) e
        ), stopped as (
            insert into code_stops as s (scope, since)
            select e.detail, $7 from jsonb_populate_recordset(null::login_events, $15) e
            where e.detail = any($16) or e.detail in (select scope from over)
            on conflict (scope) do update set since = excluded.since, is_set = false, set_by = null, until = null
                where s.until <= $7
            returning scope
        ), stops_told as (
            insert into login_events select e.* from jsonb_populate_recordset(null::login_events, $15) e
            where e.detail in (select scope from stopped)
        ), resumed as (
            delete from code_stops where scope = any($17::text[]) and not is_set
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
        spending.price,
        // What a block has cost is nobody's question.
        &tally.scopes[1..],
        tally.shard,
        Json(&code.event) as _,
        Json(spending.stops) as _,
        spending.stopped,
        spending.resumed,
        &names,
        &scopes,
        &starts,
        &limits as &[Option<Decimal>],
        message.kind as Kind,
        message.country,
        code.standing.is_stranger().then(|| tally.block()),
        &shares as &[Option<Decimal>]
    );
    Ok(queued.fetch_one(db).await?)
}

pub async fn drop_ended_stops(db: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let dropped = sqlx::query!("delete from code_stops where until <= $1", now);
    Ok(dropped.execute(db).await?.rows_affected())
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
