//! `chemstock doctor` on servers that are well, that refuse, and that are not there.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod codes;
mod notary;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use chemstock::{
    base::{clock::Clock, tokens::KeyRing},
    config::Config,
    doctor::{Finding, Level, examine},
};
use chrono::{TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

use crate::support::{folder::Folder, google, instance, schema::emptied};

const PASSWORD: &str = "hunter2-hunter2";
const PHONE: &str = "+12025550123";

async fn look(vars: &[(&str, &str)]) -> Vec<Finding> {
    let config = Config::from_vars(|name| vars.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()));
    examine(&config.expect("a configuration"), &Clock::real()).await
}

/// The lines of one part.
fn of<'a>(part: &str, findings: &'a [Finding]) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.part == part).collect()
}

#[track_caller]
fn has(level: Level, part: &str, text: &str, findings: &[Finding]) {
    let found = of(part, findings).into_iter().any(|it| it.level == level && it.to_string().contains(text));
    assert!(found, "no {level:?} {part} with {text:?} in {findings:#?}");
}

fn url(options: &PgConnectOptions) -> String {
    let database = options.get_database().expect("a name");
    let (host, port, user) = (options.get_host(), options.get_port(), options.get_username());
    format!("postgres://{user}:{PASSWORD}@{host}:{port}/{database}")
}

/// Takes connections and never says a word.
fn mute() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_database_that_is_well_is_found_in_order(db: PgPool) {
    let findings = look(&[("DATABASE_URL", &url(&db.connect_options()))]).await;
    assert!(of("database", &findings)[0].found.starts_with("Postgres 1"), "{findings:#?}");
    for text in ["may create tables", "pg_trgm is there", "migrations have run"] {
        has(Level::Ok, "database", text, &findings);
    }
    has(Level::Ok, "clock", "0.0 s", &findings);
    assert!(findings.iter().all(|it| it.level != Level::Problem), "{findings:#?}");
}

#[sqlx::test(migrations = false)]
async fn an_empty_database_is_said_to_be_empty(db: PgPool) {
    emptied(&db).await;
    let findings = look(&[("DATABASE_URL", &url(&db.connect_options()))]).await;
    has(Level::Warning, "database", "is empty: `chemstock migrate`", &findings);
    has(Level::Ok, "database", "pg_trgm can be created", &findings);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn migrations_that_are_missing_broken_or_of_somebody_else_are_told(db: PgPool) {
    let url = url(&db.connect_options());
    let last = "(select max(version) from _sqlx_migrations)";
    for (change, level, told) in [
        (
            format!("delete from _sqlx_migrations where version = {last}"),
            Level::Warning,
            "1 migrations have not run yet",
        ),
        (
            format!("update _sqlx_migrations set checksum = 'x' where version = {last}"),
            Level::Problem,
            "another program",
        ),
        (format!("update _sqlx_migrations set success = false where version = {last}"), Level::Problem, "broke off"),
        (
            "update _sqlx_migrations set success = true, version = version + 10000000000".to_owned(),
            Level::Problem,
            "another program",
        ),
    ] {
        sqlx::query(AssertSqlSafe(change)).execute(&db).await.unwrap();
        has(level, "database", told, &look(&[("DATABASE_URL", &url)]).await);
    }
}

#[sqlx::test(migrations = false)]
async fn a_user_without_rights_and_a_wrong_password_are_told_without_the_password(db: PgPool) {
    emptied(&db).await;
    let options = db.connect_options();
    // A role belongs to the server, and tests run at the same time.
    let role = format!("doctor_{}", uuid::Uuid::new_v4().simple());
    let run = |sql: String| sqlx::query(AssertSqlSafe(sql)).execute(&db);
    run(format!("create role {role} login password 'another'")).await.unwrap();
    run("revoke create on schema public from public".to_owned()).await.unwrap();
    run("drop extension if exists pg_trgm".to_owned()).await.unwrap();
    let url = url(&(*options).clone().username(&role));
    let findings = look(&[("DATABASE_URL", &url)]).await;
    run(format!("drop owned by {role}")).await.unwrap();
    run(format!("drop role {role}")).await.unwrap();
    if findings.iter().any(|it| it.found.contains("28P01")) {
        // A server that looks at passwords.
        has(Level::Problem, "database", "refuses the user or the password", &findings);
    } else {
        has(Level::Problem, "database", "may not create tables", &findings);
        has(Level::Problem, "database", "pg_trgm is not created", &findings);
    }
    // A role that is not there is refused on every server.
    let findings = look(&[("DATABASE_URL", &url)]).await;
    has(Level::Problem, "database", "refuses the user or the password", &findings);
    assert!(!format!("{findings:?}").contains(PASSWORD), "{findings:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_database_that_is_not_there_or_takes_no_writes_is_told(db: PgPool) {
    let options = (*db.connect_options()).clone();
    let nowhere = url(&options.clone().database("no_such_database_of_the_doctor"));
    has(Level::Problem, "database", "has no such database", &look(&[("DATABASE_URL", &nowhere)]).await);
    let closed = format!("postgres://somebody:{PASSWORD}@127.0.0.1:1/chemstock");
    has(Level::Problem, "database", "127.0.0.1:1 cannot be reached", &look(&[("DATABASE_URL", &closed)]).await);
    let name = options.get_database().expect("a name");
    let set = format!("alter database \"{name}\" set default_transaction_read_only = on");
    sqlx::query(AssertSqlSafe(set)).execute(&db).await.unwrap();
    has(Level::Problem, "database", "takes no writes", &look(&[("DATABASE_URL", &url(&options))]).await);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_clock_that_is_off_is_told(db: PgPool) {
    let url = url(&db.connect_options());
    let config = Config::from_vars(|name| (name == "DATABASE_URL").then(|| url.clone())).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the database's clock is the machine's")]
    let fast = Clock::manual(Utc::now() + TimeDelta::minutes(1));
    has(Level::Problem, "clock", "keep time with NTP", &examine(&config, &fast).await);
}

#[tokio::test]
async fn when_nobody_answers_it_is_done_within_ten_seconds() {
    let (_held, address) = mute();
    let (database, http) = (format!("postgres://u:{PASSWORD}@{address}/x"), format!("http://{address}"));
    let account = &google::keys().account.pem;
    let start = Instant::now();
    let findings = look(&[
        ("DATABASE_URL", &database),
        ("REDIS_URL", &format!("redis://:{PASSWORD}@{address}")),
        ("FIREBASE_PROJECT_ID", "a-project"),
        ("FIREBASE_PROJECT_NUMBER", "123"),
        ("FIREBASE_APP_CHECK", "enforce"),
        ("FIREBASE_JWKS_URL", &http),
        ("FIREBASE_APP_CHECK_JWKS_URL", &http),
        ("FIREBASE_TOKEN_URI", &http),
        ("FIREBASE_CLIENT_EMAIL", "robot@example.org"),
        ("FIREBASE_PRIVATE_KEY", account),
    ])
    .await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    has(Level::Problem, "database", "does not answer", &findings);
    has(Level::Problem, "redis", "is not available", &findings);
    has(Level::Problem, "firebase", "the keys cannot be fetched", &findings);
    has(Level::Problem, "firebase", "got no access token", &findings);
    has(Level::Problem, "firebase", "App Check", &findings);
    assert!(!format!("{findings:?}").contains(PASSWORD), "{findings:?}");
}

#[tokio::test]
async fn a_redis_and_a_cluster_that_are_well_are_found_in_order() {
    for (variable, kind) in [("TEST_REDIS_URL", "REDIS_URL"), ("TEST_REDIS_CLUSTER_NODES", "REDIS_CLUSTER_NODES")] {
        let servers = instance::variable(variable);
        let findings = look(&[(kind, &servers)]).await;
        let of_redis = of("redis", &findings);
        assert!(of_redis.len() == 1 && of_redis[0].found.contains("answers in"), "{of_redis:#?}");
        // On a busy machine an answer may be slow, which is a warning.
        assert_ne!(of_redis[0].level, Level::Problem);
    }
}

#[tokio::test]
async fn keys_are_told_with_their_place_and_never_their_text() {
    let folder = Folder::new();
    let write = |name: &str, text: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (good, rsa) = (write("good.pem", &KeyRing::generate_pem()), write("rsa.pem", &google::keys().account.pem));
    let bad = write("bad.pem", "hunter2-hunter2");
    let findings = look(&[("JWT_PRIVATE_KEYS", &format!("{good},{rsa}"))]).await;
    has(Level::Ok, "keys", "EdDSA key", &findings);
    has(Level::Ok, "keys", "signs and verifies", &findings);
    has(Level::Warning, "keys", "RSA of 2048 bits", &findings);
    if cfg!(unix) {
        has(Level::Warning, "keys", "can be read by others: chmod 600", &findings);
    }
    let findings = look(&[("JWT_PRIVATE_KEYS", &format!("{good},{bad}"))]).await;
    has(Level::Problem, "keys", "key 2 is not an Ed25519", &findings);
    assert!(!format!("{findings:?}").contains(PASSWORD), "{findings:?}");
    let findings = look(&[("JWT_PRIVATE_KEYS", &format!("{good}.not-there"))]).await;
    has(Level::Problem, "keys", "cannot be read (entity not found)", &findings);
}

#[tokio::test]
async fn settings_that_parse_but_mislead_are_told_without_a_phone() {
    let findings = look(&[
        ("SECRET_KEY", "abababababababababababababababababab"),
        ("BOOTSTRAP_OWNER_PHONE", "+19005550123"),
        ("TEST_PHONE_NUMBERS", &format!("{PHONE}=123456,+19005550199=123456")),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("DATA_DIR", "/proc/nowhere"),
        ("SMTP_URL", "smtps://u:hunter2-hunter2@smtp.example.org"),
        ("EMAIL_FROM", "codes@example.org"),
    ])
    .await;
    has(Level::Problem, "secret key", "can be guessed", &findings);
    has(Level::Problem, "owner", "BOOTSTRAP_OWNER_PHONE is of a kind", &findings);
    has(Level::Problem, "test phones", "1 of 2 cannot log in", &findings);
    has(Level::Problem, "proxies", "0.0.0.0/0", &findings);
    has(Level::Problem, "data directory", "/proc cannot be written", &findings);
    has(Level::Warning, "messages", "SMTP_URL lets people log in by e-mail", &findings);
    let all = format!("{findings:?}");
    assert!(!all.contains(PASSWORD) && !all.contains("5550123") && !all.contains("5550199"), "{all}");
    let only_korea = [("BOOTSTRAP_OWNER_PHONE", PHONE), ("PHONE_ALLOWED_COUNTRIES", "KR")];
    has(Level::Problem, "owner", "PHONE_ALLOWED_COUNTRIES", &look(&only_korea).await);
}

#[tokio::test]
async fn the_command_prints_a_line_for_each_and_ends_with_one_if_there_is_a_problem() {
    let folder = Folder::new();
    let doctor = |vars: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chemstock"));
        command.arg("doctor").current_dir(&folder.0).env_clear().envs(vars.iter().copied());
        let output = command.output().expect("the binary");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let closed = format!("postgres://somebody:{PASSWORD}@127.0.0.1:1/chemstock");
    let (code, said) = doctor(&[("DATABASE_URL", &closed), ("BOOTSTRAP_OWNER_PHONE", PHONE)]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("PROBLEM  database       127.0.0.1:1 cannot be reached"), "{said}");
    assert!(said.contains("ok       owner          BOOTSTRAP_OWNER_PHONE can get codes\n"), "{said}");
    assert!(said.ends_with("1 problem, 0 warnings\n"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains("5550123"), "{said}");

    let (code, said) = doctor(&[("ENVIRONMENT", "production"), ("PORT", "many"), ("SECRET_KEY", PASSWORD)]);
    assert_eq!(code, Some(1), "{said}");
    for variable in ["PORT", "DATABASE_URL", "JWT_PRIVATE_KEYS", "SMS_PROVIDERS", "SECRET_KEY"] {
        let line = |line: &str| line.starts_with(&format!("PROBLEM  configuration  {variable} "));
        assert_eq!(said.lines().filter(|it| line(it)).count(), 1, "{variable}: {said}");
    }
    assert!(!said.contains(PASSWORD), "{said}");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "it leaves nothing behind");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_told() {
    let findings = look(&[("EXTRA_CA_CERTS", "/nowhere/ca.pem")]).await;
    has(Level::Problem, "authorities", "EXTRA_CA_CERTS: /nowhere/ca.pem cannot be read", &findings);
    let findings = look(&[("EXTRA_CA_CERTS", &crate::support::tls::authority())]).await;
    has(Level::Ok, "authorities", "believed beside the public ones", &findings);
    assert!(of("authorities", &look(&[]).await).is_empty());
}
