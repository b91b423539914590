//! Can it serve? Without the database it cannot. Without Redis or a provider it still can, for everybody who is logged
//! in: a balancer that took such an instance out would turn a lost login into a lost inventory.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    base::error::Result,
    messages,
    platform::{app::App, batch::Lookups},
};

const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
const OK: &str = "ok";
const AWAY: &str = "away";

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "database": "ok", "redis": "ok", "providers": {"twilio": "ok", "vonage": "paused"}}))]
pub struct Health {
    /// `ok`, or `degraded`: something is away that only logging in needs.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<&'static str>,
    /// Where codes and limits are kept; absent where that is in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<&'static str>,
    /// Those that send codes: `ok`, or `paused` while this instance skips one that fails.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<&'static str, &'static str>,
}

impl Health {
    pub fn alive() -> Self {
        Self { status: OK, database: None, redis: None, providers: BTreeMap::new() }
    }

    pub fn can_serve(&self) -> bool {
        self.database == Some(OK)
    }

    /// What is there and what is away, for a problem.
    pub fn services(&self) -> BTreeMap<&'static str, &'static str> {
        let services = [("database", self.database), ("redis", self.redis)];
        services.into_iter().filter_map(|(name, state)| Some((name, state?))).collect()
    }
}

/// Those who ask at the same time share one look, so that anonymous callers take one connection at most.
pub async fn look(app: &App) -> Result<Health> {
    let shared = app.part(|app| {
        let app = app.downgrade();
        Lookups::new(move |_: Vec<()>| {
            let app = app.upgrade();
            async move {
                let Some(app) = app else { return Ok(HashMap::new()) };
                Ok(HashMap::from([((), Arc::new(check(&app).await))]))
            }
        })
    });
    let found = shared.find(()).await?;
    Ok(found.map_or_else(Health::alive, |found| Health::clone(&found)))
}

async fn check(app: &App) -> Health {
    let (database, redis) = tokio::join!(soon(ping_database(app)), soon(ping_redis(app)));
    let providers = messages::provider_states(app);
    let redis = app.redis.as_ref().map(|_| redis);
    let is_whole = redis != Some(AWAY) && providers.values().all(|state| *state == OK);
    Health { status: if is_whole { OK } else { "degraded" }, database: Some(database), redis, providers }
}

async fn soon(ping: impl Future<Output = Result<()>>) -> &'static str {
    match tokio::time::timeout(ANSWERS_WITHIN, ping).await {
        Ok(Ok(())) => OK,
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not ready");
            AWAY
        }
        Err(_) => AWAY,
    }
}

async fn ping_database(app: &App) -> Result<()> {
    sqlx::query_scalar!("select 1").fetch_one(&mut *app.lookups().await?).await?;
    Ok(())
}

async fn ping_redis(app: &App) -> Result<()> {
    match &app.redis {
        Some(redis) => redis.ready().await,
        None => Ok(()),
    }
}
