//! Databases that are not up to date.

use std::borrow::Cow;

use chemstock::platform::app::MIGRATIONS;
use sqlx::{PgPool, migrate::Migrator};

/// A test's database is a copy of `template1`. `scripts/test` has brought that one up to date, which spares most tests
/// the migrations; this one is to have nothing.
pub async fn emptied(db: &PgPool) {
    sqlx::raw_sql("drop schema public cascade; create schema public; grant usage, create on schema public to public")
        .execute(db)
        .await
        .unwrap();
}

/// Only the migrations of the wanted versions.
pub async fn migrate(db: &PgPool, wanted: impl Fn(i64) -> bool) {
    let migrations = MIGRATIONS.iter().filter(|it| wanted(it.version)).cloned().collect();
    let mut part = Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT };
    part.set_ignore_missing(true);
    part.run(db).await.unwrap();
}
