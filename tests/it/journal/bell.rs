//! A line has its position soon after its change, whichever feature it is of.

use std::time::{Duration, Instant};

use chemstock::journal::notary;
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::TestApp;

/// A notary that finds nothing rests for a second. Four lines in a row would wait for two, were it not woken.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_of_a_place_wakes_the_notary_that_rests(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(notary::run(app.app.clone(), stop.clone()));
    let mut waited = Duration::ZERO;
    for n in 1..=4 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let name = format!("Room {n}");
        by.post(&app.path("/locations"), json!({"kind": "room", "name": name})).await.created();
        let begun = Instant::now();
        while by.get(&app.path("/audit/head")).await.ok()["position"] != n {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waited += begun.elapsed();
    }
    assert!(waited < Duration::from_millis(1_600), "{waited:?}");
    stop.cancel();
    running.await.expect("it ends");
}
