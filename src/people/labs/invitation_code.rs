//! The code of an invitation: what a person reads out and types, and what is kept of it.

use aws_lc_rs::digest::{SHA256, digest};
use chemistry::is_dash;

/// Crockford's base 32: no I, L, O and U, so that it can be read out and typed.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 128 random bits in 26 characters.
pub(super) fn code_of(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random);
    (0..26).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize])).collect()
}

/// As typed, in small letters, with dashes or with an O for a zero, it is the same code.
pub(super) fn hash(code: &str) -> [u8; 32] {
    let canonical = code.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, canonical.collect::<String>().as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_26_characters_that_nobody_mistakes() {
        let code = code_of([7; 16]);
        assert_eq!(code.len(), 26);
        assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        assert_ne!(code, code_of([8; 16]));
    }

    #[test]
    fn a_code_typed_in_another_way_is_the_same_code() {
        assert_eq!(hash("0A1B-2C3D 11"), hash("oa1b2c3dIl"));
        for dash in "\u{2010}\u{2011}\u{2013}\u{2014}\u{2212}\u{ff0d}".chars() {
            assert_eq!(hash(&format!("0A1B{dash}2C3D")), hash("0A1B2C3D"));
        }
        assert_ne!(hash("0A1B"), hash("0A1C"));
    }
}
