//! Redis down, slow, full or read-only: no code is sent and none accepted, whoever is logged in does not notice, and
//! when it is over it is over.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OTHER_PHONE, PHONE, ask, challenge, holder, log_in, verify};
use crate::support::{Answer, Client, TestApp, redis::RedisServer};

struct Installation {
    app: TestApp,
    server: RedisServer,
    /// Somebody who has logged in before.
    member: Client,
    /// What was on its way when it happened.
    asked: Value,
    code: String,
}

impl Installation {
    async fn new(db: PgPool) -> Self {
        let server = RedisServer::start(&[]).await;
        let url = server.url();
        let vars = [("SIGN_UP", "open"), ("REDIS_URL", &*url), ("FIREBASE_PROJECT_ID", "chem-lab-1")];
        let app = TestApp::with_vars(db, &vars).await;
        app.owner().await;
        let member = holder(&app, &log_in(&app, OTHER_PHONE).await);
        let (asked, code) = challenge(&app, PHONE).await;
        app.advance(chrono::TimeDelta::seconds(30));
        Self { app, server, member, asked, code }
    }

    async fn messages(&self) -> i64 {
        sqlx::query_scalar("select count(*) from messages").fetch_one(&self.app.db).await.unwrap()
    }

    /// Every way in says soon that a service is away, nothing is sent, and a token is still good.
    async fn is_out(&self) {
        let before = self.messages().await;
        unavailable(async || ask(&self.app, PHONE).await).await;
        unavailable(async || verify(&self.app, &self.asked, &self.code).await).await;
        let body = json!({ "id_token": "e30.e30." });
        unavailable(async || self.app.nobody().post("/v1/auth/firebase", body.clone()).await).await;
        assert_eq!(self.messages().await, before);
        self.member.get("/v1/me").await.ok();
    }

    async fn is_not_ready(&self) {
        is_degraded(&self.app).await;
    }

    /// Without a restart, and soon: the link that is tried first may still be the broken one.
    async fn is_back(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.app.nobody().get("/health/ready").await.ok()["redis"] != "ok" {
            assert!(Instant::now() < deadline, "it does not recover");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (asked, code) = challenge(&self.app, PHONE).await;
        verify(&self.app, &asked, &code).await.ok();
    }
}

/// It still serves whoever is logged in, and says what is away.
async fn is_degraded(app: &TestApp) {
    let health = app.nobody().get("/health/ready").await.ok();
    assert_eq!((&health["status"], &health["redis"]), (&json!("degraded"), &json!("away")), "{health}");
}

/// Each time 503, and soon: at the latest the third time, as a busy machine may hold one up.
async fn unavailable(ask: impl AsyncFn() -> Answer) {
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        let answer = ask().await;
        took = took.min(begun.elapsed());
        assert!(answer.headers.contains_key("retry-after"), "{}", answer.text);
        answer.problem(503, "unavailable");
        if took < Duration::from_millis(1200) {
            return;
        }
    }
    panic!("{took:?}");
}

pub async fn down(db: PgPool) {
    let mut it = Installation::new(db).await;
    it.server.down();
    it.is_out().await;
    it.is_not_ready().await;
    assert!(it.server.up().await);
    it.is_back().await;
}

pub async fn slow(db: PgPool) {
    let it = Installation::new(db).await;
    it.server.command::<()>(&["CLIENT", "PAUSE", "5000"]).await;
    it.is_out().await;
    it.is_not_ready().await;
    // What was told 503 may have been done all the same, as with every answer that is lost: that code is used up.
    it.app.advance(chrono::TimeDelta::seconds(30));
    it.is_back().await;
}

pub async fn full(db: PgPool) {
    let it = Installation::new(db).await;
    it.server.command::<()>(&["CONFIG", "SET", "maxmemory", "1"]).await;
    it.is_out().await;
    it.server.command::<()>(&["CONFIG", "SET", "maxmemory", "0"]).await;
    it.is_back().await;
}

pub async fn read_only(db: PgPool) {
    let it = Installation::new(db).await;
    let primary = RedisServer::start(&[]).await;
    it.server.command::<()>(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await;
    it.is_out().await;
    it.server.command::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    it.is_back().await;
}

pub async fn frozen(db: PgPool) {
    let it = Installation::new(db).await;
    it.server.signal("-STOP");
    it.is_out().await;
    it.server.signal("-CONT");
    it.app.advance(chrono::TimeDelta::seconds(30));
    it.is_back().await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_redis_that_comes_after_the_start_is_found(db: PgPool) {
    let mut server = RedisServer::start(&[]).await;
    server.down();
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("REDIS_URL", &server.url())]).await;
    app.owner().await;
    unavailable(async || ask(&app, PHONE).await).await;
    assert!(server.up().await);
    let it = Installation { member: app.stranger().await, app, server, asked: Value::Null, code: String::new() };
    it.is_back().await;
}

/// A password that is put right, a server that was loading: the driver would not ask again.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_redis_that_first_said_no_is_asked_again(db: PgPool) {
    let it = Installation::new(db).await;
    it.server.command::<()>(&["CONFIG", "SET", "requirepass", "another"]).await;
    let mut link = it.server.client_with("another").get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").exec_async(&mut link).await.unwrap();
    it.is_out().await;
    redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").exec_async(&mut link).await.unwrap();
    it.is_back().await;
}

pub async fn evicting(db: PgPool) {
    let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).await;
    let app = TestApp::with_vars(db, &[("REDIS_URL", &server.url())]).await;
    is_degraded(&app).await;
    server.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    assert_eq!(app.nobody().get("/health/ready").await.ok()["redis"], "ok");
}
