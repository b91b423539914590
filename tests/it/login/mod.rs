//! From a phone number to a session, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod accounts;
mod attacks;
mod audit;
mod codes;
mod delivery;
mod firebase;
mod limits;
mod me;
mod outage;
pub mod phone_change;
mod privacy;
mod redis;
mod refresh;
mod rotation;
mod sessions;
mod sign_up;
mod start;
mod store;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Answer, Client, TestApp};

pub const PHONE: &str = "+12025550123";
pub const OTHER_PHONE: &str = "+12025550145";

/// An installation that lets everybody in; the first owner is there already.
pub async fn open_doors(db: PgPool) -> TestApp {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    app
}

pub async fn ask(app: &TestApp, phone: &str) -> Answer {
    app.nobody().post("/v1/auth/otp/request", json!({ "phone": phone })).await
}

/// The challenge of a new code, and the code.
pub async fn challenge(app: &TestApp, phone: &str) -> (Value, String) {
    let asked = ask(app, phone).await.expect(202).body;
    app.drain().await;
    (asked["challenge_id"].clone(), last_code(app))
}

pub fn last_code(app: &TestApp) -> String {
    let terminal = app.terminal();
    let (_, text) = terminal.rsplit_once("code is ").expect("a code in the terminal");
    text.chars().take_while(char::is_ascii_digit).collect()
}

/// Another code of the same length.
pub fn wrong(code: &str) -> String {
    code.chars().rev().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}

pub async fn verify(app: &TestApp, challenge: &Value, code: &str) -> Answer {
    app.nobody().post("/v1/auth/otp/verify", json!({ "challenge_id": challenge, "code": code })).await
}

/// The token pair of a login now.
pub async fn log_in(app: &TestApp, phone: &str) -> Value {
    app.advance(TimeDelta::seconds(30));
    let (challenge, code) = challenge(app, phone).await;
    verify(app, &challenge, &code).await.ok()
}

pub async fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.nobody().post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

pub fn holder(app: &TestApp, pair: &Value) -> Client {
    app.nobody().with_token(pair["access_token"].as_str().expect("a token"))
}

/// A body without what differs from request to request.
pub fn anonymous(mut body: Value) -> Value {
    body.as_object_mut().expect("an object").remove("instance");
    body
}
