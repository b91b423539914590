//! The real process: what a stop waits for, and what a start may be interrupted in.

use std::{
    io::Write as _,
    net::TcpStream,
    process::ExitStatus,
    time::{Duration, Instant},
};

use sqlx::PgPool;

use crate::support::{
    folder::Folder,
    instance::{Instance, database_url},
};

async fn started(db: &PgPool) -> (Folder, Instance) {
    let folder = Folder::new();
    let instance = Instance::start(&folder, &[("DATABASE_URL", &database_url(db))]).await;
    (folder, instance)
}

fn open(instance: &Instance, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&instance.address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

async fn ends_within(mut instance: Instance, patience: Duration) -> ExitStatus {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = instance.process.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "it still runs:\n{}", instance.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const HALF_A_BODY: &str = "POST /v1/auth/otp/request HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
    Idempotency-Key: k\r\nContent-Length: 100\r\n\r\n{";

#[sqlx::test(migrations = false)]
async fn a_second_signal_stops_at_once_whatever_is_open(db: PgPool) {
    let (_folder, instance) = started(&db).await;
    let _open = [open(&instance, HALF_A_BODY), open(&instance, "GET / HTTP/1.1\r\nHo"), open(&instance, "")];
    tokio::time::sleep(Duration::from_millis(200)).await;
    instance.signal("-TERM");
    instance.until_it_says("a second signal stops at once").await;
    instance.signal("-TERM");
    assert!(ends_within(instance, Duration::from_secs(5)).await.success());
}

#[sqlx::test(migrations = false)]
async fn half_a_head_and_silence_hold_up_a_stop_for_seconds_only(db: PgPool) {
    let (_folder, instance) = started(&db).await;
    let _open = [open(&instance, "GET / HTTP/1.1\r\nHo"), open(&instance, "")];
    tokio::time::sleep(Duration::from_millis(200)).await;
    instance.signal("-TERM");
    assert!(ends_within(instance, Duration::from_secs(20)).await.success());
}

#[tokio::test]
async fn a_signal_in_the_middle_of_the_start_ends_it() {
    let folder = Folder::new();
    // Nothing answers there, so the start waits for it.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/nothing", silent.local_addr().unwrap());
    let instance = Instance::spawn(&folder, &[("DATABASE_URL", &url), ("DATABSE_URL", "to hear when it listens")]);
    instance.until_it_says("did you mean DATABASE_URL").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    instance.signal("-TERM");
    assert!(ends_within(instance, Duration::from_secs(4)).await.success());
}

#[sqlx::test(migrations = false)]
async fn connections_that_the_database_ends_are_never_a_defect_of_ours(db: PgPool) {
    let (_folder, instance) = started(&db).await;
    for _ in 0..30 {
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
            .execute(&db)
            .await
            .unwrap();
        for path in ["/health/ready", "/v1/auth/otp/challenges/01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"] {
            let (status, body) = instance.get(path).await;
            assert_ne!(status, 500, "{path}: {body}");
        }
    }
}
