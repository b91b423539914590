use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

pub use self::{
    outcomes::{Attempted, Done, NewAttempt, begin, settle},
    verified::count_verified,
};
use super::{
    Channel, Kind, Sealed,
    pumping::{BLOCK_FLOOR, COUNTRY_FLOOR, LEAST_PERCENT, SEEN_BACK},
    state::Tried,
};
use crate::base::error::Result;

mod outcomes;
mod verified;

/// A statement that adds to `message_tallies` what its second part selects, and to `code_tallies` the sums of the
/// `changes` that its third part defines; the first goes before, the fourth after them. All take the rows of
/// `code_tallies` in one order, so that no two wait for each other.
macro_rules! tallied {
    ($query:ident; $before:literal; $select:literal; $changes:literal; $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::$query!(
            $before
                + "counted as (
            insert into message_tallies as t (hour, country, provider, channel, sent, delivered, number_refused,
                consent_withdrawn, blocked, misconfigured, try_later, unknown, cost)
            "
                + $select
                + "on conflict (hour, country, provider, channel) do update set sent = t.sent + excluded.sent,
                delivered = t.delivered + excluded.delivered,
                number_refused = t.number_refused + excluded.number_refused,
                consent_withdrawn = t.consent_withdrawn + excluded.consent_withdrawn,
                blocked = t.blocked + excluded.blocked, misconfigured = t.misconfigured + excluded.misconfigured,
                try_later = t.try_later + excluded.try_later, unknown = t.unknown + excluded.unknown,
                cost = t.cost + excluded.cost
        )"
                + $changes
                + ", spent as (
            insert into code_tallies as c (scope, hour, shard, sent, phones, cost, strangers_cost)
            select scope, hour, 0, sum(sent), sum(phones), sum(cost), coalesce(sum(cost) filter (where of_stranger), 0)
            from changes group by scope, hour
            having sum(sent) <> 0 or sum(cost) <> 0
            order by scope = '*', scope like '+%' desc, scope, hour
            on conflict (scope, hour, shard) do update set sent = c.sent + excluded.sent,
                phones = c.phones + excluded.phones, cost = c.cost + excluded.cost,
                strangers_cost = c.strangers_cost + excluded.strangers_cost
        )
        "
                + $after
            $(, $argument)*
        )
    };
}
pub(in crate::messages) use tallied;

/// A message that is ours to send, for a while.
pub struct Due {
    pub id: Uuid,
    pub channel: Channel,
    pub country: String,
    pub recipient: Vec<u8>,
    pub body: Vec<u8>,
    /// How often it was taken, this time included: whoever settles it must still hold it.
    pub lease: i32,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Its code has been used, or a newer one has made it void.
    pub is_void: bool,
    /// A stranger asked for it, and where it would go sending has been stopped meanwhile.
    pub is_stopped: bool,
    pub tried: Json<Vec<Tried>>,
}

pub async fn insert(db: &mut PgConnection, new: &Sealed, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into messages (id, challenge_id, kind, channel, country, recipient, body, suppressed, state, due_at,
            expires_at, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, $9, $9)",
        new.id,
        new.challenge_id,
        new.kind as Kind,
        new.channel as Channel,
        new.country,
        new.recipient,
        new.body,
        new.suppressed,
        now,
        new.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A code that was asked for.
pub struct Asked {
    pub channel: Channel,
    pub at: DateTime<Utc>,
}

pub async fn find_asked(db: &mut PgConnection, challenge_id: Uuid) -> Result<Option<Asked>> {
    let found = sqlx::query_as!(
        Asked,
        r#"select channel as "channel: Channel", created_at as at from messages where challenge_id = $1"#,
        challenge_id
    );
    Ok(found.fetch_optional(db).await?)
}

/// What goes by a channel that this version does not know is left to a newer one.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Due>> {
    let taken = sqlx::query_as!(
        Due,
        r#"with taken as (
            update messages set due_at = $2, attempts = attempts + 1, updated_at = $1
            where id in (
                select id from messages where state = 'queued' and due_at <= $1 and channel = any($10)
                order by due_at limit $3 for update skip locked
            )
            returning id, challenge_id, bucket, kind, channel, country, recipient, body, attempts, created_at, expires_at,
                block
        )
        select t.id, t.channel as "channel: Channel", t.country, t.recipient, t.body,
            t.attempts as lease, t.created_at, t.expires_at,
            exists (select from consumed_challenges c where c.challenge_id = t.challenge_id) or exists (
                select from messages n where n.bucket = t.bucket and n.kind = t.kind and n.created_at > t.created_at
            ) as "is_void!",
            t.block is not null and t.attempts = 1 and exists (
                select from (values (t.block, $4::bigint, $5::bigint), (t.country, $6, $7)) s (scope, codes, phones)
                cross join lateral (
                    select sum(sent) as sent, sum(phones) as phones, sum(verified) as verified
                    from code_tallies where scope = s.scope and hour > $9
                ) c
                where c.sent >= s.codes and c.phones >= s.phones and c.verified * 100 < c.sent * $8::bigint
            ) as "is_stopped!",
            (
                select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'state', state, 'failure', failure)
                    order by seq), '[]')
                from message_attempts where message_id = t.id
            ) as "tried!: Json<Vec<Tried>>"
        from taken t"#,
        now,
        leased_until,
        i64::try_from(most).unwrap_or(i64::MAX),
        BLOCK_FLOOR.codes,
        BLOCK_FLOOR.phones,
        COUNTRY_FLOOR.codes,
        COUNTRY_FLOOR.phones,
        LEAST_PERCENT,
        now - SEEN_BACK,
        &Channel::ALL as &[Channel]
    );
    Ok(taken.fetch_all(db).await?)
}

pub struct CountryConversion {
    pub country: String,
    pub provider: String,
    pub sent: i64,
    pub verified: i64,
}

pub async fn conversions(db: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<CountryConversion>> {
    let rows = sqlx::query_as!(
        CountryConversion,
        r#"select country, provider, sum(sent) as "sent!", sum(verified) as "verified!"
        from message_tallies where hour > $1 group by country, provider"#,
        since
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn forget(db: &mut PgConnection, buckets: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("delete from messages where bucket = any($1)", buckets).execute(db).await?;
    Ok(())
}

pub async fn sweep(db: &mut PgConnection, before: DateTime<Utc>, most: usize) -> Result<usize> {
    let swept = sqlx::query!(
        "delete from messages where id in
            (select id from messages where created_at < $1 order by created_at limit $2 for update skip locked)",
        before,
        i64::try_from(most).unwrap_or(i64::MAX)
    );
    let swept = swept.execute(db).await?.rows_affected();
    Ok(usize::try_from(swept).unwrap_or(usize::MAX))
}

/// Drops the text of messages that were sent and have expired: until then another provider may have to send it.
pub async fn empty_expired(db: &mut PgConnection, now: DateTime<Utc>, most: usize) -> Result<usize> {
    let emptied = sqlx::query!(
        "update messages set body = '' where id in (
            select id from messages where state = 'sent' and body <> '' and expires_at <= $1
            limit $2 for update skip locked
        )",
        now,
        i64::try_from(most).unwrap_or(i64::MAX)
    );
    let emptied = emptied.execute(db).await?.rows_affected();
    Ok(usize::try_from(emptied).unwrap_or(usize::MAX))
}
