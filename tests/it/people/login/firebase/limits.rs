//! What stops an exchange that Firebase itself would let through: the limit of an address, and the lock of a phone; and
//! how refusals are told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PHONE, UID, count, exchange, good, with_google};
use crate::{
    contract::statements::Statements,
    people::login::{
        self,
        attacks::scene::{events, failures_of, have_failed, lock, retry_after},
    },
    support::{Answer, TestApp, google},
};

const OTHER_PHONE: &str = "+12025550145";

async fn exchange_from(app: &TestApp, address: &str, id_token: &str) -> Answer {
    app.nobody().at(address).post("/v1/auth/firebase", json!({ "id_token": id_token })).await
}

/// Another token of the same account at each time.
fn token(app: &TestApp, uid: &str, phone: &str) -> String {
    let mut claims = google::phone_claims(app.now(), uid, phone);
    claims["jti"] = json!(uuid::Uuid::new_v4());
    google::sign(&claims)
}

pub async fn sixty_id_tokens(db: PgPool) {
    let (app, google) = with_google(db, &[("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "60")]).await;
    let (here, there) = ("198.51.100.1", "198.51.100.2");
    for _ in 0..60 {
        exchange_from(&app, here, "e30.e30.").await.problem(401, "firebase-token-refused");
    }
    assert_eq!(retry_after(exchange_from(&app, here, &google::sign(&good(app.now()))).await), 3600);
    assert_eq!(google.key_fetches(), 0, "nobody looks at the token");
    assert_eq!(events(&app, "logged_in", "limited").await, 1);
    // Guesses have a limit beside it, and another address is another client.
    let body = json!({ "challenge_id": uuid::Uuid::now_v7(), "code": "000000" });
    app.nobody().at(here).post("/v1/auth/otp/verify", body).await.problem(401, "code-refused");
    exchange_from(&app, there, &google::sign(&good(app.now()))).await.ok();
    app.advance(TimeDelta::hours(1));
    exchange_from(&app, here, &google::sign(&good(app.now()))).await.ok();
}

pub async fn a_locked_phone(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    exchange(&app, &token(&app, UID, PHONE)).await.ok();
    for phone in [PHONE, OTHER_PHONE] {
        lock(&app, phone).await;
    }
    let before = (count(&app, "users").await, count(&app, "sessions").await);
    let (statements, _heard) = Statements::start();
    // Somebody who is known, and somebody who would be new.
    for (uid, phone, told) in [(UID, PHONE, 1), ("another", OTHER_PHONE, 2)] {
        statements.take();
        let refused = exchange(&app, &token(&app, uid, phone)).await;
        let taken = statements.take();
        assert!(phone != PHONE || taken.len() == 2, "the invitation, and one for all the rest: {taken:?}");
        let problem = refused.problem(401, "firebase-token-refused");
        assert!(problem["detail"].as_str().unwrap().contains("locked"), "{problem}");
        assert_eq!(events(&app, "logged_in", "locked").await, told);
        assert_eq!(failures_of(&app, phone).await, 100);
    }
    assert_eq!((count(&app, "users").await, count(&app, "sessions").await), before);
    // Another account of the same phone has no other lock; an account without a phone has none.
    exchange(&app, &token(&app, "a-third", PHONE)).await.problem(401, "firebase-token-refused");
    exchange(&app, &google::sign(&google::claims(app.now(), UID, "google.com"))).await.ok();
    for phone in [PHONE, OTHER_PHONE] {
        let phone = chemstock::base::phone::Phone::parse(phone, None).unwrap();
        assert!(chemstock::people::codes::unlock(&app.app, &phone).await.unwrap());
        exchange(&app, &token(&app, UID, phone.as_str())).await.ok();
    }
}

pub async fn a_waiting_phone(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    exchange(&app, &token(&app, UID, PHONE)).await.ok();
    have_failed(&app, PHONE, 99, app.now() + TimeDelta::hours(1)).await;
    login::ask(&app, PHONE).await.problem(429, "rate-limited");
    exchange(&app, &token(&app, UID, PHONE)).await.ok();
    // Whoever holds the phone has come in: as after a right code, what was wrong before is forgiven.
    assert_eq!(failures_of(&app, PHONE).await, 0);
    have_failed(&app, PHONE, 99, app.now() + TimeDelta::hours(1)).await;
    exchange(&app, &google::sign(&google::claims(app.now(), UID, "google.com"))).await.ok();
    assert_eq!(failures_of(&app, PHONE).await, 99, "but not by whoever names no phone");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn refusals_are_told_with_their_cause_and_nothing_of_the_token(db: PgPool) {
    let (app, google) = with_google(db, &[("SIGN_UP", "invite")]).await;
    let uid = "uid-of-somebody";
    let mut expired = google::phone_claims(app.now(), uid, PHONE);
    expired["exp"] = json!(app.now().timestamp());
    let mut stale = google::phone_claims(app.now(), uid, PHONE);
    stale["auth_time"] = json!(app.now().timestamp() - 31 * 86_400);
    let mut unreachable = google::phone_claims(app.now(), uid, PHONE);
    unreachable["phone_number"] = "+19005550123".into();
    let uninvited = google::sign(&google::phone_claims(app.now(), uid, PHONE));
    let tokens = [google::sign(&expired), google::sign(&stale), google::sign(&unreachable), uninvited];
    let mut answers = Vec::new();
    for token in &tokens {
        // So that they are told in their order.
        app.advance(TimeDelta::milliseconds(1));
        answers.push(exchange_from(&app, "198.51.100.7", token).await);
    }
    google.says_of("disabled-uid", json!({ "disabled": true }));
    app.advance(TimeDelta::milliseconds(1));
    answers.push(exchange_from(&app, "198.51.100.7", &token(&app, "disabled-uid", PHONE)).await);
    google.is(google::Mood::Down);
    // No refusal of ours: nothing is known of that token.
    app.advance(TimeDelta::seconds(61));
    exchange_from(&app, "198.51.100.7", &token(&app, uid, PHONE)).await.problem(503, "unavailable");
    app.drain().await;

    let told: Vec<(String, Option<String>, Option<String>)> = sqlx::query_as(
        "select outcome, detail, address from login_events where kind = 'logged_in' and outcome <> 'done' order by id",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let outcomes: Vec<_> = told.iter().map(|(outcome, ..)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["refused", "refused", "refused", "uninvited", "refused"]);
    for ((outcome, detail, address), answer) in told.iter().zip(&answers) {
        assert_eq!(address.as_deref(), Some("198.51.100.0/24"));
        let said = detail.clone().map_or(Value::Null, Value::String);
        assert!(outcome == "uninvited" || said == answer.body["detail"], "{said} {}", answer.text);
    }
    let all = format!("{told:?}");
    let parts = tokens.iter().flat_map(|token| token.split('.'));
    for secret in parts.chain([uid, "disabled-uid", "5550123"]) {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_token_that_is_traded_again_is_told(db: PgPool) {
    let (app, _google) = with_google(db, &[]).await;
    let token = token(&app, UID, PHONE);
    exchange(&app, &token).await.ok();
    exchange(&app, &token).await.problem(401, "firebase-token-refused");
    assert_eq!((events(&app, "logged_in", "replayed").await, events(&app, "logged_in", "done").await), (1, 1));
}
