//! What Google signs, and the keys with which it and others do.

use std::sync::OnceLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

pub const PROJECT: &str = "chem-lab-1";
pub const NUMBER: &str = "123456789012";
pub const ISSUER: &str = "https://securetoken.google.com/chem-lab-1";
pub const ACCOUNT: &str = "firebase-adminsdk@chem-lab-1.iam.gserviceaccount.com";

/// Made for this run of the tests, once.
pub struct TestKey {
    pub kid: &'static str,
    pub pem: String,
    signs: EncodingKey,
    pub jwk: Value,
}

/// The two of Google's, one that is nobody's, and the service account's.
pub struct TestKeys {
    pub google: TestKey,
    pub next: TestKey,
    pub mallory: TestKey,
    pub account: TestKey,
}

pub fn keys() -> &'static TestKeys {
    static KEYS: OnceLock<TestKeys> = OnceLock::new();
    KEYS.get_or_init(|| TestKeys {
        google: TestKey::make("google-1", KeySize::Rsa2048),
        next: TestKey::make("google-2", KeySize::Rsa2048),
        mallory: TestKey::make("mallory", KeySize::Rsa2048),
        account: TestKey::make("account-1", KeySize::Rsa2048),
    })
}

impl TestKey {
    fn make(kid: &'static str, size: KeySize) -> Self {
        let pair = KeyPair::generate(size).expect("an RSA key");
        let der: Pkcs8V1Der = pair.as_der().expect("PKCS#8");
        let text = BASE64_STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let signs = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&signs, Algorithm::RS256).expect("a JWK")).unwrap();
        jwk["kid"] = kid.into();
        jwk["use"] = "sig".into();
        Self { kid, pem, signs, jwk }
    }

    /// Whatever the header says, this key signs it with RS256.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signs, Algorithm::RS256).expect("signed");
        format!("{message}.{signature}")
    }
}

pub fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The header of what Google signs.
pub fn header() -> Value {
    json!({"alg": "RS256", "kid": keys().google.kid, "typ": "JWT"})
}

/// The claims of a sign-in by phone, just now.
pub fn phone_claims(now: DateTime<Utc>, uid: &str, phone: &str) -> Value {
    let mut claims = claims(now, uid, "phone");
    claims["phone_number"] = phone.into();
    claims
}

/// The claims of a sign-in by another provider, just now.
pub fn claims(now: DateTime<Utc>, uid: &str, provider: &str) -> Value {
    let now = now.timestamp();
    json!({
        "iss": ISSUER, "aud": PROJECT, "sub": uid, "user_id": uid, "iat": now, "exp": now + 3600, "auth_time": now,
        "email": "somebody@example.org", "email_verified": true,
        "firebase": {"identities": {}, "sign_in_provider": provider},
    })
}

pub fn sign(claims: &Value) -> String {
    keys().google.sign(&header(), claims)
}

pub fn app_check_claims(now: DateTime<Utc>) -> Value {
    let now = now.timestamp();
    json!({
        "iss": format!("https://firebaseappcheck.googleapis.com/{NUMBER}"), "sub": "1:123456789012:android:0a1b",
        "aud": [format!("projects/{NUMBER}"), format!("projects/{PROJECT}")], "iat": now, "exp": now + 3600,
    })
}
