//! Undo, over HTTP: what comes back, who may, and what stands in the way.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{assert_ledger_adds_up, bottle, bottle_of, chemical, events_of, location, path_of, withdraw};
use crate::support::{Client, TestApp};

pub fn undo(event: &Value) -> Value {
    json!({"type": "reverse", "event_id": event["event"]["id"]})
}

pub fn plain(kind: &str) -> Value {
    json!({"type": kind, "reason": "test"})
}

pub async fn newest(by: &Client, path: &str) -> Value {
    by.get(path).await.ok()["items"][0].clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_member_ends_no_quarantine_and_undoes_no_managers_disposal(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let quarantine = member.post(&path, plain("quarantine")).await.created();
    member.post(&path, undo(&quarantine)).await.problem(403, "forbidden");
    assert_eq!(newest(&member, &path).await["undoable"], false);
    assert_eq!(newest(&manager, &path).await["undoable"], true);
    member.post(&path, plain("lose")).await.created();
    assert_eq!(member.post(&path, plain("find")).await.created()["container"]["state"], "quarantined");
    manager.post(&path, plain("release")).await.created();

    manager.post(&path, plain("discard")).await.created();
    member.post(&path, plain("lose")).await.created();
    assert_eq!(member.post(&path, plain("find")).await.created()["container"]["state"], "waste_pending");
    let dispose = manager.post(&path, plain("dispose")).await.created();
    member.post(&path, undo(&dispose)).await.problem(403, "forbidden");
    let back = manager.post(&path, undo(&dispose)).await.created();
    assert_eq!(back["container"]["state"], "waste_pending");
    assert_eq!(back["container"]["amount"]["value"], "100");
    let dispose = manager.post(&path, plain("dispose")).await.created();
    app.advance(TimeDelta::days(31));
    let manager = app.signed_in(&manager).await;
    manager.post(&path, undo(&dispose)).await.problem(409, "not-reversible");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_but_the_disposal_is_undone_in_a_disposed_bottle_and_no_content_comes_back(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let place = location(&app, None, "room", "R").await;
    for end in [&["empty"][..], &["discard", "dispose"], &["empty", "dispose"]] {
        let made = bottle(&app, &manager, "100", "mL").await;
        let path = events_of(&app, &made);
        let used = manager.post(&path, withdraw("30", "mL")).await.created();
        let moved = manager.post(&path, json!({"type": "move", "location_id": place})).await.created();
        let mut last = Value::Null;
        for event in end {
            last = manager.post(&path, plain(event)).await.created();
        }
        let refused = manager.post(&path, undo(&used)).await.problem(409, "not-reversible");
        assert_eq!(refused["blocked_by"], last["event"]["id"], "{end:?}");
        if end.len() > 1 {
            let refused = manager.post(&path, undo(&moved)).await.problem(409, "not-reversible");
            assert_eq!(refused["blocked_by"], last["event"]["id"]);
        }
        manager.post(&path, undo(&last)).await.created();
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_weighing_with_a_wrong_tare_leaves_nothing_behind(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, Some("0.7893")).await;
    let made = bottle_of(&app, &manager, ethanol, "100", "mL", json!({"tare": {"value": "48", "unit": "g"}})).await;
    let path = events_of(&app, &made);
    let wrong = json!({"type": "weigh", "gross": {"value": "500", "unit": "g"}, "tare": {"value": "480", "unit": "g"}});
    let weighed = manager.post(&path, wrong).await.created();
    assert_eq!(weighed["container"]["amount"]["value"], "25.3389");
    let undone = manager.post(&path, undo(&weighed)).await.created()["container"].clone();
    assert_eq!((&undone["amount"]["value"], &undone["tare"]["value"]), (&json!("100"), &json!("48")));
    assert_eq!(undone["state"], "in_stock");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_use_on_loan_that_is_undone_leaves_the_bottle_unopened(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, borrower) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    borrower.post(&path, plain("check_out")).await.created();
    let used = borrower.post(&path, withdraw("1", "mL")).await.created();
    assert_eq!(used["container"]["opened_on"], json!(app.now().date_naive()));
    let undone = borrower.post(&path, undo(&used)).await.created();
    assert_eq!((&undone["container"]["state"], &undone["container"]["opened_on"]), (&json!("on_loan"), &Value::Null));
    assert_eq!(borrower.post(&path, plain("check_in")).await.created()["container"]["state"], "in_stock");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn opened_on_is_the_earliest_day_of_what_still_holds(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let first = manager.post(&path, withdraw("60", "mL")).await.created();
    app.advance(TimeDelta::days(2));
    let manager = app.signed_in(&manager).await;
    manager.post(&path, withdraw("5", "mL")).await.created();
    let undone = manager.post(&path, undo(&first)).await.created()["container"].clone();
    assert_eq!((&undone["state"], &undone["amount"]["value"]), (&json!("opened"), &json!("95")));
    assert_eq!(undone["opened_on"], json!(app.now().date_naive()));
    let mut late = withdraw("1", "mL");
    late["occurred_at"] = json!(app.now() - TimeDelta::days(1));
    let told = manager.post(&path, late).await.created()["container"].clone();
    assert_eq!(told["opened_on"], json!((app.now() - TimeDelta::days(1)).date_naive()));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_move_from_a_place_that_is_gone_is_not_undone(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (old, new) = (location(&app, None, "room", "Old").await, location(&app, None, "room", "New").await);
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"location_id": old})).await;
    let path = events_of(&app, &made);
    let moved = manager.post(&path, json!({"type": "move", "location_id": new})).await.created();
    let place = app.path(&format!("/locations/{old}"));
    manager.delete(&place, "*").await.expect(204);
    let refused = manager.post(&path, undo(&moved)).await.problem(409, "not-reversible");
    assert!(refused["detail"].as_str().unwrap().contains("gone"), "{refused}");
    assert_eq!(newest(&manager, &path).await["undoable"], false);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_creation_that_is_undone_leaves_history_alone_and_frees_its_code(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"code": "W-1"})).await;
    let path = events_of(&app, &made);
    let receipt = newest(&manager, &path).await["id"].clone();
    let undo_creation = json!({"type": "reverse", "event_id": receipt});
    member.post(&path, undo_creation.clone()).await.problem(403, "forbidden");
    let used = member.post(&path, withdraw("1", "mL")).await.created();
    let refused = manager.post(&path, undo_creation.clone()).await.problem(409, "not-reversible");
    assert_eq!(refused["blocked_by"], used["event"]["id"]);
    manager.post(&path, undo(&used)).await.created();

    let voided = manager.post(&path, undo_creation).await.created()["container"].clone();
    assert_eq!((&voided["state"], &voided["amount"]["value"]), (&json!("voided"), &json!("0")));
    assert_eq!(manager.get(&path_of(&app, &made)).await.ok()["state"], "voided", "its history can be read");
    assert_eq!(manager.get(&path).await.ok()["items"].as_array().unwrap().len(), 4);
    assert_eq!(manager.get(&app.path("/containers?state=in_stock")).await.ok()["items"], json!([]));
    assert_eq!(manager.get(&app.path("/scan/W-1")).await.ok()["type"], "unknown");
    bottle_of(&app, &manager, water, "1", "L", json!({"code": "W-1"})).await;
    for refused in [
        manager.post(&path, withdraw("1", "mL")).await,
        manager.patch(&path_of(&app, &made), "*", json!({"note": "x"})).await,
    ] {
        assert_eq!(refused.problem(409, "event-not-allowed")["allowed_actions"], json!([]));
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn members_undo_what_others_booked_within_a_day_and_lists_say_so(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, one, other) = (app.client("manager").await, app.client("member").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let used = one.post(&path, withdraw("1", "mL")).await.created();
    assert_eq!(newest(&other, &path).await["undoable"], true);
    app.advance(TimeDelta::hours(25));
    let (one, other) = (app.signed_in(&one).await, app.signed_in(&other).await);
    assert_eq!(newest(&other, &path).await["undoable"], false);
    assert_eq!(newest(&app.client("viewer").await, &path).await["undoable"], false);
    other.post(&path, undo(&used)).await.problem(403, "forbidden");
    one.post(&path, undo(&used)).await.created();
    let none = json!({"type": "reverse", "event_id": Uuid::now_v7()});
    assert_eq!(one.post(&path, none).await.problem(422, "invalid")["errors"][0]["pointer"], "/event_id");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_opening_is_undone_whatever_state_came_later_and_stands_in_nothings_way(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for opening in [plain("open"), withdraw("1", "mL")] {
        for later in [&["check_out", "check_in"][..], &["quarantine"], &["lose", "find"], &["discard"], &["check_out"]]
        {
            let made = bottle(&app, &manager, "100", "mL").await;
            let path = events_of(&app, &made);
            let opened = manager.post(&path, opening.clone()).await.created();
            let mut state = Value::Null;
            for event in later {
                state = manager.post(&path, plain(event)).await.created()["container"]["state"].clone();
            }
            let undone = manager.post(&path, undo(&opened)).await.created()["container"].clone();
            assert_eq!(undone["opened_on"], Value::Null, "{opening} {later:?}");
            let kept = if state == "opened" { json!("in_stock") } else { state };
            assert_eq!(undone["state"], kept, "{opening} {later:?}");
        }
        let made = bottle(&app, &manager, "100", "mL").await;
        let path = events_of(&app, &made);
        manager.post(&path, plain("lose")).await.created();
        let find = manager.post(&path, plain("find")).await.created();
        manager.post(&path, opening).await.created();
        assert_eq!(manager.post(&path, undo(&find)).await.created()["container"]["state"], "lost");
        assert_eq!(manager.post(&path, plain("find")).await.created()["container"]["state"], "opened");
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_edit_keeps_no_wrong_creation_and_a_refusal_says_how_to_get_past_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "g").await;
    let path = events_of(&app, &made);
    let tare = json!({"type": "weigh", "gross": {"value": "60", "unit": "g"}, "tare": {"value": "10", "unit": "g"}});
    let weighed = manager.post(&path, tare).await.created();
    manager.patch(&path_of(&app, &made), "*", json!({"tare": {"value": "11", "unit": "g"}})).await.ok();
    let refused = manager.post(&path, undo(&weighed)).await.problem(409, "not-reversible");
    assert_eq!(refused["blocked_by"], newest(&manager, &path).await["id"]);
    assert!(refused["detail"].as_str().unwrap().contains("PATCH"), "{refused}");

    // What comes before an edit is offered for undo, as far as the edit allows.
    let scan = app.path(&format!("/scan/{}", made["code"].as_str().unwrap()));
    let offers =
        async || manager.get(&scan).await.ok()["allowed_actions"].as_array().unwrap().contains(&json!("reverse"));
    assert!(!offers().await, "the tare has been edited since");
    let used = manager.post(&path, withdraw("1", "g")).await.created();
    manager.patch(&path_of(&app, &made), "*", json!({"expires_on": "2030-01-01"})).await.ok();
    assert!(offers().await);
    manager.post(&path, undo(&used)).await.created();

    let made = bottle(&app, &manager, "100", "g").await;
    let path = events_of(&app, &made);
    let creation = json!({"event": newest(&manager, &path).await});
    manager.patch(&path_of(&app, &made), "*", json!({"expires_on": "2030-01-01"})).await.ok();
    assert_eq!(manager.post(&path, undo(&creation)).await.created()["container"]["state"], "voided");
}
