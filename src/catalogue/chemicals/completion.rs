//! An entry of the catalogue beside a row that means it: where they contradict each other, and what the row adds.

use std::collections::HashSet;

use super::{
    Chemical, Listed, MAX_SYNONYMS, NewChemical, Synonym,
    chemical::molar_mass,
    identity::{identity, is_loud},
    removed::Part,
};
use crate::base::error::{Error, Result};

/// Where the row says another value than the entry has: what, and both values.
pub fn contradictions(chemical: &Chemical, listed: &Listed) -> Vec<String> {
    fn differ<T: PartialEq + std::fmt::Display>(what: &str, ours: Option<&T>, theirs: Option<&T>) -> Option<String> {
        let (ours, theirs) = ours.zip(theirs)?;
        (ours != theirs).then(|| format!("the {what} is {theirs} here and {ours} there"))
    }
    let row = &listed.new;
    let (formula, mass) = (chemical.formula.as_ref(), chemical.molar_mass);
    let same_formula = formula.zip(row.formula.as_ref()).is_none_or(|(a, b)| a.is_same(b));
    let masses = mass.zip(row.molar_mass).filter(|(ours, theirs)| same_formula && ours.differs_from(*theirs));
    let densities = chemical
        .density
        .zip(row.density)
        .filter(|(ours, theirs)| ours.is_contradicted_by(*theirs, listed.density_digits));
    [
        differ("CAS number", chemical.cas.as_ref(), row.cas.as_ref()),
        differ("EC number", chemical.ec.as_ref(), row.ec.as_ref()),
        differ("InChIKey", chemical.inchikey.as_ref(), row.inchikey.as_ref()),
        differ("formula", formula, row.formula.as_ref()).filter(|_| !same_formula),
        masses.map(|(ours, theirs)| format!("the molar mass is {theirs} g/mol here and {ours} g/mol there")),
        densities.map(|(ours, theirs)| format!("the density is {theirs} g/mL here and {ours} g/mL there")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The chemical with what the row adds to it, if anything.
pub fn completed(chemical: &Chemical, row: &NewChemical) -> Result<Option<Chemical>> {
    let mut now = chemical.clone();
    let mut grew = false;
    let may = |part| !chemical.was_removed(part);
    grew |= fill(&mut now.cas, row.cas.as_ref().filter(|_| may(Part::Cas)));
    grew |= fill(&mut now.ec, row.ec.as_ref().filter(|_| may(Part::Ec)));
    grew |= fill(&mut now.inchikey, row.inchikey.as_ref().filter(|_| may(Part::InChIKey)));
    grew |= fill(&mut now.density, row.density.as_ref().filter(|_| may(Part::Density)));
    let formula = row.formula.as_ref().filter(|_| may(Part::Formula));
    if fill(&mut now.formula, formula) | fill(&mut now.molar_mass, row.molar_mass.as_ref()) {
        now.molar_mass = molar_mass(now.formula.as_ref(), now.molar_mass)?;
        grew = true;
    }
    let mut known: HashSet<_> = now.synonyms.iter().chain([&now.name]).map(|name| identity(name)).collect();
    let mut small: HashSet<_> = known.iter().map(|key| key.to_lowercase()).collect();
    for name in std::iter::once(row.name.as_str()).chain(row.synonyms.iter().map(Synonym::as_str)) {
        let key = identity(name);
        if is_loud(name) && !small.insert(key.to_lowercase()) {
            continue;
        }
        if known.insert(key) && may(Part::Name(name)) {
            now.synonyms.push(name.to_owned());
            grew = true;
        }
    }
    let many = now.synonyms.len();
    if many > MAX_SYNONYMS && many > chemical.synonyms.len() {
        let detail = format!("would be too many: {many} synonyms, at most {MAX_SYNONYMS} are kept");
        return Err(Error::field("/synonyms", detail));
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
