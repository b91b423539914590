//! Text from outside, made safe to keep: trimmed, bounded, and free of control characters (Postgres refuses NUL, and a
//! line break has no place in a name that ends up on a label).

use serde::{Deserialize, Serialize};
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
        let trimmed = raw.trim();
        let length = trimmed.chars().count();
        if length == 0 || length > MAX {
            return Err(format!("must have 1 to {MAX} characters, has {length}"));
        }
        if let Some(bad) = trimmed.chars().find(|c| c.is_control()) {
            return Err(format!("must not contain the control character U+{:04X}", u32::from(bad)));
        }
        if trimmed.len() == raw.len() { Ok(Self(raw)) } else { Ok(Self(trimmed.to_owned())) }
    }
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
    fn length_is_counted_in_characters_not_bytes() {
        assert!("ü".repeat(200).parse::<Name>().is_ok());
    }
}
