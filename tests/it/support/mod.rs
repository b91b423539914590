//! `TestApp`: the whole service on the test's own database, a clock that the test moves, and clients with a role.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod client;
pub mod dice;
mod documented;
pub mod folder;
pub mod google;
pub mod instance;
pub mod log;
pub mod outside;
pub mod postgres_wire;
pub mod providers;
pub mod redis;
pub mod schema;
pub mod tls;

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex},
};

use axum::Router;
use chemstock::{
    base::{
        clock::Clock,
        ids,
        secrets::SecretKey,
        tokens::{KeyRing, Tokens},
    },
    clients::console::Console,
    config::Config,
    platform::{
        app::App,
        lanes::{FRESH_FOR, Lanes, pool_options},
    },
    router, worker,
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

pub use self::client::{Answer, Client};

pub struct TestApp {
    pub app: App,
    pub router: Router,
    pub db: PgPool,
    /// A lab with no people but those that `client` makes.
    pub lab: Uuid,
    terminal: Written,
}

/// As `router::service`, but to make the routes and their document takes longer than most tests.
fn service(app: App) -> Router {
    static ROUTES: LazyLock<Router<App>> = LazyLock::new(router::routes);
    router::layered(app, ROUTES.clone(), router::REQUEST_TIMEOUT)
}

/// Where the clock of every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("in range")
}

/// An id that a client has made, by a clock that the service believes.
pub fn own_id() -> Uuid {
    ids::new(start())
}

/// Hexadecimal digits, in small letters.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// A pool of the product, with its settings, on the test's database.
fn pool_of(db: &PgPool) -> PgPool {
    pool_options().max_connections(12).connect_lazy_with((*db.connect_options()).clone())
}

impl TestApp {
    pub async fn new(db: PgPool) -> Self {
        Self::with_vars(db, &[]).await
    }

    /// With configuration variables of its own.
    pub async fn with_vars(db: PgPool, vars: &[(&str, &str)]) -> Self {
        let lanes = Lanes::single(pool_of(&db), FRESH_FOR);
        Self::with_lanes(db, vars, lanes).await
    }

    /// With connections of its own for each kind of work, as a server has them.
    pub async fn with_all_lanes(db: PgPool) -> Self {
        let lanes = Lanes::open(&instance::database_url(&db), None).await.expect("connections");
        Self::with_lanes(db, &[], lanes).await
    }

    async fn with_lanes(db: PgPool, vars: &[(&str, &str)], lanes: Lanes) -> Self {
        let db = pool_of(&db);
        // Every test has one address, and most ask for more codes than a client may: limits for those that test them.
        let lookup = |name: &str| {
            let given = vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| name.contains("_PER_ADDRESS_").then(|| "1000000".to_owned()))
        };
        let config = Config::from_vars(lookup).expect("a valid configuration");
        let clock = Clock::manual(start());
        let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
        let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
        let terminal = Written::default();
        let console = Console::new(terminal.clone());
        let secret = SecretKey::new(&[7; 32]);
        let app = App::new(config, clock, tokens, secret, console, lanes);
        let mut test = Self { router: service(app.clone()), app, db, lab: Uuid::nil(), terminal };
        test.new_lab("Test lab").await;
        test
    }

    /// Moves on to a new lab: the clients that follow belong to it, and none of those before.
    pub async fn new_lab(&mut self, name: &str) {
        self.lab = Uuid::now_v7();
        sqlx::query("insert into labs (id, name, created_at, updated_at) values ($1, $2, $3, $3)")
            .bind(self.lab)
            .bind(name)
            .bind(self.app.clock.now())
            .execute(&self.db)
            .await
            .expect("a lab");
    }

    /// The same installation after a restart, with a new signing key: what stood in memory is gone.
    pub fn restarted(&self) -> Self {
        self.restarted_as(self.app.config.clone())
    }

    pub fn restarted_as(&self, config: Config) -> Self {
        let terminal = self.terminal.clone();
        let (console, secret) = (Console::new(terminal.clone()), SecretKey::new(&[7; 32]));
        let (clock, lanes) = (self.app.clock.clone(), self.app.lanes().clone());
        let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
        let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
        let app = App::new(config, clock, tokens, secret, console, lanes);
        Self { router: service(app.clone()), app, db: self.db.clone(), lab: self.lab, terminal }
    }

    pub fn nobody(&self) -> Client {
        Client { router: self.router.clone(), token: None, user_id: Uuid::nil(), address: None }
    }

    /// Somebody new with this role in the test's lab.
    pub async fn client(&self, role: &str) -> Client {
        let client = self.stranger().await;
        sqlx::query(
            "insert into memberships (lab_id, user_id, role, created_at, updated_at) values ($1, $2, $3, $4, $4)",
        )
        .bind(self.lab)
        .bind(client.user_id)
        .bind(role)
        .bind(self.app.clock.now())
        .execute(&self.db)
        .await
        .expect("a membership");
        client
    }

    /// Somebody new who owns the installation.
    pub async fn owner(&self) -> Client {
        let client = self.stranger().await;
        let made = sqlx::query("update users set is_owner = true where id = $1").bind(client.user_id).execute(&self.db);
        made.await.expect("an owner");
        client
    }

    /// Somebody new, to whom an owner gave the right to the catalogue.
    pub async fn cataloguer(&self) -> Client {
        let client = self.stranger().await;
        let made =
            sqlx::query("update users set is_cataloguer = true where id = $1").bind(client.user_id).execute(&self.db);
        made.await.expect("a cataloguer");
        client
    }

    /// Somebody new, signed in, with no lab.
    pub async fn stranger(&self) -> Client {
        let (user, now) = (ids::new(self.app.clock.now()), self.app.clock.now());
        sqlx::query("insert into users (id, name, created_at, updated_at) values ($1, 'Somebody', $2, $2)")
            .bind(user)
            .bind(now)
            .execute(&self.db)
            .await
            .expect("a user");
        let token = Some(self.session(user).await);
        Client { router: self.router.clone(), token, user_id: user, address: None }
    }

    /// The same person, signed in again now: a token ends long before a test that moves the clock by days.
    pub async fn signed_in(&self, client: &Client) -> Client {
        client.with_token(&self.session(client.user_id).await)
    }

    async fn session(&self, user: Uuid) -> String {
        let (session, now) = (ids::new(self.app.clock.now()), self.app.clock.now());
        sqlx::query(
            "insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
            values ($1, $2, '{sms}', $3, $3, $3, $4)",
        )
        .bind(session)
        .bind(user)
        .bind(now)
        .bind(now + TimeDelta::days(30))
        .execute(&self.db)
        .await
        .expect("a session");
        let (token, _) = self.app.tokens.sign(user, session, now.timestamp(), vec!["sms".into()], now);
        chemstock::auth::forget(&self.app, user);
        token
    }

    pub fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by);
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Lets the background steps finish what there is to do.
    pub async fn drain(&self) {
        worker::drain(&self.app).await.expect("background steps");
    }

    /// What the terminal has shown so far.
    pub fn terminal(&self) -> String {
        self.terminal.text()
    }

    /// The path of a resource of the test's lab.
    pub fn path(&self, below: &str) -> String {
        format!("/v1/labs/{}{below}", self.lab)
    }
}

/// Until so many statements that begin like this wait for a lock.
pub async fn until_wait(db: &PgPool, many: i64, begin: &str) {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and starts_with(query, $1)";
    while sqlx::query_scalar::<_, i64>(waiting).bind(begin).fetch_one(db).await.expect("a number") < many {
        tokio::task::yield_now().await;
    }
}

/// A log or a terminal, kept.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
