//! Who runs an import: somebody at a terminal, or a job.

use indicatif::{ProgressBar, ProgressStyle};
use sqlx::PgTransaction;

use super::{Report, run::Stored, table::Table};
use crate::{
    base::{error::Result, ids::RequestId},
    platform::app::App,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoFar {
    /// Rows.
    pub read: u64,
    pub failed: u64,
    /// Bytes of the file.
    pub end: u64,
}

pub trait Host {
    /// By it the journal has all that the run changes.
    fn id(&self) -> RequestId;

    /// The file is open.
    fn begins(&mut self, table: &Table<'_>);

    /// Before each batch and behind the last; a failure ends the run there. A dry run holds a connection meanwhile.
    async fn goes_on(&mut self, so_far: SoFar) -> anyhow::Result<()>;

    /// In the transaction of a batch, whose files are written.
    async fn keeps(&mut self, tx: &mut PgTransaction<'_>, stored: &Stored) -> Result<()>;

    /// What it has kept is committed.
    fn has_kept(&mut self);

    /// In the last transaction, which is none of a dry run.
    async fn ends(&mut self, tx: &mut PgTransaction<'_>, report: &mut Report) -> anyhow::Result<()>;
}

/// Whoever waits at a terminal sees how far it is. The files beside the list are kept as they are.
pub struct Terminal {
    id: RequestId,
    bar: ProgressBar,
}

impl Terminal {
    pub fn new(app: &App) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {percent}%  {msg}  {elapsed}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { id: RequestId::new(app.clock.now()), bar }
    }
}

impl Host for Terminal {
    fn id(&self) -> RequestId {
        self.id
    }

    fn begins(&mut self, table: &Table<'_>) {
        self.bar.set_length(table.size());
    }

    async fn goes_on(&mut self, so_far: SoFar) -> anyhow::Result<()> {
        self.bar.set_position(so_far.end.max(self.bar.position()));
        self.bar.set_message(format!("{} rows, {} failed", so_far.read, so_far.failed));
        Ok(())
    }

    async fn keeps(&mut self, _: &mut PgTransaction<'_>, _: &Stored) -> Result<()> {
        Ok(())
    }

    fn has_kept(&mut self) {}

    async fn ends(&mut self, _: &mut PgTransaction<'_>, _: &mut Report) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
