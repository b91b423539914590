//! Rows of one list that have the same code. Where they say different things, nobody here knows which of them is right.

use std::collections::HashMap;

use chemistry::canonical_code;

use crate::{
    exchange::imports::{
        own,
        table::{Row, Table},
    },
    stock::containers::Fingerprint,
};

/// Rows that can be read, by their code: the line of each, and what it says.
#[derive(Default)]
pub struct Doubled(HashMap<String, Vec<(u64, Fingerprint)>>);

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
        let mut all: HashMap<String, Vec<_>> = HashMap::new();
        if times.is_empty() {
            return Ok(Self::default());
        }
        for row in table.rows() {
            let row = row?;
            let code = code(&row).filter(|code| times.contains_key(code));
            if let Some((code, says)) = code.and_then(|code| Some((code, read(&row)?))) {
                all.entry(code).or_default().push((row.line, says));
            }
        }
        Ok(Self(all))
    }

    /// Why a row is not the bottle of its code, unless it has come in before.
    pub fn contradiction(&self, code: &str, line: u64) -> Option<String> {
        let all = self.0.get(&canonical_code(code))?;
        let (_, own) = all.iter().find(|(other, _)| *other == line)?;
        let lines: Vec<_> = all.iter().filter(|(_, says)| says != own).map(|(line, _)| line.to_string()).collect();
        let (line, has) = if lines.len() == 1 { ("line", "has") } else { ("lines", "have") };
        (!lines.is_empty()).then(|| {
            format!(
                "{line} {} {has} the same code and other values, and nobody here knows which is right: correct the code or the \
                 values, or take one of them out",
                lines.join(", ")
            )
        })
    }

    /// The first line that says the same of a code, where this one is another.
    pub fn repeated(&self, code: &str, line: u64) -> Option<u64> {
        let all = self.0.get(&canonical_code(code))?;
        let (first, says) = all.first()?;
        all.iter().any(|(other, own)| *other == line && own == says && *first != line).then_some(*first)
    }
}

fn code(row: &Row) -> Option<String> {
    let made = Some(row.own(own::CODE)).filter(|code| !code.is_empty());
    row.get("code").or(made).map(canonical_code)
}
