//! Reads molecular formulas: one function for each line of the grammar.
//!
//! ```text
//! formula = part { dot part }             part   = [ times ] atoms [ charge ]
//! atoms   = ( atom | group ) { … }        group  = "(" atoms ")" | "[" atoms "]"
//! atom    = symbol | "[" number symbol "]"    each atom and group: [ number ]
//! charge  = sign [ number ] | "^" [ number ] sign
//! times   = number [ "." number ] | "½"       dot    = "." | "·" | "x" | "×"
//! ```
//!
//! What chemists write in two meanings is refused (`formula_doubts`, `formula_groups`). What is stored was read once
//! already, so [`parse_stored`] takes it by the grammar.

use std::collections::BTreeMap;

use super::{
    atomic_weights::Atom,
    formula_capitals,
    formula_error::FormulaError,
    formula_text::{self, DOT},
};

pub(super) const MAX_LENGTH: usize = 255;
const MAX_DEPTH: u32 = 16;
/// As many as the hydrogens of the heaviest formula need, so that every formula reads back.
const MAX_COUNT_DIGITS: usize = 7;
const MAX_CHARGE: u32 = 99;

pub(super) type Atoms = BTreeMap<Atom, u32>;

/// What stands between two dots: `5H2O` is five times the atoms of water.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// In thousandths, as there are salts with half a water.
    pub times: u64,
    pub atoms: Atoms,
    pub charge: i32,
}

pub(super) const ONCE: u64 = 1_000;

/// As somebody typed it.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, FormulaError> {
    read(text, true)
}

/// As the database holds it.
pub(super) fn parse_stored(text: &str) -> Result<Vec<Part>, FormulaError> {
    read(text, false)
}

fn read(text: &str, doubting: bool) -> Result<Vec<Part>, FormulaError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_LENGTH {
        return Err(FormulaError::Length);
    }
    let text = formula_text::plain(text);
    let mut parser = Parser { whole: &text, rest: &text, doubting };
    let mut parts = vec![parser.part()?];
    while parser.dot()? {
        parts.push(parser.part()?);
    }
    if let [only] = &parts[..]
        && doubting
        && only.times != ONCE
    {
        let bare = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start();
        return Err(FormulaError::Multiple(bare.to_owned()));
    }
    if doubting {
        formula_capitals::check(&text, &parts)?;
    }
    Ok(parts)
}

pub(super) struct Parser<'a> {
    pub whole: &'a str,
    pub rest: &'a str,
    /// Whether what has two meanings is refused.
    pub doubting: bool,
}

impl<'a> Parser<'a> {
    pub fn part(&mut self) -> Result<Part, FormulaError> {
        self.spaces();
        let start = self.rest;
        let times = self.times()?;
        self.spaces();
        self.check_isotope(start, times)?;
        let begun = self.rest;
        let atoms = self.atoms(0)?;
        self.check_groups(begun)?;
        self.check_charge(begun, &atoms)?;
        let charge = self.charge()?;
        self.check_size_of_charge(begun, &atoms, charge)?;
        self.spaces();
        Ok(Part { times, atoms, charge })
    }

    /// Whether another part follows.
    fn dot(&mut self) -> Result<bool, FormulaError> {
        let Some(c) = self.rest.chars().next() else { return Ok(false) };
        if !matches!(c, '.' | DOT | 'x') {
            let is_bond = c.is_ascii_uppercase() && self.before().ends_with(['+', '-']);
            let is_open = c == 'n' && self.before().ends_with([')', ']']);
            return Err(match c {
                _ if is_bond => FormulaError::Bond,
                _ if is_open => FormulaError::Unspecified(c),
                _ => FormulaError::Unexpected(c),
            });
        }
        let (before, rest) = (self.before(), &self.rest[c.len_utf8()..]);
        self.rest = rest;
        self.spaces();
        if let Some(unknown @ ('x' | 'n')) = self.rest.chars().next() {
            return Err(FormulaError::Unspecified(unknown));
        }
        if c == 'x' && !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let (one, many) = (format!("{}·{}", before.trim_end(), self.rest), "the formula without it".to_owned());
            return Err(FormulaError::Ambiguous(self.whole.to_owned(), one, many));
        }
        Ok(true)
    }

    /// What has been read.
    pub fn before(&self) -> &'a str {
        &self.whole[..self.whole.len() - self.rest.len()]
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// How often the part is there: `5`, or `0.5` for half of it.
    fn times(&mut self) -> Result<u64, FormulaError> {
        let whole = self.rest;
        let digits = self.digits();
        let decimals = match self.rest.as_bytes() {
            [b'.', b'0'..=b'9', ..] if !digits.is_empty() => {
                self.take(1);
                self.digits()
            }
            _ => "",
        };
        match (digits, decimals) {
            ("", _) => Ok(ONCE),
            (_, "") => {
                self.rest = whole;
                self.count().map(|count| u64::from(count) * ONCE)
            }
            (_, decimals) if digits.len() > MAX_COUNT_DIGITS || decimals.len() > 3 => Err(FormulaError::Count),
            (digits, decimals) => {
                let thousandths = format!("{digits}{decimals:0<3}").parse().map_err(|_| FormulaError::Count)?;
                if thousandths == 0 { Err(FormulaError::Count) } else { Ok(thousandths) }
            }
        }
    }

    fn atoms(&mut self, depth: u32) -> Result<Atoms, FormulaError> {
        let mut atoms = Atoms::new();
        loop {
            if let Some(group) = self.group(depth)? {
                for (atom, count) in group {
                    add(&mut atoms, atom, count)?;
                }
            } else if let Some(atom) = self.atom()? {
                add(&mut atoms, atom, self.count_of_atoms()?)?;
            } else if atoms.is_empty() {
                return Err(self.rest.chars().next().map_or(FormulaError::Incomplete, FormulaError::Unexpected));
            } else {
                return Ok(atoms);
            }
        }
    }

    fn group(&mut self, depth: u32) -> Result<Option<Atoms>, FormulaError> {
        let close = match self.rest.as_bytes() {
            [b'(', ..] => ')',
            [b'[', next, ..] if !next.is_ascii_digit() => ']',
            _ => return Ok(None),
        };
        if depth == MAX_DEPTH {
            return Err(FormulaError::TooDeep);
        }
        self.rest = &self.rest[1..];
        let mut atoms = self.atoms(depth + 1)?;
        self.expect(close)?;
        let times = self.count_of_atoms()?;
        for count in atoms.values_mut() {
            *count = count.checked_mul(times).ok_or(FormulaError::TooHeavy)?;
        }
        Ok(Some(atoms))
    }

    fn atom(&mut self) -> Result<Option<Atom>, FormulaError> {
        if self.rest.starts_with('[') {
            return self.nuclide().map(Some);
        }
        let symbol = self.symbol();
        if symbol.is_empty() {
            return Ok(None);
        }
        Atom::find(symbol).map(Some).ok_or_else(|| FormulaError::UnknownElement(symbol.to_owned()))
    }

    /// `[13C]`
    fn nuclide(&mut self) -> Result<Atom, FormulaError> {
        self.expect('[')?;
        let number = self.digits();
        let symbol = self.symbol();
        self.expect(']')?;
        let nuclide = number.parse().ok().and_then(|number| Atom::find_nuclide(symbol, number));
        nuclide.ok_or_else(|| FormulaError::UnknownElement(format!("[{number}{symbol}]")))
    }

    /// A capital letter with the small one behind it, if any; empty at anything else.
    fn symbol(&mut self) -> &'a str {
        let length = match self.rest.as_bytes() {
            [b'A'..=b'Z', b'a'..=b'z', ..] => 2,
            [b'A'..=b'Z', ..] => 1,
            _ => 0,
        };
        self.take(length)
    }

    /// A count, which is 1 where none is written.
    fn count(&mut self) -> Result<u32, FormulaError> {
        match self.digits() {
            "" => Ok(1),
            // C02 is a misread CO2.
            digits if digits.starts_with('0') || digits.len() > MAX_COUNT_DIGITS => Err(FormulaError::Count),
            digits => digits.parse().map_err(|_| FormulaError::Count),
        }
    }

    /// The count behind an atom or a group.
    fn count_of_atoms(&mut self) -> Result<u32, FormulaError> {
        let (begun, count) = (self.rest, self.count()?);
        self.check_fraction(&begun[..begun.len() - self.rest.len()])?;
        Ok(count)
    }

    fn charge(&mut self) -> Result<i32, FormulaError> {
        let caret = self.rest.starts_with('^');
        let mut number = "";
        if caret {
            self.take(1);
            number = self.digits();
        }
        let sign = match self.rest.as_bytes() {
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ if caret => return Err(FormulaError::Charge),
            _ => return Ok(0),
        };
        self.take(1);
        if !caret {
            number = self.digits();
        }
        let charge = if number.is_empty() { Ok(1) } else { number.parse::<u32>() };
        match charge {
            Ok(charge @ 1..=MAX_CHARGE) => Ok(sign * i32::try_from(charge).map_err(|_| FormulaError::Charge)?),
            _ => Err(FormulaError::Charge),
        }
    }

    fn digits(&mut self) -> &'a str {
        self.take(self.rest.bytes().take_while(u8::is_ascii_digit).count())
    }

    fn expect(&mut self, expected: char) -> Result<(), FormulaError> {
        match self.rest.chars().next() {
            Some(c) if c == expected => {
                self.take(1);
                Ok(())
            }
            Some(other) => Err(FormulaError::Unexpected(other)),
            None => Err(FormulaError::Incomplete),
        }
    }

    /// Only ever called for ASCII characters that were looked at.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

fn add(atoms: &mut Atoms, atom: Atom, count: u32) -> Result<(), FormulaError> {
    let total = atoms.entry(atom).or_default();
    *total = total.checked_add(count).ok_or(FormulaError::TooHeavy)?;
    Ok(())
}
