//! Reads the rows of a file, has them stored, and writes down what became of them.

use std::{collections::VecDeque, path::Path};

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::{Connection as _, PgTransaction};
use uuid::Uuid;

use super::{
    Report,
    batch::{Batches, Remarks},
    columns::Columns,
    corrections::Corrections,
    faults::OrReason,
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

/// An import that runs: its id, by which the journal has all that it changed, and the time of the batch.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub id: RequestId,
    pub now: DateTime<Utc>,
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

pub async fn run<L: Load>(
    app: &App,
    file: &Path,
    table: &Table<'_>,
    load: &mut L,
    dry: bool,
) -> anyhow::Result<Report> {
    let bar = progress(table.size());
    let mut corrections = Corrections::of(file, table, load.made_for())?;
    let mut report = Report { warnings: table.warnings.clone(), is_dry_run: dry, ..Report::default() };
    let id = RequestId::new(app.clock.now());
    let mut lease = None;
    let dry_run = if dry { Some(lease.insert(app.db().await?).begin().await?) } else { None };
    let (mut rows, mut batches, mut waiting) = (table.rows(), Batches::new(app, id, dry_run), VecDeque::new());
    while let Some(batch) = next_batch(&mut rows, &mut waiting, load)? {
        let end = batch.last().map_or(0, |last| last.end).max(bar.position());
        for (row, outcome) in batches.store(load, batch).await? {
            report.count(&outcome);
            if let Outcome::Failed(reason) = outcome {
                let cells = plain_cells(&row, load.columns());
                let code = load.made_code(&row);
                corrections.write(&row, &reason, &readings(&row, load.columns()), code, cells)?;
            }
        }
        corrections.flush()?;
        bar.set_position(end);
        bar.set_message(format!("{} rows, {} failed", report.read, report.failed));
    }
    bar.finish_and_clear();
    let Remarks { warnings, locations } = batches.finish().await?;
    report.warnings.extend(warnings);
    if report.failed == 0 && !dry {
        report.warnings.extend(corrections.remove_earlier());
    }
    report.corrections = corrections.finish()?;
    report.locations = locations;
    if !dry {
        note(app, id, load, &report).await?;
    }
    Ok(report)
}

/// The line of the import itself, if it has changed anything.
async fn note<L: Load>(app: &App, id: RequestId, load: &L, report: &Report) -> Result<()> {
    let made = u64::try_from(report.locations.len()).unwrap_or(u64::MAX);
    let counts = [("added", report.added), ("completed", report.completed), ("locations", made)];
    let change = journal::Change::new(journal::Kind::ImportFinished, load.lab_id(), id.uuid());
    let change = counts
        .into_iter()
        .fold(change, |change, (name, count)| change.field(name, None, Some(count).filter(|count| *count > 0)));
    let mut db = app.db().await?;
    journal::commit(db.begin().await?, Actor::import(id, load.person(), app.clock.now()), [change]).await
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

/// On the terminal of whoever waits; nothing where there is none.
fn progress(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}%  {msg}  {elapsed}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
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
