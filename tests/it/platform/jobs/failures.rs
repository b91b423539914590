//! One job that goes wrong in an unusual way, beside others that do not.

use chemstock::platform::jobs;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Endless, Panic, Unwritable, Write, count, enqueue, row, run_due};
use crate::support::TestApp;

async fn last_error(app: &TestApp, id: Uuid) -> String {
    let error = sqlx::query_scalar("select coalesce(last_error, '') from jobs where id = $1").bind(id);
    error.fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_result_that_postgres_does_not_take_fails_its_job_and_no_other(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue(&app, &Unwritable).await;
    for n in 0..20 {
        enqueue(&app, &Write(n)).await;
    }
    run_due(&app).await;
    assert_eq!(count(&app.db, "select count(*) from jobs where kind = 'write' and state = 'done'").await, 20);
    assert_eq!(row(&app, id).await, ("failed".to_owned(), 1, false));
    assert!(last_error(&app, id).await.contains("cannot be written down"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_with_a_schedule_of_a_newer_version_fails_and_no_other(db: PgPool) {
    let app = TestApp::new(db).await;
    let (newer, ours) = (enqueue(&app, &Write(1)).await, enqueue(&app, &Write(2)).await);
    let fortnightly = sqlx::query("update jobs set schedule = $2 where id = $1");
    fortnightly.bind(newer).bind(json!({"fortnightly": "monday"})).execute(&app.db).await.unwrap();
    assert_eq!(run_due(&app).await, 1);
    assert_eq!(row(&app, ours).await.0, "done");
    assert_eq!(row(&app, newer).await, ("queued".to_owned(), 1, false));
    assert!(last_error(&app, newer).await.contains("cannot read its schedule"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_takes_too_long_is_ended_and_tried_again(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue(&app, &Endless).await;
    assert_eq!(run_due(&app).await, 1);
    assert_eq!(row(&app, id).await, ("queued".to_owned(), 1, false));
    assert!(last_error(&app, id).await.contains("took longer"));
    app.advance(TimeDelta::seconds(5));
    assert_eq!(run_due(&app).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_of_a_kind_that_nobody_has_known_for_a_week_is_given_up(db: PgPool) {
    let app = TestApp::new(db).await;
    let (removed, known) = (enqueue(&app, &Write(1)).await, enqueue(&app, &Panic { phone: String::new() }).await);
    let step = enqueue(&app, &Write(2)).await;
    let hourly = sqlx::query("update jobs set schedule = $2 where id = $1");
    hourly.bind(step).bind(json!({"every": {"secs": 3600, "nanos": 0}})).execute(&app.db).await.unwrap();
    let sweep = async || jobs::sweep(app.app.clone(), vec!["panic"]).await.unwrap();
    app.advance(TimeDelta::days(6));
    sweep().await;
    assert_eq!(row(&app, removed).await.0, "queued");
    app.advance(TimeDelta::days(2));
    sweep().await;
    let states = [row(&app, removed).await.0, row(&app, step).await.0, row(&app, known).await.0];
    assert_eq!(states, ["failed", "cancelled", "queued"]);
}
