//! Tokens that are not what they say, and tokens that come back: rows 28 to 31.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chemstock::base::tokens::KeyRing;
use jsonwebtoken::{Algorithm, EncodingKey};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::scene::*;
use crate::{
    people::login::{PHONE, holder, refresh},
    support::Client,
};

/// Whoever has our key, and signs with it what we never would.
struct Forger {
    pem: String,
    header: Value,
    claims: Value,
}

impl Forger {
    /// With a good token of this user to start from.
    fn new(app: &TestApp, pair: &Value) -> Self {
        let pem = KeyRing::generate_pem();
        let ring = KeyRing::from_pems(std::slice::from_ref(&pem)).unwrap();
        let kid = ring.list()[0].kid.clone();
        app.app.tokens.replace_keys(ring);
        let claims = pair["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        Self { pem, header: json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid }), claims }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_ed_pem(self.pem.as_bytes()).unwrap();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.sign(&header, &self.claims)
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.sign(&self.header, &claims)
    }
}

/// RFC 6750 section 3.1, whatever is wrong with it.
async fn is_refused(nobody: &Client, token: &str, why: &str) {
    let answer = nobody.with_token(token).get("/v1/me").await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.ends_with(r#"error="invalid_token""#), "{why}: {challenge}");
    assert!(answer.body.get("detail").is_none(), "{why}: {}", answer.text);
    answer.problem(401, "bad-token");
}

pub async fn headers(db: PgPool) {
    let app = open_doors(db).await;
    let forger = Forger::new(&app, &log_in(&app, PHONE).await);
    let nobody = app.nobody();
    nobody.with_token(&forger.sign(&forger.header, &forger.claims)).get("/v1/me").await.ok();
    let jwks = nobody.get("/.well-known/jwks.json").await.expect(200);
    for name in ["none", "None", "HS256", "ES256", "RS256"] {
        is_refused(&nobody, &forger.with_header("alg", json!(name)), name).await;
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mut unsigned = forger.header.clone();
    unsigned["alg"] = json!("none");
    is_refused(&nobody, &format!("{}.{}.", part(&unsigned), part(&forger.claims)), "unsigned").await;
    // The public key as the secret of an HMAC.
    let mut hs256 = jsonwebtoken::Header::new(Algorithm::HS256);
    hs256.typ = Some("at+jwt".to_owned());
    hs256.kid = forger.header["kid"].as_str().map(str::to_owned);
    for secret in [jwks.text.as_bytes(), jwks.body["keys"][0]["x"].as_str().unwrap().as_bytes()] {
        let token = jsonwebtoken::encode(&hs256, &forger.claims, &EncodingKey::from_secret(secret)).unwrap();
        is_refused(&nobody, &token, "HMAC with the public key").await;
    }
    // A key that comes with the token, from inside or elsewhere.
    let mallory = Forger { pem: KeyRing::generate_pem(), ..Forger::new(&app, &log_in(&app, PHONE).await) };
    let theirs = KeyRing::from_pems(std::slice::from_ref(&mallory.pem)).unwrap().jwks()["keys"][0].clone();
    for (name, value) in [("jwk", theirs), ("jku", json!("http://127.0.0.1:1/")), ("x5u", json!("http://127.0.0.1:1/"))]
    {
        is_refused(&nobody, &mallory.with_header(name, value), name).await;
    }
}

pub async fn claims(db: PgPool) {
    let app = open_doors(db).await;
    let forger = Forger::new(&app, &log_in(&app, PHONE).await);
    let nobody = app.nobody();
    let now = app.now().timestamp();
    let cases = [
        ("exp", json!((now + 600).to_string())),
        ("exp", json!(now)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("iss", json!(1)),
        ("iss", json!("https://elsewhere.test")),
        ("aud", json!({})),
        ("aud", json!([forger.claims["aud"]])),
        ("aud", json!("other")),
        ("client_id", json!("other")),
        ("sub", json!("")),
        ("sub", json!(Uuid::now_v7())),
        ("sid", json!(Uuid::now_v7())),
        ("amr", json!("sms")),
        ("acr", json!(1)),
        ("acr", json!("urn:something:else")),
        ("auth_time", json!("now")),
    ];
    for (name, value) in cases {
        is_refused(&nobody, &forger.with_claim(name, value.clone()), &format!("{name}: {value}")).await;
    }
    let names: Vec<_> = forger.claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 12, "{names:?}");
    for name in names {
        let mut claims = forger.claims.clone();
        claims.as_object_mut().unwrap().remove(&name);
        is_refused(&nobody, &forger.sign(&forger.header, &claims), &format!("no {name}")).await;
    }
    for (name, value) in [("typ", json!("JWT")), ("typ", json!(null)), ("crit", json!(["exp"])), ("kid", json!(null))] {
        is_refused(&nobody, &forger.with_header(name, value.clone()), &format!("{name}: {value}")).await;
    }
}

/// No key is fetched from anywhere for our own tokens: what a thousand unknown names cost is a thousand refusals.
pub async fn a_thousand_unknown_keys(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let forger = Forger::new(&app, &pair);
    let nobody = app.nobody();
    for index in 0..1000 {
        is_refused(&nobody, &forger.with_header("kid", json!(format!("key {index}"))), "an unknown key").await;
    }
    nobody.with_token(&forger.sign(&forger.header, &forger.claims)).get("/v1/me").await.ok();
}

pub async fn kinds(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let nobody = app.nobody();
    for name in ["refresh_token", "device_token"] {
        is_refused(&nobody, pair[name].as_str().unwrap(), name).await;
    }
    for name in ["access_token", "device_token"] {
        refresh(&app, &pair[name]).await.problem(401, "refresh-token-refused");
    }
    let forger = Forger::new(&app, &pair);
    // Truly signed, with all the claims, but said to be something else.
    for typ in ["JWT", "jwt", "id+jwt", "rt+jwt", "logout+jwt", "secevent+jwt", "application/at+jwt", "AT+JWT", ""] {
        is_refused(&nobody, &forger.with_header("typ", json!(typ)), typ).await;
    }
    // None of the tries has ended the session.
    refresh(&app, &pair["refresh_token"]).await.ok();
}

pub async fn refresh_races_and_theft(db: PgPool) {
    let app = open_doors(db).await;
    let first = log_in(&app, PHONE).await;
    let mut tries = JoinSet::new();
    for index in 0..20 {
        let nobody = app.nobody().at(&format!("198.51.100.{}", index + 1));
        let body = json!({ "refresh_token": first["refresh_token"] });
        tries.spawn(async move { nobody.post("/v1/auth/refresh", body).await.ok()["refresh_token"].clone() });
    }
    let successors = tries.join_all().await;
    assert!(successors.iter().all(|successor| *successor == successors[0]));
    assert_eq!(count(&app, "select count(*) from refresh_tokens where used_at is null").await, 1);
    assert_eq!(count(&app, "select count(*) from refresh_tokens").await, 2);
    let third = refresh(&app, &successors[0]).await.ok();
    holder(&app, &third).get("/v1/me").await.ok();
    assert_eq!(events(&app, "refresh_reused", "ended").await, 0);

    let thief = app.nobody().at("203.0.113.9");
    let replayed = thief.post("/v1/auth/refresh", json!({ "refresh_token": first["refresh_token"] })).await;
    replayed.problem(401, "refresh-token-refused");
    assert_eq!(events(&app, "refresh_reused", "ended").await, 1);
    let whence: String = sqlx::query_scalar("select address from login_events where kind = 'refresh_reused'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(whence, "203.0.113.0/24");
    refresh(&app, &third["refresh_token"]).await.problem(401, "refresh-token-refused");
    for pair in [&first, &third] {
        is_refused(&app.nobody(), pair["access_token"].as_str().unwrap(), "of the ended session").await;
    }
}
