//! The entries of the catalogue that the names and CAS numbers of many rows may mean, read at once. Terms fetch them, as
//! they have an index; the identity of a name decides.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Chemical,
    identity::{identity, near},
    overrides, store,
    technical::is_technical,
    term,
};
use crate::{
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::Result,
};

#[derive(Default)]
pub struct Candidates {
    all: Vec<Chemical>,
    by_identity: HashMap<String, Vec<usize>>,
    /// But for hyphens and spaces.
    by_near: HashMap<String, Vec<usize>>,
    /// What the lab itself calls them.
    own: HashSet<(Uuid, String)>,
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
            candidates.own.insert((id, identity(&name)));
        }
        let nearly: HashSet<_> = names.iter().map(|name| near(name)).collect();
        for (at, chemical) in candidates.all.iter().enumerate() {
            let keys: HashSet<_> = chemical.names().chain(chemical.numbers()).map(identity).collect();
            for key in keys.into_iter().filter(|key| wanted.contains(key)) {
                candidates.by_identity.entry(key).or_default().push(at);
            }
            let keys: HashSet<_> = chemical.names().map(near).collect();
            for key in keys.into_iter().filter(|key| nearly.contains(key)) {
                candidates.by_near.entry(key).or_default().push(at);
            }
        }
        Ok(candidates)
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

    /// The only one that has the name but for hyphens and spaces, and how it writes it. What else a search finds for a name
    /// may be another substance, so nobody is asked whether it was meant.
    pub fn near(&self, name: &str) -> Option<(&Chemical, &str)> {
        let key = near(name);
        let &[at] = &self.by_near.get(&key)?[..] else { return None };
        let chemical = &self.all[at];
        chemical.names().find(|own| near(own) == key).map(|own| (chemical, own))
    }

    /// Whether the name alone does not tell that it is this one: a mixture is sold by it, and neither the entry nor the lab
    /// goes by it.
    pub fn is_doubtful(&self, chemical: &Chemical, name: &str) -> bool {
        let key = identity(name);
        is_technical(name) && identity(&chemical.name) != key && !self.own.contains(&(chemical.id, key))
    }
}

impl Chemical {
    /// Whether this is its CAS number, EC number or InChIKey.
    pub fn has_number(&self, number: &str) -> bool {
        self.numbers().any(|own| own == number)
    }

    fn numbers(&self) -> impl Iterator<Item = &str> {
        let cas = self.cas.as_ref().map(CasNumber::as_str);
        let ec = self.ec.as_ref().map(EcNumber::as_str);
        cas.into_iter().chain(ec).chain(self.inchikey.as_ref().map(InChIKey::as_str))
    }
}
