//! The SQL of uploaded lists, as people see them.

mod files;
mod runs;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

pub use self::{files::*, runs::*};
use super::{
    file::Seen,
    import::{Import, ImportColumn, ImportRun, ImportSummary, KEPT_FOR, Outcome, state},
    options::ImportOptions,
};
use crate::{
    base::{error::Result, secrets::hex},
    platform::jobs::JobState,
};

/// A row.
pub struct Stored {
    pub id: Uuid,
    pub name: String,
    pub list: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub columns: Json<Vec<ImportColumn>>,
    pub sample: Json<Vec<Vec<String>>>,
    pub missing: Json<Vec<String>>,
    pub warnings: Json<Vec<String>>,
    pub options: Json<ImportOptions>,
    pub created_by: Uuid,
    pub created_at: DateTime<Utc>,
    pub used_at: DateTime<Utc>,
    pub job_id: Option<Uuid>,
    pub is_dry_run: bool,
    pub outcome: Option<Json<Outcome>>,
    pub version: i32,
    /// None of a job that is kept no longer.
    pub job: Option<JobState>,
}

impl Stored {
    /// What the last run has come to.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref().map(|outcome| &outcome.0)
    }

    pub fn into_import(self) -> Import {
        let state = state(self.job_id, self.job, self.outcome());
        let outcome = self.outcome.map(|outcome| outcome.0).unwrap_or_default();
        let (dry_run, Outcome { report, refusal }) = (self.is_dry_run, outcome);
        Import {
            id: self.id,
            name: self.name,
            size: self.size,
            sha256: hex(&self.sha256),
            state,
            columns: self.columns.0,
            sample: self.sample.0,
            missing: self.missing.0,
            warnings: self.warnings.0,
            options: self.options.0,
            run: self.job_id.map(|job_id| ImportRun { job_id, dry_run, report, refusal }),
            created_by: self.created_by,
            created_at: self.created_at,
            kept_until: self.used_at + KEPT_FOR,
            version: self.version,
        }
    }
}

/// A list that is about to be kept.
pub struct New<'n> {
    pub lab_id: Uuid,
    pub id: Uuid,
    pub name: &'n str,
    /// What the list is called, of which the file may have corrections.
    pub list: &'n str,
    pub content: &'n [u8],
    pub sha256: &'n [u8],
    pub seen: &'n Seen,
    pub created_by: Uuid,
    pub now: DateTime<Utc>,
}

/// False where the id is taken.
pub async fn insert(tx: &mut PgTransaction<'_>, new: &New<'_>) -> Result<bool> {
    let Seen { columns, sample, missing, warnings } = new.seen;
    let inserted = sqlx::query!(
        "with new as (
            insert into imports (lab_id, id, name, list, size, sha256, columns, sample, missing, warnings, options,
                created_by, created_at, used_at)
            values ($1, $2, $3, $4, octet_length($5::bytea), $6, $7, $8, $9, $10, $11, $12, $13, $13)
            on conflict on constraint imports_pkey do nothing returning lab_id, id
        )
        insert into import_contents (lab_id, import_id, kind, content) select lab_id, id, 'list', $5 from new",
        new.lab_id,
        new.id,
        new.name,
        new.list,
        new.content,
        new.sha256,
        Json(columns) as _,
        Json(sample) as _,
        Json(missing) as _,
        Json(warnings) as _,
        Json(ImportOptions::default()) as _,
        new.created_by,
        new.now
    );
    Ok(inserted.execute(&mut **tx).await?.rows_affected() > 0)
}

/// One's own; an admin of the lab sees all.
pub async fn find(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    user_id: Uuid,
    sees_all: bool,
) -> Result<Option<Stored>> {
    let found = sqlx::query_as!(
        Stored,
        r#"select i.id, name, list, size, sha256, columns as "columns: Json<Vec<ImportColumn>>",
            sample as "sample: Json<Vec<Vec<String>>>", missing as "missing: Json<Vec<String>>",
            warnings as "warnings: Json<Vec<String>>", options as "options: Json<ImportOptions>", i.created_by,
            i.created_at, used_at, job_id, is_dry_run, outcome as "outcome: Json<Outcome>", i.version,
            j.state as "job?: JobState"
        from imports i left join jobs j on j.id = i.job_id
        where i.lab_id = $1 and i.id = $2 and (i.created_by = $3 or $4)"#,
        lab_id,
        id,
        user_id,
        sees_all
    );
    Ok(found.fetch_optional(db).await?)
}

/// The newest first.
pub async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    user_id: Uuid,
    sees_all: bool,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<ImportSummary>> {
    let rows = sqlx::query!(
        r#"select i.id, name, size, i.created_by, i.created_at, used_at, job_id, is_dry_run,
            outcome as "outcome: Json<Outcome>", j.state as "job?: JobState"
        from imports i left join jobs j on j.id = i.job_id
        where i.lab_id = $1 and (i.created_by = $2 or $3) and ($4::uuid is null or i.id < $4)
        order by i.id desc limit $5"#,
        lab_id,
        user_id,
        sees_all,
        before,
        most
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| ImportSummary {
        id: row.id,
        name: row.name,
        size: row.size,
        state: state(row.job_id, row.job, row.outcome.as_ref().map(|outcome| &outcome.0)),
        dry_run: row.is_dry_run,
        created_by: row.created_by,
        created_at: row.created_at,
        kept_until: row.used_at + KEPT_FOR,
    });
    Ok(rows.collect())
}

pub struct Dropped {
    pub lab_id: Uuid,
    pub id: Uuid,
    pub name: String,
}

/// Those that nobody has used since, and that no job is about to use.
pub async fn drop_unused(tx: &mut PgTransaction<'_>, before: DateTime<Utc>, most: i64) -> Result<Vec<Dropped>> {
    let dropped = sqlx::query_as!(
        Dropped,
        "delete from imports where (lab_id, id) in (
            select i.lab_id, i.id from imports i
            where used_at < $1 and not exists (
                select from jobs j where j.id = i.job_id and j.state in ('queued', 'running')
            )
            order by used_at limit $2 for update skip locked
        ) returning lab_id, id, name",
        before,
        most
    );
    Ok(dropped.fetch_all(&mut **tx).await?)
}
