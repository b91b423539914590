//! Steps that all instances together take once in a period, and what is told of jobs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chemstock::{
    base::error::Error,
    platform::{
        jobs::{self, Registry, Runner},
        telemetry,
    },
    worker,
};
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::PgPool;

use super::{Panic, Write, count, enqueue, registry, run_due};
use crate::support::TestApp;

/// A step that counts its runs; the first so many find a full batch.
fn counting(full: usize) -> (Registry, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let step = move |_| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { Ok(if run < full { 500 } else { 3 }) }
    };
    (Registry::default().step("count_runs", Duration::from_mins(10), 500, step), runs)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn three_instances_take_a_step_once_in_its_period(db: PgPool) {
    let one = TestApp::new(db).await;
    let (two, three) = (one.restarted(), one.restarted());
    let (registry, runs) = counting(0);
    let all = async || {
        let [mut a, mut b, mut c] = [&one, &two, &three].map(|app| Runner::new(app.app.clone(), registry.clone()));
        let (a, b, c) = tokio::join!(Box::pin(a.run_due()), Box::pin(b.run_due()), Box::pin(c.run_due()));
        [a, b, c].map(Result::unwrap).iter().sum::<usize>()
    };
    assert_eq!((all().await, all().await), (1, 0));
    one.advance(TimeDelta::minutes(9));
    assert_eq!(all().await, 0);
    one.advance(TimeDelta::minutes(1));
    assert_eq!((all().await, all().await), (1, 0));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(count(&one.db, "select count(*) from jobs").await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_step_that_finds_a_full_batch_is_taken_again_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let (registry, runs) = counting(2);
    assert_eq!(Runner::new(app.app.clone(), registry).run_due().await.unwrap(), 3);
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_step_that_fails_is_tried_again_and_is_never_a_dead_letter(db: PgPool) {
    let app = TestApp::new(db).await;
    let fails = |_| async { Err(Error::Unavailable { service: "Redis", cause: "away".to_owned() }) };
    let registry = Registry::default().step("fail", Duration::from_mins(10), 500, fails);
    let mut tries = 0;
    for _ in 0..60 {
        tries += Runner::new(app.app.clone(), registry.clone()).run_due().await.unwrap();
        app.advance(TimeDelta::seconds(10));
    }
    assert_eq!(tries, 5, "then it waits for its next turn");
    let told = "select count(*) from jobs where state = 'queued' and last_error = 'Redis is not available'";
    assert_eq!(count(&app.db, told).await, 1);
    app.advance(TimeDelta::minutes(10));
    assert_eq!(Runner::new(app.app.clone(), registry).run_due().await.unwrap(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_done_goes_after_a_week_and_a_dead_letter_after_a_quarter(db: PgPool) {
    let app = TestApp::new(db).await;
    enqueue(&app, &Write(1)).await;
    enqueue(&app, &Panic { phone: String::new() }).await;
    for _ in 0..3 {
        run_due(&app).await;
        app.advance(TimeDelta::seconds(20));
    }
    assert_eq!(count(&app.db, "select count(*) from jobs where state in ('done', 'failed')").await, 2);
    app.advance(TimeDelta::days(6));
    assert_eq!(jobs::sweep(app.app.clone(), Vec::new()).await.unwrap(), 0);
    app.advance(TimeDelta::days(1));
    assert_eq!(jobs::sweep(app.app.clone(), Vec::new()).await.unwrap(), 1);
    assert_eq!(count(&app.db, "select count(*) from jobs where state = 'failed'").await, 1);
    app.advance(TimeDelta::days(83));
    assert_eq!(jobs::sweep(app.app.clone(), Vec::new()).await.unwrap(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn metrics_tell_how_many_wait_for_how_long_and_how_many_are_dead(db: PgPool) {
    telemetry::install();
    let app = TestApp::new(db).await;
    jobs::begin_metrics(registry().kinds());
    enqueue(&app, &Panic { phone: String::new() }).await;
    for _ in 0..3 {
        run_due(&app).await;
        app.advance(TimeDelta::seconds(20));
    }
    enqueue(&app, &Panic { phone: String::new() }).await;
    let runs = enqueue(&app, &Panic { phone: String::new() }).await;
    let begun = sqlx::query("update jobs set state = 'running', started_at = $2, lease_until = $3 where id = $1");
    begun.bind(runs).bind(app.now()).bind(app.now() + TimeDelta::days(1)).execute(&app.db).await.unwrap();
    app.advance(TimeDelta::seconds(90));
    jobs::measure(app.app.clone(), vec![<Panic as jobs::Job>::KIND]).await.unwrap();
    let shown = telemetry::render();
    for line in [
        "jobs_depth{kind=\"panic\",state=\"failed\"} 1",
        "jobs_depth{kind=\"panic\",state=\"queued\"} 1",
        "jobs_depth{kind=\"panic\",state=\"running\"} 1",
        "jobs_oldest_seconds{kind=\"panic\"} 90",
        "jobs_running_seconds{kind=\"panic\"} 90",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line} is not in\n{shown}");
    }
    assert!(shown.contains("jobs_failures_total{kind=\"panic\"}"), "{shown}");
    assert!(shown.contains("jobs_duration_seconds_count{kind=\"panic\"}"), "{shown}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn jobs_of_kinds_that_this_version_does_not_know_are_counted_together(db: PgPool) {
    // Of this test alone: what every test measures is "other", too.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let app = TestApp::new(db).await;
    enqueue(&app, &Write(1)).await;
    enqueue(&app, &Panic { phone: String::new() }).await;
    app.advance(TimeDelta::seconds(90));
    jobs::measure(app.app.clone(), vec!["known"]).await.unwrap();
    let shown = recorder.handle().render();
    for line in [
        "jobs_depth{kind=\"other\",state=\"queued\"} 2",
        "jobs_depth{kind=\"known\",state=\"queued\"} 0",
        "jobs_oldest_seconds{kind=\"other\"} 90",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line} is not in\n{shown}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_products_own_steps_all_run(db: PgPool) {
    let app = TestApp::new(db).await;
    let registry = worker::registry();
    // An import is no step: it runs when somebody asks for it.
    let steps = registry.kinds().filter(|kind| *kind != "import").count();
    assert_eq!(Runner::new(app.app.clone(), registry).run_due().await.unwrap(), steps);
    let waiting = "select count(*) from jobs where state = 'queued' and last_error is null and run_at > created_at";
    assert_eq!(count(&app.db, waiting).await, i64::try_from(steps).unwrap());
}
