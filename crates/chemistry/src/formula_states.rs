//! Whether the charges of a formula come out even. `K2OSO4` in capitals is `K2OsO4`, as no sulfur has a charge of
//! eight: where the symbols of one letter make no compound and a metal of two letters does, both are offered.

use std::collections::BTreeMap;

use super::{
    formula_error::FormulaError,
    formula_parser::{ONCE, Part, parse_stored},
    formula_sums::Sums,
};

/// Metals whose two letters are elements of one letter, with the least and the most of their charges.
const METALS: [(&str, i64, i64); 22] = [
    ("Bi", 3, 5),
    ("Cd", 2, 2),
    ("Co", 2, 3),
    ("Cs", 1, 1),
    ("Cu", 1, 2),
    ("Dy", 3, 3),
    ("Hf", 4, 4),
    ("Ho", 3, 3),
    ("In", 1, 3),
    ("Nb", 2, 5),
    ("Nd", 3, 3),
    ("Ni", 2, 3),
    ("Np", 3, 6),
    ("Os", 2, 8),
    ("Pb", 2, 4),
    ("Pd", 2, 4),
    ("Pt", 2, 4),
    ("Pu", 3, 6),
    ("Sc", 3, 3),
    ("Sn", 2, 4),
    ("Tb", 3, 4),
    ("Yb", 2, 3),
];
/// A longer formula in capitals is refused by what it begins with, or not at all.
const MOST_PAIRS: usize = 6;

pub(super) fn check(text: &str, parts: &[Part]) -> Result<(), FormulaError> {
    if parts.iter().all(is_even) {
        return Ok(());
    }
    let is_metal =
        |pair: &str| METALS.iter().find(|(metal, ..)| metal.eq_ignore_ascii_case(pair)).map(|(metal, ..)| *metal);
    let pairs: Vec<_> = (1..text.len()).filter_map(|at| Some((at - 1, is_metal(text.get(at - 1..=at)?)?))).collect();
    for chosen in 1..1_usize << pairs.len().min(MOST_PAIRS) {
        let metals = pairs.iter().enumerate().filter(|(n, _)| (chosen >> n) & 1 == 1).map(|(_, pair)| *pair);
        let (mut cased, mut apart, mut end) = (String::new(), String::new(), 0);
        for (at, metal) in metals {
            // Two that share a letter are none.
            let Some(between) = text.get(end..at) else { continue };
            cased.extend([between, metal]);
            apart.extend([between, &metal[..1], "1", &text[at + 1..at + 2]]);
            end = at + 2;
        }
        cased.push_str(&text[end..]);
        apart.push_str(&text[end..]);
        let is_compound = |part: &Part| part.atoms.len() > 1 && is_even(part);
        if parse_stored(&cased).is_ok_and(|parts| parts.iter().all(is_compound)) {
            return Err(FormulaError::Ambiguous(text.to_owned(), cased, apart));
        }
    }
    Ok(())
}

/// Whether the elements may have charges of which none is left over.
fn is_even(part: &Part) -> bool {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for (atom, count) in &part.atoms {
        *counts.entry(atom.element).or_default() += i64::from(*count);
    }
    let total: u64 = part.atoms.values().map(|count| u64::from(*count)).sum();
    // Elements, peroxides of what is no other nonmetal, and what is too large for a salt.
    let is_peroxide = counts.contains_key("O") && counts.keys().all(|it| matches!(*it, "O" | "H" | "K"));
    if counts.len() < 2 || is_peroxide || total > 1_000 || !part.times.is_multiple_of(ONCE) {
        return true;
    }
    let is_organic = counts.contains_key("C") && counts.contains_key("H");
    let counts: Vec<_> = counts.into_iter().collect();
    is_organic || may_be_even(&counts, i64::from(part.charge))
}

/// Whether charges of the elements may add up to so much.
fn may_be_even(counts: &[(&str, i64)], wanted: i64) -> bool {
    let sums = counts.iter().fold(Sums::zero(), |sums, (element, count)| {
        match METALS.iter().find(|(metal, ..)| metal == element) {
            // Some have two charges in one oxide: Tb4O7.
            Some((_, least, most)) => sums.with_any_of(*least, *most, *count),
            None => sums.with_one_of(charges(element), *count),
        }
    });
    sums.has(wanted)
}

fn charges(element: &str) -> &'static [i64] {
    match element {
        "H" => &[1, -1],
        "K" => &[1],
        "O" => &[-2],
        "F" => &[-1],
        "B" | "Y" => &[3],
        "C" => &[4, 3, 2, -4],
        "N" => &[5, 3, -3, 4, 2, 1, -1, -2],
        "P" => &[5, 3, -3, 4, 1],
        "S" => &[6, 4, -2, 5, 3, 2, 1, -1],
        "I" => &[-1, 5, 7, 1, 3],
        "V" => &[5, 4, 3, 2],
        "W" => &[6, 5, 4, 2],
        "U" => &[6, 4, 3, 5],
        // What is not known here may have any: nothing is refused because of it.
        _ => &[0, 1, -1, 2, -2, 3, -3, 4, -4, 5, 6, 7, 8],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Formula;

    #[test]
    fn capitals_whose_charges_only_come_out_even_with_a_metal_are_refused_with_both_readings() {
        for (typed, one, other) in [
            ("K2OSO4", "K2OsO4", "K2O1SO4"),
            ("K2OSO4.2H2O", "K2OsO4.2H2O", "K2O1SO4.2H2O"),
            ("TB4O7", "Tb4O7", "T1B4O7"),
            ("K3CO(NO2)6", "K3Co(NO2)6", "K3C1O(NO2)6"),
            ("K3CO(CN)6", "K3Co(CN)6", "K3C1O(CN)6"),
            ("OSF6", "OsF6", "O1SF6"),
            ("KBIO3", "KBiO3", "KB1IO3"),
        ] {
            let told = typed.parse::<Formula>().expect_err(typed).to_string();
            assert!(told.contains(&format!("write `{one}` or `{other}`")), "{typed}: {told}");
            let [one, other] = [one, other].map(|text| text.parse::<Formula>().expect(text).molar_mass());
            assert_ne!(one, other, "{typed}");
        }
    }

    #[test]
    fn capitals_that_make_a_compound_of_one_letter_symbols_stay() {
        const RIGHT: &str = "H2SO4 HNO3 K2SO4 KHSO4 K2S2O8 K2SO5 KNO3 KNO2 KIO3 KIO4 HIO3 H3PO4 K2HPO4 P2O5 PF5 POF3 SO2F2 \
            NH4NO3 NH4PF6 KPF6 KBF4 KBH4 K2B4O7 B2O3 BN VOSO4 V2O5 YPO4 YVO4 YBO3 WO3 UO2F2 UO2(NO3)2 KOCN KSCN CS2 COS COF2 \
            CF4 C2F6 NF3 NOF NO2F NOBF4 S4N4 SF6 OF2 H2O2 KO2 K2O2 HO2 CO2 N2O N2O5 HOSO3H HFSO3 HNCO K2CO3 KHCO3 K2C2O4 \
            C2H6OS C6H4INO2 CO(NH2)2 D2O D2SO4 CD3OD ND3 T2O HDO KOD NO3- SO4-2 HSO4- NH4+ PF6-";
        for text in RIGHT.split_whitespace() {
            let read = text.parse::<Formula>().unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(read.as_str().parse::<Formula>(), Ok(read.clone()), "{text} in Hill order");
        }
    }

    /// To try the charges one by one would take longer than anybody lives.
    #[test]
    fn a_formula_of_many_atoms_of_many_metals_is_read_to_its_end() {
        let metals = METALS.iter().fold(String::new(), |text, (metal, ..)| format!("{text}{metal}45"));
        for typed in ["OS99NP99PU99IN99BI99.KF2", "OS99NP99PU99IN99BI99NB99.KF2", &metals, &metals.to_uppercase()] {
            let _ = typed.parse::<Formula>();
            let _ = format!("{typed}F").parse::<Formula>();
        }
        let told = "OS99NP99PU99IN99BI99.KF2".parse::<Formula>();
        assert!(told.is_ok() || matches!(told, Err(FormulaError::Ambiguous(..))), "{told:?}");
    }
}
