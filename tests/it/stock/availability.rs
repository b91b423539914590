//! Who has a chemical, in which amounts, and whom to ask.

use std::collections::BTreeMap;

use axum::http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    containers::{bottle_of, chemical, events_of},
    locations::{keys::shut, place},
};
use crate::support::{Client, TestApp};

async fn share(app: &TestApp, value: &str) {
    let (admin, path) = (app.client("admin").await, app.path("/policies/sharing"));
    admin.send(Method::PUT, &path, &[("if-match", "*")], Some(json!({"value": value}))).await.ok();
}

async fn who_has(by: &Client, chemical: Uuid) -> Vec<Value> {
    let page = by.get(&format!("/v1/chemicals/{chemical}/availability")).await.ok();
    page["items"].as_array().expect("items").clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_is_seen_by_its_own_people_and_by_other_labs_only_while_it_shares(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let (first, theirs) = (app.lab, app.client("viewer").await);
    let manager = app.client("manager").await;
    bottle_of(&app, &manager, ethanol, "500", "mL", json!({"lot": "SECRET-LOT", "code": "SECRET-CODE"})).await;
    let admin = app.client("admin").await;
    admin.patch(&app.path(""), "*", json!({"contact": "Room 114"})).await.ok();
    app.new_lab("Second").await;
    let ours = app.client("viewer").await;
    assert_eq!(who_has(&ours, ethanol).await, Vec::<Value>::new());
    let own = json!({"lab_id": first, "lab_name": "Test lab", "is_own": true, "contact": "Room 114",
        "amounts": [{"value": "500", "unit": "mL"}]});
    assert_eq!(who_has(&theirs, ethanol).await, std::slice::from_ref(&own));

    let second = std::mem::replace(&mut app.lab, first);
    share(&app, "stock").await;
    let mut seen = own;
    seen["is_own"] = json!(false);
    assert_eq!(who_has(&ours, ethanol).await, [seen]);
    assert_eq!(who_has(&app.stranger().await, ethanol).await, Vec::<Value>::new(), "who belongs to no lab");
    share(&app, "none").await;
    assert_eq!(who_has(&ours, ethanol).await, Vec::<Value>::new());
    app.lab = second;
    ours.get(&format!("/v1/chemicals/{}/availability", Uuid::now_v7())).await.problem(404, "not-found");
}

/// The amounts as the test itself adds them up, from what it did.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_can_be_used_is_summed_up_by_unit_and_nothing_else(db: PgPool) {
    let app = TestApp::new(db).await;
    let (ethanol, water) = (chemical(&app, "ethanol", None, None).await, chemical(&app, "water", None, None).await);
    let manager = app.client("manager").await;
    bottle_of(&app, &manager, water, "7", "L", json!({})).await;
    let mut expected = BTreeMap::<&str, Decimal>::new();
    for (value, unit, event, is_usable) in [
        ("500", "mL", None, true),
        ("250.50", "mL", Some("open"), true),
        ("1", "L", Some("check_out"), true),
        ("3", "kg", None, true),
        ("11", "mL", Some("quarantine"), false),
        ("12", "mL", Some("lose"), false),
        ("13", "L", Some("discard"), false),
        ("14", "L", Some("empty"), false),
    ] {
        let made = bottle_of(&app, &manager, ethanol, value, unit, json!({})).await;
        if let Some(event) = event {
            manager.post(&events_of(&app, &made), json!({"type": event, "reason": "r"})).await.created();
        }
        if is_usable {
            *expected.entry(unit).or_default() += value.parse::<Decimal>().unwrap();
        }
    }
    let seen = who_has(&manager, ethanol).await;
    let amounts = seen[0]["amounts"].as_array().unwrap().iter();
    let amounts: BTreeMap<_, Decimal> =
        amounts.map(|it| (it["unit"].as_str().unwrap(), it["value"].as_str().unwrap().parse().unwrap())).collect();
    assert_eq!(amounts, expected);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_labs_come_page_by_page_and_each_once(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let mut labs = Vec::new();
    for n in 0..5 {
        app.new_lab(&format!("Lab {n}")).await;
        bottle_of(&app, &app.client("manager").await, ethanol, "1", "L", json!({})).await;
        share(&app, "stock").await;
        labs.push(json!(app.lab));
    }
    let viewer = app.client("viewer").await;
    let (mut seen, mut query) = (Vec::new(), String::from("?limit=2"));
    loop {
        let page = viewer.get(&format!("/v1/chemicals/{ethanol}/availability{query}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["lab_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, labs);
}

/// For five seconds the server may not know that somebody has joined, and then it does not know their keys either.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_has_just_joined_a_lab_sees_no_total_with_what_is_hidden_there(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let admin = app.client("admin").await;
    bottle_of(&app, &admin, ethanol, "500", "mL", json!({})).await;
    let vault = place(&app, &admin, "room", "Vault", None).await;
    bottle_of(&app, &admin, ethanol, "70", "mL", json!({"location_id": vault["id"]})).await;
    shut(&app, &vault, "hidden", json!({"users": [], "roles": []})).await;
    share(&app, "stock").await;
    let first = app.lab;
    app.new_lab("Second").await;
    let ours = app.client("viewer").await;
    let seen = who_has(&ours, ethanol).await;
    assert_eq!(seen[0]["amounts"], json!([{"value": "500", "unit": "mL"}]));
    // On another instance.
    sqlx::query(
        "insert into memberships (lab_id, user_id, role, created_at, updated_at) values ($1, $2, 'viewer', $3, $3)",
    )
    .bind(first)
    .bind(ours.user_id)
    .bind(app.now())
    .execute(&app.db)
    .await
    .unwrap();
    assert_eq!(who_has(&ours, ethanol).await, seen);
    chemstock::auth::forget(&app.app, ours.user_id);
    let own = who_has(&ours, ethanol).await;
    assert_eq!((&own[0]["is_own"], &own[0]["amounts"]), (&json!(true), &seen[0]["amounts"]));
}
