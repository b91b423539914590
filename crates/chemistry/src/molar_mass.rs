//! Molar masses.

use rust_decimal::Decimal;

use super::decimal::{DecimalError, Digits, decimal_value};

/// Molar mass in g/mol, as a decimal string: more than 0 and at most 10,000,000. Zeros at the end are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = r"^[0-9]{1,8}(\.[0-9]{1,12})?$", example = "46.069")
)]
pub struct MolarMass(Decimal);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MolarMassError {
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    #[error("write a molar mass in g/mol that is more than 0 and at most 10000000")]
    Range,
}

impl MolarMass {
    const DIGITS: Digits = Digits { before: 8, after: 12 };

    #[cfg(feature = "sqlx")]
    fn of_column(number: Decimal) -> Self {
        Self(number.normalize())
    }

    /// In g/mol; the heaviest single molecules sold, large DNA apart, stay well below.
    pub const MAX: u32 = 10_000_000;

    /// Whether two statements about one substance contradict each other. Tables of atomic weights
    /// agree far better than 0.1 %, and one hydrogen more or less shows up to about 1,000 g/mol.
    pub fn differs_from(self, other: Self) -> bool {
        let difference = (self.0 - other.0).abs();
        difference * Decimal::ONE_THOUSAND > self.0.max(other.0)
    }
}

impl TryFrom<Decimal> for MolarMass {
    type Error = MolarMassError;

    fn try_from(grams_per_mole: Decimal) -> Result<Self, Self::Error> {
        if grams_per_mole <= Decimal::ZERO || grams_per_mole > Decimal::from(Self::MAX) {
            return Err(MolarMassError::Range);
        }
        Ok(Self(Self::DIGITS.check(grams_per_mole)?.normalize()))
    }
}

decimal_value!(MolarMass, MolarMassError);

#[cfg(test)]
mod tests {
    use super::*;

    fn mass(text: &str) -> MolarMass {
        text.parse().unwrap()
    }

    #[test]
    fn the_bounds_are_more_than_zero_and_ten_million() {
        for text in ["0.000000000001", "46.069", "10000000"] {
            assert_eq!(mass(text).to_string(), text);
        }
        assert_eq!(mass("10000000.0").to_string(), "10000000");
        for text in ["0", "0.0", "10000000.1", "99999999"] {
            assert_eq!(text.parse::<MolarMass>(), Err(MolarMassError::Range), "{text}");
        }
        for text in ["", "-46", "4.6e1", "100000000", "46,069"] {
            assert!(matches!(text.parse::<MolarMass>(), Err(MolarMassError::Decimal(_))), "{text}");
        }
    }

    #[test]
    fn masses_differ_from_more_than_a_thousandth_of_the_larger_one() {
        assert!(!mass("46.06844").differs_from(mass("46.069")));
        assert!(!mass("1000").differs_from(mass("999")), "exactly 0.1 % is still the same");
        assert!(mass("1000").differs_from(mass("998.9")));
        assert!(mass("998.9").differs_from(mass("1000")), "in either order");
        assert!(mass("249.68").differs_from(mass("159.60")), "a hydrate is not its anhydrous salt");
        assert!(!mass("10000000").differs_from(mass("9999999.999999999999")), "no overflow at the top");
    }

    #[test]
    fn json_is_a_string() {
        assert_eq!(serde_json::to_string(&mass("46.069")).unwrap(), "\"46.069\"");
        assert!(serde_json::from_str::<MolarMass>("46.069").is_err());
    }
}
