//! The SQL of the audit.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AuditActor, AuditFilter, AuditLine};
use crate::base::{error::Result, text::Text};

struct Row {
    position: i64,
    id: Uuid,
    kind: String,
    subject: Uuid,
    changes: serde_json::Value,
    by_user: Option<Uuid>,
    by_name: Option<String>,
    by_system: Option<String>,
    by_for: Option<Uuid>,
    session_id: Option<Uuid>,
    request_id: Option<String>,
    at: DateTime<Utc>,
    without_key: bool,
}

impl From<Row> for AuditLine {
    fn from(row: Row) -> Self {
        let by = AuditActor { user_id: row.by_user, name: row.by_name, system: row.by_system, r#for: row.by_for };
        Self {
            position: Some(row.position),
            id: row.id,
            kind: row.kind,
            subject: Some(row.subject),
            changes: row.changes,
            by,
            session_id: row.session_id,
            request_id: row.request_id,
            at: row.at,
            without_key: row.without_key,
        }
    }
}

/// Reads the lines that are asked for, the newest first: `lines!("from … where …", $1, $2, $3; filter, unseen)`, with
/// the lines named `l`, their places in the chain `c`, and their people `u`.
macro_rules! lines {
    ($from:literal, $one:expr, $two:expr, $three:expr; $filter:ident, $unseen:ident) => {
        sqlx::query_as!(
            Row,
            r#"select c.position, l.id as "id!", l.kind as "kind!", l.subject as "subject!", l.changes as "changes!",
                l.by_user, nullif(u.name, '') as by_name, l.by_system, l.by_for, l.session_id, l.request_id,
                l.at as "at!", coalesce(l.without_key, false) as "without_key!" "#
                + $from
                + " and ($4::uuid is null or l.by_user = $4 or l.by_for = $4) and ($5::text is null or l.kind = $5)
                and ($6::timestamptz is null or l.at >= $6)
                and (l.kind like 'location.%' and l.subject = any ($8)) is not true
                and (cardinality($8) = 0 or l.kind not like 'container.%' or not exists (
                    select from containers b where b.lab_id = $1 and b.id = l.subject and b.location_id = any ($8)
                ))
            order by c.position desc limit $7",
            $one,
            $two,
            $three,
            $filter.by,
            $filter.kind.as_ref().map(Text::as_str),
            $filter.from,
            $filter.limit.plus_one(),
            $unseen
        )
    };
}

/// Of one subject, whose lines an index has.
pub async fn of_subject(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &AuditFilter,
    before: i64,
    unseen: &[Uuid],
) -> Result<Vec<AuditLine>> {
    let rows = lines!(
        "from journal_lines l
            join journal_chain c on c.lab_id = l.lab_id and c.line_id = l.id and c.in_ledger = l.in_ledger
            left join users u on u.id = l.by_user
        where l.lab_id = $1 and c.position < $2 and l.subject = $3",
        lab_id,
        before,
        filter.subject;
        filter,
        unseen
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(AuditLine::from).collect())
}

/// Of the `window` positions below `before`, and the lowest of them if others follow: not those up to a head that was
/// told at `old` or earlier, as their lines are older.
pub async fn window(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &AuditFilter,
    (before, window, old): (i64, i64, Option<DateTime<Utc>>),
    unseen: &[Uuid],
) -> Result<(Option<i64>, Vec<AuditLine>)> {
    let bounds = sqlx::query!(
        r#"select coalesce((
                select position from journal_chain where lab_id = $1 and position < $2 order by position desc limit 1
            ), 0) as "top!",
            coalesce((
                select position from journal_heads where lab_id = $1 and told_at <= $3 order by position desc limit 1
            ), 0) as "floor!""#,
        lab_id,
        before,
        old
    );
    let bounds = bounds.fetch_one(&mut *db).await?;
    let lowest = bounds.floor.max(bounds.top - window) + 1;
    let rows = lines!(
        "from (
                select * from journal_chain where lab_id = $1 and position >= $2 and position <= $3
            ) c
            join lateral (
                select * from journal_lines l
                where l.lab_id = c.lab_id and l.id = c.line_id and l.in_ledger = c.in_ledger
            ) l on true
            left join users u on u.id = l.by_user
        where true",
        lab_id,
        lowest,
        bounds.top;
        filter,
        unseen
    );
    let lines = rows.fetch_all(db).await?.into_iter().map(AuditLine::from).collect();
    Ok(((lowest > bounds.floor + 1).then_some(lowest), lines))
}
