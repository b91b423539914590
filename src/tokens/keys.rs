//! The keys of our tokens: the first of the ring signs, all of them verify, so that a key is changed without logging
//! anybody out. A key comes in as the last (it verifies everywhere before anything is signed by it), moves to the front
//! once everybody has read the key set again, and the one before it goes when its last token has expired.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
}

#[derive(Debug)]
pub struct KeyRing(Vec<Key>);

/// What a key does at present. Whether one that only verifies is on its way in or out, only its place in time tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    Active,
    NextOrRetiring,
}

/// A key without anything that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// RFC 7638.
    pub kid: String,
    pub algorithm: String,
    pub state: KeyState,
}

const BEGIN: &str = "-----BEGIN";

/// A file may hold several keys, one after the other (RFC 7468, 2): so a list changes without a new setting. A text with
/// none is given back whole, to be refused by its place.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let later = text.match_indices(BEGIN).skip(1).map(|(at, _)| at);
    let bounds: Vec<_> = std::iter::once(0).chain(later).chain([text.len()]).collect();
    (1..bounds.len()).map(move |end| &text[bounds[end - 1]..bounds[end]])
}

impl KeyRing {
    /// Reads private keys. Errors count the keys from 1, over all texts, and never show one.
    pub fn from_pems(pems: &[String]) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::with_capacity(pems.len());
        for (index, pem) in pems.iter().flat_map(|text| blocks(text)).enumerate() {
            let place = index + 1;
            let key = Key::from_pem(pem.as_bytes(), place)?;
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
            state: if index == 0 { KeyState::Active } else { KeyState::NextOrRetiring },
        };
        self.0.iter().enumerate().map(listed).collect()
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
        Ok(Self { kid, algorithm, private, public, validation: signature_only(algorithm), jwk })
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
