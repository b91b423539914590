//! Molecular formulas and the molar mass that follows from them.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;

pub use super::formula_error::FormulaError;
use super::{
    atomic_weights::DECIMALS,
    formula_parser::{self, Atoms, Part},
    hill,
    molar_mass::MolarMass,
    smiles,
    text::text_value,
};

/// Molecular formula in Hill order (carbon, hydrogen, then alphabetically; without carbon all
/// alphabetically). Parts such as water of crystallisation keep their dot: `CuO4S.5H2O`. Brackets,
/// isotopes (`D`, `T`, `[13C]`) and charges (`Ca+2`) are understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, max_length = 255, example = "C2H6O")
)]
pub struct Formula(Weighed);

/// The canonical text and what it weighs, which is known once it is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Weighed {
    text: String,
    molar_mass: MolarMass,
    /// Whether an element in it has no standard weight.
    is_rough: bool,
}

impl Weighed {
    fn new(text: String, parts: &[Part]) -> Result<Self, FormulaError> {
        let molar_mass = molar_mass(parts).ok_or(FormulaError::TooHeavy)?;
        let is_rough = parts.iter().flat_map(|part| part.atoms.keys()).any(super::atomic_weights::Atom::is_rough);
        Ok(Self { text, molar_mass, is_rough })
    }
}

impl Formula {
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether both are one composition. Where parts or charges are written apart, the mass tells.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_apart = |formula: &Self| formula.as_str().contains(['.', '·', '+', '-']);
        let masses = || self.molar_mass().get() - other.molar_mass().get();
        self.as_str() == other.as_str() || ((is_apart(self) || is_apart(other)) && masses().abs() < Decimal::new(1, 2))
    }

    /// Whether a molar mass is not this formula's. Of elements without a standard weight the mass number is that of one
    /// isotope among several.
    pub fn contradicts(&self, given: MolarMass) -> bool {
        let own = self.molar_mass();
        if !self.0.is_rough {
            return own.differs_from(given);
        }
        (own.get() - given.get()).abs() > own.get() * Decimal::new(5, 2)
    }

    /// From conventional atomic weights. The electrons of an ion are not counted: they weigh less
    /// than the weights are known.
    pub fn molar_mass(&self) -> MolarMass {
        self.0.molar_mass
    }
}

impl FromStr for Formula {
    type Err = FormulaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = formula_parser::parse(text);
        let read = Self::of(&parts.map_err(|why| if smiles::is_smiles(text) { FormulaError::Smiles } else { why })?)?;
        let both = || FormulaError::PerhapsSmiles(text.trim().to_owned(), read.0.text.clone());
        if smiles::may_be_smiles(text) { Err(both()) } else { Ok(read) }
    }
}

impl Formula {
    pub(super) fn of(parts: &[Part]) -> Result<Self, FormulaError> {
        Ok(Self(Weighed::new(hill::write(parts)?, parts)?))
    }

    /// Whether a text is one by the grammar, also where it has two meanings.
    pub fn is_one(text: &str) -> bool {
        formula_parser::parse_stored(text).is_ok()
    }

    /// From a text that [`Formula::as_str`] gave: it stays as it is.
    #[cfg(feature = "sqlx")]
    pub(super) fn of_stored(text: &str) -> Result<Self, FormulaError> {
        let parts = formula_parser::parse_stored(text)?;
        Ok(Self(Weighed::new(text.to_owned(), &parts)?))
    }
}

text_value!(Formula, FormulaError);

/// `None` if it is out of the bounds of a molar mass.
fn molar_mass(parts: &[Part]) -> Option<MolarMass> {
    let mut total: i64 = 0;
    for part in parts {
        let mass = i128::from(mass_of_atoms(&part.atoms)?).checked_mul(part.times.into())?;
        total = total.checked_add(i64::try_from(mass).ok()?)?;
    }
    Decimal::new(total, DECIMALS + 3).normalize().try_into().ok()
}

fn mass_of_atoms(atoms: &Atoms) -> Option<i64> {
    atoms
        .iter()
        .try_fold(0, |sum: i64, (atom, count)| sum.checked_add(i64::from(atom.mass).checked_mul((*count).into())?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn formula(text: &str) -> Formula {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn error(text: &str) -> FormulaError {
        text.parse::<Formula>().unwrap_err()
    }

    #[test]
    fn charges_stand_at_the_end_of_their_part() {
        for (typed, hill) in [
            ("Na+", "Na+"),
            ("Ca+2", "Ca+2"),
            ("Ca^2+", "Ca+2"),
            ("C2H3O2-", "C2H3O2-"),
            ("CH3COO−", "C2H3O2-"),
            ("SO4^2-", "O4S-2"),
            ("[Fe(CN)6]^4-", "C6FeN6-4"),
            ("Ca+2.2Cl-", "Ca+2.2Cl-"),
        ] {
            assert_eq!(formula(typed).as_str(), hill);
        }
        for text in ["Ca+0", "Ca+100", "Ca^2", "Ca^", "Ca+99999999999"] {
            assert_eq!(error(text), FormulaError::Charge, "{text}");
        }
    }

    #[test]
    fn molar_masses_are_the_ones_on_the_label() {
        for (text, mass) in [
            ("H2O", "18.015"),
            ("C2H6O", "46.069"),
            ("NaCl", "58.44"),
            ("CuSO4.5H2O", "249.677"),
            ("(NH4)2SO4", "132.134"),
            ("Ca+2", "40.078"),
            ("D2O", "20.0272"),
        ] {
            assert_eq!(formula(text).molar_mass().to_string(), mass, "{text}");
        }
    }

    #[test]
    fn what_is_no_formula_is_refused_with_its_reason() {
        assert_eq!(error(""), FormulaError::Length);
        assert_eq!(error(&"C".repeat(256)), FormulaError::Length);
        assert_eq!(error("NACL"), FormulaError::UnknownElement("A".into()));
        assert_eq!(error("Xx2"), FormulaError::UnknownElement("Xx".into()));
        assert_eq!(error("[5C]"), FormulaError::UnknownElement("[5C]".into()));
        for text in ["C02", "C0", "C12345678"] {
            assert_eq!(error(text), FormulaError::Count, "{text}");
        }
        for text in ["c6h6", "C2H6O)", "(C]", "C 2", "C--", "ethanol", "C₂H₆Ö", "1/2H2O"] {
            assert!(matches!(error(text), FormulaError::Unexpected(_)), "{text}");
        }
        for text in ["(C", "()", "C.", "5", "[13C"] {
            let error = error(text);
            assert!(matches!(error, FormulaError::Incomplete | FormulaError::Unexpected(')')), "{text}");
        }
    }

    /// Both meanings stand in the message, and each, typed as it is proposed, is read as what it says.
    #[test]
    fn what_has_two_meanings_is_refused_with_both() {
        for (typed, one, other) in [
            ("Ca2+", "Ca^2+", "Ca2^+"),
            ("Fe3+", "Fe^3+", "Fe3^+"),
            ("Mg2+", "Mg^2+", "Mg2^+"),
            ("SO42-", "SO4^2-", "SO42^-"),
            ("PO43-", "PO4^3-", "PO43^-"),
            ("CO32-", "CO3^2-", "CO32^-"),
            ("C6H5O73-", "C6H5O7^3-", "C6H5O73^-"),
            ("VO2+", "VO^2+", "VO2^+"),
            ("[Fe(CN)6]4-", "[Fe(CN)6]^4-", "[Fe(CN)6]4^-"),
            ("Ca2+.2Cl-", "Ca^2+", "Ca2^+"),
        ] {
            let told = error(typed).to_string();
            assert!(told.contains(&format!("`{one}`")) && told.contains(&format!("`{other}`")), "{typed}: {told}");
            assert_ne!(formula(one).molar_mass(), formula(other).molar_mass(), "{typed}");
        }
        for (typed, told) in [
            ("C12.3H20.1O2", "`12.3` may be a fraction"),
            ("Bi2.1Sr1.9CaCu2O8", "`2.1` may be a fraction"),
            ("C8.5H10", "write `C8·5H10` for two parts"),
            ("C8.5H10O", "fraction"),
            ("YBa2Cu3O6.9", "`6.9` may be a fraction"),
            ("13CH4", "write `CH4`, or [13C]"),
            ("15NH3", "write `NH3`"),
            ("13CO2.H2O", "[13C]"),
            ("2H2O", "write `H2O`"),
            ("CuSO4.xH2O", "`x` is no number"),
            ("CuSO4·nH2O", "`n` is no number"),
            ("CuSO4 x H2O", "two meanings"),
            ("(C2H4)n", "`n` is no number"),
            ("CH3-CH2-OH", "is a bond"),
        ] {
            let said = error(typed).to_string();
            assert!(said.contains(told), "{typed}: {said}");
        }
    }

    /// Computed by hand from the IUPAC weights: H 1.008, C 12.011, N 14.007, O 15.999, S 32.06, Cl 35.45, Mg 24.305,
    /// Ca 40.078, Co 58.933, Ni 58.693, Cu 63.546.
    #[test]
    fn labels_with_water_halves_and_raised_figures_are_read_as_they_are_meant() {
        for (typed, hill, mass) in [
            ("NO3-", "NO3-", "62.004"),
            ("NH4+", "H4N+", "18.039"),
            ("Ca^2+", "Ca+2", "40.078"),
            ("Ca²⁺", "Ca+2", "40.078"),
            ("SO4²⁻", "O4S-2", "96.056"),
            ("SO₄²⁻", "O4S-2", "96.056"),
            ("NO3⁻", "NO3-", "62.004"),
            ("¹³CO2", "[13C]O2", "45.0014"),
            ("CoCl2 x 6H2O", "Cl2Co.6H2O", "237.923"),
            ("NiSO4 × 6 H2O", "NiO4S.6H2O", "262.839"),
            ("CuSO4·5H2O", "CuO4S.5H2O", "249.677"),
            ("CuSO4x5H2O", "CuO4S.5H2O", "249.677"),
            ("MgSO4.7H2O", "MgO4S.7H2O", "246.466"),
            ("(CaSO4)2.H2O", "Ca2O8S2.H2O", "290.283"),
            ("CaSO4.0.5H2O", "CaO4S.0.5H2O", "145.1415"),
            ("CaSO4·½H2O", "CaO4S.0.5H2O", "145.1415"),
            ("CdSO4·2⅔H2O", "", ""),
            ("C8·5H10", "C8·5H10", "146.488"),
        ] {
            if hill.is_empty() {
                error(typed);
                continue;
            }
            let read = formula(typed);
            assert_eq!((read.as_str(), read.molar_mass().to_string().as_str()), (hill, mass), "{typed}");
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |depth| format!("{}C{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(formula(&nested(16)).as_str(), "C");
        assert_eq!(error(&nested(17)), FormulaError::TooDeep);
        assert_eq!(error(&nested(120)), FormulaError::TooDeep);
        assert_eq!(formula("H9920634").molar_mass().to_string(), "9999999.072");
        for text in ["H9920635", "U.9999999U", "((U9999999)9999999)9999999", "U.9999999C9999999"] {
            assert_eq!(error(text), FormulaError::TooHeavy, "{text}");
        }
    }

    fn any_formula() -> impl Strategy<Value = String> {
        let atom = "(C|H|N|O|Cl|Na|D|\\[13C\\])([1-9][0-9]?)?";
        let atoms = prop::collection::vec(atom, 1..8).prop_map(|atoms| atoms.concat());
        let part = (0..4_u32, atoms.clone(), atoms, "|[+-]|[+-][1-9]").prop_map(|(times, front, group, charge)| {
            let times = if times > 1 { times.to_string() } else { String::new() };
            format!("{times}{front}({group})3C{charge}")
        });
        prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("."))
    }

    proptest! {
        #[test]
        fn the_hill_form_reads_back_as_itself(text in any_formula()) {
            let Ok(first) = text.parse::<Formula>() else { return Ok(()) };
            prop_assert_eq!(formula(first.as_str()), first);
            // Never as what has two meanings.
            let undoubted = formula_parser::parse_stored(&text).expect("what is read with doubts is read without");
            prop_assert_eq!(Formula::of(&undoubted), Ok(formula(&text)));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", near in "[A-Ha-h0-9()\\[\\]+.^·-]{0,40}") {
            let _ = (text.parse::<Formula>(), near.parse::<Formula>());
        }
    }
}
