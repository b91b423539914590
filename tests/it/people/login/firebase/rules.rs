//! What an ID token must be. Each case is a good token with one thing wrong.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PHONE, UID, count, exchange, good, with_google};
use crate::support::{
    TestApp,
    google::{self, PROJECT},
};

#[track_caller]
fn spoilt(mut claims: Value, pointer: &str, value: Value) -> String {
    *claims.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    google::sign(&claims)
}

/// Refused, and nobody is in.
async fn assert_refused(app: &TestApp, token: &str, why: &str) {
    let problem = exchange(app, token).await.problem(401, "firebase-token-refused");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(why), "{detail} does not say {why}");
    assert_eq!(count(app, "sessions").await, 1, "only the owner's");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_good_token_of_a_sign_in_by_phone_is_let_in(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let pair = exchange(&app, &google::sign(&good(app.now()))).await.ok();
    assert_eq!(pair["user"]["phone"], PHONE);
}

pub async fn foreign(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let good = good(app.now());
    let issuer = "https://securetoken.google.com/";
    for wrong in ["other-project", "chem-lab-1/", "CHEM-LAB-1", ""] {
        assert_refused(&app, &spoilt(good.clone(), "/iss", json!(format!("{issuer}{wrong}"))), "another").await;
        assert_refused(&app, &spoilt(good.clone(), "/aud", json!(wrong)), "another").await;
    }
    assert_refused(&app, &spoilt(good.clone(), "/iss", json!("https://accounts.google.com")), "another").await;
    let mut both = good;
    both["iss"] = json!(format!("{issuer}other-project"));
    both["aud"] = json!("other-project");
    assert_refused(&app, &google::sign(&both), "another project").await;
}

pub async fn subjects(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let good = good(app.now());
    for wrong in [String::new(), "x".repeat(129), "a\0b".to_owned(), "ü".repeat(129)] {
        assert_refused(&app, &spoilt(good.clone(), "/sub", json!(wrong)), "subject").await;
    }
    exchange(&app, &spoilt(good.clone(), "/sub", json!("x".repeat(128)))).await.ok();
    exchange(&app, &spoilt(good, "/sub", json!("ü".repeat(128)))).await.ok();
}

pub async fn times(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let (good, now) = (good(app.now()), app.now().timestamp());
    for claim in ["/iat", "/auth_time"] {
        assert_refused(&app, &spoilt(good.clone(), claim, json!(now + 61)), "future").await;
        assert_refused(&app, &spoilt(good.clone(), claim, json!(i64::MAX)), "future").await;
        exchange(&app, &spoilt(good.clone(), claim, json!(now + 60))).await.ok();
        sqlx::query("delete from refresh_tokens").execute(&app.db).await.unwrap();
        sqlx::query("delete from sessions where user_id in (select id from users where phone is not null)")
            .execute(&app.db)
            .await
            .unwrap();
    }
    let mut later = good.clone();
    later["nbf"] = json!(now + 61);
    assert_refused(&app, &google::sign(&later), "future").await;
    later["nbf"] = json!(now + 60);
    later["jti"] = json!("not yet");
    exchange(&app, &google::sign(&later)).await.ok();
    sqlx::query("delete from refresh_tokens").execute(&app.db).await.unwrap();
    sqlx::query("delete from sessions where user_id in (select id from users where phone is not null)")
        .execute(&app.db)
        .await
        .unwrap();
    for past in [now, now - 1, 0, i64::MIN] {
        assert_refused(&app, &spoilt(good.clone(), "/exp", json!(past)), "expired").await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_token_that_was_good_expires_also_when_it_is_remembered(db: PgPool) {
    let (app, google) = with_google(db, &[("FIREBASE_BEARER", "true")]).await;
    let token = google::sign(&good(app.now()));
    exchange(&app, &token).await.ok();
    let bearer = app.nobody().with_token(&token);
    bearer.get("/v1/me").await.ok();
    app.advance(TimeDelta::seconds(3599));
    bearer.get("/v1/me").await.ok();
    app.advance(TimeDelta::seconds(1));
    bearer.get("/v1/me").await.problem(401, "bad-token");
    assert_eq!(google.key_fetches(), 1);
}

pub async fn claims(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let good = good(app.now());
    for claim in ["iss", "aud", "sub", "iat", "exp", "auth_time", "firebase", "phone_number"] {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(claim);
        assert_refused(&app, &google::sign(&without), "").await;
        for wrong in [json!(null), json!([good[claim]]), json!({"value": good[claim]}), json!(true)] {
            assert_refused(&app, &spoilt(good.clone(), &format!("/{claim}"), wrong), "").await;
        }
    }
    for claim in ["/iss", "/aud", "/sub", "/phone_number", "/firebase/sign_in_provider"] {
        assert_refused(&app, &spoilt(good.clone(), claim, json!(7)), "claims").await;
    }
    for claim in ["iat", "exp", "auth_time"] {
        let text = json!(good[claim].to_string());
        assert_refused(&app, &spoilt(good.clone(), &format!("/{claim}"), text), "claims").await;
        let float = json!(good[claim].as_f64().unwrap() + 0.5);
        assert_refused(&app, &spoilt(good.clone(), &format!("/{claim}"), float), "claims").await;
    }
    // Said twice, it could be read in two ways.
    let twice = good.to_string().replacen('{', &format!("{{\"sub\":\"{UID}2\","), 1);
    let message = format!("{}.{}", google::part(&google::header()), BASE64_URL_SAFE_NO_PAD.encode(twice));
    let key = EncodingKey::from_rsa_pem(google::keys().google.pem.as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::RS256).unwrap();
    assert_refused(&app, &format!("{message}.{signature}"), "claims").await;
}

pub async fn headers(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let (keys, good) = (google::keys(), good(app.now()));
    let message = |header: &Value| format!("{}.{}", google::part(header), google::part(&good));
    for algorithm in ["none", "None", "NONE", "nOnE", "", "RS512", "PS256", "HS256", "ES256", "rs256"] {
        let header = json!({"alg": algorithm, "kid": keys.google.kid, "typ": "JWT"});
        assert_refused(&app, &format!("{}.", message(&header)), "RS256").await;
        assert_refused(&app, &keys.google.sign(&header, &good), "RS256").await;
    }
    // HMAC with the public key, in the forms an attacker can get, as its secret.
    let n = keys.google.jwk["n"].as_str().unwrap();
    for secret in [n.as_bytes().to_vec(), BASE64_URL_SAFE_NO_PAD.decode(n).unwrap(), keys.google.jwk.to_string().into()]
    {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(keys.google.kid.to_owned());
        let token = jsonwebtoken::encode(&header, &good, &EncodingKey::from_secret(&secret)).unwrap();
        assert_refused(&app, &token, "RS256").await;
    }
    // A key that comes with the token, or an address of one.
    let mut own_key = google::header();
    own_key["jwk"] = keys.mallory.jwk.clone();
    own_key["jku"] = "https://mallory.test/jwks.json".into();
    own_key["x5u"] = "https://mallory.test/chain.pem".into();
    assert_refused(&app, &keys.mallory.sign(&own_key, &good), "signature").await;
    for (field, value) in [("typ", json!("at+jwt")), ("crit", json!(["b64"])), ("kid", json!(7)), ("alg", json!(7))] {
        let mut header = google::header();
        header[field] = value;
        assert_refused(&app, &keys.google.sign(&header, &good), "").await;
    }
    for field in ["kid", "alg"] {
        let mut header = google::header();
        header.as_object_mut().unwrap().remove(field);
        assert_refused(&app, &keys.google.sign(&header, &good), "").await;
    }
}

pub async fn another_key(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let good = good(app.now());
    assert_refused(&app, &google::keys().mallory.sign(&google::header(), &good), "signature").await;
    let header = json!({"alg": "RS256", "kid": "mallory", "typ": "JWT"});
    assert_refused(&app, &google::keys().mallory.sign(&header, &good), "key that Google does not publish").await;
    // One that was good, with another body under its signature.
    let token = google::sign(&good);
    let (head, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let mut other = good;
    other["sub"] = "somebody-else".into();
    assert_refused(&app, &format!("{head}.{}.{signature}", google::part(&other)), "signature").await;
}

pub async fn custom_tokens_and_cookies(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let (custom, _) = app.app.firebase.as_ref().unwrap().custom_token(UID, app.now()).unwrap();
    assert_refused(&app, &custom, "signInWithCustomToken").await;
    let cookie = json!(format!("https://session.firebase.google.com/{PROJECT}"));
    assert_refused(&app, &spoilt(good(app.now()), "/iss", cookie), "session cookie").await;
}

pub async fn tenants_and_anonymous(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let good = good(app.now());
    let mut tenant = good.clone();
    tenant["firebase"]["tenant"] = "other-lab".into();
    assert_refused(&app, &google::sign(&tenant), "tenant").await;
    assert_refused(&app, &google::sign(&google::claims(app.now(), UID, "anonymous")), "anonymous").await;
    assert_refused(&app, &google::sign(&google::claims(app.now(), UID, "phone")), "phone").await;
    for wrong in ["", "12025550123", "+1", "+12025550123;ext=1", "+19005550123"] {
        assert_refused(&app, &spoilt(good.clone(), "/phone_number", json!(wrong)), "phone").await;
    }
}
