//! The entries of the catalogue that the names and CAS numbers of many rows may mean, read at once. Terms fetch them, as
//! they have an index; the identity of a name decides.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Chemical, identity::identity, overrides, store, term};
use crate::{
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::Result,
};

#[derive(Default)]
pub struct Candidates {
    all: Vec<Chemical>,
    by_cas: HashMap<CasNumber, usize>,
    by_identity: HashMap<String, Vec<usize>>,
    by_term: HashMap<String, Vec<usize>>,
}

impl Candidates {
    /// What the lab calls a chemical counts as one more of its synonyms.
    pub async fn read(db: &mut PgConnection, lab_id: Uuid, names: &[&str], numbers: &[&str]) -> Result<Self> {
        let terms: Vec<_> = names.iter().map(|name| term(name)).collect();
        let wanted: HashSet<_> = names.iter().map(|name| identity(name)).collect();
        let mut candidates = Self { all: store::find_alike(db, lab_id, numbers, &terms).await?, ..Self::default() };
        let ids: Vec<_> = candidates.all.iter().map(|it| it.id).collect();
        for (id, name) in overrides::names(db, lab_id, &ids).await? {
            candidates.all.iter_mut().filter(|it| it.id == id).for_each(|it| it.synonyms.push(name.clone()));
        }
        let terms: HashSet<_> = terms.into_iter().collect();
        for (at, chemical) in candidates.all.iter().enumerate() {
            candidates.by_cas.extend(chemical.cas.iter().map(|cas| (cas.clone(), at)));
            let keys: HashSet<_> = chemical.names().chain(chemical.numbers()).map(identity).collect();
            for key in keys.into_iter().filter(|key| wanted.contains(key)) {
                candidates.by_identity.entry(key).or_default().push(at);
            }
            let keys: HashSet<_> = chemical.names().map(term).collect();
            for key in keys.into_iter().filter(|key| terms.contains(key)) {
                candidates.by_term.entry(key).or_default().push(at);
            }
        }
        Ok(candidates)
    }

    pub fn with_cas(&self, cas: &CasNumber) -> Option<&Chemical> {
        self.by_cas.get(cas).map(|at| &self.all[*at])
    }

    /// Those whose own name it is; else those that have it as a synonym or number. What is the number of one and the name
    /// of another may mean both.
    pub fn called(&self, name: &str) -> Vec<&Chemical> {
        let key = identity(name);
        let all = || self.by_identity.get(&key).into_iter().flatten().map(|at| &self.all[*at]);
        let own: Vec<_> = all().filter(|chemical| identity(&chemical.name) == key).collect();
        let is_number = all().any(|chemical| chemical.numbers().any(|number| identity(number) == key));
        if own.is_empty() || is_number { all().collect() } else { own }
    }

    /// One that a search for the name would find, to show what it was not taken for: its name that is alike.
    pub fn alike(&self, name: &str) -> Option<(&Chemical, &str)> {
        let key = term(name);
        let chemical = self.by_term.get(&key)?.first().map(|at| &self.all[*at])?;
        chemical.names().find(|own| term(own) == key).map(|own| (chemical, own))
    }
}

impl Chemical {
    fn numbers(&self) -> impl Iterator<Item = &str> {
        let cas = self.cas.as_ref().map(CasNumber::as_str);
        let ec = self.ec.as_ref().map(EcNumber::as_str);
        cas.into_iter().chain(ec).chain(self.inchikey.as_ref().map(InChIKey::as_str))
    }
}
