//! Stores rows in batches, each in one transaction; when that fails because of a row, each row in its own, so that one never
//! costs the others.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Connection as _;

use super::{
    lines::Lines,
    run::{Load, Outcome, Run, Stored},
    seen::{Seen, Turn, Waiting},
    store,
    table::Row,
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
    is_dry_run: bool,
    seen: Seen,
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
    pub fn new(app: &'a App, id: RequestId, is_dry_run: bool) -> Self {
        Self { app, id, is_dry_run, seen: Seen::default(), locations: BTreeSet::new(), warnings: BTreeMap::new() }
    }

    pub fn into_remarks(self) -> Remarks {
        let mut warnings: Vec<_> = self.warnings.into_iter().collect();
        warnings.sort_by_key(|(_, lines)| lines.first());
        Remarks {
            warnings: warnings.into_iter().map(|(text, lines)| format!("{lines}: {text}")).collect(),
            locations: self.locations.into_iter().collect(),
        }
    }

    /// What became of each row, in the order of the file.
    pub async fn store<'t, L: Load>(&mut self, load: &mut L, rows: Vec<Row<'t>>) -> Result<Vec<(Row<'t>, Outcome)>> {
        let (mut done, mut waiting) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            match load.read(&row) {
                Ok(item) => waiting.push(Waiting { line: row.line, row, marks: L::marks(&item), item }),
                Err(reason) => done.push((row, Outcome::Failed(reason))),
            }
        }
        while !waiting.is_empty() {
            let Turn { now, later, refused } = self.seen.turn(waiting);
            done.extend(refused.into_iter().map(|(row, reason)| (row, Outcome::Failed(reason))));
            let (mut items, mut rows) = (Vec::with_capacity(now.len()), Vec::with_capacity(now.len()));
            for Waiting { row, line, item, marks } in now {
                items.push(item);
                rows.push((row, line, marks));
            }
            let outcomes = self.store_items(load, &items).await?;
            for ((row, line, marks), outcome) in rows.into_iter().zip(outcomes) {
                if !matches!(outcome, Outcome::Failed(_)) {
                    self.seen.note(marks, line);
                }
                done.push((row, outcome));
            }
            waiting = later;
        }
        done.sort_by_key(|(row, _)| row.line);
        Ok(done)
    }

    async fn store_items<L: Load>(&mut self, load: &mut L, items: &[L::Item]) -> Result<Vec<Outcome>> {
        match self.in_a_few_tries(load, items).await {
            Err(cause) if cause.is_refusal() => {}
            outcomes => return outcomes,
        }
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            match self.in_a_few_tries(load, std::slice::from_ref(item)).await {
                Ok(outcome) => outcomes.extend(outcome),
                Err(cause) if cause.is_refusal() => outcomes.push(Outcome::Failed(reason(&cause))),
                Err(cause) => return Err(cause),
            }
        }
        Ok(outcomes)
    }

    /// Two that wait for each other, or a database that starts again: rows that did go in are there already the next time.
    async fn in_a_few_tries<L: Load>(&mut self, load: &mut L, items: &[L::Item]) -> Result<Vec<Outcome>> {
        for _ in 1..TRIES {
            match self.in_transaction(load, items).await {
                Err(Error::Unavailable { .. }) => {}
                outcomes => return outcomes,
            }
        }
        self.in_transaction(load, items).await
    }

    async fn in_transaction<L: Load>(&mut self, load: &mut L, items: &[L::Item]) -> Result<Vec<Outcome>> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut db = self.app.db().await?;
        let mut tx = db.begin().await?;
        store::give_time(&mut tx).await?;
        let run = Run { id: self.id, now: self.app.clock.now() };
        let Stored { outcomes, locations, warnings, changes } = load.store(&mut tx, items, run).await?;
        if self.is_dry_run {
            tx.rollback().await?;
        } else {
            load.keep(items, &outcomes)?;
            journal::commit(tx, Actor::import(run.id, load.person(), run.now), changes).await?;
        }
        self.locations.extend(locations);
        for (line, text) in warnings {
            self.warnings.entry(text).or_default().add(line);
        }
        Ok(outcomes)
    }
}

fn reason(cause: &Error) -> String {
    match cause {
        Error::Invalid(fields) => fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("; "),
        Error::Database(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
