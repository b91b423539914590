//! Bottles that come from a list. The list may come again, so each bottle keeps the code and the fingerprint of its
//! row.

use chemistry::canonical_code;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use super::incoming::{Content, Imported, Known};
use super::store;
use crate::base::{error::Result, ids::RequestId};

/// Bottles of the lab that have one of these codes, or came in under one.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, codes: &[&str]) -> Result<Vec<Known>> {
    store::find_imported(db, lab_id, codes).await
}

/// Writes bottles, each with the event of its receipt, booked by the import for the person who had it run; `run` is its
/// id. In the order of their codes, as everybody writes them.
pub async fn insert(
    db: &mut PgConnection,
    lab_id: Uuid,
    mut rows: Vec<Imported>,
    by_for: Option<Uuid>,
    run: RequestId,
    now: DateTime<Utc>,
) -> Result<()> {
    rows.sort_by_cached_key(|row| canonical_code(&row.code));
    store::insert_imported(db, lab_id, &rows, by_for, run, now).await
}
