//! Redis for tests: the shared server and Cluster of `scripts/test`, servers of the test's own to stop and starve, and
//! a wire to them that can be cut and laid elsewhere.

use std::{
    net::TcpListener as Reserved,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chemstock::{
    clients::redis::Redis,
    config::RedisConfig,
    people::codes::challenge::{Challenges, redis::RedisStore},
};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use super::{TestApp, instance::variable};

/// Which of the shared ones.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Single,
    Cluster,
}

impl Kind {
    /// The variable that leads there, and its value.
    pub fn setting(self) -> (&'static str, String) {
        let (name, from) = match self {
            Self::Single => ("REDIS_URL", "TEST_REDIS_URL"),
            Self::Cluster => ("REDIS_CLUSTER_NODES", "TEST_REDIS_CLUSTER_NODES"),
        };
        (name, variable(from))
    }

    pub fn client(self) -> Redis {
        let (_, value) = self.setting();
        let config = match self {
            Self::Single => RedisConfig::Single { url: value.into() },
            Self::Cluster => {
                RedisConfig::Cluster { nodes: value.split(',').map(|node| format!("redis://{node}").into()).collect() }
            }
        };
        Redis::new(&config, None)
    }
}

/// What keeps the keys of one test from those of another.
pub fn prefix() -> String {
    format!("test:{}:", Uuid::new_v4().simple())
}

impl TestApp {
    /// On a shared Redis, under a prefix of its own.
    pub async fn on_redis(db: PgPool, kind: Kind, vars: &[(&str, &str)]) -> Self {
        let (name, value) = kind.setting();
        let app = Self::with_vars(db, &[vars, &[(name, &value)]].concat()).await;
        let store = RedisStore::at_the_time_of_the_caller(app.app.redis.clone().expect("set above"), &prefix());
        app.app.part(|_| Challenges::new(store));
        app
    }
}

/// A server that this test alone talks to; it ends with the test.
pub struct RedisServer {
    process: Option<Child>,
    folder: PathBuf,
    pub port: u16,
    settings: Vec<String>,
}

impl RedisServer {
    pub async fn start(settings: &[&str]) -> Self {
        // Another process may take the port in between: then there is another.
        for _ in 0..5 {
            let folder = std::env::temp_dir().join(format!("chemstock-redis-{}", Uuid::new_v4().simple()));
            std::fs::create_dir_all(&folder).expect("a folder");
            let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
            let mut server = Self { process: None, folder, port: free_port(), settings };
            if server.up().await {
                return server;
            }
        }
        panic!("Redis does not start")
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it (again), empty, on its port.
    pub async fn up(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()]);
        command.arg("--dir").arg(&self.folder).args(&self.settings).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().expect("redis-server on the PATH");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && matches!(process.try_wait(), Ok(None)) {
            if self.asks_itself(process.id()).await {
                self.process = Some(process);
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = process.kill();
        let _ = process.wait();
        false
    }

    async fn asks_itself(&self, process: u32) -> bool {
        let Ok(mut link) = self.client().get_multiplexed_async_connection().await else { return false };
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut link).await.unwrap_or_default();
        info.contains(&format!("process_id:{process}\r"))
    }

    /// As a crash does.
    pub fn down(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub fn client(&self) -> redis::Client {
        redis::Client::open(self.url()).expect("a URL")
    }

    pub fn client_with(&self, password: &str) -> redis::Client {
        redis::Client::open(format!("redis://:{password}@127.0.0.1:{}", self.port)).expect("a URL")
    }

    pub fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([name, &process]).status().expect("kill").success());
    }

    /// As an operator does with redis-cli.
    pub async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut link = self.client().get_multiplexed_async_connection().await.expect("the server");
        let (name, arguments) = words.split_first().expect("a command");
        redis::cmd(name).arg(arguments).query_async(&mut link).await.expect("an answer")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.down();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Two servers of a Cluster that this test alone talks to, each with half of the slots.
pub async fn two_nodes() -> [RedisServer; 2] {
    let ((one, _), (other, bus)) = (cluster_node().await, cluster_node().await);
    one.command::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]).await;
    other.command::<()>(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]).await;
    other.command::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", "2"]).await;
    one.command::<()>(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string(), &bus]).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    for node in [&one, &other] {
        while !node.command::<String>(&["CLUSTER", "INFO"]).await.contains("cluster_state:ok") {
            assert!(Instant::now() < deadline, "the nodes do not meet");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    [one, other]
}

/// And the port of its bus, which by default would be out of range.
async fn cluster_node() -> (RedisServer, String) {
    let bus = free_port().to_string();
    (RedisServer::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]).await, bus)
}

/// Below the ports that the system gives to connections, of which other tests open many.
pub fn free_port() -> u16 {
    let mut drawn = std::iter::repeat_with(|| 15_000 + (Uuid::new_v4().as_u128() % 5_000) as u16).take(1_000);
    drawn.find(|port| Reserved::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// A wire to a server. Armed, it carries the next script about a challenge there, waits for its reply and cuts the
/// connection instead of carrying it back.
pub struct Wire {
    pub port: u16,
    state: Arc<WireState>,
}

#[derive(Default)]
struct WireState {
    server: AtomicU16,
    armed: AtomicBool,
    closes_then: AtomicBool,
    closed: AtomicBool,
    cuts: AtomicUsize,
}

impl Wire {
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(WireState { server: AtomicU16::new(server), ..WireState::default() });
        let wire = Self { port, state: state.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !state.closed.load(Ordering::SeqCst) {
                    tokio::spawn(carry(client, state.clone()));
                }
            }
        });
        wire
    }

    /// Whoever connects from now on gets there.
    pub fn lead_to(&self, server: u16) {
        self.state.server.store(server, Ordering::SeqCst);
    }

    pub fn cut_the_reply_to_the_next_script(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// After that cut, until `let_through`.
    pub fn then_let_nobody_through(&self) {
        self.state.closes_then.store(true, Ordering::SeqCst);
    }

    pub fn let_through(&self) {
        self.state.closes_then.store(false, Ordering::SeqCst);
        self.state.closed.store(false, Ordering::SeqCst);
    }

    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

async fn carry(mut client: TcpStream, state: Arc<WireState>) {
    let server = state.server.load(Ordering::SeqCst);
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut cut = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let length = read.unwrap_or(0);
                let has = |what: &[u8]| asked[..length].windows(what.len()).any(|word| word == what);
                cut |= has(b"EVAL") && !has(b"rl:{") && state.armed.swap(false, Ordering::SeqCst);
                if length == 0 || server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
            },
            read = server.read(&mut answered) => {
                let length = read.unwrap_or(0);
                if cut && length > 0 {
                    state.closed.store(state.closes_then.load(Ordering::SeqCst), Ordering::SeqCst);
                    state.cuts.fetch_add(1, Ordering::SeqCst);
                }
                if cut || length == 0 || client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            },
        }
    }
}
