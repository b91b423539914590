//! From configuration to a running server, and down again.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use axum::{Router, routing::get, serve::ListenerExt};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::SecondsFormat;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    clients::{console::Console, redis::Redis},
    clock::Clock,
    config::{Config, Provider, load_or_create},
    embedded::Embedded,
    lanes::{FRESH_FOR, Lanes, pool_options},
    login,
    phone::Phone,
    router,
    secrets::{self, SecretKey},
    telemetry,
    tokens::{KeyRing, KeyState, Tokens},
    users, worker,
};

/// The app with what must be closed after it.
pub struct Connected {
    pub app: App,
    embedded: Option<Embedded>,
}

impl Connected {
    /// Closes the connections first, then the database that they lead to.
    pub async fn close(self) {
        self.app.lanes().close().await;
        if let Some(embedded) = self.embedded
            && let Err(cause) = embedded.close().await
        {
            tracing::warn!(cause = format!("{cause:#}"), "closing the embedded database");
        }
    }
}

/// Everything that the product needs, with its database brought up to date.
pub async fn connect(config: Config) -> anyhow::Result<Connected> {
    let (lanes, embedded) = database(&config).await?;
    let secret = SecretKey::new(secret(&config)?.expose_secret().as_bytes());
    let jwt = &config.jwt;
    let tokens = Tokens::new(key_ring(&config)?, jwt.issuer.clone(), jwt.audience.clone(), jwt.access_ttl);
    let app = App::new(config, Clock::real(), tokens, secret, Console::terminal(), lanes);
    app.migrate().await?;
    Ok(Connected { app, embedded })
}

/// After a kill the embedded database recovers before it lets the first connection in.
const RECOVERED_WITHIN: Duration = Duration::from_mins(1);

async fn database(config: &Config) -> anyhow::Result<(Lanes, Option<Embedded>)> {
    if let Some(url) = &config.database_url {
        return Ok((Lanes::open(url.expose_secret(), config.authorities.as_ref()).await?, None));
    }
    let embedded = Embedded::start(&config.data_dir).await?;
    // It has one connection, so the pool is a queue for it.
    let options = embedded.url().parse().context("the embedded database's address")?;
    let pool = pool_options().max_connections(1).acquire_timeout(RECOVERED_WITHIN);
    let pool = pool.connect_with(options).await.context("the embedded database")?;
    Ok((Lanes::single(pool, FRESH_FOR), Some(embedded)))
}

/// In development a secret and a key are made at the first start and kept, so that a restart logs nobody out.
fn secret(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(secret) = &config.secret_key {
        return Ok(secret.clone());
    }
    let make = || BASE64_STANDARD.encode(secrets::random::<32>());
    load_or_create(&config.data_dir.join("secret_key"), make).map(SecretString::from)
}

/// Reads the files of `JWT_PRIVATE_KEYS` again and uses what they hold now; after an error, what they held before.
pub fn reload_keys(app: &App) -> anyhow::Result<()> {
    let ring = key_ring(&app.config)?;
    let kids: Vec<_> = ring.list().into_iter().map(|key| key.kid).collect();
    app.tokens.replace_keys(ring);
    tracing::info!(?kids, "signing keys were read again; the first signs");
    Ok(())
}

/// SIGHUP is how one asks a service to read its files again. Whoever has none is ended by it, as is usual.
#[cfg(unix)]
async fn reload_keys_on_signal(app: App, mut asked: Signal) {
    while asked.recv().await.is_some() {
        if let Err(cause) = reload_keys(&app) {
            tracing::error!(cause = format!("{cause:#}"), "the signing keys stay as they were");
        }
    }
}

/// `chemstock keys list`: what each key of the ring does, and nothing that is secret.
#[expect(clippy::print_stdout, reason = "this command is asked to print")]
pub fn list_keys(config: &Config) -> anyhow::Result<ExitCode> {
    for key in key_ring(config)?.list() {
        let state = match key.state {
            KeyState::Active => "active: signs and verifies",
            KeyState::Next => "next: verifies; made after the active one",
            KeyState::Retiring => "retiring: verifies; made before the active one",
            KeyState::NextOrRetiring => {
                "next or retiring: verifies; there is no time above it, or above the active one"
            }
        };
        let made = key.made.map_or_else(|| "-".to_owned(), |made| made.to_rfc3339_opts(SecondsFormat::Secs, true));
        println!("{}  {:<5}  {made:<20}  {state}", key.kid, key.algorithm);
    }
    Ok(ExitCode::SUCCESS)
}

fn key_ring(config: &Config) -> anyhow::Result<KeyRing> {
    let paths = &config.jwt.private_keys;
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("JWT_PRIVATE_KEYS: {}", path.display()));
    let pems = if paths.is_empty() {
        vec![load_or_create(&config.data_dir.join("jwt_key.pem"), KeyRing::generate_pem)?]
    } else {
        paths.iter().map(read).collect::<anyhow::Result<_>>()?
    };
    KeyRing::from_pems(&pems).context("JWT_PRIVATE_KEYS")
}

/// `chemstock serve`: until Ctrl-C or SIGTERM.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::init(&config)?;
    if let Some(authorities) = &config.authorities {
        authorities.load().map_err(anyhow::Error::msg)?;
    }
    // From the start, so that none ends a server that is just coming up.
    #[cfg(unix)]
    let hangups = (!config.jwt.private_keys.is_empty()).then(|| signal(SignalKind::hangup())).transpose()?;
    look_at_redis(&config).await?;
    let address = SocketAddr::new(config.host, config.port);
    // Before the database: a port that is taken should not cost the start of one.
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let metrics = match config.metrics_addr {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| format!("METRICS_ADDR {address}"))?),
        None => None,
    };
    let connected = connect(config).await?;
    let app = connected.app.clone();
    check_firebase(&app)?;
    welcome(&app, listener.local_addr()?);

    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    #[cfg(unix)]
    if let Some(hangups) = hangups {
        tokio::spawn(reload_keys_on_signal(app.clone(), hangups));
    }
    let background = tokio::spawn(worker::run(app.clone(), stop.clone()));
    if let Some(metrics) = metrics {
        let service = Router::new().route("/metrics", get(async || telemetry::install().render()));
        tokio::spawn(
            axum::serve(metrics, service).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future(),
        );
    }
    let service = router::service(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await?;
    background.await?;
    connected.close().await;
    Ok(ExitCode::SUCCESS)
}

/// What would else show at the first login.
fn check_firebase(app: &App) -> anyhow::Result<()> {
    let Some(firebase) = &app.firebase else { return Ok(()) };
    firebase.check()?;
    if firebase.is_emulated() {
        tracing::warn!("FIREBASE_AUTH_EMULATOR_HOST is set: everybody gets in with an unsigned token");
    } else if !firebase.has_service_account() {
        tracing::warn!(
            "Firebase has no service account: an ID token passes until it expires, also when its account was disabled \
             or revoked, and there are no custom tokens; set FIREBASE_PRIVATE_KEY and FIREBASE_CLIENT_EMAIL"
        );
    }
    Ok(())
}

/// Stops at what no waiting mends. A Redis that is away may come back: until then no code is sent or accepted, and
/// readiness says so.
async fn look_at_redis(config: &Config) -> anyhow::Result<()> {
    let Some(redis) = &config.redis else { return Ok(()) };
    let (fatal, passing): (Vec<_>, Vec<_>) =
        Redis::new(redis, config.authorities.as_ref()).check().await.into_iter().partition(|finding| finding.fatal);
    for finding in passing {
        tracing::warn!("{finding}");
    }
    let fatal: Vec<String> = fatal.iter().map(ToString::to_string).collect();
    anyhow::ensure!(fatal.is_empty(), "{}", fatal.join("\n"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it greets whoever starts it")]
fn welcome(app: &App, address: SocketAddr) {
    tracing::info!(%address, "listening");
    if app.config.is_production() {
        return;
    }
    println!("Chemstock is up.");
    println!("  API and docs   http://{address}/docs");
    let way = if app.config.sms.providers.contains(&Provider::Console) { "appears here" } else { "comes by message" };
    println!("  sign in        POST /v1/auth/otp/request with {{\"phone\": \"+12025550123\"}}; the code {way}");
    println!("  stop           Ctrl-C");
}

async fn stop_on_signal(stop: CancellationToken) {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
    tracing::info!("stopping");
    stop.cancel();
}

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
    users::make_owner(&connected.app, &phone).await?;
    connected.close().await;
    eprintln!("done: the person with this phone is an owner");
    Ok(ExitCode::SUCCESS)
}

/// `chemstock unlock PHONE`: after a hundred wrong codes in a row.
pub async fn unlock(config: Config, phone: &str) -> anyhow::Result<ExitCode> {
    let phone = Phone::parse(phone, None).map_err(|why| anyhow::anyhow!("the phone {why}"))?;
    let connected = connect(config).await?;
    let was_closed = login::unlock(&connected.app, &phone).await?;
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
