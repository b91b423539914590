//! Lookups that happen at the same time, folded into one statement: while a query is on its way, the keys that arrive
//! wait and go together in the next (`= any($1)`). Half of what a read by key costs Postgres is being woken for it.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::{Error, Result};

/// Keys in one statement.
const MOST: usize = 64;
/// Statements on their way at once.
const LANES: usize = 2;

type Waiting<K, V> = (K, oneshot::Sender<Result<Option<V>>>);

pub struct Batch<K, V> {
    queue: mpsc::UnboundedSender<Waiting<K, V>>,
}

impl<K, V> Batch<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// `load` answers what it finds of the keys. It is called on the runtime that calls `new`.
    pub fn new<F>(load: impl Fn(Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send + 'static,
    {
        let (queue, mut waiting) = mpsc::unbounded_channel::<Waiting<K, V>>();
        let lanes = Arc::new(Semaphore::new(LANES));
        tokio::spawn(async move {
            loop {
                // A free lane first: until there is one, keys gather.
                let Ok(lane) = lanes.clone().acquire_owned().await else {
                    return;
                };
                let mut batch = Vec::new();
                if waiting.recv_many(&mut batch, MOST).await == 0 {
                    return;
                }
                // Nothing is read for callers who hung up while they waited.
                batch.retain(|(_, answer)| !answer.is_closed());
                if batch.is_empty() {
                    continue;
                }
                let loading = load(batch.iter().map(|(key, _)| key.clone()).collect());
                tokio::spawn(async move {
                    answer(batch, loading.await);
                    drop(lane);
                });
            }
        });
        Self { queue }
    }

    pub async fn find(&self, key: K) -> Result<Option<V>> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::Unavailable { service: "database", cause: "the reader has stopped".into() };
        self.queue.send((key, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn answer<K: Eq + Hash, V: Clone>(batch: Vec<Waiting<K, V>>, loaded: Result<HashMap<K, V>>) {
    match loaded {
        Ok(found) => {
            for (key, answer) in batch {
                // Whoever no longer listens has hung up.
                let _ = answer.send(Ok(found.get(&key).cloned()));
            }
        }
        // One statement failed for all of them; each says so.
        Err(cause) => {
            tracing::warn!(cause = &cause as &dyn std::error::Error, keys = batch.len(), "batched lookup");
            for (_, answer) in batch {
                let _ = answer.send(Err(Error::Unavailable { service: "database", cause: cause.to_string() }));
            }
        }
    }
}
