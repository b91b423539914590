//! Amounts with their unit.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    decimal::{DecimalError, Digits, decimal_value},
    unit::Unit,
};

/// Decimal string in plain notation: not negative, at most 12 digits on either side of the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = r"^[0-9]{1,12}(\.[0-9]{1,12})?$", example = "12.5")
)]
pub struct Amount(Decimal);

impl Amount {
    const DIGITS: Digits = Digits { before: 12, after: 12 };

    /// With its zeros: who typed `12.50` also measured the last one.
    #[cfg(feature = "sqlx")]
    fn of_column(number: Decimal) -> Self {
        Self(number)
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = DecimalError;

    fn try_from(number: Decimal) -> Result<Self, Self::Error> {
        Self::DIGITS.check(number).map(Self)
    }
}

decimal_value!(Amount, DecimalError);

/// An amount and its UCUM unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(example = json!({"value": "12.5", "unit": "mL"})))]
pub struct Quantity {
    pub value: Amount,
    pub unit: Unit,
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.value, self.unit)
    }
}

impl Quantity {
    /// Nothing, on a scale: it converts to whatever any mass converts to.
    pub const NO_GRAMS: Self = Self { value: Amount(Decimal::ZERO), unit: Unit::Gram };

    pub fn new(value: Decimal, unit: Unit) -> Result<Self, DecimalError> {
        Ok(Self { value: value.try_into()?, unit })
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(value: &str, unit: Unit) -> Quantity {
        Quantity { value: value.parse().unwrap(), unit }
    }

    /// The field and the message of the error, as the HTTP edge reports them.
    fn error_of(json: &str) -> (String, String) {
        let deserializer = &mut serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Quantity>(deserializer).unwrap_err();
        (error.path().to_string(), error.inner().to_string())
    }

    #[test]
    fn json_is_exactly_value_and_unit() {
        let json = r#"{"value":"12.50","unit":"mL"}"#;
        let read: Quantity = serde_json::from_str(json).unwrap();
        assert_eq!(read, quantity("12.5", Unit::Millilitre));
        assert_eq!(serde_json::to_string(&read).unwrap(), json, "the zero that was typed stays");
        assert_eq!(read.to_string(), "12.50 mL");
    }

    #[test]
    fn an_error_names_its_field_and_the_remedy() {
        for (json, field, message) in [
            (r#"{"value": 12.5, "unit": "mL"}"#, "value", "sent as a string"),
            (r#"{"value": 12, "unit": "mL"}"#, "value", "sent as a string"),
            (r#"{"value": null, "unit": "mL"}"#, "value", "sent as a string"),
            (r#"{"value": "-1", "unit": "mL"}"#, "value", "no sign"),
            (r#"{"value": "1e3", "unit": "mL"}"#, "value", "no exponent"),
            (r#"{"value": "1234567890123", "unit": "mL"}"#, "value", "at most 12 digits"),
            (r#"{"value": "0.1234567890123", "unit": "mL"}"#, "value", "at most 12 digits"),
            (r#"{"value": "1", "unit": "MG"}"#, "unit", "write mg"),
            (r#"{"value": "1", "unit": "barrels"}"#, "unit", "UCUM"),
            (r#"{"value": "1", "unit": "g", "note": ""}"#, "note", "unknown field"),
            (r#"{"value": "1"}"#, ".", "missing field `unit`"),
        ] {
            let (path, text) = error_of(json);
            assert_eq!(path, field, "{json}: {text}");
            assert!(text.contains(message), "{json}: {text}");
        }
    }

    pub fn any_unit() -> impl Strategy<Value = Unit> {
        prop::sample::select(Unit::ALL)
    }

    pub fn any_quantity() -> impl Strategy<Value = Quantity> {
        ("[0-9]{1,12}(\\.[0-9]{1,12})?", any_unit()).prop_map(|(value, unit)| quantity(&value, unit))
    }

    proptest! {
        #[test]
        fn json_is_read_back(quantity in any_quantity()) {
            let json = serde_json::to_string(&quantity).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
        }

    }
}
