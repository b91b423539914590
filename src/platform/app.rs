//! The running product: its database, clock, keys and parties. Cheap to clone, made once, by `serve::connect`.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use secrecy::ExposeSecret;
use tokio::sync::Notify;

use crate::{
    base::{clock::Clock, error::Result, secrets::SecretKey, tokens::Tokens},
    clients::{console::Console, firebase::Firebase, redis::Redis},
    config::Config,
    platform::{
        lanes::{Lanes, Lease, connect_options},
        migrations,
    },
};

pub use crate::platform::migrations::MIGRATIONS;

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

impl App {
    pub fn new(
        config: Config,
        clock: Clock,
        tokens: Tokens,
        secret: SecretKey,
        console: Console,
        lanes: Lanes,
    ) -> Self {
        let authorities = config.authorities.as_ref();
        let firebase =
            config.firebase.as_ref().map(|firebase| Firebase::new(firebase, authorities, config.is_production()));
        let redis = config.redis.as_ref().map(|redis| Redis::new(redis, authorities));
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
    pub async fn db(&self) -> Result<Lease> {
        Ok(self.lanes.writes.lease().await?)
    }

    /// For a read by key.
    pub async fn lookups(&self) -> Result<Lease> {
        Ok(self.lanes.lookups.lease().await?)
    }

    /// For lists and searches.
    pub async fn lists(&self) -> Result<Lease> {
        Ok(self.lanes.lists.lease().await?)
    }

    /// For what reads much.
    pub async fn reports(&self) -> Result<Lease> {
        Ok(self.lanes.reports.lease().await?)
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
        let owner = self.config.migrate_database_url.as_ref();
        let owner = owner
            .map(|url| connect_options("MIGRATE_DATABASE_URL", url.expose_secret(), self.config.authorities.as_ref()));
        let owner = owner.transpose()?;
        let mut serving = self.lanes.writes.lease().await?;
        migrations::run(&mut serving, owner.as_ref()).await
    }
}
