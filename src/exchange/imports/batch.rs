//! Stores rows in batches, each in one transaction; when that fails because of a row, each row in its own, so that one
//! never costs the others.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, PgTransaction};

use super::{
    host::Host,
    lines::Lines,
    run::{Load, Outcome, Run, Stored},
    store,
    table::Row,
    turns::{Waiting, turns},
};
use crate::{
    base::{
        error::{Error, Result},
        ids::RequestId,
    },
    journal::{self, Actor},
    platform::app::App,
};

const TRIES: u32 = 3;

pub struct Batches<'a> {
    app: &'a App,
    id: RequestId,
    /// Of a dry run: what one batch brings the next one sees, and all of it is taken back.
    dry: Option<PgTransaction<'a>>,
    locations: BTreeSet<String>,
    warnings: BTreeMap<String, Lines>,
}

/// What the report says beside the counts.
pub struct Remarks {
    pub warnings: Vec<String>,
    /// Paths of the locations that were made, or would be.
    pub locations: Vec<String>,
}

impl<'a> Batches<'a> {
    pub fn new(app: &'a App, id: RequestId, dry: Option<PgTransaction<'a>>) -> Self {
        Self { app, id, dry, locations: BTreeSet::new(), warnings: BTreeMap::new() }
    }

    pub async fn finish(self) -> Result<Remarks> {
        if let Some(dry) = self.dry {
            dry.rollback().await?;
        }
        let mut warnings: Vec<_> = self.warnings.into_iter().collect();
        warnings.sort_by_key(|(_, lines)| lines.first());
        Ok(Remarks {
            warnings: warnings.into_iter().map(|(text, lines)| format!("{lines}: {text}")).collect(),
            locations: self.locations.into_iter().collect(),
        })
    }

    /// What became of each row, in the order of the file.
    pub async fn store<'t, L: Load, H: Host>(
        &mut self,
        load: &mut L,
        host: &mut H,
        rows: Vec<Row<'t>>,
    ) -> Result<Vec<(Row<'t>, Outcome)>> {
        let (mut done, mut waiting) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            match load.read(&row) {
                Ok(item) => waiting.push(Waiting { row, mark: L::mark(&item), item }),
                Err(reason) => done.push((row, Outcome::Failed(reason))),
            }
        }
        while !waiting.is_empty() {
            let (now, later) = turns(waiting);
            let (rows, items): (Vec<_>, Vec<_>) = now.into_iter().map(|waiting| (waiting.row, waiting.item)).unzip();
            done.extend(rows.into_iter().zip(self.store_items(load, host, &items).await?));
            waiting = later;
        }
        done.sort_by_key(|(row, _)| row.line);
        Ok(done)
    }

    async fn store_items<L: Load, H: Host>(
        &mut self,
        load: &mut L,
        host: &mut H,
        items: &[L::Item],
    ) -> Result<Vec<Outcome>> {
        match self.in_a_few_tries(load, host, items).await {
            Err(cause) if cause.is_refusal() => {}
            outcomes => return outcomes,
        }
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            match self.in_a_few_tries(load, host, std::slice::from_ref(item)).await {
                Ok(outcome) => outcomes.extend(outcome),
                Err(cause) if cause.is_refusal() => outcomes.push(Outcome::Failed(reason(&cause))),
                Err(cause) => return Err(cause),
            }
        }
        Ok(outcomes)
    }

    /// Two that wait for each other, or a database that starts again: rows that did go in are there already the next
    /// time.
    async fn in_a_few_tries<L: Load, H: Host>(
        &mut self,
        load: &mut L,
        host: &mut H,
        items: &[L::Item],
    ) -> Result<Vec<Outcome>> {
        for _ in 1..TRIES {
            match self.in_transaction(load, host, items).await {
                Err(Error::Unavailable { .. }) => {}
                outcomes => return outcomes,
            }
        }
        self.in_transaction(load, host, items).await
    }

    async fn in_transaction<L: Load, H: Host>(
        &mut self,
        load: &mut L,
        host: &mut H,
        items: &[L::Item],
    ) -> Result<Vec<Outcome>> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let run = Run { id: self.id, now: self.app.clock.now(), is_dry: self.dry.is_some() };
        let Stored { outcomes, locations, warnings, .. } = if let Some(dry) = &mut self.dry {
            tried(dry, load, items, run).await?
        } else {
            let mut db = self.app.db().await?;
            let mut tx = db.begin().await?;
            store::give_time(&mut tx).await?;
            let mut stored = load.store(&mut tx, items, run).await?;
            load.keep(items, &stored.outcomes)?;
            host.keeps(&mut tx, &stored).await?;
            let changes = std::mem::take(&mut stored.changes);
            journal::commit(tx, Actor::import(run.id, load.person(), run.now), changes).await?;
            host.has_kept();
            stored
        };
        self.locations.extend(locations);
        for (line, text) in warnings {
            self.warnings.entry(text).or_default().add(line);
        }
        Ok(outcomes)
    }
}

/// As it would be stored, so that the rest of the dry run sees it.
#[expect(clippy::disallowed_methods, reason = "it is taken back with the rest of the dry run")]
async fn tried<L: Load>(dry: &mut PgTransaction<'_>, load: &L, items: &[L::Item], run: Run) -> Result<Stored> {
    let mut tx = dry.begin().await?;
    store::give_time(&mut tx).await?;
    let stored = load.store(&mut tx, items, run).await?;
    tx.commit().await?;
    Ok(stored)
}

fn reason(cause: &Error) -> String {
    match cause {
        Error::Invalid(fields) => fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("; "),
        Error::Database(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
