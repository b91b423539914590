//! A Postgres that says nothing more and closes nothing, as behind a network that drops its packets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chemstock::platform::jobs::{Registry, Runner};
use chrono::TimeDelta;
use futures_util::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    stock::containers::{bottle, events_of, path_of, withdraw},
    support::{TestApp, postgres_wire::PostgresWire},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_server_that_goes_silent_is_away_and_all_goes_on_when_it_is_back(direct: PgPool) {
    let wire = PostgresWire::to(&direct).await;
    let app = TestApp::new(wire.db.clone()).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1000", "mL").await;
    let (path, events) = (path_of(&app, &made), events_of(&app, &made));
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let step = move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(500) }
    };
    let registry = Registry::default().step("count_runs", Duration::from_secs(1), 500, step);
    let stop = CancellationToken::new();
    let running = tokio::spawn(Runner::new(app.app.clone(), registry).run(stop.clone()));
    let until_it_runs = async |within: Duration| {
        let (before, deadline) = (runs.load(Ordering::SeqCst), Instant::now() + within);
        while runs.load(Ordering::SeqCst) == before {
            assert!(Instant::now() < deadline, "no job runs");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until_it_runs(Duration::from_secs(10)).await;

    wire.set_silent(true);
    let reads = join_all((0..20).map(|_| manager.get(&path)));
    let writes = join_all((0..20).map(|_| manager.post(&events, withdraw("1", "mL"))));
    let (reads, writes) = tokio::join!(reads, writes);
    for answer in reads.into_iter().chain(writes) {
        answer.problem(503, "unavailable");
    }
    wire.set_silent(false);
    // What was claimed when nobody heard of it is free again when its lease has ended.
    app.advance(TimeDelta::seconds(61));
    manager.get(&path).await.ok();
    manager.post(&events, withdraw("1", "mL")).await.created();
    until_it_runs(Duration::from_mins(1)).await;
    stop.cancel();
    running.await.unwrap();
}
