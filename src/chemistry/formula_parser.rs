//! Reads molecular formulas: one function for each line of the grammar.
//!
//! ```text
//! formula = part { "." part }             part   = [ number ] atoms [ charge ]
//! atoms   = ( atom | group ) { … }        group  = "(" atoms ")" | "[" atoms "]"
//! atom    = symbol | "[" number symbol "]"    each atom and group: [ number ]
//! charge  = sign [ number ] | "^" [ number ] sign
//! ```

use std::collections::BTreeMap;

use super::atomic_weights::Atom;

pub(super) const MAX_LENGTH: usize = 255;
const MAX_DEPTH: u32 = 16;
/// As many as the hydrogens of the heaviest formula need, so that every formula reads back.
const MAX_COUNT_DIGITS: usize = 7;
const MAX_CHARGE: u32 = 99;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    #[error("write a formula of 1 to 255 characters, such as C2H6O")]
    Length,
    #[error("`{0}` is no element: write symbols with one capital letter, such as NaCl")]
    UnknownElement(String),
    #[error("`{0}` does not belong there: write a molecular formula such as CuSO4.5H2O or Ca+2")]
    Unexpected(char),
    #[error("something is missing: every part and every pair of brackets holds atoms")]
    Incomplete,
    #[error("brackets are nested more than 16 deep")]
    TooDeep,
    #[error(
        "write counts as whole numbers up to 9999999 without leading zero; \
         for half a water double the formula, as in (CaSO4)2.H2O"
    )]
    Count,
    #[error("write the charge after its sign, from 1 to 99, such as Ca+2")]
    Charge,
    #[error("the number before the sign may count or be the charge: write ^4- for the charge")]
    AmbiguousCharge,
    #[error("the formula is heavier than 10000000 g/mol")]
    TooHeavy,
}

pub(super) type Atoms = BTreeMap<Atom, u32>;

/// What stands between two dots: `5H2O` is the multiplier 5 and the atoms of water.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub multiplier: u32,
    pub atoms: Atoms,
    pub charge: i32,
}

pub(super) fn parse(text: &str) -> Result<Vec<Part>, FormulaError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_LENGTH {
        return Err(FormulaError::Length);
    }
    let text: String = text.chars().map(to_ascii).collect();
    text.split('.').map(|part| Parser { rest: part.trim() }.part()).collect()
}

/// Copied formulas bring typographic dots, signs and small figures along.
fn to_ascii(c: char) -> char {
    match c {
        '·' | '•' | '∙' | '⋅' | '*' => '.',
        '−' | '–' | '‐' | '‑' => '-',
        '₀'..='₉' => char::from_digit(u32::from(c) - u32::from('₀'), 10).unwrap_or(c),
        _ => c,
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn part(mut self) -> Result<Part, FormulaError> {
        let multiplier = self.count()?;
        self.rest = self.rest.trim_start();
        let atoms = self.atoms(0)?;
        let charge = self.charge()?;
        match self.rest.chars().next() {
            None => Ok(Part { multiplier, atoms, charge }),
            Some(c) => Err(FormulaError::Unexpected(c)),
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
                add(&mut atoms, atom, self.count()?)?;
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
        let counted = self.rest.starts_with(|c: char| c.is_ascii_digit());
        let times = self.count()?;
        // [Fe(CN)6]4- : chemists mean the charge, the grammar reads four times.
        if counted && self.rest.starts_with(['+', '-']) {
            return Err(FormulaError::AmbiguousCharge);
        }
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
