//! Work that no request waits for: a table of steps. A step handles one batch and says how many it found; a full batch
//! is followed at once, a short one by a pause, a failure by a longer one. Every step is safe with many replicas.
//!
//! Most steps are jobs (`platform::jobs`), which all instances together run once in each period. A step stays with each
//! instance when it writes what this process holds in memory (login events), or shows what only this process can show
//! (its own gauges).

use std::{pin::Pin, time::Duration};

use tokio::time::timeout;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use crate::{
    base::error::Result,
    catalogue::chemicals,
    exchange::imports,
    journal::notary,
    messages,
    people::{audit, codes, labs, login},
    platform::{
        app::App,
        jobs::{self, Registry, Runner},
        panics,
    },
    web,
};

/// Steps take at most this many at a time.
pub const BATCH: usize = 500;

type Running = Pin<Box<dyn Future<Output = Result<usize>> + Send>>;

struct Step {
    name: &'static str,
    period: Duration,
    run: fn(App) -> Running,
    /// It writes what this process holds in memory, so it runs again at the end.
    writes_memory: bool,
}

const fn step(name: &'static str, period: Duration, run: fn(App) -> Running) -> Step {
    Step { name, period, run, writes_memory: false }
}

const SEND: &str = "send messages";
const RUN_JOBS: &str = "run jobs";

/// Of all instances together.
#[rustfmt::skip]
const SHARED_STEPS: &[Step] = &[
    step("count_codes", Duration::from_secs(5), |app| Box::pin(messages::tally_verified(app))),
    step("sweep_messages", Duration::from_mins(10), |app| Box::pin(messages::sweep(app))),
    step("sweep_sessions", Duration::from_mins(10), |app| Box::pin(login::sweep(app))),
    step("sweep_invitations", Duration::from_mins(10), |app| Box::pin(labs::sweep(app))),
    step("refresh_terms", Duration::from_mins(10), |app| Box::pin(chemicals::refresh_terms(app))),
    step("sweep_keys", Duration::from_mins(10), |app| Box::pin(web::idempotency::sweep(app))),
    step("sweep_imports", Duration::from_mins(10), |app| Box::pin(imports::sweep(app))),
    step("tell_heads", Duration::from_hours(24), |app| Box::pin(notary::tell_heads(app))),
    step("sweep_jobs", Duration::from_mins(10), |app| Box::pin(jobs::sweep(app, registry().kinds().collect()))),
];

/// Of each instance.
#[rustfmt::skip]
const STEPS: &[Step] = &[
    step("measure budgets", Duration::from_secs(30), |app| Box::pin(messages::measure(app))),
    step("measure journal", Duration::from_secs(30), |app| Box::pin(notary::measure(app))),
    step("measure jobs", Duration::from_secs(30), |app| Box::pin(jobs::measure(app, registry().kinds().collect()))),
    Step { writes_memory: true, ..step("write login events", Duration::from_secs(2), |app| Box::pin(audit::write_noted(app))) },
];

/// Of metrics and log lines; `registry` has those of the shared steps.
pub fn step_names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|step| step.name).chain([SEND, RUN_JOBS, notary::NAME])
}

/// Every kind of job that features queue.
fn kinds() -> Registry {
    Registry::default().job::<imports::RunImport>()
}

/// Everything that a runner runs.
pub fn registry() -> Registry {
    SHARED_STEPS.iter().fold(kinds(), |all, step| all.step(step.name, step.period, BATCH, step.run))
}

/// Runs every step until `stop`; what a step has begun it finishes. [`write_memory`] is to follow.
pub async fn run(app: App, stop: CancellationToken) {
    codes::show_metrics();
    let tasks = TaskTracker::new();
    for step in STEPS {
        let app = app.clone();
        tasks.spawn(repeat(step, move || (step.run)(app.clone()), stop.clone()));
    }
    // They wait for what they begin, so they are no steps: a slow provider would hold up the next batch.
    tasks.spawn(keep_up(SEND, app.clone(), stop.clone(), messages::send_until_stopped));
    tasks.spawn(keep_up(notary::NAME, app.clone(), stop.clone(), notary::run));
    tasks.spawn(keep_up(RUN_JOBS, app.clone(), stop, |app, stop| Runner::new(app, registry()).run(stop)));
    tasks.close();
    tasks.wait().await;
}

/// Of all that was noted, once nothing is noted any more.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// Writes all that this process still holds in memory: to be called when the last request has ended.
pub async fn write_memory(app: &App) {
    for step in STEPS.iter().filter(|step| step.writes_memory) {
        let writing = async {
            while step.finish((step.run)(app.clone())).await? > 0 {}
            Ok(())
        };
        let late = |_| Err(format!("not written within {} seconds", WRITTEN_WITHIN.as_secs()));
        if let Err(why) = timeout(WRITTEN_WITHIN, writing).await.unwrap_or_else(late) {
            tracing::error!(step = step.name, why, "what was noted last is lost");
        }
    }
}

/// Longer than any statement: whatever a step waits for then is not coming.
const LONGEST_STEP: Duration = Duration::from_mins(1);
/// So that an alert sees that a step still fails.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

impl Step {
    /// In a task of its own, so that a panic is a failure like others.
    async fn finish(&self, running: Running) -> std::result::Result<usize, String> {
        let failed = match AbortOnDropHandle::new(tokio::spawn(timeout(LONGEST_STEP, running))).await {
            Ok(Ok(Ok(n))) => return Ok(n),
            Ok(Ok(Err(cause))) => format!("{:#}", anyhow::Error::from(cause)),
            Ok(Err(_)) => format!("took longer than {} seconds", LONGEST_STEP.as_secs()),
            Err(panic) => what_panicked(panic),
        };
        metrics::counter!("worker_step_failures_total", "step" => self.name).increment(1);
        Err(failed)
    }
}

fn what_panicked(end: tokio::task::JoinError) -> String {
    let Ok(panic) = end.try_into_panic() else { return "was cancelled".to_owned() };
    format!("panicked: {}", panics::text(&*panic))
}

/// Twice as long after each failure.
fn pause_after(failures: u32, period: Duration) -> Duration {
    (period * 2_u32.pow(failures.min(5))).min(LONGEST_PAUSE.max(period))
}

async fn repeat(step: &Step, begin: impl Fn() -> Running, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let pause = match step.finish(begin()).await {
            Ok(n) if n >= BATCH => continue,
            Ok(_) => {
                failures = 0;
                step.period
            }
            Err(why) => {
                failures += 1;
                tracing::warn!(step = step.name, failures, why, "step failed");
                pause_after(failures, step.period)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

const AFTER_PANIC: Duration = Duration::from_secs(1);

/// A loop that ends by itself when it is told to stop; after a panic it begins anew.
async fn keep_up<F>(name: &'static str, app: App, stop: CancellationToken, begin: fn(App, CancellationToken) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(panic) = tokio::spawn(begin(app.clone(), stop.clone())).await {
        metrics::counter!("worker_step_failures_total", "step" => name).increment(1);
        tracing::error!(step = name, why = what_panicked(panic), "step failed");
        tokio::time::sleep(AFTER_PANIC).await;
    }
}

/// Runs every step and every job that is due until none finds anything: for tests.
pub async fn drain(app: &App) -> Result<()> {
    while messages::send_due(app.clone()).await? > 0 {}
    while notary::step(app).await? > 0 {}
    for step in SHARED_STEPS.iter().chain(STEPS) {
        while (step.run)(app.clone()).await? > 0 {}
    }
    Runner::new(app.clone(), kinds()).run_due().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::platform::telemetry;

    #[test]
    fn a_step_that_fails_is_tried_again_after_five_minutes_at_the_most() {
        let seconds = |failures, period| pause_after(failures, Duration::from_secs(period)).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 99].map(|failures| seconds(failures, 30)), [60, 120, 240, 300, 300, 300]);
        assert_eq!(seconds(99, 3600), 3600);
    }

    #[tokio::test]
    async fn a_panic_of_a_task_is_told_in_its_own_words() {
        let end = tokio::spawn(async { panic!("no {}", "more") }).await.unwrap_err();
        assert_eq!(what_panicked(end), "panicked: no more");
    }

    #[tokio::test]
    async fn a_step_that_panics_is_counted_and_runs_again() {
        telemetry::install();
        let step = step("panic twice", Duration::from_millis(1), |_| unreachable!("`begin` is run instead"));
        let (stop, runs) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let begin = || -> Running {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            let stop = stop.clone();
            Box::pin(async move {
                assert!(run >= 2, "run {run}");
                stop.cancel();
                Ok(0)
            })
        };
        repeat(&step, begin, stop.clone()).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
        let shown = telemetry::render();
        assert!(shown.contains("worker_step_failures_total{step=\"panic twice\"} 2"), "{shown}");
    }
}
