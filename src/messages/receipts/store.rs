use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::error::Result,
    clients::outbound::Failure,
    config::Provider,
    messages::{
        state::{AttemptState, MessageState},
        store::tallied,
    },
};

/// The attempt that a receipt is about.
pub struct Found {
    pub id: Uuid,
    pub provider: Provider,
    pub country: String,
    pub state: AttemptState,
}

/// By our reference, where the provider brings it back, or by its own name for the message. One provider says nothing
/// of another's; Twilio speaks for its two channels.
pub async fn find(
    db: &mut PgConnection,
    provider: Provider,
    reference: Option<Uuid>,
    key: &[u8; 32],
) -> Result<Option<Found>> {
    let names = match provider {
        Provider::Twilio | Provider::TwilioWhatsApp => vec![Provider::Twilio.name(), Provider::TwilioWhatsApp.name()],
        other => vec![other.name()],
    };
    let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
    let found = sqlx::query!(
        r#"select a.id as "id!", a.provider as "provider!", m.country as "country!", a.state as "state!: AttemptState"
        from (
            select id, message_id, provider, state from message_attempts where id = $1 and provider = any($2)
            union all (
                select id, message_id, provider, state from message_attempts
                where provider_key = $3 and provider = any($2) order by seq desc limit 1
            )
        ) a join messages m on m.id = a.message_id limit 1"#,
        reference,
        &names,
        &key[..]
    );
    let found = found.fetch_optional(db).await?;
    Ok(found.and_then(|row| {
        let provider = Provider::from_name(&row.provider)?;
        Some(Found { id: row.id, provider, country: row.country, state: row.state })
    }))
}

/// What is to be written.
pub struct Change {
    pub state: AttemptState,
    pub message_state: MessageState,
    pub failure: Option<Failure>,
    pub code: Option<String>,
    pub provider_key: [u8; 32],
    /// None leaves it.
    pub cost: Option<Decimal>,
}

/// Where the message is now, if this was new. Delivered and failed are the end; only the last attempt moves its
/// message.
///
/// An attempt that failed costs nothing unless the provider says so: what it cost is held for the next one, or given
/// back if there is none. And it counts no more where pumping would show.
#[expect(clippy::too_many_lines, reason = "one statement, so that it is all done or nothing")]
pub async fn apply(
    db: &mut PgConnection,
    found: &Found,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<Option<MessageState>> {
    let moved = tallied!(
        query_scalar;
        r#"with before as (
            select id, seq, message_id, provider, channel, state, cost, started_at from message_attempts
            where id = $1 and (state in ('sending', 'unknown') or (state = 'accepted' and ($2 <> 'accepted' or $6 <> cost)))
            for update
        ), ended as (
            update message_attempts a set state = $2, failure = $3, code = $4,
                provider_key = coalesce(a.provider_key, $5), cost = coalesce($6, a.cost),
                updated_at = $7
            from before b where a.id = b.id
            returning a.id
        ), state as (
            select b.message_id, b.channel, b.state as was, coalesce($6, b.cost) - b.cost as dearer, m.country, m.block,
                m.reserve, m.counted, date_trunc('hour', m.created_at, 'UTC') as hour,
                case when $8 = 'queued' and m.expires_at <= $7 then 'failed' else $8 end as state,
                m.state in ('queued', 'sent') and not exists (
                    select from message_attempts n
                    where n.message_id = b.message_id and n.seq > b.seq and $8 not in ('delivered', 'sent')
                ) as moves,
                case when exists (
                    select from messages o where o.bucket = m.bucket and o.kind = m.kind and o.id <> m.id
                        and o.counted > 0 and o.created_at > $7 - interval '24 hours'
                ) then 1 else 2 end as counts
            from before b join messages m on m.id = b.message_id
        ), verdict as (
            select *,
                case
                    when not moves then reserve
                    when state = 'queued' then greatest(reserve - dearer, 0)
                    when was = 'accepted' and state in ('sent', 'delivered') then reserve
                    else 0
                end as held,
                case
                    when block is null or not moves then counted
                    when state not in ('sent', 'delivered') then 0
                    when counted = 0 then counts
                    else counted
                end as counted_now
            from state
        ), "#;
        "select date_trunc('hour', b.started_at, 'UTC'), m.country, b.provider, b.channel,
                (b.state <> 'accepted')::integer, ($2 = 'delivered')::integer,
                ($3 is not distinct from 'number_refused')::integer, ($3 is not distinct from 'consent_withdrawn')::integer,
                ($3 is not distinct from 'blocked')::integer, ($3 is not distinct from 'misconfigured')::integer,
                ($3 is not distinct from 'try_later')::integer,
                ($3 is not distinct from 'unknown')::integer - (b.state = 'unknown')::integer, coalesce($6 - b.cost, 0)
            from before b join messages m on m.id = b.message_id
            ";
        ", changes as (
            select s.scope, v.hour, 0 as sent, 0 as phones, v.block is not null as of_stranger,
                v.dearer + v.held - v.reserve as cost
            from verdict v, lateral (values (v.country), ('*')) s (scope)
            union all
            select s.scope, v.hour, (v.counted_now > 0)::integer - (v.counted > 0)::integer,
                (v.counted_now = 2)::integer - (v.counted = 2)::integer, true, 0
            from verdict v, lateral (values (v.block), (v.country), ('*')) s (scope) where v.block is not null
        )";
        r#"update messages m set updated_at = $7, due_at = case when $8 = 'queued' then $7 else due_at end,
            state = v.state,
            reserve = v.held, counted = v.counted_now,
            body = case when $8 in ('delivered', 'failed') then '' else body end
        from verdict v
        where m.id = v.message_id and v.moves
        returning m.state as "state: MessageState""#,
        found.id,
        change.state as AttemptState,
        change.failure as Option<Failure>,
        change.code,
        &change.provider_key[..],
        change.cost,
        now,
        change.message_state as MessageState
    );
    Ok(moved.fetch_optional(db).await?)
}
