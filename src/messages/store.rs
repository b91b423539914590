use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Channel, DeliveryState, Sealed};
use crate::error::Result;

/// A message that is ours to send, for a while.
pub struct Due {
    pub id: Uuid,
    pub recipient: Vec<u8>,
    pub body: Vec<u8>,
    pub suppressed: bool,
    /// This one included.
    pub attempts: i32,
    pub expires_at: DateTime<Utc>,
}

pub enum Outcome {
    Sent { provider: &'static str },
    Again { due_at: DateTime<Utc> },
    Failed,
}

pub async fn insert(db: &mut PgConnection, new: &Sealed, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into messages (id, challenge_id, channel, recipient, body, suppressed, state, due_at, expires_at,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $7, $7)",
        new.id,
        new.challenge_id,
        Channel::Sms as Channel,
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

pub struct Sent {
    pub channel: Channel,
    pub state: DeliveryState,
    pub queued_at: DateTime<Utc>,
}

pub async fn find_sent(db: &mut PgConnection, challenge_id: Uuid) -> Result<Option<Sent>> {
    let found = sqlx::query_as!(
        Sent,
        r#"select channel as "channel: Channel", state as "state: DeliveryState", created_at as queued_at
        from messages where challenge_id = $1"#,
        challenge_id
    );
    Ok(found.fetch_optional(db).await?)
}

pub async fn take(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Due>> {
    let taken = sqlx::query_as!(
        Due,
        "update messages set due_at = $2, attempts = attempts + 1, updated_at = $1
        where id in (
            select id from messages where state = 'queued' and due_at <= $1
            order by due_at limit $3 for update skip locked
        )
        returning id, recipient, body, suppressed, attempts, expires_at",
        now,
        leased_until,
        i64::try_from(most).unwrap_or(i64::MAX)
    );
    Ok(taken.fetch_all(db).await?)
}

/// Says nothing when the lease ran out and somebody else took the message. What is over needs no text any more.
pub async fn settle(db: &mut PgConnection, message: &Due, outcome: &Outcome, now: DateTime<Utc>) -> Result<()> {
    let (state, provider, due_at) = match outcome {
        Outcome::Sent { provider } => (DeliveryState::Sent, Some(*provider), None),
        Outcome::Again { due_at } => (DeliveryState::Queued, None, Some(*due_at)),
        Outcome::Failed => (DeliveryState::Failed, None, None),
    };
    sqlx::query!(
        "update messages set state = $3, provider = $4, due_at = coalesce($5, due_at), updated_at = $6,
            body = case when $3 = 'queued' then body else '' end
        where id = $1 and attempts = $2 and state = 'queued'",
        message.id,
        message.attempts,
        state as DeliveryState,
        provider,
        due_at,
        now
    )
    .execute(db)
    .await?;
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
