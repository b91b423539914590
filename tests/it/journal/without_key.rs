//! Admins pass everywhere: the audit marks what one of them did where they have no key.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{chain, id_of, number};
use crate::{
    stock::{
        containers::{bottle_of, chemical, events_of, path_of, withdraw},
        locations::{keys::shut, path_of as place_path, place},
    },
    support::{Client, TestApp},
};

/// A place that is shut, a shelf in it, and one that is open.
struct Places {
    room: Value,
    shelf: Value,
    open: Value,
}

/// Each kind of change, by this person, in the shelf of the room.
async fn act(app: &TestApp, by: &Client, places: &Places, name: &str) {
    let acetone = chemical(app, name, None, None).await;
    let made = bottle_of(app, by, acetone, "1", "L", json!({"location_id": places.shelf["id"]})).await;
    let (path, events) = (path_of(app, &made), events_of(app, &made));
    by.post(&events, withdraw("1", "mL")).await.created();
    by.patch(&path, "*", json!({"note": "x", "expires_on": "2030-01-01"})).await.ok();
    let out = by.post(&events, json!({"type": "move", "location_id": places.open["id"]})).await.created();
    by.post(&events, withdraw("2", "mL")).await.created();
    by.post(&events, json!({"type": "reverse", "event_id": out["event"]["id"]})).await.created();
    let many = json!({"operations": [{"container_id": made["id"], "event": withdraw("3", "mL")}]});
    by.post(&app.path("/events"), many).await.ok();
    let inner = place(app, by, "box", name, Some(&places.shelf)).await;
    let inner = place_path(app, &inner);
    by.patch(&inner, "*", json!({"name": format!("{name}, inner")})).await.ok();
    by.patch(&inner, "*", json!({"parent_id": places.open["id"]})).await.ok();
    by.patch(&inner, "*", json!({"name": format!("{name}, outside")})).await.ok();
    by.patch(&inner, "*", json!({"parent_id": places.shelf["id"]})).await.ok();
    let keys = json!({"users": [], "roles": ["manager"]});
    by.send(Method::PUT, &format!("{inner}/keys"), &[("if-match", "*")], Some(keys)).await.ok();
    by.delete(&inner, "*").await.expect(204);
}

/// The kinds of this person's lines, the oldest first, each with whether it is marked.
async fn lines(app: &TestApp, reader: &Client, by: &Client) -> Vec<(String, bool)> {
    number(app).await;
    let all = reader.get(&app.path(&format!("/audit?limit=200&by={}", by.user_id))).await.ok();
    let line = |it: &Value| (it["kind"].as_str().unwrap().to_owned(), it["without_key"].as_bool().unwrap());
    let mut all: Vec<_> = all["items"].as_array().unwrap().iter().map(line).collect();
    all.reverse();
    all
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_an_admin_does_without_a_key_is_marked_and_nothing_else(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    for access in ["closed", "hidden"] {
        let room = place(&app, &admin, "room", access, None).await;
        let shelf = place(&app, &admin, "shelf", "S", Some(&room)).await;
        let open = place(&app, &admin, "room", &format!("beside {access}"), None).await;
        let places = Places { room, shelf, open };
        let (by_name, by_role, manager) =
            (app.client("admin").await, app.client("admin").await, app.client("manager").await);
        let keys = json!({"users": [by_name.user_id], "roles": ["manager"]});
        shut(&app, &places.room, access, keys).await;
        for by in [&by_name, &by_role, &manager] {
            act(&app, by, &places, &format!("{access} {}", by.user_id)).await;
            let marked: Vec<_> = lines(&app, &admin, by).await.into_iter().filter(|(_, marked)| *marked).collect();
            assert_eq!(marked, [], "who has a key");
        }
        // A key of managers is also the admins', so it is taken away.
        let keys = json!({"users": [by_name.user_id], "roles": []});
        shut(&app, &places.room, access, keys).await;
        let without = app.client("admin").await;
        act(&app, &without, &places, &format!("{access} without")).await;
        let told = lines(&app, &admin, &without).await;
        let expected = [
            ("container.receive", true),
            ("container.withdraw", true),
            ("container.edit", true),
            ("container.changed", true),
            ("container.move", true),
            ("container.withdraw", false),
            ("container.reverse", true),
            ("container.withdraw", true),
            ("location.created", true),
            ("location.changed", true),
            ("location.moved", true),
            ("location.changed", false),
            ("location.moved", true),
            ("location.keys_changed", true),
            ("location.closed", true),
        ];
        let mut told: Vec<_> = told.iter().map(|(kind, marked)| (kind.as_str(), *marked)).collect();
        let mut expected = expected.to_vec();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{access}");
    }
    chain::assert_whole(&app.db).await;
    let verified = admin.get(&app.path("/audit/verify")).await.ok();
    assert_eq!(verified["fault"], Value::Null, "{verified}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_mark_is_part_of_what_is_hashed(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let room = place(&app, &admin, "room", "R", None).await;
    shut(&app, &room, "hidden", json!({"users": [], "roles": []})).await;
    let acetone = chemical(&app, "acetone", None, None).await;
    let made = bottle_of(&app, &admin, acetone, "1", "L", json!({"location_id": room["id"]})).await;
    number(&app).await;
    let taken = format!("update stock_events set without_key = null where container_id = '{}'", id_of(&made));
    assert_eq!(super::tamper(&app, &taken).await, 1);
    let verified = admin.get(&app.path("/audit/verify")).await.ok();
    assert!(verified["fault"]["kind"].as_str().unwrap().starts_with("changed_line"), "{verified}");
}
