//! What an ID token is traded for, how often, and how long after the sign-in.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{PHONE, UID, claims_of, connected, count, exchange, good, with_google};
use crate::{
    people::login,
    support::{
        TestApp,
        google::{self, Google},
    },
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_pair_is_that_of_any_login_and_says_how_and_when_one_signed_in(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let signed_in_at = app.now().timestamp();
    let mut claims = good(app.now());
    claims["firebase"]["sign_in_second_factor"] = "totp".into();
    let token = google::sign(&claims);
    app.advance(TimeDelta::minutes(2));
    let answer =
        app.nobody().post("/v1/auth/firebase", json!({"id_token": token, "device_name": "Pixel 9"})).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let pair = answer.body;
    let ours = claims_of(&pair);
    assert_eq!((&ours["amr"], &ours["auth_time"]), (&json!(["fed", "sms", "mfa"]), &json!(signed_in_at)));
    let holder = login::holder(&app, &pair);
    assert_eq!(holder.get("/v1/me").await.ok(), pair["user"]);
    let sessions = holder.get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"][0]["device_name"], "Pixel 9");
    let next = login::refresh(&app, &pair["refresh_token"]).await.ok();
    let refreshed = claims_of(&next);
    assert_eq!((&refreshed["amr"], &refreshed["auth_time"]), (&ours["amr"], &ours["auth_time"]));
    login::holder(&app, &next).post("/v1/auth/logout", json!({})).await.expect(204);
    login::holder(&app, &next).get("/v1/me").await.problem(401, "bad-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_token_is_traded_once(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let token = google::sign(&good(app.now()));
    exchange(&app, &token).await.ok();
    let again = exchange(&app, &token).await.problem(401, "firebase-token-refused");
    assert!(again["detail"].as_str().unwrap().contains("traded already"), "{again}");
    // Not on another instance, nor after a sweep, while it is fresh.
    app.advance(TimeDelta::minutes(5));
    app.drain().await;
    exchange(&app, &token).await.problem(401, "firebase-token-refused");
    assert_eq!(count(&app, "sessions").await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_lost_the_answer_gets_it_again_with_the_same_idempotency_key(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let body = json!({"id_token": google::sign(&good(app.now()))});
    let first = app.nobody().post_with_key("/v1/auth/firebase", "one", body.clone()).await.ok();
    let repeat = app.nobody().post_with_key("/v1/auth/firebase", "one", body.clone()).await.ok();
    assert_eq!(first, repeat);
    app.nobody().post_with_key("/v1/auth/firebase", "two", body).await.problem(401, "firebase-token-refused");
    assert_eq!(count(&app, "sessions").await, 2);
}

/// Of this many trades of one token at once, those that got a session.
async fn race(app: &TestApp, token: &str) -> usize {
    let mut trades = JoinSet::new();
    for _ in 0..20 {
        let (nobody, body) = (app.nobody(), json!({"id_token": token}));
        trades.spawn(async move { nobody.post("/v1/auth/firebase", body).await });
    }
    let answers = trades.join_all().await;
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())), "{answers:?}");
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_twenty_trades_of_one_token_at_once_one_gets_a_session(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    // Of somebody new by phone, somebody new by account, and somebody who is known.
    let by_account = google::claims(app.now(), "somebody", "google.com");
    let mut known = good(app.now());
    known["jti"] = "another".into();
    for (nth, claims) in [good(app.now()), by_account, known].iter().enumerate() {
        assert_eq!(race(&app, &google::sign(claims)).await, 1);
        assert_eq!(count(&app, "sessions").await, 2 + i64::try_from(nth).unwrap());
    }
    assert_eq!((count(&app, "users").await, count(&app, "identities").await), (3, 1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_sign_in_may_be_as_old_as_is_configured_and_is_no_fresh_login(db: PgPool) {
    let (app, _google) = with_google(db, &[("FIREBASE_SIGN_IN_MAX_DAYS", "7")]).await;
    let signed_in_at = app.now().timestamp();
    app.advance(TimeDelta::days(7));
    let mut refreshed = good(app.now());
    refreshed["auth_time"] = json!(signed_in_at);
    let pair = exchange(&app, &google::sign(&refreshed)).await.ok();
    assert_eq!(claims_of(&pair)["auth_time"], json!(signed_in_at));
    let change = login::holder(&app, &pair).post("/v1/me/phone", json!({ "phone": "+12025550177" })).await;
    change.problem(403, "fresh-login-required");
    refreshed["auth_time"] = json!(signed_in_at - 1);
    let problem = exchange(&app, &google::sign(&refreshed)).await.problem(401, "firebase-token-refused");
    assert!(problem["detail"].as_str().unwrap().contains("older than 7 days"), "{problem}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_custom_token_is_what_firebase_takes(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let by = app.client("viewer").await;
    let answer = by.post("/v1/auth/firebase/custom-token", json!({})).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["expires_in"], 3600);
    let jwk = serde_json::from_value(google::keys().account.jwk.clone()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_exp = false;
    validation
        .set_audience(&["https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"]);
    let token = answer.body["token"].as_str().unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let read = jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).unwrap();
    assert_eq!(read.header.kid.as_deref(), Some("account-1"));
    let now = app.now().timestamp();
    let mut claims = read.claims;
    claims.as_object_mut().unwrap().remove("aud");
    let expected = json!({
        "iss": google::ACCOUNT, "sub": google::ACCOUNT, "uid": by.user_id, "iat": now, "exp": now + 3600
    });
    assert_eq!(claims, expected);
    app.nobody().post("/v1/auth/firebase/custom-token", json!({})).await.problem(401, "no-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_firebase_the_detail_says_what_is_missing(db: PgPool) {
    let app = TestApp::new(db).await;
    let problem = exchange(&app, "e30.e30.").await.problem(404, "firebase-off");
    assert!(problem["detail"].as_str().unwrap().contains("FIREBASE_PROJECT_ID"), "{problem}");
    let by = app.client("viewer").await;
    by.post("/v1/auth/firebase/custom-token", json!({})).await.problem(404, "firebase-off");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_a_service_account_there_are_no_custom_tokens(db: PgPool) {
    let google = Google::start().await;
    let app = connected(db, google.vars_without_account(), &[]).await;
    let problem = app.stranger().await.post("/v1/auth/firebase/custom-token", json!({})).await;
    let problem = problem.problem(404, "firebase-off");
    assert!(problem["detail"].as_str().unwrap().contains("FIREBASE_PRIVATE_KEY"), "{problem}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_is_disabled_here_stays_outside(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    exchange(&app, &google::sign(&good(app.now()))).await.ok();
    sqlx::query("update users set disabled_at = $2 where phone = $1")
        .bind(PHONE)
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
    app.advance(TimeDelta::seconds(1));
    exchange(&app, &google::sign(&google::phone_claims(app.now(), UID, PHONE))).await.problem(403, "forbidden");
}
