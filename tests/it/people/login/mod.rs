//! From a phone number to a session, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod accounts;
mod attacks;
mod audit;
mod channels;
mod codes;
mod deletion;
pub mod email_change;
mod failover;
mod firebase;
mod languages;
mod limits;
mod me;
mod outage;
mod owners;
pub mod phone_change;
pub mod privacy;
mod redis;
mod refresh;
mod rotation;
mod sending;
mod sessions;
mod sign_up;
mod start;
mod states;
mod store;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Answer, Client, TestApp};

pub const PHONE: &str = "+12025550123";
pub const OTHER_PHONE: &str = "+12025550145";
pub const MAILBOX: &str = "rosalind@example.org";
/// No server is there: what is written is read where it waits.
pub const E_MAIL: [(&str, &str); 2] = [("SMTP_URL", "smtp://127.0.0.1:1"), ("EMAIL_FROM", "codes@example.org")];

/// An installation that lets everybody in; the first owner is there already.
pub async fn open_doors(db: PgPool) -> TestApp {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    app
}

/// One that also sends e-mail.
pub async fn with_email(db: PgPool) -> TestApp {
    let more = [("SIGN_UP", "open"), ("MAX_OTP_ATTEMPTS_PER_HOUR", "20")];
    let app = TestApp::with_vars(db, &[&E_MAIL[..], &more].concat()).await;
    app.owner().await;
    app
}

/// A message that waits to be sent: whether it reaches nobody, to whom it is, and what is sealed in it.
pub struct Letter {
    pub suppressed: bool,
    pub recipient: String,
    pub body: Value,
}

impl Letter {
    pub fn code(&self) -> String {
        self.body["content"]["code"].as_str().expect("a code").to_owned()
    }
}

/// The newest of this channel; of two that were queued at once, any.
pub async fn letter(app: &TestApp, channel: &str) -> Letter {
    let newest = "select id, suppressed, recipient, body from messages
        where channel = $1 and state = 'queued' order by created_at desc, id desc limit 1";
    let newest = sqlx::query_as::<_, (Uuid, bool, Vec<u8>, Vec<u8>)>(newest).bind(channel).fetch_one(&app.db);
    let (id, suppressed, recipient, body) = newest.await.unwrap();
    let open = |purpose, sealed: &[u8]| app.app.secret.open(purpose, sealed, id.as_bytes()).expect("ours");
    let recipient = String::from_utf8(open("message recipient", &recipient)).unwrap();
    Letter { suppressed, recipient, body: serde_json::from_slice(&open("message body", &body)).unwrap() }
}

/// Asks for a code to this phone: whether it goes through everything but reaches nobody.
pub async fn newest_is_withheld(app: &TestApp, phone: &str) -> bool {
    app.advance(TimeDelta::minutes(1));
    ask(app, phone).await.expect(202);
    sqlx::query_scalar("select suppressed from messages order by created_at desc limit 1")
        .fetch_one(&app.db)
        .await
        .unwrap()
}

pub async fn ask_by(app: &TestApp, channel: &str, phone: &str) -> Answer {
    app.nobody().post("/v1/auth/otp/request", json!({ "phone": phone, "channel": channel })).await
}

/// The pair of a login with a code that went to the mailbox, and came back.
pub async fn log_in_by_email(app: &TestApp, phone: &str) -> Value {
    app.advance(TimeDelta::seconds(30));
    let asked = ask_by(app, "email", phone).await.expect(202).body;
    let code = letter(app, "email").await.code();
    app.drain().await;
    verify(app, &asked["challenge_id"], &code).await.ok()
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

/// The token pair of a login that brings the code of an invitation.
pub async fn log_in_with(app: &TestApp, phone: &str, invitation: &Value) -> Value {
    let body = json!({ "phone": phone, "invitation": invitation });
    let asked = app.nobody().post("/v1/auth/otp/request", body).await.expect(202).body;
    app.drain().await;
    verify(app, &asked["challenge_id"], &last_code(app)).await.ok()
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
