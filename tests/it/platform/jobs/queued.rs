//! What is queued, and how often it runs.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use chemstock::platform::jobs::{self, Queue, Runner, Schedule};
use chrono::TimeDelta;
use sqlx::{Connection as _, PgPool};

use super::{Panic, Write, count, enqueue, enqueue_as, probe, registry, row, run_due};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_of_a_transaction_that_is_rolled_back_is_not_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut lease = app.app.db().await.unwrap();
    let mut tx = lease.begin().await.unwrap();
    jobs::enqueue(&mut tx, &Write(1), Queue::default(), app.now()).await.unwrap();
    tx.rollback().await.unwrap();
    drop(lease);
    assert_eq!(count(&app.db, "select count(*) from jobs").await, 0);
    assert_eq!(run_due(&app).await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_jobs_with_one_key_one_is_queued_until_it_has_ended(db: PgPool) {
    let app = TestApp::new(db).await;
    let keyed = || Queue { key: Some("report of May".to_owned()), ..Queue::default() };
    let first = enqueue_as(&app, &Write(1), keyed()).await;
    assert_eq!(enqueue_as(&app, &Write(2), keyed()).await, first);
    let other = Queue { key: Some("report of June".to_owned()), ..Queue::default() };
    assert_ne!(enqueue_as(&app, &Write(3), other).await, first);
    assert_eq!(run_due(&app).await, 2);
    assert_ne!(enqueue_as(&app, &Write(4), keyed()).await, first);
    assert_eq!(run_due(&app).await, 1);
    let mut written = probe(&app.app).written();
    written.sort_unstable();
    assert_eq!(written, [1, 3, 4]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_instances_run_each_of_five_hundred_jobs_once(db: PgPool) {
    let one = TestApp::new(db).await;
    let two = one.restarted();
    let mut lease = one.app.db().await.unwrap();
    let mut tx = lease.begin().await.unwrap();
    for n in 0..500 {
        jobs::enqueue(&mut tx, &Write(n), Queue::default(), one.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    drop(lease);
    let (a, b) = tokio::join!(run_due(&one), run_due(&two));
    assert!(a > 0 && b > 0 && a + b == 500, "{a} and {b}");
    let mut written = [probe(&one.app).written(), probe(&two.app).written()].concat();
    written.sort_unstable();
    assert_eq!(written, (0..500).collect::<Vec<_>>());
    assert_eq!(count(&one.db, "select count(*) from jobs where state = 'done' and attempts = 1").await, 500);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_panics_is_tried_again_and_then_is_a_dead_letter(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue(&app, &Panic { phone: "+12025550123".to_owned() }).await;
    assert_eq!(run_due(&app).await, 1);
    assert_eq!(row(&app, id).await, ("queued".to_owned(), 1, false));
    assert_eq!(run_due(&app).await, 0, "it waits first");
    app.advance(TimeDelta::seconds(5));
    assert_eq!(run_due(&app).await, 1);
    app.advance(TimeDelta::seconds(5));
    assert_eq!(run_due(&app).await, 0, "twice as long");
    app.advance(TimeDelta::seconds(5));
    assert_eq!(run_due(&app).await, 1);
    assert_eq!(row(&app, id).await, ("failed".to_owned(), 3, false));
    app.advance(TimeDelta::days(1));
    assert_eq!(run_due(&app).await, 0);
    let kept = count(&app.db, "select count(*) from jobs where last_error like '%panicked%'").await;
    let personal = count(&app.db, "select count(*) from jobs where last_error like '%2025550123%'").await;
    assert_eq!((kept, personal), (1, 0));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_is_queued_for_later_runs_then(db: PgPool) {
    let app = TestApp::new(db).await;
    let queue = Queue { run_at: Some(app.now() + TimeDelta::hours(1)), ..Queue::default() };
    enqueue_as(&app, &Write(1), queue).await;
    assert_eq!(run_due(&app).await, 0);
    app.advance(TimeDelta::hours(1));
    assert_eq!(run_due(&app).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_kind_that_an_instance_does_not_know_is_left_to_others(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue(&app, &Write(1)).await;
    let older = chemstock::platform::jobs::Registry::default().job::<Panic>();
    assert_eq!(Runner::new(app.app.clone(), older).run_due().await.unwrap(), 0);
    assert_eq!(row(&app, id).await, ("queued".to_owned(), 0, false));
    assert_eq!(Runner::new(app.app.clone(), registry()).run_due().await.unwrap(), 1);
}

/// At 07:00 in Berlin.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_daily_job_runs_each_morning_of_its_zone_until_it_is_withdrawn(db: PgPool) {
    let app = TestApp::new(db).await;
    let seven = Schedule::Daily { at: "07:00".parse().unwrap(), zone: chrono_tz::Europe::Berlin };
    let queue = Queue { key: Some("lab 1".to_owned()), schedule: Some(seven), ..Queue::default() };
    let id = enqueue_as(&app, &Write(7), queue.clone()).await;
    for morning in 1..=3 {
        assert_eq!(run_due(&app).await, 0);
        app.advance(seven.next_after(app.now()) - app.now());
        assert_eq!(run_due(&app).await, 1);
        assert_eq!(probe(&app.app).written().len(), morning);
        assert_eq!(row(&app, id).await, ("queued".to_owned(), 0, false));
    }
    // Another time takes the place of the first.
    let six = Schedule::Daily { at: "06:00".parse().unwrap(), zone: chrono_tz::Europe::Berlin };
    assert_eq!(enqueue_as(&app, &Write(6), Queue { schedule: Some(six), ..queue }).await, id);
    app.advance(six.next_after(app.now()) - app.now());
    assert_eq!(run_due(&app).await, 1);
    assert_eq!(probe(&app.app).written(), [7, 7, 7, 6]);
    assert!(jobs::withdraw::<Write>(&mut app.app.db().await.unwrap(), "lab 1").await.unwrap());
    app.advance(TimeDelta::days(2));
    assert_eq!(run_due(&app).await, 0);
}
