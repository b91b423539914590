//! Formulas where a name stands: which compositions a text may say, and whether they are those of a substance.

use std::collections::BTreeMap;

use super::{
    atomic_weights::Atom,
    formula::Formula,
    formula_parser::{self, Part},
    text::is_dash,
};

/// A longer text is no formula that anybody says.
const LONGEST: usize = 60;
const MOST_STEPS: usize = 4_096;

/// What a name says when it is a formula and no word, code (`FK506`) or abbreviation (`THF`) that only looks like one.
/// In one case throughout it may say several: `co2` is CO2 or Co2.
pub fn formulas(name: &str) -> Vec<Formula> {
    let name = name.trim();
    let (lower, upper) =
        (name.contains(|c: char| c.is_ascii_lowercase()), name.contains(|c: char| c.is_ascii_uppercase()));
    if name.contains(|c: char| matches!(c, '+' | '^') || is_dash(c)) {
        return Vec::new();
    }
    let has_digit = name.contains(|c: char| c.is_ascii_digit() || ('₀'..='₉').contains(&c));
    if lower && upper {
        let is_written = has_digit || is_of_symbols(name);
        return strict(name).filter(|_| is_written).into_iter().collect();
    }
    if has_digit && is_composition(&name.to_ascii_lowercase()) { readings(name) } else { Vec::new() }
}

/// All that a text in one case may say, with symbols of one letter and of two.
pub fn readings(text: &str) -> Vec<Formula> {
    let letters: Vec<char> = text.to_ascii_lowercase().chars().collect();
    let (mut all, mut steps) = (Vec::new(), if letters.len() > LONGEST { 0 } else { MOST_STEPS });
    cut(&letters, String::new(), &mut steps, &mut all);
    let found = all.iter().filter_map(|cased| strict(cased)).map(|formula| (formula.as_str().to_owned(), formula));
    found.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The one that the text is by the grammar.
pub fn strict(text: &str) -> Option<Formula> {
    Formula::of(&formula_parser::parse_stored(text).ok()?).ok()
}

/// Every way to cut the letters into symbols, as long as there are steps left.
fn cut(letters: &[char], before: String, steps: &mut usize, all: &mut Vec<String>) {
    let Some(left) = steps.checked_sub(1) else { return };
    *steps = left;
    let Some((&first, rest)) = letters.split_first() else { return all.push(before) };
    if !first.is_ascii_lowercase() {
        return cut(rest, before + &first.to_string(), steps, all);
    }
    let one = first.to_ascii_uppercase().to_string();
    if let Some((second, rest)) = rest.split_first().filter(|(second, _)| second.is_ascii_lowercase())
        && Atom::find(&format!("{one}{second}")).is_some()
    {
        cut(rest, format!("{before}{one}{second}"), steps, all);
    }
    if Atom::find(&one).is_some() {
        cut(rest, before + &one, steps, all);
    }
}

/// `NaOH` and `CoS`, in which a symbol of two letters stands beside others; `DNaP` may be an abbreviation.
fn is_of_symbols(name: &str) -> bool {
    let mut letters = name.chars().peekable();
    let (mut symbols, mut has_nuclide) = (0, false);
    while let Some(letter) = letters.next() {
        symbols += usize::from(letter.is_ascii_uppercase());
        let is_single = letters.peek().is_none_or(|next| !next.is_ascii_lowercase());
        has_nuclide |= matches!(letter, 'D' | 'T') && is_single;
    }
    let ends = ["O", "S", "F", "Cl", "Br", "I", "H", "N", "OH", "CN"];
    symbols > 1 && !has_nuclide && ends.iter().any(|end| name.ends_with(end))
}

/// Of small letters: `c7h8n4o2`, which begins with carbon and hydrogen, and `h2so4`, which ends with oxygen or fluorine
/// and has no count of two digits. Codes are otherwise: `h206`, `np13`.
fn is_composition(name: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let organic = name.strip_prefix('c').map(|rest| rest.trim_start_matches(is_digit));
    let organic = organic.and_then(|rest| rest.strip_prefix('h')).is_some_and(|rest| rest.starts_with(is_digit));
    let ends = name.trim_end_matches(is_digit).ends_with(['o', 'f']);
    let letters = name.chars().filter(char::is_ascii_alphabetic).count();
    let large = name.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_digit));
    organic || (ends && letters > 1 && !large)
}

/// Salts and oxides that are written as a molecule and as half of it, or less: what is in the bottle is the same. O2 and
/// O3 are two substances, and so are most others of one ratio.
const WRITTEN_TWICE: [(&str, &str); 18] = [
    ("O5P2", "O10P4"),
    ("O3P2", "O6P4"),
    ("P2S5", "P4S10"),
    ("As2O3", "As4O6"),
    ("O3Sb2", "O6Sb4"),
    ("AlCl3", "Al2Cl6"),
    ("AlBr3", "Al2Br6"),
    ("AlI3", "Al2I6"),
    ("Cl3Fe", "Cl6Fe2"),
    ("AuCl3", "Au2Cl6"),
    ("Cl5Nb", "Cl10Nb2"),
    ("Cl5Ta", "Cl10Ta2"),
    ("Cl5Mo", "Cl10Mo2"),
    ("ClCu", "Cl2Cu2"),
    ("ClHg", "Cl2Hg2"),
    ("HgI", "Hg2I2"),
    ("HgNO3", "Hg2N2O6"),
    ("S", "S8"),
];

impl Formula {
    /// Whether both are of the same atoms, however they are divided into parts. Of crystals with water the ratio
    /// counts, as nothing else says how many are one: plaster is CaSO4·½H2O, and (CaSO4)2·H2O. So it does of a few that
    /// are written in two ways: phosphorus pentoxide is P2O5 on its label, and P4O10 as a molecule.
    pub fn has_atoms_of(&self, other: &Self) -> bool {
        let (Some(ours), Some(theirs)) = (total(self), total(other)) else { return false };
        if ours == theirs {
            return true;
        }
        let has_parts = |formula: &Self| formula.as_str().contains(['.', '·']);
        let is_pair = |one: &Self, two: &Self| WRITTEN_TWICE.contains(&(one.as_str(), two.as_str()));
        let may_be_one = has_parts(self) || has_parts(other) || is_pair(self, other) || is_pair(other, self);
        may_be_one && self.has_ratio_of(other)
    }

    /// Whether both are of the same elements in the same ratio, and no organic substances, of which many share one.
    pub fn has_ratio_of(&self, other: &Self) -> bool {
        let (Some(ours), Some(theirs)) = (total(self), total(other)) else { return false };
        let is_organic =
            |atoms: &BTreeMap<Atom, u128>| ["C", "H"].iter().all(|it| atoms.keys().any(|a| a.element == *it));
        let Some(((_, one), (_, other))) = ours.iter().next().zip(theirs.iter().next()) else { return false };
        !is_organic(&ours)
            && ours.keys().eq(theirs.keys())
            && ours
                .values()
                .zip(theirs.values())
                .all(|(mine, yours)| mine.saturating_mul(*other) == yours.saturating_mul(*one))
    }

    pub fn has(&self, element: &str) -> bool {
        total(self).is_some_and(|atoms| atoms.keys().any(|atom| atom.element == element))
    }

    /// Whether it has carbon and hydrogen: several substances share such a formula.
    pub fn is_organic(&self) -> bool {
        self.has("C") && self.has("H")
    }
}

/// In thousandths, as there are halves of a part.
fn total(formula: &Formula) -> Option<BTreeMap<Atom, u128>> {
    let mut total = BTreeMap::new();
    for Part { times, atoms, .. } in formula_parser::parse_stored(formula.as_str()).ok()? {
        for (atom, count) in atoms {
            *total.entry(atom).or_default() += u128::from(times) * u128::from(count);
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        formulas(name).iter().map(|formula| formula.as_str().to_owned()).collect()
    }

    #[test]
    fn a_name_that_is_a_formula_is_known_from_words_codes_and_abbreviations() {
        for (name, found) in [
            ("C7H8N4O2", &["C7H8N4O2"][..]),
            ("c7h8n4o2", &["C7H8N4O2"]),
            ("CoCl2", &["Cl2Co"]),
            ("COCl2", &["CCl2O"]),
            ("NaOH", &["HNaO"]),
            ("co2", &["CO2", "Co2"]),
            ("h2so4", &["H2O4S"]),
            ("CuSO4·5H2O", &["CuO4S.5H2O"]),
        ] {
            assert_eq!(texts(name), found, "{name}");
        }
        for name in [
            "FK506",
            "fk506",
            "SN-38",
            "vp16",
            "np13",
            "h206",
            "cid137",
            "THF",
            "DNP",
            "TNT",
            "NaDCC",
            "acetone",
            "Nickel",
            "b12",
            "phosphorus",
            "NBS",
            "2-butanol",
            "Ca2+",
            "SO42-",
            "SO42\u{2013}",
            "",
            "KHP",
            "h5dtpa",
        ] {
            assert!(formulas(name).is_empty(), "{name}: {:?}", texts(name));
        }
    }

    #[test]
    fn a_text_in_one_case_may_say_several() {
        let all = |text: &str| readings(text).len();
        assert_eq!((all("naoh"), all("nacl"), all("cocl2"), all("COCL2"), all("hcl")), (1, 1, 2, 2, 1));
        assert!(readings(&"co".repeat(30)).len() < MOST_STEPS && readings(&"co".repeat(300)).is_empty());
    }

    #[test]
    fn atoms_count_and_not_the_parts_and_of_crystals_with_water_their_ratio() {
        let same = |one: &str, other: &str| strict(one).unwrap().has_atoms_of(&strict(other).unwrap());
        assert!(same("CuSO4.5H2O", "CuH10O9S") && same("NaOH", "HNaO") && same("CaSO4.0.5H2O", "(CaSO4)2.H2O"));
        assert!(
            !same("CuSO4", "CuSO4.5H2O") && !same("C2H2", "C6H6") && !same("CoCl2", "COCl2") && !same("FeCl2", "FeCl3")
        );
    }

    #[test]
    fn what_has_the_ratio_of_another_substance_is_not_that_one() {
        let same = |one: &str, other: &str| strict(one).unwrap().has_atoms_of(&strict(other).unwrap());
        for (one, other) in [("O2", "O3"), ("C", "C60"), ("NO2", "N2O4"), ("BH3", "B2H6"), ("P", "P4"), ("CN", "C2N2")]
        {
            assert!(!same(one, other) && !same(other, one), "{one} {other}");
        }
        for (one, other) in WRITTEN_TWICE.into_iter().chain([("P2O5", "P4O10"), ("FeCl3", "Fe2Cl6")]) {
            assert!(same(one, other) && same(other, one), "{one} {other}");
        }
    }
}
