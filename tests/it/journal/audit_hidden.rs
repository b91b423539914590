//! What the audit tells of a bottle that came out of hidden places.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{a_bottle, number};
use crate::{
    stock::locations::{keys::shut, place},
    support::TestApp,
};

/// The fields that each event is said to have changed, by its id.
fn changed(page: &Value) -> BTreeMap<String, Vec<String>> {
    let items = page["items"].as_array().unwrap().iter();
    let fields = |it: &Value| it["changes"].as_object().unwrap().keys().cloned().collect();
    items.map(|it| (it["id"].as_str().unwrap().to_owned(), fields(it))).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn audit_and_ledger_tell_the_same_fields_to_who_has_no_key_and_to_who_has(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, (manager, bottle)) = (app.client("admin").await, a_bottle(&app).await);
    let events = app.path(&format!("/containers/{bottle}/events"));
    let mut rooms = Vec::new();
    for name in ["A", "B", "Open"] {
        rooms.push(place(&app, &admin, "room", name, None).await);
    }
    for room in &rooms[..2] {
        shut(&app, room, "hidden", json!({"users": [], "roles": []})).await;
    }
    for room in &rooms {
        admin.post(&events, json!({"type": "move", "location_id": room["id"]})).await.created();
    }
    number(&app).await;
    let audit = app.path(&format!("/audit?subject={bottle}"));
    for (by, of_moves) in [(&admin, [1, 1, 1]), (&manager, [0, 0, 1])] {
        let (audit, ledger) = (by.get(&audit).await.ok(), by.get(&events).await.ok());
        assert_eq!(changed(&audit), changed(&ledger));
        let moves = ledger["items"].as_array().unwrap().iter().filter(|it| it["type"] == "move");
        let mut moves: Vec<_> = moves.map(|it| it["changes"].as_object().unwrap().len()).collect();
        moves.sort_unstable();
        assert_eq!(moves, of_moves, "{ledger}");
    }
}
