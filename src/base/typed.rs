//! What people type or paste where digits are meant: a phone, a code. Marks that nobody sees fall away, and every way
//! to write a digit or a hyphen becomes the plain one, so that what looks the same is the same.

use std::sync::LazyLock;

use chemistry::is_dash;
use regex::Regex;

/// Format characters (Unicode Cf) and variation selectors: contact lists and messengers put them around a number.
static UNSEEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{Cf}\x{180B}-\x{180D}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]")
        .expect("a pattern that is always the same")
});

/// The zeros of the scripts that phones offer a keyboard for. The other nine digits follow each.
const ZEROS: [u32; 14] =
    [0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0BE6, 0x0C66, 0x0CE6, 0x0E50, 0x0ED0, 0x1040, 0xFF10];

/// In plain ASCII where that can be; other characters stay, for whoever reads it to refuse.
pub fn plain(raw: &str) -> String {
    UNSEEN.replace_all(raw, "").chars().map(plain_character).collect::<String>().trim().to_owned()
}

/// Of a code: without the gaps that people leave between its digits.
pub fn code(raw: &str) -> String {
    plain(raw).chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}

fn plain_character(c: char) -> char {
    match c {
        // A line break inside is no gap between digits.
        '\t' => ' ',
        _ if c.is_whitespace() && !c.is_control() => ' ',
        _ if is_dash(c) => '-',
        '\u{FF0B}' => '+',
        '\u{FF08}' => '(',
        '\u{FF09}' => ')',
        '\u{FF0E}' => '.',
        '\u{FF0F}' => '/',
        _ => digit(c).unwrap_or(c),
    }
}

fn digit(c: char) -> Option<char> {
    let values = ZEROS.iter().filter_map(|zero| u32::from(c).checked_sub(*zero));
    values.filter(|value| *value < 10).find_map(|value| char::from_digit(value, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_its_digits_however_they_are_typed() {
        for typed in
            ["123456", "123 456", "123-456", "123456\n", " 12 34 56\r\n", "１２３４５６", "123\u{a0}456", "١٢٣٤٥٦"]
        {
            assert_eq!(code(typed), "123456", "{typed:?}");
        }
        for typed in ["\u{202d}123456\u{202c}", "123\u{200b}456", "123\u{2011}456", "1\u{fe0f}23456", "123\u{fe58}456"]
        {
            assert_eq!(code(typed), "123456", "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_digit_stays_to_be_refused() {
        for typed in ["12345a", "123456.0", "123,456", "O12345", "②23456", "½12345"] {
            assert_ne!(code(typed).bytes().filter(u8::is_ascii_digit).count(), code(typed).len(), "{typed:?}");
        }
    }
}
