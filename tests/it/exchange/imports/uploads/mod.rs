//! Lists that are uploaded, and imports that run on jobs.

mod corrected;
mod files;
mod keys;
mod killed;
mod rights;
mod runs;
mod swept;

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab},
};
use crate::support::{Answer, Client, TestApp};

/// Two bottles, and a row without an amount.
pub const LIST: &str = "code,cas,amount,location\nB-1,64-17-5,500 mL,R214\nB-2,67-64-1,1 L,R214\nB-3,64-17-5,,R214\n";

pub async fn send(by: &Client, path: &str, headers: &[(&str, &str)], content: impl Into<Body>) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    by.send_raw(request, content.into()).await
}

/// A list for the test's lab.
pub async fn upload(app: &TestApp, by: &Client, name: &str, content: impl Into<Body>) -> Answer {
    send(by, &app.path(&format!("/imports?name={name}")), &[("content-type", "text/csv")], content).await
}

/// The path of the list, once it is there.
pub async fn uploaded(app: &TestApp, by: &Client, name: &str, content: impl Into<Body>) -> String {
    let import = upload(app, by, name, content).await.created();
    app.path(&format!("/imports/{}", import["id"].as_str().expect("an id")))
}

/// The import once the run has ended.
pub async fn run(app: &TestApp, by: &Client, import: &str, kind: &str, options: Value) -> Value {
    let job = by.post(&format!("{import}/{kind}"), options).await.expect(202).body;
    assert_eq!((&job["kind"], &job["state"]), (&json!("import"), &json!("queued")), "{job}");
    app.drain().await;
    let import = by.get(import).await.ok();
    assert_eq!(import["run"]["job_id"], job["id"]);
    import
}

/// Read, added, unchanged, failed.
pub fn counts(import: &Value) -> [u64; 4] {
    let report = &import["run"]["report"];
    ["read", "added", "unchanged", "failed"].map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{import}")))
}

/// The reasons in the file of corrections.
pub async fn reasons(by: &Client, import: &str) -> Vec<String> {
    let text = by.get(&format!("{import}/corrections.csv")).await.expect(200).text;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    rows.records().map(|row| row.expect("a row")[1].to_owned()).collect()
}

/// Everything in the lab that an import can change.
async fn dump(app: &TestApp) -> Vec<Value> {
    let mut all = Vec::new();
    for table in ["containers", "stock_events", "locations", "codes", "imported_lists"] {
        let rows = format!("select to_jsonb(t) from {table} t order by t::text");
        let rows: Vec<Value> = sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_all(&app.db).await.expect("rows");
        all.extend(rows);
    }
    all
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.expect("a number")
}
