//! The SQL of the notary.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::{Look, State, Step, Waiting, snapshot::Snapshot};
use crate::{
    base::error::Result,
    journal::{canonical::Hash, lines::Key},
};

/// How far the notary is, what there is to do, and the snapshot in which that was seen: one statement, so that they
/// belong together. At most so many lines come, those of the lowest transactions, in the order in which the
/// transactions wrote their last lines: whoever waited for a row wrote later than who held it. The lines of one
/// transaction are in the order of each bottle's ledger. A line whose transaction is numbered by another server is not
/// taken twice, as the chain has it. During a walk over all lines there is nothing else to do.
#[expect(clippy::too_many_lines, reason = "one statement, so that one snapshot answers all of it")]
pub async fn look(db: &mut PgConnection, most: i64) -> Result<Look> {
    let row = sqlx::query!(
        r#"with state as materialized (
            select version, generation, below, in_progress, walked_lab, walked_id from journal_notary
        ), found as (
            select * from (
                (select lab_id, in_ledger, id, xid, seq, write_order from journal_lines l
                where (select walked_lab from state) is null and xid >= (select below from state)
                    and xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                    and not exists (
                        select from journal_chain c
                        where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
                    )
                order by xid, seq, in_ledger, id limit $1)
                union all
                (select lab_id, in_ledger, id, xid, seq, write_order from journal_lines l
                where (select walked_lab from state) is null
                    and xid = any((select in_progress from state)::bigint[])
                    and not exists (
                        select from journal_chain c
                        where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
                    )
                order by xid, seq, in_ledger, id limit $1)
            ) f order by f.xid, f.seq, f.in_ledger, f.id limit $1
        )
        select s.version, s.generation, s.below, s.in_progress, s.walked_lab, s.walked_id,
            c.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as "here!",
            pg_current_snapshot()::text as "now!",
            f.labs as "labs!: Vec<Uuid>", f.ledgers as "ledgers!: Vec<bool>", f.ids as "ids!: Vec<Uuid>",
            f.xids as "xids!: Vec<i64>"
        from state s cross join pg_control_system() c cross join (
            select coalesce(array_agg(lab_id), '{}') as labs, coalesce(array_agg(in_ledger), '{}') as ledgers,
                coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(xid), '{}') as xids
            from (
                select * from found
                order by coalesce(max(write_order) over (partition by xid), 0), xid, seq, in_ledger, id
            ) f
        ) f"#,
        most
    );
    let row = row.fetch_one(db).await?;
    Ok(Look {
        state: State {
            version: row.version,
            generation: row.generation,
            done: Snapshot { below: row.below, in_progress: row.in_progress },
            walked: row.walked_lab.zip(row.walked_id),
        },
        generation: row.here,
        now: Snapshot::parse(&row.now)?,
        lines: row.xids.into_iter().zip(keys(row.labs, row.ledgers, row.ids)).collect(),
    })
}

/// Whether the migrations that make the chain have run.
pub async fn is_there(db: &mut PgConnection) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"select to_regclass('journal_notary') is not null and to_regclass('journal_chain') is not null as "is_there!""#
    );
    Ok(is_there.fetch_one(db).await?)
}

/// What has no position though it was written before this moment; of too many the first. During a walk over all lines,
/// and before one, that is what has come since: nobody knows how many older ones there are.
pub async fn waiting(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<Waiting> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"with state as materialized (
            select n.below, n.in_progress, n.walked_lab is not null
                or n.generation <> c.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
                or n.below > pg_snapshot_xmax(pg_current_snapshot())::text::bigint as must_walk
            from journal_notary n cross join pg_control_system() c
        ), found as (
            (select at from journal_lines l
            where xid >= (select below from state)
                and xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint and at < $1
                and not exists (
                    select from journal_chain c
                    where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
                )
            order by xid limit $2)
            union all
            (select at from journal_lines l
            where xid = any((select in_progress from state)::bigint[]) and at < $1
                and not exists (
                    select from journal_chain c
                    where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
                )
            order by xid limit $2)
        )
        select (select must_walk from state) and exists (select from journal_lines) as "walks!",
            (select count(*) from found) as "count!", (select min(at) from found) as since"#,
        before,
        most
    );
    Ok(waiting.fetch_one(db).await?)
}

fn keys(labs: Vec<Uuid>, ledgers: Vec<bool>, ids: Vec<Uuid>) -> Vec<Key> {
    let keys = labs.into_iter().zip(ledgers).zip(ids);
    keys.map(|((lab_id, in_ledger), id)| Key { lab_id, in_ledger, id }).collect()
}

/// The next lines by lab and id, from this one on: those of them that have no position, where the last stands, and how
/// many they are. They come in the order in which they were written, and of the time before that was kept in the order
/// of their times; ids of one moment are random. What has come since the walk began keeps its order of transactions and
/// is taken afterwards: by their numbers, lines that `before` does not show and a transaction of this server may have
/// written.
pub async fn walk(
    db: &mut PgConnection,
    (lab_id, id): (Uuid, Uuid),
    before: &Snapshot,
    most: i64,
) -> Result<(Vec<Key>, Option<(Uuid, Uuid)>, i64)> {
    let row = sqlx::query!(
        r#"with passed as materialized (
            select lab_id, in_ledger, id, seq, at, write_order, not exists (
                    select from journal_chain c
                    where c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
                ) and (
                    xid >= $4 and xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint or xid = any($5)
                ) is not true as is_new
            from (
                select lab_id, in_ledger, id, seq, at, xid, write_order from journal_lines
                where (lab_id, id) >= ($1, $2) order by lab_id, id limit $3
            ) l
        )
        select (select count(*) from passed) as "count!",
            (select lab_id from passed order by lab_id desc, id desc limit 1) as last_lab,
            (select id from passed order by lab_id desc, id desc limit 1) as last_id,
            coalesce(array_agg(lab_id), '{}') as "labs!: Vec<Uuid>",
            coalesce(array_agg(in_ledger), '{}') as "ledgers!: Vec<bool>",
            coalesce(array_agg(id), '{}') as "ids!: Vec<Uuid>"
        from (select * from passed where is_new order by lab_id, write_order nulls first, at, seq, in_ledger, id) n"#,
        lab_id,
        id,
        most,
        before.below,
        &before.in_progress
    );
    let row = row.fetch_one(db).await?;
    Ok((keys(row.labs, row.ledgers, row.ids), row.last_lab.zip(row.last_id), row.count))
}

/// The last position of each lab that has one, with its hash.
pub async fn heads(db: &mut PgConnection, labs: &[Uuid]) -> Result<Vec<(Uuid, i64, Hash)>> {
    let rows = sqlx::query!(
        r#"select l.lab_id as "lab_id!", c.position, c.hash as "hash: Hash" from unnest($1::uuid[]) as l (lab_id)
            cross join lateral (
                select position, hash from journal_chain c where c.lab_id = l.lab_id order by position desc limit 1
            ) c"#,
        labs
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.lab_id, row.position, row.hash)).collect())
}

/// Keeps other notaries from the step that begins at this version, to the end of the transaction. False: one of them is
/// at it, or has taken it.
pub async fn lock(tx: &mut PgTransaction<'_>, version: i64) -> Result<bool> {
    let locked =
        sqlx::query_scalar!("select version from journal_notary where version = $1 for update skip locked", version);
    Ok(locked.fetch_optional(&mut **tx).await?.is_some())
}

/// Writes the step, all of it or, where another notary was faster, nothing. Says whether it did.
pub async fn write_step(db: &mut PgConnection, step: &Step) -> Result<bool> {
    let column = |get: fn(&Key) -> Uuid| step.lines.iter().map(|(key, ..)| get(key)).collect::<Vec<_>>();
    let ledgers: Vec<_> = step.lines.iter().map(|(key, ..)| key.in_ledger).collect();
    let positions: Vec<_> = step.lines.iter().map(|(_, position, _)| *position).collect();
    let hashes: Vec<_> = step.lines.iter().map(|(.., hash)| hash.as_slice()).collect();
    let taken = sqlx::query_scalar!(
        r#"with taken as (
            update journal_notary set version = version + 1, generation = $2, below = $3, in_progress = $4,
                walked_lab = $5, walked_id = $6
            where version = $1 returning version
        ), chained as (
            insert into journal_chain (lab_id, position, in_ledger, line_id, hash)
            select l.lab_id, l.position, l.in_ledger, l.line_id, l.hash
            from taken cross join unnest($7::uuid[], $8::bigint[], $9::bool[], $10::uuid[], $11::bytea[])
                as l (lab_id, position, in_ledger, line_id, hash)
        )
        select exists (select from taken) as "taken!""#,
        step.version,
        step.generation,
        step.done.below,
        &step.done.in_progress,
        step.walked.map(|it| it.0),
        step.walked.map(|it| it.1),
        &column(|key| key.lab_id),
        &positions,
        &ledgers,
        &column(|key| key.id),
        &hashes as &[&[u8]]
    );
    Ok(taken.fetch_one(db).await?)
}

/// Writes down the head of each lab that has lines since its last one, and answers them.
pub async fn tell_heads(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<(Uuid, i64, Hash)>> {
    let told = sqlx::query!(
        r#"insert into journal_heads (lab_id, position, hash, told_at)
        select l.id, c.position, c.hash, $1
        from (select id from labs union all select '00000000-0000-0000-0000-000000000000'::uuid) l
            cross join lateral (
                select position, hash from journal_chain c where c.lab_id = l.id order by position desc limit 1
            ) c
        on conflict do nothing returning lab_id, position, hash as "hash: Hash""#,
        now
    );
    let told = told.fetch_all(db).await?;
    Ok(told.into_iter().map(|row| (row.lab_id, row.position, row.hash)).collect())
}

/// The labs whose newest head that was told is not the hash at its position, or has no position any more.
pub async fn other_heads(db: &mut PgConnection) -> Result<Vec<(Uuid, i64)>> {
    let heads = sqlx::query!(
        r#"select h.lab_id, h.position
        from (select id from labs union all select '00000000-0000-0000-0000-000000000000'::uuid) l
            cross join lateral (
                select lab_id, position, hash from journal_heads where lab_id = l.id order by position desc limit 1
            ) h
            left join journal_chain c on c.lab_id = h.lab_id and c.position = h.position
        where c.hash is distinct from h.hash"#
    );
    Ok(heads.fetch_all(db).await?.into_iter().map(|row| (row.lab_id, row.position)).collect())
}
