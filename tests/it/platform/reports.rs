//! Reports have connections and limits of their own.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::{
    stock::containers::{bottle, events_of, path_of, withdraw},
    support::TestApp,
};

/// How many statements wait for a lock.
async fn waiting(db: &PgPool) -> i64 {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(db).await.expect("a number")
}

/// Twenty managers ask for the audit and for its proof while nobody can read the chain.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn reports_that_hang_leave_the_bottles_served(db: PgPool) {
    let app = TestApp::with_all_lanes(db.clone()).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let mut managers = Vec::new();
    for _ in 0..20 {
        managers.push(app.client("manager").await);
    }
    let mut tx = db.begin().await.expect("a transaction");
    sqlx::query("lock table journal_chain in access exclusive mode").execute(&mut *tx).await.expect("a lock");
    let mut reports = JoinSet::new();
    for by in managers {
        for path in ["/audit", "/audit/verify"] {
            let (by, path) = (by.clone(), app.path(path));
            reports.spawn(async move { by.get(&path).await.status.as_u16() });
        }
    }
    while waiting(&db).await < 4 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    for _ in 0..20 {
        manager.get(&path_of(&app, &made)).await.ok();
        manager.get(&app.path("/containers")).await.ok();
        manager.get(&app.path("/locations")).await.ok();
        manager.post(&events_of(&app, &made), withdraw("1", "mL")).await.created();
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    tx.commit().await.expect("free");
    for status in reports.join_all().await {
        assert!([200, 503].contains(&status), "{status}: it is answered, or told to come again");
    }
    app.app.lanes().close().await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_statement_of_a_report_may_take_longer_than_others_and_ends_too(db: PgPool) {
    let app = TestApp::with_all_lanes(db).await;
    let limit = async |lane: &std::sync::Arc<chemstock::platform::lanes::Lane>| -> String {
        let mut db = lane.lease().await.expect("a connection");
        sqlx::query_scalar("show statement_timeout").fetch_one(&mut *db).await.expect("a limit")
    };
    let lanes = app.app.lanes();
    for lane in [&lanes.writes, &lanes.lookups, &lanes.lists] {
        assert_eq!(limit(lane).await, "15s");
    }
    assert_eq!(limit(&lanes.reports).await, "30s");
    lanes.close().await;
}
