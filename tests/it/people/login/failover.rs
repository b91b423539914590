//! What becomes of codes while Redis changes shape: a replica takes over that lacks the last writes, or the slots of a
//! Cluster move from node to node. Rows of the list of attacks.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use redis::cmd;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{PHONE, ask, attacks::scene::events, challenge, log_in, verify};
use crate::support::{
    Answer, TestApp,
    redis::{RedisServer, Wire, free_port, two_nodes},
};

/// The number of this name in what a server says of its replication.
async fn replication(server: &RedisServer, name: &str) -> String {
    let info: String = server.command(&["INFO", "replication"]).await;
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().to_owned()
}

async fn until_it_has_all(replica: &RedisServer, primary: &RedisServer) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let is_linked = replication(replica, "master_link_status").await == "up";
        let [here, there] = [replica, primary].map(|server| replication(server, "master_repl_offset"));
        if is_linked && here.await == there.await {
            return;
        }
        assert!(Instant::now() < deadline, "the replica does not follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Until Redis is back.
async fn answered(ask: impl AsyncFn() -> Answer) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
        assert!(Instant::now() < deadline, "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn sessions(app: &TestApp, phone: &str) -> i64 {
    let count = "select count(*) from sessions s join users u on u.id = s.user_id where u.phone = $1";
    sqlx::query_scalar(count).bind(phone).fetch_one(&app.db).await.unwrap()
}

/// The app reaches whichever is primary by one address, as behind a managed Redis.
pub async fn a_use_that_was_not_replicated(db: PgPool) {
    let mut primary = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await;
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]).await;
    let wire = Wire::to(primary.port).await;
    let url = format!("redis://127.0.0.1:{}", wire.port);
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("REDIS_URL", &url)]).await;
    app.owner().await;
    let (asked, code) = challenge(&app, PHONE).await;
    until_it_has_all(&replica, &primary).await;

    // It keeps what it has, and hears of nothing more.
    replica.command::<()>(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]).await;
    verify(&app, &asked, &code).await.ok();
    primary.down();
    replica.command::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    wire.lead_to(replica.port);
    let live = format!("*{}*:login", &asked.as_str().unwrap()[32..]);
    let live: Vec<String> = replica.command(&["KEYS", &live]).await;
    let [live] = live.as_slice() else { panic!("the replica knows the challenge: {live:?}") };
    let is_unused = async || replica.command::<bool>(&["HEXISTS", live, "mac"]).await;
    assert!(is_unused().await, "and does not know that it was used");

    answered(async || verify(&app, &asked, &code).await).await.problem(401, "code-refused");
    assert!(!is_unused().await, "this Redis believed the code: it was the database that did not");
    assert_eq!(events(&app, "logged_in", "replayed").await, 1);
    assert_eq!((events(&app, "logged_in", "done").await, sessions(&app, PHONE).await), (1, 1));
    // What the replica had not heard is no lasting harm.
    log_in(&app, PHONE).await;
    assert_eq!(sessions(&app, PHONE).await, 2);
}

/// Moves a slot as `redis-cli --cluster reshard` does, but key by key, so that a slot is found in every state between.
async fn move_slot(slot: u16, from: &RedisServer, to: &RedisServer) {
    let (slot, port) = (slot.to_string(), to.port.to_string());
    let (source, target): (String, String) =
        (from.command(&["CLUSTER", "MYID"]).await, to.command(&["CLUSTER", "MYID"]).await);
    to.command::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).await;
    from.command::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]).await;
    loop {
        let keys: Vec<String> = from.command(&["CLUSTER", "GETKEYSINSLOT", &slot, "1"]).await;
        let Some(key) = keys.first() else { break };
        from.command::<String>(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for node in [to, from] {
        node.command::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]).await;
    }
}

/// The statuses of so many repeats of one request at once, each repeated for as long as it is told 503.
fn at_once(app: &TestApp, path: &'static str, body: &Value) -> JoinSet<u16> {
    let mut all = JoinSet::new();
    for number in 0..10 {
        let (nobody, body) = (app.nobody(), body.clone());
        all.spawn(async move {
            let key = format!("{number} of {body}");
            loop {
                let status = nobody.post_with_key(path, &key, body.clone()).await.status.as_u16();
                if status != 503 {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    all
}

pub async fn slots_that_move(db: PgPool) {
    let nodes = two_nodes().await;
    let address = format!("127.0.0.1:{}", nodes[0].port);
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("REDIS_CLUSTER_NODES", &address)]).await;
    app.owner().await;
    for round in 0..6 {
        let phone = format!("+120255501{round:02}");
        // So that it is known where this phone lies.
        let (asked, _) = challenge(&app, &phone).await;
        let mut link = nodes[0].client().get_multiplexed_async_connection().await.unwrap();
        let key = format!("otp:{{{}}}", &asked.as_str().unwrap()[32..]);
        let slot: u16 = cmd("CLUSTER").arg("KEYSLOT").arg(key).query_async(&mut link).await.unwrap();
        let (from, to) = if slot < 8192 { (&nodes[0], &nodes[1]) } else { (&nodes[1], &nodes[0]) };

        app.advance(TimeDelta::seconds(30));
        let asks = at_once(&app, "/v1/auth/otp/request", &json!({ "phone": phone }));
        let (statuses, ()) = tokio::join!(asks.join_all(), move_slot(slot, from, to));
        let admitted = statuses.iter().filter(|status| **status == 202).count();
        assert!(admitted <= 1 && statuses.iter().all(|status| [202, 429].contains(status)), "{statuses:?}");

        app.advance(TimeDelta::seconds(30));
        // Of messages that leave together, none is the last.
        app.drain().await;
        let (asked, code) = challenge(&app, &phone).await;
        let guesses = at_once(&app, "/v1/auth/otp/verify", &json!({ "challenge_id": asked, "code": code }));
        let (mut statuses, ()) = tokio::join!(guesses.join_all(), move_slot(slot, to, from));
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![401; 9]].concat());
        assert_eq!(sessions(&app, &phone).await, 1);
        ask(&app, &phone).await.problem(429, "rate-limited");
    }
}
