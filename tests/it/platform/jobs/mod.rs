//! Work that is not a request: queued, claimed, tried again, cancelled.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod again;
mod api;
mod crashes;
mod embedded;
mod failures;
mod killed;
mod model;
mod queued;
mod steps;
mod watched;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chemstock::platform::{
    app::App,
    jobs::{self, Context, Halt, Job, Outcome, Queue, Registry, Retry, Runner},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::TestApp;

/// What the jobs of one instance have done, and are to do.
#[derive(Default)]
pub struct Probe {
    written: Mutex<Vec<u32>>,
    begun: Notify,
    lets_go: AtomicBool,
    go: Notify,
}

pub fn probe(app: &App) -> Arc<Probe> {
    app.part(|_| Probe::default())
}

impl Probe {
    fn written(&self) -> Vec<u32> {
        self.written.lock().unwrap().clone()
    }

    fn let_go(&self) {
        self.lets_go.store(true, Ordering::SeqCst);
    }

    fn lets_go(&self) -> bool {
        self.lets_go.load(Ordering::SeqCst)
    }
}

/// Writes its number down.
#[derive(Serialize, Deserialize)]
struct Write(u32);

impl Job for Write {
    const KIND: &'static str = "write";
    const AT_ONCE: i32 = 16;

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        context.progress(1, Some(1), None).await?;
        probe(context.app()).written.lock().unwrap().push(self.0);
        Ok(Outcome::With(json!({ "written": self.0 })))
    }
}

/// Panics until it is let go.
#[derive(Serialize, Deserialize)]
struct Panic {
    phone: String,
}

impl Job for Panic {
    const KIND: &'static str = "panic";
    const RETRY: Retry = Retry { max_attempts: 3, ..Retry::USUAL };

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        assert!(probe(context.app()).lets_go(), "no way to {}", self.phone);
        Ok(Outcome::Done)
    }
}

/// Says that it has begun, and waits to be told that it is to end.
#[derive(Serialize, Deserialize)]
struct Wait;

impl Job for Wait {
    const KIND: &'static str = "wait";

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        context.progress(1, Some(3), Some("waiting")).await?;
        probe(context.app()).begun.notify_one();
        context.halted().await;
        context.check()?;
        Ok(Outcome::Done)
    }
}

/// Says that it has begun, and hears nothing until it is let go.
#[derive(Serialize, Deserialize)]
struct Hang;

impl Job for Hang {
    const KIND: &'static str = "hang";

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        let probe = probe(context.app());
        probe.begun.notify_one();
        if !probe.lets_go() {
            std::future::pending::<()>().await;
        }
        Ok(Outcome::Done)
    }
}

/// Writes its number down, says that it has begun, and ends when it is told to.
#[derive(Serialize, Deserialize)]
struct Gate(u32);

impl Job for Gate {
    const KIND: &'static str = "gate";

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        let probe = probe(context.app());
        probe.written.lock().unwrap().push(self.0);
        probe.begun.notify_one();
        probe.go.notified().await;
        Ok(Outcome::Done)
    }
}

/// Makes what Postgres does not take.
#[derive(Serialize, Deserialize)]
struct Unwritable;

impl Job for Unwritable {
    const KIND: &'static str = "unwritable";

    async fn run(self, _: Context) -> Result<Outcome, Halt> {
        Ok(Outcome::With(json!({ "name": "a\0b" })))
    }
}

/// Never ends by itself.
#[derive(Serialize, Deserialize)]
struct Endless;

impl Job for Endless {
    const KIND: &'static str = "endless";
    const LONGEST: Duration = Duration::from_millis(50);

    async fn run(self, _: Context) -> Result<Outcome, Halt> {
        std::future::pending().await
    }
}

fn registry() -> Registry {
    let registry = Registry::default().job::<Write>().job::<Panic>().job::<Wait>().job::<Hang>();
    registry.job::<Gate>().job::<Unwritable>().job::<Endless>()
}

fn runner(app: &TestApp) -> Runner {
    Runner::new(app.app.clone(), registry())
}

async fn run_due(app: &TestApp) -> usize {
    runner(app).run_due().await.unwrap()
}

/// A runner that runs until the token stops it.
fn start(app: &TestApp, runner: Runner) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    let running = tokio::spawn(runner.run(stop.clone()));
    jobs::ring(&app.app);
    (running, stop)
}

async fn enqueue(app: &TestApp, job: &impl Job) -> Uuid {
    enqueue_as(app, job, Queue::default()).await
}

async fn enqueue_as(app: &TestApp, job: &impl Job, queue: Queue) -> Uuid {
    let mut db = app.app.db().await.unwrap();
    let id = jobs::enqueue(&mut db, job, queue, app.now()).await.unwrap();
    drop(db);
    jobs::ring(&app.app);
    id
}

/// State, tries and whether a lease is held.
async fn row(app: &TestApp, id: Uuid) -> (String, i32, bool) {
    let row = sqlx::query_as("select state, attempts, lease_id is not null from jobs where id = $1").bind(id);
    row.fetch_one(&app.db).await.unwrap()
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Until another task has brought it there.
async fn until_state(app: &TestApp, id: Uuid, state: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while row(app, id).await.0 != state {
        assert!(tokio::time::Instant::now() < deadline, "not {state}: {:?}", row(app, id).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
