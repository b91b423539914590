//! Lists in capitals write `SIO2` for `SiO2`, which by the grammar is sulfur, iodine and oxygen. Where the symbol of
//! two letters is the usual meaning, and in no formula in Hill order, both are offered.

use super::{
    formula_cations,
    formula_error::FormulaError,
    formula_parser::{Part, parse_stored},
    formula_states,
};

const ANYWHERE: [&str; 4] = ["SI", "TI", "PT", "CU"];
/// Beside carbon they may be written out: `C6H5SNH2`.
const WITHOUT_CARBON: [&str; 7] = ["NI", "NB", "SB", "SN", "PB", "PD", "TH"];
/// Where a formula begins so.
const BEGINNINGS: [(&str, &str); 19] = [
    ("CO", "COSO4"),
    ("CO", "COCO3"),
    ("CO", "CO(NO3)2"),
    ("CO", "CO3O4"),
    ("CO", "CO2O3"),
    ("CD", "CDSO4"),
    ("CD", "CDCO3"),
    ("CD", "CD(NO3)2"),
    ("CS", "CSOH"),
    ("CS", "CSI"),
    ("CS", "CSHCO3"),
    ("CS", "CS2CO3"),
    ("CS", "CS2SO4"),
    ("CS", "CSNO3"),
    ("HF", "HFO2"),
    ("IN", "INP"),
    ("IN", "IN2O3"),
    ("OS", "OSO4"),
    ("BI", "BI2O3"),
];

/// Where a formula is so, and no longer one: CSF2 is a thiocarbonyl.
const WHOLE: [(&str, &str); 11] = [
    ("CS", "CSF"),
    ("CS", "CSH"),
    ("CS", "CSN3"),
    ("CS", "CSNO2"),
    ("CS", "CSCN"),
    ("CS", "CSBF4"),
    ("CS", "CSPF6"),
    ("CS", "CSVO3"),
    ("CS", "CSHSO4"),
    ("CS", "CS2O"),
    ("CS", "CS3PO4"),
];

pub fn check(text: &str, parts: &[Part]) -> Result<(), FormulaError> {
    if text.contains(|c: char| c.is_ascii_lowercase() && c != 'x') {
        return Ok(());
    }
    let has_carbon = parts.iter().flat_map(|part| part.atoms.keys()).any(|atom| atom.element == "C");
    let begins = BEGINNINGS.iter().find(|(_, beginning)| text.starts_with(beginning));
    let begins = begins.or_else(|| WHOLE.iter().find(|(_, whole)| text == *whole)).map(|(symbol, _)| *symbol);
    let cation = formula_cations::first(text);
    let begins = begins.or(cation);
    // The first symbol comes first: the `SI` in `CSI` is none.
    let (first, rest) = text.split_at(begins.map_or(0, str::len));
    let (mut cased, mut apart) = (rest.to_owned(), text.to_owned());
    if !first.is_empty() {
        apart = divided(first) + rest;
    }
    let usual = WITHOUT_CARBON.iter().filter(|_| !has_carbon);
    for symbol in ANYWHERE.iter().chain(usual) {
        cased = cased.replace(symbol, &small(symbol));
        apart = apart.replace(symbol, &divided(symbol));
    }
    if !first.is_empty() {
        cased = small(first) + &cased;
    }
    // `NI3` is no three atoms of nickel.
    let is_compound = || {
        let elements = parse_stored(&cased).map(|parts| parts.into_iter().flat_map(|part| part.atoms.into_keys()));
        let elements = elements.map(|atoms| atoms.map(|atom| atom.element).collect::<std::collections::BTreeSet<_>>());
        elements.is_ok_and(|elements| elements.len() > 1)
    };
    if cased == text || (cation.is_none() && !is_compound()) {
        return formula_states::check(text, parts);
    }
    Err(FormulaError::Ambiguous(text.to_owned(), cased, apart))
}

fn small(symbol: &str) -> String {
    format!("{}{}", &symbol[..1], symbol[1..].to_ascii_lowercase())
}

fn divided(symbol: &str) -> String {
    format!("{}1{}", &symbol[..1], &symbol[1..])
}

#[cfg(test)]
mod tests {
    use crate::Formula;

    #[test]
    fn capitals_that_usually_mean_a_symbol_of_two_letters_are_refused_with_both() {
        for (typed, one, other) in [
            ("SIO2", "SiO2", "S1IO2"),
            ("CUSO4.5H2O", "CuSO4.5H2O", "C1USO4.5H2O"),
            ("NIO", "NiO", "N1IO"),
            ("COSO4", "CoSO4", "C1OSO4"),
            ("CO3O4", "Co3O4", "C1O3O4"),
            ("OSO4", "OsO4", "O1SO4"),
            ("CSI", "CsI", "C1S1I"),
            ("CSF", "CsF", "C1SF"),
            ("CSN3", "CsN3", "C1SN3"),
            ("CSIO3", "CsIO3", "C1S1IO3"),
            ("CSHCO3", "CsHCO3", "C1SHCO3"),
        ] {
            let told = typed.parse::<Formula>().expect_err(typed).to_string();
            assert!(told.contains(&format!("write `{one}` or `{other}`")), "{typed}: {told}");
            let [one, other] = [one, other].map(|text| text.parse::<Formula>().expect(text).molar_mass());
            assert_ne!(one, other, "{typed}");
        }
    }

    #[test]
    fn what_is_written_in_capitals_for_good_reason_stays() {
        const RIGHT: &str =
            "CO2 HNO3 CS2 CSF2 CSN2H4 HF C6H4INO2 C2H6OS KSCN KNO3 NI3 H4IN COS COF2 CO(NH2)2 BI3 H2SO4";
        for text in RIGHT.split_whitespace() {
            let read = text.parse::<Formula>().unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(read.as_str().parse::<Formula>(), Ok(read.clone()), "{text} in Hill order");
        }
    }
}
