//! Whoever sends many calls with many events each waits for himself, and keeps nobody else waiting.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    assert_ledger_adds_up, bottle, events_of,
    many::{amount, named, on, words},
    withdraw,
};
use crate::support::TestApp;

/// Statements of the test's database that wait for a lock.
async fn waiting(db: &PgPool) -> usize {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(db).await.unwrap();
    usize::try_from(waiting).unwrap()
}

/// One person sends forty calls for bottles that somebody else is writing.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn calls_of_one_person_with_many_events_leave_connections_to_the_others(db: PgPool) {
    let app = TestApp::with_all_lanes(db.clone()).await;
    let (greedy, other) = (app.client("member").await, app.client("member").await);
    for atomic in [true, false] {
        let (free, mut held) = (bottle(&app, &other, "100", "mL").await, Vec::new());
        for _ in 0..8 {
            held.push(bottle(&app, &other, "100", "mL").await);
        }
        let ids: Vec<Uuid> = held.iter().map(|it| it["id"].as_str().unwrap().parse().unwrap()).collect();
        let mut tx = db.begin().await.unwrap();
        let lock = sqlx::query("select from containers where id = any ($1) for update").bind(&ids);
        lock.execute(&mut *tx).await.unwrap();
        let mut calls = JoinSet::new();
        for _ in 0..40 {
            let operations: Vec<_> = held.iter().map(|it| on(it, named(withdraw("1", "mL")))).collect();
            let (by, path) = (greedy.clone(), app.path("/events"));
            let body = json!({"atomic": atomic, "operations": operations});
            calls.spawn(async move { by.post(&path, body).await });
        }
        while waiting(&db).await == 0 {
            tokio::task::yield_now().await;
        }
        // All that come to a connection have one by now.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        for _ in 0..5 {
            other.post(&events_of(&app, &free), withdraw("1", "mL")).await.created();
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(3), "atomic: {atomic}, {took:?}");
        assert!(waiting(&db).await <= 16, "half of the connections that write are left to others");
        tx.rollback().await.unwrap();
        let mut booked: i32 = 0;
        for answer in calls.join_all().await {
            match answer.status.as_u16() {
                200 => {
                    // One that waited for its bottle too long comes later.
                    let verdicts = words(answer.body["verdicts"].as_array().unwrap());
                    assert!(verdicts.iter().all(|it| ["applied", "later"].contains(it)), "{verdicts:?}");
                    booked += i32::from(verdicts[0] == "applied");
                }
                503 if atomic => drop::<Value>(answer.problem(503, "unavailable")),
                _ => drop::<Value>(answer.problem(429, "rate-limited")),
            }
        }
        assert!(booked > 0, "they come one after the other");
        assert_eq!(amount(&app, &other, &held[0]).await, (100 - booked).to_string());
    }
    assert_ledger_adds_up(&app).await;
    app.app.lanes().close().await;
}
