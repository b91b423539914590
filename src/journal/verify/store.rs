//! The SQL of the proof.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Link;
use crate::{
    base::error::Result,
    journal::{canonical::Hash, lines::Key},
};

pub async fn head(db: &mut PgConnection, lab_id: Uuid) -> Result<Option<(i64, Hash)>> {
    let row = sqlx::query!(
        r#"select position, hash as "hash: Hash" from journal_chain where lab_id = $1 order by position desc limit 1"#,
        lab_id
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.position, row.hash)))
}

/// In their order, from this position on.
pub async fn links(db: &mut PgConnection, lab_id: Uuid, from: i64, most: i64) -> Result<Vec<Link>> {
    let rows = sqlx::query!(
        r#"select position, in_ledger, line_id, hash as "hash: Hash" from journal_chain
        where lab_id = $1 and position >= $2 order by position limit $3"#,
        lab_id,
        from,
        most
    );
    let links = rows.fetch_all(db).await?.into_iter().map(|row| Link {
        position: row.position,
        key: Key { lab_id, in_ledger: row.in_ledger, id: row.line_id },
        hash: row.hash,
    });
    Ok(links.collect())
}

/// A line that the notary has passed and that has no position. While the notary walks over all lines there may be
/// some.
pub async fn find_without_position(db: &mut PgConnection, lab_id: Uuid) -> Result<Option<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select l.id as "id!" from journal_lines l cross join journal_notary n cross join pg_control_system() s
        where l.lab_id = $1 and n.walked_lab is null
            and n.generation = s.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
            and (l.xid is null or l.xid < n.below and l.xid <> all(n.in_progress))
            and not exists (
                select from journal_chain c
                where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
            )
        limit 1"#,
        lab_id
    );
    Ok(found.fetch_optional(db).await?)
}
