//! A chemical: what it is, what a client may say of it, and what it is found by.

use std::collections::{BTreeMap, HashSet};

use chemistry::{CasNumber, Density, EcNumber, Formula, InChIKey, MolarMass};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{cased::small, fold, term, words};
use crate::{
    base::{
        error::{Error, Result},
        ids::OwnId,
        patch::{self, Change},
        text::{Name, Text},
    },
    journal::Journalled,
};

/// As much higher is the rank of a word that the name has not.
const ONLY_A_SYNONYM: i16 = 10_000;
pub const MAX_SYNONYMS: usize = 1_000;

pub type Synonym = Text<500>;

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Chemical {
    pub id: Uuid,
    #[schema(example = "Ethanol")]
    pub name: String,
    pub cas: Option<CasNumber>,
    pub ec: Option<EcNumber>,
    pub inchikey: Option<InChIKey>,
    /// In Hill order.
    pub formula: Option<Formula>,
    /// g/mol
    pub molar_mass: Option<MolarMass>,
    /// g/mL at 20 Cel
    pub density: Option<Density>,
    #[schema(example = json!(["ethyl alcohol", "EtOH"]))]
    pub synonyms: Vec<String>,
    /// What a person has taken away from it, as [`Part`] writes it: an import does not bring it again.
    #[serde(skip)]
    pub(super) removed: Vec<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Journalled for Chemical {}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    "formula": "C2H6O", "density": "0.7893", "synonyms": ["ethyl alcohol", "EtOH"]
}))]
pub struct NewChemical {
    /// Your own UUIDv7, if you like.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    pub name: Name,
    pub cas: Option<CasNumber>,
    pub ec: Option<EcNumber>,
    pub inchikey: Option<InChIKey>,
    /// Kept in Hill order.
    pub formula: Option<Formula>,
    /// Left out, it is computed from the formula. One that contradicts the formula is refused.
    pub molar_mass: Option<MolarMass>,
    pub density: Option<Density>,
    /// At most 1000. Repetitions are dropped.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub synonyms: Vec<Synonym>,
}

/// Absent stays, null clears. Without a molar mass of its own, a chemical has the one of its formula.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"density": "0.7893", "synonyms": ["ethyl alcohol", "EtOH", "spirit of wine"]}))]
pub struct ChemicalPatch {
    pub name: Option<Name>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<CasNumber>)]
    pub cas: Change<CasNumber>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<EcNumber>)]
    pub ec: Change<EcNumber>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<InChIKey>)]
    pub inchikey: Change<InChIKey>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Formula>)]
    pub formula: Change<Formula>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<MolarMass>)]
    pub molar_mass: Change<MolarMass>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Density>)]
    pub density: Change<Density>,
    /// Replaces them all.
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Vec<Synonym>>, max_items = 1000)]
    pub synonyms: Change<Vec<Synonym>>,
}

impl ChemicalPatch {
    pub(super) fn brings_a_number(&self) -> bool {
        matches!(self.cas, Some(Some(_))) || matches!(self.ec, Some(Some(_))) || matches!(self.inchikey, Some(Some(_)))
    }
}

impl NewChemical {
    /// Its own name first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.synonyms.iter().map(Synonym::as_str))
    }
}

impl Chemical {
    pub(super) fn new(id: Uuid, new: NewChemical, now: DateTime<Utc>) -> Result<Self> {
        let molar_mass = molar_mass(new.formula.as_ref(), new.molar_mass)?;
        let name = String::from(new.name);
        Ok(Self {
            id,
            synonyms: synonyms(&name, new.synonyms)?,
            name,
            cas: new.cas,
            ec: new.ec,
            inchikey: new.inchikey,
            formula: new.formula,
            molar_mass,
            density: new.density,
            removed: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    pub(super) fn apply(&mut self, patch: ChemicalPatch) -> Result<()> {
        if patch.formula.is_some() || patch.molar_mass.is_some() {
            // The molar mass of the former formula says nothing of the new one.
            let is_other = patch.formula.as_ref().is_some_and(|new| new.is_some() && *new != self.formula);
            let kept = self.molar_mass.filter(|_| !is_other);
            self.formula = patch.formula.unwrap_or_else(|| self.formula.take());
            self.molar_mass = molar_mass(self.formula.as_ref(), patch.molar_mass.unwrap_or(kept))?;
        }
        self.cas = patch.cas.unwrap_or_else(|| self.cas.take());
        self.ec = patch.ec.unwrap_or_else(|| self.ec.take());
        self.inchikey = patch.inchikey.unwrap_or_else(|| self.inchikey.take());
        self.density = patch.density.unwrap_or(self.density);
        self.name = patch.name.map_or_else(|| std::mem::take(&mut self.name), String::from);
        if let Some(new) = patch.synonyms {
            self.synonyms = synonyms(&self.name, new.unwrap_or_default())?;
        }
        let name = small(&self.name);
        self.synonyms.retain(|synonym| small(synonym) != name);
        Ok(())
    }

    /// Everything that it can be found by: 0 its name, 1 the others.
    pub(super) fn terms(&self) -> BTreeMap<String, i16> {
        let numbers = [
            self.cas.as_ref().map(CasNumber::as_str),
            self.ec.as_ref().map(EcNumber::as_str),
            self.inchikey.as_ref().map(InChIKey::as_str),
            self.formula.as_ref().map(Formula::as_str),
        ];
        let names: Vec<_> = self.synonyms.iter().chain([&self.name]).map(|name| term(name)).collect();
        let typed = names.iter().filter_map(|name| fold::with_latin_letters(name));
        let others = numbers.into_iter().flatten().map(term).chain(typed).chain(names.iter().cloned());
        let mut terms: BTreeMap<_, _> = others.map(|other| (other, 1)).collect();
        terms.insert(term(&self.name), 0);
        terms
    }

    pub(super) fn has_a_number(&self) -> bool {
        self.cas.is_some() || self.ec.is_some() || self.inchikey.is_some()
    }

    pub(super) fn has_same_numbers(&self, other: &Self) -> bool {
        (&self.cas, &self.ec, &self.inchikey) == (&other.cas, &other.ec, &other.inchikey)
    }

    /// Its own name first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.synonyms).map(String::as_str)
    }

    /// Those in its names, each with where it stands.
    pub(super) fn words(&self) -> BTreeMap<String, WordPlace> {
        let length = i16::try_from(self.name.chars().count()).unwrap_or(i16::MAX).min(ONLY_A_SYNONYM - 1);
        let in_synonym = WordPlace { rank: ONLY_A_SYNONYM + length, name: None };
        let in_name = WordPlace { rank: length, name: Some(term(&self.name)) };
        let of = |name: &String, place: &WordPlace| {
            words::words(name).into_iter().map(|word| (word, place.clone())).collect::<Vec<_>>()
        };
        let others = self.synonyms.iter().flat_map(|synonym| of(synonym, &in_synonym));
        others.chain(of(&self.name, &in_name)).collect()
    }
}

/// Where a word of a chemical's names stands.
#[derive(Clone)]
pub(super) struct WordPlace {
    /// A search reads the shortest names first, and last of all what only has the word in a synonym.
    pub rank: i16,
    /// The name, folded, if it has the word.
    pub name: Option<String>,
}

/// The one that was given, unless it contradicts the formula; else the formula's.
pub(super) fn molar_mass(formula: Option<&Formula>, given: Option<MolarMass>) -> Result<Option<MolarMass>> {
    let computed = formula.map(Formula::molar_mass);
    match (given, computed) {
        (Some(given), Some(computed)) if formula.is_some_and(|formula| formula.contradicts(given)) => {
            let formula = formula.map_or("", Formula::as_str);
            let detail = format!("is {given} g/mol, but {formula} has {computed} g/mol: correct the one that is wrong");
            Err(Error::field("/molar_mass", detail))
        }
        _ => Ok(given.or(computed)),
    }
}

/// Without repetitions, whatever their case; the name is no synonym.
fn synonyms(name: &str, given: Vec<Synonym>) -> Result<Vec<String>> {
    if given.len() > MAX_SYNONYMS {
        let detail = format!("must have at most {MAX_SYNONYMS} synonyms, has {}", given.len());
        return Err(Error::field("/synonyms", detail));
    }
    let mut seen = HashSet::from([small(name)]);
    Ok(given.into_iter().map(String::from).filter(|synonym| seen.insert(small(synonym))).collect())
}
