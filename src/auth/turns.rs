//! Lists and searches of one person wait for each other, and so do reports and calls that write much, so that whoever
//! sends many at once slows nobody but himself.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;
use sqlx::PgConnection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use super::Auth;
use crate::{
    base::error::{Error, Result},
    platform::lanes::{Lane, Lease},
};

/// Statements of one person that run at once: less than half of the connections for lists, half of those for reports.
const AT_ONCE: usize = 3;
/// That one call which writes much has at once: of those that write, a quarter.
pub const CONNECTIONS_OF_BULK: usize = 8;
/// Of one person that wait; more are told to come later.
const WAITING: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Longer than any statement runs, so that a queue in use is never forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(2);
/// An answer may be read slowly.
const FORGOTTEN_AFTER_EXPORT: Duration = Duration::from_hours(1);

struct Queue {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// Of each person.
struct Queues {
    at_once: usize,
    of: Cache<Uuid, Arc<Queue>>,
}

struct Lists(Queues);
struct Reports(Queues);
struct Bulk(Queues);
struct Exports(Queues);

/// A connection, and the turn of the person who has it.
pub struct Turn {
    lease: Lease,
    _turn: OwnedSemaphorePermit,
}

impl Deref for Turn {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.lease
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.lease
    }
}

impl<R> Auth<R> {
    /// A connection for a list or a search, in the caller's turn: nobody has them all.
    pub async fn lists(&self) -> Result<Turn> {
        let app = self.app();
        let lists = app.part(|app| Lists(Queues::new(&app.lanes().lists, 1)));
        let turn = lists.0.of(self.user_id()).turn().await?;
        Ok(Turn { lease: app.lists().await?, _turn: turn })
    }

    /// A connection for what reads much, in the caller's turn.
    pub async fn reports(&self) -> Result<Turn> {
        let app = self.app();
        let reports = app.part(|app| Reports(Queues::new(&app.lanes().reports, 1)));
        let turn = reports.0.of(self.user_id()).turn().await?;
        Ok(Turn { lease: app.reports().await?, _turn: turn })
    }

    /// For a call that writes much: all those of one person have half of the connections at most. The turn comes before
    /// any connection, as who waits for it must hold none.
    pub async fn turn_of_bulk(&self) -> Result<OwnedSemaphorePermit> {
        let bulk = self.app().part(|app| Bulk(Queues::new(&app.lanes().writes, CONNECTIONS_OF_BULK)));
        bulk.0.of(self.user_id()).turn().await
    }

    /// For an answer that is written while it is read, to its end: between two parts it holds no connection, but a part
    /// in memory.
    pub async fn turn_of_export(&self) -> Result<OwnedSemaphorePermit> {
        let exports = self.app().part(|_| Exports(Queues::of_so_many(AT_ONCE, FORGOTTEN_AFTER_EXPORT)));
        exports.0.of(self.user_id()).turn().await
    }
}

impl Queues {
    /// Each of those in a turn has so many connections.
    fn new(lane: &Lane, connections: usize) -> Self {
        Self::of_so_many(AT_ONCE.min(lane.size() / 2 / connections).max(1), FORGOTTEN_AFTER)
    }

    fn of_so_many(at_once: usize, forgotten_after: Duration) -> Self {
        Self { at_once, of: Cache::builder().max_capacity(100_000).time_to_idle(forgotten_after).build() }
    }

    fn of(&self, user: Uuid) -> Arc<Queue> {
        self.of.get_with(user, || {
            let turns = Arc::new(Semaphore::new(self.at_once));
            Arc::new(Queue { turns, waiting: AtomicUsize::new(0) })
        })
    }
}

impl Queue {
    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = self.turns.clone().try_acquire_owned() {
            return Ok(turn);
        }
        let _waits = Waits::among(&self.waiting)?;
        let turn = timeout(LONGEST_WAIT, self.turns.clone().acquire_owned()).await;
        turn.ok().and_then(std::result::Result::ok).ok_or(TOO_MANY)
    }
}

const TOO_MANY: Error = Error::RateLimited { retry_after: Duration::from_secs(1) };

/// One who waits, until it is dropped: also when the caller has hung up.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn among(waiting: &'a AtomicUsize) -> Result<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Self(waiting);
        if before < WAITING { Ok(waits) } else { Err(TOO_MANY) }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
