//! Custom tokens: with one, an app that is signed in here signs in to Firebase
//! (<https://firebase.google.com/docs/auth/admin/create-custom-tokens>).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{id_token::CUSTOM_TOKEN_AUDIENCE, service_account::ServiceAccount};

/// The longest that Firebase takes.
const TTL: TimeDelta = TimeDelta::hours(1);

pub(super) fn mint(account: &ServiceAccount, uid: &str, now: DateTime<Utc>) -> Option<(String, TimeDelta)> {
    let claims = json!({
        "iss": account.email,
        "sub": account.email,
        "aud": CUSTOM_TOKEN_AUDIENCE,
        "uid": uid,
        "iat": now.timestamp(),
        "exp": (now + TTL).timestamp(),
    });
    Some((account.sign(&claims)?, TTL))
}
