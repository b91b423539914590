//! A place is closed while something is put into it, on connections of their own.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{path_of, place};
use crate::{
    stock::containers::{bottle_of, chemical, events_of},
    support::{Answer, TestApp, until_wait},
};

/// Something that may still be there, in a place that is closed.
async fn strays(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from containers c join locations l on l.id = c.location_id
                where l.closed_at is not null and c.state not in ('disposed', 'voided'))
            + (select count(*) from locations c join locations l on l.id = c.parent_id
                where l.closed_at is not null and c.closed_at is null)",
    )
    .fetch_one(&app.db)
    .await
    .expect("a count")
}

fn statuses<const N: usize>(answers: [Answer; N]) -> [u16; N] {
    answers.map(|answer| answer.status.as_u16())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_stays_behind_in_a_place_that_is_closed_while_it_is_put_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    for n in 0..40 {
        let room = place(&app, &manager, "room", &format!("R{n}"), None).await;
        let shelf = place(&app, &manager, "shelf", &format!("S{n}"), None).await;
        let made = bottle_of(&app, &manager, water, "1", "L", json!({"location_id": shelf["id"]})).await;
        let (path, body) = match n % 4 {
            0 => (events_of(&app, &made), json!({"type": "move", "location_id": room["id"]})),
            1 => {
                let amount = json!({"value": "1", "unit": "L"});
                (app.path("/containers"), json!({"chemical_id": water, "amount": amount, "location_id": room["id"]}))
            }
            2 => (app.path("/locations"), json!({"kind": "shelf", "name": "C", "parent_id": room["id"]})),
            _ => (path_of(&app, &shelf), json!({"parent_id": room["id"]})),
        };
        let put =
            async { if n % 4 == 3 { manager.patch(&path, "*", body).await } else { manager.post(&path, body).await } };
        let room_path = path_of(&app, &room);
        let (put, closed) = tokio::join!(put, manager.delete(&room_path, "*"));
        let [put, closed] = statuses([put, closed]);
        assert!([(200, 409), (201, 409), (422, 204)].contains(&(put, closed)), "round {n}: {put}, {closed}");
        assert_eq!(strays(&app).await, 0, "round {n}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_undo_that_meets_the_closing_is_refused_with_its_reason_or_keeps_the_place_open(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let new = place(&app, &manager, "room", "New", None).await;
    for n in 0..30 {
        let old = place(&app, &manager, "room", &format!("R{n}"), None).await;
        let made = bottle_of(&app, &manager, water, "1", "L", json!({"location_id": old["id"]})).await;
        let events = events_of(&app, &made);
        let is_move = n % 2 == 0;
        let done = if is_move {
            manager.post(&events, json!({"type": "move", "location_id": new["id"]})).await.created()
        } else {
            manager.post(&events, json!({"type": "discard"})).await.created();
            manager.post(&events, json!({"type": "dispose"})).await.created()
        };
        let (undo, path) = (json!({"type": "reverse", "event_id": done["event"]["id"]}), path_of(&app, &old));
        let (undone, closed) = tokio::join!(manager.post(&events, undo), manager.delete(&path, "*"));
        match closed.status.as_u16() {
            409 => assert_eq!(undone.created()["container"]["location_id"], old["id"], "round {n}"),
            204 if is_move => drop(undone.problem(409, "not-reversible")),
            204 => assert_eq!(undone.created()["container"]["location_id"], Value::Null, "round {n}"),
            other => panic!("round {n}: {other}"),
        }
        assert_eq!(strays(&app).await, 0, "round {n}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_undo_that_meets_the_closing_twice_is_refused_with_its_reason(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let (old, new) =
        (place(&app, &manager, "room", "Old", None).await, place(&app, &manager, "room", "New", None).await);
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"location_id": old["id"]})).await;
    let events = events_of(&app, &made);
    let moved = manager.post(&events, json!({"type": "move", "location_id": new["id"]})).await.created();
    let id = |it: &Value| it["id"].as_str().expect("an id").parse::<uuid::Uuid>().expect("an id");
    let (mut busy, mut closing) = (db.begin().await.expect("begun"), db.begin().await.expect("begun"));
    let bottle = sqlx::query("select from containers where id = $1 for update").bind(id(&made));
    bottle.execute(&mut *busy).await.expect("held");
    let place = sqlx::query("select from locations where id = $1 for update").bind(id(&old));
    place.execute(&mut *closing).await.expect("held");
    let undone = tokio::spawn(async move {
        manager.post(&events, json!({"type": "reverse", "event_id": moved["event"]["id"]})).await
    });
    // Somebody has the bottle, so it is decided on again; then the place is open, and closed as the bottle comes.
    until_wait(&db, 1, "select c.id").await;
    busy.rollback().await.expect("let go");
    until_wait(&db, 1, "with patience").await;
    let close = sqlx::query("update locations set closed_at = now() where id = $1").bind(id(&old));
    close.execute(&mut *closing).await.expect("closed");
    closing.commit().await.expect("closed");
    undone.await.expect("an answer").problem(409, "not-reversible");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_many_who_close_one_place_at_once_one_does(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for n in 0..10 {
        let room = place(&app, &manager, "room", &format!("R{n}"), None).await;
        let path = path_of(&app, &room);
        let delete = || manager.delete(&path, "\"1\"");
        let rename = json!({"name": format!("N{n}")});
        let (a, b, c, d, renamed) =
            tokio::join!(delete(), delete(), delete(), delete(), manager.patch(&path, "\"2\"", rename));
        let mut all = statuses([a, b, c, d]);
        all.sort_unstable();
        assert_eq!(all, [204, 404, 404, 404]);
        // Before the closing it is another version, and afterwards no place any more.
        assert!([404, 412].contains(&renamed.status.as_u16()), "{}", renamed.text);
        assert_eq!(manager.get(&path).await.ok()["version"], 2);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_is_given_back_while_it_is_wanted_has_one_owner_at_most(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    for n in 0..20 {
        let code = format!("C-{n}");
        let new = json!({"kind": "room", "name": code, "code": code});
        let old = manager.post(&app.path("/locations"), new.clone()).await.created();
        let bottle = json!({"chemical_id": water, "amount": {"value": "1", "unit": "L"}, "code": code});
        let (path, places, bottles) = (path_of(&app, &old), app.path("/locations"), app.path("/containers"));
        let (closed, place, bottle) =
            tokio::join!(manager.delete(&path, "*"), manager.post(&places, new), manager.post(&bottles, bottle));
        let [closed, place, bottle] = statuses([closed, place, bottle]);
        assert_eq!(closed, 204);
        assert!([(201, 409), (409, 201), (409, 409)].contains(&(place, bottle)), "{code}: {place}, {bottle}");
    }
}
