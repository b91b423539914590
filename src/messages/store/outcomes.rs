use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    base::error::Result,
    clients::outbound::Failure,
    config::{Channel, Provider},
    messages::{
        state::{AttemptState, MessageState},
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
    pub message_state: Option<MessageState>,
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
    pub fn now(due: &Due, state: MessageState) -> Self {
        let (message_id, lease) = (due.id, due.lease);
        Self { message_id, lease, message_state: Some(state), due_at: None, attempt: None }
    }

    pub fn later(due: &Due, due_at: DateTime<Utc>) -> Self {
        Self { due_at: Some(due_at), ..Self::now(due, MessageState::Queued) }
    }
}

/// All of it in one statement: attempts, messages, what is counted, and what it cost more or less than was held for it.
/// Whatever a receipt has said meanwhile stands, and so does a message that somebody else has taken since.
///
/// What a provider took counts, if a stranger asked for it, where pumping would show; a phone once in a day. What ends
/// without being taken gives back what was held for it, in the hour in which it was taken.
#[expect(clippy::too_many_lines, reason = "one statement, so that it is all done or nothing")]
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
            returning a.id, a.message_id, a.provider, a.channel, a.started_at, a.state, a.failure, a.cost
        ), state as (
            select m.id, m.country, m.block, m.channel, m.suppressed, date_trunc('hour', m.created_at, 'UTC') as hour,
                d.attempt_id, d.message_state, e.cost, coalesce(e.state in ('accepted', 'delivered'), false) as is_taken,
                m.attempts = d.lease and m.state = 'queued' as is_ours, m.reserve, m.counted,
                case when exists (
                    select from messages o where o.bucket = m.bucket and o.kind = m.kind and o.id <> m.id
                        and o.counted > 0 and o.created_at > $2 - interval '24 hours'
                ) then 1 else 2 end as counts
            from done d join messages m on m.id = d.message_id left join ended e on e.id = d.attempt_id
            where d.message_state is not null
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
        ", untried as (
            insert into message_tallies as t (hour, country, provider, channel, untried)
            select hour, country, 'none', channel, count(*) from state f
            where message_state = 'failed' and attempt_id is null and is_ours and not suppressed
                and not exists (select from message_attempts where message_id = f.id)
            group by 1, 2, 4 order by 1, 2, 4
            on conflict (hour, country, provider, channel) do update set untried = t.untried + excluded.untried
        ), changes as (
            select s.scope, f.hour, 0 as sent, 0 as phones, f.block is not null as of_stranger,
                case when f.is_taken then f.cost else 0 end - case when f.is_ours then f.reserve else 0 end as cost
            from state f, lateral (values (f.country), ('*')) s (scope)
            where f.is_taken or f.message_state = 'failed' and f.is_ours
            union all
            select s.scope, f.hour, 1, (f.counts = 2)::integer, true, 0
            from state f, lateral (values (f.block), (f.country), ('*')) s (scope)
            where f.is_taken and f.block is not null and f.counted = 0
        )";
        "update messages m set state = d.message_state,
            due_at = coalesce(d.due_at, m.due_at), updated_at = $2,
            reserve = case when f.is_taken or d.message_state = 'failed' then 0 else m.reserve end,
            counted = case when f.is_taken and m.block is not null and m.counted = 0 then f.counts else m.counted end,
            body = case when d.message_state in ('delivered', 'failed') then '' else m.body end
        from done d join state f on f.id = d.message_id
        where m.id = d.message_id and d.message_state is not null and m.attempts = d.lease and m.state = 'queued'",
        Json(done) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
