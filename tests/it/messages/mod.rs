//! Codes that arrive: the outbox, the providers behind it, and what they tell afterwards.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod by_the_clock;
pub mod callbacks;
mod crashes;
mod faults;
mod newer;
mod outbox;
mod privacy;
mod probing;
pub mod receipts;
mod report;
mod routing;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    people::login::ask,
    support::{
        TestApp,
        outside::{Asked, Outside},
        providers::Contract,
    },
};

/// As in the webhooks that the contracts sign.
pub const PUBLIC_URL: &str = "https://lab.example.org";

/// An installation whose messages go through these, in this order.
pub async fn through(db: PgPool, providers: &[(Contract, &Outside)], more: &[(&str, &str)]) -> TestApp {
    let names = providers.iter().map(|(contract, _)| contract.name).filter(|name| *name != "smtp");
    let names = names.collect::<Vec<_>>().join(",");
    let of_providers = providers.iter().flat_map(|(contract, outside)| (contract.vars)(&outside.url));
    let of_providers: Vec<_> = of_providers.collect();
    // The first to name a variable sets it.
    let mut vars = more.to_vec();
    vars.extend([("SIGN_UP", "open"), ("PUBLIC_URL", PUBLIC_URL), ("SMS_PROVIDERS", &names)]);
    // Twilio's contract has WhatsApp, too; here it is for SMS.
    vars.extend([("TWILIO_WHATSAPP_NUMBER", ""), ("TWILIO_CONTENT_SID", "")]);
    vars.extend(of_providers.iter().map(|(name, value)| (*name, value.as_str())));
    // Several of them may stand on one database, one after the other.
    sqlx::query("update labs set name = id::text").execute(&db).await.unwrap();
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    app
}

/// What `GET challenges/{id}` says to everybody.
pub async fn delivery(app: &TestApp, challenge: &Value) -> Value {
    let path = format!("/v1/auth/otp/challenges/{}", challenge.as_str().unwrap());
    app.nobody().get(&path).await.ok()
}

/// How far its message has really come.
pub async fn state(app: &TestApp, challenge: &Value) -> String {
    let state = sqlx::query_scalar("select state from messages where challenge_id = $1::uuid");
    state.bind(challenge.as_str().unwrap()).fetch_one(&app.db).await.unwrap()
}

/// Asks for a code and has it sent.
pub async fn send(app: &TestApp, phone: &str) -> Value {
    let asked = ask(app, phone).await.expect(202).body;
    app.drain().await;
    asked["challenge_id"].clone()
}

/// The attempts at all messages, in order: provider, state, failure.
pub async fn attempts(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    let rows = sqlx::query_as("select provider, state, failure from message_attempts order by seq");
    rows.fetch_all(&app.db).await.unwrap()
}

pub fn attempt(provider: &str, state: &str, failure: Option<&str>) -> (String, String, Option<String>) {
    (provider.to_owned(), state.to_owned(), failure.map(str::to_owned))
}

/// The code in what a provider was asked to send, whatever the form of the request.
pub fn code_in(asked: &Asked) -> String {
    let form: Vec<_> = form_urlencoded::parse(asked.body.as_bytes()).map(|(_, value)| value.into_owned()).collect();
    let texts = [asked.body.clone()].into_iter().chain(form);
    let mut codes = texts.filter_map(|text| {
        // Of Meta's template, that of Twilio's, or words.
        let of_template = text.split_once("[{\"text\":\"").or_else(|| text.split_once("{\"1\":\""));
        let (_, rest) = text.split_once("code is ").or(of_template)?;
        Some(rest.chars().take_while(char::is_ascii_digit).collect::<String>())
    });
    codes.rfind(|code| !code.is_empty()).unwrap_or_else(|| panic!("no code in {}", asked.body))
}

/// Lets the code in.
pub async fn log_in_with(app: &TestApp, challenge: &Value, code: &str) -> Value {
    app.nobody().post("/v1/auth/otp/verify", json!({ "challenge_id": challenge, "code": code })).await.ok()
}
