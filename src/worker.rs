//! Work that no request waits for: a table of steps. A step handles one batch and says how many it found; a full batch
//! is followed at once, a short one by a pause, a failure by a longer one. Every step is safe with many replicas.

use std::{pin::Pin, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{app::App, error::Result, login, messages, web};

/// Steps take at most this many at a time.
pub const BATCH: usize = 500;

type Running = Pin<Box<dyn Future<Output = Result<usize>> + Send>>;

struct Step {
    name: &'static str,
    period: Duration,
    run: fn(App) -> Running,
}

const STEPS: &[Step] = &[
    Step { name: "count codes", period: Duration::from_secs(5), run: |app| Box::pin(messages::tally_verified(app)) },
    Step { name: "measure budgets", period: Duration::from_secs(30), run: |app| Box::pin(messages::measure(app)) },
    Step { name: "sweep messages", period: Duration::from_mins(10), run: |app| Box::pin(messages::sweep(app)) },
    Step { name: "sweep sessions", period: Duration::from_mins(10), run: |app| Box::pin(login::sweep(app)) },
    Step { name: "write login events", period: Duration::from_secs(2), run: |app| Box::pin(login::write_noted(app)) },
    Step { name: "sweep keys", period: Duration::from_mins(10), run: |app| Box::pin(web::idempotency::sweep(app)) },
];

/// Runs every step until `stop`; what a step has begun it finishes.
pub async fn run(app: App, stop: CancellationToken) {
    login::show_metrics();
    let tasks = TaskTracker::new();
    for step in STEPS {
        tasks.spawn(repeat(step, app.clone(), stop.clone()));
    }
    // It waits for what it sends, so it is no step: a slow provider would hold up the next batch.
    tasks.spawn(messages::deliver(app, stop));
    tasks.close();
    tasks.wait().await;
}

async fn repeat(step: &Step, app: App, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let pause = match (step.run)(app.clone()).await {
            Ok(n) if n >= BATCH => continue,
            Ok(_) => {
                failures = 0;
                step.period
            }
            Err(cause) => {
                failures += 1;
                tracing::warn!(step = step.name, failures, cause = &cause as &dyn std::error::Error, "step failed");
                step.period * 2_u32.pow(failures.min(5))
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Runs every step until none finds anything: for tests.
pub async fn drain(app: &App) -> Result<()> {
    while messages::deliver_due(app.clone()).await? > 0 {}
    for step in STEPS {
        while (step.run)(app.clone()).await? > 0 {}
    }
    Ok(())
}
