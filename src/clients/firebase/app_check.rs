//! App Check: a token that says that a request comes from one of the project's own apps, on a real device
//! (<https://firebase.google.com/docs/app-check/custom-resource-backend>).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{
    Refusal, TokenError,
    id_token::{self, Algorithm},
    keys::Keys,
};
use crate::clients::http::Http;
use crate::config::{AppCheckMode, FirebaseConfig};

/// As its documentation asks.
const KEYS_KEPT_AT_MOST: TimeDelta = TimeDelta::hours(6);

pub struct AppCheck {
    pub mode: AppCheckMode,
    issuer: String,
    /// The project by its number. Google puts its id beside it, which alone names no audience.
    audience: String,
    pub(super) keys: Keys,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Vec<String>,
    /// The app.
    sub: String,
    iat: i64,
    exp: i64,
}

impl AppCheck {
    pub(super) fn new(config: &FirebaseConfig, http: &Http) -> Self {
        let number = config.app_check.project_number.as_deref().unwrap_or_default();
        Self {
            mode: config.app_check.mode,
            issuer: format!("https://firebaseappcheck.googleapis.com/{number}"),
            audience: format!("projects/{number}"),
            keys: Keys::new(http.clone(), config.app_check.jwks_url.clone(), KEYS_KEPT_AT_MOST),
        }
    }

    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Algorithm::Rs256 { kid } = id_token::algorithm(token)? else { return Err(TokenError::Algorithm.into()) };
        let header: Option<Header> = id_token::part(token, 0);
        if header.is_none_or(|header| header.typ != "JWT") {
            return Err(TokenError::Malformed.into());
        }
        let key = self.keys.find(&kid, now).await?.ok_or(TokenError::UnknownKey)?;
        let claims: Claims = id_token::signed(token, &key)?;
        let is_ours = claims.iss == self.issuer && claims.aud.contains(&self.audience);
        if !is_ours {
            return Err(TokenError::Foreign.into());
        }
        if !id_token::is_a_subject(&claims.sub) {
            return Err(TokenError::Subject.into());
        }
        id_token::within_its_time(claims.iat, claims.exp, now).map_err(|why| match why {
            TokenError::Expired => TokenError::AppCheckExpired.into(),
            other => other.into(),
        })
    }
}
