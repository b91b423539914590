//! The part of the catalogue that a batch can mean, and which entry a row of it means.

use std::collections::{BTreeSet, HashMap, HashSet};

use chemistry::{CasNumber, EcNumber, Formula, InChIKey};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Ends, Names, described};
use crate::{
    base::error::Result,
    catalogue::chemicals::{
        Chemical, NewChemical, Synonym,
        called::{Called, caseless, said},
        completion::completed,
        identity::{identity, near, near_to},
        listed::{Decides, Listed},
        numbers::Number,
        store,
        technical::is_technical,
        term,
    },
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
    /// Those that the batch completes, as they were read.
    pub before: HashMap<Uuid, Chemical>,
    pub by_cas: HashMap<CasNumber, usize>,
    by_inchikey: HashMap<InChIKey, HashSet<usize>>,
    /// Whose names are alike but for hyphens and spaces.
    by_name: HashMap<String, Vec<usize>>,
    /// Whose names are alike but for case.
    by_caseless: HashMap<String, Vec<usize>>,
}

impl Extract {
    pub async fn read(db: &mut PgConnection, listed: &[&Listed], names: Names, ends: Ends) -> Result<Self> {
        let rows: Vec<_> = listed.iter().map(|listed| &listed.new).collect();
        let cas: Vec<_> = rows.iter().filter_map(|row| row.cas.as_ref().map(CasNumber::as_str)).collect();
        let inchikeys: Vec<_> = rows.iter().filter_map(|row| row.inchikey.as_ref().map(InChIKey::as_str)).collect();
        let numbers = rows.iter().filter_map(|row| row.ec.as_ref().map(EcNumber::as_str));
        // Where a synonym may be shared, nobody asks whose it is.
        let synonyms = rows.iter().filter(|_| !names.may_be_shared).flat_map(|row| &row.synonyms).map(Synonym::as_str);
        let names = rows.iter().map(|row| row.name.as_str()).chain(numbers).chain(synonyms).map(term);
        // A number in a name is in the terms without what stands around it.
        let in_names = rows.iter().flat_map(|row| row.names()).flat_map(Number::all_in);
        let formulas = rows.iter().flat_map(|row| said(row.name.as_str()));
        let names = names.chain(in_names.map(|number| term(number.as_str())));
        let names: Vec<_> = names.chain(formulas.map(|formula| term(formula.as_str()))).collect();
        let mut extract = Self::default();
        let found = match ends {
            Ends::Kept => store::lock_alike(db, &cas, &inchikeys, &names).await?,
            Ends::TakenBack => store::find_all_alike(db, &cas, &inchikeys, &names).await?,
        };
        for chemical in found {
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
        for key in chemical.names().map(identity) {
            for (index, key) in [(&mut self.by_name, near_to(&key)), (&mut self.by_caseless, key.to_lowercase())] {
                let alike = index.entry(key).or_default();
                if !alike.contains(&at) {
                    alike.push(at);
                }
            }
        }
    }

    pub fn with(&self, wanted: State) -> Vec<Chemical> {
        self.chemicals.iter().filter(|(_, state)| *state == wanted).map(|(chemical, _)| chemical.clone()).collect()
    }

    /// The others that have the name, but for hyphens, spaces and a case that says nothing, and how they write it.
    pub fn others_called<'a>(
        &'a self,
        name: &'a str,
        at: Option<usize>,
    ) -> impl Iterator<Item = (&'a Chemical, &'a str)> {
        let (key, small) = (near(name), caseless(name));
        let others = self.by_name.get(&key).into_iter().chain(self.by_caseless.get(&small)).flatten();
        let others: BTreeSet<_> = others.copied().filter(|other| Some(*other) != at).collect();
        others.into_iter().filter_map(move |other| {
            let (other, _) = &self.chemicals[other];
            let called = other.called(name).filter(|(how, _)| *how < Called::Either).map(|(_, own)| own);
            let is_near = |own: &&str| near(own) == key && other.has_another_form(own).is_none();
            let own = called.or_else(|| other.names().find(is_near))?;
            Some((other, own))
        })
    }

    /// The entry with the row's CAS number, else with its InChIKey, else with its name.
    pub fn meant(&self, listed: &Listed) -> std::result::Result<Option<usize>, String> {
        let row = &listed.new;
        if let Some(at) = row.cas.as_ref().and_then(|cas| self.by_cas.get(cas)) {
            return Ok(Some(*at));
        }
        let name = identity(row.name.as_str());
        let with_key = row.inchikey.iter().filter_map(|key| self.by_inchikey.get(key)).flatten().copied();
        let with_key: Vec<_> = with_key.filter(|at| self.may_be(*at, row)).collect();
        // A structure is shared; its names are not.
        let same_name = || with_key.iter().copied().filter(|at| identity(&self.chemicals[*at].0.name) == name);
        match (with_key.len(), same_name().count()) {
            (0, _) => {}
            (_, 1) => return Ok(same_name().next()),
            _ => return self.one_of(&with_key, row),
        }
        let called = self.called(row)?;
        let called: Vec<_> =
            called.into_iter().filter(|at| self.may_be(*at, row) && self.brings_no_number(*at, row)).collect();
        match called[..] {
            [] => self.no_formula_of_another(row).map(|()| None),
            [one] => self.unless_doubtful(one, listed).map(Some),
            // Nothing tells them apart, also where the row says nothing that is new.
            ref several => Err(self.unclear(several, row)),
        }
    }

    /// Of several that have a structure the one that says all that the row says: its name is of one of them.
    fn one_of(&self, all: &[usize], row: &NewChemical) -> std::result::Result<Option<usize>, String> {
        let says_it = |at: &usize| matches!(completed(&self.chemicals[*at].0, row), Ok(None));
        match all {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => several.iter().copied().find(says_it).map(Some).ok_or_else(|| self.unclear(several, row)),
        }
    }

    /// Refuses a name that is the formula of entries which do not have it among their names: silica and quartz have one
    /// formula, and no catalogue has all that share it.
    fn no_formula_of_another(&self, row: &NewChemical) -> std::result::Result<(), String> {
        let (name, formulas) = (row.name.as_str(), said(row.name.as_str()));
        if row.cas.is_some() || row.inchikey.is_some() || row.ec.is_some() {
            return Ok(());
        }
        let has_it = |chemical: &Chemical| {
            chemical.formula.as_ref().is_some_and(|own| formulas.iter().any(|said| own.has_atoms_of(said)))
        };
        let all: Vec<_> = self.chemicals.iter().map(|(it, _)| it).filter(|it| has_it(it)).collect();
        let only_looks_like_one = formulas.iter().any(Formula::is_organic) && chemistry::formulas(name).is_empty();
        if all.is_empty() || only_looks_like_one {
            return Ok(());
        }
        let told: Vec<_> = all.into_iter().take(3).map(described).collect();
        Err(format!(
            "`{name}` is a formula, which several substances may have; the catalogue has it of {}: write its name or give \
             the CAS number",
            told.join(", ")
        ))
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
            described(chemical)
        ))
    }

    /// Those of the row's name; those that have it as a synonym only for a row that no number tells apart from them.
    fn called(&self, row: &NewChemical) -> std::result::Result<Vec<usize>, String> {
        let name = row.name.as_str();
        let has_number = row.cas.is_some() || row.inchikey.is_some();
        let goes_by_it = |at: &usize| !has_number || caseless(&self.chemicals[*at].0.name) == caseless(name);
        let alike = self.by_caseless.get(&caseless(name)).into_iter().flatten().copied().filter(goes_by_it);
        let mut found: Vec<_> = alike.filter_map(|at| Some((self.chemicals[at].0.called(name)?.0, at))).collect();
        found.sort_unstable();
        let all: Vec<_> = found.iter().map(|(_, at)| *at).collect();
        let as_written: Vec<_> = found.iter().filter(|(how, _)| *how <= Called::InOneCase).map(|(_, at)| *at).collect();
        match found.first() {
            _ if !as_written.is_empty() => Ok(as_written),
            Some((Called::InOtherCase, _)) => {
                Ok(found.iter().filter(|(how, _)| *how == Called::InOtherCase).map(|(_, at)| *at).collect())
            }
            Some(_) if !has_number => Err(self.unclear(&all, row)),
            _ => Ok(Vec::new()),
        }
    }

    fn unclear(&self, all: &[usize], row: &NewChemical) -> String {
        let told: Vec<_> = all.iter().take(3).map(|at| described(&self.chemicals[*at].0)).collect();
        let other = if all.len() == 1 {
            " or another substance whose name differs by the case of a letter, water or isotopes"
        } else {
            ""
        };
        format!("`{}` may be {}{other}: give the CAS number", row.name, told.join(" or "))
    }

    /// By its name alone a row gives no number to an entry that has another one: they may be of two substances.
    fn brings_no_number(&self, at: usize, row: &NewChemical) -> bool {
        fn is_known<T>(ours: Option<&T>, theirs: Option<&T>) -> bool {
            ours.is_some() || theirs.is_none()
        }
        let (own, _) = &self.chemicals[at];
        let has_none = own.cas.is_none() && own.ec.is_none() && own.inchikey.is_none();
        has_none
            || (is_known(own.cas.as_ref(), row.cas.as_ref())
                && is_known(own.ec.as_ref(), row.ec.as_ref())
                && is_known(own.inchikey.as_ref(), row.inchikey.as_ref()))
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
