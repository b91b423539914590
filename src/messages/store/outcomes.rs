use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    clients::outbound::Failure,
    config::{Channel, Provider},
    error::Result,
    messages::{
        delivery::DeliveryState,
        routing::AttemptState,
        store::{Due, tallied},
    },
};

#[derive(Serialize)]
pub struct NewAttempt {
    pub id: Uuid,
    pub message_id: Uuid,
    pub provider: &'static str,
    pub channel: Channel,
}

/// Before any of them is made.
pub async fn begin(db: &mut PgConnection, attempts: &[NewAttempt], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into message_attempts (id, message_id, provider, channel, state, started_at, updated_at)
        select id, message_id, provider, channel, 'sending', $2, $2
        from jsonb_to_recordset($1) as a (id uuid, message_id uuid, provider text, channel text)",
        Json(attempts) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What became of a message.
#[derive(Debug, Serialize)]
pub struct Done {
    pub message_id: Uuid,
    pub lease: i32,
    /// None leaves it as it is: another attempt follows.
    pub message_state: Option<DeliveryState>,
    /// Of one that is queued again.
    pub due_at: Option<DateTime<Utc>>,
    /// None when nothing was tried.
    #[serde(flatten)]
    pub attempt: Option<Attempted>,
}

/// What became of an attempt.
#[derive(Debug, Serialize)]
pub struct Attempted {
    pub attempt_id: Uuid,
    #[serde(skip)]
    pub provider: Provider,
    pub channel: Channel,
    pub state: AttemptState,
    pub failure: Option<Failure>,
    pub code: Option<String>,
    /// As Postgres reads a `bytea`.
    pub provider_key: Option<String>,
    pub cost: Decimal,
}

impl Done {
    /// Without an attempt.
    pub fn now(due: &Due, state: DeliveryState) -> Self {
        let (message_id, lease) = (due.id, due.lease);
        Self { message_id, lease, message_state: Some(state), due_at: None, attempt: None }
    }

    pub fn later(due: &Due, due_at: DateTime<Utc>) -> Self {
        Self { due_at: Some(due_at), ..Self::now(due, DeliveryState::Queued) }
    }
}

/// All of it in one statement: attempts, messages, what is counted, and what it cost more or less than was reserved for it.
/// Whatever a receipt has said meanwhile stands, and so does a message that somebody else has taken since.
pub async fn settle(db: &mut PgConnection, done: &[Done], now: DateTime<Utc>) -> Result<()> {
    tallied!(
        query;
        "with done as (
            select * from jsonb_to_recordset($1) as d (message_id uuid, lease integer, message_state text,
                due_at timestamptz, attempt_id uuid, channel text, state text, failure text, code text, provider_key bytea,
                cost numeric)
        ), ended as (
            update message_attempts a set state = d.state, failure = d.failure, code = d.code,
                provider_key = d.provider_key, cost = d.cost, updated_at = $2
            from done d where a.id = d.attempt_id and a.state = 'sending'
            returning a.message_id, a.provider, a.channel, a.started_at, a.state, a.failure, a.cost
        ), ";
        "select date_trunc('hour', e.started_at, 'UTC'), m.country, e.provider, e.channel,
                count(*) filter (where e.state in ('accepted', 'delivered')),
                count(*) filter (where e.state = 'delivered'),
                count(*) filter (where e.failure = 'number_refused'),
                count(*) filter (where e.failure = 'consent_withdrawn'),
                count(*) filter (where e.failure = 'blocked'),
                count(*) filter (where e.failure = 'misconfigured'),
                count(*) filter (where e.failure = 'try_later'),
                count(*) filter (where e.failure = 'unknown'),
                sum(e.cost)
            from ended e join messages m on m.id = e.message_id
            group by 1, 2, 3, 4 order by 1, 2, 3, 4
            ";
        ", spent as (
            insert into code_tallies as c (scope, hour, shard, cost)
            select s.scope, date_trunc('hour', $2::timestamptz, 'UTC'), 0, sum(e.cost - m.reserve)
            from ended e join messages m on m.id = e.message_id, lateral (values (m.country), ('*')) s (scope)
            where e.state in ('accepted', 'delivered') and e.cost <> m.reserve
            group by 1 order by s.scope = '*', 1
            on conflict (scope, hour, shard) do update set cost = c.cost + excluded.cost
        )
        update messages m set state = d.message_state,
            channel = case when d.state in ('accepted', 'delivered') then d.channel else m.channel end,
            due_at = coalesce(d.due_at, m.due_at), updated_at = $2,
            reserve = case when d.state in ('accepted', 'delivered') then 0 else m.reserve end,
            body = case when d.message_state in ('delivered', 'failed') then '' else m.body end
        from done d
        where m.id = d.message_id and d.message_state is not null and m.attempts = d.lease and m.state = 'queued'",
        Json(done) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
