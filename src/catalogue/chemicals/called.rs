//! Whether a name is that of an entry, where the case of a letter may tell two substances apart. A name in one case
//! throughout says nothing of it: lists are in lower case or in capitals as a whole. So the case decides only where
//! both spellings have one, and a name with two real meanings (N-butylaniline, n-butylaniline) is none of either
//! without a number.

use chemistry::{Form, Formula, formulas, readings, strict_formula};

use super::{
    Chemical,
    identity::{identity, is_loud},
    locants::{has_two_meanings, is_configuration},
};

/// How a name means an entry, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Called {
    /// Letter for letter, as far as letters count.
    Exactly,
    /// Letter for letter, but the case that tells two substances apart is one that the whole entry is written in.
    InOneCase,
    /// But for a case that makes no other substance.
    InOtherCase,
    /// Perhaps, by its case, water or isotopes: its number may stand beside it.
    Either,
    /// Perhaps, and the spelling speaks against it.
    Doubtful,
}

/// What names are looked up by: without any case.
pub fn caseless(name: &str) -> String {
    identity(name).to_lowercase()
}

impl Chemical {
    /// By the best of its names that differs at most by case, and which one that is.
    pub fn called<'a>(&'a self, name: &str) -> Option<(Called, &'a str)> {
        if let Some(own) = self.names().find(|own| *own == name) {
            return Some((self.called_as(own, name)?, own));
        }
        let key = caseless(name);
        let alike = self.names().filter(|own| caseless(own) == key);
        alike.filter_map(|own| Some((self.called_as(own, name)?, own))).min_by_key(|(how, _)| *how)
    }

    /// Whether this is its name or a synonym, but for how it is written.
    pub fn is_called(&self, name: &str) -> bool {
        matches!(self.called(name), Some((Called::Exactly | Called::InOneCase, _)))
    }

    /// Whether a name beside its number may be one of its names, or is its formula.
    pub fn may_be_called(&self, name: &str) -> bool {
        let how = self.called(name).map(|(how, _)| how);
        let is_formula =
            || self.formula.as_ref().zip(strict_formula(name)).is_some_and(|(own, it)| own.has_atoms_of(&it));
        how.is_some_and(|how| how < Called::Doubtful) || is_formula()
    }

    /// Whether a name is a formula, and not the one that this is known to have.
    pub fn has_another_formula(&self, name: &str) -> bool {
        is_another_formula(name, self.formula.as_ref())
    }

    /// Whether a name among its own says other water, isotopes or another acid than it has, as older versions let in:
    /// surely, or perhaps. What it goes by first is its own.
    pub fn has_another_form(&self, name: &str) -> Option<Called> {
        let said = Form::of(name);
        if caseless(&self.name) == caseless(name) {
            return None;
        }
        let (own, formula) = (Form::of(&self.name), self.formula.as_ref());
        own.excludes(&said, formula)?;
        let is_sure =
            formula.is_some_and(|formula| said.is_not_of(formula).is_some()) || own.contradicts(&said).is_some();
        Some(if is_sure { Called::Doubtful } else { Called::Either })
    }

    /// How a name means it that differs from its own at most by case.
    fn called_as(&self, own: &str, name: &str) -> Option<Called> {
        if self.has_another_formula(name) {
            return None;
        }
        match self.has_another_form(own) {
            None => self.cased_as(own, name),
            Some(Called::Doubtful) => None,
            Some(perhaps) => self.cased_as(own, name).map(|how| how.max(perhaps)),
        }
    }

    fn cased_as(&self, own: &str, name: &str) -> Option<Called> {
        let is_unclear = has_two_meanings(name, self.formula.as_ref());
        if identity(own) == identity(name) {
            return Some(match is_unclear && (is_loud(name) || self.is_in_one_case()) {
                false => Called::Exactly,
                true if is_loud(name) => Called::Either,
                true => Called::InOneCase,
            });
        }
        let (ours, theirs) = (words(own), words(name));
        let words = if ours.len() == theirs.len() { ours.into_iter().zip(theirs).collect() } else { vec![(own, name)] };
        let differing = words.into_iter().filter(|(own, word)| identity(own) != identity(word));
        differing
            .map(|(own, word)| self.word_called_as(own, word, is_unclear))
            .try_fold(Called::Exactly, |worst, how| Some(worst.max(how?)))
    }

    fn word_called_as(&self, own: &str, word: &str, is_unclear: bool) -> Option<Called> {
        let (ours, theirs) =
            (strict_formula(own).filter(|_| has_case(own)), strict_formula(word).filter(|_| has_case(word)));
        match (ours, theirs) {
            (Some(_), _) if has_case(word) => None,
            (_, Some(_)) if has_case(own) => None,
            (None, Some(meant)) => {
                let is_own = match &self.formula {
                    Some(formula) => formula.has_atoms_of(&meant),
                    None => readings(own).len() == 1,
                };
                is_own.then_some(Called::InOtherCase)
            }
            (Some(_), _) => Some(if readings(word).len() == 1 { Called::InOtherCase } else { Called::Either }),
            _ if !is_unclear => Some(Called::InOtherCase),
            _ if is_loud(word) || self.is_in_one_case() || is_configuration(word) => Some(Called::Either),
            _ => Some(Called::Doubtful),
        }
    }

    /// Whether no name of it says anything of case.
    fn is_in_one_case(&self) -> bool {
        !self.names().any(|own| own.contains(char::is_lowercase) && own.contains(char::is_uppercase))
    }
}

/// Formulas that a name may say, also one that may be an abbreviation.
pub fn said(name: &str) -> Vec<Formula> {
    let mut said = formulas(name);
    said.extend(name.parse().ok());
    said
}

/// Whether a name is a formula, and not this one.
pub fn is_another_formula(name: &str, own: Option<&Formula>) -> bool {
    let said = formulas(name);
    !said.is_empty() && own.is_some_and(|own| !said.iter().any(|it| own.has_atoms_of(it)))
}

/// Whether the case of a word says something: both are in it, or it is a formula of one symbol or several in capitals.
fn has_case(word: &str) -> bool {
    let (lower, upper) = (word.contains(char::is_lowercase), word.contains(char::is_uppercase));
    upper && (lower || strict_formula(word).is_some())
}

fn words(name: &str) -> Vec<&str> {
    name.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::chemicals::NewChemical;

    fn entry(names: &[&str], formula: Option<&str>) -> Chemical {
        let new = json!({"name": names[0], "formula": formula, "synonyms": names[1..]});
        let new: NewChemical = serde_json::from_value(new).expect("a chemical");
        Chemical::new(uuid::Uuid::nil(), new, chrono::DateTime::UNIX_EPOCH).expect("a chemical")
    }

    fn how(names: &[&str], formula: Option<&str>, name: &str) -> Option<Called> {
        entry(names, formula).called(name).map(|(how, _)| how)
    }

    #[test]
    fn the_case_decides_only_where_both_spellings_have_one() {
        use Called::{Doubtful, Either, Exactly, InOneCase, InOtherCase};
        for (own, formula, name, expected) in [
            ("n-methylaniline", None, "N-Methylaniline", Some(InOtherCase)),
            ("N-Methylaniline", None, "n-methylaniline", Some(InOtherCase)),
            ("n-hexane", None, "N-HEXANE", Some(InOtherCase)),
            ("o-xylene", None, "O-XYLENE", Some(InOtherCase)),
            ("n-butylamine", Some("C4H11N"), "n-butylamine", Some(Exactly)),
            ("n-butyl acetate", Some("C6H12O2"), "N-BUTYL ACETATE", Some(InOtherCase)),
            ("n-butylaniline", Some("C10H15N"), "n-butylaniline", Some(InOneCase)),
            ("n-butylaniline", None, "N-butylaniline", Some(Either)),
            ("N-butylaniline", None, "N-butylaniline", Some(Exactly)),
            ("N-butylaniline", None, "N-BUTYLANILINE", Some(Either)),
            ("N-butylaniline", None, "n-butylaniline", Some(Doubtful)),
            ("s-butyl thioacetate", None, "S-Butyl thioacetate", Some(Either)),
            ("S-Butyl thioacetate", None, "s-butyl thioacetate", Some(Doubtful)),
            ("s-butyl acetate", None, "S-Butyl acetate", Some(InOtherCase)),
            ("o-methylhydroxylamine", None, "O-Methylhydroxylamine", Some(InOtherCase)),
            ("o-methylbenzaldoxime", None, "O-Methylbenzaldoxime", Some(Either)),
            ("o-toluidine", None, "O-Toluidine", Some(InOtherCase)),
            ("l-tartaric acid", None, "L-Tartaric acid", Some(Either)),
            ("L-Tartaric acid", None, "L-tartaric acid", Some(Exactly)),
            ("L-Tartaric acid", None, "l-tartaric acid", Some(Either)),
            ("l-alanine", None, "L-Alanine", Some(InOtherCase)),
            ("D-Limonene", None, "d-limonene", Some(InOtherCase)),
            ("naoh", None, "NaOH", Some(InOtherCase)),
            ("NaOH", None, "naoh", Some(InOtherCase)),
            ("COCl2", None, "cocl2", Some(Either)),
            ("COCl2", None, "COCL2", Some(Either)),
            ("COCl2", None, "CoCl2", None),
            ("cocl2", Some("CCl2O"), "CoCl2", None),
            ("cocl2", Some("CCl2O"), "COCl2", Some(InOtherCase)),
            ("cocl2", None, "CoCl2", None),
            ("co", Some("CO"), "CO", Some(InOtherCase)),
            ("co", Some("CO"), "Co", None),
            ("CO", None, "Co", None),
            ("CoS", None, "COS", None),
            ("CoCl2 solution", None, "COCl2 solution", None),
            ("c7h8n4o2", Some("C16H24N10O4"), "C7H8N4O2", None),
            ("fk506", Some("C44H69NO12"), "FK506", Some(Exactly)),
            ("thf", Some("C4H8O"), "THF", Some(Exactly)),
        ] {
            assert_eq!(how(&[own], formula, name), expected, "{own} {name}");
        }
    }

    #[test]
    fn the_formula_of_an_entry_may_stand_beside_its_number() {
        let soda = entry(&["sodium hydroxide"], Some("HNaO"));
        assert!(soda.may_be_called("NaOH") && soda.called("NaOH").is_none());
        assert!(!soda.may_be_called("KOH"));
    }
}
