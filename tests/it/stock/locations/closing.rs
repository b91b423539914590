//! A place that is deleted is closed: gone from everything but history.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{names, path_of, place};
use crate::{
    stock::containers::{bottle_of, chemical, events_of, path_of as bottle_path, withdraw},
    support::{Client, TestApp, own_id},
};

async fn close(app: &TestApp, by: &Client, place: &Value) {
    by.delete(&path_of(app, place), "*").await.expect(204);
}

async fn bottle_in(app: &TestApp, by: &Client, place: &Value) -> Value {
    let water = chemical(app, &format!("water {}", Uuid::now_v7()), None, None).await;
    bottle_of(app, by, water, "1", "L", json!({"location_id": place["id"]})).await
}

async fn newest(app: &TestApp, by: &Client, bottle: &Value) -> Value {
    by.get(&events_of(app, bottle)).await.ok()["items"][0].clone()
}

/// What was asked for and why it was refused.
fn is_no_location(refused: &Value, pointer: &str) {
    assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    assert_eq!(refused["errors"][0]["detail"], "is not a location of this lab");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_ledger_can_still_name_a_place_that_was_closed(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, viewer) = (app.client("manager").await, app.client("viewer").await);
    let room = place(&app, &manager, "room", "214", None).await;
    let shelf = place(&app, &manager, "shelf", "Shelf 3", Some(&room)).await;
    let fridge = place(&app, &manager, "cabinet", "Fridge", Some(&room)).await;
    let made = bottle_in(&app, &manager, &shelf).await;
    let events = events_of(&app, &made);
    manager.post(&events, json!({"type": "move", "location_id": fridge["id"]})).await.created();
    close(&app, &manager, &shelf).await;

    let moved = newest(&app, &viewer, &made).await;
    assert_eq!(moved["changes"]["location_id"], json!([shelf["id"], fridge["id"]]));
    let path = app.path(&format!("/locations/{}", moved["location_before"].as_str().unwrap()));
    let read = viewer.get(&path).await.expect(200);
    assert_eq!((&read.body["name"], &read.body["path"]), (&json!("Shelf 3"), &json!(["214", "Shelf 3"])));
    assert_eq!((&read.body["code"], read.etag().as_str()), (&shelf["code"], "\"2\""));
    assert_eq!(read.body["closed_at"], read.body["updated_at"]);
    assert!(read.body["closed_at"].is_string(), "{}", read.body);
    assert_eq!(viewer.get(&path_of(&app, &fridge)).await.ok()["closed_at"], Value::Null);
    assert_eq!(manager.get(&bottle_path(&app, &made)).await.ok()["location_id"], fridge["id"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lists_leave_closed_places_out_unless_they_are_asked_for(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let room = place(&app, &manager, "room", "Room", None).await;
    let (old, new) =
        (place(&app, &manager, "room", "Old", None).await, place(&app, &manager, "room", "New", None).await);
    let inside = place(&app, &manager, "shelf", "Older", Some(&room)).await;
    for gone in [&old, &inside] {
        close(&app, &manager, gone).await;
    }
    let list = async |query: &str| manager.get(&app.path(&format!("/locations?{query}"))).await.ok();
    let in_room = format!("parent_id={}", room["id"].as_str().unwrap());
    for (query, open, with_closed) in [
        ("limit=50", vec!["New", "Room"], vec!["New", "Old", "Older", "Room"]),
        ("root=true", vec!["New", "Room"], vec!["New", "Old", "Room"]),
        ("q=ol", vec![], vec!["Old", "Older"]),
        (&in_room, vec![], vec!["Older"]),
    ] {
        assert_eq!(names(&list(query).await), open, "{query}");
        assert_eq!(names(&list(&format!("{query}&include=closed")).await), with_closed, "{query}");
    }
    manager.get(&app.path("/locations?include=everything")).await.problem(422, "invalid");
    // The page is as full as one without closed places.
    assert_eq!(list("limit=2").await["next_cursor"], Value::Null);
    assert_eq!(manager.get(&path_of(&app, &new)).await.ok(), new);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_closed_place_gives_its_name_and_its_code_back_but_never_its_id(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (places, scan) =
        (app.path("/locations"), async |code: &str| manager.get(&app.path(&format!("/scan/{code}"))).await.ok());
    let new = json!({"kind": "room", "name": "Store", "code": "0000-0001-y"});
    let first = manager.post(&places, new.clone()).await.created();
    for code in ["0000-0001-y", "00000001Y"] {
        assert_eq!(scan(code).await["location"]["id"], first["id"], "{code}");
    }
    close(&app, &manager, &first).await;
    for code in ["0000-0001-y", "00000001Y"] {
        assert_eq!(scan(code).await["type"], "unknown", "{code}");
    }

    let second = manager.post(&places, new.clone()).await.created();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(scan("0000-0001-y").await["location"], second);
    manager.post(&places, json!({"kind": "room", "name": "sTORE"})).await.problem(409, "name-taken");
    let other = json!({"kind": "room", "name": "Other", "code": "0000-0001-y"});
    manager.post(&places, other.clone()).await.problem(409, "code-taken");

    close(&app, &manager, &second).await;
    let mut again = other;
    again["id"] = first["id"].clone();
    manager.post(&places, again).await.problem(409, "id-taken");
    let third = place(&app, &manager, "room", "Third", None).await;
    let renamed = json!({"name": "Store", "code": "0000-0001-y"});
    manager.patch(&path_of(&app, &third), "*", renamed).await.ok();
    close(&app, &manager, &third).await;

    // Codes of bottles and places are one name space.
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"code": "0000-0001-y"})).await;
    assert_eq!(scan("0000-0001-y").await["container"]["id"], made["id"]);
    for gone in [&first, &second, &third] {
        let read = manager.get(&path_of(&app, gone)).await.ok();
        assert_eq!((&read["name"], &read["code"]), (&json!("Store"), &json!("0000-0001-y")));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_is_put_into_a_closed_place_and_nothing_changes_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let (gone, here) =
        (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "shelf", "B", None).await);
    let [moved, lent, lost] = [0, 1, 2].map(|_| &here);
    let moved = bottle_in(&app, &manager, moved).await;
    let lent = bottle_in(&app, &manager, lent).await;
    let lost = bottle_in(&app, &manager, lost).await;
    member.post(&events_of(&app, &lent), json!({"type": "check_out"})).await.created();
    member.post(&events_of(&app, &lost), json!({"type": "lose"})).await.created();
    close(&app, &manager, &gone).await;

    let water = chemical(&app, "water", None, None).await;
    let new = json!({"chemical_id": water, "amount": {"value": "1", "unit": "L"}, "location_id": gone["id"]});
    is_no_location(&manager.post(&app.path("/containers"), new).await.problem(422, "invalid"), "/location_id");
    for (bottle, kind) in [(&moved, "move"), (&lent, "check_in"), (&lost, "find")] {
        let event = json!({"type": kind, "location_id": gone["id"]});
        let refused = member.post(&events_of(&app, bottle), event).await.problem(422, "invalid");
        is_no_location(&refused, "/location_id");
        assert_eq!(manager.get(&bottle_path(&app, bottle)).await.ok()["location_id"], here["id"], "{kind}");
    }
    let child = json!({"kind": "shelf", "name": "C", "parent_id": gone["id"]});
    is_no_location(&manager.post(&app.path("/locations"), child).await.problem(422, "invalid"), "/parent_id");
    let into = json!({"parent_id": gone["id"]});
    is_no_location(&manager.patch(&path_of(&app, &here), "*", into).await.problem(422, "invalid"), "/parent_id");

    let path = path_of(&app, &gone);
    let read = manager.get(&path).await.ok();
    for etag in ["*", "\"1\"", "\"2\""] {
        manager.patch(&path, etag, json!({"name": "D"})).await.problem(404, "not-found");
        manager.patch(&path, etag, json!({"parent_id": null})).await.problem(404, "not-found");
        manager.delete(&path, etag).await.problem(404, "not-found");
    }
    assert_eq!(manager.get(&path).await.ok(), read);
    let inside = format!("location_id={}", gone["id"].as_str().unwrap());
    assert_eq!(manager.get(&app.path(&format!("/containers?{inside}&include=gone"))).await.ok()["items"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_was_closed_before_keeps_no_place_open_and_no_kind_fixed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let room = place(&app, &manager, "room", "A", None).await;
    let cabinet = place(&app, &manager, "cabinet", "B", Some(&room)).await;
    manager.delete(&path_of(&app, &room), "*").await.problem(409, "location-in-use");
    close(&app, &manager, &cabinet).await;
    manager.patch(&path_of(&app, &room), "*", json!({"kind": "shelf", "name": "C"})).await.ok();
    close(&app, &manager, &room).await;
    assert_eq!(manager.get(&path_of(&app, &cabinet)).await.ok()["path"], json!(["C", "B"]));
    assert_eq!(names(&manager.get(&app.path("/locations")).await.ok()), Vec::<&str>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_place_stays_open_for_every_bottle_that_may_still_be_in_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for (n, (events, is_open)) in [
        (vec![], true),
        (vec!["open"], true),
        (vec!["check_out"], true),
        (vec!["quarantine"], true),
        (vec!["lose"], true),
        (vec!["discard"], true),
        (vec!["empty"], true),
        (vec!["empty", "dispose"], false),
        (vec!["lose", "dispose"], false),
        (vec!["reverse"], false),
    ]
    .into_iter()
    .enumerate()
    {
        let room = place(&app, &manager, "room", &format!("R{n}"), None).await;
        let made = bottle_in(&app, &manager, &room).await;
        for kind in &events {
            let mut event = json!({"type": kind, "reason": "a test"});
            if *kind == "reverse" {
                event["event_id"] = newest(&app, &manager, &made).await["id"].clone();
            }
            manager.post(&events_of(&app, &made), event).await.created();
        }
        let answer = manager.delete(&path_of(&app, &room), "\"1\"").await;
        if is_open {
            let refused = answer.problem(409, "location-in-use");
            assert!(refused["detail"].as_str().unwrap().contains("containers"), "{refused}");
            assert_eq!(manager.get(&path_of(&app, &room)).await.ok(), room, "{events:?}");
        } else {
            answer.expect(204);
            assert_eq!(manager.get(&bottle_path(&app, &made)).await.ok()["location_id"], room["id"], "{events:?}");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_disposal_is_undone_without_the_place_that_was_closed_since(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (first, last) =
        (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "room", "B", None).await);
    let made = bottle_in(&app, &manager, &first).await;
    let events = events_of(&app, &made);
    let moved = manager.post(&events, json!({"type": "move", "location_id": last["id"]})).await.created();
    manager.post(&events, withdraw("100", "mL")).await.created();
    manager.post(&events, json!({"type": "discard"})).await.created();
    let disposed = manager.post(&events, json!({"type": "dispose"})).await.created();
    close(&app, &manager, &last).await;
    assert_eq!(newest(&app, &manager, &made).await["undoable"], true);
    let undo = |booked: &Value| json!({"type": "reverse", "event_id": booked["event"]["id"]});
    let undone = manager.post(&events, undo(&disposed)).await.created();
    assert_eq!(undone["container"]["state"], "waste_pending");
    assert_eq!(undone["container"]["amount"], json!({"value": "0.9", "unit": "L"}));
    assert_eq!(undone["container"]["location_id"], Value::Null);
    assert_eq!(undone["event"]["changes"]["location_id"], json!([last["id"], null]));

    // The move is undone like any other: the place that it came from is open.
    let back = manager.post(&events, undo(&moved)).await.created();
    assert_eq!(back["container"]["location_id"], first["id"]);
    crate::stock::containers::assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn other_events_are_undone_after_a_place_of_the_history_was_closed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (old, new) = (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "room", "B", None).await);
    let made = bottle_in(&app, &manager, &old).await;
    let events = events_of(&app, &made);
    let undo = |booked: &Value| json!({"type": "reverse", "event_id": booked["event"]["id"]});
    let taken = manager.post(&events, withdraw("100", "mL")).await.created();
    let moved = manager.post(&events, json!({"type": "move", "location_id": new["id"]})).await.created();
    let held = manager.post(&events, json!({"type": "quarantine", "reason": "a smell"})).await.created();
    close(&app, &manager, &old).await;
    manager.post(&events, undo(&moved)).await.problem(409, "not-reversible");
    for booked in [&held, &taken] {
        let undone = manager.post(&events, undo(booked)).await.created();
        assert_eq!(undone["container"]["location_id"], new["id"]);
    }
    let read = manager.get(&bottle_path(&app, &made)).await.ok();
    assert_eq!((&read["state"], &read["amount"]["value"]), (&json!("in_stock"), &json!("1")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeated_move_into_a_place_that_was_closed_since_is_a_success(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (one, two) = (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "room", "B", None).await);
    let made = bottle_in(&app, &manager, &two).await;
    let events = events_of(&app, &made);
    let there = json!({"type": "move", "location_id": one["id"], "id": own_id()});
    let first = manager.post(&events, there.clone()).await.created();
    manager.post(&events, json!({"type": "move", "location_id": two["id"]})).await.created();
    close(&app, &manager, &one).await;
    assert_eq!(manager.post(&events, there).await.ok()["event"], first["event"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn each_lab_closes_its_own_places(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let room = place(&app, &manager, "room", "A", None).await;
    close(&app, &manager, &room).await;
    member.delete(&path_of(&app, &room), "*").await.problem(403, "forbidden");
    app.stranger().await.get(&path_of(&app, &room)).await.problem(404, "not-found");
    let owner = app.owner().await;
    let lab = owner.post("/v1/labs", json!({"name": "Other"})).await.created();
    let foreign = format!("/v1/labs/{}/locations/{}", lab["id"].as_str().unwrap(), room["id"].as_str().unwrap());
    owner.get(&foreign).await.problem(404, "not-found");
}
