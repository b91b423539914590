//! The commands beside `serve` that need the database, or a server that runs.

use std::process::ExitCode;

use super::connect;
use crate::{
    base::phone::Phone,
    config::Config,
    people::{accounts, codes},
};

/// `chemstock migrate`.
pub async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    connect(config).await?.close().await;
    eprintln!("the database is up to date");
    Ok(ExitCode::SUCCESS)
}

/// `chemstock owner PHONE`: of a person who is here, or comes later with this phone.
pub async fn make_owner(config: Config, phone: &str) -> anyhow::Result<ExitCode> {
    let phone = Phone::parse(phone, None).map_err(|why| anyhow::anyhow!("the phone {why}"))?;
    let connected = connect(config).await?;
    accounts::make_owner(&connected.app, &phone).await?;
    connected.close().await;
    eprintln!("done: the person with this phone is an owner");
    Ok(ExitCode::SUCCESS)
}

/// `chemstock unlock PHONE`: after a hundred wrong codes in a row.
pub async fn unlock(config: Config, phone: &str) -> anyhow::Result<ExitCode> {
    let phone = Phone::parse(phone, None).map_err(|why| anyhow::anyhow!("the phone {why}"))?;
    let connected = connect(config).await?;
    let was_closed = codes::unlock(&connected.app, &phone).await?;
    connected.close().await;
    let done = "done: codes for this phone are let in again";
    eprintln!("{}", if was_closed { done } else { "nothing to do: no wrong code is counted for this phone" });
    Ok(ExitCode::SUCCESS)
}

/// `chemstock health`: for a container's health check, which has no curl.
pub async fn check_health(config: &Config) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(3)).build()?;
    let host = if config.host.is_unspecified() { "127.0.0.1".into() } else { config.host.to_string() };
    let url = format!(
        "http://{}/health/live",
        if host.contains(':') { format!("[{host}]:{}", config.port) } else { format!("{host}:{}", config.port) }
    );
    let status = client.get(url).send().await?.status();
    Ok(if status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
