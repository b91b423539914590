//! Work that is not a request: a job is a row of `jobs`, queued in the transaction that wants it done, and run by
//! whichever instance comes first ([`runner`]). It is tried again when it fails, more and more seldom; in the end it is
//! a dead letter, which an owner of the installation can repeat. A job with a [`Schedule`] does not end, but waits for
//! its next run: so a step runs once in its period, however many instances there are.
//!
//! Messages have an outbox of their own (`messages::sender`), of the same make: a lease, an attempt that is written
//! before it is made, a batch for each statement. Its rows are the messages themselves; a job for each would double
//! what is written for a login.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::PgConnection;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::{
    context::{Context, Halt, Reason as HaltReason},
    job::{JobProgress, JobState, StoredJob},
    metrics::{begin_metrics, measure},
    registry::Registry,
    retry::Retry,
    runner::Runner,
    schedule::Schedule,
};
use crate::{
    base::{
        error::{OnConstraint as _, Reason, Result},
        ids,
        page::{Cursor, Limit, List, Page},
    },
    platform::app::App,
};

mod attempt;
mod context;
mod ending;
mod endings;
mod job;
mod metrics;
mod registry;
mod retry;
mod runner;
mod schedule;
mod store;

/// A kind of job; its fields are what it works on. It may run twice where a process dies, so it does nothing that must
/// not be done twice, or writes down first that it will.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;
    const RETRY: Retry = Retry::USUAL;
    /// So many of them run in one process.
    const AT_ONCE: i32 = 4;
    /// A try that takes longer has failed.
    const LONGEST: Duration = Duration::from_hours(1);

    fn run(self, context: Context) -> impl Future<Output = std::result::Result<Outcome, Halt>> + Send;
}

/// How a job ends that does not fail.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// With what it has made, for whoever asked for it.
    With(Value),
    /// There is more to do: it is queued again.
    Again,
}

/// How a job is to be queued.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Of the jobs of a kind that have not ended one has this key. A second one is not queued, as the first will do its
    /// work; where the first runs already it runs once more afterwards, on what the second was given.
    pub key: Option<String>,
    pub lab_id: Option<Uuid>,
    /// Who may look at it and cancel it.
    pub created_by: Option<Uuid>,
    /// At once, or by the schedule, unless a time is given.
    pub run_at: Option<DateTime<Utc>>,
    /// Runs again and again; with a key, whose earlier schedule it replaces.
    pub schedule: Option<Schedule>,
}

/// Queues a job in the caller's transaction, to be followed by [`ring`] once that is committed. Answers its id, or that
/// of the job that has its key.
pub async fn enqueue<J: Job>(db: &mut PgConnection, job: &J, queue: Queue, now: DateTime<Utc>) -> Result<Uuid> {
    let next = queue.schedule.map(|schedule| schedule.next_after(now));
    let new = job::NewJob {
        id: ids::new(now),
        kind: J::KIND,
        key: queue.key,
        lab_id: queue.lab_id,
        created_by: queue.created_by,
        payload: serde_json::to_value(job).map_err(anyhow::Error::from)?,
        schedule: queue.schedule,
        run_at: queue.run_at.or(next).unwrap_or(now),
        max_attempts: J::RETRY.max_attempts,
    };
    store::insert(db, &new, now).await
}

/// Takes back a job that waits, and the schedule of one that runs, which is asked to end; says whether there was one.
/// One that runs without a schedule goes on.
pub async fn withdraw<J: Job>(db: &mut PgConnection, key: &str) -> Result<bool> {
    store::withdraw(db, J::KIND, key).await
}

/// What wakes the runner of this process.
#[derive(Default)]
struct Bells {
    queued: Notify,
    cancelled: Notify,
    /// Rung once.
    stopping: CancellationToken,
}

fn bells(app: &App) -> Arc<Bells> {
    app.part(|_| Bells::default())
}

/// Wakes the runner of this process; the others look every few seconds.
pub fn ring(app: &App) {
    bells(app).queued.notify_one();
}

/// Ready when this process stops.
pub async fn stopping(app: &App) {
    bells(app).stopping.cancelled().await;
}

/// Which jobs a list shows.
#[derive(Debug)]
pub struct JobFilter<'a> {
    pub state: Option<JobState>,
    pub kind: Option<&'a str>,
    pub before: Option<Cursor<Uuid>>,
    pub limit: Limit,
}

/// The newest first.
pub async fn list(db: &mut PgConnection, filter: JobFilter<'_>) -> Result<Page<StoredJob>> {
    let JobFilter { state, kind, before, limit } = filter;
    let list = List::new("jobs", &(state, kind));
    let rows = store::page(db, state, kind, list.after(before)?, limit.plus_one()).await?;
    Ok(list.page(rows, limit, |job| job.id))
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<StoredJob>> {
    store::find(db, id).await
}

/// Queues a dead letter again; none where there is no dead letter of this id.
pub async fn retry(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<StoredJob>> {
    let is_there = || Reason::JobState.because("another job with the same key waits or runs");
    store::retry(db, id, now).await.on_constraint("jobs_kind_key_idx", is_there)
}

/// Ends a job that waits, asks one that runs to end, and closes a dead letter; none where it has ended otherwise or
/// runs by a schedule.
pub async fn cancel(db: &mut PgConnection, app: &App, id: Uuid) -> Result<Option<StoredJob>> {
    let cancelled = store::cancel(db, id, app.clock.now()).await?;
    bells(app).cancelled.notify_one();
    Ok(cancelled)
}

/// At most so long a runner waits for an answer of the database: several in a row are less than a lease.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);

const DONE_KEPT_FOR: TimeDelta = TimeDelta::days(7);
const FAILED_KEPT_FOR: TimeDelta = TimeDelta::days(90);
const SWEPT_AT_ONCE: i64 = 500;
/// Longer than a newer version, which knows more kinds, and this one run side by side.
const UNKNOWN_KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// Background step: drops what ended a week ago, and dead letters of which nobody took care for a quarter; gives up
/// jobs of kinds that were removed.
pub async fn sweep(app: App, kinds: Vec<&'static str>) -> Result<usize> {
    let now = app.clock.now();
    let mut db = app.db().await?;
    store::give_up_unknown(&mut db, &kinds, now - UNKNOWN_KEPT_FOR, now).await?;
    let swept = store::sweep(&mut db, now - DONE_KEPT_FOR, now - FAILED_KEPT_FOR, SWEPT_AT_ONCE).await?;
    Ok(usize::try_from(swept).unwrap_or(usize::MAX))
}
