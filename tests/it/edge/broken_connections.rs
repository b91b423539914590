//! A request with an `Idempotency-Key` whose connection to Postgres breaks, at every moment of the request in turn:
//! before a statement came to Postgres, or after it was done there. Whoever repeats until there is an answer has it
//! done once.

use chemstock::auth;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    stock::containers::{bottle, events_of, withdraw},
    support::{
        Answer, Client, TestApp,
        postgres_wire::{Lost, PostgresWire},
    },
};

/// More than any request asks.
const MOST: usize = 60;

async fn count(db: &PgPool, rows: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {rows}"))).fetch_one(db).await.unwrap()
}

/// As an app does: again after 503, and after the pause that a 409 asks for.
async fn post_until_answered(app: &TestApp, by: &Client, path: &str, key: &str, body: &Value) -> Answer {
    for _ in 0..5 {
        let answer = by.post_with_key(path, key, body.clone()).await;
        match answer.status.as_u16() {
            503 => app.advance(TimeDelta::seconds(1)),
            409 if answer.body["type"] == "/problems/still-running" => {
                let pause = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
                app.advance(TimeDelta::seconds(pause));
            }
            _ => return answer,
        }
    }
    panic!("no answer to {path} in five tries");
}

/// The rows in `table` grow by one with each request, wherever its connection breaks; returns how often it broke.
async fn assert_done_once(wire: &PostgresWire, direct: &PgPool, app: &TestApp, by: &Client, post: Post<'_>) -> usize {
    // What is read once and kept in memory is there before.
    post_until_answered(app, by, post.path, &format!("{}-0", post.table), &(post.body)(0)).await;
    let (mut broken, mut n) = (0, 0);
    for lost in [Lost::Question, Lost::Answer] {
        for nth in 1..=MOST {
            let before = count(direct, post.table).await;
            n += 1;
            let (key, body) = (format!("{}-{lost:?}-{nth}", post.table), (post.body)(n));
            // Who is calling is asked anew, too.
            auth::forget_all(&app.app);
            wire.lose(nth, lost);
            let answer = post_until_answered(app, by, post.path, &key, &body).await;
            let has_lost = wire.has_lost();
            assert!(answer.status.is_success(), "{lost:?} {nth} of {}: {}", post.path, answer.text);
            let added = count(direct, post.table).await - before;
            assert_eq!(added, 1, "{lost:?} {nth} of {}: {}", post.path, answer.text);
            if !has_lost {
                break;
            }
            broken += 1;
        }
    }
    broken
}

struct Post<'a> {
    path: &'a str,
    /// Of the n-th request.
    body: &'a dyn Fn(usize) -> Value,
    table: &'a str,
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_repeated_by_key_after_a_broken_connection_is_done_once(direct: PgPool) {
    let wire = PostgresWire::to(&direct).await;
    let app = TestApp::new(wire.db.clone()).await;
    let (manager, admin) = (app.client("manager").await, app.client("admin").await);
    let (owner, cataloguer) = (app.owner().await, app.cataloguer().await);
    let made = bottle(&app, &manager, "1000", "mL").await;
    let chemical = made["chemical"]["id"].clone();

    let events = events_of(&app, &made);
    let withdrawal = |_| withdraw("1", "mL");
    let mut post = Post { path: &events, body: &withdrawal, table: "stock_events" };
    assert!(assert_done_once(&wire, &direct, &app, &manager, post).await >= 4);

    let containers = app.path("/containers");
    let new_bottle = |_| json!({"chemical_id": chemical, "amount": {"value": "5", "unit": "g"}});
    post = Post { path: &containers, body: &new_bottle, table: "containers" };
    assert!(assert_done_once(&wire, &direct, &app, &manager, post).await >= 4);
    assert_eq!(
        count(&direct, "stock_events where type = 'receive'").await,
        count(&direct, "containers").await,
        "each bottle has one receipt"
    );

    let locations = app.path("/locations");
    let new_location = |n| json!({"name": format!("Room {n}"), "kind": "room"});
    post = Post { path: &locations, body: &new_location, table: "locations" };
    assert!(assert_done_once(&wire, &direct, &app, &manager, post).await >= 4);

    let new_chemical = |n| json!({"name": format!("Substance {n}")});
    post = Post { path: "/v1/chemicals", body: &new_chemical, table: "chemicals" };
    assert!(assert_done_once(&wire, &direct, &app, &cataloguer, post).await >= 4);

    let invitations = app.path("/invitations");
    let new_invitation = |_| json!({"role": "member"});
    post = Post { path: &invitations, body: &new_invitation, table: "invitations" };
    assert!(assert_done_once(&wire, &direct, &app, &admin, post).await >= 4);

    let new_lab = |n| json!({"name": format!("Lab {n}")});
    post = Post { path: "/v1/labs", body: &new_lab, table: "labs" };
    assert!(assert_done_once(&wire, &direct, &app, &owner, post).await >= 4);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_key_whose_request_was_booked_and_cut_off_takes_no_other_request(direct: PgPool) {
    let wire = PostgresWire::to(&direct).await;
    let app = TestApp::new(wire.db.clone()).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1000", "mL").await;
    let events = events_of(&app, &made);
    manager.post_with_key(&events, "before", withdraw("1", "mL")).await.created();
    for nth in 1..=MOST {
        let (key, before) = (nth.to_string(), count(&direct, "stock_events").await);
        wire.lose(nth, Lost::Answer);
        let first = manager.post_with_key(&events, &key, withdraw("1", "mL")).await;
        if !wire.has_lost() {
            break;
        }
        // What was lost may have been a connection's own, on its way back to the pool.
        if first.status == 201 {
            continue;
        }
        first.expect(503);
        let was_booked = count(&direct, "stock_events").await > before;
        app.advance(TimeDelta::seconds(20));
        let other = manager.post_with_key(&events, &key, withdraw("2", "mL")).await;
        if was_booked || other.status != 201 {
            other.problem(422, "idempotency-key-reused");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_of_which_nobody_can_say_who_sends_it_is_not_done(direct: PgPool) {
    let wire = PostgresWire::to(&direct).await;
    let app = TestApp::new(wire.db.clone()).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1000", "mL").await;
    let events = events_of(&app, &made);
    let mut refused = 0;
    for nth in 1..=MOST {
        let (key, before) = (nth.to_string(), count(&direct, "stock_events").await);
        wire.lose(nth, Lost::Answer);
        manager.post_with_key(&events, &key, withdraw("1", "mL")).await;
        let has_lost = wire.has_lost();
        // The first question of the repeat is who is calling, unless a connection is still on its way back to the pool.
        auth::forget_all(&app.app);
        wire.lose(1, Lost::Question);
        let repeated = manager.post_with_key(&events, &key, withdraw("1", "mL")).await;
        refused += usize::from(repeated.status == 503);
        wire.has_lost();
        post_until_answered(&app, &manager, &events, &key, &withdraw("1", "mL")).await;
        assert_eq!(count(&direct, "stock_events").await - before, 1, "{nth}");
        if !has_lost {
            break;
        }
    }
    assert!(refused >= 4, "only {refused} repeats met a caller whom nobody could look up");
}
