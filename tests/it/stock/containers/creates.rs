//! A container that is sent again under its id is not made again.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{chemical, events_of, location, path_of, withdraw};
use crate::support::{Client, TestApp, own_id};

async fn new_bottle(app: &TestApp) -> Value {
    let water = chemical(app, "water", None, Some("1")).await;
    let room = location(app, None, "room", "R").await;
    json!({"id": own_id(), "chemical_id": water, "location_id": room, "code": "W-1", "lot": "L7",
        "amount": {"value": "1.50", "unit": "L"}, "low_at": {"value": "100", "unit": "g"}, "expires_on": "2028-06-30",
        "tare": {"value": "0.3", "unit": "kg"}, "gtin": "4006381333931", "occurred_at": app.now() - TimeDelta::hours(1)})
}

async fn ledger(by: &Client, app: &TestApp, made: &Value) -> usize {
    by.get(&events_of(app, made)).await.ok()["items"].as_array().unwrap().len()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_container_sent_again_is_answered_again_and_any_other_under_its_id_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, other) = (app.client("manager").await, app.client("manager").await);
    let (new, path) = (new_bottle(&app).await, app.path("/containers"));
    let made = manager.post(&path, new.clone()).await.created();
    app.advance(TimeDelta::seconds(1));
    let again = manager.post(&path, new.clone()).await.expect(200);
    assert_eq!((&again.body, again.etag().as_str()), (&made, "\"1\""));

    let mut same = new.clone();
    same["amount"] = json!({"unit": "l", "value": "1.5"});
    same["note"] = Value::Null;
    assert_eq!(manager.post(&path, same).await.ok(), made);

    other.post(&path, new.clone()).await.problem(409, "id-taken");
    for (field, value) in [
        ("amount", json!({"value": "1.51", "unit": "L"})),
        ("amount", json!({"value": "0", "unit": "L"})),
        ("code", json!("W-2")),
        ("code", Value::Null),
        ("lot", json!("L8")),
        ("location_id", Value::Null),
        ("location_id", json!(Uuid::now_v7())),
        ("chemical_id", json!(Uuid::now_v7())),
        ("occurred_at", Value::Null),
    ] {
        let mut changed = new.clone();
        changed[field] = value.clone();
        manager.post(&path, changed).await.problem(409, "id-taken");
        assert_eq!(manager.get(&path_of(&app, &made)).await.ok(), made, "{field}: {value}");
    }
    assert_eq!(ledger(&manager, &app, &made).await, 1);
    let all = manager.get(&path).await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeated_create_succeeds_whatever_has_become_of_the_container(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (new, path) = (new_bottle(&app).await, app.path("/containers"));
    let made = manager.post(&path, new.clone()).await.created();
    let again = async || {
        let read = manager.get(&path_of(&app, &made)).await.ok();
        assert_eq!(manager.post(&path, new.clone()).await.ok(), read);
    };
    let post = async |event: Value| manager.post(&events_of(&app, &made), event).await.created();

    let used = post(withdraw("100", "mL")).await;
    again().await;
    manager.patch(&path_of(&app, &made), "*", json!({"code": "W-9", "lot": null, "density": "0.9"})).await.ok();
    again().await;
    // Its first code is a place's by now, its first place is closed, and nobody could make it out any more.
    let taken = json!({"kind": "room", "name": "S", "code": "W-1"});
    let place = manager.post(&app.path("/locations"), taken).await.created();
    post(json!({"type": "move", "location_id": place["id"]})).await;
    let room = app.path(&format!("/locations/{}", new["location_id"].as_str().unwrap()));
    manager.delete(&room, "*").await.expect(204);
    let chemical = format!("/v1/chemicals/{}", new["chemical_id"].as_str().unwrap());
    app.cataloguer().await.patch(&chemical, "*", json!({"density": null})).await.ok();
    again().await;
    post(json!({"type": "reverse", "event_id": used["event"]["id"]})).await;
    post(json!({"type": "discard"})).await;
    post(json!({"type": "dispose"})).await;
    again().await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_create_that_was_undone_and_is_sent_again_stays_undone(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (new, path) = (new_bottle(&app).await, app.path("/containers"));
    let made = manager.post(&path, new.clone()).await.created();
    let receipt = manager.get(&events_of(&app, &made)).await.ok()["items"][0]["id"].clone();
    manager.post(&events_of(&app, &made), json!({"type": "reverse", "event_id": receipt})).await.created();
    assert_eq!(manager.post(&path, new).await.ok()["state"], "voided");
    assert_eq!(ledger(&manager, &app, &made).await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_container_sent_fifty_times_at_once_is_made_once_and_answered_each_time(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let mut new = new_bottle(&app).await;
    for code in [json!("W-1"), Value::Null] {
        (new["id"], new["code"]) = (json!(own_id()), code);
        let mut racing = JoinSet::new();
        for _ in 0..50 {
            let (manager, path, new) = (manager.clone(), app.path("/containers"), new.clone());
            racing.spawn(async move { manager.post(&path, new).await });
        }
        let mut answers = racing.join_all().await;
        answers.sort_by_key(|answer| answer.status);
        let made = answers.pop().unwrap().created();
        for again in answers {
            assert_eq!(again.ok(), made);
        }
        assert_eq!(ledger(&manager, &app, &made).await, 1);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_container_that_came_in_otherwise_is_no_repeat(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let new = new_bottle(&app).await;
    manager.post(&app.path("/containers"), new.clone()).await.created();
    // Of an import nobody posted what it was made from.
    sqlx::raw_sql(
        "alter table stock_events disable trigger stock_events_append_only;
        update stock_events set content = null, by_user = null, by_system = 'import'",
    )
    .execute(&app.db)
    .await
    .unwrap();
    manager.post(&app.path("/containers"), new).await.problem(409, "id-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_create_repeated_by_key_after_a_crash_is_a_success(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let mut new = new_bottle(&app).await;
    new.as_object_mut().unwrap().retain(|field, _| field != "id" && field != "code");
    let path = app.path("/containers");
    let first = manager.post_with_key(&path, "crash", new.clone()).await.created();
    // As the crash leaves it: done, but the answer was not kept.
    sqlx::query("update idempotency_keys set answer = null").execute(&app.db).await.unwrap();
    app.advance(TimeDelta::seconds(61));
    assert_eq!(manager.post_with_key(&path, "crash", new).await.ok(), first);
}
