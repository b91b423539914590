//! Decimal numbers as text. JSON numbers lose decimal places on their way through a phone's
//! floating point, so every number that is measured travels as a string in plain notation.

use std::{fmt, marker::PhantomData, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserializer, Serializer, de};

use super::text::is_digits;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error(
        "write a plain decimal number such as \"12.5\": digits with at most one point, \
         no sign, no exponent, no comma"
    )]
    Notation,
    #[error("write at most {before} digits before and {after} digits after the point")]
    Digits { before: usize, after: usize },
}

/// How many digits a kind of number may have on either side of the point.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    pub before: usize,
    pub after: usize,
}

impl Digits {
    /// Reads plain notation. Zeros at the end are kept, for the kinds of number that keep them.
    pub fn parse(self, text: &str) -> Result<Decimal, DecimalError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return Err(DecimalError::Notation);
        }
        if whole.len() > self.before || fraction.unwrap_or_default().len() > self.after {
            return Err(self.error());
        }
        Decimal::from_str_exact(text).map_err(|_| self.error())
    }

    /// The same bounds for a number that was computed.
    pub fn check(self, number: Decimal) -> Result<Decimal, DecimalError> {
        if number < Decimal::ZERO {
            return Err(DecimalError::Notation);
        }
        let whole_digits = number.trunc().normalize().to_string().len();
        if whole_digits > self.before || number.normalize().scale() as usize > self.after {
            return Err(self.error());
        }
        Ok(number.abs())
    }

    fn error(self) -> DecimalError {
        DecimalError::Digits { before: self.before, after: self.after }
    }
}

/// Everything that follows from `DIGITS`, `TryFrom<Decimal>` and `of_column`: text and JSON in and out, and from a
/// column.
macro_rules! decimal_value {
    ($value:ident, $error:ident) => {
        impl $value {
            pub const fn get(self) -> ::rust_decimal::Decimal {
                self.0
            }
        }

        impl ::std::str::FromStr for $value {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(Self::DIGITS.parse(text.trim())?)
            }
        }

        impl ::std::fmt::Display for $value {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        #[cfg(feature = "sqlx")]
        impl ::sqlx::Type<::sqlx::Postgres> for $value {
            fn type_info() -> ::sqlx::postgres::PgTypeInfo {
                <::rust_decimal::Decimal as ::sqlx::Type<::sqlx::Postgres>>::type_info()
            }
        }

        #[cfg(feature = "sqlx")]
        impl ::sqlx::Decode<'_, ::sqlx::Postgres> for $value {
            fn decode(value: ::sqlx::postgres::PgValueRef<'_>) -> Result<Self, ::sqlx::error::BoxDynError> {
                $crate::numeric::decode(value).map(Self::of_column)
            }
        }

        impl From<$value> for ::rust_decimal::Decimal {
            fn from(value: $value) -> Self {
                value.0
            }
        }

        impl ::serde::Serialize for $value {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::decimal::to_string(self.0, serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $value {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::decimal::from_string(from)
            }
        }
    };
}
pub(super) use decimal_value;

pub(super) fn from_string<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    deserializer.deserialize_str(DecimalString(PhantomData))
}

/// `Display` divides 96 bits by ten for each digit. Nearly all numbers have 64.
pub(super) fn to_string<S: Serializer>(number: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    match u64::try_from(number.mantissa()) {
        Ok(digits) => serializer.serialize_str(plain(digits, number.scale(), &mut [0; 32])),
        Err(_) => serializer.collect_str(&number),
    }
}

/// Written from the last digit to the first; a scale is at most 28.
fn plain(digits: u64, scale: u32, room: &mut [u8; 32]) -> &str {
    let (mut rest, mut start, mut written) = (digits, room.len(), 0);
    while rest > 0 || written <= scale {
        if written == scale && scale > 0 {
            start -= 1;
            room[start] = b'.';
        }
        start -= 1;
        room[start] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        (rest, written) = (rest / 10, written + 1);
    }
    str::from_utf8(&room[start..]).unwrap_or_default()
}

struct DecimalString<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for DecimalString<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "a decimal number sent as a string, such as \"12.5\" \
             (a JSON number may lose decimal places)",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_AND_TWO: Digits = Digits { before: 2, after: 2 };

    #[test]
    fn plain_notation_is_read_as_typed() {
        for text in ["0", "7", "12", "1.5", "99.99", "12.50", "00.10"] {
            assert!(TWO_AND_TWO.parse(text).is_ok(), "{text}");
        }
        assert_eq!(TWO_AND_TWO.parse("12.50").unwrap().to_string(), "12.50");
    }

    #[test]
    fn everything_but_plain_notation_is_refused() {
        for text in ["", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e3", "1,5", "1_0", " 1", "NaN", "inf", "٣", "0x1"] {
            assert_eq!(TWO_AND_TWO.parse(text), Err(DecimalError::Notation), "{text}");
        }
    }

    #[test]
    fn json_has_every_number_as_display_shows_it() {
        for text in ["0", "0.0", "7", "0.5", "12.50", "0.0000000000000000000000000001", "18446744073709551615", "-1.5"]
        {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(to_string(number, serde_json::value::Serializer).unwrap(), text);
        }
        assert_eq!(to_string(Decimal::MAX, serde_json::value::Serializer).unwrap(), Decimal::MAX.to_string());
    }

    #[test]
    fn too_many_digits_are_refused_whether_typed_or_computed() {
        for text in ["100", "000", "1.234"] {
            assert_eq!(TWO_AND_TWO.parse(text), Err(TWO_AND_TWO.error()), "{text}");
        }
        assert!(TWO_AND_TWO.check(Decimal::new(100, 0)).is_err());
        assert!(TWO_AND_TWO.check(Decimal::new(1, 3)).is_err());
        assert!(TWO_AND_TWO.check(Decimal::new(-1, 0)).is_err());
        assert!(TWO_AND_TWO.check(Decimal::new(1_000, 3)).is_ok());
    }
}
