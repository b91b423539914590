//! What a label says to a scanner.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};

use crate::base::text::Text;

/// Ours, or whatever a lab printed before: one line of 1 to 64 characters. Not `.` and `..`, which no client can ask
/// for in a path (RFC 3986, section 5.2.4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(Text<64>);

impl Code {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        match Text::try_from(raw)? {
            text if matches!(text.as_str(), "." | "..") => {
                Err("must not be `.` or `..`, which nobody can look up: they have a meaning of their own in addresses"
                    .to_owned())
            }
            text => Ok(Self(text)),
        }
    }
}

impl std::str::FromStr for Code {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        Self::try_from(raw.to_owned())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl utoipa::__dev::ComposeSchema for Code {
    fn compose(parts: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        Text::<64>::compose(parts)
    }
}

impl utoipa::ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        Text::<64>::name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_any_line_but_the_dots_that_no_address_can_have() {
        for code in ["B-1", "...", ".1", "\u{e9}", "a/b", "64-17-5"] {
            assert_eq!(code.parse::<Code>().unwrap().as_str(), code);
        }
        for bad in [".", "..", " .. ", "", "a\nb"] {
            assert!(bad.parse::<Code>().is_err(), "{bad:?}");
        }
    }
}
