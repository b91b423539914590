//! Connections to Postgres by kind of work. Use cases that write want many, as each waits for the flush of its
//! commit; reads want few, as each more only wakes one more process; and a slow search must not keep a lookup waiting.
//!
//! A pool of sqlx's tests every connection that comes back to it, without a limit of time: one more round trip for each
//! statement, and a wake-up on both sides. So a lane keeps its connections, and tests only those that are not ready for
//! the next statement.

use std::{
    future::poll_fn,
    ops::{Deref, DerefMut},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection, PgPool, pool::PoolConnection, postgres::Postgres};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tracing::Span;

pub use super::connecting::{FRESH_FOR, LONGEST_REPORT, LONGEST_STATEMENT, connect_options, pool_options, set_up};
use super::connecting::{LONGEST_WAIT, pool_options_for};
use crate::{
    base::error::{Error, Result},
    config::Authorities,
};

const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// A connection that says nothing for so much longer than a statement may run is dead, although nobody has closed it.
const SILENT: Duration = Duration::from_secs(5);
/// Where no statement of a report is waited for.
pub const SILENT_AFTER: Duration = LONGEST_STATEMENT.saturating_add(SILENT);

#[derive(Clone)]
pub struct Lanes {
    pub writes: Arc<Lane>,
    pub lookups: Arc<Lane>,
    pub lists: Arc<Lane>,
    /// What reads much, such as the audit: few connections, each with more time for a statement.
    pub reports: Arc<Lane>,
}

impl Lanes {
    const WRITES: u32 = 32;
    const LOOKUPS: u32 = 4;
    const LISTS: u32 = 8;
    const REPORTS: u32 = 4;
    /// Connections of one process.
    pub const MOST: u32 = Self::WRITES + Self::LOOKUPS + Self::LISTS + Self::REPORTS;

    /// One lane for everything: an embedded database has one connection, a test wants few.
    pub fn single(pool: PgPool, fresh_for: Duration) -> Self {
        let lane = Lane::new(pool, fresh_for, SILENT_AFTER);
        Self { writes: lane.clone(), lookups: lane.clone(), lists: lane.clone(), reports: lane }
    }

    pub async fn open(url: &str, authorities: Option<&Authorities>) -> anyhow::Result<Self> {
        let options = connect_options("DATABASE_URL", url, authorities)?;
        let lane = |size, longest: Duration| {
            let pool = pool_options_for(longest).max_connections(size).connect_lazy_with(options.clone());
            Lane::new(pool, FRESH_FOR, longest + SILENT)
        };
        let lanes = Self {
            writes: lane(Self::WRITES, LONGEST_STATEMENT),
            lookups: lane(Self::LOOKUPS, LONGEST_STATEMENT),
            lists: lane(Self::LISTS, LONGEST_STATEMENT),
            reports: lane(Self::REPORTS, LONGEST_REPORT),
        };
        lanes.writes.lease().await.context("no connection to Postgres; check DATABASE_URL")?;
        Ok(lanes)
    }

    pub async fn close(&self) {
        for lane in [&self.writes, &self.lookups, &self.lists, &self.reports] {
            lane.close().await;
        }
    }
}

pub struct Lane {
    pool: PgPool,
    /// One for each connection that the pool may open, so that whoever has one finds a connection here or there.
    permits: Arc<Semaphore>,
    ready: Mutex<Vec<Ready>>,
    fresh_for: Duration,
    silent_after: Duration,
}

struct Ready {
    connection: PoolConnection<Postgres>,
    /// Until then it is used without a test.
    fresh_until: Instant,
}

impl Lane {
    fn new(pool: PgPool, fresh_for: Duration, silent_after: Duration) -> Arc<Self> {
        let size = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        let permits = Arc::new(Semaphore::new(size));
        Arc::new(Self { pool, permits, ready: Mutex::default(), fresh_for, silent_after })
    }

    /// How many connections it has at most.
    pub fn size(&self) -> usize {
        usize::try_from(self.pool.options().get_max_connections()).unwrap_or(1)
    }

    pub async fn lease(self: &Arc<Self>) -> sqlx::Result<Lease> {
        let permit = timeout(LONGEST_WAIT, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = match self.find_ready().await {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Lease { held: Some((connection, permit)), lane: self.clone() })
    }

    /// The one that was used last, so that in quiet times few are in use.
    async fn find_ready(&self) -> Option<PoolConnection<Postgres>> {
        loop {
            let Ready { mut connection, fresh_until } = self.ready().pop()?;
            if Instant::now() < fresh_until {
                return Some(connection);
            }
            if answers(&mut connection).await {
                return Some(connection);
            }
            // The others would be asked one after the other, a second each.
            let stale: Vec<_> = self.ready().extract_if(.., |other| other.fresh_until <= Instant::now()).collect();
            stale.into_iter().map(|other| other.connection).chain([connection]).for_each(end);
        }
    }

    /// Takes back what the next statement can have at once. The rest is tested first, and keeps its place meanwhile.
    /// What ended one connection may have ended all, so the others are tested before their next use.
    fn take_back(self: &Arc<Self>, mut connection: PoolConnection<Postgres>, permit: OwnedSemaphorePermit) {
        if is_ready(&mut connection) {
            return self.keep(connection);
        }
        let now = Instant::now();
        self.ready().iter_mut().for_each(|other| other.fresh_until = now);
        let lane = self.clone();
        tokio::spawn(async move {
            let answered = timeout(lane.silent_after, connection.ping()).await;
            match answered {
                Ok(Ok(())) => lane.keep(connection),
                _ => end(connection),
            }
            drop(permit);
        });
    }

    fn keep(&self, connection: PoolConnection<Postgres>) {
        if !self.permits.is_closed() {
            self.ready().push(Ready { connection, fresh_until: Instant::now() + self.fresh_for });
        }
    }

    fn ready(&self) -> MutexGuard<'_, Vec<Ready>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn close(&self) {
        self.permits.close();
        self.ready().clear();
        // A server that has gone silent says nothing to that either.
        drop(timeout(LONGEST_WAIT, self.pool.close()).await);
    }
}

/// Out of the pool, which would wait for its answer without an end.
fn end(connection: PoolConnection<Postgres>) {
    drop(connection.detach());
}

/// For loops that go on whatever becomes of Postgres: when it says nothing for so long it is away.
pub async fn within<T>(limit: Duration, asking: impl Future<Output = Result<T>>) -> Result<T> {
    let silent = |_| Err(Error::Unavailable { service: "database", cause: "it did not answer in time".to_owned() });
    timeout(limit, asking).await.unwrap_or_else(silent)
}

/// Whether Postgres is there at the other end.
pub async fn answers(connection: &mut PgConnection) -> bool {
    matches!(timeout(ANSWERS_WITHIN, connection.ping()).await, Ok(Ok(())))
}

/// Whether Postgres has answered everything: nothing is left of a statement that failed, of a caller that hung up, or
/// of a transaction that was dropped.
fn is_ready(connection: &mut PgConnection) -> bool {
    let flushed = pin!(connection.flush()).poll(&mut Context::from_waker(Waker::noop()));
    matches!(flushed, Poll::Ready(Ok(())))
}

/// Reads many rows outside the current span, which sqlx would enter three times for each row. What it logs meanwhile
/// has no request id.
pub async fn outside_span<F: Future>(reading: F) -> F::Output {
    let mut reading = pin!(reading);
    poll_fn(|cx| {
        let span = Span::current();
        span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
        let polled = reading.as_mut().poll(cx);
        span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
        polled
    })
    .await
}

/// A connection, until it is dropped.
pub struct Lease {
    held: Option<(PoolConnection<Postgres>, OwnedSemaphorePermit)>,
    lane: Arc<Lane>,
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.held.as_ref().map_or_else(|| unreachable!("it is taken by the drop"), |(connection, _)| connection)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.held.as_mut().map_or_else(|| unreachable!("it is taken by the drop"), |(connection, _)| connection)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((connection, permit)) = self.held.take() {
            self.lane.take_back(connection, permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Instrument as _;

    use super::*;

    #[tokio::test]
    async fn what_reads_outside_the_span_finds_none_and_the_span_is_there_again_afterwards() {
        let _heard = tracing::subscriber::set_default(tracing_subscriber::registry());
        let request = async {
            let inside = outside_span(async {
                tokio::task::yield_now().await;
                Span::current().is_none()
            });
            assert!(inside.await);
            assert!(!Span::current().is_none());
        };
        request.instrument(tracing::info_span!("request")).await;
        assert!(Span::current().is_none());
    }
}
