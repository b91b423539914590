//! Our access tokens: signed JWTs after RFC 9068, verified after RFC 8725. Pure: no clock, no I/O.

mod assurance;
mod jwk;
mod keys;
mod new_key;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use jsonwebtoken::Header;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    assurance::{Assurance, BY_EMAIL},
    jwk::JwkSet,
    keys::{KeyError, KeyRing, KeyState, ListedKey},
    new_key::KeyKind,
};

/// RFC 9068, 2.1: no other kind of our JWTs passes for an access token (RFC 8725, 3.11).
const TYPE: &str = "at+jwt";
/// Ours have some 600 bytes; what is longer is not worth decoding.
const MAX_LENGTH: usize = 4096;
/// Servers that share the keys do not share a clock to the second.
const LEEWAY_SECONDS: i64 = 5;
const CACHED_TOKENS: u64 = 20_000;
/// RFC 9068, 2.2 wants the client named. There is one, which is public and unregistered: the app.
const CLIENT: &str = "chemstock-app";

/// Every claim is required. RFC 9068, 2.2; `sid` is the session, `amr` how its login was done, `acr`
/// what that is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub client_id: String,
    pub sub: Uuid,
    pub sid: Uuid,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub auth_time: i64,
    pub acr: Assurance,
    pub amr: Vec<String>,
}

/// Why a token is refused. To its bearer all of them are the same `invalid_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("longer than any of ours")]
    TooLong,
    #[error("not a JWT of the wanted type")]
    Malformed,
    #[error("signed by no key of ours")]
    UnknownKey,
    #[error("signature or claims are not ours")]
    Invalid,
    #[error("issued by or for somebody else")]
    Foreign,
    #[error("not valid yet")]
    TooEarly,
    #[error("expired")]
    Expired,
}

/// Signs and verifies. Verified tokens are remembered: the next request with one costs a look-up, not a signature
/// check. Whether the session still lives is not asked here.
#[derive(Debug)]
pub struct Tokens {
    current: RwLock<Arc<Current>>,
    issuer: String,
    audience: String,
    ttl: Duration,
}

/// The keys and what they have verified, exchanged as one: what is verified by an old ring while a new one comes is
/// remembered where nobody looks any more.
#[derive(Debug)]
struct Current {
    ring: KeyRing,
    verified: Cache<String, Claims>,
}

impl Current {
    fn new(ring: KeyRing, ttl: Duration) -> Arc<Self> {
        Arc::new(Self { ring, verified: Cache::builder().max_capacity(CACHED_TOKENS).time_to_live(ttl).build() })
    }
}

impl Tokens {
    pub fn new(ring: KeyRing, issuer: impl Into<String>, audience: impl Into<String>, ttl: Duration) -> Self {
        let current = RwLock::new(Current::new(ring, ttl));
        Self { current, issuer: issuer.into(), audience: audience.into(), ttl }
    }

    /// From now on these keys sign and verify, and a token of any other is refused.
    pub fn replace_keys(&self, ring: KeyRing) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current::new(ring, self.ttl);
    }

    fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The public keys, as `/.well-known/jwks.json` shows them (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.current().ring.jwks()
    }

    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    pub fn sign(&self, sub: Uuid, sid: Uuid, auth_time: i64, amr: Vec<String>, now: DateTime<Utc>) -> (String, Claims) {
        let iat = now.timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            client_id: CLIENT.to_owned(),
            sub,
            sid,
            iat,
            nbf: iat,
            exp: iat.saturating_add_unsigned(self.ttl.as_secs()),
            jti: Uuid::new_v4(),
            auth_time,
            acr: Assurance::of(&amr),
            amr,
        };
        let current = self.current();
        let key = current.ring.first();
        let mut header = Header::new(key.algorithm);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let token = jsonwebtoken::encode(&header, &claims, &key.private);
        (token.expect("the ring holds only keys that were parsed for this algorithm"), claims)
    }

    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::TooLong);
        }
        let current = self.current();
        if let Some(claims) = current.verified.get(token) {
            return within_its_time(&claims, now).map(|()| claims);
        }
        let claims = self.verify_cold(&current.ring, token)?;
        within_its_time(&claims, now)?;
        current.verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }

    /// RFC 8725, 3.1 and 3.10: the `kid` chooses among our own keys and the key fixes the algorithm; `jwk`, `jku` and
    /// `x5u` are never looked at. RFC 7515, 4.1.11: what is marked critical must be understood, and nothing is.
    fn verify_cold(&self, ring: &KeyRing, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let key = header.kid.and_then(|kid| ring.find(&kid)).ok_or(TokenError::UnknownKey)?;
        let claims: Claims =
            jsonwebtoken::decode(token, &key.public, &key.validation).map_err(|_| TokenError::Invalid)?.claims;
        // RFC 8725, 3.8 and 3.9.
        let ours = claims.iss == self.issuer && claims.aud == self.audience && claims.client_id == CLIENT;
        if ours { Ok(claims) } else { Err(TokenError::Foreign) }
    }
}

fn within_its_time(claims: &Claims, now: DateTime<Utc>) -> Result<(), TokenError> {
    let now = now.timestamp();
    if claims.exp <= now {
        return Err(TokenError::Expired);
    }
    if claims.nbf.max(claims.iat) > now.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenError::TooEarly);
    }
    Ok(())
}
