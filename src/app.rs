//! The running product: its database, clock, keys and parties. Cheap to clone, made once, by `serve::connect`.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use anyhow::Context;
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, Postgres},
};
use tokio::sync::Notify;

use crate::{
    clients::{console::Console, firebase::Firebase, redis::Redis},
    clock::Clock,
    config::Config,
    error::Result,
    secrets::SecretKey,
    tokens::Tokens,
};

#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub clock: Clock,
    pub tokens: Tokens,
    pub secret: SecretKey,
    pub console: Console,
    /// None unless it is configured.
    pub firebase: Option<Firebase>,
    /// Absent in development.
    pub redis: Option<Redis>,
    /// Rung when a message is queued, so that it leaves at once.
    pub messages_queued: Notify,
    lanes: Lanes,
    parts: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// For what `App` itself holds, so that the two do not keep each other alive.
#[derive(Clone)]
pub struct WeakApp(Weak<Inner>);

impl WeakApp {
    pub fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(App)
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Connections by kind of work. Writes want many, as what bounds them is the flush that commits share; reads want few,
/// as each more only wakes one more process; and a slow search must not keep a lookup waiting.
#[derive(Clone)]
pub struct Lanes {
    writes: PgPool,
    lookups: PgPool,
    lists: PgPool,
}

impl Lanes {
    const WRITES: u32 = 32;
    const LOOKUPS: u32 = 4;
    const LISTS: u32 = 8;
    /// Connections of one process.
    pub const MOST: u32 = Self::WRITES + Self::LOOKUPS + Self::LISTS;

    /// One pool for everything: an embedded database has one connection, a test wants one pool.
    pub fn single(pool: PgPool) -> Self {
        Self { writes: pool.clone(), lookups: pool.clone(), lists: pool }
    }

    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse().context("DATABASE_URL")?;
        let lane = |size| pool_options().max_connections(size).connect_lazy_with(options.clone());
        let lanes = Self { writes: lane(Self::WRITES), lookups: lane(Self::LOOKUPS), lists: lane(Self::LISTS) };
        lanes.writes.acquire().await.context("no connection to Postgres; check DATABASE_URL")?;
        Ok(lanes)
    }

    pub async fn close(&self) {
        self.writes.close().await;
        self.lookups.close().await;
        self.lists.close().await;
    }
}

/// What every pool has in common.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(None)
        .max_lifetime(None)
        // A ping before every use would double the round trips; one after a pause finds a server that was restarted.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > Duration::from_secs(5) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| Box::pin(set_up(connection)))
}

/// Disks that seek for free, and no helpers: else the planner reads a page of a small lab through the index of all labs.
async fn set_up(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection
        .execute(
            "set statement_timeout = '15s'; set lock_timeout = '10s'; set jit = off;
             set max_parallel_workers_per_gather = 0; set random_page_cost = 1.1",
        )
        .await?;
    Ok(())
}

impl App {
    pub fn new(
        config: Config,
        clock: Clock,
        tokens: Tokens,
        secret: SecretKey,
        console: Console,
        lanes: Lanes,
    ) -> Self {
        let firebase = config.firebase.as_ref().map(|firebase| Firebase::new(firebase, config.is_production()));
        let redis = config.redis.as_ref().map(Redis::new);
        Self(Arc::new(Inner {
            firebase,
            config,
            clock,
            tokens,
            secret,
            console,
            redis,
            messages_queued: Notify::new(),
            lanes,
            parts: RwLock::default(),
        }))
    }

    pub fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.0))
    }

    /// The connection of a use case: it writes, or reads what it is about to write.
    pub async fn db(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.lanes.writes.acquire().await?)
    }

    pub async fn begin(&self) -> Result<sqlx::Transaction<'static, Postgres>> {
        Ok(self.lanes.writes.begin().await?)
    }

    /// For a read by key.
    pub async fn lookups(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.lanes.lookups.acquire().await?)
    }

    /// For lists and searches.
    pub async fn lists(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.lanes.lists.acquire().await?)
    }

    pub fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// The state that a feature keeps in this process (a cache, a store in memory): made at its first use, one of each
    /// type. So `App` need not know the features.
    pub fn part<P: Any + Send + Sync>(&self, make: impl FnOnce(&Self) -> P) -> Arc<P> {
        let id = TypeId::of::<P>();
        let found = self.parts.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let part = found.unwrap_or_else(|| {
            let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
            parts.entry(id).or_insert_with(|| Arc::new(make(self))).clone()
        });
        part.downcast().unwrap_or_else(|_| unreachable!("filed under its own type"))
    }

    pub async fn migrate(&self) -> anyhow::Result<()> {
        let mut connection = self.lanes.writes.acquire().await?;
        MIGRATIONS.run(&mut *connection).await.context("migration")
    }
}

pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
