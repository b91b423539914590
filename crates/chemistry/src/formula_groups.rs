//! Symbols that chemists also write for a group of atoms: `Ac2O` is acetic anhydride on every label, and by the grammar
//! an oxide of actinium. Where the group is the usual meaning, the formula is refused with both.

use super::{formula_error::FormulaError, formula_parser::Parser};

/// Symbol, the group, the element without a doubt.
const GROUPS: [(&str, &str, &str); 4] = [
    ("Ac", "(C2H3O)", "[227Ac]"),
    ("Pr", "(C3H7)", "[141Pr]"),
    ("Ts", "(C7H7O2S)", "[294Ts]"),
    // Cyanide in the wrong case.
    ("Cn", "(CN)", "[285Cn]"),
];

const HALOGENS: [&str; 4] = ["F", "Cl", "Br", "I"];

impl Parser<'_> {
    /// Of the part that began there and has been read up to here.
    pub fn check_groups(&self, begun: &str) -> Result<(), FormulaError> {
        let read = &begun[..begun.len() - self.rest.len()];
        if !self.doubting || !GROUPS.iter().any(|(symbol, ..)| read.contains(symbol)) {
            return Ok(());
        }
        let (mut as_groups, mut as_elements, mut at) = (String::new(), String::new(), 0);
        while let Some(letter) = read[at..].chars().next() {
            let known = GROUPS.iter().find(|(symbol, ..)| read[at..].starts_with(symbol));
            if let Some((symbol, group, element)) = known.filter(|known| is_group(known.0, read, at)) {
                as_groups.push_str(group);
                as_elements.push_str(element);
                at += symbol.len();
            } else {
                as_groups.push(letter);
                as_elements.push(letter);
                at += letter.len_utf8();
            }
        }
        if as_groups == read {
            return Ok(());
        }
        Err(FormulaError::Ambiguous(read.to_owned(), as_groups, as_elements))
    }
}

/// Whether the symbol there usually means the group.
fn is_group(symbol: &str, read: &str, at: usize) -> bool {
    let (before, after) = (&read[..at], &read[at + symbol.len()..]);
    let is_nuclide = before.ends_with(is_digit) && before.trim_end_matches(is_digit).ends_with('[');
    let (count, rest) = number(after);
    match symbol {
        _ if is_nuclide => false,
        "Ts" | "Cn" => !(before.is_empty() && rest.is_empty()),
        _ if before.is_empty() || before.ends_with(['(', '[']) => starts_group(symbol, before, count, rest),
        _ => ends_group(symbol, before, after),
    }
}

/// Whether it does before the rest: in `AcOH` and `Pr4NBr`, not in `Ac2O3`, `PrOCl` and `PrCO3F`.
fn starts_group(symbol: &str, before: &str, count: &str, rest: &str) -> bool {
    let (next, behind) = rest.split_at(symbol_length(rest));
    let (many, then) = number(behind);
    let is_last = closes(then);
    let follows = |symbols: &[&str]| symbols.contains(&&then[..symbol_length(then)]);
    match next {
        // `Zn(Ac)2`
        "" => closes(rest) && symbol == "Ac" && !before.trim_start_matches(['(', '[']).is_empty(),
        _ if !many.is_empty() => next == "C" && follows(&["H"]),
        "O" => !follows(&HALOGENS) && !(symbol == "Pr" && (follows(&["O"]) || then.starts_with("(OH)"))),
        "S" | "H" => true,
        "N" => !count.is_empty() || !is_last,
        "C" => !is_last && !then.starts_with("O3"),
        "P" => !count.is_empty() && is_last,
        "Mg" => symbol == "Pr" && follows(&HALOGENS),
        "Li" => symbol == "Pr" && is_last,
        next => HALOGENS.contains(&next) && is_last,
    }
}

/// Whether it does behind others: in `HOAc`, `Ti(OPr)4` and `C6H5Pr`, not in `C6H9AcO6` and `ClOPr`, where the elements
/// stand in the order of the alphabet.
fn ends_group(symbol: &str, before: &str, after: &str) -> bool {
    let is_last = closes(number(after).1);
    let is_hydrocarbon =
        before.starts_with('C') && before.contains('H') && before.chars().all(|c| matches!(c, 'C' | 'H' | '0'..='9'));
    let is_oxide = HALOGENS.iter().any(|halogen| before.strip_suffix('O') == Some(halogen));
    match last_symbol(before) {
        "O" | "S" | "N" if symbol == "Pr" && is_last && (before.len() == 1 || is_oxide) => false,
        "O" | "S" | "N" | "H" if !is_hydrocarbon => true,
        "P" => symbol == "Pr" && after.starts_with('3'),
        // `NH4Ac` and `NaAc`: without carbon actinium comes first.
        _ if symbol == "Ac" && !before.starts_with('C') => true,
        _ => is_hydrocarbon && is_last,
    }
}

fn closes(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([')', ']'])
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn number(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(is_digit).len())
}

fn symbol_length(text: &str) -> usize {
    match text.as_bytes() {
        [b'A'..=b'Z', b'a'..=b'z', ..] => 2,
        [b'A'..=b'Z', ..] => 1,
        _ => 0,
    }
}

fn last_symbol(text: &str) -> &str {
    let at = text.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or_default();
    if text[at..].len() == symbol_length(&text[at..]) { &text[at..] } else { "" }
}

#[cfg(test)]
mod tests {
    use crate::Formula;

    #[test]
    fn a_symbol_that_usually_means_a_group_is_refused_with_both_readings() {
        for (typed, group, element) in [
            ("Ac2O", "(C2H3O)2O", "[227Ac]2O"),
            ("HOAc", "HO(C2H3O)", "HO[227Ac]"),
            ("AcOH", "(C2H3O)OH", "[227Ac]OH"),
            ("NaOAc", "NaO(C2H3O)", "NaO[227Ac]"),
            ("NH4OAc", "NH4O(C2H3O)", "NH4O[227Ac]"),
            ("NH4Ac", "NH4(C2H3O)", "NH4[227Ac]"),
            ("Pd(OAc)2", "Pd(O(C2H3O))2", "Pd(O[227Ac])2"),
            ("Zn(OAc)2.2H2O", "Zn(O(C2H3O))2", "Zn(O[227Ac])2"),
            ("AcCl", "(C2H3O)Cl", "[227Ac]Cl"),
            ("AcNH2", "(C2H3O)NH2", "[227Ac]NH2"),
            ("CH3Ac", "CH3(C2H3O)", "CH3[227Ac]"),
            ("TsOH", "(C7H7O2S)OH", "[294Ts]OH"),
            ("TsOH.H2O", "(C7H7O2S)OH", "[294Ts]OH"),
            ("TsCl", "(C7H7O2S)Cl", "[294Ts]Cl"),
            ("AgOTs", "AgO(C7H7O2S)", "AgO[294Ts]"),
            ("Pr4NBr", "(C3H7)4NBr", "[141Pr]4NBr"),
            ("Ti(OPr)4", "Ti(O(C3H7))4", "Ti(O[141Pr])4"),
            ("PrOH", "(C3H7)OH", "[141Pr]OH"),
            ("Pr2NH", "(C3H7)2NH", "[141Pr]2NH"),
            ("PrNH2", "(C3H7)NH2", "[141Pr]NH2"),
            ("PrBr", "(C3H7)Br", "[141Pr]Br"),
            ("PrMgCl", "(C3H7)MgCl", "[141Pr]MgCl"),
            ("PrCN", "(C3H7)CN", "[141Pr]CN"),
            ("PrCO2H", "(C3H7)CO2H", "[141Pr]CO2H"),
            ("C6H5Pr", "C6H5(C3H7)", "C6H5[141Pr]"),
            ("PrOAc", "(C3H7)O(C2H3O)", "[141Pr]O[227Ac]"),
            ("KCn", "K(CN)", "K[285Cn]"),
        ] {
            let told = typed.parse::<Formula>().expect_err(typed).to_string();
            assert!(told.contains(&format!("write `{group}` or `{element}`")), "{typed}: {told}");
            let [group, element] = [group, element].map(|text| text.parse::<Formula>().expect(text).molar_mass());
            assert_ne!(group, element, "{typed}");
        }
    }

    /// Each also in Hill order, as the catalogue shows it.
    const OF_ELEMENTS: &str = "Ac Ac+3 AcCl3 AcF3 Ac2O3 Ac2S3 Ac(NO3)3 Ac(OH)3 AcOCl AcPO4 C6H9AcO6 Pr Pr+3 [Pr]^3+ PrCl3 \
        PrCl3.7H2O PrF3 PrBr3 PrI3 Pr2O3 Pr6O11 PrO2 Pr(OH)3 PrOOH PrOCl PrOF Pr(NO3)3.6H2O Pr2(SO4)3 Pr2(CO3)3 PrCO3F \
        PrPO4 PrN PrB6 PrC2 PrH2 Pr2S3 PrCoO3 PrNiO3 PrFeO3 Pr2CuO4 PrMnO3 Pr(CH3COO)3 LaPrO3 Ts Cn";

    #[test]
    fn compounds_of_actinium_and_praseodymium_stay_what_they_are() {
        for text in OF_ELEMENTS.split_whitespace() {
            let read = text.parse::<Formula>().unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(read.as_str().parse::<Formula>(), Ok(read.clone()), "{text} in Hill order");
        }
    }

    #[test]
    fn other_abbreviations_are_no_elements() {
        for text in ["PhOH", "MeOH", "EtOH", "BuLi", "BnBr", "BzCl", "TfOH", "MsCl", "CpH"] {
            let told = text.parse::<Formula>().expect_err(text).to_string();
            assert!(told.contains("is no element"), "{text}: {told}");
        }
    }
}
