//! A Firebase ID token as bearer, where `FIREBASE_BEARER` allows it. Its person must be known here: by the phone of a
//! sign-in by phone, or by an identity that `POST /v1/auth/firebase` has made. It has no session, so nothing ends it
//! before its hour is over but Google's own revocation, and whatever is about sessions refuses it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use moka::sync::Cache;
use uuid::Uuid;

use super::{
    Caller,
    standing::{self, Standing},
    store,
};
use crate::{
    base::{
        error::{Error, Reason, Result},
        phone::Phone,
    },
    clients::firebase::{IdToken, Refusal},
    platform::app::App,
};

/// How old an answer of Google's on an account may be while Google cannot be asked: as long as an access token of ours
/// outlives whatever happens elsewhere. After that such tokens are refused.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// As long as a standing is kept.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// Whose token it is; none where it is not Firebase's, or no such token is admitted.
pub(super) async fn identify(app: &App, token: &str) -> Result<Option<(Caller, Arc<Standing>)>> {
    let firebase = app.firebase.as_ref().filter(|firebase| firebase.bearer && firebase.claims_to_issue(token));
    let Some(firebase) = firebase else { return Ok(None) };
    let now = app.clock.now();
    let verified = firebase.verify(token, now).await.map_err(refused)?;
    firebase.check_account(&verified, now, PATIENCE).await.map_err(refused)?;
    let unknown = || Reason::FirebaseUserUnknown.because("trade the ID token at /v1/auth/firebase first");
    let user_id = find_user(app, &verified).await?.ok_or_else(unknown)?;
    let caller = Caller { user_id, session_id: None, auth_time: None, acr: None };
    let standing = standing::of(app, caller, verified.issued_at).await?;
    let standing = standing.ok_or_else(|| Error::BadToken("unknown user".into()))?;
    Ok(Some((caller, standing)))
}

fn refused(why: Refusal) -> Error {
    match why {
        Refusal::Token(why) => Error::BadToken(why.to_string()),
        Refusal::Away(cause) => Error::Unavailable { service: "Firebase", cause },
        Refusal::Later(seconds) => Error::Paused { retry_after: Duration::from_secs(seconds) },
    }
}

/// By the provider and the name there.
struct Users(Cache<(bool, String), Uuid>);

async fn find_user(app: &App, token: &IdToken) -> Result<Option<Uuid>> {
    let users = app.part(|_| Users(Cache::builder().max_capacity(20_000).time_to_live(KEPT_FOR).build()));
    let phone = token.phone.as_deref().map(|phone| Phone::parse(phone, None)).transpose();
    let phone = phone.map_err(|why| Error::BadToken(format!("its phone {why}")))?;
    let key = (phone.is_some(), phone.as_ref().map_or(&*token.subject, Phone::as_str).to_owned());
    if let Some(known) = users.0.get(&key) {
        return Ok(Some(known));
    }
    // A sign-in by phone is known by the phone alone.
    let identity = phone.is_none().then_some((&*token.issuer, &*token.subject));
    let mut db = app.lookups().await?;
    let found = store::find_user(&mut db, phone.as_ref(), identity).await?;
    if let Some(user_id) = found {
        users.0.insert(key, user_id);
    }
    Ok(found)
}
