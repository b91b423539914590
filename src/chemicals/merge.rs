//! Many chemicals at once, for an import: each is added, or completes the entry that means the same substance. What a
//! person has put into the catalogue is never overwritten.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Chemical, MAX_SYNONYMS, NewChemical, Synonym, molar_mass, store, term};
use crate::{
    chemistry::{CasNumber, InChIKey},
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

/// Adds or completes, in the caller's transaction: three statements whatever their number. The entry that a row means is
/// the one with its CAS number, else with its InChIKey, else with its name, unless their numbers differ.
pub async fn upsert_batch(db: &mut PgConnection, rows: &[NewChemical], now: DateTime<Utc>) -> Result<Vec<Outcome>> {
    let mut catalogue = Extract::read(db, rows).await?;
    let outcomes = rows.iter().map(|row| catalogue.take(row, now)).collect();
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
        let names: Vec<_> = rows.iter().map(|row| term(row.name.as_str())).collect();
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

    fn take(&mut self, row: &NewChemical, now: DateTime<Utc>) -> Outcome {
        match self.meant(row) {
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

/// The chemical with what the row adds to it, if anything.
fn completed(chemical: &Chemical, row: &NewChemical) -> Result<Option<Chemical>> {
    let mut now = chemical.clone();
    let mut grew = false;
    grew |= fill(&mut now.cas, row.cas.as_ref());
    grew |= fill(&mut now.ec, row.ec.as_ref());
    grew |= fill(&mut now.inchikey, row.inchikey.as_ref());
    grew |= fill(&mut now.density, row.density.as_ref());
    if fill(&mut now.formula, row.formula.as_ref()) | fill(&mut now.molar_mass, row.molar_mass.as_ref()) {
        now.molar_mass = molar_mass(now.formula.as_ref(), now.molar_mass)?;
        grew = true;
    }
    let mut known: HashSet<_> = now.synonyms.iter().chain([&now.name]).map(|name| name.to_lowercase()).collect();
    for name in std::iter::once(row.name.as_str()).chain(row.synonyms.iter().map(Synonym::as_str)) {
        if now.synonyms.len() < MAX_SYNONYMS && known.insert(name.to_lowercase()) {
            now.synonyms.push(name.to_owned());
            grew = true;
        }
    }
    Ok(grew.then_some(now))
}

fn fill<T: Clone>(field: &mut Option<T>, value: Option<&T>) -> bool {
    let empty = field.is_none() && value.is_some();
    if empty {
        *field = value.cloned();
    }
    empty
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
