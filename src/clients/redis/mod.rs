//! Redis, one server or a Cluster, for whoever keeps something there: connects at the first use, gives every piece of
//! work a second, and heals by itself. While it is away each call says so at once; nothing here falls back to anything.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisError, RedisResult, RetryMethod, ServerErrorKind,
    TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cluster::{ClusterClient, ClusterConfig},
    cluster_async::ClusterConnection,
    io::tcp::TcpSettings,
};
use secrecy::ExposeSecret;

use crate::{
    base::error::{Error, Result},
    config::{Authorities, RedisConfig},
};

mod check;

pub use self::check::{Finding, POLICY_UNKNOWN};

const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_millis(300);
/// For a piece of work with all its tries: whoever waits for a code is told soon.
const DONE_WITHIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    target: std::result::Result<Target, String>,
    state: Mutex<State>,
    /// Whether [`Redis::ready`] has seen that no policy drops keys.
    keeps_keys: AtomicBool,
}

#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Target {
    Single(Client),
    Cluster(ClusterClient),
}

/// Both share one connection to each server among all calls.
#[derive(Clone)]
enum Link {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    linked_at: Option<Instant>,
    failures: u32,
}

/// A Lua script. Servers know it by its hash once one of them has run it.
pub struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }
}

impl Redis {
    /// Connects to nothing yet. A setting that is wrong shows at the first use, and in [`Redis::check`].
    pub fn new(config: &RedisConfig, authorities: Option<&Authorities>) -> Self {
        let target = certificates(authorities).and_then(|own| {
            let target = Target::of(config, own);
            target.map_err(|error| describe(&error))
        });
        Self(Arc::new(Inner { target, state: Mutex::default(), keeps_keys: AtomicBool::new(false) }))
    }

    /// Bounds a piece of work that consists of calls, and learns from its outcome whether the link is of use.
    pub async fn within<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let outcome = match tokio::time::timeout(DONE_WITHIN, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unavailable(format!("no answer within {DONE_WITHIN:?}"))),
        };
        self.learn(matches!(outcome, Err(Error::Unavailable { .. })));
        outcome
    }

    /// A command. It is sent again when its reply was lost, so it must bear repeating.
    pub async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        self.query(command).await.map_err(|error| unavailable(describe(&error)))
    }

    /// A script, which must bear repeating like any command. Its keys lie in one slot. Where it is not known it goes as
    /// text to the very server that asked for it: `SCRIPT LOAD` would need every node of a Cluster to answer.
    pub async fn run<T: FromRedisValue>(&self, script: &Script, keys: &[String], arguments: &[&[u8]]) -> Result<T> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
            command
        };
        let outcome = match self.query(&command("EVALSHA", &script.hash)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.query(&command("EVAL", script.text)).await
            }
            outcome => outcome,
        };
        outcome.map_err(|error| unavailable(describe(&error)))
    }

    /// Whether it answers, and keeps what it is given. A Cluster of which no part can be written says so, too.
    pub async fn ready(&self) -> Result<()> {
        self.within(self.ping()).await?;
        if !self.0.keeps_keys.load(Ordering::Relaxed) {
            if let Some(finding) = self.check().await.into_iter().find(|finding| finding.fatal) {
                return Err(unavailable(finding.to_string()));
            }
            self.0.keeps_keys.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn ping(&self) -> Result<()> {
        if !matches!(self.0.target, Ok(Target::Cluster(_))) {
            return self.call(&redis::cmd("PING")).await;
        }
        let info: String = self.call(redis::cmd("CLUSTER").arg("INFO")).await?;
        if info.contains("cluster_state:ok") { Ok(()) } else { Err(unavailable("the cluster is down".to_owned())) }
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut tried = 0;
        loop {
            let outcome = match self.link()? {
                Link::Single(mut link) => command.query_async(&mut link).await,
                Link::Cluster(mut link) => command.query_async(&mut link).await,
            };
            tried += 1;
            match outcome {
                Err(error) if tried < TRIES && is_of_the_way(&error) => tokio::time::sleep(PAUSE * tried).await,
                outcome => return outcome,
            }
        }
    }

    fn link(&self) -> RedisResult<Link> {
        let mut state = self.state();
        if let Some(link) = &state.link {
            return Ok(link.clone());
        }
        let target = self.0.target.as_ref();
        let link = target.map_err(|_| (ErrorKind::InvalidClientConfig, "the address cannot be used"))?.link()?;
        (state.link, state.linked_at) = (Some(link.clone()), Some(Instant::now()));
        Ok(link)
    }

    /// The driver reconnects by itself. But it keeps the address that it resolved first, and it does not ask again a
    /// server that refused while starting. So a link that fails is replaced, at most once a second. A link to a Cluster
    /// is replaced only after three failures in a row, because it may still serve the other nodes.
    fn learn(&self, failed: bool) {
        let mut state = self.state();
        state.failures = if failed { state.failures.saturating_add(1) } else { 0 };
        let most = if matches!(state.link, Some(Link::Cluster(_))) { 3 } else { 1 };
        let is_old = state.linked_at.is_some_and(|at| at.elapsed() > DONE_WITHIN);
        if state.failures >= most && is_old {
            *state = State::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    fn of(config: &RedisConfig, own: Option<TlsCertificates>) -> RedisResult<Self> {
        match config {
            RedisConfig::Single { url } => {
                let info = url.expose_secret().into_connection_info()?.set_tcp_settings(tcp());
                let client = match own.filter(|_| url.expose_secret().starts_with("rediss:")) {
                    Some(own) => Client::build_with_tls(info, own),
                    None => Client::open(info),
                };
                client.map(Self::Single)
            }
            RedisConfig::Cluster { nodes } => {
                let nodes = nodes.iter().map(ExposeSecret::expose_secret);
                let builder = ClusterClient::builder(nodes)
                    .tcp_settings(tcp())
                    .connection_timeout(CONNECT_WITHIN)
                    .response_timeout(ANSWER_WITHIN)
                    .overall_response_timeout(Some(DONE_WITHIN))
                    // The driver's own are 16, with waits of minutes.
                    .retries(TRIES - 1)
                    .min_retry_wait(20)
                    .max_retry_wait(200);
                let builder = match own {
                    Some(own) => builder.certs(own),
                    None => builder,
                };
                builder.build().map(Self::Cluster)
            }
        }
    }

    fn link(&self) -> RedisResult<Link> {
        match self {
            Self::Single(client) => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(CONNECT_WITHIN))
                    .set_response_timeout(Some(ANSWER_WITHIN))
                    .set_number_of_retries(0);
                ConnectionManager::new_lazy_with_config(client.clone(), config).map(Link::Single)
            }
            Self::Cluster(client) => {
                Ok(Link::Cluster(client.get_pending_async_connection_with_config(ClusterConfig::new())))
            }
        }
    }
}

/// The driver takes these instead of the machine's own, so those go with them.
fn certificates(authorities: Option<&Authorities>) -> std::result::Result<Option<TlsCertificates>, String> {
    let Some(authorities) = authorities else { return Ok(None) };
    let mut pem = authorities.load()?.to_string();
    for certificate in rustls_native_certs::load_native_certs().certs {
        let _ = write!(
            pem,
            "\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            BASE64_STANDARD.encode(certificate)
        );
    }
    Ok(Some(TlsCertificates { client_tls: None, root_cert: Some(pem.into_bytes()) }))
}

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    // A server that went silent is given up before its place is taken by another.
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(Duration::from_secs(3));
    settings
}

/// Whether the failure is of the connection, and another try may find a better one.
fn is_of_the_way(error: &RedisError) -> bool {
    use RetryMethod::{Reconnect, ReconnectFromInitialConnections, RetryImmediately};
    matches!(error.retry_method(), Reconnect | ReconnectFromInitialConnections | RetryImmediately)
}

fn unavailable(cause: String) -> Error {
    Error::Unavailable { service: "redis", cause }
}

/// What kind of failure, and never its text: that may quote what was sent.
fn describe(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io, _) => error.to_string(),
        (_, Some(code)) => code.to_owned(),
        _ => error.category().to_owned(),
    }
}
