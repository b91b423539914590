//! Densities.

use rust_decimal::Decimal;

use super::decimal::{DecimalError, Digits, decimal_value};

/// Density in g/mL at 20 °C, as a decimal string: more than 0 and at most 25 (osmium, the densest
/// element, has 22.6). Zeros at the end are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = r"^[0-9]{1,2}(\.[0-9]{1,6})?$", example = "0.7893")
)]
pub struct Density(Decimal);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DensityError {
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    #[error("write a density in g/mL that is more than 0 and at most 25")]
    Range,
}

impl Density {
    /// Whether a list contradicts this one, where it writes so many digits behind the point. Between 15 and 25 °C a
    /// liquid changes by one percent at most; a number that is rounded says no more than it has digits, but never as
    /// little as five percent. Here zeros at the end are dropped, so two digits count at least.
    pub fn is_contradicted_by(self, listed: Self, digits: u32) -> bool {
        let difference = (self.0 - listed.0).abs();
        let larger = self.0.max(listed.0);
        let rounding = |digits: u32| Decimal::new(5, digits + 1);
        let rounding = rounding(digits.min(6)).max(rounding(self.0.scale().max(2)));
        difference > (larger / Decimal::ONE_HUNDRED).max(rounding.min(larger / Decimal::from(20)))
    }

    const DIGITS: Digits = Digits { before: 2, after: 6 };

    #[cfg(feature = "sqlx")]
    fn of_column(number: Decimal) -> Self {
        Self(number.normalize())
    }
}

impl TryFrom<Decimal> for Density {
    type Error = DensityError;

    fn try_from(grams_per_millilitre: Decimal) -> Result<Self, Self::Error> {
        if grams_per_millilitre <= Decimal::ZERO || grams_per_millilitre > Decimal::from(25) {
            return Err(DensityError::Range);
        }
        Ok(Self(Self::DIGITS.check(grams_per_millilitre)?.normalize()))
    }
}

decimal_value!(Density, DensityError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_of_real_things_are_read() {
        for text in ["0.7893", "1", "13.534", "22.59", "0.000084", "25"] {
            assert_eq!(text.parse::<Density>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn zeros_at_the_end_are_dropped() {
        for (typed, kept) in [("0.80", "0.8"), ("1.000", "1"), ("10", "10"), ("20.0", "20")] {
            assert_eq!(typed.parse::<Density>().unwrap().to_string(), kept);
        }
    }

    #[test]
    fn one_percent_and_the_rounding_of_either_are_the_same_and_more_is_a_contradiction() {
        let differs = |ours: &str, listed: &str| {
            let digits = listed.split_once('.').map_or(0, |(_, digits)| digits.len());
            let [ours, other] = [ours, listed].map(|text| text.parse::<Density>().unwrap());
            ours.is_contradicted_by(other, u32::try_from(digits).unwrap())
        };
        for (ours, listed) in [
            ("0.7893", "0.789"),
            ("0.7893", "0.79"),
            ("0.7893", "0.8"),
            ("0.7893", "0.785"),
            ("1.261", "1.26"),
            ("0.0012", "0.00124"),
            ("1", "0.99"),
            ("13.546", "13.6"),
        ] {
            assert!(!differs(ours, listed), "{ours} {listed}");
        }
        for (ours, listed) in [
            ("0.7893", "0.80"),
            ("0.80", "0.84"),
            ("0.84", "0.80"),
            ("0.7893", "0.76"),
            ("1", "1.26"),
            ("1.26", "1"),
            ("1.26", "1.2"),
            ("0.0012", "0.0014"),
            ("0.789", "0.81"),
        ] {
            assert!(differs(ours, listed), "{ours} {listed}");
        }
    }

    #[test]
    fn nothing_and_the_impossible_are_refused() {
        for text in ["0", "0.000000", "25.000001", "99"] {
            assert_eq!(text.parse::<Density>(), Err(DensityError::Range), "{text}");
        }
        for text in ["0.0000001", "789", "-1", "1e0", "0,789"] {
            assert!(matches!(text.parse::<Density>(), Err(DensityError::Decimal(_))), "{text}");
        }
    }

    #[test]
    fn json_is_a_string_and_a_number_is_told_so() {
        let density: Density = serde_json::from_str("\"0.7893\"").unwrap();
        assert_eq!(serde_json::to_string(&density).unwrap(), "\"0.7893\"");
        let error = serde_json::from_str::<Density>("0.7893").unwrap_err().to_string();
        assert!(error.contains("sent as a string"), "{error}");
    }
}
