//! Many chemicals at once, for an import: each is added, or completes the entry that means the same substance. What a
//! person has put into the catalogue is never overwritten, and a row that contradicts it is refused whole: of two
//! values one is wrong, and which, nobody here can know.

mod extract;
mod refusals;
mod traces;

use std::borrow::Cow;

use chemistry::{CasNumber, InChIKey};
use chrono::{DateTime, Utc};
use sqlx::PgTransaction;

pub use self::traces::Brought;
use self::{
    extract::{Extract, State},
    traces::{Found, Traces},
};
use super::{Chemical, NewChemical, changed, completion::completed, created, store};
use crate::{
    base::{
        error::{Error, Result},
        ids,
    },
    catalogue::chemicals::listed::{Decides, Listed},
    journal,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// It filled empty fields or brought new synonyms.
    Completed,
    Unchanged,
    /// A list brought it, a person deleted it, and it stays so.
    Deleted,
    Refused(String),
}

/// What whoever imports has decided about names that do not agree with the numbers beside them, and about what was
/// deleted. Undecided, name and number may be of two substances: such a row is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names {
    /// A name that the entry of a row's number does not have becomes its synonym, unless another entry has it.
    pub may_be_new: bool,
    /// A row whose number is new is an entry of its own, also where another has its name or one of its other numbers.
    pub may_be_shared: bool,
    /// What a person has deleted since a list brought it comes back.
    pub revive: bool,
}

impl Names {
    fn in_row(self, listed: &Listed) -> Self {
        Self { may_be_shared: self.may_be_shared || listed.decides == Some(Decides::Number), ..self }
    }
}

/// Adds or completes, in the caller's transaction, in a few statements whatever their number. The entry that a row
/// means is the one with its CAS number, else with its InChIKey, else with its name, unless their numbers differ. A row
/// without either may go by a synonym.
pub async fn upsert_batch(
    tx: &mut PgTransaction<'_>,
    rows: &[&Listed],
    names: Names,
    now: DateTime<Utc>,
) -> Result<(Vec<Outcome>, Vec<journal::Change>)> {
    store::lock_new_names(tx).await?;
    merge(tx, rows, names, now, Ends::Kept).await
}

/// What [`upsert_batch`] would do, in a transaction that goes on for long and is taken back. It sees what it has done
/// before, and others wait for it only where they write the same: it takes no lock of the whole catalogue, locks no entry
/// that it leaves as it is, and writes no words, which many names have in common.
pub async fn try_batch(
    tx: &mut PgTransaction<'_>,
    rows: &[&Listed],
    names: Names,
    now: DateTime<Utc>,
) -> Result<(Vec<Outcome>, Vec<journal::Change>)> {
    merge(tx, rows, names, now, Ends::TakenBack).await
}

/// What becomes of the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Kept,
    TakenBack,
}

async fn merge(
    tx: &mut PgTransaction<'_>,
    rows: &[&Listed],
    names: Names,
    now: DateTime<Utc>,
    ends: Ends,
) -> Result<(Vec<Outcome>, Vec<journal::Change>)> {
    let traces = Traces::read(tx, rows.iter().map(|listed| &listed.new)).await?;
    let mut catalogue = Extract::read(tx, rows, names, ends).await?;
    let (mut outcomes, mut brought) = (Vec::with_capacity(rows.len()), Vec::new());
    for (row, trace) in rows.iter().zip(traces.of_rows()) {
        outcomes.push(match catalogue.merge_row(row, traces.find(trace), names, now) {
            Ok((outcome, at)) => {
                brought.extend(at.map(|at| {
                    let chemical = &catalogue.chemicals[at].0;
                    // A name that was left out is no trace of it.
                    let named = trace.named.as_deref().filter(|_| chemical.is_called(row.new.name.as_str()));
                    Brought { content: &trace.content, mark: &trace.mark, named, chemical_id: chemical.id }
                }));
                outcome
            }
            Err(why) => Outcome::Refused(why),
        });
    }
    let (new, mut completed) = (catalogue.with(State::New), catalogue.with(State::Completed));
    for chemical in &mut completed {
        chemical.version += 1;
        chemical.updated_at = now;
    }
    match ends {
        Ends::Kept => store::write(tx, &new, &completed).await?,
        Ends::TakenBack => store::try_to_write(tx, &new, &completed).await?,
    }
    store::insert_traces(tx, &brought).await?;
    Ok((outcomes, catalogue.changes(&new, &completed)?))
}

impl Extract {
    /// With the entry that says what the row says, where it is one of the catalogue.
    fn merge_row(
        &mut self,
        listed: &Listed,
        found: Found<'_>,
        names: Names,
        now: DateTime<Utc>,
    ) -> std::result::Result<(Outcome, Option<usize>), String> {
        if let Found::Row = found {
            return Ok((Outcome::Unchanged, None));
        }
        let names = names.in_row(listed);
        if let Some(doubt) = &listed.doubt {
            let is_deleted = matches!(found, Found::Deleted) && !names.revive;
            return if is_deleted { Ok((Outcome::Deleted, None)) } else { Err(doubt.clone()) };
        }
        let listed = &*listed.by_name();
        let meant = self.meant(listed)?;
        // Its number was deleted; what has its name now is another entry, and does not get that number.
        let has_its_number = |at: usize| has_number_of(&self.chemicals[at].0, &listed.new);
        if matches!(found, Found::Deleted)
            && !names.revive
            && has_number(&listed.new)
            && !meant.is_some_and(has_its_number)
        {
            return Ok((Outcome::Deleted, None));
        }
        let listed = meant.map_or(Cow::Borrowed(listed), |at| listed.by_number(&self.chemicals[at].0));
        let row = &listed.new;
        self.no_name(meant, row, names).map_or(Ok(()), Err)?;
        self.other_form(meant, row).map_or(Ok(()), Err)?;
        if let Some(at) = meant {
            self.contradiction(at, &listed, names).map_or(Ok(()), Err)?;
            return self.complete(at, &listed.kept()).map(|outcome| (outcome, Some(at)));
        }
        match found {
            // A row without a number whose name an entry has now is not of one that was renamed.
            Found::Entry(name) if has_number(row) || self.others_called(row.name.as_str(), None).next().is_none() => {
                return Err(renamed(row, name));
            }
            Found::Deleted if !names.revive => return Ok((Outcome::Deleted, None)),
            _ => {}
        }
        if !names.may_be_shared {
            self.of_another(row).map_or(Ok(()), Err)?;
        }
        let new = Chemical::new(ids::new(now), listed.kept().into_owned(), now);
        self.push(new.map_err(|why| reason(&why))?, State::New);
        Ok((Outcome::Added, Some(self.chemicals.len() - 1)))
    }

    /// For the journal.
    fn changes(&self, new: &[Chemical], completed: &[Chemical]) -> Result<Vec<journal::Change>> {
        let completed = completed.iter().map(|after| match self.before.get(&after.id) {
            Some(before) => changed(before, after),
            None => Err(Error::Internal(anyhow::anyhow!("a chemical was completed that was not read"))),
        });
        new.iter().map(created).chain(completed).collect()
    }

    fn complete(&mut self, at: usize, row: &NewChemical) -> std::result::Result<Outcome, String> {
        let (chemical, state) = &mut self.chemicals[at];
        let Some(now) = completed(chemical, row).map_err(|why| reason(&why))? else { return Ok(Outcome::Unchanged) };
        let before = std::mem::replace(chemical, now);
        if *state == State::AsItWas {
            *state = State::Completed;
            self.before.insert(before.id, before);
        }
        self.index(at);
        Ok(Outcome::Completed)
    }
}

fn has_number(row: &NewChemical) -> bool {
    row.cas.is_some() || row.inchikey.is_some()
}

fn has_number_of(chemical: &Chemical, row: &NewChemical) -> bool {
    row.cas.is_some() && chemical.cas == row.cas || row.inchikey.is_some() && chemical.inchikey == row.inchikey
}

/// A person has given the entry another name or number, so nothing but the trace tells that it is meant.
fn renamed(row: &NewChemical, now: &str) -> String {
    let own = row.cas.as_ref().map(CasNumber::as_str).or(row.inchikey.as_ref().map(InChIKey::as_str));
    format!(
        "`{}` came in before as what is called `{now}` now: correct the row, or make it an entry in the catalogue itself",
        own.unwrap_or(row.name.as_str())
    )
}

fn reason(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            let fields = fields
                .iter()
                .map(|field| format!("{} {}", field.pointer.trim_start_matches('/').replace('_', " "), field.detail));
            fields.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// An entry, as a reason names it.
fn described(chemical: &Chemical) -> String {
    let number = chemical.cas.as_ref().map(|cas| format!(" ({cas})"));
    format!("`{}`{}", chemical.name, number.unwrap_or_default())
}
