//! Dates of GS1 element strings, which have two digits for the year.
//!
//! Source: GS1 General Specifications, section 7.12 (determination of century and day in dates).

use chrono::{Datelike, Days, Months, NaiveDate};

use super::text::is_digits;

/// YYMMDD, with day 00 for the end of the month and the century that brings the year closest.
pub(super) fn parse(yymmdd: &str, today: NaiveDate) -> Option<NaiveDate> {
    if yymmdd.len() != 6 || !is_digits(yymmdd) {
        return None;
    }
    let number: u32 = yymmdd.parse().ok()?;
    let (short_year, month, day) = (i32::try_from(number / 10_000).ok()?, number / 100 % 100, number % 100);
    let century = today.year() - today.year().rem_euclid(100);
    let year = match short_year - today.year().rem_euclid(100) {
        51..=99 => century - 100 + short_year,
        -99..=-50 => century + 100 + short_year,
        _ => century + short_year,
    };
    if day > 0 {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn day_zero_is_the_end_of_the_month() {
        assert_eq!(parse("280200", day(2026, 3, 1)), Some(day(2028, 2, 29)));
        assert_eq!(parse("270200", day(2026, 3, 1)), Some(day(2027, 2, 28)));
        assert_eq!(parse("261200", day(2026, 3, 1)), Some(day(2026, 12, 31)));
        for text in ["261301", "260230", "260000", "26011", "2601011", "2601O1"] {
            assert_eq!(parse(text, day(2026, 3, 1)), None, "{text}");
        }
    }

    #[test]
    fn the_century_slides_with_today() {
        assert_eq!(parse("760101", day(2026, 3, 1)), Some(day(2076, 1, 1)), "50 years ahead");
        assert_eq!(parse("770101", day(2026, 3, 1)), Some(day(1977, 1, 1)), "51 years ahead");
        assert_eq!(parse("490101", day(2099, 1, 1)), Some(day(2149, 1, 1)), "50 years behind");
        assert_eq!(parse("500101", day(2099, 1, 1)), Some(day(2050, 1, 1)), "49 years behind");
        assert_eq!(parse("990101", day(2000, 1, 1)), Some(day(1999, 1, 1)));
    }
}
