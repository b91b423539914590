//! What refusals tell of a hidden place to who has no key to it.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    keys::{put_keys, shut},
    place,
};
use crate::{
    stock::containers::{bottle_of, chemical, events_of, withdraw},
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_for_strangers_are_refused_alike_for_a_hidden_place_and_for_none(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let hidden = place(&app, &admin, "room", "H", None).await;
    shut(&app, &hidden, "hidden", json!({"users": [], "roles": []})).await;
    for room in [hidden, json!({"id": Uuid::now_v7()})] {
        let keys = json!({"users": [Uuid::now_v7()], "roles": []});
        put_keys(&app, &manager, &room, "*", keys).await.problem(404, "not-found");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_was_hidden_meanwhile_has_no_next_page_of_events(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let room = place(&app, &admin, "room", "H", None).await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let bottle = bottle_of(&app, &admin, ethanol, "9", "mL", json!({"location_id": room["id"]})).await;
    let events = events_of(&app, &bottle);
    admin.post(&events, withdraw("1", "mL")).await.created();
    let first = manager.get(&format!("{events}?limit=1")).await.ok();
    let Value::String(cursor) = &first["next_cursor"] else { panic!("{first}") };
    shut(&app, &room, "hidden", json!({"users": [], "roles": []})).await;
    manager.get(&format!("{events}?limit=1&cursor={cursor}")).await.problem(404, "not-found");
    admin.get(&format!("{events}?limit=1&cursor={cursor}")).await.ok();
}
