//! Dates from outside: in the years 1 to 9999, which have four digits in every format and which Postgres can keep. And
//! dates on their way out, where there are many: chrono writes the same, character by character.

use std::{fmt, marker::PhantomData};

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

use crate::base::patch::Change;

/// A day or a time, as a request has it.
pub trait Dated: Datelike + Sized {
    /// What it must be.
    const FORM: &str;

    /// In this form and no other: chrono takes a year of two digits for one of the first century.
    fn read(text: &str) -> Option<Self>;
}

impl Dated for NaiveDate {
    const FORM: &str = "a date such as 2027-12-31";

    fn read(text: &str) -> Option<Self> {
        let has_form = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        text.parse().ok().filter(|_| has_form)
    }
}

impl Dated for DateTime<Utc> {
    const FORM: &str = "a time as in RFC 3339, which is a date, a time of day and its offset from UTC, \
        such as 2027-12-31T12:00:00Z or 2027-12-31T14:00:00+02:00";

    fn read(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
    }
}

/// Use with `#[serde(deserialize_with = "dates::required")]`.
pub fn required<'de, T: Dated, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(DatedText(PhantomData))
}

struct DatedText<T>(PhantomData<T>);

impl<T: Dated> Visitor<'_> for DatedText<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::FORM)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let date = T::read(text).ok_or_else(|| E::custom(format_args!("must be {}", T::FORM)))?;
        if (1..=9999).contains(&date.year()) { Ok(date) } else { Err(E::custom("must lie in the years 0001 to 9999")) }
    }
}

/// A date within bounds, where `Option` has to see the null.
#[derive(Deserialize)]
#[serde(bound = "T: Dated")]
struct Within<T>(#[serde(deserialize_with = "required")] T);

/// Use with `#[serde(default, deserialize_with = "dates::optional")]`.
pub fn optional<'de, T: Dated, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(|Within(date)| date))
}

/// A field of a PATCH; use with `#[serde(default, deserialize_with = "dates::change")]`.
pub fn change<'de, T: Dated, D: Deserializer<'de>>(deserializer: D) -> Result<Change<T>, D::Error> {
    optional(deserializer).map(Some)
}

/// Use with `#[serde(serialize_with = "dates::day")]`.
pub fn day<S: Serializer>(date: &Option<NaiveDate>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(date) = *date else { return serializer.serialize_none() };
    let mut text = *b"0000-00-00";
    if put_date(&mut text, date).is_none() {
        return date.serialize(serializer);
    }
    serializer.serialize_str(str::from_utf8(&text).unwrap_or_default())
}

/// Use with `#[serde(serialize_with = "dates::time")]`.
pub fn time<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    if put_time(&mut text, at).is_none() {
        return at.serialize(serializer);
    }
    serializer.serialize_str(str::from_utf8(&text).unwrap_or_default())
}

fn put_date(text: &mut [u8], date: NaiveDate) -> Option<()> {
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
    put(&mut text[..4], year);
    put(&mut text[5..7], date.month());
    put(&mut text[8..10], date.day());
    Some(())
}

/// None for a time that has no microseconds, or more than them: it is written with other digits.
fn put_time(text: &mut [u8], at: &DateTime<Utc>) -> Option<()> {
    let nanos = at.nanosecond();
    if nanos.is_multiple_of(1_000_000) || !nanos.is_multiple_of(1_000) || nanos >= 1_000_000_000 {
        return None;
    }
    put_date(text, at.date_naive())?;
    put(&mut text[11..13], at.hour());
    put(&mut text[14..16], at.minute());
    put(&mut text[17..19], at.second());
    put(&mut text[20..26], nanos / 1_000);
    Some(())
}

fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Bottle {
        #[serde(default, deserialize_with = "change")]
        expires_on: Change<NaiveDate>,
    }

    #[derive(Serialize)]
    struct Out {
        #[serde(serialize_with = "day")]
        day: Option<NaiveDate>,
        #[serde(serialize_with = "time")]
        time: DateTime<Utc>,
    }

    fn assert_as_chrono_writes(time: DateTime<Utc>) {
        let day = Some(time.date_naive());
        assert_eq!(serde_json::to_value(Out { day, time }).unwrap(), json!({"day": day, "time": time}));
    }

    #[test]
    fn any_fraction_of_a_second_and_any_year_is_written_as_chrono_writes_it() {
        for nanos in [0, 1, 1_000, 120_000, 1_000_000, 500_000_000, 999_999_000, 999_999_999, 1_000_001_000] {
            assert_as_chrono_writes(DateTime::from_timestamp(1_795_000_019, nanos).unwrap_or_default());
        }
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert_as_chrono_writes(at);
        }
        assert_eq!(serde_json::to_value(Out { day: None, time: DateTime::default() }).unwrap()["day"], json!(null));
    }

    proptest! {
        #[test]
        fn any_time_is_written_as_chrono_writes_it(micros in -70_000_000_000_000_000..260_000_000_000_000_000_i64) {
            assert_as_chrono_writes(DateTime::<Utc>::default() + TimeDelta::microseconds(micros));
        }
    }

    #[test]
    fn years_of_four_digits_are_taken_and_others_refused() {
        let expires = |json: &str| serde_json::from_str::<Bottle>(json).map(|it| it.expires_on);
        let last = NaiveDate::from_ymd_opt(9999, 12, 31);
        assert_eq!(expires(r#"{"expires_on": "9999-12-31"}"#).unwrap(), Some(last));
        assert_eq!(expires(r#"{"expires_on": null}"#).unwrap(), Some(None));
        assert_eq!(expires("{}").unwrap(), None);
        for bad in [
            "0000-12-31",
            "-0001-01-01",
            "+10000-01-01",
            "2027-02-30",
            "27-12-31",
            "027-12-31",
            "+2027-12-31",
            "2027-1-1",
            "2027- 1- 1",
            " 2027-01-01",
            "2027-01-01\n",
            "4-02-29",
        ] {
            assert!(expires(&format!(r#"{{"expires_on": "{bad}"}}"#)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_one_of_rfc_3339_and_has_an_offset() {
        for good in ["2026-11-28T10:00:00Z", "2026-11-28t10:00:00.5+05:30", "2026-11-28T23:59:60Z"] {
            assert!(DateTime::<Utc>::read(good).is_some(), "{good}");
        }
        for bad in [
            "26-11-28T10:00:00Z",
            "2026-11-28T9:00:00Z",
            "2026-11-28T09:00:00",
            "2026-11-28T09:00:00+0000",
            "2026-11-28T09:00:00+00",
            "2026-11-28",
        ] {
            assert!(DateTime::<Utc>::read(bad).is_none(), "{bad}");
        }
    }
}
