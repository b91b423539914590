//! The SQL of the runs of uploaded lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use super::super::{import::Outcome, options::ImportOptions};
use crate::{base::error::Result, platform::jobs::JobState};

/// A list of one person, as far as it matters to who wants to run one of its name.
pub struct Locked {
    pub id: Uuid,
    pub name: String,
    pub job_id: Option<Uuid>,
    pub is_dry_run: bool,
    pub options: Json<ImportOptions>,
    pub job: Option<JobState>,
}

impl Locked {
    /// The job of a run that has not ended.
    pub fn running(&self) -> Option<Uuid> {
        self.job_id.filter(|_| self.job.is_some_and(|state| !state.is_end()))
    }
}

/// The person's own of this id and all others of the same list, which write the same files.
pub async fn lock_list(tx: &mut PgTransaction<'_>, lab_id: Uuid, user_id: Uuid, id: Uuid) -> Result<Vec<Locked>> {
    let locked = sqlx::query_as!(
        Locked,
        r#"select i.id, i.name, i.job_id, i.is_dry_run, i.options as "options: Json<ImportOptions>",
            j.state as "job?: JobState"
        from imports i left join jobs j on j.id = i.job_id
        where i.lab_id = $1 and i.created_by = $2
            and i.list = (select list from imports where lab_id = $1 and created_by = $2 and id = $3)
        order by i.id for update of i"#,
        lab_id,
        user_id,
        id
    );
    Ok(locked.fetch_all(&mut **tx).await?)
}

/// A run that is about to be queued.
pub struct Queued<'r> {
    pub lab_id: Uuid,
    pub id: Uuid,
    pub job_id: Uuid,
    pub is_dry_run: bool,
    pub options: &'r ImportOptions,
}

pub async fn set_run(tx: &mut PgTransaction<'_>, run: &Queued<'_>, now: DateTime<Utc>) -> Result<()> {
    let set = sqlx::query!(
        "update imports set job_id = $3, is_dry_run = $4, options = $5, outcome = null, done = null, used_at = $6,
            version = version + 1
        where lab_id = $1 and id = $2",
        run.lab_id,
        run.id,
        run.job_id,
        run.is_dry_run,
        Json(run.options) as _,
        now
    );
    set.execute(&mut **tx).await?;
    Ok(())
}

/// What the run of a job is to do.
pub struct Begun {
    pub name: String,
    pub list: String,
    pub created_by: Uuid,
    pub is_dry_run: bool,
    pub options: Json<ImportOptions>,
    pub done: Option<Json<Done>>,
    pub outcome: Option<Json<Outcome>>,
    pub content: Vec<u8>,
}

/// What a run has committed so far, also in tries before this one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Done {
    pub added: u64,
    pub locations: Vec<String>,
}

/// None where another run has taken its place.
pub async fn begin(db: &mut PgConnection, lab_id: Uuid, id: Uuid, job_id: Uuid) -> Result<Option<Begun>> {
    let begun = sqlx::query_as!(
        Begun,
        r#"select name, list, created_by, is_dry_run, options as "options: Json<ImportOptions>",
            done as "done: Json<Done>", outcome as "outcome: Json<Outcome>", content
        from imports i join import_contents c on c.lab_id = i.lab_id and c.import_id = i.id and c.kind = 'list'
        where i.lab_id = $1 and i.id = $2 and job_id = $3"#,
        lab_id,
        id,
        job_id
    );
    Ok(begun.fetch_optional(db).await?)
}

/// False where another run has taken its place.
pub async fn note_done(
    tx: &mut PgTransaction<'_>,
    (lab_id, id, job_id): (Uuid, Uuid, Uuid),
    done: &Done,
) -> Result<bool> {
    let noted = sqlx::query!(
        "update imports set done = $4 where lab_id = $1 and id = $2 and job_id = $3",
        lab_id,
        id,
        job_id,
        Json(done) as _
    );
    Ok(noted.execute(&mut **tx).await?.rows_affected() > 0)
}

/// What the run has come to, and the rows that it refused.
pub async fn finish(
    tx: &mut PgTransaction<'_>,
    (lab_id, id, job_id): (Uuid, Uuid, Uuid),
    outcome: &Outcome,
    corrections: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<()> {
    let finished = sqlx::query!(
        "update imports set outcome = $4, used_at = $5, version = version + 1
        where lab_id = $1 and id = $2 and job_id = $3",
        lab_id,
        id,
        job_id,
        Json(outcome) as _,
        now
    );
    if finished.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(());
    }
    let dropped = sqlx::query!(
        "delete from import_contents where lab_id = $1 and import_id = $2 and kind = 'corrections'",
        lab_id,
        id
    );
    dropped.execute(&mut **tx).await?;
    if let Some(corrections) = corrections {
        let kept = sqlx::query!(
            "insert into import_contents (lab_id, import_id, kind, content) values ($1, $2, 'corrections', $3)",
            lab_id,
            id,
            corrections
        );
        kept.execute(&mut **tx).await?;
    }
    Ok(())
}
