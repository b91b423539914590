//! The entries of the catalogue that the names and CAS numbers of many rows may mean, read at once. Terms fetch them,
//! as they have an index; the identity of a name decides.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Chemical,
    called::{Called, caseless, said},
    identity::{identity, is_loud, near},
    numbers::Number,
    overrides, store,
    technical::is_technical,
    term,
};
use crate::base::error::Result;

#[derive(Default)]
pub struct Candidates {
    all: Vec<Chemical>,
    by_name: HashMap<String, Vec<usize>>,
    /// But for hyphens and spaces.
    by_near: HashMap<String, Vec<usize>>,
    /// What the lab itself calls them.
    own: HashSet<(Uuid, String)>,
}

/// What the catalogue has under a name.
pub enum Named<'c> {
    Nothing,
    One(&'c Chemical),
    /// Several have the name.
    Several(Vec<&'c Chemical>),
    /// These may be meant, by the names that they have; the case of a letter tells.
    Unclear(Vec<(&'c Chemical, &'c str)>),
}

impl Candidates {
    /// What the lab calls a chemical counts as one more of its synonyms.
    pub async fn read(db: &mut PgConnection, lab_id: Uuid, names: &[&str], numbers: &[&str]) -> Result<Self> {
        let terms: HashSet<String> = names.iter().flat_map(|name| terms_of(name)).collect();
        let wanted: HashSet<_> = names.iter().map(|name| caseless(name)).collect();
        let asked: Vec<_> = terms.iter().cloned().collect();
        let mut candidates = Self { all: store::find_alike(db, lab_id, numbers, &asked).await?, ..Self::default() };
        let ids: Vec<_> = candidates.all.iter().map(|it| it.id).collect();
        for (id, name) in overrides::names(db, lab_id, &ids).await? {
            candidates.all.iter_mut().filter(|it| it.id == id).for_each(|it| it.synonyms.push(name.clone()));
            candidates.own.insert((id, identity(&name)));
        }
        let nearly: HashSet<_> = names.iter().map(|name| near(name)).collect();
        for (at, chemical) in candidates.all.iter().enumerate() {
            let keys: HashSet<_> = chemical.names().map(caseless).collect();
            for key in keys.into_iter().filter(|key| wanted.contains(key)) {
                candidates.by_name.entry(key).or_default().push(at);
            }
            let keys: HashSet<_> = chemical.names().map(near).collect();
            for key in keys.into_iter().filter(|key| nearly.contains(key)) {
                candidates.by_near.entry(key).or_default().push(at);
            }
        }
        Ok(candidates)
    }

    pub fn get(&self, id: Uuid) -> Option<&Chemical> {
        self.all.iter().find(|chemical| chemical.id == id)
    }

    /// Those of which it is the CAS number, EC number or InChIKey.
    pub fn holders(&self, number: &str) -> Vec<&Chemical> {
        Number::read(number).map_or_else(Vec::new, |number| self.with_number(&number))
    }

    pub fn with_number(&self, number: &Number) -> Vec<&Chemical> {
        self.all.iter().filter(|chemical| number.is_of(chemical)).collect()
    }

    /// Those that have the formula that a name is.
    pub fn with_formula(&self, name: &str) -> Vec<&Chemical> {
        let said = said(name);
        let has = |chemical: &&Chemical| {
            chemical.formula.as_ref().is_some_and(|own| said.iter().any(|formula| own.has_atoms_of(formula)))
        };
        self.all.iter().filter(has).collect()
    }

    /// A name counts alike whether an entry goes by it or has it as a synonym: two entries that have it are two
    /// meanings.
    pub fn called(&self, name: &str) -> Named<'_> {
        let all = self.by_name.get(&caseless(name)).into_iter().flatten().map(|at| &self.all[*at]);
        let mut found: Vec<_> =
            all.filter_map(|chemical| chemical.called(name).map(|(how, own)| (how, chemical, own))).collect();
        found.sort_by_key(|(how, ..)| *how);
        let Some((best, first, _)) = found.first().copied() else { return Named::Nothing };
        let as_well: Vec<_> = found.iter().filter(|(how, ..)| *how == best).map(|(_, chemical, _)| *chemical).collect();
        // Capitals throughout do not choose between two that differ by case; and where the catalogue has both cases,
        // the one that is written as the name is meant.
        let is_chosen = match best {
            Called::Exactly => found.len() == as_well.len() || !is_loud(name),
            Called::InOneCase => found.len() > as_well.len(),
            Called::InOtherCase => found.len() == as_well.len(),
            Called::Either | Called::Doubtful => false,
        };
        match (is_chosen, as_well.len()) {
            (true, 1) => Named::One(first),
            (true, _) => Named::Several(as_well),
            _ => Named::Unclear(found.into_iter().map(|(_, chemical, own)| (chemical, own)).collect()),
        }
    }

    /// The only one that has the name but for hyphens and spaces, and how it writes it. What else a search finds for a
    /// name may be another substance, so nobody is asked whether it was meant.
    pub fn near(&self, name: &str) -> Option<(&Chemical, &str)> {
        let key = near(name);
        let &[at] = &self.by_near.get(&key)?[..] else { return None };
        let chemical = &self.all[at];
        chemical.names().find(|own| near(own) == key).map(|own| (chemical, own))
    }

    /// Whether the name alone does not tell that it is this one: a mixture is sold by it, and neither the entry nor the
    /// lab goes by it.
    pub fn is_doubtful(&self, chemical: &Chemical, name: &str) -> bool {
        let key = identity(name);
        is_technical(name) && identity(&chemical.name) != key && !self.own.contains(&(chemical.id, key))
    }
}

/// Whatever it may be found by: a number in it, or its formula, stands in the terms without what is around it.
fn terms_of(name: &str) -> Vec<String> {
    let numbers = Number::all_in(name).into_iter().map(|number| term(number.as_str()));
    let formulas = said(name).into_iter().map(|formula| term(formula.as_str()));
    numbers.chain(formulas).chain([term(name)]).collect()
}
