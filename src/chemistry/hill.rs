//! Writes formulas in Hill order, so that one composition has one text.

use std::collections::BTreeMap;

use super::{
    atomic_weights::Atom,
    formula_parser::{FormulaError, MAX_LENGTH, Part},
};

/// Equal parts are counted together; carbon comes before salts, and water comes last.
pub(super) fn write(parts: &[Part]) -> Result<String, FormulaError> {
    let mut counted = BTreeMap::new();
    for part in parts {
        let text = write_part(part);
        let has_carbon = part.atoms.keys().any(is_carbon);
        let times: &mut u32 = counted.entry((text == "H2O", !has_carbon, text)).or_default();
        *times = times.checked_add(part.multiplier).ok_or(FormulaError::TooHeavy)?;
    }
    let mut formula = String::new();
    for ((_, _, text), times) in counted {
        let dot = if formula.is_empty() { "" } else { "." };
        formula.push_str(dot);
        push_count(&mut formula, times);
        formula.push_str(&text);
    }
    // Written out, a formula at the limit may come out longer than it went in.
    if formula.len() > MAX_LENGTH { Err(FormulaError::Length) } else { Ok(formula) }
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
    if part.charge != 0 {
        text.push(if part.charge > 0 { '+' } else { '-' });
        push_count(&mut text, part.charge.unsigned_abs());
    }
    text
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
            ("H2O.H2O", "2H2O"),
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
