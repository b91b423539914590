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

/// Some lines, and the newest of them that the notary has passed and that has no position.
pub struct Page {
    pub lines: i64,
    pub last: Option<Uuid>,
    pub unplaced: Option<Uuid>,
}

/// The lines from this one on, the newest first. While the notary walks over all lines some have no position yet. What
/// no transaction of this server can have written is of a time before that walk, which has passed it, or forged.
pub async fn find_unplaced(db: &mut PgConnection, lab_id: Uuid, from: Uuid, most: i64) -> Result<Page> {
    let page = sqlx::query_as!(
        Page,
        r#"with passed as materialized (
            select in_ledger, id, xid from journal_lines where lab_id = $1 and id <= $2 order by id desc limit $3
        )
        select (select count(*) from passed) as "lines!", (select id from passed order by id limit 1) as last, (
            select p.id from passed p cross join journal_notary n cross join pg_control_system() s
            where n.walked_lab is null
                and n.generation = s.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
                and (p.xid is null or p.xid < n.below and p.xid <> all(n.in_progress)
                    or p.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
                and not exists (
                    select from journal_chain c
                    where c.lab_id = $1 and c.line_id = p.id and c.in_ledger = p.in_ledger
                )
            order by p.id desc limit 1
        ) as unplaced"#,
        lab_id,
        from,
        most
    );
    Ok(page.fetch_one(db).await?)
}

/// The first head between these positions that was told with another hash than stands there, and the line there.
pub async fn find_other_head(
    db: &mut PgConnection,
    lab_id: Uuid,
    from: i64,
    to: i64,
) -> Result<Option<(i64, Option<Uuid>)>> {
    let found = sqlx::query!(
        r#"select h.position, c.line_id as "line_id?" from journal_heads h
            left join journal_chain c on c.lab_id = h.lab_id and c.position = h.position
        where h.lab_id = $1 and h.position >= $2 and h.position <= $3 and c.hash is distinct from h.hash
        order by h.position limit 1"#,
        lab_id,
        from,
        to
    );
    Ok(found.fetch_optional(db).await?.map(|row| (row.position, row.line_id)))
}
