//! What chemists write in two meanings, which is refused with both of them.
//!
//! `Ca2+` is an ion of calcium on most labels and two atoms with one charge by the grammar, and the masses differ.

use super::{
    formula_error::FormulaError,
    formula_parser::{Atoms, ONCE, Parser},
    formula_text::{self, DOT},
};

impl Parser<'_> {
    /// `13CH4.H2O`: thirteen of them, or the isotope?
    pub fn check_isotope(&self, start: &str, times: u64) -> Result<(), FormulaError> {
        let is_first = self.whole.trim_start().len() == start.len();
        if self.doubting && is_first && times > 9 * ONCE && !self.rest.is_empty() {
            return Err(FormulaError::Multiple(self.rest.to_owned()));
        }
        Ok(())
    }

    /// `Ca2+`, `SO42-`: a count before the sign that may be the charge, or end with it. One digit behind several
    /// elements is the count, as in NO3- and NH4+, but for oxygen in a positive ion: VO2+ is two.
    pub fn check_charge(&self, begun: &str, atoms: &Atoms) -> Result<(), FormulaError> {
        let is_plain = matches!(self.rest.as_bytes(), [b'+' | b'-', b'1'..=b'9', ..]);
        if !self.doubting || is_plain || !self.rest.starts_with(['+', '-']) {
            return Ok(());
        }
        let read = &begun[..begun.len() - self.rest.len()];
        let body = read.trim_end_matches(|c: char| c.is_ascii_digit());
        let count = &read[body.len()..];
        let is_cation_of_oxygen = self.rest.starts_with('+') && body.ends_with('O') && atoms.len() == 2;
        let is_group = body.ends_with([')', ']']);
        // No charge is zero.
        if count.is_empty()
            || count.ends_with('0')
            || (count.len() == 1 && atoms.len() > 1 && !is_group && !is_cation_of_oxygen)
        {
            return Ok(());
        }
        let (sign, shown) = (&self.rest[..1], format!("{read}{}", &self.rest[..1]));
        let (kept, charge) = count.split_at(count.len() - 1);
        Err(FormulaError::Ambiguous(shown, format!("{body}{kept}^{charge}{sign}"), format!("{read}^{sign}")))
    }

    /// `C-60` is no ion: one atom gives up eight electrons at most, and takes four.
    pub fn check_size_of_charge(&self, begun: &str, atoms: &Atoms, charge: i32) -> Result<(), FormulaError> {
        let count = atoms.values().copied().fold(0, u32::saturating_add);
        let most = count.saturating_mul(if charge > 0 { 8 } else { 4 });
        if !self.doubting || charge.unsigned_abs() <= most {
            return Ok(());
        }
        let read = &begun[..begun.len() - self.rest.len()];
        let body = read.split(['+', '-', '^']).next().unwrap_or_default();
        let is_counted = body.ends_with(|c: char| c.is_ascii_digit());
        let atoms = if is_counted { body.to_owned() } else { format!("{body}{}", charge.unsigned_abs()) };
        Err(FormulaError::ChargeTooLarge(read.to_owned(), charge.unsigned_abs(), atoms))
    }

    /// `C8.5H10` goes on with a digit behind a point: five times the next part, or a fraction? It is a part where what
    /// comes is one that crystals hold, and nothing else stands in it.
    pub fn check_fraction(&self, count: &str) -> Result<(), FormulaError> {
        let is_digit = |c: char| c.is_ascii_digit();
        let Some(next) = self.rest.strip_prefix('.').filter(|next| next.starts_with(is_digit)) else { return Ok(()) };
        if !self.doubting || count.is_empty() {
            return Ok(());
        }
        let mut ahead = Parser { whole: self.whole, rest: next, doubting: false };
        let is_part = ahead.part().is_ok_and(|part| formula_text::is_in_crystals(&part.atoms))
            && (ahead.rest.is_empty() || ahead.rest.starts_with(['.', DOT]));
        if is_part {
            return Ok(());
        }
        let end = next.find(|c: char| !is_digit(c)).unwrap_or(next.len());
        let fraction = format!("{count}.{}", &next[..end]);
        Err(FormulaError::Fraction(fraction, format!("{}·{next}", self.before())))
    }
}

#[cfg(test)]
mod tests {
    use crate::Formula;

    #[test]
    fn a_charge_that_no_ion_has_is_refused_with_the_atoms_that_may_be_meant() {
        for text in ["N-3", "Mn+7", "C-4", "Os+8", "[Fe(CN)6]-4"] {
            assert!(text.parse::<Formula>().is_ok(), "{text}");
        }
        for (typed, atoms) in [("C-60", "C60"), ("C^60-", "C60"), ("C+70", "C70"), ("S-8", "S8"), ("C2-60", "C2")] {
            let told = typed.parse::<Formula>().expect_err(typed).to_string();
            assert!(told.contains("no ion has") && told.contains(&format!("`{atoms}`")), "{typed}: {told}");
        }
    }
}
