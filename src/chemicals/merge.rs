//! Many chemicals at once, for an import: each is added, or completes the entry that means the same substance. What a
//! person has put into the catalogue is never overwritten, and a row that contradicts it is refused whole: of two values
//! one is wrong, and which, nobody here can know.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    Chemical, NewChemical,
    completion::{completed, contradictions},
    store, term,
};
use crate::{
    chemistry::{CasNumber, EcNumber, InChIKey},
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

/// What becomes of a name that the entry of a row's number does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// The row is refused: name and number may be of two substances.
    #[default]
    MustBeKnown,
    /// It becomes a synonym, unless another entry has it. For who has looked at the names.
    MayBeNew,
}

/// Adds or completes, in the caller's transaction: three statements whatever their number. The entry that a row means is
/// the one with its CAS number, else with its InChIKey, else with its name, unless their numbers differ.
pub async fn upsert_batch(
    db: &mut PgConnection,
    rows: &[NewChemical],
    names: Names,
    now: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    let mut catalogue = Extract::read(db, rows).await?;
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    AsItWas,
    New,
    Completed,
}

/// The part of the catalogue that a batch can mean, as it grows with the batch.
#[derive(Default)]
struct Extract {
    chemicals: Vec<(Chemical, State)>,
    by_cas: HashMap<CasNumber, usize>,
    by_inchikey: HashMap<InChIKey, HashSet<usize>>,
    by_name: HashMap<String, HashSet<usize>>,
}

impl Extract {
    async fn read(db: &mut PgConnection, rows: &[NewChemical]) -> Result<Self> {
        let cas: Vec<_> = rows.iter().filter_map(|row| row.cas.as_ref().map(CasNumber::as_str)).collect();
        let inchikeys: Vec<_> = rows.iter().filter_map(|row| row.inchikey.as_ref().map(InChIKey::as_str)).collect();
        let numbers = rows.iter().filter_map(|row| row.ec.as_ref().map(EcNumber::as_str));
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).chain(numbers).map(term).collect();
        let mut extract = Self::default();
        for chemical in store::lock_alike(db, &cas, &inchikeys, &names).await? {
            extract.push(chemical, State::AsItWas);
        }
        Ok(extract)
    }

    fn push(&mut self, chemical: Chemical, state: State) {
        let at = self.chemicals.len();
        self.by_name.entry(chemical.name.to_lowercase()).or_default().insert(at);
        self.chemicals.push((chemical, state));
        self.index(at);
    }

    fn index(&mut self, at: usize) {
        let (chemical, _) = &self.chemicals[at];
        if let Some(cas) = &chemical.cas {
            self.by_cas.insert(cas.clone(), at);
        }
        if let Some(inchikey) = &chemical.inchikey {
            self.by_inchikey.entry(inchikey.clone()).or_default().insert(at);
        }
    }

    fn with(&self, wanted: State) -> Vec<Chemical> {
        self.chemicals.iter().filter(|(_, state)| *state == wanted).map(|(chemical, _)| chemical.clone()).collect()
    }

    fn take(&mut self, row: &NewChemical, names: Names, now: DateTime<Utc>) -> Outcome {
        match self.meant(row) {
            Ok(Some(at)) => match self.contradiction(at, row, names) {
                None => self.complete(at, row),
                Some(why) => Outcome::Refused(why),
            },
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

    /// Why the row cannot be of this entry, with both values.
    fn contradiction(&self, at: usize, row: &NewChemical, names: Names) -> Option<String> {
        let (chemical, _) = &self.chemicals[at];
        let mut values = contradictions(chemical, row);
        values.extend(self.numbers_of_others(at, row));
        if !values.is_empty() {
            return Some(format!(
                "this is `{}` of the catalogue by its number, but {}",
                chemical.name,
                values.join("; ")
            ));
        }
        let name = row.name.as_str();
        if chemical.is_called(name) {
            return None;
        }
        if let Some((other, _)) = self.others_called(name, at).next() {
            let number = other.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
            return Some(format!(
                "`{name}` is the name of another entry, `{}`{number}, and the number that of `{}`",
                other.name, chemical.name
            ));
        }
        // A key of the structure says as much as the name.
        let has_key = row.inchikey.is_some() && row.inchikey == chemical.inchikey;
        let shares_a_name = row.synonyms.iter().any(|synonym| chemical.is_called(synonym.as_str()));
        if names == Names::MayBeNew || has_key || shares_a_name {
            return None;
        }
        Some(format!(
            "`{name}` is none of the names of `{}`, whose number it has: correct one of them, or import with --new-names \
             to make it a synonym",
            chemical.name
        ))
    }

    /// A number that another entry has is not this one's, also while this one has none yet.
    fn numbers_of_others(&self, at: usize, row: &NewChemical) -> Vec<String> {
        let (own, _) = &self.chemicals[at];
        let others = || self.chemicals.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, (it, _))| it);
        let mut found = Vec::new();
        if let Some(ec) = row.ec.as_ref().filter(|_| own.ec.is_none())
            && let Some(other) = others().find(|other| other.ec.as_ref() == Some(ec))
        {
            found.push(format!("the EC number {ec} is that of `{}`", other.name));
        }
        if let Some(key) = row.inchikey.as_ref().filter(|_| own.inchikey.is_none())
            && let Some(other) = others().find(|other| other.inchikey.as_ref() == Some(key))
        {
            found.push(format!("the InChIKey {key} is that of `{}`", other.name));
        }
        found
    }

    fn others_called<'a>(&'a self, name: &'a str, at: usize) -> impl Iterator<Item = &'a (Chemical, State)> {
        let others = self.chemicals.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, it)| it);
        others.filter(move |(other, _)| other.is_called(name))
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

    fn meant(&self, row: &NewChemical) -> std::result::Result<Option<usize>, String> {
        if let Some(at) = row.cas.as_ref().and_then(|cas| self.by_cas.get(cas)) {
            return Ok(Some(*at));
        }
        let name = row.name.as_str().to_lowercase();
        let with_key = row.inchikey.as_ref().and_then(|key| self.by_inchikey.get(key));
        for candidates in [with_key, self.by_name.get(&name)].into_iter().flatten() {
            let alike: Vec<_> = candidates.iter().copied().filter(|at| self.may_be(*at, row)).collect();
            let same_name = || alike.iter().copied().filter(|at| self.chemicals[*at].0.name.to_lowercase() == name);
            // A row that went in before, when there was less to choose from, went into one that says what it says.
            let says_it = |at: &usize| matches!(completed(&self.chemicals[*at].0, row), Ok(None));
            match (alike.len(), same_name().count()) {
                (0, _) => {}
                (1, _) => return Ok(alike.first().copied()),
                (_, 1) => return Ok(same_name().next()),
                (n, _) => match alike.iter().copied().find(says_it) {
                    None => return Err(format!("{n} chemicals of the catalogue could be meant: give the CAS number")),
                    known => return Ok(known),
                },
            }
        }
        Ok(None)
    }

    /// Two that both have a CAS number, or an InChIKey, and not the same, are two substances: silica and quartz share a
    /// structure, and many an isomer goes by the mixture's name.
    fn may_be(&self, at: usize, row: &NewChemical) -> bool {
        fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a == b)
        }
        let (chemical, _) = &self.chemicals[at];
        agree(chemical.cas.as_ref(), row.cas.as_ref()) && agree(chemical.inchikey.as_ref(), row.inchikey.as_ref())
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
