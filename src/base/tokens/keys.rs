//! The keys of our tokens: the first of the ring signs, all of them verify, so that a key is changed without logging
//! anybody out. A key comes in as the last (it verifies everywhere before anything is signed by it), moves to the front
//! once everybody has read the key set again, and the one before it goes when its last token has expired.
//!
//! Above a key that `chemstock keys new` has printed stands when it was made: that never grows old, and tells which of
//! those that only verify is on its way in, and which on its way out.

use std::cmp::Ordering;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde_json::json;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("no key is given: make one with `chemstock keys new`")]
    Empty,
    #[error(
        "key {0} is not an Ed25519, P-256 or RSA private key in PKCS#8 PEM; \
         `openssl pkcs8 -topk8 -nocrypt` converts older forms"
    )]
    Unsupported(usize),
    #[error("key {0} is an RSA key of {1} bits: 2048 is the least")]
    WeakRsa(usize, usize),
    #[error("key {0} is there twice")]
    Duplicate(usize),
}

/// One key pair, bound to one algorithm: RFC 8725, 3.1, a key must not be used with another.
#[derive(Debug)]
pub(super) struct Key {
    pub kid: String,
    pub algorithm: Algorithm,
    pub private: EncodingKey,
    pub public: DecodingKey,
    pub validation: Validation,
    jwk: Jwk,
    made: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub struct KeyRing(Vec<Key>);

/// What a key does at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Signs.
    Active,
    /// Verifies, and was made after the active one.
    Next,
    /// Verifies, and was made before the active one.
    Retiring,
    /// Verifies; of it, or of the active one, nobody knows when it was made.
    NextOrRetiring,
}

/// A key without anything that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// RFC 7638.
    pub kid: String,
    pub algorithm: String,
    pub state: KeyState,
    pub made: Option<DateTime<Utc>>,
}

const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
/// Before the time in a line of its own above a key.
pub(super) const MADE: &str = "Made ";

/// A file may hold several keys, one after the other, with remarks above each (RFC 7468, 2): so a list changes without
/// a new setting. Each comes with what stands above it. A text with none is given back whole, to be refused by its
/// place.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut starts: Vec<_> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    if starts.is_empty() {
        starts.push(0);
    }
    let above = std::iter::once(0).chain(starts.clone());
    let ends = starts.clone().into_iter().skip(1).chain([text.len()]);
    let bounds: Vec<_> = above.zip(starts).zip(ends).collect();
    bounds.into_iter().map(|((above, start), end)| (&text[above..start], &text[start..end]))
}

fn made(above: &str) -> Option<DateTime<Utc>> {
    let remarks = above.lines().rev().take_while(|line| !line.starts_with(END));
    remarks.filter_map(|line| line.strip_prefix(MADE)).find_map(|time| time.trim().parse().ok())
}

impl KeyRing {
    /// Reads private keys. Errors count the keys from 1, over all texts, and never show one.
    pub fn from_pems(pems: &[String]) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::with_capacity(pems.len());
        for (index, (above, pem)) in pems.iter().flat_map(|text| blocks(text)).enumerate() {
            let place = index + 1;
            let key = Key { made: made(above), ..Key::from_pem(pem.as_bytes(), place)? };
            if keys.iter().any(|other| other.kid == key.kid) {
                return Err(KeyError::Duplicate(place));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self(keys)) }
    }

    /// The public parts, as `/.well-known/jwks.json` shows them (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        json!({ "keys": self.0.iter().map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    pub fn list(&self) -> Vec<ListedKey> {
        let listed = |(index, key): (usize, &Key)| ListedKey {
            kid: key.kid.clone(),
            algorithm: format!("{:?}", key.algorithm),
            state: if index == 0 { KeyState::Active } else { self.state_of(key) },
            made: key.made,
        };
        self.0.iter().enumerate().map(listed).collect()
    }

    /// Of one that does not sign.
    fn state_of(&self, key: &Key) -> KeyState {
        match key.made.zip(self.first().made).map(|(made, active)| made.cmp(&active)) {
            Some(Ordering::Greater) => KeyState::Next,
            Some(Ordering::Less) => KeyState::Retiring,
            Some(Ordering::Equal) | None => KeyState::NextOrRetiring,
        }
    }

    pub(super) fn first(&self) -> &Key {
        &self.0[0]
    }

    pub(super) fn find(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid)
    }
}

impl Key {
    /// Tries one algorithm after the other; to derive the public key is to have parsed the private one.
    fn from_pem(pem: &[u8], place: usize) -> Result<Self, KeyError> {
        let ed25519 = EncodingKey::from_ed_pem(pem).ok().and_then(|key| ed25519_v1(&key));
        let p256 = || EncodingKey::from_ec_pem(pem).ok();
        let rsa = || EncodingKey::from_rsa_pem(pem).ok();
        let (private, algorithm) = ed25519
            .map(|key| (key, Algorithm::EdDSA))
            .or_else(|| p256().map(|key| (key, Algorithm::ES256)))
            .or_else(|| rsa().map(|key| (key, Algorithm::RS256)))
            .ok_or(KeyError::Unsupported(place))?;
        let unsupported = |_| KeyError::Unsupported(place);
        let mut jwk = Jwk::from_encoding_key(&private, algorithm).map_err(unsupported)?;
        if let Some(bits) = rsa_bits(&jwk).filter(|bits| *bits < 2048) {
            return Err(KeyError::WeakRsa(place, bits));
        }
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unsupported)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let public = DecodingKey::from_jwk(&jwk).map_err(unsupported)?;
        Ok(Self { kid, algorithm, private, public, validation: signature_only(algorithm), jwk, made: None })
    }
}

/// The library knows version 1 of PKCS#8 by its 48 bytes and refuses version 2, which carries the public key as well.
fn ed25519_v1(key: &EncodingKey) -> Option<EncodingKey> {
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).ok()?;
    Some(EncodingKey::from_ed_der(pair.to_pkcs8v1().ok()?.as_ref()))
}

fn rsa_bits(jwk: &Jwk) -> Option<usize> {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else {
        return None;
    };
    let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    Some((modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize)
}

/// The library checks time by the system clock and takes an audience among others: claims are for `Tokens` to check.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}
