//! A bottle that should never have been, and on which stands what nobody can undo any more.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    bottle, bottle_of, chemical, events_of, location, path_of,
    undo::{newest, plain, undo},
    withdraw,
};
use crate::support::{Client, TestApp};

async fn creation(by: &Client, path: &str) -> Value {
    let ledger = by.get(&format!("{path}?limit=200")).await.ok();
    json!({"event": ledger["items"].as_array().unwrap().last().unwrap()})
}

async fn is_offered(by: &Client, path: &str, limit: u8) -> bool {
    let mut next = format!("{path}?limit={limit}");
    loop {
        let page = by.get(&next).await.ok();
        let Some(cursor) = page["next_cursor"].as_str() else {
            return page["items"].as_array().unwrap().last().unwrap()["undoable"] == true;
        };
        next = format!("{path}?limit={limit}&cursor={cursor}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_undoes_a_creation_of_which_something_was_used_although_that_cannot_be_undone_any_more(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, maker) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &maker, "100", "g").await;
    let path = events_of(&app, &made);
    let creation = creation(&maker, &path).await;
    maker.post(&path, withdraw("60", "g")).await.created();
    let weigh = json!({"type": "weigh", "gross": {"value": "45", "unit": "g"}, "tare": {"value": "10", "unit": "g"}});
    let weighed = maker.post(&path, weigh).await.created();
    manager.patch(&path_of(&app, &made), "*", json!({"tare": {"value": "11", "unit": "g"}})).await.ok();
    manager.post(&path, undo(&weighed)).await.problem(409, "not-reversible");
    for by in [&manager, &maker] {
        let refused = by.post(&path, undo(&creation)).await.problem(409, "not-reversible");
        assert_eq!(refused["blocked_by"], weighed["event"]["id"]);
        for limit in [1, 2, 100] {
            assert!(!is_offered(by, &path, limit).await, "a page of {limit}");
        }
    }
    let now = manager.get(&path_of(&app, &made)).await.ok();
    assert_eq!((&now["state"], &now["amount"]["value"]), (&json!("opened"), &json!("35")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_manager_undoes_a_creation_although_a_weighing_that_found_no_change_was_edited_since(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, maker) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &maker, "100", "g").await;
    let path = events_of(&app, &made);
    let creation = creation(&maker, &path).await;
    let tare = json!({"type": "weigh", "gross": {"value": "110", "unit": "g"}, "tare": {"value": "10", "unit": "g"}});
    let weighed = maker.post(&path, tare).await.created();
    manager.patch(&path_of(&app, &made), "*", json!({"tare": {"value": "11", "unit": "g"}})).await.ok();
    let moved =
        maker.post(&path, json!({"type": "move", "location_id": location(&app, None, "room", "R").await})).await;
    let moved = moved.created();

    // What can be undone has to be, and is named.
    manager.post(&path, undo(&weighed)).await.problem(409, "not-reversible");
    for by in [&manager, &maker] {
        let refused = by.post(&path, undo(&creation)).await.problem(409, "not-reversible");
        assert_eq!(refused["blocked_by"], moved["event"]["id"]);
        assert!(!is_offered(by, &path, 2).await && !is_offered(by, &path, 100).await);
    }
    maker.post(&path, undo(&moved)).await.created();
    assert!(!is_offered(&maker, &path, 2).await && !is_offered(&maker, &path, 100).await);
    let refused = maker.post(&path, undo(&creation)).await.problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("a manager"), "{refused}");
    assert!(is_offered(&manager, &path, 2).await && is_offered(&manager, &path, 100).await);
    assert_eq!(manager.post(&path, undo(&creation)).await.created()["container"]["state"], "voided");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_manager_undoes_a_creation_although_a_place_is_gone_that_the_bottle_came_from(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (old, new) = (location(&app, None, "room", "Old").await, location(&app, None, "room", "New").await);
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"location_id": old})).await;
    let path = events_of(&app, &made);
    let creation = creation(&manager, &path).await;
    let moved = manager.post(&path, json!({"type": "move", "location_id": new})).await.created();
    manager.delete(&app.path(&format!("/locations/{old}")), "*").await.expect(204);
    manager.post(&path, undo(&moved)).await.problem(409, "not-reversible");
    assert_eq!(manager.post(&path, undo(&creation)).await.created()["container"]["state"], "voided");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_was_disposed_of_long_ago_stays_so(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "g").await;
    let path = events_of(&app, &made);
    let creation = creation(&manager, &path).await;
    for event in ["discard", "dispose"] {
        manager.post(&path, plain(event)).await.created();
    }
    app.advance(TimeDelta::days(31));
    let manager = app.signed_in(&manager).await;
    let refused = manager.post(&path, undo(&creation)).await.problem(409, "not-reversible");
    assert_eq!(refused["blocked_by"], newest(&manager, &path).await["id"]);
    assert!(!is_offered(&manager, &path, 1).await && !is_offered(&manager, &path, 100).await);
}
