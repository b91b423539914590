//! The form of a substance beside its formula.

use super::{
    form::{Difference, Form, Water},
    formula::Formula,
    formula_parser::{ONCE, Part, parse_stored},
    formula_text::is_water,
};

impl Form {
    /// In what it is not that of a formula.
    pub fn is_not_of(&self, formula: &Formula) -> Option<Difference> {
        let parts = parse_stored(formula.as_str()).unwrap_or_default();
        Difference::first(
            self.water.is_some_and(|said| has_other_water(&parts, said)),
            !self.is_perhaps && !self.has_isotopes_in(&parts),
            self.acid.is_some_and(|(acid, _)| !formula.has(&acid[1..])),
        )
    }

    /// Whether the isotopes that it says are all in the formula.
    pub(super) fn has_isotopes_in(&self, parts: &[Part]) -> bool {
        !self.isotopes.iter().any(|(isotope, said)| has_other_atoms(parts, isotope, *said))
    }
}

/// Whether water is a part of its own.
pub(super) fn has_water(parts: &[Part]) -> bool {
    water_in(parts) > 0
}

/// Water that is a part of its own, in thousandths.
fn water_in(parts: &[Part]) -> u64 {
    if parts.len() < 2 { 0 } else { parts.iter().filter(|part| is_water(&part.atoms)).map(|part| part.times).sum() }
}

fn has_other_water(parts: &[Part], said: Water) -> bool {
    let count = |element: &str| -> u64 {
        let atoms = parts.iter().flat_map(|part| part.atoms.iter().map(|(atom, n)| (atom, u64::from(*n) * part.times)));
        atoms.filter(|(atom, _)| atom.element == element).map(|(_, n)| n).sum()
    };
    match (said, water_in(parts)) {
        (Water::None, water) => water > 0,
        (Water::Any, 0) => count("H") < 2 * ONCE || count("O") < ONCE,
        (Water::Any, _) => false,
        // It may be among the other atoms.
        (Water::Some(said), 0) => count("H") < 2 * said || count("O") < said,
        (Water::Some(said), water) => {
            // `Ca2O8S2.H2O` is a hemihydrate.
            let salt = parts.iter().find(|part| !is_water(&part.atoms));
            let is_multiple = |times: u64| {
                salt.is_some_and(|salt| {
                    salt.atoms.values().all(|n| (u64::from(*n) * salt.times).is_multiple_of(times * ONCE))
                })
            };
            !(1..=4).any(|times| said * times == water && is_multiple(times))
        }
    }
}

/// Whether the formula has not these atoms of the isotope.
fn has_other_atoms(parts: &[Part], isotope: &str, said: Option<u64>) -> bool {
    let atoms =
        parts.iter().flat_map(|part| part.atoms.iter().map(|(atom, n)| (atom, u64::from(*n) * part.times / ONCE)));
    let is_it = |element: &str, number: u16| match (element, number) {
        ("H", 2) => isotope == "D",
        ("H", 3) => isotope == "T",
        (element, number) => isotope == format!("{number}{element}"),
    };
    let count: u64 =
        atoms.filter(|(atom, _)| atom.nuclide.is_some_and(|number| is_it(atom.element, number))).map(|(_, n)| n).sum();
    said.map_or(count == 0, |said| said != count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(text: &str) -> Formula {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn a_name_and_its_formula_agree_in_water_isotopes_and_acid() {
        for (name, of) in [
            ("copper sulfate pentahydrate", "CuSO4"),
            ("copper sulfate pentahydrate", "CuSO4.7H2O"),
            ("Cobalt chloride Hexahydrate", "CoCl2.4H2O"),
            ("copper sulfate, anhydrous", "CuSO4.5H2O"),
            ("toluene-d8", "C7H8"),
            ("toluene-d8", "C7H5D3"),
            ("lidocaine hydrochloride", "C14H22N2O"),
        ] {
            assert!(Form::of(name).is_not_of(&formula(of)).is_some(), "{name} {of}");
        }
        for (name, of) in [
            ("copper sulfate pentahydrate", "CuSO4.5H2O"),
            ("nickel sulfate hexahydrate", "H12NiO10S"),
            ("chloral hydrate", "C2H3Cl3O2"),
            ("calcium sulfate hemihydrate", "CaSO4.0.5H2O"),
            ("carbohydrate", "C6H12O6"),
            ("toluene-d8", "C7D8"),
            ("benzene-13C6", "[13C]6H6"),
            ("lidocaine hydrochloride", "C14H23ClN2O"),
        ] {
            assert_eq!(Form::of(name).is_not_of(&formula(of)), None, "{name} {of}");
        }
    }

    #[test]
    fn a_count_behind_a_bracket_is_no_part_of_the_number_of_waters() {
        for salt in [
            "Fe(NO3)3.9H2O",
            "Ca(NO3)2.4H2O",
            "Al(NO3)3.9H2O",
            "Al2(SO4)3.18H2O",
            "Ba(OH)2.8H2O",
            "Zn(NO3)2.6H2O",
            "K4[Fe(CN)6].3H2O",
            "K3[Fe(CN)6]2.3H2O",
            "(CaSO4)2.H2O",
            "CaSO4.0.5H2O",
            "Ca(SO4).0.5H2O",
        ] {
            for name in [salt.to_owned(), salt.to_lowercase(), format!("salt, {salt}"), salt.replace("H2O", " H2O")] {
                assert_eq!(Form::of(&name).is_not_of(&formula(salt)), None, "{name}: {:?}", Form::of(&name));
            }
        }
        assert_eq!(Form::of("Fe(NO3)3.9H2O").is_not_of(&formula("Fe(NO3)3.6H2O")), Some(Difference::Water));
        let of = Form::of("Ca(NO3)2.4H2O");
        assert_eq!(of.contradicts(&Form::of("calcium nitrate tetrahydrate")), None);
        assert_eq!(Form::of("calcium nitrate tetrahydrate").excludes(&of, None), None);
        assert_eq!(Form::of("Ca(SO4)0.5H2O").water, Some(Water::Some(500)));
    }
}
