//! How far the message with a code has come, for whoever waits for it and is nobody yet: it must not tell whether a phone
//! has an account. So one that reaches nobody looks as if it had.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Channel, carriers, store};
use crate::{
    app::App,
    error::{Error, Result},
};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its turn.
    Queued,
    /// A provider has taken it.
    Sent,
    /// It has arrived.
    Delivered,
    /// It will not arrive.
    Failed,
}

/// How far the message with a code has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    pub channel: Channel,
    pub state: DeliveryState,
    /// The channel to ask for if the code does not come, once that may be: when it failed, or has not arrived by
    /// `resend_at`. Null if there is no other.
    #[schema(required = true)]
    pub next_channel: Option<Channel>,
    /// Not before this may another code be asked for.
    pub resend_at: DateTime<Utc>,
}

/// Of the message of a challenge.
pub async fn of_challenge(app: &App, challenge_id: Uuid) -> Result<Delivery> {
    let sent = store::find_sent(&mut *app.lookups().await?, challenge_id).await?.ok_or(Error::NotFound("challenge"))?;
    let (now, resend_at) = (app.clock.now(), sent.queued_at + app.config.otp.resend);
    let state = if sent.suppressed { as_if(app, challenge_id, &sent, now) } else { sent.state };
    let is_late = now >= resend_at && state != DeliveryState::Delivered;
    let wants_another = state == DeliveryState::Failed || is_late;
    Ok(Delivery {
        challenge_id,
        channel: sent.channel,
        state,
        next_channel: next(app, sent.channel).filter(|_| wants_another),
        resend_at,
    })
}

/// SMS, then WhatsApp, then e-mail, of those that are set up.
fn next(app: &App, channel: Channel) -> Option<Channel> {
    let later = Channel::ALL.into_iter().skip_while(|other| *other != channel).skip(1);
    later.into_iter().find(|other| app.config.sms.has(*other))
}

/// Where others would get a receipt by now: two to nine seconds after they were queued.
fn as_if(app: &App, challenge_id: Uuid, sent: &store::Sent, now: DateTime<Utc>) -> DeliveryState {
    let chance = app.secret.mac("delivery that is none", &[challenge_id.as_bytes()])[0];
    let takes = TimeDelta::milliseconds(2_000 + i64::from(chance) * 28);
    let is_there = sent.state == DeliveryState::Sent && now >= sent.queued_at + takes;
    if is_there && carriers::tell_of_delivery(app, sent.channel) { DeliveryState::Delivered } else { sent.state }
}
