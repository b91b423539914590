//! What refusals tell of a hidden place to who has no key to it.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    keys::{put_keys, shut},
    path_of, place,
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
async fn no_change_of_a_places_kind_tells_which_kind_is_hidden_in_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let mut told = std::collections::BTreeSet::new();
    for inner in ["room", "cabinet", "shelf", "box"] {
        let outer = place(&app, &admin, "building", &format!("Outer of {inner}"), None).await;
        let hidden = place(&app, &admin, inner, "H", Some(&outer)).await;
        shut(&app, &hidden, "hidden", json!({"users": [], "roles": []})).await;
        for kind in ["room", "cabinet", "shelf", "box"] {
            let change = manager.patch(&path_of(&app, &outer), "*", json!({"kind": kind})).await;
            let problem = change.problem(422, "location-kind");
            told.insert(problem["errors"].to_string().replace(kind, "it"));
        }
        manager.patch(&path_of(&app, &outer), "*", json!({"kind": "building", "name": inner})).await.ok();
    }
    assert_eq!(told.len(), 1, "{told:?}");
    // Of what everybody sees it is told, and who sees all of it is not kept from what fits.
    let outer = place(&app, &admin, "building", "Open", None).await;
    place(&app, &admin, "shelf", "S", Some(&outer)).await;
    let hidden = place(&app, &admin, "box", "H", Some(&outer)).await;
    shut(&app, &hidden, "hidden", json!({"users": [], "roles": []})).await;
    let problem =
        manager.patch(&path_of(&app, &outer), "*", json!({"kind": "box"})).await.problem(422, "location-kind");
    assert!(problem["errors"].to_string().contains("there is a shelf in it"), "{problem}");
    admin.patch(&path_of(&app, &outer), "*", json!({"kind": "cabinet"})).await.ok();
    // A shallower kind holds whatever it held.
    manager.patch(&path_of(&app, &outer), "*", json!({"kind": "room"})).await.ok();
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
