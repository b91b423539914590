//! EC numbers of the European Community inventory.

use std::str::FromStr;

use serde::Deserialize;

use super::text::{digit_groups, digits_from_right, text_value, with_plain_hyphens};

/// EC number (EINECS, ELINCS or NLP): three digits, three digits and a check digit modulo 11.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[0-9]{3}-[0-9]{3}-[0-9]$", example = "200-578-6")
)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct EcNumber(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EcError {
    #[error(
        "write an EC number as three digits, three digits and one check digit with hyphens \
         between them, such as 200-578-6"
    )]
    Shape,
    #[error("the check digit of this EC number does not fit: compare every digit with the source")]
    CheckDigit,
}

impl EcNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EcNumber {
    type Err = EcError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = with_plain_hyphens(text);
        let groups: [&str; 3] = digit_groups(&text).ok_or(EcError::Shape)?;
        if groups.map(str::len) != [3, 3, 1] {
            return Err(EcError::Shape);
        }
        if has_valid_check_digit(&text) { Ok(Self(text)) } else { Err(EcError::CheckDigit) }
    }
}

text_value!(EcNumber, EcError);

/// The first digit counts once, the sixth six times; the sum modulo 11 is the check digit. Numbers
/// with the remainder 10 were left out, but for 181 of ELINCS (first digit 4) that end in 1.
fn has_valid_check_digit(text: &str) -> bool {
    let mut digits = digits_from_right(text);
    let check = digits.next();
    let sum: u32 = digits.zip((1..=6).rev()).map(|(digit, weight)| digit * weight).sum();
    match sum % 11 {
        10 => text.starts_with('4') && check == Some(1),
        remainder => check == Some(remainder),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_valid(digits: [u32; 7]) -> bool {
        let digits = digits.map(|digit| digit.to_string()).concat();
        let (front, check) = digits.split_at(6);
        format!("{}-{}-{check}", &front[..3], &front[3..]).parse::<EcNumber>().is_ok()
    }

    fn remainder(digits: [u32; 7]) -> u32 {
        digits[..6].iter().zip(1..).map(|(digit, weight)| digit * weight).sum::<u32>() % 11
    }

    #[test]
    fn real_numbers_are_read() {
        // Formaldehyde, ethanol, water, the first ELINCS number and the first no-longer polymer.
        for text in ["200-001-8", "200-578-6", "231-791-2", "400-010-9", "500-001-0"] {
            assert_eq!(text.parse::<EcNumber>().unwrap().as_str(), text);
        }
        assert_eq!(" 200–578‑6 ".parse::<EcNumber>().unwrap().as_str(), "200-578-6");
    }

    #[test]
    fn remainder_ten_is_valid_only_in_elincs_with_check_digit_one() {
        assert!(is_valid([4, 0, 0, 0, 0, 1, 1]), "4 + 6 = 10");
        assert!(!is_valid([4, 0, 0, 0, 0, 1, 0]));
        assert!(!is_valid([2, 1, 2, 0, 0, 0, 1]), "2 + 2 + 6 = 10, but not ELINCS");
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "",
            "2005786",
            "200-578",
            "200-578-",
            "20-0578-6",
            "200-578-66",
            "603-002-00-5",
            "200-57a-6",
            "EC 200-578-6",
        ] {
            assert_eq!(text.parse::<EcNumber>(), Err(EcError::Shape), "{text}");
        }
        assert_eq!("200-578-7".parse::<EcNumber>(), Err(EcError::CheckDigit));
    }

    proptest! {
        /// 11 is prime, so every misread digit changes the remainder. The one hole is the ELINCS
        /// exception: a misreading may land on the remainder 10.
        #[test]
        fn a_misread_digit_is_refused(
            mut digits in prop::array::uniform7(0..10_u32), position in 0..7_usize, shift in 1..10_u32,
        ) {
            digits[6] = remainder(digits);
            prop_assume!(digits[6] < 10);
            prop_assert!(is_valid(digits));
            digits[position] = (digits[position] + shift) % 10;
            prop_assume!(remainder(digits) != 10);
            prop_assert!(!is_valid(digits));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", number in "[0-9–-]{0,10}") {
            let _ = (text.parse::<EcNumber>(), number.parse::<EcNumber>());
        }
    }
}
