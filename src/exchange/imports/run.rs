//! Reads the rows of a file, has them stored, and writes down what became of them.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgTransaction};
use uuid::Uuid;

use super::{
    Report,
    batch::{Batches, Remarks},
    columns::Columns,
    corrections::Corrections,
    faults::OrReason,
    host::{Host, SoFar},
    readings::{plain_cells, readings},
    table::{Row, Table},
};
use crate::{
    base::{error::Result, ids::RequestId},
    journal::{self, Actor},
    platform::app::App,
};

/// Rows in one transaction.
const BATCH: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Added,
    Completed,
    Unchanged,
    /// Says why.
    Failed(String),
}

/// What became of rows, in their order.
#[derive(Debug, Default)]
pub struct Stored {
    pub outcomes: Vec<Outcome>,
    /// Paths of the locations that were made for them.
    pub locations: Vec<String>,
    /// Of rows that went in: the line, and what whoever imports should look at.
    pub warnings: Vec<(u64, String)>,
    /// For the journal.
    pub changes: Vec<journal::Change>,
}

impl Stored {
    pub fn added(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| **outcome == Outcome::Added).count() as u64
    }
}

/// An import that runs: its id, by which the journal has all that it changed, and the time of the batch.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub id: RequestId,
    pub now: DateTime<Utc>,
    /// Whether all of it is taken back at the end, so that nobody should wait for it.
    pub is_dry: bool,
}

/// What is loaded from a file.
pub trait Load {
    type Item;

    /// The row as what it means, or everything that is wrong with it.
    fn read(&mut self, row: &Row) -> OrReason<Self::Item>;

    /// The lab for which rows get codes that are made, where they do.
    fn made_for(&self) -> Option<Uuid> {
        None
    }

    /// The code that was made for the row.
    fn made_code(&self, _row: &Row) -> Option<&str> {
        None
    }

    /// Where the codes are that were made, if any were.
    fn codes_file(&self) -> Option<PathBuf> {
        None
    }

    /// What was decided over the whole file.
    fn columns(&self) -> &Columns;

    /// What several rows may have in common that then must see each other.
    fn mark(_item: &Self::Item) -> Option<String> {
        None
    }

    /// Whether the row is read after all that do not wait.
    fn waits(&self, _row: &Row) -> bool {
        false
    }

    /// The lab that it is loaded into, if it is one's own.
    fn lab_id(&self) -> Uuid {
        journal::NO_LAB
    }

    /// Who has it imported, where that was said.
    fn person(&self) -> Option<Uuid> {
        None
    }

    /// One outcome for each item. Called within a transaction, and again item by item when it fails.
    async fn store(&self, tx: &mut PgTransaction<'_>, items: &[Self::Item], run: Run) -> Result<Stored>;

    /// Before the commit of what was stored.
    fn keep(&mut self, _items: &[Self::Item], _outcomes: &[Outcome]) -> anyhow::Result<()> {
        Ok(())
    }
}

pub async fn run<L: Load, H: Host>(
    app: &App,
    host: &mut H,
    file: &Path,
    table: &Table<'_>,
    load: &mut L,
    dry: bool,
) -> anyhow::Result<Report> {
    host.begins(table);
    let mut corrections = Corrections::of(file, table, load.made_for())?;
    let mut report = Report { warnings: table.warnings.clone(), is_dry_run: dry, ..Report::default() };
    let (mut lease, mut so_far) = (None, SoFar::default());
    let dry_run = if dry { Some(lease.insert(app.db().await?).begin().await?) } else { None };
    let (mut rows, mut batches, mut waiting) = (table.rows(), Batches::new(app, host.id(), dry_run), VecDeque::new());
    while let Some(batch) = next_batch(&mut rows, &mut waiting, load)? {
        host.goes_on(so_far).await?;
        so_far.end = batch.last().map_or(0, |last| last.end);
        for (row, outcome) in batches.store(load, host, batch).await? {
            report.count(&outcome);
            if let Outcome::Failed(reason) = outcome {
                let cells = plain_cells(&row, load.columns());
                let code = load.made_code(&row);
                corrections.write(&row, &reason, &readings(&row, load.columns()), code, cells)?;
            }
        }
        corrections.flush()?;
        (so_far.read, so_far.failed) = (report.read, report.failed);
    }
    host.goes_on(so_far).await?;
    let Remarks { warnings, locations } = batches.finish().await?;
    report.warnings.extend(warnings);
    if report.failed == 0 && !dry {
        report.warnings.extend(corrections.remove_earlier());
    }
    report.corrections = corrections.finish()?;
    report.locations = locations;
    report.codes = load.codes_file();
    if !dry {
        note(app, host, load, &mut report).await?;
    }
    Ok(report)
}

/// The line of the import itself, if it has changed anything.
async fn note<L: Load, H: Host>(app: &App, host: &mut H, load: &L, report: &mut Report) -> anyhow::Result<()> {
    let (id, mut db) = (host.id(), app.db().await?);
    let mut tx = db.begin().await?;
    host.ends(&mut tx, report).await?;
    let made = u64::try_from(report.locations.len()).unwrap_or(u64::MAX);
    let counts = [("added", report.added), ("completed", report.completed), ("locations", made)];
    let change = journal::Change::new(journal::Kind::ImportFinished, load.lab_id(), id.uuid());
    let change = counts
        .into_iter()
        .fold(change, |change, (name, count)| change.field(name, None, Some(count).filter(|count| *count > 0)));
    journal::commit(tx, Actor::import(id, load.person(), app.clock.now()), [change]).await?;
    Ok(())
}

/// The next of the file; when it is read, those that have waited.
fn next_batch<'t, L: Load>(
    rows: &mut impl Iterator<Item = anyhow::Result<Row<'t>>>,
    waiting: &mut VecDeque<Row<'t>>,
    load: &L,
) -> anyhow::Result<Option<Vec<Row<'t>>>> {
    let batch: Vec<_> = rows.take(BATCH).collect::<anyhow::Result<_>>()?;
    if batch.is_empty() {
        let late: Vec<_> = waiting.drain(..waiting.len().min(BATCH)).collect();
        return Ok((!late.is_empty()).then_some(late));
    }
    let (late, now): (Vec<_>, _) = batch.into_iter().partition(|row| load.waits(row));
    waiting.extend(late);
    Ok(Some(now))
}

impl Report {
    fn count(&mut self, outcome: &Outcome) {
        self.read += 1;
        *match outcome {
            Outcome::Added => &mut self.added,
            Outcome::Completed => &mut self.completed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Failed(_) => &mut self.failed,
        } += 1;
    }
}
