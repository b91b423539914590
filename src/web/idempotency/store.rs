//! SQL on the keys of requests that may be repeated.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::base::error::Result;

/// When the work under this key began, if it is for this try to do it.
pub async fn claim(
    db: &mut PgConnection,
    id: &[u8],
    fingerprint: &[u8],
    now: DateTime<Utc>,
    locked_until: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let ours = sqlx::query_scalar!(
        "insert into idempotency_keys as k (id, fingerprint, started_at, locked_until) values ($1, $2, $3, $4)
        on conflict (id) do update set locked_until = excluded.locked_until
            where k.answer is null and k.fingerprint = excluded.fingerprint and k.locked_until < excluded.started_at
        returning started_at",
        id,
        fingerprint,
        now,
        locked_until
    );
    Ok(ours.fetch_optional(db).await?)
}

/// An earlier try.
pub struct Earlier {
    pub fingerprint: Vec<u8>,
    pub answer: Option<Vec<u8>>,
    pub locked_until: DateTime<Utc>,
}

pub async fn find(db: &mut PgConnection, id: &[u8]) -> Result<Option<Earlier>> {
    let earlier =
        sqlx::query_as!(Earlier, "select fingerprint, answer, locked_until from idempotency_keys where id = $1", id);
    Ok(earlier.fetch_optional(db).await?)
}

/// Until when no other try runs.
pub async fn set_lease(db: &mut PgConnection, id: &[u8], until: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update idempotency_keys set locked_until = $2 where id = $1 and answer is null", id, until)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn keep(db: &mut PgConnection, id: &[u8], answer: &[u8]) -> Result<()> {
    sqlx::query!("update idempotency_keys set answer = $2 where id = $1", id, answer).execute(db).await?;
    Ok(())
}

pub async fn free(db: &mut PgConnection, id: &[u8]) -> Result<()> {
    sqlx::query!("delete from idempotency_keys where id = $1", id).execute(db).await?;
    Ok(())
}

/// A batch of those that began before; how many they were.
pub async fn drop_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from idempotency_keys where id in
            (select id from idempotency_keys where started_at < $1 limit 500 for update skip locked)",
        before
    );
    Ok(swept.execute(db).await?.rows_affected())
}
