//! Codes for the installation's own apps only.

use axum::http::Method;
use chemstock::platform::telemetry;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::with_google;
use crate::support::{
    Answer, TestApp,
    google::{self, Mood},
};

const ENFORCED: (&str, &str) = ("FIREBASE_APP_CHECK", "enforce");
const MONITORED: (&str, &str) = ("FIREBASE_APP_CHECK", "monitor");

/// From another phone at each time, so that no limit is in the way.
async fn ask(app: &TestApp, token: Option<&str>) -> Answer {
    app.advance(TimeDelta::seconds(31));
    let headers: Vec<_> = token.map(|token| ("X-Firebase-AppCheck", token)).into_iter().collect();
    let nth: i64 = sqlx::query_scalar("select count(*) from messages").fetch_one(&app.db).await.unwrap();
    let body = json!({"phone": format!("+120255501{nth:02}")});
    app.nobody().send(Method::POST, "/v1/auth/otp/request", &headers, Some(body)).await
}

/// Tokens with one thing wrong.
fn spoilt(app: &TestApp) -> Vec<String> {
    let (good, now) = (google::app_check_claims(app.now()), app.now().timestamp() + 31);
    let cases = [
        ("iss", json!("https://firebaseappcheck.googleapis.com/999")),
        ("iss", json!("https://firebaseappcheck.googleapis.com/123456789012/")),
        ("iss", json!("https://firebaseappcheck.googleapis.com/chem-lab-1")),
        ("aud", json!(["projects/999", "projects/other"])),
        ("aud", json!(["projects/chem-lab-1"])),
        ("aud", json!([])),
        ("aud", json!("projects/123456789012")),
        ("aud", json!(["123456789012", "chem-lab-1"])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("exp", json!(now - 1)),
        ("exp", json!((now + 3600).to_string())),
        ("iat", json!(now + 3600)),
    ];
    let spoil = |(claim, value): (&str, Value)| {
        let mut claims = good.clone();
        claims[claim] = value;
        google::sign(&claims)
    };
    let mut tokens: Vec<_> = cases.into_iter().map(spoil).collect();
    for claim in ["iss", "aud", "sub", "exp"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(claim);
        tokens.push(google::sign(&claims));
    }
    for (field, value) in [("alg", "none"), ("alg", "HS256"), ("typ", "at+jwt"), ("typ", ""), ("kid", "unknown")] {
        let mut header = google::header();
        header[field] = value.into();
        tokens.push(google::keys().google.sign(&header, &good));
    }
    let untyped = json!({"alg": "RS256", "kid": google::keys().google.kid});
    tokens.push(google::keys().google.sign(&untyped, &good));
    tokens.push(google::keys().mallory.sign(&google::header(), &good));
    tokens.push(google::sign(&google::phone_claims(app.now(), "uid", "+12025550123")));
    tokens.extend(["", "garbage", "a.b.c"].map(str::to_owned));
    tokens
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn enforced_it_lets_a_good_token_pass_and_refuses_everything_else(db: PgPool) {
    let (app, google) = with_google(db, &[ENFORCED]).await;
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    ask(&app, None).await.problem(403, "app-check-refused");
    for token in spoilt(&app) {
        let answer = ask(&app, Some(&token)).await;
        assert_eq!(answer.status, 403, "{token} got {}", answer.text);
        answer.problem(403, "app-check-refused");
    }
    let mut claims = google::app_check_claims(app.now());
    claims["aud"] = json!(["projects/123456789012"]);
    ask(&app, Some(&google::sign(&claims))).await.expect(202);
    let sent: i64 = sqlx::query_scalar("select count(*) from messages").fetch_one(&app.db).await.unwrap();
    assert_eq!(sent, 2, "a refused request sends nothing");
    assert!(google.key_fetches() <= 20);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn enforced_it_keeps_keys_for_six_hours_at_most_and_fails_closed_without_any(db: PgPool) {
    let (app, google) = with_google(db, &[ENFORCED]).await;
    google.is(Mood::Down);
    let answer = ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.problem(503, "unavailable");
    google.is(Mood::Well);
    google.says_of_caching("max-age=86400");
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    let before = google.key_fetches();
    app.advance(TimeDelta::hours(6) - TimeDelta::seconds(32));
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    assert_eq!(google.key_fetches(), before);
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    assert_eq!(google.key_fetches(), before + 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_expired_token_is_told_the_call_that_gets_another(db: PgPool) {
    let (app, _google) = with_google(db, &[ENFORCED]).await;
    let token = google::sign(&google::app_check_claims(app.now()));
    app.advance(TimeDelta::hours(2));
    let problem = ask(&app, Some(&token)).await.problem(403, "app-check-refused");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("getToken of App Check") && !detail.contains("getIdToken"), "{detail}");
}

fn counted(outcome: &str) -> u64 {
    let line = format!("app_check_total{{outcome=\"{outcome}\"}} ");
    let shown = telemetry::install().render();
    shown.lines().find_map(|it| it.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn monitored_it_counts_and_refuses_nobody(db: PgPool) {
    let (app, google) = with_google(db, &[MONITORED]).await;
    let before = ["valid", "missing", "invalid", "unavailable"].map(counted);
    google.is(Mood::Down);
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    google.is(Mood::Well);
    ask(&app, Some(&google::sign(&google::app_check_claims(app.now())))).await.expect(202);
    ask(&app, None).await.expect(202);
    ask(&app, Some("garbage")).await.expect(202);
    // Others count meanwhile, too.
    let after = ["valid", "missing", "invalid", "unavailable"].map(counted);
    assert!(before.iter().zip(after).all(|(before, after)| after > *before), "{before:?} {after:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn off_it_looks_at_nothing(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    ask(&app, None).await.expect(202);
    ask(&app, Some("garbage")).await.expect(202);
    assert_eq!(google.key_fetches(), 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_browser_may_send_it(db: PgPool) {
    let (app, _google) = with_google(db, &[("CORS_ORIGINS", "https://app.example.org")]).await;
    let asks = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-firebase-appcheck,content-type"),
    ];
    let answer = app.nobody().send(Method::OPTIONS, "/v1/auth/otp/request", &asks, None).await.expect(200);
    let allowed = answer.headers["access-control-allow-headers"].to_str().unwrap().to_lowercase();
    assert!(allowed.contains("x-firebase-appcheck"), "{allowed}");
}
