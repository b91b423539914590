//! The public keys of a signer, from its JWKS (RFC 7517). They are kept as long as `Cache-Control` says; of many who
//! find them stale one fetches; an outage is bridged with what is known for a day; and whoever invents key ids causes
//! one more fetch a minute at most.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::Refusal;
use crate::clients::http::{Answer, Http};

/// Also when `max-age` is shorter or missing: a source that says 0 must not be asked by every request.
const KEPT_AT_LEAST: TimeDelta = TimeDelta::minutes(5);
/// Past their `max-age`, while nobody answers.
const KEPT_IN_AN_OUTAGE: TimeDelta = TimeDelta::hours(24);
/// After a fetch for a key that was not among those known. It holds for all key ids together, so what stayed unknown
/// needs no list of its own. Whoever comes meanwhile with another may have a new one, and is told to come again.
const UNKNOWN_WAITS: TimeDelta = TimeDelta::seconds(60);
/// After a fetch that failed.
const OUTAGE_WAITS: TimeDelta = TimeDelta::seconds(5);
const MOST_KEYS: usize = 50;
const LEAST_RSA_BITS: usize = 2048;

pub(super) struct Keys(Arc<Source>);

struct Source {
    http: Http,
    url: String,
    kept_at_most: TimeDelta,
    known: RwLock<Known>,
    /// Held by the one who fetches.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    fetched_at: DateTime<Utc>,
    fresh_until: DateTime<Utc>,
    tried_at: DateTime<Utc>,
    /// For a key that was not among those known, while they were fresh.
    tried_for_unknown_at: DateTime<Utc>,
    /// Of the last try.
    failure: Option<String>,
}

impl Keys {
    pub fn new(http: Http, url: String, kept_at_most: TimeDelta) -> Self {
        Self(Arc::new(Source { http, url, kept_at_most, known: RwLock::default(), fetching: Mutex::default() }))
    }

    /// None when the signer has no such key.
    pub async fn find(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<DecodingKey>, Refusal> {
        if let Some(answer) = self.0.known().answer(kid, now) {
            return answer;
        }
        let (source, kid) = (self.0.clone(), kid.to_owned());
        // In a task of its own: a caller who hangs up must not break off what others wait for.
        let fetched = tokio::spawn(async move { source.refreshed(&kid, now).await }).await;
        fetched.unwrap_or_else(|_| Err(Refusal::Away("the fetch of the keys broke off".to_owned())))
    }
}

impl Source {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refreshed(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<DecodingKey>, Refusal> {
        let _one = self.fetching.lock().await;
        // Perhaps the one before has brought it.
        if let Some(answer) = self.known().answer(kid, now) {
            return answer;
        }
        let fetched = self.http.fetch(|http| http.get(&self.url)).await.map_err(|failed| failed.cause);
        let read = fetched.and_then(|fetched| Ok((read(&fetched.body)?, max_age(&fetched))));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if now < known.fresh_until {
            known.tried_for_unknown_at = now;
        }
        known.tried_at = now;
        match read {
            Ok((keys, max_age)) => {
                known.keys = keys;
                known.fetched_at = now;
                known.fresh_until = now + max_age.max(KEPT_AT_LEAST).min(self.kept_at_most);
                known.failure = None;
            }
            Err(cause) => {
                tracing::warn!(url = self.url, cause, "keys cannot be fetched");
                known.failure = Some(cause);
            }
        }
        known.last_word(kid, now)
    }
}

impl Known {
    /// None: a fetch may tell.
    fn answer(&self, kid: &str, now: DateTime<Utc>) -> Option<Result<Option<DecodingKey>, Refusal>> {
        let is_fresh = now < self.fresh_until;
        if is_fresh && !self.keys.contains_key(kid) {
            let next_try = self.tried_for_unknown_at + UNKNOWN_WAITS;
            let seconds = u64::try_from((next_try - now).num_seconds()).unwrap_or_default();
            return (now < next_try).then_some(Err(Refusal::Later(seconds.max(1))));
        }
        let waits = self.failure.is_some() && now < self.tried_at + OUTAGE_WAITS;
        (is_fresh || waits).then(|| self.last_word(kid, now))
    }

    fn last_word(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<DecodingKey>, Refusal> {
        let is_usable = now < self.fresh_until.max(self.fetched_at + KEPT_IN_AN_OUTAGE);
        match (self.keys.get(kid).filter(|_| is_usable), &self.failure) {
            (Some(key), _) => Ok(Some(key.clone())),
            // It may be a new key that could not be fetched.
            (None, Some(cause)) => Err(Refusal::Away(format!("the keys cannot be fetched: {cause}"))),
            (None, None) => Ok(None),
        }
    }
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    alg: Option<String>,
    r#use: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// An RSA key that is meant for RS256 and strong enough (RFC 7518 section 3.3).
    fn decoding_key(&self) -> Option<DecodingKey> {
        let is_meant = self.kty == "RSA"
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256")
            && self.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
        let (modulus, exponent) = (self.n.as_deref()?, self.e.as_deref()?);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(modulus).ok()?;
        let first = bytes.iter().position(|byte| *byte != 0)?;
        let bits = (bytes.len() - first) * 8 - bytes[first].leading_zeros() as usize;
        let key = DecodingKey::from_rsa_components(modulus, exponent).ok()?;
        (is_meant && bits >= LEAST_RSA_BITS && !self.kid.is_empty()).then_some(key)
    }
}

fn read(body: &[u8]) -> Result<HashMap<String, DecodingKey>, String> {
    let set: JwkSet = serde_json::from_slice(body).map_err(|_| "answered no JWKS".to_owned())?;
    let usable = set.keys.into_iter().take(MOST_KEYS).filter_map(|jwk| Some((jwk.kid.clone(), jwk.decoding_key()?)));
    let keys: HashMap<_, _> = usable.collect();
    if keys.is_empty() { Err("answered no key for RS256".to_owned()) } else { Ok(keys) }
}

/// What is left of it (RFC 9111 section 4.2): a cache on the way has used up `Age`.
fn max_age(fetched: &Answer) -> TimeDelta {
    let directives = text(&fetched.headers, &CACHE_CONTROL).to_ascii_lowercase();
    let mut ages = directives
        .split(',')
        .map(str::trim)
        .filter_map(|it| it.strip_prefix("max-age="))
        .filter_map(|it| it.parse::<u32>().ok());
    let age = text(&fetched.headers, &AGE).parse::<u32>().unwrap_or_default();
    TimeDelta::seconds(i64::from(ages.next().unwrap_or_default().saturating_sub(age)))
}

fn text<'a>(headers: &'a HeaderMap, name: &reqwest::header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
