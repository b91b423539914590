//! Why a row is refused: it contradicts the catalogue, and of two values one is wrong.

use super::{Listed, Names, extract::Extract};
use crate::chemicals::{
    Chemical, NewChemical, Synonym, completion::contradictions, identity::identity, numbers::Number,
};

impl Extract {
    /// Why the name cannot be one, whatever was decided: it is a number that the row and its entry do not have.
    pub fn number_as_name(&self, at: Option<usize>, row: &NewChemical) -> Option<String> {
        let name = row.name.as_str();
        let number = Number::read(name).filter(|number| !number.is_in(row))?;
        if at.is_some_and(|at| number.is_of(&self.chemicals[at].0)) {
            return None;
        }
        let holder = self.chemicals.iter().map(|(it, _)| it).find(|it| number.is_of(it));
        let own = match (&row.cas, &row.inchikey) {
            (Some(cas), _) => format!(", while the CAS number here is {cas}"),
            (None, Some(key)) => format!(", while the InChIKey here is {key}"),
            (None, None) => String::new(),
        };
        let told = number.told(name, holder);
        Some(format!("the name {told}{own}: write the name there, and each number in its own column"))
    }

    /// Why the row is no new entry: something in it is another's, and the rest is not.
    pub fn of_another(&self, row: &NewChemical) -> Option<String> {
        let name = row.name.as_str();
        let mut found = self.numbers_of_others(None, row);
        found.extend(self.others_called(name, None).map(|(other, own)| match own {
            own if identity(own) == identity(name) => format!("`{name}` is a name of {}", told(other)),
            own => format!("`{name}` differs from `{own}`, a name of {}, only by hyphens and spaces", told(other)),
        }));
        found.extend(self.synonyms_of_others(None, row));
        if found.is_empty() {
            return None;
        }
        let new = match (&row.cas, &row.inchikey) {
            (Some(cas), _) => format!(", while the CAS number {cas} is in no entry"),
            (None, Some(key)) => format!(", while the InChIKey {key} is in no entry that fits"),
            (None, None) => String::new(),
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
        if let Some((other, _)) = self.others_called(name, Some(at)).next() {
            let number = other.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
            return Some(format!(
                "`{name}` is the name of another entry, `{}`{number}, and the number that of `{}`",
                other.name, chemical.name
            ));
        }
        let shares_a_name = row.synonyms.iter().any(|synonym| chemical.is_called(synonym.as_str()));
        if names.may_be_new || shares_a_name || chemical.may_be_called(name) {
            return None;
        }
        let by = if row.cas.is_some() && row.cas == chemical.cas { "number" } else { "InChIKey" };
        Some(format!(
            "`{name}` is none of the names of `{}`, whose {by} it has: correct one of them, write `number` or `name` \
             into the column `decides`, or import with --new-names to make it a synonym",
            chemical.name
        ))
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
            found.push(format!("the EC number {ec} is that of {}", told(other)));
        }
        if let Some(key) = row.inchikey.as_ref().filter(|_| own.is_none_or(|own| own.inchikey.is_none()))
            && let Some(other) = others().find(|other| other.inchikey.as_ref() == Some(key))
        {
            found.push(format!("the InChIKey {key} is that of {}", told(other)));
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
            let number = Number::read(name);
            let holder = number.as_ref().and_then(|number| {
                let mut others = self.chemicals.iter().enumerate().filter(|(other, _)| Some(*other) != at);
                others.find(|(_, (other, _))| number.is_of(other)).map(|(_, (other, _))| (number, other))
            });
            if let Some((number, other)) = holder {
                return Some(format!("the synonym `{name}` is the {} of {}", number.kind(), told(other)));
            }
            let mut others = self.others_called(name, at);
            let (other, _) = others.find(|(other, _)| identity(&other.name) == identity(name))?;
            Some(format!("the synonym `{name}` is the name of {}", told(other)))
        })
        .collect()
    }
}

pub fn told(chemical: &Chemical) -> String {
    let number = chemical.cas.as_ref().map(|cas| format!(" ({cas})"));
    format!("`{}`{}", chemical.name, number.unwrap_or_default())
}
