//! The alphabet of SMS (3GPP TS 23.038, section 6.2.1): a text in it is cheap, any other goes out as UCS-2.

/// Of seven bits; the escape to the extension is left out.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                       ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Each takes the escape before it.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

pub fn is_gsm7(text: &str) -> bool {
    septets(text).is_some()
}

/// How long it is on the air: 160 fit into one message, 153 into each of several. None if the alphabet lacks a
/// character.
pub fn septets(text: &str) -> Option<usize> {
    let length = |c| match c {
        c if DEFAULT.contains(c) => Some(1),
        c if EXTENSION.contains(c) => Some(2),
        _ => None,
    };
    text.chars().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_tables_are_complete_and_apart() {
        assert_eq!(DEFAULT.chars().count(), 127, "128 without the escape");
        assert_eq!(EXTENSION.chars().count(), 10);
        let mut all: Vec<char> = DEFAULT.chars().chain(EXTENSION.chars()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 137);
    }

    #[test]
    fn a_character_takes_one_septet_or_two_or_is_not_in_the_alphabet() {
        for (text, length) in [("", 0), ("12345678", 8), ("ß@\n", 3), ("€", 2), ("[1]", 5), ("Grüße, Ärger", 12)]
        {
            assert_eq!(septets(text), Some(length), "{text}");
            assert!(is_gsm7(text), "{text}");
        }
        // A few that look as if they were in it.
        for text in ["ç", "á", "í", "`", "\t", "’", "…", "\u{a0}", "\u{1b}", "код", "验证码", "😀", "abcç"]
        {
            assert_eq!(septets(text), None, "{text}");
            assert!(!is_gsm7(text), "{text}");
        }
    }
}
