//! Before and after are what a reader saw before and after.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sqlx::PgPool;

use super::Journal;
use crate::{
    contract::{Operation, world::World},
    support::{Client, TestApp},
};

/// What says that there was a change, or follows from other fields, or is the reader's own.
const NOT_TOLD: [&str; 5] = ["version", "updated_at", "path", "is_low", "labs"];
/// Fields whose values are those of people.
fn personal(operation: &str) -> &'static [&'static str] {
    match operation {
        "update_me" | "update_account" => &["name", "phone"],
        "update_lab" => &["contact"],
        _ => &[],
    }
}

/// A body that changes every field that can be changed.
fn body(operation: &str) -> Value {
    match operation {
        "update_account" => json!({"disabled": true, "is_owner": true, "is_cataloguer": true}),
        "update_chemical" => json!({
            "name": "benzil, pure", "cas": "134-81-6", "ec": "205-157-0", "inchikey": "WURBFLDFSFBTLW-UHFFFAOYSA-N",
            "formula": "C14H10O2", "density": "1.23", "synonyms": ["dibenzoyl"]
        }),
        "update_container" => json!({
            "code": "OTHER-1", "low_at": {"value": "50", "unit": "mL"}, "tare": {"value": "200", "unit": "g"},
            "density": "0.78", "lot": "L1", "supplier": "S", "catalogue_number": "C1", "gtin": "04012345678901",
            "note": "for the HPLC", "received_on": "2026-01-02", "expires_on": "2028-12-31"
        }),
        "update_lab" => json!({"name": "Other lab", "time_zone": "Europe/Berlin", "contact": "Room 114"}),
        "update_location" => json!({"name": "Room 7", "code": "OTHER-2", "kind": "cabinet", "parent_id": null}),
        "update_me" => json!({"name": "Rosalind", "language": "de"}),
        "update_member" => json!({"role": "manager"}),
        other => panic!("what does {other} change?"),
    }
}

async fn read(app: &TestApp, by: &Client, operation: &Operation, path: &str) -> Map<String, Value> {
    if operation.id == "update_account" {
        let id = path.rsplit('/').next().unwrap();
        let all = by.get("/v1/admin/users?limit=200").await.ok();
        let all = all["items"].as_array().unwrap();
        return all.iter().find(|it| it["id"] == id).unwrap().as_object().unwrap().clone();
    }
    chemstock::auth::forget(&app.app, by.user_id);
    by.get(path).await.ok().as_object().unwrap().clone()
}

/// An independent model of what a line says.
fn difference(before: &Map<String, Value>, after: &Map<String, Value>, personal: &[&str]) -> Map<String, Value> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let told = differ.filter(|name| !NOT_TOLD.contains(&name.as_str()));
    told.map(|name| {
        let values =
            if personal.contains(&name.as_str()) { Value::Null } else { json!([before.get(name), after.get(name)]) };
        (name.clone(), values)
    })
    .collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_says_what_was_read_before_and_after(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut journal = Journal::of(&world.app).await;
    for operation in operations.iter().filter(|it| it.method == "PATCH") {
        world.renew().await;
        // Members change some fields of a container, and managers all.
        let is_container = operation.id == "update_container";
        let by = if is_container { world.app.client("manager").await } else { world.caller(operation).await };
        let mut request = world.request(operation, &by).await;
        for (_, value) in request.headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("if-match")) {
            "*".clone_into(value);
        }
        request.body = Some(body(&operation.id).to_string());
        let before = read(&world.app, &by, operation, &request.path).await;
        journal.take().await;
        request.send(&by).await.expect(200);
        let mut told = Map::new();
        for line in journal.take().await {
            told.extend(line.changes.as_object().unwrap().clone());
        }
        if operation.id == "update_container" {
            let newest = by.get(&format!("{}/events?limit=1", request.path)).await.ok();
            let in_ledger = newest["items"][0]["changes"].as_object().unwrap().clone();
            assert!(in_ledger.keys().all(|name| !told.contains_key(name)), "nothing is written twice: {told:?}");
            told.extend(in_ledger);
        }
        let after = read(&world.app, &by, operation, &request.path).await;
        let wanted = difference(&before, &after, personal(&operation.id));
        assert_eq!(Value::from(told), Value::from(wanted.clone()), "{}", operation.id);
        let sent = body(&operation.id);
        let sent = sent.as_object().unwrap().keys().filter(|name| *name != "disabled");
        let missed: Vec<_> = sent.filter(|name| !wanted.contains_key(*name)).collect();
        assert_eq!(missed, Vec::<&String>::new(), "{}: every field changes", operation.id);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_made_and_what_is_gone_have_all_their_values(db: PgPool) {
    let app = TestApp::new(db).await;
    let (by, mut journal) = (app.client("manager").await, Journal::of(&app).await);
    let room = by.post(&app.path("/locations"), json!({"kind": "room", "name": "R", "code": "R-1"})).await.created();
    let made = Journal::one(journal.take().await);
    assert_eq!((made.lab_id, made.subject), (app.lab, super::id_of(&room)));
    let fields = json!({"kind": [null, "room"], "name": [null, "R"], "code": [null, "R-1"], "access": [null, "open"]});
    assert_eq!(made.changes, fields);
    let new = json!({"name": "ethanol", "density": "0.789"});
    let by_all = app.cataloguer().await;
    let chemical = by_all.post("/v1/chemicals", new).await.created();
    journal.take().await;
    let path = format!("/v1/chemicals/{}", chemical["id"].as_str().unwrap());
    let overrides = app.path(&format!("/chemicals/{}/overrides", chemical["id"].as_str().unwrap()));
    let set = json!({"name": "spirit", "density": "0.8"});
    by.send(axum::http::Method::PUT, &overrides, &[], Some(set)).await.created();
    let set = Journal::one(journal.take().await);
    assert_eq!(set.changes, json!({"name": [null, "spirit"], "density": [null, "0.8"]}));
    by_all.delete(&path, "*").await.expect(204);
    let gone = journal.take().await;
    let told: Vec<_> = gone.iter().map(|line| (&*line.kind, line.lab_id, line.changes.clone())).collect();
    let nil = uuid::Uuid::nil();
    // What a lab saw differently of it goes with it, and the lab is told.
    assert_eq!(
        told,
        [
            ("overrides.deleted", app.lab, json!({"name": ["spirit", null], "density": ["0.8", null]})),
            (
                "chemical.deleted",
                nil,
                json!({"name": ["ethanol", null], "density": ["0.789", null], "synonyms": [[], null]})
            ),
        ]
    );
}
