//! Bottles, their ledger and the scanner.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod addresses;
mod amounts;
mod changes;
mod creates;
mod events;
mod keys;
mod lists;
mod long_ledgers;
mod many;
mod many_at_once;
mod many_turns;
mod many_unread;
mod model;
mod namespace;
mod old_rows;
mod old_spellings;
mod property;
mod races;
mod repeats;
mod resource;
mod scanning;
mod searching;
mod searching_both;
mod seen;
mod taken_back;
mod times;
mod together;
mod two_labs;
mod unchanged;
mod undo;
mod undone_creations;
mod undone_loans;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Client, TestApp};

/// A chemical of the catalogue.
pub async fn chemical(app: &TestApp, name: &str, cas: Option<&str>, density: Option<&str>) -> Uuid {
    let cataloguer = app.cataloguer().await;
    let made = cataloguer.post("/v1/chemicals", json!({"name": name, "cas": cas, "density": density})).await.created();
    made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

pub async fn location(app: &TestApp, parent: Option<Uuid>, kind: &str, name: &str) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into locations (id, lab_id, parent_id, kind, name, code, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $1::text, $6, $6)",
    )
    .bind(id)
    .bind(app.lab)
    .bind(parent)
    .bind(kind)
    .bind(name)
    .bind(app.now())
    .execute(&app.db)
    .await
    .expect("a location");
    id
}

/// A bottle with this much of ethanol (density known).
pub async fn bottle(app: &TestApp, by: &Client, value: &str, unit: &str) -> Value {
    let ethanol = chemical(app, "ethanol", None, Some("0.7893")).await;
    bottle_of(app, by, ethanol, value, unit, json!({})).await
}

pub async fn bottle_of(app: &TestApp, by: &Client, chemical: Uuid, value: &str, unit: &str, more: Value) -> Value {
    let mut body = json!({"chemical_id": chemical, "amount": {"value": value, "unit": unit}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    // Ids are in order of time, to the millisecond.
    app.advance(chrono::TimeDelta::milliseconds(1));
    by.post(&app.path("/containers"), body).await.created()
}

pub fn path_of(app: &TestApp, container: &Value) -> String {
    app.path(&format!("/containers/{}", container["id"].as_str().unwrap()))
}

pub fn events_of(app: &TestApp, container: &Value) -> String {
    format!("{}/events", path_of(app, container))
}

pub fn withdraw(value: &str, unit: &str) -> Value {
    json!({"type": "withdraw", "amount": {"value": value, "unit": unit}})
}

/// The sum of the deltas is the amount in the bottle, always.
pub async fn assert_ledger_adds_up(app: &TestApp) {
    let wrong: Vec<(Uuid,)> = sqlx::query_as(
        "select c.id from containers c join stock_events e on e.lab_id = c.lab_id and e.container_id = c.id
        group by c.lab_id, c.id having sum(e.delta) <> c.amount or count(*) filter (where e.seq = c.version) > 1",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
}
