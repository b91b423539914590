//! Global Trade Item Numbers, which name a supplier's product and pack size.

use std::str::FromStr;

use serde::Deserialize;

use super::text::{digits_from_right, is_digits, text_value};

/// Global Trade Item Number with 14 digits (GS1 check digit modulo 10); shorter ones are padded
/// with zeros, as GS1 prescribes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[0-9]{14}$", example = "04012345678901")
)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct Gtin(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GtinError {
    #[error("write a GTIN as 8, 12, 13 or 14 digits, such as 04012345678901")]
    Shape,
    #[error("the check digit of this GTIN does not fit: compare every digit with the label")]
    CheckDigit,
}

impl Gtin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Gtin {
    type Err = GtinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if !is_digits(text) || !matches!(text.len(), 8 | 12 | 13 | 14) {
            return Err(GtinError::Shape);
        }
        let sum: u32 =
            digits_from_right(text).zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        if sum.is_multiple_of(10) { Ok(Self(format!("{text:0>14}"))) } else { Err(GtinError::CheckDigit) }
    }
}

text_value!(Gtin, GtinError);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gtins_of_every_length_are_padded_to_fourteen() {
        for (typed, gtin) in [
            ("09506000134352", "09506000134352"),
            ("4012345678901", "04012345678901"),
            ("036000291452", "00036000291452"),
            ("96385074", "00000096385074"),
        ] {
            assert_eq!(typed.parse::<Gtin>().unwrap().as_str(), gtin);
        }
        assert_eq!("4012345678902".parse::<Gtin>(), Err(GtinError::CheckDigit));
        for text in ["", "401234567890", "40123456789O1", "123456789012345"] {
            assert!(text.parse::<Gtin>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_misread_digit_of_a_gtin_is_refused(
            mut digits in prop::collection::vec(0..10_u32, 13), place in 0..14_usize, shift in 1..10_u32,
        ) {
            let text = |digits: &[u32]| digits.iter().map(u32::to_string).collect::<String>();
            let check = (0..10).find(|check| text(&[&digits[..], &[*check]].concat()).parse::<Gtin>().is_ok());
            digits.push(check.unwrap());
            digits[place] = (digits[place] + shift) % 10;
            prop_assert_eq!(text(&digits).parse::<Gtin>(), Err(GtinError::CheckDigit));
        }
    }
}
