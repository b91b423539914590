use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{bottle, bottle_of, chemical, events_of, location, path_of, withdraw};
use crate::support::{TestApp, own_id};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_container_has_a_code_that_checks_and_a_receipt(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "2.50", "L").await;
    assert_eq!(made["amount"], json!({"value": "2.5", "unit": "L"}), "no zeros that mean nothing");
    assert_eq!(made["state"], "in_stock");
    made["code"].as_str().unwrap().parse::<chemistry::ContainerCode>().expect("a right check character");
    let ledger = manager.get(&events_of(&app, &made)).await.ok();
    assert_eq!(ledger["items"][0]["type"], "receive");
    assert_eq!(ledger["items"][0]["delta"], "2.5");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_and_ids_are_taken_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let id = own_id();
    let body = json!({"id": id, "code": "X-1", "chemical_id": water, "amount": {"value": "1", "unit": "L"}});
    assert_eq!(manager.post(&app.path("/containers"), body.clone()).await.created()["id"], json!(id));
    let mut other = body;
    other["code"] = json!("X-2");
    manager.post(&app.path("/containers"), other.clone()).await.problem(409, "id-taken");
    other["code"] = json!("X-1");
    other["id"] = json!(own_id());
    manager.post(&app.path("/containers"), other).await.problem(409, "code-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_container_refers_to_must_be_there_and_of_the_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let other_lab = Uuid::now_v7();
    sqlx::query("insert into labs (id, name, created_at, updated_at) values ($1, 'Other', now(), now())")
        .bind(other_lab)
        .execute(&app.db)
        .await
        .unwrap();
    let theirs = location(&app, None, "room", "R").await;
    sqlx::query("update locations set lab_id = $2 where id = $1")
        .bind(theirs)
        .bind(other_lab)
        .execute(&app.db)
        .await
        .unwrap();
    let amount = json!({"value": "1", "unit": "L"});
    for (body, pointer) in [
        (json!({"chemical_id": Uuid::now_v7(), "amount": amount}), "/chemical_id"),
        (json!({"chemical_id": water, "amount": amount, "location_id": theirs}), "/location_id"),
        (json!({"chemical_id": water, "amount": amount, "tare": {"value": "1", "unit": "L"}}), "/tare/unit"),
        (json!({"chemical_id": water, "amount": amount, "low_at": {"value": "1", "unit": "mol"}}), "/low_at/unit"),
        (json!({"chemical_id": water, "amount": amount, "expires_on": "31.12.2027"}), "/expires_on"),
        (json!({"chemical_id": water, "amount": amount, "colour": "red"}), "/colour"),
    ] {
        let problem = manager.post(&app.path("/containers"), body.clone()).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_needs_the_version_that_was_read(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1", "L").await;
    let path = path_of(&app, &made);
    let patch = json!({"note": "for the HPLC only", "low_at": {"value": "100", "unit": "mL"}, "lot": "L1"});

    let without = manager.send(axum::http::Method::PATCH, &path, &[], Some(patch.clone())).await;
    without.problem(428, "if-match-required");
    manager.patch(&path, "\"7\"", patch.clone()).await.problem(412, "stale");
    let read = manager.get(&path).await;
    let changed = manager.patch(&path, &read.etag(), patch).await;
    assert_eq!(changed.etag(), "\"2\"");
    let changed = changed.ok();
    assert_eq!(changed["low_at"], json!({"value": "0.1", "unit": "L"}));

    let cleared = manager.patch(&path, "\"2\"", json!({"note": null})).await.ok();
    assert_eq!((&cleared["note"], &cleared["lot"]), (&Value::Null, &json!("L1")));
    manager.patch(&path, "*", json!({"amount": {"value": "5", "unit": "L"}})).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_between_read_and_change_makes_the_change_stale(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1", "L").await;
    let etag = manager.get(&path_of(&app, &made)).await.etag();
    manager.post(&events_of(&app, &made), withdraw("1", "mL")).await.created();
    manager.patch(&path_of(&app, &made), &etag, json!({"note": "x"})).await.problem(412, "stale");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn roles_are_kept_and_another_labs_bottle_is_not_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (viewer, member, stranger) = (app.client("viewer").await, app.client("member").await, app.stranger().await);
    let made = bottle(&app, &manager, "1", "L").await;
    viewer.get(&path_of(&app, &made)).await.ok();
    viewer.post(&events_of(&app, &made), withdraw("1", "mL")).await.problem(403, "forbidden");
    viewer.patch(&path_of(&app, &made), "*", json!({"note": "x"})).await.problem(403, "forbidden");
    viewer.post(&app.path("/containers"), json!({})).await.problem(403, "forbidden");
    member.patch(&path_of(&app, &made), "*", json!({"code": "x"})).await.problem(403, "forbidden");
    stranger.get(&path_of(&app, &made)).await.problem(404, "not-found");
    app.nobody().get(&path_of(&app, &made)).await.problem(401, "no-token");
    manager.get(&app.path(&format!("/containers/{}", Uuid::now_v7()))).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_with_an_idempotency_key_gets_the_first_answer(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    let first = manager.post_with_key(&path, "k1", withdraw("1", "mL")).await.created();
    let again = manager.post_with_key(&path, "k1", withdraw("1", "mL")).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.created(), first);
    manager.post_with_key(&path, "k1", withdraw("2", "mL")).await.problem(422, "idempotency-key-reused");
    let other = app.client("member").await;
    other.post_with_key(&path, "k1", withdraw("2", "mL")).await.created();
    assert_eq!(manager.get(&path_of(&app, &made)).await.ok()["amount"]["value"], "7");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_key_twenty_times_at_once_books_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let posts = (0..20).map(|_| {
        let (by, path) = (manager.clone(), events_of(&app, &made));
        tokio::spawn(async move { by.post_with_key(&path, "once", withdraw("1", "mL")).await.status.as_u16() })
    });
    for post in posts.collect::<Vec<_>>() {
        assert!([201, 409].contains(&post.await.unwrap()), "done, or still running");
    }
    assert_eq!(manager.get(&path_of(&app, &made)).await.ok()["amount"]["value"], "99");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_after_a_crash_between_deed_and_record_does_not_do_it_twice(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    manager.post_with_key(&path, "crash", withdraw("1", "mL")).await.created();
    // As the crash leaves it: done, but the answer was not kept.
    sqlx::query("update idempotency_keys set answer = null").execute(&app.db).await.unwrap();

    let running = manager.post_with_key(&path, "crash", withdraw("1", "mL")).await;
    let left: u64 = running.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=11).contains(&left), "what is left of the time in which the first might still be running: {left}");
    running.problem(409, "still-running");
    app.advance(chrono::TimeDelta::seconds(11));
    let again = manager.post_with_key(&path, "crash", withdraw("1", "mL")).await.ok();
    assert_eq!(again["container"]["amount"]["value"], "99");
    bottle_of(&app, &manager, chemical(&app, "x", None, None).await, "1", "g", json!({})).await;
}
