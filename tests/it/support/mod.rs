//! `TestApp`: the whole service on the test's own database, a clock that the test moves, and clients with a role.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::allow_attributes,
    reason = "not every test file uses every helper; a test that finds something else has failed; json!() hands over"
)]

pub mod google;
pub mod redis;

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use chemstock::{
    app::{App, Lanes, pool_options},
    clients::console::Console,
    clock::Clock,
    config::Config,
    ids, router,
    secrets::SecretKey,
    tokens::{KeyRing, Tokens},
    worker,
};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;
use uuid::Uuid;

pub struct TestApp {
    pub app: App,
    pub router: Router,
    pub db: PgPool,
    /// A lab with no people but those that `client` makes.
    pub lab: Uuid,
    terminal: Terminal,
}

impl TestApp {
    pub async fn new(db: PgPool) -> Self {
        Self::with_vars(db, &[]).await
    }

    /// With configuration variables of its own.
    pub async fn with_vars(db: PgPool, vars: &[(&str, &str)]) -> Self {
        // The pool of the product, with its settings, on the test's database.
        let db = pool_options().max_connections(12).connect_lazy_with((*db.connect_options()).clone());
        // Every test has one address, and most ask for more codes than a client may: limits for those that test them.
        let lookup = |name: &str| {
            let given = vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| name.contains("_PER_ADDRESS_").then(|| "1000000".to_owned()))
        };
        let config = Config::from_vars(lookup).expect("a valid configuration");
        let clock = Clock::manual(DateTime::from_timestamp(1_795_000_000, 0).expect("in range"));
        let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
        let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
        let terminal = Terminal::default();
        let console = Console::new(terminal.clone());
        let secret = SecretKey::new(&[7; 32]);
        let app = App::new(config, clock, tokens, secret, console, Lanes::single(db.clone()));
        let mut test = Self { router: router::service(app.clone()), app, db, lab: Uuid::nil(), terminal };
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
        let (old, terminal) = (&self.app, self.terminal.clone());
        let (console, secret) = (Console::new(terminal.clone()), SecretKey::new(&[7; 32]));
        let (config, clock, lanes) = (old.config.clone(), old.clock.clone(), Lanes::single(self.db.clone()));
        let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
        let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
        let app = App::new(config, clock, tokens, secret, console, lanes);
        Self { router: router::service(app.clone()), app, db: self.db.clone(), lab: self.lab, terminal }
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

    /// Somebody new, signed in, with no lab.
    pub async fn stranger(&self) -> Client {
        let (user, session, now) =
            (ids::new(self.app.clock.now()), ids::new(self.app.clock.now()), self.app.clock.now());
        sqlx::query("insert into users (id, name, created_at, updated_at) values ($1, 'Somebody', $2, $2)")
            .bind(user)
            .bind(now)
            .execute(&self.db)
            .await
            .expect("a user");
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
        Client { router: self.router.clone(), token: Some(token), user_id: user, address: None }
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

#[derive(Clone, Default)]
struct Terminal(Arc<Mutex<Vec<u8>>>);

impl Terminal {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Somebody with a telephone.
#[derive(Clone)]
pub struct Client {
    router: Router,
    pub token: Option<String>,
    pub user_id: Uuid,
    /// Of the socket; none as with a request that came by no socket.
    pub address: Option<IpAddr>,
}

impl Client {
    pub fn at(&self, address: &str) -> Self {
        Self { address: Some(address.parse().expect("an address")), ..self.clone() }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn with_router(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[("idempotency-key", key)], Some(body)).await
    }

    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[("if-match", etag)], Some(body)).await
    }

    pub async fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send(Method::DELETE, path, &[("if-match", etag)], None).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string());
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send_raw(request, body.map_or_else(Body::empty, Body::from)).await
    }

    pub async fn send_raw(&self, mut request: axum::http::request::Builder, body: Body) -> Answer {
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let request: Request<Body> = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body, text }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).body
    }

    #[track_caller]
    pub fn created(self) -> Value {
        self.expect(201).body
    }

    /// Asserts a problem of this status and type, with all that every problem has.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.body["type"], json!(format!("/problems/{slug}")), "{}", answer.text);
        assert_eq!(answer.body["status"], json!(status));
        assert_eq!(answer.body["instance"], json!(answer.headers["x-request-id"].to_str().unwrap()));
        answer.body
    }

    pub fn etag(&self) -> String {
        self.headers[header::ETAG].to_str().expect("ASCII").to_owned()
    }
}
