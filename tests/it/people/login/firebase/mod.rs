//! Login by Firebase, against a Google of our own.

pub mod accounts;
mod app_check;
pub mod bearer;
pub mod emulator;
mod exchange;
mod hostile;
pub mod identities;
pub mod keys;
pub mod limits;
pub mod rules;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    Answer, TestApp,
    google::{self, Google},
};

const PHONE: &str = "+12025550123";
const UID: &str = "Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4";

/// An installation with Firebase that lets everybody in; the first owner is there already.
async fn with_google(db: PgPool, more: &[(&str, &str)]) -> (TestApp, Google) {
    let google = Google::start().await;
    let app = connected(db, google.vars(), more).await;
    (app, google)
}

async fn connected(db: PgPool, vars: Vec<(&'static str, String)>, more: &[(&str, &str)]) -> TestApp {
    let mut all: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if !more.iter().any(|(name, _)| *name == "SIGN_UP") {
        all.push(("SIGN_UP", "open"));
    }
    all.extend_from_slice(more);
    let app = TestApp::with_vars(db, &all).await;
    app.owner().await;
    app
}

async fn exchange(app: &TestApp, id_token: &str) -> Answer {
    app.nobody().post("/v1/auth/firebase", json!({ "id_token": id_token })).await
}

/// A token that is good in every way, to be spoilt by a test.
fn good(now: DateTime<Utc>) -> Value {
    google::phone_claims(now, UID, PHONE)
}

async fn count(app: &TestApp, table: &'static str) -> i64 {
    let sql = match table {
        "users" => "select count(*) from users",
        "identities" => "select count(*) from identities",
        _ => "select count(*) from sessions",
    };
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

/// The claims of one of our own access tokens, unverified.
fn claims_of(pair: &Value) -> Value {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let token = pair["access_token"].as_str().unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}
