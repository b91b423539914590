//! What the values that are text have in common.

/// Everything that follows from `FromStr` and `as_str`: display, and both ways through `String`,
/// which is what serde uses.
macro_rules! text_value {
    ($value:ident, $error:ident) => {
        impl ::std::fmt::Display for $value {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl TryFrom<String> for $value {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl ::serde::Serialize for $value {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl From<$value> for String {
            fn from(value: $value) -> Self {
                value.as_str().to_owned()
            }
        }
    };
}
pub(super) use text_value;

/// The hyphen of a keyboard, and the hyphens, dashes and minus signs that word processors, PDF files and other keyboards
/// put in its place. Whoever compares or reads texts takes them for one sign.
pub const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

pub(super) fn with_plain_hyphens(text: &str) -> String {
    text.trim().replace(is_dash, "-")
}

/// Reads `text` as groups of ASCII digits between hyphens; `None` if anything else is in it.
pub(super) fn digit_groups<const N: usize>(text: &str) -> Option<[&str; N]> {
    let groups: Vec<&str> = text.split('-').collect();
    let groups: [&str; N] = groups.try_into().ok()?;
    groups.iter().all(|group| is_digits(group)).then_some(groups)
}

/// Whether there is something, and all of it ASCII digits.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The values of the ASCII digits in `text`, last digit first; everything else is passed over.
pub(super) fn digits_from_right(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.chars().rev().filter_map(|c| c.to_digit(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_dashes_and_minus_signs_are_dashes_and_nothing_else_is() {
        for dash in ['-', '‐', '‑', '‒', '–', '—', '―', '⁃', '−', '﹘', '﹣', '－'] {
            assert!(is_dash(dash), "{dash}");
        }
        for other in ['_', '~', '·', '•', '+', '\u{ad}', '¯', 'ー'] {
            assert!(!is_dash(other), "{other}");
        }
    }
}
