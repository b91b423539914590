//! Where Google's keys come from, and how often they are asked for.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{exchange, good, with_google};
use crate::support::{
    TestApp,
    google::{self, Mood, TestKey},
};

/// Signed by this key, under its id.
fn signed_by(key: &TestKey, claims: &Value) -> String {
    key.sign(&json!({"alg": "RS256", "kid": key.kid, "typ": "JWT"}), claims)
}

/// A new one at every time: a known one would not need the keys.
fn fresh(app: &TestApp) -> String {
    google::sign(&google::claims(app.now(), &uuid::Uuid::new_v4().to_string(), "google.com"))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_hundred_first_verifications_at_once_fetch_the_keys_once(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    let mut logins = JoinSet::new();
    for _ in 0..100 {
        let (nobody, token) = (app.nobody(), fresh(&app));
        logins.spawn(async move { nobody.post("/v1/auth/firebase", json!({"id_token": token})).await });
    }
    assert!(logins.join_all().await.iter().all(|answer| answer.status == 200));
    assert_eq!(google.key_fetches(), 1);
    assert_eq!(google.grants(), 1, "and one access token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_hangs_up_does_not_break_off_what_others_wait_for(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    let (nobody, token) = (app.nobody(), fresh(&app));
    let impatient = tokio::spawn(async move { nobody.post("/v1/auth/firebase", json!({"id_token": token})).await });
    while google.key_fetches() == 0 {
        tokio::task::yield_now().await;
    }
    impatient.abort();
    exchange(&app, &fresh(&app)).await.ok();
    assert_eq!(google.key_fetches(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_are_kept_as_long_as_google_says_within_bounds(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    // What it says, and how long they are kept: at least five minutes, at most a day.
    let cases = [
        ("public, max-age=21600, must-revalidate", 21_600),
        ("max-age=0", 300),
        ("no-store", 300),
        ("max-age=4294967295", 86_400),
        ("max-age=garbage", 300),
    ];
    for (said, kept) in cases {
        google.says_of_caching(said);
        app.advance(TimeDelta::days(2));
        let before = google.key_fetches();
        exchange(&app, &fresh(&app)).await.ok();
        app.advance(TimeDelta::seconds(kept - 1));
        exchange(&app, &fresh(&app)).await.ok();
        assert_eq!(google.key_fetches(), before + 1, "{said}: kept");
        app.advance(TimeDelta::seconds(1));
        exchange(&app, &fresh(&app)).await.ok();
        assert_eq!(google.key_fetches(), before + 2, "{said}: fetched again");
    }
}

pub async fn a_thousand_unknown_key_ids(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    exchange(&app, &fresh(&app)).await.ok();
    assert_eq!(google.key_fetches(), 1);
    let claims = good(app.now());
    let mut answers = Vec::new();
    // 1000 tries within 250 seconds.
    for n in 0..1000 {
        app.advance(TimeDelta::milliseconds(250));
        let header = json!({"alg": "RS256", "kid": format!("unknown-{}", n % 400), "typ": "JWT"});
        let token = google::keys().mallory.sign(&header, &claims);
        // It is refused once Google has been asked, and else told to come again.
        let answer = exchange(&app, &token).await;
        assert!(answer.status == 401 || answer.headers.contains_key("retry-after"), "{}", answer.text);
        answers.push(answer.status.as_u16());
    }
    assert_eq!((answers[0], answers[1]), (401, 503));
    assert!(answers.iter().all(|status| [401, 503].contains(status)));
    let fetches = google.key_fetches() - 1;
    assert!((1..=5).contains(&fetches), "{fetches} fetches in 250 seconds");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_key_is_found_and_one_that_was_withdrawn_is_forgotten(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    exchange(&app, &fresh(&app)).await.ok();
    google.publishes(vec![google::keys().next.jwk.clone()]);
    app.advance(TimeDelta::seconds(60));
    let next = signed_by(&google::keys().next, &good(app.now()));
    exchange(&app, &next).await.ok();
    assert_eq!(google.key_fetches(), 2);
    app.advance(TimeDelta::seconds(60));
    exchange(&app, &fresh(&app)).await.problem(401, "firebase-token-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_key_is_no_reason_to_refuse_a_token_however_soon_it_signs(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    exchange(&app, &fresh(&app)).await.ok();
    // Just fetched; but nobody has asked for an unknown key yet.
    google.publishes(vec![google::keys().google.jwk.clone(), google::keys().next.jwk.clone()]);
    exchange(&app, &signed_by(&google::keys().next, &good(app.now()))).await.ok();
    // Somebody has, and the next must wait for a minute to pass.
    google.publishes(vec![google::keys().google.jwk.clone(), google::keys().mallory.jwk.clone()]);
    app.advance(TimeDelta::seconds(10));
    let newer = signed_by(&google::keys().mallory, &google::claims(app.now(), "somebody", "google.com"));
    let answer = exchange(&app, &newer).await;
    assert_eq!(answer.headers["retry-after"], "51");
    answer.problem(503, "unavailable");
    app.advance(TimeDelta::seconds(51));
    exchange(&app, &newer).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_that_are_no_rs256_keys_are_not_used(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    let real = &google::keys().google.jwk;
    let with = |field: &str, value: Value| {
        let mut jwk = real.clone();
        jwk[field] = value;
        jwk
    };
    let weak = "wQWZz7wB8BM7dRHbUyHP8Q4jGvVsEjcHI0NVBbVF2cYfG6Tm7OTb3lJ4w1RKMzvHkJfLQWxY3b5aQ9k7Xv8eqw";
    for unusable in [
        with("kty", json!("EC")),
        with("alg", json!("RS512")),
        with("use", json!("enc")),
        with("kid", json!("")),
        with("n", json!(weak)),
        with("n", json!("not base64 !")),
        with("e", Value::Null),
    ] {
        google.publishes(vec![unusable.clone()]);
        app.advance(TimeDelta::days(2));
        let answer = exchange(&app, &fresh(&app)).await;
        assert!([401, 503].contains(&answer.status.as_u16()), "{unusable}: {}", answer.text);
    }
    google.publishes(vec![with("kty", json!("EC")), real.clone()]);
    app.advance(TimeDelta::days(2));
    exchange(&app, &fresh(&app)).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_outage_is_bridged_for_a_day_and_no_longer(db: PgPool) {
    // Without a service account, so that only the keys are wanted.
    let google = google::Google::start().await;
    let app = super::connected(db, google.vars_without_account(), &[]).await;
    exchange(&app, &fresh(&app)).await.ok();
    google.is(Mood::Down);
    app.advance(TimeDelta::hours(6));
    exchange(&app, &fresh(&app)).await.ok();
    assert_eq!(google.key_fetches(), 2, "stale, so it is tried");
    exchange(&app, &fresh(&app)).await.ok();
    assert_eq!(google.key_fetches(), 2, "but not by everybody");
    app.advance(TimeDelta::hours(18) - TimeDelta::seconds(1));
    exchange(&app, &fresh(&app)).await.ok();
    app.advance(TimeDelta::seconds(5));
    let answer = exchange(&app, &fresh(&app)).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.problem(503, "unavailable");
    google.is(Mood::Well);
    app.advance(TimeDelta::seconds(5));
    exchange(&app, &fresh(&app)).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_any_keys_a_login_waits_no_longer_than_it_must_and_heals(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    for mood in [Mood::Down, Mood::Garbage, Mood::Endless, Mood::Slow] {
        google.is(mood);
        let before = google.key_fetches();
        for _ in 0..3 {
            let answer = tokio::time::timeout(std::time::Duration::from_secs(20), exchange(&app, &fresh(&app))).await;
            answer.unwrap_or_else(|_| panic!("{mood:?} took too long")).problem(503, "unavailable");
        }
        assert_eq!(google.key_fetches(), before + 1, "{mood:?}: the failure is remembered");
        app.advance(TimeDelta::seconds(5));
    }
    google.is(Mood::Well);
    exchange(&app, &fresh(&app)).await.ok();
}
