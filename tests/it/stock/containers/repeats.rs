//! A repeat is a success: the same event under its id again, whatever the first try has made of the bottle.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{bottle, events_of, location, path_of, withdraw};
use crate::support::{Client, TestApp, own_id};

/// Lives in which the last event is sent twice.
fn lives(place: Uuid) -> Vec<Vec<Value>> {
    let plain = |kind: &str| json!({"type": kind, "reason": "test"});
    vec![
        vec![plain("open")],
        vec![withdraw("60", "mL")],
        vec![withdraw("100", "mL")],
        vec![json!({"type": "receive", "amount": {"value": "5", "unit": "mL"}})],
        vec![json!({"type": "return", "amount": {"value": "5", "unit": "mL"}})],
        vec![json!({"type": "adjust", "amount": {"value": "5", "unit": "mL"}, "reason": "x"})],
        vec![json!({"type": "weigh", "gross": {"value": "50", "unit": "g"}, "tare": {"value": "9.50", "unit": "g"}})],
        vec![json!({"type": "move", "location_id": place})],
        vec![plain("check_out")],
        vec![plain("check_out"), plain("check_in")],
        vec![plain("quarantine")],
        vec![plain("quarantine"), plain("release")],
        vec![plain("lose")],
        vec![plain("lose"), plain("find")],
        vec![plain("empty")],
        vec![plain("discard")],
        vec![plain("discard"), plain("dispose")],
        vec![plain("open"), json!({"type": "reverse"})],
        vec![json!({"type": "reverse"})],
    ]
}

/// The answer to the last event, and that event as it was sent.
async fn lead(app: &TestApp, by: &Client, made: &Value, events: Vec<Value>) -> (Value, Value) {
    let (mut answer, mut sent) = (Value::Null, Value::Null);
    let ledger = by.get(&events_of(app, made)).await.ok();
    let mut newest = ledger["items"][0]["id"].clone();
    for mut event in events {
        event["id"] = json!(own_id());
        if event["type"] == "reverse" {
            event["event_id"] = newest;
        }
        answer = by.post(&events_of(app, made), event.clone()).await.created();
        newest = answer["event"]["id"].clone();
        sent = event;
    }
    (answer, sent)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_event_that_was_booked_is_answered_again_and_any_other_under_its_id_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, other) = (app.client("manager").await, app.client("manager").await);
    let (place, elsewhere) = (location(&app, None, "room", "R").await, location(&app, None, "room", "S").await);
    for events in lives(place) {
        let made = bottle(&app, &manager, "100", "mL").await;
        let (first, sent) = lead(&app, &manager, &made, events).await;
        let path = events_of(&app, &made);
        app.advance(TimeDelta::seconds(1));

        let again = manager.post(&path, sent.clone()).await.ok();
        assert_eq!(again["event"], first["event"], "{sent}");
        assert_eq!(again["container"], first["container"], "{sent}");

        let mut changed = sent.clone();
        changed["reason"] = json!("another reason");
        manager.post(&path, changed).await.problem(409, "id-taken");
        let mut earlier = sent.clone();
        earlier["occurred_at"] = json!(app.now());
        manager.post(&path, earlier).await.problem(409, "id-taken");
        other.post(&path, sent.clone()).await.problem(409, "id-taken");
        if sent["type"] == "move" {
            let mut moved = sent.clone();
            moved["location_id"] = json!(elsewhere);
            manager.post(&path, moved).await.problem(409, "id-taken");
        }
        let read = manager.get(&path_of(&app, &made)).await.ok();
        assert_eq!(read, first["container"], "nothing happened any more: {sent}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_same_content_counts_by_value_and_an_id_belongs_to_one_bottle(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (made, beside) = (bottle(&app, &manager, "100", "mL").await, bottle(&app, &manager, "100", "mL").await);
    let mut event = withdraw("12.50", "mL");
    event["id"] = json!(own_id());
    event["occurred_at"] = json!(app.now() + TimeDelta::seconds(90));
    manager.post(&events_of(&app, &made), event.clone()).await.created();

    event["amount"]["value"] = json!("12.5");
    event["reason"] = Value::Null;
    manager.post(&events_of(&app, &made), event.clone()).await.ok();
    manager.post(&events_of(&app, &beside), event.clone()).await.problem(409, "id-taken");
    event["amount"] = json!({"value": "12.51", "unit": "mL"});
    manager.post(&events_of(&app, &made), event).await.problem(409, "id-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_by_key_after_a_crash_is_a_success_whatever_the_first_try_made(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for (n, event) in [withdraw("60", "mL"), json!({"type": "check_out"}), json!({"type": "empty"})].iter().enumerate()
    {
        let made = bottle(&app, &manager, "100", "mL").await;
        let (path, key) = (events_of(&app, &made), format!("crash-{n}"));
        let first = manager.post_with_key(&path, &key, event.clone()).await.created();
        // As the crash leaves it: done, but the answer was not kept.
        sqlx::query("update idempotency_keys set answer = null").execute(&app.db).await.unwrap();
        app.advance(TimeDelta::seconds(61));
        let again = manager.post_with_key(&path, &key, event.clone()).await.ok();
        assert_eq!(again["event"], first["event"]);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_was_registered_is_answered_again_when_only_managers_register_by_now(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, member) = (app.client("admin").await, app.client("member").await);
    let ethanol = super::chemical(&app, "ethanol", None, None).await;
    let new = |value: &str| json!({"chemical_id": ethanol, "amount": {"value": value, "unit": "L"}});
    let mut own = new("1");
    own["id"] = json!(own_id());
    let path = app.path("/containers");
    let made = member.post(&path, own.clone()).await.created();
    let by_key = member.post_with_key(&path, "first-key-of-mine", new("2")).await.created();
    let policy = json!({"value": "manager"});
    let policies = app.path("/policies/registration");
    admin.send(axum::http::Method::PUT, &policies, &[("if-match", "*")], Some(policy)).await.ok();
    assert_eq!(member.post(&path, own.clone()).await.ok(), made);
    // As after a crash between the work and its record.
    sqlx::query("update idempotency_keys set answer = null").execute(&app.db).await.unwrap();
    app.advance(TimeDelta::seconds(61));
    let again = member.post_with_key(&path, "first-key-of-mine", new("2")).await;
    assert!(again.status.is_success() && again.body["id"] == by_key["id"], "{again:?}");
    own["amount"]["value"] = json!("3");
    member.post(&path, own).await.problem(409, "id-taken");
    member.post(&path, new("1")).await.problem(403, "forbidden");
}
