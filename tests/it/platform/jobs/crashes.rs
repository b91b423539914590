//! Instances that die or stop in the middle.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{Hang, Wait, Write, count, enqueue, probe, row, run_due, runner, start, until_state};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_dead_instance_had_begun_runs_again_when_its_lease_ends_and_nothing_else_does(db: PgPool) {
    let one = TestApp::new(db).await;
    let two = one.restarted();
    let hangs = enqueue(&one, &Hang).await;
    for n in 0..40 {
        enqueue(&one, &Write(n)).await;
    }
    let (running, _stop) = start(&one, runner(&one));
    probe(&one.app).begun.notified().await;
    // A process that is killed says nothing more.
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());

    probe(&two.app).let_go();
    run_due(&two).await;
    assert_eq!(row(&two, hangs).await, ("running".to_owned(), 1, true), "its lease has not ended");
    two.advance(TimeDelta::seconds(60));
    run_due(&two).await;
    assert_eq!(row(&two, hangs).await, ("done".to_owned(), 2, false));
    assert_eq!(count(&two.db, "select count(*) from jobs where state <> 'done'").await, 0);
    let mut written = [probe(&one.app).written(), probe(&two.app).written()].concat();
    written.sort_unstable();
    let times = |n: u32| written.iter().filter(|it| **it == n).count();
    assert!((0..40).all(|n| times(n) >= 1), "nothing is lost: {written:?}");
    let again = count(&two.db, "select count(*) from jobs where attempts > 1 and kind = 'write'").await;
    let twice = (0..40).filter(|n| times(*n) > 1).count();
    assert!(i64::try_from(twice).unwrap() <= again, "only what was under way ran twice: {written:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_ends_its_process_each_time_is_a_dead_letter_in_the_end(db: PgPool) {
    let app = TestApp::new(db).await;
    let id = enqueue(&app, &Hang).await;
    let killed = "update jobs set state = 'running', attempts = max_attempts, lease_id = id, lease_until = run_at";
    sqlx::query(killed).execute(&app.db).await.unwrap();
    assert_eq!(run_due(&app).await, 0, "it is not begun again");
    assert_eq!(row(&app, id).await.0, "failed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stop_gives_back_what_does_not_end_by_itself_and_the_try_does_not_count(db: PgPool) {
    let one = TestApp::new(db).await;
    let two = one.restarted();
    let (hangs, waits) = (enqueue(&one, &Hang).await, enqueue(&one, &Wait).await);
    let (running, stop) = start(&one, runner(&one).with_grace(Duration::from_millis(200)));
    probe(&one.app).begun.notified().await;
    until_state(&one, hangs, "running").await;
    until_state(&one, waits, "running").await;
    stop.cancel();
    running.await.unwrap();
    for id in [hangs, waits] {
        assert_eq!(row(&one, id).await, ("queued".to_owned(), 0, false));
    }
    probe(&two.app).let_go();
    let (again, stop) = start(&two, runner(&two));
    until_state(&two, hangs, "done").await;
    stop.cancel();
    again.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_has_lost_a_lease_writes_nothing_more(db: PgPool) {
    let one = TestApp::new(db).await;
    let two = one.restarted();
    let id = enqueue(&one, &Wait).await;
    let (running, stop) = start(&one, runner(&one));
    probe(&one.app).begun.notified().await;
    one.advance(TimeDelta::seconds(60));
    let (taken, stop_two) = start(&two, runner(&two));
    probe(&two.app).begun.notified().await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(row(&one, id).await, ("running".to_owned(), 2, true), "it is the other's");
    stop_two.cancel();
    taken.await.unwrap();
    assert_eq!(row(&one, id).await, ("queued".to_owned(), 1, false));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_instances_that_are_killed_again_and_again_no_job_is_lost_and_none_runs_beyond_its_tries(db: PgPool) {
    let first = TestApp::new(db).await;
    for n in 0..120 {
        enqueue(&first, &Write(n)).await;
    }
    let mut instances = Vec::new();
    for round in 1..=12 {
        let (one, two) = (first.restarted(), first.restarted());
        let (killed, _stop) = start(&one, runner(&one));
        let (other, stop) = start(&two, runner(&two));
        let written = || probe(&one.app).written().len() + probe(&two.app).written().len();
        while written() < round % 5 && count(&first.db, "select count(*) from jobs where state = 'queued'").await > 0 {
            tokio::task::yield_now().await;
        }
        killed.abort();
        stop.cancel();
        other.await.unwrap();
        first.advance(TimeDelta::seconds(60));
        instances.extend([one, two]);
    }
    run_due(&first).await;
    let done = "select count(*) from jobs where state = 'done' and attempts <= max_attempts";
    assert_eq!(count(&first.db, done).await, 120);
    let tries: i64 = count(&first.db, "select sum(attempts)::bigint from jobs").await;
    let written: usize = instances.iter().chain([&first]).map(|app| probe(&app.app).written().len()).sum();
    assert!((120..=usize::try_from(tries).unwrap()).contains(&written), "{written} in {tries} tries");
}
