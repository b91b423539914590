//! Many chemicals at once, for an import: each is added, or completes the entry that means the same substance. What a
//! person has put into the catalogue is never overwritten, and a row that contradicts it is refused whole: of two values
//! one is wrong, and which, nobody here can know.

mod extract;
mod refusals;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use self::extract::{Extract, State};
use super::{Chemical, NewChemical, completion::completed, store};
use crate::{
    error::{Error, Result},
    ids,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// It filled empty fields or brought new synonyms.
    Completed,
    Unchanged,
    Refused(String),
}

/// What whoever imports has decided about names that do not agree with the numbers beside them. Undecided, such a row is
/// refused: name and number may be of two substances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names {
    /// A name that the entry of a row's number does not have becomes its synonym, unless another entry has it.
    pub may_be_new: bool,
    /// A row whose number is new is an entry of its own, also where another has its name or one of its other numbers.
    pub may_be_shared: bool,
}

/// Adds or completes, in the caller's transaction: three statements whatever their number. The entry that a row means is
/// the one with its CAS number, else with its InChIKey, else with its name, unless their numbers differ. A row without
/// either may go by a synonym.
pub async fn upsert_batch(
    db: &mut PgConnection,
    rows: &[NewChemical],
    names: Names,
    now: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    let mut catalogue = Extract::read(db, rows, names).await?;
    let outcomes = rows.iter().map(|row| catalogue.take(row, names, now)).collect();
    let new = catalogue.with(State::New);
    if !new.is_empty() {
        store::insert(db, &new).await?;
    }
    let mut completed = catalogue.with(State::Completed);
    for chemical in &mut completed {
        chemical.version += 1;
        chemical.updated_at = now;
    }
    if !completed.is_empty() {
        store::update(db, &completed).await?;
    }
    Ok(outcomes)
}

impl Extract {
    fn take(&mut self, row: &NewChemical, names: Names, now: DateTime<Utc>) -> Outcome {
        let found = self.meant(row).and_then(|at| {
            let why = self.number_as_name(at, row);
            let why = why.or_else(|| match at {
                Some(at) => self.contradiction(at, row, names),
                None if names.may_be_shared => None,
                None => self.of_another(row),
            });
            why.map_or(Ok(at), Err)
        });
        match found {
            Ok(Some(at)) => self.complete(at, row),
            Ok(None) => match Chemical::new(row.id.unwrap_or_else(|| ids::new(now)), row.clone(), now) {
                Ok(chemical) => {
                    self.push(chemical, State::New);
                    Outcome::Added
                }
                Err(why) => Outcome::Refused(reason(&why)),
            },
            Err(why) => Outcome::Refused(why),
        }
    }

    fn complete(&mut self, at: usize, row: &NewChemical) -> Outcome {
        let (chemical, state) = &mut self.chemicals[at];
        match completed(chemical, row) {
            Ok(None) => Outcome::Unchanged,
            Ok(Some(now)) => {
                *chemical = now;
                if *state == State::AsItWas {
                    *state = State::Completed;
                }
                self.index(at);
                Outcome::Completed
            }
            Err(why) => Outcome::Refused(reason(&why)),
        }
    }
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
