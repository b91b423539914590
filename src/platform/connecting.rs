//! How a connection to Postgres is opened, and what is set on it.

use std::time::Duration;

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config::Authorities;

pub const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A connection that did nothing for longer is tested before its next use: the server may have been restarted.
pub const FRESH_FOR: Duration = Duration::from_secs(5);
/// Postgres ends a statement after so long.
pub const LONGEST_STATEMENT: Duration = Duration::from_secs(15);
/// And one of a report; no request takes longer.
pub const LONGEST_REPORT: Duration = Duration::from_secs(30);

/// Of the URL in this variable, whose own `sslrootcert` wins.
pub fn connect_options(
    variable: &'static str,
    url: &str,
    authorities: Option<&Authorities>,
) -> anyhow::Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().context(variable)?;
    match authorities.filter(|_| !url.contains("sslrootcert=")) {
        Some(authorities) => {
            let pem = authorities.load().map_err(anyhow::Error::msg)?;
            Ok(options.ssl_root_cert_from_pem(pem.as_bytes().to_vec()))
        }
        None => Ok(options),
    }
}

/// With the limit of time that most statements have.
pub fn pool_options() -> PgPoolOptions {
    pool_options_for(LONGEST_STATEMENT)
}

/// What every pool has in common.
pub fn pool_options_for(longest: Duration) -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(LONGEST_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > FRESH_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| Box::pin(set_up_for(connection, longest)))
}

/// Random reads cost as much as sequential ones (SSD); parallel workers off. With the defaults of Postgres the planner
/// reads a page of a small lab through the index of all labs. `scripts/bench` plans with the same.
const PLANNING: &str = "set jit = off; set max_parallel_workers_per_gather = 0; set random_page_cost = 1.1";

async fn set_up_for(connection: &mut PgConnection, longest: Duration) -> sqlx::Result<()> {
    let settings = format!("set statement_timeout = '{}s'; set lock_timeout = '10s'; {PLANNING}", longest.as_secs());
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
    Ok(())
}

/// As after the connecting, once a migration has set other limits.
pub async fn set_up(connection: &mut PgConnection) -> sqlx::Result<()> {
    set_up_for(connection, LONGEST_STATEMENT).await
}
