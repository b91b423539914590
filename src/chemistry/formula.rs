//! Molecular formulas and the molar mass that follows from them.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::{
    Postgres,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};
use utoipa::ToSchema;

pub use super::formula_parser::FormulaError;
use super::{
    atomic_weights::DECIMALS,
    formula_parser::{self, Atoms, Part},
    hill,
    molar_mass::MolarMass,
    text::text_value,
};

/// Molecular formula in Hill order (carbon, hydrogen, then alphabetically; without carbon all
/// alphabetically). Parts such as water of crystallisation keep their dot: `CuO4S.5H2O`. Brackets,
/// isotopes (`D`, `T`, `[13C]`) and charges (`Ca+2`) are understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 255, example = "C2H6O")]
pub struct Formula(Weighed);

/// The canonical text and what it weighs, which is known once it is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Weighed {
    text: String,
    molar_mass: MolarMass,
}

impl Formula {
    pub fn as_str(&self) -> &str {
        &self.0.text
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
        let parts = formula_parser::parse(text)?;
        let molar_mass = molar_mass(&parts).ok_or(FormulaError::TooHeavy)?;
        Ok(Self(Weighed { text: hill::write(&parts)?, molar_mass }))
    }
}

text_value!(Formula, FormulaError);

/// `None` if it is out of the bounds of a molar mass.
fn molar_mass(parts: &[Part]) -> Option<MolarMass> {
    let mut total: i64 = 0;
    for part in parts {
        let mass = mass_of_atoms(&part.atoms)?.checked_mul(part.multiplier.into())?;
        total = total.checked_add(mass)?;
    }
    Decimal::new(total, DECIMALS).normalize().try_into().ok()
}

fn mass_of_atoms(atoms: &Atoms) -> Option<i64> {
    atoms
        .iter()
        .try_fold(0, |sum: i64, (atom, count)| sum.checked_add(i64::from(atom.mass).checked_mul((*count).into())?))
}

// By hand, because a derived newtype would take any text of the column without the molar mass.
impl sqlx::Type<Postgres> for Formula {
    fn type_info() -> PgTypeInfo {
        <String as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(of: &PgTypeInfo) -> bool {
        <String as sqlx::Type<Postgres>>::compatible(of)
    }
}

impl PgHasArrayType for Formula {
    fn array_type_info() -> PgTypeInfo {
        String::array_type_info()
    }
}

impl sqlx::Encode<'_, Postgres> for Formula {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as sqlx::Encode<Postgres>>::encode(self.as_str(), buffer)
    }
}

impl<'r> sqlx::Decode<'r, Postgres> for Formula {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(<&str as sqlx::Decode<Postgres>>::decode(value)?.parse()?)
    }
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
        assert_eq!(error("[Fe(CN)6]4-"), FormulaError::AmbiguousCharge);
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
        for text in ["C02", "C0", "C12345678", "CaSO4.0.5H2O"] {
            assert_eq!(error(text), FormulaError::Count, "{text}");
        }
        for text in ["c6h6", "C2H6O)", "(C]", "C 2", "C--", "CuSO4.xH2O", "ethanol", "C₂H₆Ö", "1/2H2O"] {
            assert!(matches!(error(text), FormulaError::Unexpected(_)), "{text}");
        }
        for text in ["(C", "()", "C.", ".", "5", "[13C"] {
            let error = error(text);
            assert!(matches!(error, FormulaError::Incomplete | FormulaError::Unexpected(')')), "{text}");
        }
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |depth| format!("{}C{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(formula(&nested(16)).as_str(), "C");
        assert_eq!(error(&nested(17)), FormulaError::TooDeep);
        assert_eq!(error(&nested(120)), FormulaError::TooDeep);
        assert_eq!(formula("H9920634").molar_mass().to_string(), "9999999.072");
        for text in ["H9920635", "9999999U", "((U9999999)9999999)9999999", "9999999C9999999"] {
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
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", near in "[A-Ha-h0-9()\\[\\]+.^·-]{0,40}") {
            let _ = (text.parse::<Formula>(), near.parse::<Formula>());
        }
    }
}
