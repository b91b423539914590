//! Numbers of Postgres' type `numeric`, read from its binary format: base 10,000, the first digit first.

use rust_decimal::Decimal;
use sqlx::{
    Decode,
    error::BoxDynError,
    postgres::{PgValueFormat, PgValueRef},
};

/// sqlx raises ten thousand to a power and divides, in 96 bits, for each digit. Nearly all numbers have 64 in all.
pub(super) fn decode(value: PgValueRef<'_>) -> Result<Decimal, BoxDynError> {
    if value.format() == PgValueFormat::Binary
        && let Some(number) = value.as_bytes().ok().and_then(small)
    {
        return Ok(number);
    }
    Decimal::decode(value)
}

/// None for what is negative or does not fit.
fn small(bytes: &[u8]) -> Option<Decimal> {
    let (words, []) = bytes.as_chunks::<2>() else { return None };
    let [_, weight, [0, 0], scale, digits @ ..] = words else { return None };
    let (weight, scale) = (i16::from_be_bytes(*weight), u16::from_be_bytes(*scale));
    if digits.is_empty() {
        return Some(Decimal::ZERO);
    }
    let mut mantissa = 0_u64;
    for digit in digits {
        mantissa = mantissa.checked_mul(10_000)?.checked_add(u16::from_be_bytes(*digit).into())?;
    }
    // Zeros at the end are not sent, and the last digit reaches beyond the scale.
    let last = i32::from(weight) - i32::try_from(digits.len()).ok()? + 1;
    let zeros = 4 * last + i32::from(scale);
    let power = 10_u64.checked_pow(zeros.unsigned_abs())?;
    mantissa = if zeros < 0 { mantissa / power } else { mantissa.checked_mul(power)? };
    Decimal::try_from_i128_with_scale(mantissa.into(), scale.into()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sqlx::{Encode, Postgres, postgres::PgArgumentBuffer};

    use super::*;

    /// As Postgres sends it.
    fn bytes(number: Decimal) -> Vec<u8> {
        let mut buffer = PgArgumentBuffer::default();
        let _ = <Decimal as Encode<Postgres>>::encode_by_ref(&number, &mut buffer).expect("a number");
        buffer.to_vec()
    }

    #[test]
    fn zeros_after_the_point_are_kept_but_not_those_of_zero() {
        for text in ["0.50", "10", "10000", "10000.0", "0.0001", "0.00010", "99990000.5", "123456789012.000000000001"] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(small(&bytes(number)).map_or_else(|| number.to_string(), |it| it.to_string()), text);
        }
        assert_eq!(small(&bytes("0.00".parse().unwrap())).unwrap().to_string(), "0");
    }

    #[test]
    fn what_is_negative_large_or_broken_is_left_to_sqlx() {
        assert_eq!(small(&bytes(Decimal::NEGATIVE_ONE)), None);
        assert_eq!(small(&bytes(Decimal::MAX)), None);
        assert!([&[][..], &[0; 7], &[0; 9]].into_iter().all(|bytes| small(bytes).is_none()));
    }

    proptest! {
        #[test]
        fn any_small_number_is_read_as_it_was_sent(mantissa in 1..1_000_000_000_000_000_i64, scale in 0..13_u32) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(small(&bytes(number)).unwrap().to_string(), number.to_string());
        }
    }
}
