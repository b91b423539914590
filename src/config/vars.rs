//! Reading variables and collecting what is wrong with them: an operator mends a deployment in one go, not in
//! one restart per mistake.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use secrecy::SecretString;

/// One variable that cannot be used, and what to do about it. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub variable: String,
    pub wrong: String,
    pub remedy: String,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, noun) = (self.0.len(), if self.0.len() == 1 { "problem" } else { "problems" });
        write!(f, "the configuration has {count} {noun}; .env.example describes every variable:")?;
        for Problem { variable, wrong, remedy } in &self.0 {
            write!(f, "\n  {variable} {wrong}: {remedy}")?;
        }
        Ok(())
    }
}

/// The variables of one start. Every read is unconditional, so that a test can compare the names asked for with
/// the documented ones.
pub(super) struct Vars<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    pub asked: BTreeSet<&'static str>,
    pub problems: Vec<Problem>,
}

impl<'a> Vars<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, asked: BTreeSet::new(), problems: Vec::new() }
    }

    pub fn problem(&mut self, name: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        let (wrong, remedy) = (wrong.into(), remedy.into());
        self.problems.push(Problem { variable: name.to_owned(), wrong, remedy });
    }

    pub fn has_problem_with(&self, names: &[&str]) -> bool {
        self.problems.iter().any(|problem| names.contains(&problem.variable.as_str()))
    }

    /// The trimmed value. Platforms cannot always unset a variable, so an empty one counts as absent.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.asked.insert(name);
        let value = (self.lookup)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A value that `parse` understands. The complaint does not quote it: it may hold a password or a phone number.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.problem(name, "is malformed", format!("give {expected}"));
        }
        value
    }

    /// A comma-separated list; the complaint names the places of the entries that `parse` refuses.
    pub fn list<T>(&mut self, name: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let mut values = Vec::new();
        for (index, entry) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            match parse(entry) {
                Some(value) => values.push(value),
                None => {
                    self.problem(name, format!("has a malformed entry {}", index + 1), format!("give {expected}"));
                }
            }
        }
        values
    }

    pub fn number<T>(&mut self, name: &'static str, range: RangeInclusive<T>, default: T) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let Some(text) = self.text(name) else {
            return default;
        };
        if let Some(number) = text.parse().ok().filter(|number| range.contains(number)) {
            return number;
        }
        let remedy = format!("give a whole number from {} to {}", range.start(), range.end());
        self.problem(name, format!("is {}", quoted(&text)), remedy);
        default
    }

    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        if let Some((_, value)) = choices.iter().find(|(choice, _)| text.eq_ignore_ascii_case(choice)) {
            return *value;
        }
        let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
        self.problem(name, format!("is {}", quoted(&text)), format!("give one of {}", names.join(", ")));
        default
    }

    pub fn flag(&mut self, name: &'static str) -> bool {
        let choices = [("true", true), ("false", false), ("1", true), ("0", false)];
        self.choice(name, &choices, false)
    }

    /// Complains of each absent one of variables that mean something only together, unless all are absent: half a
    /// provider's credentials would otherwise show as a provider that is silently off.
    pub fn all_or_none(&mut self, what: &str, variables: &[(&'static str, bool)]) {
        let of = |wanted: bool| variables.iter().filter(move |(_, set)| *set == wanted).map(|(name, _)| *name);
        let present: Vec<&str> = of(true).collect();
        for name in of(false).filter(|_| !present.is_empty()) {
            let wrong = format!("is missing, though {} is set", present.join(", "));
            self.problem(name, wrong, format!("set it, or remove every variable of {what}"));
        }
    }

    pub fn together<const N: usize>(&mut self, what: &str, names: [&'static str; N]) -> Option<[String; N]> {
        let values = names.map(|name| (name, self.text(name)));
        self.all_or_none(what, &values.each_ref().map(|(name, value)| (*name, value.is_some())));
        let complete = values.iter().all(|(_, value)| value.is_some());
        complete.then(|| values.map(|(_, value)| value.unwrap_or_default()))
    }
}

/// A short value of a variable that is no secret, as shown in a complaint. A long one may be something else that
/// was pasted into the wrong line.
fn quoted(text: &str) -> String {
    if text.chars().count() <= 12 { format!("{text:?}") } else { "malformed".to_owned() }
}
