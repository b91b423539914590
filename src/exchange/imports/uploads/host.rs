//! A job runs the import: it stops when the job is to end, and keeps in the database what a command leaves on the disk.

use sqlx::PgTransaction;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    folder::Folder,
    import::{ImportReport, Outcome},
    store::{self, Beside, Done},
};
use crate::{
    base::{
        error::{Error, Result},
        ids::RequestId,
    },
    exchange::imports::{
        Report,
        host::{Host, SoFar},
        run::Stored,
        table::Table,
    },
    platform::jobs::{Context, Halt, HaltReason},
};

/// The job is to end.
#[derive(Debug, thiserror::Error)]
#[error("the import was ended: {0:?}")]
pub struct Halted(pub HaltReason);

pub struct JobHost<'j> {
    pub context: &'j Context,
    /// Nobody waits for the run any more.
    pub given_up: CancellationToken,
    pub folder: &'j Folder,
    pub beside: &'j Beside,
    pub import_id: Uuid,
    pub is_dry_run: bool,
    /// As the database has them.
    pub codes: Codes,
    /// Of this run, in all its tries.
    pub done: Done,
    /// Of tries before this one.
    pub before: Done,
    /// What the open transaction makes of the two.
    pub pending: Option<(Codes, Done)>,
    pub rows: Option<i64>,
}

/// How much of the file of codes is kept.
#[derive(Debug, Clone)]
pub enum Codes {
    /// This much, and an import may write it anew before its first batch.
    Whole(Vec<u8>),
    /// So many bytes; from then on it grows.
    Growing(usize),
}

impl JobHost<'_> {
    pub fn key(&self) -> (Uuid, Uuid, Uuid) {
        (self.beside.lab_id, self.import_id, self.context.id())
    }

    /// What is new in the file of codes goes in with the bottles: a label may be printed for what is in the database,
    /// and a run after a kill must find their codes.
    async fn keep_codes(&self, tx: &mut PgTransaction<'_>) -> Result<Codes> {
        let now = self.context.app().clock.now();
        let name = self.folder.codes_name();
        let text = self.folder.codes().map_err(anyhow::Error::from)?;
        let at = match &self.codes {
            Codes::Growing(at) => *at,
            Codes::Whole(kept) if text.starts_with(kept) => kept.len(),
            Codes::Whole(_) => {
                store::remove(tx, self.beside, &name).await?;
                0
            }
        };
        store::append(tx, self.beside, &name, at, text.get(at..).unwrap_or_default(), now).await?;
        Ok(Codes::Growing(text.len()))
    }

    /// Writes down what the run has come to.
    pub async fn finish(&self, tx: &mut PgTransaction<'_>, report: &Report) -> anyhow::Result<()> {
        let told = ImportReport::of(report, |text| self.folder.told(text));
        let outcome = Outcome { report: Some(told), refusal: None };
        let corrections = report.corrections.as_ref().map(std::fs::read).transpose()?;
        let now = self.context.app().clock.now();
        store::finish(tx, self.key(), &outcome, corrections.as_deref(), now).await?;
        Ok(())
    }
}

impl Host for JobHost<'_> {
    /// The same in every try.
    fn id(&self) -> RequestId {
        RequestId::of_job(self.context.id())
    }

    fn begins(&mut self, table: &Table<'_>) {
        self.rows = i64::try_from(table.rows().count()).ok();
    }

    async fn goes_on(&mut self, so_far: SoFar) -> anyhow::Result<()> {
        if self.given_up.is_cancelled() {
            return Err(Halted(HaltReason::Lost).into());
        }
        let told = if self.is_dry_run {
            self.context.check()
        } else {
            self.context.progress(i64::try_from(so_far.read)?, self.rows, Some("reading rows")).await
        };
        told.map_err(|halt| match halt {
            Halt::Asked(reason) => Halted(reason).into(),
            Halt::Failed(cause) => cause.into(),
        })
    }

    async fn keeps(&mut self, tx: &mut PgTransaction<'_>, stored: &Stored) -> Result<()> {
        let mut done = self.done.clone();
        done.added += stored.added();
        done.locations.extend(stored.locations.iter().cloned());
        if !store::note_done(tx, self.key(), &done).await? {
            return Err(Error::Internal(anyhow::anyhow!("another run has taken the place of this one")));
        }
        self.pending = Some((self.keep_codes(tx).await?, done));
        Ok(())
    }

    fn has_kept(&mut self) {
        if let Some(pending) = self.pending.take() {
            (self.codes, self.done) = pending;
        }
    }

    /// What an earlier try of the same run brought counts as brought, and not as there before.
    async fn ends(&mut self, tx: &mut PgTransaction<'_>, report: &mut Report) -> anyhow::Result<()> {
        let earlier = self.before.added.min(report.unchanged);
        report.added += earlier;
        report.unchanged -= earlier;
        report.locations.extend(self.before.locations.iter().cloned());
        report.locations.sort_unstable();
        report.locations.dedup();
        let now = self.context.app().clock.now();
        self.codes = self.keep_codes(tx).await?;
        let written = self.folder.corrections()?;
        for (name, _) in store::files(tx, self.beside).await? {
            if name != self.folder.codes_name() {
                store::remove(tx, self.beside, &name).await?;
            }
        }
        for (name, content) in written {
            store::append(tx, self.beside, &name, 0, &content, now).await?;
        }
        store::touch(tx, self.beside, now).await?;
        self.finish(tx, report).await
    }
}
