//! InChIKey: the hash of a structure.

use std::str::FromStr;

use serde::Deserialize;

use super::text::text_value;

/// InChIKey (IUPAC, InChI Trust): the 27-character hash of a structure. The last letter counts
/// protons, `N` for neutral; salts and ions end in another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "utoipa",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[A-Z]{14}-[A-Z]{8}[SN][A-Z]-[A-Z]$", example = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N")
)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct InChIKey(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an InChIKey as 14, 10 and 1 capital letters with hyphens between them, such as \
     LFQSCWFLJHTTHZ-UHFFFAOYSA-N; it is not the InChI, which begins with InChI="
)]
pub struct InChIKeyError;

impl InChIKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InChIKey {
    type Err = InChIKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = text.strip_prefix("InChIKey=").unwrap_or(text);
        let groups: Vec<&str> = text.split('-').collect();
        let [skeleton, details, protons] = groups[..] else {
            return Err(InChIKeyError);
        };
        let only_capitals = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_uppercase()));
        // The ninth letter of the second block: S for the standard InChI, N for any other.
        let kind_is_known = matches!(details.as_bytes().get(8), Some(b'S' | b'N'));
        let lengths_fit = [skeleton, details, protons].map(str::len) == [14, 10, 1];
        if only_capitals && kind_is_known && lengths_fit { Ok(Self(text.to_owned())) } else { Err(InChIKeyError) }
    }
}

text_value!(InChIKey, InChIKeyError);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neutral_charged_and_non_standard_keys_are_read() {
        for text in ["LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "QTBSBXVTEAMEQO-UHFFFAOYSA-M", "LFQSCWFLJHTTHZ-UHFFFAOYNA-N"] {
            assert_eq!(text.parse::<InChIKey>().unwrap().as_str(), text);
        }
        let prefixed = " InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n".parse::<InChIKey>();
        assert_eq!(prefixed.unwrap().as_str(), "LFQSCWFLJHTTHZ-UHFFFAOYSA-N");
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "LFQSCWFLJHTTHZ",
            "LFQSCWFLJHTTHZ-UHFFFAOYSA",
            "lfqscwfljhtthz-uhfffaoysa-n",
            "LFQSCWFLJHTTHZ-UHFFFAOYXA-N",
            "LFQSCWFLJHTTHZ-UHFFFAOYSA-NN",
            "LFQSCWFLJHTTH1-UHFFFAOYSA-N",
            "LFQSCWFLJHTTHZ-UHFFFAOYSA-N-",
            "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
        ] {
            assert_eq!(text.parse::<InChIKey>(), Err(InChIKeyError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(text in "[A-Z]{14}-[A-Z]{8}[SN][A-Z]-[A-Z]") {
            prop_assert_eq!(text.parse::<InChIKey>().unwrap().to_string(), text);
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*") {
            let _ = text.parse::<InChIKey>();
        }
    }
}
