//! Whether the account behind a token is still good.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{UID, connected, count, exchange, good, with_google};
use crate::support::{
    TestApp,
    google::{self, Google, Mood},
};

/// Another token of the same account at each time.
fn token(app: &TestApp) -> String {
    let mut claims = good(app.now());
    claims["jti"] = json!(uuid::Uuid::new_v4());
    google::sign(&claims)
}

async fn assert_refused(app: &TestApp, token: &str, why: &str) {
    let problem = exchange(app, token).await.problem(401, "firebase-token-refused");
    assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
}

pub async fn bad_accounts(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    google.says_of(UID, json!({"disabled": true, "validSince": "1000000000"}));
    assert_refused(&app, &token(&app), "disabled").await;
    google.says_of(UID, Value::Null);
    assert_refused(&app, &token(&app), "deleted").await;
    let now = app.now().timestamp();
    google.says_of(UID, json!({"validSince": (now + 1).to_string()}));
    assert_refused(&app, &token(&app), "revoked").await;
    assert_eq!(count(&app, "sessions").await, 1, "only the owner's");
    // A refreshed token is newer than its sign-in.
    app.advance(TimeDelta::minutes(4));
    let mut refreshed = good(app.now());
    refreshed["auth_time"] = json!(now);
    google.says_of(UID, json!({"validSince": (now + 60).to_string()}));
    assert_refused(&app, &google::sign(&refreshed), "revoked").await;
    exchange(&app, &token(&app)).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_good_account_of_a_bearer_is_asked_about_once_a_minute_and_a_bad_one_every_time(db: PgPool) {
    let (app, google) = with_google(db, &[("FIREBASE_BEARER", "true")]).await;
    exchange(&app, &token(&app)).await.ok();
    let me = async || app.nobody().with_token(&token(&app)).get("/v1/me").await;
    app.advance(TimeDelta::seconds(60));
    me().await.ok();
    assert_eq!(google.look_ups(), 1);
    google.says_of(UID, json!({"disabled": true}));
    app.advance(TimeDelta::seconds(1));
    for asked in 2..5 {
        me().await.problem(401, "bad-token");
        assert_eq!(google.look_ups(), asked);
    }
    google.says_of(UID, json!({}));
    me().await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_trade_asks_every_time_so_that_nobody_gets_in_right_after_being_disabled(db: PgPool) {
    let (app, google) = with_google(db, &[("FIREBASE_BEARER", "true")]).await;
    exchange(&app, &token(&app)).await.ok();
    app.nobody().with_token(&token(&app)).get("/v1/me").await.ok();
    google.says_of(UID, json!({"disabled": true}));
    app.advance(TimeDelta::seconds(3));
    assert_refused(&app, &token(&app), "disabled").await;
    google.is(Mood::Down);
    exchange(&app, &token(&app)).await.problem(503, "unavailable");
    assert_eq!(count(&app, "sessions").await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_access_token_is_kept_until_shortly_before_its_end(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    exchange(&app, &token(&app)).await.ok();
    app.advance(TimeDelta::seconds(3599 - 61));
    exchange(&app, &token(&app)).await.ok();
    assert_eq!((google.grants(), google.look_ups()), (1, 2));
    app.advance(TimeDelta::seconds(61));
    exchange(&app, &token(&app)).await.ok();
    assert_eq!((google.grants(), google.look_ups()), (2, 3));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn while_google_cannot_be_asked_nobody_gets_a_session(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    // The keys are known; the account was good a moment ago.
    exchange(&app, &token(&app)).await.ok();
    for mood in [Mood::Down, Mood::Garbage, Mood::Endless, Mood::Slow] {
        google.is(mood);
        app.advance(TimeDelta::seconds(61));
        let answer = exchange(&app, &token(&app)).await;
        assert_eq!(answer.headers["retry-after"], "5", "{mood:?}");
        answer.problem(503, "unavailable");
    }
    google.is(Mood::Well);
    exchange(&app, &token(&app)).await.ok();
    assert_eq!(count(&app, "sessions").await, 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_service_account_that_google_does_not_know_lets_nobody_in(db: PgPool) {
    let google = Google::start().await;
    let mut vars = google.vars();
    let key = vars.iter_mut().find(|(name, _)| *name == "FIREBASE_PRIVATE_KEY").unwrap();
    key.1 = google::keys().mallory.pem.replace('\n', "\\n");
    let app = connected(db, vars, &[]).await;
    for _ in 0..3 {
        exchange(&app, &token(&app)).await.problem(503, "unavailable");
    }
    assert_eq!((google.grants(), google.look_ups()), (1, 0), "nor is it asked for by everybody");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_a_service_account_nobody_is_asked(db: PgPool) {
    let google = Google::start().await;
    let app = connected(db, google.vars_without_account(), &[]).await;
    google.says_of(UID, json!({"disabled": true}));
    exchange(&app, &token(&app)).await.ok();
    assert_eq!((google.grants(), google.look_ups()), (0, 0));
    let firebase = app.app.firebase.as_ref().unwrap();
    assert!(!firebase.has_service_account(), "of which the start warns");
    firebase.check().unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_private_key_that_is_none_is_told_at_the_start(db: PgPool) {
    let google = Google::start().await;
    let mut vars = google.vars();
    let key = vars.iter_mut().find(|(name, _)| *name == "FIREBASE_PRIVATE_KEY").unwrap();
    key.1 = "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n".to_owned();
    let app = connected(db, vars, &[]).await;
    let told = app.app.firebase.as_ref().unwrap().check().unwrap_err().to_string();
    assert!(told.starts_with("FIREBASE_PRIVATE_KEY is no RSA key"), "{told}");
    exchange(&app, &token(&app)).await.problem(503, "unavailable");
}
