//! Jobs that are queued, scheduled or withdrawn while they run.

use chemstock::platform::jobs::{self, Queue, Schedule};
use chrono::TimeDelta;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Gate, enqueue_as, probe, row, run_due, runner, start, until_state};
use crate::support::TestApp;

fn keyed() -> Queue {
    Queue { key: Some("lab 1".to_owned()), ..Queue::default() }
}

fn each(minutes: u64) -> Queue {
    let period = std::time::Duration::from_mins(minutes);
    Queue { schedule: Some(Schedule::Every(period)), ..keyed() }
}

/// Lets the run that has begun end, and waits until the next has begun.
async fn until_begun_again(app: &TestApp) {
    let probe = probe(&app.app);
    probe.go.notify_one();
    probe.begun.notified().await;
}

async fn until_done(app: &TestApp, id: Uuid) {
    probe(&app.app).go.notify_one();
    until_state(app, id, "done").await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_queued_while_a_job_of_its_key_runs_is_done_afterwards_and_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), keyed()).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    assert_eq!(enqueue_as(&app, &Gate(2), keyed()).await, id);
    assert_eq!(enqueue_as(&app, &Gate(3), keyed()).await, id);
    until_begun_again(&app).await;
    until_done(&app, id).await;
    assert_eq!(probe(&app.app).written(), [1, 3]);
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_queued_while_a_job_of_its_key_is_being_cancelled_is_done(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), keyed()).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    let cancelled = jobs::cancel(&mut app.app.db().await.unwrap(), &app.app, id).await.unwrap();
    assert!(cancelled.is_some_and(|job| job.cancel_requested));
    assert_eq!(enqueue_as(&app, &Gate(2), keyed()).await, id);
    until_begun_again(&app).await;
    until_done(&app, id).await;
    assert_eq!(probe(&app.app).written(), [1, 2]);
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_queued_while_a_job_of_its_key_is_being_cancelled_is_done_also_when_that_one_dies(db: PgPool) {
    let one = TestApp::new(db).await;
    let two = one.restarted();
    let id = enqueue_as(&one, &Gate(1), keyed()).await;
    let (killed, _stop) = start(&one, runner(&one));
    probe(&one.app).begun.notified().await;
    jobs::cancel(&mut one.app.db().await.unwrap(), &one.app, id).await.unwrap();
    enqueue_as(&one, &Gate(2), keyed()).await;
    killed.abort();
    killed.await.unwrap_err();
    two.advance(TimeDelta::minutes(1));
    probe(&two.app).go.notify_one();
    assert_eq!(run_due(&two).await, 1);
    assert_eq!(probe(&two.app).written(), [2]);
    assert_eq!(row(&two, id).await, ("done".to_owned(), 1, false));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_schedule_does_not_put_off_what_was_queued_before_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), keyed()).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    enqueue_as(&app, &Gate(2), keyed()).await;
    assert_eq!(enqueue_as(&app, &Gate(3), each(60)).await, id);
    until_begun_again(&app).await;
    probe(&app.app).go.notify_one();
    until_state(&app, id, "queued").await;
    assert_eq!(probe(&app.app).written(), [1, 3]);
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cancellation_also_takes_back_what_was_queued_before_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), keyed()).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    enqueue_as(&app, &Gate(2), keyed()).await;
    jobs::cancel(&mut app.app.db().await.unwrap(), &app.app, id).await.unwrap();
    until_done(&app, id).await;
    assert_eq!(probe(&app.app).written(), [1]);
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_scheduled_job_that_is_withdrawn_while_it_runs_does_not_run_again(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), each(1)).await;
    app.advance(TimeDelta::minutes(1));
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    let withdraw = async || jobs::withdraw::<Gate>(&mut app.app.db().await.unwrap(), "lab 1").await.unwrap();
    assert_eq!((withdraw().await, withdraw().await), (true, false));
    until_done(&app, id).await;
    stop.cancel();
    running.await.unwrap();
    app.advance(TimeDelta::days(1));
    assert_eq!(run_due(&app).await, 0);
    assert_ne!(enqueue_as(&app, &Gate(2), each(1)).await, id, "the key is free");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_schedule_that_is_given_while_a_job_runs_decides_when_it_runs_next(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue_as(&app, &Gate(1), each(1)).await;
    app.advance(TimeDelta::minutes(1));
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    assert_eq!(enqueue_as(&app, &Gate(2), each(60)).await, id);
    probe(&app.app).go.notify_one();
    until_state(&app, id, "queued").await;
    stop.cancel();
    running.await.unwrap();
    let run_at: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select run_at from jobs").fetch_one(&app.db).await.unwrap();
    assert_eq!(run_at - app.now(), TimeDelta::hours(1));
    assert_eq!(row(&app, id).await, ("queued".to_owned(), 0, false));
}
