//! Bringing the database up to date, beside a newer version or other instances.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use std::time::{Duration, Instant};

use chemstock::platform::migrations::{self, MIGRATIONS};
use sqlx::{Executor as _, PgPool, migrate::Migrate as _};

use crate::support::{Written, log, schema::emptied};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_version_before_serves_on_what_a_newer_one_has_migrated(db: PgPool) {
    db.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (29991231000000, 'of the future', true, 'x', 1)",
    )
    .await
    .unwrap();
    migrations::run(&mut db.acquire().await.unwrap(), None).await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_no_start_mends_is_told_with_what_to_do(db: PgPool) {
    for (change, told) in [
        (
            "update _sqlx_migrations set success = false where version = (select max(version) from _sqlx_migrations)",
            "restore",
        ),
        ("update _sqlx_migrations set success = true, checksum = 'x'", "use the build"),
    ] {
        db.execute(change).await.unwrap();
        let refused = migrations::run(&mut db.acquire().await.unwrap(), None).await.unwrap_err();
        assert!(format!("{refused:#}").contains(told), "{refused:#}");
    }
}

async fn until_it_says(log: &Written, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !log.text().contains(what) {
        assert!(Instant::now() < deadline, "no {what:?} in\n{}", log.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[sqlx::test(migrations = false)]
async fn a_migration_waits_for_a_table_and_for_another_instance_and_keeps_nobody_waiting(db: PgPool) {
    const JOBS: i64 = 20_261_128_000_300;
    emptied(&db).await;
    MIGRATIONS.run_to(JOBS, &db).await.unwrap();
    let (log, _hearing) = log::start();
    let mut another = db.acquire().await.unwrap();
    another.lock().await.unwrap();
    let mut reader = db.begin().await.unwrap();
    reader.execute("select from jobs").await.unwrap();
    let mut serving = db.acquire().await.unwrap();
    let meanwhile = async {
        until_it_says(&log, "another instance migrates the database").await;
        another.unlock().await.unwrap();
        until_it_says(&log, "a migration waits for a table that is in use").await;
        // Between two tries nobody stands behind it.
        let count: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&mut *another).await.unwrap();
        assert_eq!(count, 0);
        reader.commit().await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrations::run(&mut serving, None), meanwhile);
    migrated.unwrap();
    let left = "select count(*) from pg_locks where locktype = 'advisory' and database =
        (select oid from pg_database where datname = current_database())";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&db).await.unwrap(), 0);
    let run: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations").fetch_one(&db).await.unwrap();
    assert_eq!(usize::try_from(run).unwrap(), MIGRATIONS.iter().count());
}
