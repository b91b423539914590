//! Text from outside, made safe to keep: trimmed, bounded, and free of control characters (Postgres refuses NUL, and a
//! line break has no place in a name that ends up on a label). It is kept in the composed form (NFC), and without
//! characters that cannot be seen, so that two texts which look alike are alike.

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// One line of 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// The name of a thing or person.
pub type Name = Text<200>;
/// A remark; one line too, as every client shows it in a list.
pub type Note = Text<2000>;

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        if let Some(bad) = raw.chars().find(|c| turns_text(*c)) {
            return Err(format!("must not contain U+{:04X}, which changes the direction of text", u32::from(bad)));
        }
        let text = normal(raw);
        let length = text.chars().count();
        if length == 0 || length > MAX {
            return Err(format!("must have 1 to {MAX} characters, has {length}"));
        }
        if text.chars().any(is_line_break) {
            return Err("must be one line, without a line break".to_owned());
        }
        if let Some(bad) = text.chars().find(|c| c.is_control()) {
            return Err(format!("must not contain the control character U+{:04X}", u32::from(bad)));
        }
        if let Some(bad) = text.chars().find(|c| is_no_character(*c)) {
            return Err(format!("must not contain U+{:04X}, which Unicode gives to no character", u32::from(bad)));
        }
        if text.chars().all(|c| c.is_whitespace() || is_blank(c)) {
            return Err("must have a character that can be seen".to_owned());
        }
        Ok(Self(text))
    }
}

/// Those of Unicode (UAX 14, class BK, CR, LF and NL).
fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Trimmed, composed, and without what nobody sees.
fn normal(raw: String) -> String {
    if raw.is_ascii() {
        let trimmed = raw.trim();
        return if trimmed.len() == raw.len() { raw } else { trimmed.to_owned() };
    }
    let seen = if raw.contains(is_hidden) { raw.replace(is_hidden, "") } else { raw };
    let trimmed = seen.trim();
    if is_nfc(trimmed) { trimmed.to_owned() } else { trimmed.nfc().collect() }
}

/// Marks that change how other text looks, or nothing: soft hyphens, zero-width spaces, directions and overrides of
/// them, tags. The joiners U+200C and U+200D stay, as several scripts are spelled with them.
pub fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Embeddings, overrides and isolates: with them a name can look like another. Right-to-left scripts need none.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The 66 noncharacters of Unicode.
fn is_no_character(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

/// Characters that leave the paper white.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{200c}' | '\u{200d}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

impl<const MAX: usize> std::str::FromStr for Text<MAX> {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        Self::try_from(raw.to_owned())
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> std::fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// By hand, as the derive cannot tell the document the length.
impl<const MAX: usize> utoipa::__dev::ComposeSchema for Text<MAX> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX)).into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for Text<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_white_space_is_trimmed() {
        assert_eq!("  Room 3 ".parse::<Name>().unwrap().as_str(), "Room 3");
    }

    #[test]
    fn nothing_too_much_and_control_characters_are_refused() {
        for bad in ["", "   ", "a\0b", "a\nb", &"x".repeat(201)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_line_break_is_called_one_and_other_control_characters_by_their_number() {
        for broken in ["a\nb", "a\r\nb", "a\rb", "a\u{b}b", "a\u{c}b", "a\u{85}b", "a\u{2028}b", "a\u{2029}b"] {
            assert_eq!(broken.parse::<Name>().unwrap_err(), "must be one line, without a line break", "{broken:?}");
        }
        assert!("a\tb".parse::<Name>().unwrap_err().contains("control character U+0009"));
        assert_eq!("a\n".parse::<Name>().unwrap().as_str(), "a");
    }

    #[test]
    fn what_unicode_gives_to_no_character_is_refused() {
        for bad in ["a\u{fffe}", "\u{ffff}b", "\u{fdd0}", "a\u{1fffe}b", "\u{10ffff}"] {
            assert!(bad.parse::<Name>().unwrap_err().contains("to no character"), "{bad:?}");
        }
        assert!("a\u{fffd}".parse::<Name>().is_ok(), "the replacement character is one");
    }

    #[test]
    fn both_ways_to_write_an_accent_are_one_text() {
        assert_eq!("cafe\u{301}".parse::<Name>().unwrap(), "caf\u{e9}".parse::<Name>().unwrap());
        // The length is that of the text that is kept.
        assert!("e\u{301}".repeat(200).parse::<Name>().is_ok());
    }

    #[test]
    fn a_name_that_nobody_can_see_is_refused() {
        for invisible in ["\u{200b}", "\u{2800}\u{3164}", " \u{feff} \u{200d}", "\u{ad}\u{202e}", "\u{a0}\u{2003}"] {
            assert!(invisible.parse::<Name>().is_err(), "{invisible:?}");
        }
    }

    #[test]
    fn marks_that_turn_text_around_are_refused_and_others_that_nobody_sees_are_dropped() {
        for turned in ["\u{202e}dica\u{202c}", "\u{2067}Room\u{2069} 3", "acid\u{2066}"] {
            assert!(turned.parse::<Name>().is_err(), "{turned:?}");
        }
        let kept = |raw: &str| raw.parse::<Name>().unwrap().as_str().to_owned();
        assert_eq!(kept("aceto\u{200b}ne\u{ad}\u{feff}"), "acetone");
        // Persian and emoji are spelled with joiners.
        assert_eq!(kept("می\u{200c}خواهم"), "می\u{200c}خواهم");
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!("ü".repeat(200).parse::<Name>().is_ok());
    }
}
