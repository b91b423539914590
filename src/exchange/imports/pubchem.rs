//! The names of `PubChem`'s list of identifiers. Among them stand numbers of salts and isotopes, formulas of bases, and
//! more than a name can be; what is left out is counted and told.

use std::collections::BTreeMap;

use chemistry::{CasNumber, Form, Formula, InChIKey, formulas};

use super::{lines::Lines, table::Row};
use crate::{
    base::text::Name,
    catalogue::chemicals::{Number, Synonym, is_another_formula, why_no_name},
};

/// Why names were left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Number,
    Formula,
    /// With other water or isotopes, or of another salt.
    Form,
    Long,
    Odd,
}

/// How many names were left out, and in which lines.
#[derive(Default)]
pub struct LeftOut(BTreeMap<Why, (Lines, u64)>);

impl LeftOut {
    fn note(&mut self, line: u64, why: Why, count: u64) {
        if count > 0 {
            let (lines, total) = self.0.entry(why).or_default();
            lines.add(line);
            *total += count;
        }
    }

    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(why, (lines, total))| {
            let (names, are, were) = if *total == 1 { ("name", "is", "was") } else { ("names", "are", "were") };
            let (what, advice) = match why {
                Why::Number if *total == 1 => {
                    ("a number", ": a number is no name of a substance that does not have it")
                }
                Why::Number => ("numbers", ": a number is no name of a substance that does not have it"),
                Why::Formula if *total == 1 => ("the formula of another substance", ""),
                Why::Formula => ("formulas of other substances", ""),
                Why::Form => ("of another hydrate, salt or isotope", ""),
                Why::Long => ("longer than 500 characters", ""),
                Why::Odd => ("not readable as a name", ""),
            };
            format!("{lines}: {total} {names} that {are} {what} {were} left out{advice}")
        })
    }
}

/// `PubChem` puts the systematic name first and then what people say, the most usual first, up to hundreds. The first
/// that is a name becomes ours; the others its synonyms.
pub fn names(row: &Row, left_out: &mut LeftOut) -> (Option<Name>, Vec<Synonym>) {
    let own = Own::of(row);
    let systematic = row.get("name");
    let is_name =
        |name: &&str| Number::read(name).is_none() && own.why_not(name).is_none() && formulas(name).is_empty();
    let name = row.rest().chain(systematic).filter(is_name).find_map(|name| name.parse::<Name>().ok());
    // Where all names are missing or too long, it goes by its number.
    let name = name.or_else(|| format!("CAS {}", row.get("cas")?).parse().ok());
    let ours = name.as_ref().map(Name::as_str).unwrap_or_default();
    let form = Form::of(ours);
    let mut synonyms = Vec::new();
    let mut counts = BTreeMap::new();
    for other in systematic.into_iter().chain(row.rest()).filter(|other| !other.eq_ignore_ascii_case(ours)) {
        if own.says(other) {
            continue;
        }
        let is_of_another = || form.excludes(&Form::of(other), own.formula.as_ref()).map(|_| Why::Form);
        match own
            .why_not(other)
            .or_else(is_of_another)
            .map_or_else(|| other.parse::<Synonym>().map_err(|_| Why::of_text(other)), Err)
        {
            Ok(synonym) => synonyms.push(synonym),
            Err(why) => *counts.entry(why).or_default() += 1,
        }
    }
    for (why, count) in counts {
        left_out.note(row.line, why, count);
    }
    (name, synonyms)
}

impl Why {
    fn of_text(name: &str) -> Self {
        if name.chars().count() > 500 { Self::Long } else { Self::Odd }
    }
}

/// What the row says of its substance beside names.
struct Own {
    cas: Option<CasNumber>,
    key: Option<InChIKey>,
    formula: Option<Formula>,
}

impl Own {
    fn of(row: &Row) -> Self {
        let cell = |column| row.get(column).unwrap_or_default();
        Self {
            cas: cell("cas").parse().ok(),
            key: cell("inchikey").parse().ok(),
            formula: cell("formula").parse().ok(),
        }
    }

    /// Whether a name only repeats a number or the formula. That of a mineral stays, as people call it so: CO2.
    fn says(&self, name: &str) -> bool {
        let is_formula =
            |own: &Formula| own.is_organic() && !formulas(name).is_empty() && !is_another_formula(name, Some(own));
        Number::read(name).is_some_and(|number| self.has(&number)) || self.formula.as_ref().is_some_and(is_formula)
    }

    fn has(&self, number: &Number) -> bool {
        match number {
            Number::Cas(cas) => self.cas.as_ref() == Some(cas),
            Number::Key(key) => self.key.as_ref() == Some(key),
            Number::Ec(_) => false,
        }
    }

    fn why_not(&self, name: &str) -> Option<Why> {
        // Which substance an EC number among them is of, the list does not say: it stays for the search, and names
        // nothing.
        let is_foreign = |number: &Number| !matches!(number, Number::Ec(_)) && !self.has(number);
        if Number::all_in(name).iter().any(is_foreign) {
            return Some(Why::Number);
        }
        if is_another_formula(name, self.formula.as_ref()) {
            return Some(Why::Formula);
        }
        if self.formula.as_ref().is_some_and(|own| Form::of(name).is_not_of(own).is_some()) {
            return Some(Why::Form);
        }
        (why_no_name(name).is_some() && !name.is_empty()).then_some(Why::Odd)
    }
}
