//! Writes formulas in Hill order, so that one composition has one text.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    atomic_weights::Atom,
    formula_error::FormulaError,
    formula_parser::{MAX_LENGTH, ONCE, Part, parse},
};

/// Equal parts are counted together; carbon comes before salts, and water comes last.
pub(super) fn write(parts: &[Part]) -> Result<String, FormulaError> {
    let merged = merged(parts)?;
    let mut counted = BTreeMap::new();
    for part in merged.as_ref().map_or(parts, std::slice::from_ref) {
        let text = write_part(part);
        let has_carbon = part.atoms.keys().any(is_carbon);
        let times: &mut u64 = counted.entry((text == "H2O", !has_carbon, text)).or_default();
        *times = times.checked_add(part.times).ok_or(FormulaError::TooHeavy)?;
    }
    let written: Vec<String> = counted.into_iter().map(|((_, _, text), times)| with_times(&text, times)).collect();
    let mut formula = written.join(".");
    if parse(&formula).is_err() {
        // The full stop between two parts could be a decimal point there.
        formula = written.join("·");
    }
    // Written out, a formula at the limit may come out longer than it went in.
    if formula.len() > MAX_LENGTH { Err(FormulaError::Length) } else { Ok(formula) }
}

/// Several of one part and nothing else are one part: a number before the whole formula says nothing of it.
fn merged(parts: &[Part]) -> Result<Option<Part>, FormulaError> {
    let [first, rest @ ..] = parts else { return Ok(None) };
    let times: u64 = parts.iter().map(|part| part.times).sum();
    let is_one = rest.iter().all(|part| (&part.atoms, part.charge) == (&first.atoms, first.charge));
    if !is_one || times == ONCE || !times.is_multiple_of(ONCE) {
        return Ok(None);
    }
    let times = u32::try_from(times / ONCE).map_err(|_| FormulaError::TooHeavy)?;
    let mut atoms = first.atoms.clone();
    for count in atoms.values_mut() {
        *count = count.checked_mul(times).ok_or(FormulaError::TooHeavy)?;
    }
    let charge = i32::try_from(times).ok().and_then(|times| first.charge.checked_mul(times));
    Ok(Some(Part { times: ONCE, atoms, charge: charge.ok_or(FormulaError::Charge)? }))
}

/// E. A. Hill, J. Am. Chem. Soc. 22 (1900) 478. A nuclide stands with its element.
fn write_part(part: &Part) -> String {
    let atoms = &part.atoms;
    let has_carbon = atoms.keys().any(is_carbon);
    let rank = |atom: &Atom| match atom.element {
        "C" if has_carbon => 0,
        "H" if has_carbon => 1,
        _ => 2,
    };
    let mut ordered: Vec<(&Atom, &u32)> = atoms.iter().collect();
    // Stable: within a rank the atoms stay in the order of the map, which is the alphabet's.
    ordered.sort_by_key(|(atom, _)| rank(atom));
    let mut text = String::new();
    for (atom, count) in ordered {
        match (atom.element, atom.nuclide) {
            (element, None) => text.push_str(element),
            ("H", Some(2)) => text.push('D'),
            ("H", Some(3)) => text.push('T'),
            (element, Some(number)) => {
                text.push_str(&["[", &number.to_string(), element, "]"].concat());
            }
        }
        push_count(&mut text, *count);
    }
    push_charge(&mut text, part);
    text
}

/// Behind the sign, so that nobody takes a count for it: `Ca+2`. One is written where the count could be one: `C60-1`.
fn push_charge(text: &mut String, part: &Part) {
    let charge = part.charge;
    if charge == 0 {
        return;
    }
    text.push(if charge > 0 { '+' } else { '-' });
    if charge.unsigned_abs() == 1 && parse(text).is_err() {
        text.push('1');
    }
    push_count(text, charge.unsigned_abs());
}

fn with_times(text: &str, times: u64) -> String {
    if times == ONCE {
        return text.to_owned();
    }
    let times = Decimal::new(i64::try_from(times).unwrap_or(i64::MAX), 3).normalize();
    format!("{times}{text}")
}

fn is_carbon(atom: &Atom) -> bool {
    atom.element == "C"
}

fn push_count(text: &mut String, count: u32) {
    if count != 1 {
        text.push_str(&count.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::{super::formula_parser::parse, *};

    fn written(text: &str) -> String {
        write(&parse(text).unwrap()).unwrap()
    }

    #[test]
    fn formulas_are_written_in_hill_order() {
        for (typed, hill) in [
            ("C2H5OH", "C2H6O"),
            ("CH3COOH", "C2H4O2"),
            ("HgCl2", "Cl2Hg"),
            ("(NH4)2SO4", "H8N2O4S"),
            ("H2O", "H2O"),
            ("K4[Fe(CN)6]", "C6FeK4N6"),
            ("CO", "CO"),
            ("Co", "Co"),
            ("C6H5NO2", "C6H5NO2"),
            (" H₂SO₄ ", "H2O4S"),
        ] {
            assert_eq!(written(typed), hill);
        }
    }

    #[test]
    fn parts_keep_their_dot_and_have_one_order() {
        for (typed, hill) in [
            ("CuSO4.5H2O", "CuO4S.5H2O"),
            ("CuSO4 · 5 H2O", "CuO4S.5H2O"),
            ("5H2O*CuSO4", "CuO4S.5H2O"),
            ("HCl.C17H21NO4", "C17H21NO4.ClH"),
            ("H2O.H2O", "H4O2"),
            ("Na+.Na+", "Na2+2"),
            ("(CaSO4)2.H2O", "Ca2O8S2.H2O"),
        ] {
            assert_eq!(written(typed), hill);
        }
    }

    #[test]
    fn isotopes_stand_with_their_element() {
        for (typed, hill) in [
            ("D2O", "D2O"),
            ("HDO", "HDO"),
            ("T2O", "T2O"),
            ("[2H]2O", "D2O"),
            ("CDCl3", "CDCl3"),
            ("CD3OH", "CHD3O"),
            ("[3He]", "[3He]"),
            ("[13C]6H12O6", "[13C]6H12O6"),
        ] {
            assert_eq!(written(typed), hill);
        }
    }

    #[test]
    fn a_formula_that_comes_out_longer_than_the_limit_is_refused() {
        let elements = "AgAlArAsAuBaBiBrCaCdCeClCoCrCsCuFeGaGeHfHgInIrKrLaLiLuMgMnMoNaNbNdNeNiOsPbPdPrPt";
        let text = format!("({elements}RbReRhRnRuSbScSeSi)9999");
        assert!(text.len() < MAX_LENGTH);
        assert_eq!(write(&parse(&text).unwrap()), Err(FormulaError::Length));
    }
}
