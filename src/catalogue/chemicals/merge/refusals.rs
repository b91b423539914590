//! Why a row is refused: it contradicts the catalogue, and of two values one is wrong.

use chemistry::{EcNumber, Form};

use super::{Names, described, extract::Extract};
use crate::catalogue::chemicals::{
    Chemical, NewChemical, Synonym,
    called::{caseless, is_another_formula, said},
    completion::contradictions,
    identity::identity,
    listed::Listed,
    numbers::Number,
};

impl Extract {
    /// Why a name or synonym cannot be one, whatever was decided: it is a number or a formula that the row and its
    /// entry do not have.
    pub fn no_name(&self, at: Option<usize>, row: &NewChemical, decided: Names) -> Option<String> {
        let entry = at.map(|at| &self.chemicals[at].0);
        let names = row.names().enumerate();
        let found = names.filter_map(|(n, name)| {
            let what = if n == 0 { "name" } else { "synonym" };
            // Nothing is looked up by a number among its names, so there an EC number only serves the search.
            let is_kept = n > 0
                && decided.may_be_shared
                && row.cas.is_some()
                && matches!(Number::read(name), Some(Number::Ec(_)));
            let number = || self.number_as_name(entry, row, name).filter(|_| !is_kept);
            let why = number().or_else(|| formula_as_name(entry, row, name))?;
            Some(format!("the {what} {why}"))
        });
        let found = found.collect::<Vec<_>>().join("; ");
        let own = match (&row.cas, &row.inchikey) {
            (Some(cas), _) => format!(", while the CAS number here is {cas}"),
            (None, Some(key)) => format!(", while the InChIKey here is {key}"),
            (None, None) => String::new(),
        };
        let advice = "write names there, and each number and the formula in its own column";
        (!found.is_empty()).then(|| format!("{found}{own}: {advice}"))
    }

    fn number_as_name(&self, entry: Option<&Chemical>, row: &NewChemical, name: &str) -> Option<String> {
        let is_own = |number: &Number| number.is_in(row) || entry.is_some_and(|entry| number.is_of(entry));
        let number = Number::all_in(name).into_iter().find(|number| !is_own(number))?;
        let holder = self.chemicals.iter().map(|(it, _)| it).find(|it| number.is_of(it)).map(described);
        let unknown = if holder.is_some() { "" } else { " that this chemical does not have" };
        Some(format!("{}{unknown}", number.told(name, holder.as_deref())))
    }

    /// Why a name or synonym that the entry does not have yet cannot be one, whatever was decided: it says other water,
    /// isotopes or another acid.
    pub fn other_form(&self, at: Option<usize>, row: &NewChemical) -> Option<String> {
        let entry = at.map(|at| &self.chemicals[at].0);
        let own = entry.map_or(row.name.as_str(), |entry| &entry.name);
        let formula = entry.and_then(|entry| entry.formula.as_ref()).or(row.formula.as_ref());
        let is_new = |name: &&str| {
            let key = caseless(name);
            key != caseless(own) && entry.is_none_or(|entry| entry.names().all(|known| caseless(known) != key))
        };
        let form = Form::of(own);
        let found = row.names().filter(is_new).filter_map(|name| {
            let difference = form.excludes(&Form::of(name), formula)?;
            Some(format!("`{name}` differs from `{own}` in its {difference}"))
        });
        let found = found.collect::<Vec<_>>().join("; ");
        let formula = formula.map(|formula| format!(", whose formula is {formula}")).unwrap_or_default();
        let advice = if formula.is_empty() { ", or give the formula that tells" } else { "" };
        (!found.is_empty())
            .then(|| format!("{found}{formula}, and is another substance: give it its own row and number{advice}"))
    }

    /// Why the row is no new entry: something in it is another's, and the rest is not.
    pub fn of_another(&self, row: &NewChemical) -> Option<String> {
        let name = row.name.as_str();
        let mut found = self.numbers_of_others(None, row);
        found.extend(self.others_called(name, None).map(|(other, own)| match own {
            own if caseless(own) == caseless(name) => format!("`{name}` is a name of {}", described(other)),
            own => format!("`{name}` differs from `{own}`, a name of {}, only by hyphens and spaces", described(other)),
        }));
        found.extend(self.synonyms_of_others(None, row));
        found.extend(
            self.without_number_of_formula(name)
                .map(|other| format!("`{name}` is the formula of {}", described(other))),
        );
        if found.is_empty() {
            return None;
        }
        let is_new = |ec: &&EcNumber| !self.chemicals.iter().any(|(it, _)| it.ec.as_ref() == Some(*ec));
        let new = match (&row.cas, &row.inchikey, row.ec.as_ref().filter(is_new)) {
            (Some(cas), ..) => format!(", while the CAS number {cas} is in no entry"),
            (None, Some(key), _) => format!(", while the InChIKey {key} is in no entry that fits"),
            (None, None, Some(ec)) => format!(", while the EC number {ec} is in no entry"),
            (None, None, None) => String::new(),
        };
        Some(format!(
            "{}{new}: correct what is wrong, or write `number` into the column `decides` (or import with --number-decides) to \
             make the row an entry of its own",
            found.join("; ")
        ))
    }

    /// Why the row cannot be of this entry, with both values.
    pub fn contradiction(&self, at: usize, listed: &Listed, names: Names) -> Option<String> {
        let (chemical, _) = &self.chemicals[at];
        let row = &listed.new;
        let mut values = contradictions(chemical, listed);
        values.extend(self.numbers_of_others(Some(at), row));
        if !names.may_be_shared {
            values.extend(self.synonyms_of_others(Some(at), row));
        }
        if !values.is_empty() {
            let by = found_by(chemical, row);
            return Some(format!(
                "this is `{}` of the catalogue by its {by}, but {}",
                chemical.name,
                values.join("; ")
            ));
        }
        let name = row.name.as_str();
        if chemical.may_be_called(name) {
            return None;
        }
        if let Some((other, _)) = self.others_called(name, Some(at)).next() {
            return Some(format!(
                "`{name}` is the name of another entry, {}, and the {} that of `{}`",
                described(other),
                found_by(chemical, row),
                chemical.name
            ));
        }
        let by = found_by(chemical, row);
        // What the row says is the same as its own name does not prove that its number is.
        let is_met_by_a_synonym =
            by == "name" && row.synonyms.iter().any(|synonym| chemical.is_called(synonym.as_str()));
        if names.may_be_new || is_met_by_a_synonym {
            return None;
        }
        Some(format!(
            "`{name}` is none of the names of `{}`, whose {by} it has: correct one of them, write `number` or `name` into \
             the column `decides`, or import with --new-names to make it a synonym",
            chemical.name
        ))
    }

    /// What no number tells apart from a row whose name is its formula.
    fn without_number_of_formula(&self, name: &str) -> Option<&Chemical> {
        let said = said(name);
        let is_it = |it: &&Chemical| {
            let own = it.formula.as_ref().filter(|own| !own.is_organic());
            let has_number = it.cas.is_some() || it.inchikey.is_some();
            !has_number && own.is_some_and(|own| said.iter().any(|said| own.has_atoms_of(said)))
        };
        self.chemicals.iter().map(|(it, _)| it).find(is_it)
    }

    /// A number that another entry has is not this one's, also while this one has none yet.
    fn numbers_of_others(&self, at: Option<usize>, row: &NewChemical) -> Vec<String> {
        let own = at.map(|at| &self.chemicals[at].0);
        let others =
            || self.chemicals.iter().enumerate().filter(|(other, _)| Some(*other) != at).map(|(_, (it, _))| it);
        let mut found = Vec::new();
        if let Some(ec) = row.ec.as_ref().filter(|_| own.is_none_or(|own| own.ec.is_none()))
            && let Some(other) = others().find(|other| other.ec.as_ref() == Some(ec))
        {
            found.push(format!("the EC number {ec} is that of {}", described(other)));
        }
        if let Some(key) = row.inchikey.as_ref().filter(|_| own.is_none_or(|own| own.inchikey.is_none()))
            && let Some(other) = others().find(|other| other.inchikey.as_ref() == Some(key))
        {
            found.push(format!("the InChIKey {key} is that of {}", described(other)));
        }
        found
    }

    /// A synonym may be shared; what another entry goes by first is not given away.
    fn synonyms_of_others(&self, at: Option<usize>, row: &NewChemical) -> Vec<String> {
        let own = at.map(|at| &self.chemicals[at].0);
        let new = row.synonyms.iter().map(Synonym::as_str);
        let new = new
            .filter(|name| own.is_none_or(|own| !own.is_called(name)) && identity(name) != identity(row.name.as_str()));
        new.filter_map(|name| {
            let mut others = self.others_called(name, at);
            let (other, _) = others.find(|(other, _)| identity(&other.name) == identity(name))?;
            Some(format!("the synonym `{name}` is the name of {}", described(other)))
        })
        .collect()
    }
}

fn formula_as_name(entry: Option<&Chemical>, row: &NewChemical, name: &str) -> Option<String> {
    let own = row.formula.as_ref().or_else(|| entry?.formula.as_ref())?;
    is_another_formula(name, Some(own))
        .then(|| format!("`{name}` is a formula that this chemical does not have, which is {own}"))
}

/// What the row and its entry have in common.
fn found_by(chemical: &Chemical, row: &NewChemical) -> &'static str {
    fn same<T: PartialEq>(ours: Option<&T>, theirs: Option<&T>) -> bool {
        ours.is_some() && ours == theirs
    }
    match () {
        () if same(chemical.cas.as_ref(), row.cas.as_ref()) => "number",
        () if same(chemical.inchikey.as_ref(), row.inchikey.as_ref()) => "InChIKey",
        () => "name",
    }
}
