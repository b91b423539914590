//! Rows of one list that have the same code. Where they say different things, nobody here knows which of them is right.

use std::collections::HashMap;

use chemistry::canonical_code;

use crate::{
    exchange::imports::{
        lines::Lines,
        own,
        table::{Row, Table},
    },
    stock::containers::Fingerprint,
};

/// Rows that can be read and have a code in common.
#[derive(Default)]
pub struct Doubled {
    by_code: HashMap<String, Group>,
    /// What each row says, by its line.
    says: HashMap<u64, Fingerprint>,
}

/// The rows of one code.
#[derive(Default)]
struct Group {
    rows: u64,
    /// How many say the same.
    alike: HashMap<Fingerprint, u64>,
    /// The first of them, and no more of what says the same than are told: whichever of these a row is itself, as many
    /// others are here.
    first: Vec<(u64, Fingerprint)>,
}

impl Group {
    fn add(&mut self, line: u64, says: Fingerprint) {
        let alike = self.alike.entry(says).or_default();
        if *alike < Lines::SHOWN && (self.first.len() as u64) < 2 * Lines::SHOWN {
            self.first.push((line, says));
        }
        *alike += 1;
        self.rows += 1;
    }

    /// The lines that say something else.
    fn others(&self, own: &Fingerprint) -> Lines {
        let more = self.rows - self.alike.get(own).copied().unwrap_or_default();
        Lines::of(self.first.iter().filter(|(_, says)| says != own).map(|(line, _)| *line), more)
    }
}

impl Doubled {
    /// `read` says what a row is beside its code.
    pub fn of(table: &Table<'_>, mut read: impl FnMut(&Row) -> Option<Fingerprint>) -> anyhow::Result<Self> {
        let mut times: HashMap<String, u32> = HashMap::new();
        for row in table.rows() {
            if let Some(code) = code(&row?) {
                *times.entry(code).or_default() += 1;
            }
        }
        times.retain(|_, times| *times > 1);
        let mut doubled = Self::default();
        if times.is_empty() {
            return Ok(doubled);
        }
        for row in table.rows() {
            let row = row?;
            let code = code(&row).filter(|code| times.contains_key(code));
            if let Some((code, says)) = code.and_then(|code| Some((code, read(&row)?))) {
                doubled.by_code.entry(code).or_default().add(row.line, says);
                doubled.says.insert(row.line, says);
            }
        }
        Ok(doubled)
    }

    /// Why a row is not the bottle of its code, unless it has come in before.
    pub fn contradiction(&self, code: &str, line: u64) -> Option<String> {
        let (group, own) = self.find(code, line)?;
        let others = group.others(own);
        let has = if others.count() == 1 { "has" } else { "have" };
        (others.count() > 0).then(|| {
            format!(
                "{others} {has} the same code and other values, and nobody here knows which is right: correct the code or the \
                 values, or take one of them out"
            )
        })
    }

    /// The first line that says the same of a code, where this one is another.
    pub fn repeated(&self, code: &str, line: u64) -> Option<u64> {
        let (group, own) = self.find(code, line)?;
        let (first, says) = group.first.first()?;
        (says == own && *first != line).then_some(*first)
    }

    fn find(&self, code: &str, line: u64) -> Option<(&Group, &Fingerprint)> {
        self.by_code.get(&canonical_code(code)).zip(self.says.get(&line))
    }
}

fn code(row: &Row) -> Option<String> {
    let made = Some(row.own(own::CODE)).filter(|code| !code.is_empty());
    row.get("code").or(made).map(canonical_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rows: &[(u64, u8)]) -> Group {
        let mut group = Group::default();
        for (line, says) in rows {
            group.add(*line, [*says; 16]);
        }
        group
    }

    #[test]
    fn of_many_lines_of_one_code_the_first_are_told_and_how_many_more_there_are() {
        let all: Vec<_> = (2..100_002).map(|line| (line, u8::from(line > 90_000))).collect();
        let group = group(&all);
        assert!(group.first.len() <= 10);
        assert_eq!(group.others(&[1; 16]).to_string(), "lines 2, 3, 4, 5, 6 and 89994 more");
        assert_eq!(group.others(&[0; 16]).to_string(), "lines 90001, 90002, 90003, 90004, 90005 and 9996 more");
        assert_eq!(group.others(&[0; 16]).count(), 10_001);
    }

    #[test]
    fn the_lines_that_are_told_are_the_first_that_say_something_else() {
        for rows in [
            vec![
                (2, 1),
                (3, 2),
                (4, 2),
                (5, 2),
                (6, 2),
                (7, 2),
                (8, 2),
                (9, 3),
                (10, 4),
                (11, 2),
                (12, 5),
                (13, 1),
                (14, 6),
            ],
            (2..30).map(|line| (line, u8::try_from(line % 3).unwrap())).collect(),
            (2..30).map(|line| (line, u8::try_from(line).unwrap())).collect(),
            vec![(2, 1), (3, 1)],
        ] {
            let group = group(&rows);
            for own in 0..40 {
                let mut others = Lines::default();
                rows.iter().filter(|(_, says)| *says != own).for_each(|(line, _)| others.add(*line));
                assert_eq!(group.others(&[own; 16]).to_string(), others.to_string(), "{own} in {rows:?}");
            }
        }
    }
}
