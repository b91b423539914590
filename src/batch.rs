//! Work of one kind that arrives at the same time, folded into one statement: while a statement is on its way, what
//! arrives waits and goes together in the next. Half of what a read by key costs Postgres is being woken for it, and a
//! commit costs as much for many rows as for one.

use std::{collections::HashMap, hash::Hash, pin::Pin, sync::Arc};

use anyhow::anyhow;
use sqlx::PgConnection;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::{
    app::App,
    error::{Error, Result},
};

/// Items in one statement.
const MOST: usize = 64;
/// Statements on their way at once.
const LANES: usize = 2;

pub type Write<T, R> =
    for<'a> fn(&'a mut PgConnection, &'a [T]) -> Pin<Box<dyn Future<Output = Result<Vec<R>>> + Send + 'a>>;

type Waiting<T, R> = (T, oneshot::Sender<Result<R>>);

pub struct Batch<T, R> {
    queue: mpsc::UnboundedSender<Waiting<T, R>>,
}

impl<T: Send + 'static, R: Send + 'static> Batch<T, R> {
    /// `run` answers each item, in their order. It is called on the runtime that calls `new`.
    pub fn new<F>(run: impl Fn(Vec<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Result<R>>> + Send + 'static,
    {
        let (queue, mut waiting) = mpsc::unbounded_channel::<Waiting<T, R>>();
        let lanes = Arc::new(Semaphore::new(LANES));
        tokio::spawn(async move {
            loop {
                // A free lane first: until there is one, items gather.
                let Ok(lane) = lanes.clone().acquire_owned().await else {
                    return;
                };
                let mut batch = Vec::new();
                if waiting.recv_many(&mut batch, MOST).await == 0 {
                    return;
                }
                // Nothing is done for callers who hung up while they waited.
                batch.retain(|(_, answer)| !answer.is_closed());
                if batch.is_empty() {
                    continue;
                }
                let (items, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                let running = run(items);
                tokio::spawn(async move {
                    for (answer, result) in answers.into_iter().zip(running.await) {
                        // Whoever no longer listens has hung up.
                        let _ = answer.send(result);
                    }
                    drop(lane);
                });
            }
        });
        Self { queue }
    }

    /// `write` is one statement that writes all items, or refuses all. A refusal is looked for in the two halves, so that it
    /// reaches the one item that it is about; when the database is away, all hear that.
    pub fn of_writes(app: &App, write: Write<T, R>) -> Self
    where
        T: Sync,
    {
        let app = app.downgrade();
        Self::new(move |items: Vec<T>| {
            let app = app.upgrade();
            async move {
                let Some(app) = app else { return Vec::new() };
                match app.db().await {
                    Ok(mut db) => write_all(&mut db, &items, write).await,
                    Err(away) => to_each(&away, items.len()),
                }
            }
        })
    }

    pub async fn ask(&self, item: T) -> Result<R> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::Unavailable { service: "database", cause: "the batch has stopped".into() };
        self.queue.send((item, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Lookups by key (`= any($1)`).
pub struct Lookups<K, V>(Batch<K, Option<V>>);

impl<K, V> Lookups<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// `load` answers what it finds of the keys.
    pub fn new<F>(load: impl Fn(Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send + 'static,
    {
        Self(Batch::new(move |keys: Vec<K>| {
            let loading = load(keys.clone());
            async move {
                match loading.await {
                    Ok(found) => keys.iter().map(|key| Ok(found.get(key).cloned())).collect(),
                    Err(cause) => to_each(&cause, keys.len()),
                }
            }
        }))
    }

    pub async fn find(&self, key: K) -> Result<Option<V>> {
        self.0.ask(key).await
    }
}

async fn write_all<T, R>(db: &mut PgConnection, items: &[T], write: Write<T, R>) -> Vec<Result<R>> {
    let mut answers = Vec::with_capacity(items.len());
    let mut waiting = vec![items];
    while let Some(some) = waiting.pop() {
        match write(db, some).await {
            Ok(done) if done.len() == some.len() => answers.extend(done.into_iter().map(Ok)),
            Ok(_) => answers.extend(to_each(&Error::Internal(anyhow!("a write without its answer")), some.len())),
            Err(refused) if some.len() == 1 => answers.push(Err(refused)),
            Err(away @ Error::Unavailable { .. }) => answers.extend(to_each(&away, some.len())),
            Err(_) => {
                let (first, second) = some.split_at(some.len() / 2);
                waiting.extend([second, first]);
            }
        }
    }
    answers
}

/// One statement failed for all of them; each says so.
fn to_each<R>(cause: &Error, many: usize) -> Vec<Result<R>> {
    tracing::warn!(cause = cause as &dyn std::error::Error, many, "batch");
    (0..many).map(|_| Err(Error::Unavailable { service: "database", cause: cause.to_string() })).collect()
}
