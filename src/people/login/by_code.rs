//! Login by a code that came to a phone or a mailbox.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    proven::{Attempt, Proven},
    sign_in,
};
use crate::{
    base::{
        address::ClientAddress,
        error::Result,
        ids::{self, RequestId},
        text::Name,
    },
    messages::Channel,
    people::{
        audit::Trace,
        codes::{
            channels, device, failures,
            guess::{self, Shown},
            holder::{Aim, Holder},
            sending::Tally,
        },
        sessions::TokenPair,
        users,
    },
    platform::app::App,
};

/// A code, brought back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAttempt {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    /// Spaces and hyphens between its digits do not count.
    #[schema(example = "123456")]
    pub code: String,
    /// What the list of sessions will call this one.
    #[schema(value_type = Option<String>, max_length = 200, example = "Pixel 9")]
    pub device_name: Option<Name>,
}

pub async fn verify(
    app: &App,
    attempt: CodeAttempt,
    from: ClientAddress,
    request_id: Option<RequestId>,
    nonce: [u8; 16],
) -> Result<TokenPair> {
    let now = app.clock.now();
    let code = guess::admit(app, &attempt.code, from, now).await?;
    let mut db = app.db().await?;
    let is_blocked = failures::is_blocked(&mut db, attempt.challenge_id, now).await?;
    let shown = Shown { challenge_id: attempt.challenge_id, code: &code, aim: Aim::Login, is_blocked, nonce };
    let holder = guess::compare(app, &mut db, &shown, from, now).await?;
    drop(db);
    let let_in = let_in(app, holder, attempt, from, request_id, now).await;
    guess::unless_broken_off(app, &shown, let_in, now).await
}

/// Whoever has shown the right code.
async fn let_in(
    app: &App,
    holder: Holder,
    attempt: CodeAttempt,
    from: ClientAddress,
    request_id: Option<RequestId>,
    now: DateTime<Utc>,
) -> Result<TokenPair> {
    let mailbox = match holder.channel {
        Channel::Email => Some(holder.mailbox.clone().ok_or_else(guess::refused)?),
        Channel::Sms | Channel::Whatsapp => None,
    };
    // A device that comes for the first time gets its id now; but one that has shown only a mailbox is as good a
    // guesser of codes to the phone as any stranger.
    let device = holder.device.or_else(|| mailbox.is_none().then(|| ids::new(now)));
    let device_token = device.map(|device| device::token(app, &holder.phone, device));
    let attempt_made = Attempt {
        bucket: Some(holder.bucket(app)),
        blocked_beyond: now,
        tally: Some(Tally::of(&holder.phone, now)),
        trace: Trace { device, ..holder.trace(app, from) },
    };
    let proven = Proven {
        challenge_id: attempt.challenge_id,
        refused: |_| guess::refused(),
        who: users::KnownBy::Phone(holder.phone),
        mailbox,
        invitation: holder.invitation,
        amr: channels::methods(holder.channel),
        auth_time: now,
        attempt: attempt_made,
        request_id,
    };
    let device_name = attempt.device_name.map(String::from).unwrap_or_default();
    let mut pair = sign_in::sign_in(app, proven, device_name).await?;
    pair.device_token = device_token;
    Ok(pair)
}
