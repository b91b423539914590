//! What the scenarios share.

pub use chemstock::base::phone::Phone;
pub use chrono::{DateTime, TimeDelta, Utc};
pub use serde_json::{Value, json};
pub use sqlx::PgPool;

pub use crate::people::login::{ask, challenge, last_code, log_in, open_doors, verify, wrong};
pub use crate::support::{Answer, TestApp};

pub const REQUEST: &str = "/v1/auth/otp/request";
pub const VERIFY: &str = "/v1/auth/otp/verify";
pub const HALF_A_MINUTE: TimeDelta = TimeDelta::seconds(30);

pub fn hash(app: &TestApp, phone: &str) -> [u8; 32] {
    app.app.secret.mac("phone", &[Phone::parse(phone, None).unwrap().as_str().as_bytes()])
}

/// How many wrong codes in a row the database counts for this phone.
pub async fn failures_of(app: &TestApp, phone: &str) -> i32 {
    let count = sqlx::query_scalar("select in_a_row from login_failures where bucket = $1").bind(hash(app, phone));
    count.fetch_optional(&app.db).await.unwrap().unwrap_or(0)
}

/// As if so many codes had been wrong, the last of them just now.
pub async fn have_failed(app: &TestApp, phone: &str, in_a_row: i32, blocked_until: DateTime<Utc>) {
    let made = sqlx::query(
        "insert into login_failures (bucket, in_a_row, last_at, blocked_until) values ($1, $2, $3, $4)
        on conflict (bucket) do update set in_a_row = $2, last_at = $3, blocked_until = $4",
    );
    let made = made.bind(hash(app, phone)).bind(in_a_row).bind(app.now()).bind(blocked_until);
    made.execute(&app.db).await.unwrap();
}

pub async fn lock(app: &TestApp, phone: &str) {
    have_failed(app, phone, 100, app.now() + TimeDelta::days(36_500)).await;
}

/// How often this happened, and ended so.
pub async fn events(app: &TestApp, kind: &str, outcome: &str) -> i64 {
    app.drain().await;
    let count = sqlx::query_scalar("select count(*) from login_events where kind = $1 and outcome = $2");
    count.bind(kind).bind(outcome).fetch_one(&app.db).await.unwrap()
}

pub async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

/// Codes that went to a phone.
pub async fn sent(app: &TestApp) -> i64 {
    count(app, "select count(*) from messages where not suppressed").await
}

pub async fn ask_as(app: &TestApp, phone: &str, device_token: &Value) -> Answer {
    app.nobody().post(REQUEST, json!({ "phone": phone, "device_token": device_token })).await
}

pub async fn guess_from(app: &TestApp, address: &str, challenge: &Value, code: &str) -> Answer {
    app.nobody().at(address).post(VERIFY, json!({ "challenge_id": challenge, "code": code })).await
}

#[track_caller]
pub fn retry_after(refused: Answer) -> i64 {
    let seconds = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    refused.problem(429, "rate-limited");
    seconds
}
