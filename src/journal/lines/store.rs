//! The SQL of whole lines.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::error::Result,
    journal::canonical::{JournalRow, LedgerRow},
};

pub async fn journal_rows(db: &mut PgConnection, labs: &[Uuid], ids: &[Uuid]) -> Result<Vec<JournalRow>> {
    let rows = sqlx::query_as!(
        JournalRow,
        r#"select j.lab_id, j.id, j.kind, j.subject, j.changes::text as "changes!", j.by_user, j.by_system, j.by_for,
            j.session_id, j.request_id, j.at, j.without_key
        from unnest($1::uuid[], $2::uuid[]) as k (lab_id, id)
            join journal j on j.lab_id = k.lab_id and j.id = k.id"#,
        labs,
        ids
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn ledger_rows(db: &mut PgConnection, labs: &[Uuid], ids: &[Uuid]) -> Result<Vec<LedgerRow>> {
    let rows = sqlx::query_as!(
        LedgerRow,
        r#"select e.id, e.lab_id, e.container_id, e.seq, e.type, e.delta::text as "delta!",
            e.amount_after::text as "amount_after!", e.typed_value::text, e.typed_unit, e.state_before, e.state_after,
            e.location_before, e.location_after, e.reverses, e.reason, e.by_user, e.by_system, e.by_for, e.occurred_at,
            e.recorded_at, e.changes::text, e.counted_with::text, e.brought::text,
            e.day, e.content, e.session_id, e.request_id, e.without_key
        from unnest($1::uuid[], $2::uuid[]) as k (lab_id, id)
            join stock_events e on e.lab_id = k.lab_id and e.id = k.id"#,
        labs,
        ids
    );
    Ok(rows.fetch_all(db).await?)
}
