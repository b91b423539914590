//! What an ID token must be: the rules of Firebase's own SDKs, and each claim required and of its type, which not all
//! of those insist on. Pure: no clock, no I/O.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, Utc};
use jsonwebtoken::{DecodingKey, Validation};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{CLOCK_SKEW_SECONDS, TokenError};

/// A thousand characters of claims of an app's own make some 2 KiB.
const MAX_LENGTH: usize = 8 * 1024;
const MAX_SUBJECT: usize = 128;

/// The audience of every custom token.
pub(super) const CUSTOM_TOKEN_AUDIENCE: &str =
    "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
const SESSION_COOKIE_ISSUER: &str = "https://session.firebase.google.com/";

/// A sign-in that Firebase vouches for.
#[derive(Clone, PartialEq, Eq)]
pub struct IdToken {
    pub issuer: String,
    pub subject: String,
    pub issued_at: i64,
    /// When the person signed in, which a refreshed token keeps.
    pub signed_in_at: i64,
    pub expires_at: i64,
    /// Where it is told (RFC 7519 section 4.1.5).
    pub not_before: Option<i64>,
    /// Such as `phone`, `password`, `google.com`.
    pub provider: String,
    pub has_second_factor: bool,
    /// Of a sign-in by phone only: what other providers say of a phone was proven to nobody.
    pub phone: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    nbf: Option<i64>,
    phone_number: Option<String>,
    firebase: SignIn,
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(rename = "sign_in_provider")]
    provider: String,
    #[serde(rename = "sign_in_second_factor")]
    second_factor: Option<Value>,
    tenant: Option<Value>,
}

/// How a token says to be signed.
pub(super) enum Algorithm {
    Rs256 { kid: String },
    None,
}

pub(super) fn part<T: DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?).ok()
}

/// The claims, unverified.
pub(super) fn peek(token: &str) -> Option<Value> {
    if token.len() > MAX_LENGTH { None } else { part(token, 1) }
}

/// RFC 7515 section 4.1.11: what is marked critical must be understood, and nothing is. `jwk`, `jku` and `x5u` are not
/// looked at. The two kinds of token that people confuse with an ID token are told apart first, to say what to do.
pub(super) fn algorithm(token: &str) -> Result<Algorithm, TokenError> {
    let claims = peek(token).filter(|_| token.split('.').count() == 3).ok_or(TokenError::Malformed)?;
    if claims["aud"] == CUSTOM_TOKEN_AUDIENCE {
        return Err(TokenError::CustomToken);
    }
    if claims["iss"].as_str().is_some_and(|issuer| issuer.starts_with(SESSION_COOKIE_ISSUER)) {
        return Err(TokenError::SessionCookie);
    }
    let header: Header = part(token, 0).ok_or(TokenError::Malformed)?;
    if header.crit.is_some() || header.typ.is_some_and(|typ| typ != "JWT") {
        return Err(TokenError::Malformed);
    }
    match (&*header.alg, header.kid) {
        ("RS256", Some(kid)) => Ok(Algorithm::Rs256 { kid }),
        ("RS256", None) => Err(TokenError::UnknownKey),
        ("none", _) => Ok(Algorithm::None),
        _ => Err(TokenError::Algorithm),
    }
}

/// The claims of a token that the key has signed. The library would check times by the system clock and let claims be
/// absent: it checks the signature alone.
pub(super) fn signed<T: DeserializeOwned>(token: &str, key: &DecodingKey) -> Result<T, TokenError> {
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    Ok(jsonwebtoken::decode(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims)
}

/// The claims of a token of the emulator.
pub(super) fn unsigned(token: &str) -> Result<Claims, TokenError> {
    if !token.ends_with('.') {
        return Err(TokenError::Malformed);
    }
    part(token, 1).ok_or(TokenError::Invalid)
}

/// Who it is stays out of logs.
impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdToken").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// One to 128 characters that a database can hold.
pub(super) fn is_a_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

impl IdToken {
    /// All rules but those of time.
    pub(super) fn new(claims: Claims, project_id: &str, issuer: &str) -> Result<Self, TokenError> {
        if claims.iss != issuer || claims.aud != project_id {
            return Err(TokenError::Foreign);
        }
        if !is_a_subject(&claims.sub) {
            return Err(TokenError::Subject);
        }
        if claims.firebase.tenant.is_some() {
            return Err(TokenError::Tenant);
        }
        let provider = claims.firebase.provider;
        let phone = match &*provider {
            "anonymous" => return Err(TokenError::Anonymous),
            "phone" => Some(claims.phone_number.ok_or(TokenError::NoPhone)?),
            _ => None,
        };
        Ok(Self {
            issuer: claims.iss,
            subject: claims.sub,
            issued_at: claims.iat,
            signed_in_at: claims.auth_time,
            expires_at: claims.exp,
            not_before: claims.nbf,
            provider,
            has_second_factor: claims.firebase.second_factor.is_some(),
            phone,
        })
    }

    pub(super) fn within_its_time(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        let begins = self.issued_at.max(self.signed_in_at).max(self.not_before.unwrap_or(i64::MIN));
        within_its_time(begins, self.expires_at, now)
    }
}

pub(super) fn within_its_time(begins: i64, ends: i64, now: DateTime<Utc>) -> Result<(), TokenError> {
    let now = now.timestamp();
    if begins > now + CLOCK_SKEW_SECONDS {
        return Err(TokenError::TooEarly);
    }
    if ends <= now { Err(TokenError::Expired) } else { Ok(()) }
}
