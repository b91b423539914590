//! The code on our own labels.

use std::str::FromStr;

use serde::Deserialize;

use super::text::text_value;

/// Base 32 of Douglas Crockford: digits and capitals without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LENGTH: usize = 9;

/// Code of a container label: eight random characters of Crockford base 32 and a check character
/// (Luhn modulo 32). Case, hyphens and the look-alikes O, I and L are forgiven on input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[0-9A-HJKMNP-TV-Z]{9}$", example = "7ZK3M9QX9")
)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct ContainerCode(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContainerCodeError {
    #[error("write a container code as its nine letters and digits, such as 7ZK3M9QX9")]
    Shape,
    #[error("the last character of this container code does not fit: compare it with the label")]
    CheckCharacter,
}

impl ContainerCode {
    /// Five random bytes are exactly eight characters; where they come from is not our business.
    pub fn from_random(bytes: [u8; 5]) -> Self {
        let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let values: Vec<usize> = (0..8).rev().map(|place| (number >> (5 * place) & 31) as usize).collect();
        let check = check_value(&values);
        Self(values.iter().chain([&check]).map(|value| char::from(ALPHABET[*value])).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContainerCode {
    type Err = ContainerCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let typed = text.trim().bytes().filter(|byte| *byte != b'-');
        // One more than fits is enough to know that it does not.
        let values: Option<Vec<usize>> = typed.take(LENGTH + 1).map(value_of).collect();
        let values = values.filter(|values| values.len() == LENGTH).ok_or(ContainerCodeError::Shape)?;
        if check_value(&values[..LENGTH - 1]) != values[LENGTH - 1] {
            return Err(ContainerCodeError::CheckCharacter);
        }
        Ok(Self(values.iter().map(|value| char::from(ALPHABET[*value])).collect()))
    }
}

text_value!(ContainerCode, ContainerCodeError);

/// Spaces and hyphens, also those that word processors put in their place. Fewer than [`super::is_dash`] knows: the
/// database has the same list in its own `canonical_code`, and the codes that it keeps were made with it.
const BETWEEN: [char; 10] =
    [' ', '-', '\u{a0}', '\u{202f}', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}'];

/// The form in which the codes of a lab are compared, whatever they look like: without spaces and hyphens, in
/// capitals (of ASCII, so that every program and database agrees on it), and a code of ours without look-alikes.
pub fn canonical_code(code: &str) -> String {
    let mut bare = code.replace(BETWEEN, "");
    bare.make_ascii_uppercase();
    match bare.parse::<ContainerCode>() {
        Ok(own) => own.0,
        Err(_) if bare.is_empty() => code.to_owned(),
        Err(_) => bare,
    }
}

fn value_of(byte: u8) -> Option<usize> {
    let byte = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == byte)
}

/// Luhn modulo 32: every second value from the right is doubled and the two base 32 digits of the
/// double are added. Every single misread character changes the check character.
fn check_value(values: &[usize]) -> usize {
    let doubled_digits = |value: usize| value * 2 / 32 + value * 2 % 32;
    let weigh = |(place, value): (usize, &usize)| {
        if place % 2 == 0 { doubled_digits(*value) } else { *value }
    };
    let sum: usize = values.iter().rev().enumerate().map(weigh).sum();
    (32 - sum % 32) % 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_code() -> impl Strategy<Value = ContainerCode> {
        any::<[u8; 5]>().prop_map(ContainerCode::from_random)
    }

    #[test]
    fn random_bytes_become_eight_characters_and_a_check() {
        assert_eq!(ContainerCode::from_random([0; 5]).as_str(), "000000000");
        assert_eq!(ContainerCode::from_random([0, 0, 0, 0, 1]).as_str(), "00000001Y");
        assert_eq!(ContainerCode::from_random([0xff; 5]).as_str(), "ZZZZZZZZ8");
    }

    #[test]
    fn case_hyphens_and_look_alikes_are_forgiven() {
        let code = ContainerCode::from_random([0, 0, 0, 0, 1]);
        for text in ["00000001Y", "0000-0001-y", "ooooOOOIy", "OOOOOOOLY", " 0000000lY\n"] {
            assert_eq!(text.parse(), Ok(code.clone()), "{text}");
        }
    }

    #[test]
    fn other_lengths_and_characters_are_refused() {
        for text in ["", "-", "00000001", "00000001Y0", "0000000UY", "00000001Ÿ", "0000 0001Y"] {
            assert_eq!(text.parse::<ContainerCode>(), Err(ContainerCodeError::Shape), "{text}");
        }
        assert_eq!("00000001X".parse::<ContainerCode>(), Err(ContainerCodeError::CheckCharacter));
    }

    #[test]
    fn codes_that_differ_in_case_spaces_and_hyphens_alone_are_one() {
        for (canonical, codes) in [
            ("LAB7", &["lab-7", "LAB 7", "L a-B\u{2011}7", "LAB\u{a0}7"][..]),
            ("00000001Y", &["0000-0001-y", "ooooooo1Y", "OOOO OOOI y"]),
            ("67641", &["67-64-1", "67641"]),
            ("-", &["-"]),
            ("OIL1", &["oil-1"]),
            ("\u{e4}1", &["\u{e4}-1"]),
        ] {
            for code in codes {
                assert_eq!(canonical_code(code), canonical, "{code}");
            }
        }
        assert_ne!(canonical_code("OIL-1"), canonical_code("011-1"), "look-alikes count in codes of ours alone");
    }

    proptest! {
        #[test]
        fn a_canonical_code_is_its_own_canonical_form(code in "\\PC{1,20}") {
            prop_assert_eq!(canonical_code(&canonical_code(&code)), canonical_code(&code));
        }

        #[test]
        fn what_is_shown_is_read_back(code in any_code()) {
            prop_assert_eq!(code.to_string().to_lowercase().parse(), Ok(code));
        }

        #[test]
        fn two_codes_are_equal_only_for_equal_bytes(a in any::<[u8; 5]>(), b in any::<[u8; 5]>()) {
            prop_assert_eq!(ContainerCode::from_random(a) == ContainerCode::from_random(b), a == b);
        }

        #[test]
        fn every_misread_character_is_refused(code in any_code(), place in 0..LENGTH, shift in 1..32_usize) {
            let mut values: Vec<usize> = code.as_str().bytes().filter_map(value_of).collect();
            values[place] = (values[place] + shift) % 32;
            let misread: String = values.iter().map(|value| char::from(ALPHABET[*value])).collect();
            prop_assert_eq!(misread.parse::<ContainerCode>(), Err(ContainerCodeError::CheckCharacter));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*") {
            let _ = text.parse::<ContainerCode>();
        }
    }
}
