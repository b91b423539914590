//! Login by an identity provider: a Firebase ID token, traded once for a session of ours. Firebase
//! is believed on two things only: on a phone to which it has itself sent a code, which is then known here as if the
//! code had been ours; and on the name that it gives to an account (`OpenID` Connect Core section 5.7: issuer and
//! subject together). Never on an e-mail address, and not on a phone that another provider states.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    proven::{Attempt, InVain, Proven},
    sign_in,
};
use crate::{
    auth::{Anyone, Auth},
    base::{
        address::ClientAddress,
        error::{Error, Reason, Result},
        ids::RequestId,
        phone::Phone,
        text::Name,
    },
    clients::firebase::{Firebase, IdToken, Refusal},
    people::{
        audit::{self, EventKind, LoginEvent, Trace, phone_hash},
        codes::{failures, throttle},
        labs,
        sessions::TokenPair,
        users::KnownBy,
    },
    platform::app::App,
};

/// A Firebase sign-in, brought here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirebaseLogin {
    /// As `getIdToken` gives it.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJl", max_length = 8192)]
    pub id_token: String,
    /// What the list of sessions will call this one.
    #[schema(value_type = Option<String>, max_length = 200, example = "Pixel 9")]
    pub device_name: Option<Name>,
    /// The code of an invitation, for somebody who is new.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub invitation: Option<Name>,
}

/// For `signInWithCustomToken`.
#[derive(Serialize, ToSchema)]
pub struct CustomToken {
    token: String,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: i64,
}

/// Google's live for an hour. One that said more could outlive the memory that it was traded.
const LONGEST_LIFE: TimeDelta = TimeDelta::hours(2);

pub async fn exchange(
    app: &App,
    asked: FirebaseLogin,
    from: ClientAddress,
    request_id: Option<RequestId>,
) -> Result<TokenPair> {
    let (firebase, now) = (set_up(app)?, app.clock.now());
    throttle::id_token(app, from, now).await?;
    let examined = examine(app, firebase, &asked.id_token, now).await;
    let (token, who) = examined.inspect_err(|why| note_refused(app, why, from, now))?;
    let code = asked.invitation.as_ref().map(Name::as_str);
    let invitation = labs::find_invitation(&mut *app.db().await?, code, who.phone(), now).await?;
    // The bucket of a phone that comes with no device is named by the same hash.
    let phone_hash = who.phone().map(|phone| phone_hash(app, phone));
    let attempt = Attempt {
        bucket: phone_hash,
        // Nothing is guessed here: what strangers guess elsewhere makes nobody wait. A lock holds.
        blocked_beyond: failures::longest_wait(now),
        tally: None,
        trace: Trace { phone_hash, ..Trace::of_address(from) },
    };
    let proven = Proven {
        challenge_id: fingerprint(app, &token, &asked.id_token),
        refused: in_vain,
        who,
        mailbox: None,
        invitation,
        amr: methods(&token),
        // Google's clock may be ahead of ours.
        auth_time: signed_in_at(&token).min(now),
        attempt,
        request_id,
    };
    let device_name = asked.device_name.map(String::from).unwrap_or_default();
    sign_in::sign_in(app, proven, device_name).await
}

async fn examine(
    app: &App,
    firebase: &Firebase,
    id_token: &str,
    now: DateTime<Utc>,
) -> Result<(Arc<IdToken>, KnownBy)> {
    let token = firebase.verify(id_token, now).await.map_err(refused)?;
    if now.timestamp() - token.issued_at > LONGEST_LIFE.num_seconds() {
        return Err(Reason::FirebaseTokenRefused.because("it is too old; get a fresh one with getIdToken"));
    }
    // Firebase refreshes a sign-in for ever. What needs a fresh login here looks at its time.
    let most_days = app.config.firebase.as_ref().map_or(0, |firebase| firebase.sign_in_max_days);
    if now - signed_in_at(&token) > TimeDelta::days(most_days) {
        let why = format!("its sign-in is older than {most_days} days; sign in to Firebase again");
        return Err(Reason::FirebaseTokenRefused.because(why));
    }
    // While Google cannot say whether the account is good at this moment, nobody gets a session.
    firebase.check_account_now(&token, now).await.map_err(refused)?;
    let who = known_by(&token)?;
    Ok((token, who))
}

fn signed_in_at(token: &IdToken) -> DateTime<Utc> {
    DateTime::from_timestamp(token.signed_in_at, 0).unwrap_or_default()
}

/// The detail is one of our own sentences: nothing of the token is in it.
fn note_refused(app: &App, why: &Error, from: ClientAddress, now: DateTime<Utc>) {
    if let Error::Rejected(why) = why {
        let event = LoginEvent::new(now, EventKind::LoggedIn, "refused", &Trace::of_address(from));
        audit::note(app, event.detail(why.detail.clone()));
    }
}

fn in_vain(why: InVain) -> Error {
    Reason::FirebaseTokenRefused.because(match why {
        InVain::Replayed => "it has been traded already; sign in again",
        InVain::Locked => "its phone is locked after too many wrong codes; ask those who run the installation",
    })
}

/// An access token that was stolen must not become a Firebase login that outlives its session and comes back here: the
/// ID tokens of such a login are an identity of their own, which is nobody here. Nor does a Firebase bearer get one.
pub fn custom_token(by: &Auth<Anyone>) -> Result<CustomToken> {
    by.session_id()?;
    let minted = set_up(by.app())?.custom_token(&by.user_id().to_string(), by.now());
    let (token, ttl) = minted.ok_or_else(|| {
        Reason::FirebaseOff.because("custom tokens need the service account: FIREBASE_PRIVATE_KEY and its kin")
    })?;
    Ok(CustomToken { token, expires_in: ttl.num_seconds() })
}

fn set_up(app: &App) -> Result<&Firebase> {
    app.firebase.as_ref().ok_or_else(|| Reason::FirebaseOff.because("Firebase login needs FIREBASE_PROJECT_ID"))
}

fn refused(why: Refusal) -> Error {
    match why {
        Refusal::Token(why) => Reason::FirebaseTokenRefused.because(why.to_string()),
        Refusal::Away(cause) => Error::Unavailable { service: "Firebase", cause },
        Refusal::Later(seconds) => Error::Paused { retry_after: Duration::from_secs(seconds) },
    }
}

fn known_by(token: &IdToken) -> Result<KnownBy> {
    let Some(phone) = &token.phone else {
        return Ok(KnownBy::Identity { issuer: token.issuer.clone(), subject: token.subject.clone() });
    };
    let phone = Phone::parse(phone, None);
    phone.map(KnownBy::Phone).map_err(|why| Reason::FirebaseTokenRefused.because(format!("its phone {why}")))
}

/// The name of a token among what was good for one login. It has the form of a UUID (RFC 9562 section 5.8) so that it
/// stands beside the challenges; 122 bits of a keyed hash do not collide.
fn fingerprint(app: &App, token: &IdToken, text: &str) -> Uuid {
    let parts = [token.subject.as_bytes(), &token.issued_at.to_be_bytes(), text.as_bytes()];
    let hash = app.secret.mac("firebase id token", &parts);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// `fed` says that somebody else has checked it; RFC 8176 has no word for that. The others are from its section 2.
fn methods(token: &IdToken) -> Vec<String> {
    let how = match &*token.provider {
        "phone" => Some("sms"),
        "password" => Some("pwd"),
        _ => None,
    };
    let all = [Some("fed"), how, token.has_second_factor.then_some("mfa")];
    all.into_iter().flatten().map(str::to_owned).collect()
}
