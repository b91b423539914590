//! From configuration to a running server, and down again.

mod commands;
pub mod import;
mod keys;
mod signals;
pub mod stops;

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context;
use axum::{Router, routing::get};
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinError};
use tokio_util::sync::CancellationToken;

pub use self::{
    commands::{check_health, make_owner, migrate, unlock},
    keys::{list_keys, reload_keys},
};
use self::{
    keys::{key_ring, secret},
    signals::StopSignals,
};
use crate::{
    base::{clock::Clock, secrets::SecretKey, tokens::Tokens},
    catalogue::chemicals,
    clients::{console::Console, redis::Redis},
    config::{Config, PrivateKeys, Provider},
    platform::{
        app::App,
        embedded::Embedded,
        jobs,
        lanes::{FRESH_FOR, Lanes, pool_options},
        telemetry,
    },
    router,
    web::connections::{self, Limits},
    worker,
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
    let connected = open(config).await?;
    bring_up_to_date(&connected.app).await?;
    Ok(connected)
}

/// With the database as it is: what can fail before a migration fails here.
async fn open(config: Config) -> anyhow::Result<Connected> {
    let (lanes, embedded) = database(&config).await?;
    let secret = SecretKey::new(secret(&config)?.expose_secret().as_bytes());
    let jwt = &config.jwt;
    let tokens = Tokens::new(key_ring(&config)?, jwt.issuer.clone(), jwt.audience.clone(), jwt.access_ttl);
    let app = App::new(config, Clock::real(), tokens, secret, Console::terminal(), lanes);
    Ok(Connected { app, embedded })
}

async fn bring_up_to_date(app: &App) -> anyhow::Result<()> {
    app.migrate().await?;
    chemicals::refresh_all_terms(app).await.context("the terms of the catalogue")
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

/// `chemstock serve`: until Ctrl-C or SIGTERM.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let _telemetry = telemetry::init(&config)?;
    let providers: Vec<_> = config.sms.providers.iter().map(|it| it.name()).collect();
    telemetry::begin(&providers, worker::step_names());
    jobs::begin_metrics(worker::registry().kinds());
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(authorities) = &config.authorities {
        authorities.load().map_err(anyhow::Error::msg)?;
    }
    // From the start, so that no signal is lost or ends a server that is just coming up.
    let signals = StopSignals::listen()?;
    #[cfg(unix)]
    let hangups = matches!(&config.jwt.private_keys, PrivateKeys::Files(files) if !files.is_empty())
        .then(signals::hangups)
        .transpose()?;
    let (stop, now) = (CancellationToken::new(), CancellationToken::new());
    tokio::spawn(signals.obey(stop.clone(), now.clone()));
    let starting = Box::pin(start(config));
    let Some(started) = stop.run_until_cancelled(starting).await else { return Ok(ExitCode::SUCCESS) };
    let Started { connected, listener, metrics } = started?;
    let app = connected.app.clone();
    #[cfg(unix)]
    if let Some(hangups) = hangups {
        tokio::spawn(signals::reload_keys_on_signal(app.clone(), hangups));
    }
    let background = tokio::spawn(worker::run(app.clone(), stop.clone()));
    if let Some(metrics) = metrics {
        let routes = Router::new().route("/metrics", get(async || telemetry::render()));
        tokio::spawn(connections::serve(metrics, routes, Limits::default(), stop.clone(), now.clone()));
    }
    // Its limit for what runs at the stop ends with a signal of its own, which does not end the rest.
    connections::serve(listener, router::service(app.clone()), Limits::default(), stop, now.child_token()).await;
    // What the work in the background has begun it finishes, unless a second signal says no.
    let finishing = async {
        background.await?;
        worker::write_memory(&app).await;
        Ok::<_, JoinError>(())
    };
    now.run_until_cancelled(finishing).await.transpose()?;
    connected.close().await;
    Ok(ExitCode::SUCCESS)
}

struct Started {
    connected: Connected,
    listener: TcpListener,
    metrics: Option<TcpListener>,
}

async fn start(config: Config) -> anyhow::Result<Started> {
    look_at_redis(&config).await?;
    let address = SocketAddr::new(config.host, config.port);
    // Before the database: a port that is taken should not cost the start of one.
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let metrics = match config.metrics_addr {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| format!("METRICS_ADDR {address}"))?),
        None => None,
    };
    let connected = open(config).await?;
    check_firebase(&connected.app)?;
    bring_up_to_date(&connected.app).await?;
    welcome(&connected.app, listener.local_addr()?);
    Ok(Started { connected, listener, metrics })
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
