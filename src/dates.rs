//! Dates from outside: in the years 1 to 9999, which have four digits in every format and which Postgres can keep.

use chrono::Datelike;
use serde::{Deserialize, Deserializer, de::Error};

use crate::patch::Change;

/// Use with `#[serde(deserialize_with = "dates::required")]`.
pub fn required<'de, T: Deserialize<'de> + Datelike, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let date = T::deserialize(deserializer)?;
    if (1..=9999).contains(&date.year()) {
        Ok(date)
    } else {
        Err(D::Error::custom("must lie in the years 0001 to 9999"))
    }
}

/// A date within bounds, where `Option` has to see the null.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de> + Datelike")]
struct Within<T>(#[serde(deserialize_with = "required")] T);

/// Use with `#[serde(default, deserialize_with = "dates::optional")]`.
pub fn optional<'de, T: Deserialize<'de> + Datelike, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(|Within(date)| date))
}

/// A field of a PATCH; use with `#[serde(default, deserialize_with = "dates::change")]`.
pub fn change<'de, T: Deserialize<'de> + Datelike, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Change<T>, D::Error> {
    optional(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[derive(Deserialize)]
    struct Bottle {
        #[serde(default, deserialize_with = "change")]
        expires_on: Change<NaiveDate>,
    }

    #[test]
    fn years_of_four_digits_are_taken_and_others_refused() {
        let expires = |json: &str| serde_json::from_str::<Bottle>(json).map(|it| it.expires_on);
        let last = NaiveDate::from_ymd_opt(9999, 12, 31);
        assert_eq!(expires(r#"{"expires_on": "9999-12-31"}"#).unwrap(), Some(last));
        assert_eq!(expires(r#"{"expires_on": null}"#).unwrap(), Some(None));
        assert_eq!(expires("{}").unwrap(), None);
        for bad in ["0000-12-31", "-0001-01-01", "+10000-01-01", "2027-02-30"] {
            assert!(expires(&format!(r#"{{"expires_on": "{bad}"}}"#)).is_err(), "{bad}");
        }
    }
}
