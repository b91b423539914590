//! The part of the catalogue that a batch can mean, and which entry a row of it means.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::{Decides, Listed, Names, refusals::told};
use crate::{
    chemicals::{
        Chemical, NewChemical, Synonym,
        completion::completed,
        identity::{identity, near},
        numbers::Number,
        store,
        technical::is_technical,
        term,
    },
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::Result,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    AsItWas,
    New,
    Completed,
}

/// It grows with the batch.
#[derive(Default)]
pub struct Extract {
    pub chemicals: Vec<(Chemical, State)>,
    pub by_cas: HashMap<CasNumber, usize>,
    by_inchikey: HashMap<InChIKey, HashSet<usize>>,
    /// Whose names are alike but for hyphens and spaces.
    by_name: HashMap<String, Vec<usize>>,
}

impl Extract {
    pub async fn read(db: &mut PgConnection, listed: &[&Listed], names: Names) -> Result<Self> {
        let rows: Vec<_> = listed.iter().map(|listed| &listed.new).collect();
        let cas: Vec<_> = rows.iter().filter_map(|row| row.cas.as_ref().map(CasNumber::as_str)).collect();
        let inchikeys: Vec<_> = rows.iter().filter_map(|row| row.inchikey.as_ref().map(InChIKey::as_str)).collect();
        let numbers = rows.iter().filter_map(|row| row.ec.as_ref().map(EcNumber::as_str));
        // Where a synonym may be shared, nobody asks whose it is.
        let synonyms = rows.iter().filter(|_| !names.may_be_shared).flat_map(|row| &row.synonyms).map(Synonym::as_str);
        let names = rows.iter().map(|row| row.name.as_str()).chain(numbers).chain(synonyms);
        // A number in a name is in the terms without what stands before it.
        let bare = |name| [Some(term(name)), Number::read(name).map(|number| term(number.as_str()))];
        let names: Vec<_> = names.flat_map(bare).flatten().collect();
        let mut extract = Self::default();
        for chemical in store::lock_alike(db, &cas, &inchikeys, &names).await? {
            extract.push(chemical, State::AsItWas);
        }
        Ok(extract)
    }

    pub fn push(&mut self, chemical: Chemical, state: State) {
        let at = self.chemicals.len();
        self.chemicals.push((chemical, state));
        self.index(at);
    }

    pub fn index(&mut self, at: usize) {
        let (chemical, _) = &self.chemicals[at];
        if let Some(cas) = &chemical.cas {
            self.by_cas.insert(cas.clone(), at);
        }
        if let Some(inchikey) = &chemical.inchikey {
            self.by_inchikey.entry(inchikey.clone()).or_default().insert(at);
        }
        for name in chemical.names() {
            let alike = self.by_name.entry(near(name)).or_default();
            if !alike.contains(&at) {
                alike.push(at);
            }
        }
    }

    pub fn with(&self, wanted: State) -> Vec<Chemical> {
        self.chemicals.iter().filter(|(_, state)| *state == wanted).map(|(chemical, _)| chemical.clone()).collect()
    }

    /// The others that have the name, but for hyphens and spaces, and how they write it.
    pub fn others_called<'a>(&'a self, name: &str, at: Option<usize>) -> impl Iterator<Item = (&'a Chemical, &'a str)> {
        let key = near(name);
        let others = self.by_name.get(&key).into_iter().flatten().filter(move |other| Some(**other) != at);
        others.filter_map(move |other| {
            let (other, _) = &self.chemicals[*other];
            other.names().find(|own| near(own) == key).map(|own| (other, own))
        })
    }

    pub fn meant(&self, listed: &Listed) -> std::result::Result<Option<usize>, String> {
        let row = &listed.new;
        if let Some(at) = row.cas.as_ref().and_then(|cas| self.by_cas.get(cas)) {
            return Ok(Some(*at));
        }
        let name = identity(row.name.as_str());
        let with_key: Vec<_> =
            row.inchikey.iter().filter_map(|key| self.by_inchikey.get(key)).flatten().copied().collect();
        for candidates in [with_key, self.called(row)] {
            let alike: Vec<_> = candidates.into_iter().filter(|at| self.may_be(*at, row)).collect();
            let same_name = || alike.iter().copied().filter(|at| identity(&self.chemicals[*at].0.name) == name);
            // A row that went in before, when there was less to choose from, went into one that says what it says.
            let says_it = |at: &usize| matches!(completed(&self.chemicals[*at].0, row), Ok(None));
            match (alike.len(), same_name().count()) {
                (0, _) => {}
                (1, _) => return self.unless_doubtful(alike[0], listed).map(Some),
                (_, 1) => return Ok(same_name().next()),
                (n, _) => match alike.iter().copied().find(says_it) {
                    None => return Err(format!("{n} chemicals of the catalogue could be meant: give the CAS number")),
                    known => return Ok(known),
                },
            }
        }
        Ok(None)
    }

    /// A ware of trade is the substance that has its name as a synonym only if a person says so.
    fn unless_doubtful(&self, at: usize, listed: &Listed) -> std::result::Result<usize, String> {
        let (name, (chemical, _)) = (listed.new.name.as_str(), &self.chemicals[at]);
        let has_number = listed.new.cas.is_some() || listed.new.inchikey.is_some();
        let is_own = identity(&chemical.name) == identity(name);
        if has_number || is_own || listed.decides == Some(Decides::Name) || !is_technical(name) {
            return Ok(at);
        }
        Err(format!(
            "`{name}` is a synonym of {}, and the name of a mixture in trade: give the CAS number, or write `name` into the \
             column `decides`",
            told(chemical)
        ))
    }

    /// Those of the row's name; those that have it as a synonym only for a row that no number tells apart from them.
    fn called(&self, row: &NewChemical) -> Vec<usize> {
        let key = identity(row.name.as_str());
        let near = self.by_name.get(&near(row.name.as_str())).into_iter().flatten().copied();
        let (own, others): (Vec<_>, Vec<_>) = near.partition(|at| identity(&self.chemicals[*at].0.name) == key);
        if !own.is_empty() || row.cas.is_some() || row.inchikey.is_some() {
            return own;
        }
        others.into_iter().filter(|at| self.chemicals[*at].0.is_called(row.name.as_str())).collect()
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
