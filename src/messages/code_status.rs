//! How far the message with a code has come: for us as the database has it, and for whoever waits for it. That one is
//! nobody yet, and must not find out whether a phone has an account. So what is shown comes from the challenge alone:
//! nothing of the provider, of the message, or of whose phone it is goes into it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Channel, store};
use crate::{
    base::error::{Error, Result},
    platform::app::App,
};

/// What everybody is told of a code that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    /// It is being sent.
    Queued,
    /// It should arrive by now.
    Sent,
}

/// How far a code has come, as far as everybody may know.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeStatus {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    /// The one that was asked for.
    pub channel: Channel,
    pub state: CodeState,
    /// Not before this may another code be asked for.
    pub resend_at: DateTime<Utc>,
    /// From `resend_at` on, the other channels of this installation, in the order in which to try them: for a code that
    /// has not come. Empty before.
    #[schema(example = json!(["whatsapp"]))]
    pub other_channels: Vec<Channel>,
    /// The first of `other_channels`.
    #[schema(required = true)]
    pub next_channel: Option<Channel>,
}

/// Of a challenge.
pub async fn of_challenge(app: &App, challenge_id: Uuid) -> Result<CodeStatus> {
    let asked =
        store::find_asked(&mut *app.lookups().await?, challenge_id).await?.ok_or(Error::NotFound("challenge"))?;
    let (now, resend_at) = (app.clock.now(), asked.at + app.config.otp.resend);
    let is_sent = now >= asked.at + takes(app, challenge_id);
    let other_channels = if now >= resend_at { others(app, asked.channel) } else { Vec::new() };
    Ok(CodeStatus {
        challenge_id,
        channel: asked.channel,
        state: if is_sent { CodeState::Sent } else { CodeState::Queued },
        resend_at,
        next_channel: other_channels.first().copied(),
        other_channels,
    })
}

/// What is set up, whatever this person has: SMS, WhatsApp, e-mail.
fn others(app: &App, channel: Channel) -> Vec<Channel> {
    let others = Channel::ALL.into_iter().filter(|other| *other != channel);
    others.filter(|other| app.config.sms.has(*other)).collect()
}

/// From the request until it is called sent: one to four seconds, which providers take. Drawn for each challenge by a
/// keyed hash, so that it is the same at every look, and tells nothing.
fn takes(app: &App, challenge_id: Uuid) -> TimeDelta {
    let [first, second, ..] = app.secret.mac("when a code is called sent", &[challenge_id.as_bytes()]);
    let chance = i64::from(u16::from_be_bytes([first, second]));
    TimeDelta::milliseconds(1_000 + chance * 3_000 / 65_536)
}
