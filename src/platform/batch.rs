//! Work of one kind that arrives at the same time, folded into one statement: while a statement is on its way, what
//! arrives waits and goes together in the next. Half of what a read by key costs Postgres is being woken for it, and a
//! commit costs as much for many rows as for one.

use std::{collections::HashMap, hash::Hash, pin::Pin, sync::Arc, time::Duration};

use anyhow::anyhow;
use sqlx::PgConnection;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use crate::{
    base::error::{Error, Result},
    platform::{app::App, lanes},
};

/// Items in one statement.
const MOST: usize = 64;
/// Statements on their way at once.
const LANES: usize = 2;

/// One statement that writes all items or none, and answers each in their order. Its lane is everybody's, so it waits
/// for no lock longer than half a second, also with one item: whoever has to is told to come again.
pub type Write<T, R> =
    for<'a> fn(&'a mut PgConnection, &'a [T]) -> Pin<Box<dyn Future<Output = Result<Vec<Result<R>>>> + Send + 'a>>;

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
        Self::with_limit(lanes::SILENT_AFTER, run)
    }

    fn with_limit<F>(limit: Duration, run: impl Fn(Vec<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<Result<R>>> + Send + 'static,
    {
        let (queue, mut waiting) = mpsc::unbounded_channel::<Waiting<T, R>>();
        let (run, lanes) = (Arc::new(run), Arc::new(Semaphore::new(LANES)));
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
                let run = run.clone();
                tokio::spawn(async move {
                    let (items, callers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                    let many = items.len();
                    // A server that has gone silent would keep the lane for ever.
                    let running = tokio::spawn(async move { timeout(limit, run(items)).await });
                    let answers = match running.await {
                        Ok(Ok(answers)) => answers,
                        Ok(Err(silent)) => to_each(many, || unavailable(&silent)),
                        Err(panic) => to_each(many, || Error::Internal(anyhow!("{panic}"))),
                    };
                    for (caller, answer) in callers.into_iter().zip(answers) {
                        // Whoever no longer listens has hung up.
                        let _ = caller.send(answer);
                    }
                    drop(lane);
                });
            }
        });
        Self { queue }
    }

    /// Writes, of which each is refused for itself: `write` is tried with all items, and when it is refused with each
    /// half, down to the item that the refusal is about.
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
                    Err(away) => to_each(items.len(), || unavailable(&away)),
                }
            }
        })
    }

    pub async fn submit(&self, item: T) -> Result<R> {
        let (caller, answer) = oneshot::channel();
        let gone = || unavailable(&Error::Internal(anyhow!("the batch has stopped")));
        self.queue.send((item, caller)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn write_all<T, R>(db: &mut PgConnection, items: &[T], write: Write<T, R>) -> Vec<Result<R>> {
    let mut answers = Vec::with_capacity(items.len());
    let mut waiting = vec![items];
    while let Some(some) = waiting.pop() {
        match write(db, some).await {
            Ok(done) => answers.extend(done),
            Err(refused) if some.len() == 1 => answers.push(Err(refused)),
            Err(refused) if is_about_one(&refused) && lanes::answers(db).await => {
                let (first, second) = some.split_at(some.len() / 2);
                waiting.extend([second, first]);
            }
            Err(away @ Error::Unavailable { .. }) => answers.extend(to_each(some.len(), || unavailable(&away))),
            Err(defect) => answers.extend(to_each(some.len(), || Error::Internal(anyhow!("{defect:?}")))),
        }
    }
    answers
}

/// What may go in without one of the items, or without company: also when too long a wait for one ended it. Anything
/// else may have happened after the commit.
fn is_about_one(refused: &Error) -> bool {
    refused.is_refusal() || matches!(refused, Error::Unavailable { .. })
}

fn to_each<R>(many: usize, error: impl Fn() -> Error) -> Vec<Result<R>> {
    (0..many).map(|_| Err(error())).collect()
}

fn unavailable(cause: &impl ToString) -> Error {
    Error::Unavailable { service: "database", cause: cause.to_string() }
}

/// Lookups by key, many in one statement.
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
        let load = Arc::new(load);
        Self(Batch::new(move |keys: Vec<K>| {
            let load = load.clone();
            async move {
                match load(keys.clone()).await {
                    Ok(found) => keys.iter().map(|key| Ok(found.get(key).cloned())).collect(),
                    Err(Error::Newer(_)) => each_alone(&*load, keys).await,
                    Err(away @ Error::Unavailable { .. }) => to_each(keys.len(), || unavailable(&away)),
                    Err(defect) => {
                        let why = format!("{:#}", anyhow::Error::new(defect));
                        to_each(keys.len(), || Error::Internal(anyhow!("a lookup in company: {why}")))
                    }
                }
            }
        }))
    }

    pub async fn find(&self, key: K) -> Result<Option<V>> {
        self.0.submit(key).await
    }
}

/// A row that this version cannot read fails whoever asked for it, and nobody else.
async fn each_alone<K, V, F>(load: &(impl Fn(Vec<K>) -> F + Send + Sync), keys: Vec<K>) -> Vec<Result<Option<V>>>
where
    K: Eq + Hash + Clone,
    F: Future<Output = Result<HashMap<K, V>>> + Send,
{
    let mut answers = Vec::with_capacity(keys.len());
    for key in keys {
        answers.push(load(vec![key.clone()]).await.map(|mut found| found.remove(&key)));
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::Notify;

    use super::*;

    /// The items of each statement.
    type Statements = Arc<Mutex<Vec<Vec<u32>>>>;

    /// A batch whose first two statements wait for `go`.
    fn batch(go: Arc<Notify>) -> (Batch<u32, u32>, Statements) {
        let seen = Statements::default();
        let statements = seen.clone();
        let batch = Batch::new(move |items: Vec<u32>| {
            let (go, statements) = (go.clone(), statements.clone());
            async move {
                statements.lock().unwrap().push(items.clone());
                assert!(!items.contains(&13), "unlucky");
                if items[0] < 2 {
                    go.notified().await;
                }
                items.into_iter().map(|item| Ok(item * 10)).collect()
            }
        });
        (batch, seen)
    }

    #[tokio::test]
    async fn what_arrives_while_the_lanes_are_busy_goes_together_and_everybody_hears_their_own_answer() {
        let go = Arc::new(Notify::new());
        let (batch, seen) = batch(go.clone());
        let batch = Arc::new(batch);
        let mut asked = Vec::new();
        for item in 0..10 {
            let batch = batch.clone();
            asked.push(tokio::spawn(async move { batch.submit(item).await.unwrap() }));
            // Each of the first two takes a lane.
            while item < 2 && seen.lock().unwrap().len() <= item as usize {
                tokio::task::yield_now().await;
            }
        }
        tokio::task::yield_now().await;
        go.notify_one();
        go.notify_one();
        for (item, answer) in asked.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap() as usize, item * 10);
        }
        assert_eq!(*seen.lock().unwrap(), [vec![0], vec![1], (2..10).collect()]);
    }

    #[tokio::test]
    async fn nothing_is_done_for_who_hung_up_while_waiting() {
        let go = Arc::new(Notify::new());
        let (batch, seen) = batch(go.clone());
        let batch = Arc::new(batch);
        let ask = |item| {
            let batch = batch.clone();
            tokio::spawn(async move { batch.submit(item).await })
        };
        let mut busy = Vec::new();
        for item in 0..2 {
            busy.push(ask(item));
            while seen.lock().unwrap().len() <= item as usize {
                tokio::task::yield_now().await;
            }
        }
        let (gone, waiting) = (ask(2), ask(3));
        tokio::task::yield_now().await;
        gone.abort();
        tokio::task::yield_now().await;
        go.notify_one();
        go.notify_one();
        assert_eq!(waiting.await.unwrap().unwrap(), 30);
        for answer in busy {
            answer.await.unwrap().unwrap();
        }
        assert_eq!(seen.lock().unwrap()[2..], [vec![3]]);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_those_it_was_done_for_and_the_next_are_served() {
        let (batch, _) = batch(Arc::default());
        assert!(matches!(batch.submit(13).await, Err(Error::Internal(_))));
        assert_eq!(batch.submit(7).await.unwrap(), 70);
    }
    #[tokio::test]
    async fn what_is_never_answered_is_away_and_the_lane_serves_the_next() {
        let batch = Batch::with_limit(Duration::from_millis(20), |items: Vec<u32>| async move {
            if items.contains(&0) {
                std::future::pending::<()>().await;
            }
            items.into_iter().map(Ok).collect()
        });
        for _ in 0..2 * LANES {
            assert!(matches!(batch.submit(0).await, Err(Error::Unavailable { .. })));
        }
        assert_eq!(batch.submit(7).await.unwrap(), 7);
    }
}
