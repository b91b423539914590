//! Reads the rows of a file and stores them in batches, each in one transaction.

use std::path::Path;

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::{Connection as _, PgConnection};

use super::{
    Report,
    corrections::Corrections,
    faults::OrReason,
    store,
    table::{Row, Table},
};
use crate::{
    app::App,
    error::{Error, Result},
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

/// What is loaded from a file.
pub trait Load {
    type Item;

    /// The row as what it means, or everything that is wrong with it.
    fn read(&mut self, row: &Row) -> OrReason<Self::Item>;

    /// One outcome for each item. Called within a transaction, and again item by item when it fails.
    async fn store(&self, db: &mut PgConnection, items: &[Self::Item], now: DateTime<Utc>) -> Result<Vec<Outcome>>;
}

pub async fn run<L: Load>(
    app: &App,
    file: &Path,
    table: &Table<'_>,
    load: &mut L,
    dry: bool,
) -> anyhow::Result<Report> {
    let bar = progress(table.size());
    let mut corrections = Corrections::of(file, table.headers());
    let mut report = Report { warnings: table.warnings.clone(), is_dry_run: dry, ..Report::default() };
    let mut rows = table.rows();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect::<anyhow::Result<_>>()?;
        let Some(last) = batch.last() else { break };
        let end = last.end;
        for (row, outcome) in store_batch(app, load, batch, dry).await? {
            report.count(&outcome);
            if let Outcome::Failed(reason) = outcome {
                corrections.write(&row, &reason)?;
            }
        }
        corrections.flush()?;
        bar.set_position(end);
        bar.set_message(format!("{} rows, {} failed", report.read, report.failed));
    }
    bar.finish_and_clear();
    if report.failed == 0 && !dry {
        corrections.remove_old();
    }
    report.corrections = corrections.path();
    Ok(report)
}

/// On the terminal of whoever waits; nothing where there is none.
fn progress(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}%  {msg}  {elapsed}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn store_batch<'t, L: Load>(
    app: &App,
    load: &mut L,
    rows: Vec<Row<'t>>,
    dry: bool,
) -> Result<Vec<(Row<'t>, Outcome)>> {
    let (mut done, mut good, mut items) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match load.read(&row) {
            Ok(item) => {
                good.push(row);
                items.push(item);
            }
            Err(reason) => done.push((row, Outcome::Failed(reason))),
        }
    }
    done.extend(good.into_iter().zip(store_items(app, load, &items, dry).await?));
    done.sort_by_key(|(row, _)| row.line);
    Ok(done)
}

/// All in one transaction; when that fails because of a row, each in its own, so that one never costs the others.
async fn store_items<L: Load>(app: &App, load: &L, items: &[L::Item], dry: bool) -> Result<Vec<Outcome>> {
    match in_transaction(app, load, items, dry).await {
        Err(cause) if is_of_a_row(&cause) => {}
        outcomes => return outcomes,
    }
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        match in_transaction(app, load, std::slice::from_ref(item), dry).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(cause) if is_of_a_row(&cause) => outcomes.push(Outcome::Failed(reason(&cause))),
            Err(cause) => return Err(cause),
        }
    }
    Ok(outcomes)
}

async fn in_transaction<L: Load>(app: &App, load: &L, items: &[L::Item], dry: bool) -> Result<Vec<Outcome>> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    store::give_time(&mut tx).await?;
    let outcomes = load.store(&mut tx, items, app.clock.now()).await?;
    if dry {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(outcomes)
}

/// The database refused something, rather than being away, full or shutting down.
fn is_of_a_row(cause: &Error) -> bool {
    match cause {
        Error::Rejected(_) | Error::Invalid(_) => true,
        Error::Database(cause) => cause
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| !["08", "53", "58", "XX", "57P"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

fn reason(cause: &Error) -> String {
    match cause {
        Error::Invalid(fields) => fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("; "),
        Error::Database(cause) => cause.to_string(),
        other => other.to_string(),
    }
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
