//! Lines of what has the id of a thing of another kind.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{id_of, number};
use crate::{
    stock::{
        containers::{bottle_of, chemical, location},
        locations::{keys::shut, place},
    },
    support::{Client, TestApp, own_id},
};

async fn subjects(app: &TestApp, by: &Client, of: Uuid) -> usize {
    let page = by.get(&app.path(&format!("/audit?subject={of}"))).await.ok();
    let all = by.get(&app.path("/audit?limit=200")).await.ok();
    let in_all = all["items"].as_array().unwrap().iter().filter(|line| line["subject"] == json!(of)).count();
    assert_eq!(page["items"].as_array().unwrap().len(), in_all);
    in_all
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_escapes_the_audit_by_the_id_of_a_hidden_thing_of_another_kind(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let hidden = place(&app, &admin, "room", "H", None).await;
    shut(&app, &hidden, "hidden", json!({"users": [], "roles": []})).await;
    let open = location(&app, None, "building", "B").await;
    let (in_open, in_hidden) = (id_of(&hidden), own_id());
    let ethanol = chemical(&app, "ethanol", None, None).await;
    bottle_of(&app, &manager, ethanol, "1", "mL", json!({"id": in_open, "location_id": open})).await;
    bottle_of(&app, &admin, ethanol, "1", "mL", json!({"id": in_hidden, "location_id": hidden["id"]})).await;
    let made = json!({"id": in_hidden, "kind": "room", "name": "Open"});
    manager.post(&app.path("/locations"), made).await.created();
    number(&app).await;
    // Of the place and of the bottle in it: their own lines are told to who has the key alone.
    assert_eq!(subjects(&app, &manager, in_open).await, 1, "the bottle");
    assert_eq!(subjects(&app, &manager, in_hidden).await, 1, "the place");
    assert!(subjects(&app, &admin, in_open).await > 1);
    assert_eq!(subjects(&app, &admin, in_hidden).await, 2);
}
