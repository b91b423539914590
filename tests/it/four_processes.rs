//! Several instances of the real binary on one Postgres and one Redis: what must hold among them; how one starts whose
//! Redis is not to be trusted, not there, or behind TLS; and how one changes its signing keys.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chemstock::base::tokens::KeyRing;
use serde_json::json;
use sqlx::PgPool;
use tokio::{sync::Barrier, task::JoinSet};

use crate::support::{
    folder::Folder,
    instance::{Instance, PHONE, RIGHT, database_url, http, variable},
    redis::{RedisServer, free_port},
};

/// Four that share everything. The first makes the signing key that the others read; the secret is new, so that nobody
/// else's limits are theirs.
async fn four(db: &PgPool, redis: (&str, &str)) -> (Folder, Vec<Instance>) {
    let folder = Folder::new();
    let (database, secret) = (database_url(db), uuid::Uuid::new_v4().simple().to_string());
    let fixed = format!("{PHONE}={RIGHT}");
    let vars = [
        ("DATABASE_URL", database.as_str()),
        ("SECRET_KEY", &secret),
        ("SIGN_UP", "open"),
        ("TEST_PHONE_NUMBERS", &fixed),
        ("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "1000"),
        redis,
    ];
    let mut instances = Vec::new();
    for _ in 0..4 {
        instances.push(Instance::start(&folder, &vars).await);
    }
    (folder, instances)
}

/// The statuses that so many guesses get, all sent at once and spread over the instances. Who is told that a service is
/// away, as on a machine with too much to do, repeats the request, with its key.
async fn guesses(instances: &[Instance], challenge: &str, codes: Vec<String>) -> HashMap<u16, usize> {
    let together = Arc::new(Barrier::new(codes.len()));
    let mut all = JoinSet::new();
    let clients: Vec<_> = instances.iter().map(|instance| (http(), instance.address.clone())).collect();
    for (number, code) in codes.into_iter().enumerate() {
        let (client, address) = clients[number % clients.len()].clone();
        let (together, body) = (together.clone(), json!({ "challenge_id": challenge, "code": code }));
        let url = format!("http://{address}/v1/auth/otp/verify");
        let request = client.post(url).header("idempotency-key", format!("guess-{number}")).json(&body);
        all.spawn(async move {
            together.wait().await;
            loop {
                let status = request.try_clone().expect("a body of bytes").send().await.unwrap().status().as_u16();
                // 409: the one before was cut short, and nobody could free its key.
                if ![503, 409].contains(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }
    let mut counts = HashMap::new();
    for status in all.join_all().await {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

async fn of_a_hundred_right_codes_one_gets_in(db: PgPool, redis: (&str, &str)) {
    let (_folder, instances) = four(&db, redis).await;
    let challenge = instances[0].ask().await;
    let statuses = guesses(&instances, &challenge, vec![RIGHT.to_owned(); 100]).await;
    assert_eq!(statuses, HashMap::from([(200, 1), (401, 99)]));
    for (table, rows) in [("sessions", 1), ("refresh_tokens", 1), ("consumed_challenges", 1), ("users", 1)] {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sqlx::query_scalar(count).fetch_one(&db).await.unwrap();
        assert_eq!(count, rows, "{table}");
    }
}

#[sqlx::test(migrations = false)]
async fn of_a_hundred_right_codes_at_four_processes_one_gets_in(db: PgPool) {
    of_a_hundred_right_codes_one_gets_in(db, ("REDIS_URL", &variable("TEST_REDIS_URL"))).await;
}

#[sqlx::test(migrations = false)]
async fn of_a_hundred_right_codes_at_four_processes_on_a_cluster_one_gets_in(db: PgPool) {
    of_a_hundred_right_codes_one_gets_in(db, ("REDIS_CLUSTER_NODES", &variable("TEST_REDIS_CLUSTER_NODES"))).await;
}

/// What the store itself says of a challenge: how many guesses it compared.
async fn compared(challenge: &str) -> usize {
    let mut link =
        redis::Client::open(variable("TEST_REDIS_URL")).unwrap().get_multiplexed_async_connection().await.unwrap();
    let id = challenge.replace('-', "");
    let slot = &id[28..];
    let pointer: Vec<u8> = redis::cmd("GET").arg(format!("otp:{{{slot}}}:{id}")).query_async(&mut link).await.unwrap();
    let live = format!("otp:{{{slot}}}:{}:login", String::from_utf8_lossy(&pointer[..32]));
    let kept: HashMap<Vec<u8>, Vec<u8>> = redis::cmd("HGETALL").arg(live).query_async(&mut link).await.unwrap();
    assert!(!kept.contains_key(b"mac".as_slice()), "there is nothing left to compare with");
    kept.keys().filter(|field| field.starts_with(b"try:")).count()
}

#[sqlx::test(migrations = false)]
async fn of_five_hundred_wrong_codes_at_four_processes_five_are_compared(db: PgPool) {
    let (_folder, instances) = four(&db, ("REDIS_URL", &variable("TEST_REDIS_URL"))).await;
    let challenge = instances[1].ask().await;
    let wrong = (0..500).map(|number| format!("{number:06}")).collect();
    assert_eq!(guesses(&instances, &challenge, wrong).await, HashMap::from([(401, 500)]));
    assert_eq!(compared(&challenge).await, 5);
    let right = json!({ "challenge_id": challenge, "code": RIGHT });
    assert_eq!(instances[2].post("/auth/otp/verify", &right).await.0, 401);
}

async fn until_ready(instance: &Instance) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, health) = instance.get("/health/ready").await;
        if status == 200 && health["redis"] == "ok" {
            return;
        }
        assert!(Instant::now() < deadline, "{health}\n{}", instance.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_redis_that_may_drop_counters_stops_the_start_and_says_what_to_set() {
    let (folder, redis) = (Folder::new(), RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).await);
    let mut instance = Instance::spawn(&folder, &[("REDIS_URL", &redis.url())]);
    let ended = tokio::task::spawn_blocking(move || (instance.process.wait().unwrap(), instance)).await.unwrap();
    assert!(!ended.0.success());
    let said = ended.1.said();
    assert!(said.contains("allkeys-lru") && said.contains("maxmemory-policy noeviction"), "{said}");
}

#[sqlx::test(migrations = false)]
async fn an_instance_that_starts_before_its_redis_is_degraded_until_there_is_one(db: PgPool) {
    let (folder, mut redis) = (Folder::new(), RedisServer::start(&[]).await);
    redis.down();
    let fixed = format!("{PHONE}={RIGHT}");
    let vars = [
        ("DATABASE_URL", database_url(&db)),
        ("REDIS_URL", redis.url()),
        ("SIGN_UP", "open".into()),
        ("TEST_PHONE_NUMBERS", fixed),
    ];
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let instance = Instance::start(&folder, &vars).await;
    assert_eq!(instance.get("/health/live").await.0, 200);
    assert_eq!(instance.get("/health/ready").await.1["redis"], "away");
    assert_eq!(instance.post("/auth/otp/request", &json!({ "phone": PHONE })).await.0, 503);
    assert!(instance.said().contains("redis is not available"), "{}", instance.said());

    assert!(redis.up().await);
    until_ready(&instance).await;
    let challenge = instance.ask().await;
    let right = json!({ "challenge_id": challenge, "code": RIGHT });
    assert_eq!(instance.post("/auth/otp/verify", &right).await.0, 200);
}

#[sqlx::test(migrations = false)]
async fn redis_over_tls_is_believed_with_the_right_certificate_only(db: PgPool) {
    let (folder, port) = (Folder::new(), free_port());
    let file = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name);
        path.to_str().expect("UTF-8").to_owned()
    };
    let (certificate, key, root) = (file("server.pem"), file("server.key"), file("ca.pem"));
    let tls = port.to_string();
    let settings = ["--tls-port", &tls, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let redis = RedisServer::start(&[&settings[..], &["--tls-auth-clients", "no"]].concat()).await;
    redis.command::<()>(&["CONFIG", "SET", "requirepass", "hunter2"]).await;
    let (database, url) = (database_url(&db), format!("rediss://:hunter2@localhost:{port}"));
    let vars = [("DATABASE_URL", database.as_str()), ("REDIS_URL", &url)];

    let trusting = Instance::start(&folder, &[&vars[..], &[("SSL_CERT_FILE", &root)]].concat()).await;
    until_ready(&trusting).await;
    let doubting = Instance::start(&folder, &vars).await;
    let (status, health) = doubting.get("/health/ready").await;
    assert_eq!((status, &health["redis"]), (200, &json!("away")), "{health}");
    assert!(!doubting.said().contains("hunter2"));
}

/// An instance that signs with the key of a file of its own, and that file.
async fn with_a_key_file(db: &PgPool, folder: &Folder, pem: &str) -> (Instance, PathBuf) {
    let file = folder.0.join("jwt.pem");
    fs::write(&file, pem).unwrap();
    let vars = [
        ("DATABASE_URL", database_url(db)),
        ("JWT_PRIVATE_KEYS", file.to_str().unwrap().to_owned()),
        ("SIGN_UP", "open".into()),
        ("TEST_PHONE_NUMBERS", format!("{PHONE}={RIGHT}")),
        ("OTP_RESEND_SECONDS", "1".into()),
    ];
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (Instance::start(folder, &vars).await, file)
}

fn kids(pems: &[&str]) -> Vec<String> {
    let pems: Vec<_> = pems.iter().map(|pem| (*pem).to_owned()).collect();
    KeyRing::from_pems(&pems).unwrap().list().into_iter().map(|key| key.kid).collect()
}

async fn published(instance: &Instance) -> Vec<String> {
    let (status, set) = instance.get("/.well-known/jwks.json").await;
    assert_eq!(status, 200);
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// An access token, and the id of the key that signed it.
async fn token(instance: &Instance) -> (String, String) {
    let right = json!({ "challenge_id": instance.ask().await, "code": RIGHT });
    let (status, pair) = instance.post("/auth/otp/verify", &right).await;
    assert_eq!(status, 200, "{pair}");
    let token = pair["access_token"].as_str().unwrap().to_owned();
    let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    (token, kid)
}

#[sqlx::test(migrations = false)]
async fn a_hangup_signal_changes_the_keys_and_tokens_of_the_old_one_stay_good(db: PgPool) {
    let (folder, old, new) = (Folder::new(), KeyRing::generate_pem(), KeyRing::generate_pem());
    let (instance, file) = with_a_key_file(&db, &folder, &old).await;
    assert_eq!(published(&instance).await, kids(&[&old]));
    let (by_old, signer) = token(&instance).await;
    assert_eq!(signer, kids(&[&old])[0]);

    let beside = folder.0.join("jwt.pem.new");
    fs::write(&beside, format!("{new}{old}")).unwrap();
    fs::rename(&beside, &file).unwrap();
    instance.signal("-HUP");
    instance.until_it_says("signing keys were read again").await;
    assert_eq!(published(&instance).await, kids(&[&new, &old]));
    assert_eq!(instance.get_as(&by_old, "/me").await, 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (by_new, signer) = token(&instance).await;
    assert_eq!(signer, kids(&[&new])[0]);

    // The old one goes, and its tokens with it.
    fs::write(&file, &new).unwrap();
    instance.signal("-HUP");
    let deadline = Instant::now() + Duration::from_secs(20);
    while published(&instance).await != kids(&[&new]) {
        assert!(Instant::now() < deadline, "{}", instance.said());
    }
    assert_eq!([instance.get_as(&by_old, "/me").await, instance.get_as(&by_new, "/me").await], [401, 200]);
}

#[sqlx::test(migrations = false)]
async fn a_hangup_signal_over_a_broken_key_file_leaves_the_keys_as_they_were(db: PgPool) {
    let (folder, pem) = (Folder::new(), KeyRing::generate_pem());
    let (instance, file) = with_a_key_file(&db, &folder, &pem).await;
    let (token, _) = token(&instance).await;
    fs::write(&file, &pem[..70]).unwrap();
    instance.signal("-HUP");
    instance.until_it_says("the signing keys stay as they were").await;
    assert_eq!(published(&instance).await, kids(&[&pem]));
    assert_eq!(instance.get_as(&token, "/me").await, 200);
    assert!(!instance.said().contains(&pem[40..60]), "nothing of the key is said");
}
