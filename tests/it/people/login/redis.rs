//! The login on real Redis servers: end to end, and what a lost reply, a lost write or a stranger who reads along may
//! do.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chemstock::people::codes::challenge::{ChallengeStore, Challenges, Guess, Purpose, Verdict, redis::RedisStore};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PHONE, anonymous, ask, challenge, verify, wrong};
use crate::support::{
    Answer, TestApp,
    redis::{Kind, RedisServer, Wire},
};

const OPEN: (&str, &str) = ("SIGN_UP", "open");

async fn from_code_to_tokens(app: &TestApp) {
    app.owner().await;
    let (asked, code) = challenge(app, PHONE).await;
    ask(app, PHONE).await.problem(429, "rate-limited");
    verify(app, &asked, &wrong(&code)).await.problem(401, "code-refused");
    let pair = verify(app, &asked, &code).await.ok();
    assert_eq!(pair["user"]["phone"], PHONE);
    verify(app, &asked, &code).await.problem(401, "code-refused");
    let again = super::log_in(app, PHONE).await;
    assert_eq!(again["user"]["id"], pair["user"]["id"]);
    let health = app.nobody().get("/health/ready").await.ok();
    assert_eq!(health, json!({"status": "ok", "database": "ok", "redis": "ok", "providers": {"console": "ok"}}));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_traded_for_tokens_on_one_redis(db: PgPool) {
    from_code_to_tokens(&TestApp::on_redis(db, Kind::Single, &[OPEN]).await).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_traded_for_tokens_on_a_redis_cluster(db: PgPool) {
    from_code_to_tokens(&TestApp::on_redis(db, Kind::Cluster, &[OPEN]).await).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn phones_in_every_part_of_a_cluster_get_in(db: PgPool) {
    let app = TestApp::on_redis(db, Kind::Cluster, &[OPEN]).await;
    app.owner().await;
    for last in 10..40 {
        let phone = format!("+120255501{last}");
        let (asked, code) = challenge(&app, &phone).await;
        verify(&app, &asked, &code).await.ok();
    }
}

/// An app on a server of its own behind a wire, which has seen every script once.
async fn behind_a_wire(db: PgPool) -> (TestApp, RedisServer, Wire) {
    let server = RedisServer::start(&[]).await;
    let wire = Wire::to(server.port).await;
    let app = TestApp::with_vars(db, &[OPEN, ("REDIS_URL", &format!("redis://127.0.0.1:{}", wire.port))]).await;
    app.owner().await;
    super::log_in(&app, super::OTHER_PHONE).await;
    (app, server, wire)
}

async fn sessions(app: &TestApp, phone: &str) -> i64 {
    let count =
        sqlx::query_scalar("select count(*) from sessions s join users u on u.id = s.user_id where u.phone = $1");
    count.bind(phone).fetch_one(&app.db).await.unwrap()
}

pub async fn a_right_verdict_lost(db: PgPool) {
    let (app, _server, wire) = behind_a_wire(db).await;
    let (asked, code) = challenge(&app, PHONE).await;
    wire.cut_the_reply_to_the_next_script();
    verify(&app, &asked, &code).await.ok();
    assert_eq!(wire.cuts(), 1);
    assert_eq!(sessions(&app, PHONE).await, 1);
    verify(&app, &asked, &code).await.problem(401, "code-refused");
}

pub async fn a_wrong_verdict_lost(db: PgPool) {
    let (app, _server, wire) = behind_a_wire(db).await;
    let (asked, code) = challenge(&app, PHONE).await;
    wire.cut_the_reply_to_the_next_script();
    for _ in 0..4 {
        verify(&app, &asked, &wrong(&code)).await.problem(401, "code-refused");
    }
    assert_eq!(wire.cuts(), 1);
    verify(&app, &asked, &code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_whose_admission_was_lost_on_the_wire_is_sent_once(db: PgPool) {
    let (app, _server, wire) = behind_a_wire(db).await;
    wire.cut_the_reply_to_the_next_script();
    let (asked, code) = challenge(&app, PHONE).await;
    assert_eq!(wire.cuts(), 1);
    let messages: i64 = sqlx::query_scalar("select count(*) from messages").fetch_one(&app.db).await.unwrap();
    assert_eq!(messages, 2, "the one before, and this one");
    verify(&app, &asked, &code).await.ok();
    // It counted once: there is room for four more within the hour.
    for _ in 0..4 {
        app.advance(TimeDelta::seconds(30));
        ask(&app, PHONE).await.expect(202);
    }
    app.advance(TimeDelta::seconds(30));
    ask(&app, PHONE).await.problem(429, "rate-limited");
}

async fn verify_with_key(app: &TestApp, key: &str, challenge: &Value, code: &str) -> Answer {
    let body = json!({ "challenge_id": challenge, "code": code });
    app.nobody().post_with_key("/v1/auth/otp/verify", key, body).await
}

/// Until the service is back.
async fn verify_until_answered(app: &TestApp, key: &str, challenge: &Value, code: &str) -> Answer {
    loop {
        let answer = verify_with_key(app, key, challenge, code).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub async fn a_repeat_after_503(db: PgPool) {
    let (app, _server, wire) = behind_a_wire(db).await;
    let (asked, code) = challenge(&app, PHONE).await;
    // The server dies once it has compared, before anybody hears of it.
    wire.cut_the_reply_to_the_next_script();
    wire.then_let_nobody_through();
    verify_with_key(&app, "k-1", &asked, &code).await.problem(503, "unavailable");
    assert_eq!((wire.cuts(), sessions(&app, PHONE).await), (1, 0));
    wire.let_through();
    // Somebody else with the same key and another code learns nothing from it.
    verify_until_answered(&app, "k-1", &asked, &wrong(&code)).await.problem(401, "code-refused");
    verify_until_answered(&app, "k-2", &asked, &code).await.problem(401, "code-refused");
    verify_until_answered(&app, "k-1", &asked, &code).await.ok();
    assert_eq!(sessions(&app, PHONE).await, 1);
    verify_until_answered(&app, "k-3", &asked, &code).await.problem(401, "code-refused");
}

/// Every key with its content.
async fn dump(server: &RedisServer) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for key in server.command::<Vec<String>>(&["KEYS", "*"]).await {
        let content = server.command(&["DUMP", &key]).await;
        all.insert(key, content);
    }
    all
}

async fn restore(server: &RedisServer, all: &BTreeMap<String, Vec<u8>>) {
    let mut link = server.client().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").exec_async(&mut link).await.unwrap();
    for (key, content) in all {
        redis::cmd("RESTORE").arg(key).arg(600_000).arg(content).exec_async(&mut link).await.unwrap();
    }
}

/// What a failover does that lost the last writes.
pub async fn a_use_that_was_forgotten(db: PgPool) {
    let server = RedisServer::start(&[]).await;
    let app = TestApp::with_vars(db, &[OPEN, ("REDIS_URL", &server.url())]).await;
    app.owner().await;
    let (asked, code) = challenge(&app, PHONE).await;
    let before = dump(&server).await;
    verify(&app, &asked, &code).await.ok();
    let refused = verify(&app, &asked, &code).await.problem(401, "code-refused");

    restore(&server, &before).await;
    let rewound = verify(&app, &asked, &code).await.problem(401, "code-refused");
    assert_eq!(anonymous(rewound), anonymous(refused));
    assert_eq!(sessions(&app, PHONE).await, 1);
    // Redis had believed it: it was the database that did not.
    assert_ne!(dump(&server).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn redis_holds_neither_phone_nor_code_and_every_key_ends(db: PgPool) {
    let server = RedisServer::start(&[]).await;
    let app = TestApp::with_vars(db, &[OPEN, ("REDIS_URL", &server.url())]).await;
    app.owner().await;
    let mut keys = 0;
    for _ in 0..3 {
        let (asked, code) = challenge(&app, PHONE).await;
        verify(&app, &asked, &wrong(&code)).await.problem(401, "code-refused");
        for (key, content) in dump(&server).await {
            let content = String::from_utf8_lossy(&content).into_owned();
            let (digits, national) = (&PHONE[1..], &PHONE[2..]);
            assert!(![digits, national, &code].iter().any(|secret| key.contains(*secret) || content.contains(*secret)));
            let left: i64 = server.command(&["PTTL", &key]).await;
            assert!((1..=86_400_000).contains(&left), "{key} ends in {left} ms");
            // What counts an address has a slot of its own.
            if key.contains("rl:{") {
                continue;
            }
            let (_, slot) = key.split_once('{').unwrap();
            let end = asked.as_str().unwrap();
            assert!(end.ends_with(&slot[..4]), "{key} is not in the slot of {end}");
        }
        let now: usize = server.command(&["DBSIZE"]).await;
        // Two of the phone, two of the address, and one of each challenge, that ends with it.
        keys += 1;
        assert_eq!(now, 4 + keys);
        app.advance(TimeDelta::seconds(30));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_try_gets_the_same_verdict_and_another_code_does_not_share_it() {
    for kind in [Kind::Single, Kind::Cluster] {
        let store = Arc::new(RedisStore::at_the_time_of_the_caller(kind.client(), &crate::support::redis::prefix()));
        let (id, now) = super::store::admitted_on(&*store).await;
        let verdict = async |code: [u8; 32], nonce: [u8; 16]| {
            let mac = move |_: &[u8]| Some(code);
            let guess = Guess { challenge_id: id, purpose: Purpose::LOGIN, mac: &mac, now, nonce };
            store.verify(guess).await.unwrap()
        };
        let (right, wrong) = ([1; 32], [2; 32]);
        for _ in 0..9 {
            assert!(matches!(verdict(wrong, [1; 16]).await, Verdict::Wrong { .. }));
        }
        let first = verdict(right, [2; 16]).await;
        assert!(matches!(first, Verdict::Right { .. }), "nine tries were one guess");
        assert_eq!(verdict(right, [2; 16]).await, first);
        assert_eq!(verdict(right, [3; 16]).await, Verdict::Gone);
        assert_eq!(verdict(wrong, [2; 16]).await, Verdict::Gone);
        assert!(matches!(verdict(wrong, [1; 16]).await, Verdict::Wrong { .. }));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_instances_share_limits_and_codes(db: PgPool) {
    let server = RedisServer::start(&[]).await;
    let vars = [OPEN, ("REDIS_URL", &*server.url())];
    let here = TestApp::with_vars(db.clone(), &vars).await;
    here.owner().await;
    sqlx::query("update labs set name = 'Lab of the first'").execute(&db).await.unwrap();
    let there = TestApp::with_vars(db, &vars).await;
    let (asked, code) = challenge(&here, PHONE).await;
    ask(&there, PHONE).await.problem(429, "rate-limited");
    verify(&there, &asked, &code).await.ok();
    verify(&here, &asked, &code).await.problem(401, "code-refused");
}

#[tokio::test]
async fn an_id_that_does_not_lead_to_its_phone_is_a_defect_and_no_login() {
    let store =
        Challenges::new(RedisStore::at_the_time_of_the_caller(Kind::Single.client(), &crate::support::redis::prefix()));
    let astray = super::store::challenge_astray();
    let error = store.admit(astray).await.unwrap_err();
    assert!(error.to_string().contains("internal"), "{error}");
}
