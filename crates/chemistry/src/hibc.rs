//! HIBC labels of health-care suppliers: `+`, who and which product, lot and date, a check character.
//!
//! Source: ANSI/HIBC 2.6, Supplier Labeling Standard.

use chrono::NaiveDate;

use super::{label::Label, text::is_digits};

/// Values 0 to 42 of the check character, which is the sum of all characters before it, modulo 43.
const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

pub(super) fn parse(text: &str) -> Option<Label> {
    let data = checked(text)?.strip_prefix('+')?;
    let mut label = Label::default();
    let mut parts = data.split('/');
    let first = parts.next()?;
    if first.starts_with(|c: char| c.is_ascii_alphabetic()) {
        label.catalogue_number = Some(product(first)?.to_owned());
    } else {
        // Alone, it repeats the check character of the label that it belongs to.
        let link = first.char_indices().next_back()?.0;
        // A phone number is none.
        if data.contains('/') || is_digits(first) {
            return None;
        }
        secondary(&mut label, &first[..link])?;
    }
    for (at, part) in parts.enumerate() {
        if let Some(day) = part.strip_prefix("14D") {
            label.expires_on = Some(date(day, "%Y%m%d", 8)?);
        } else if let Some(serial) = part.strip_prefix('S') {
            label.serial = Some(code(serial)?);
        } else if at == 0 && part.starts_with(|c: char| c == '$' || c.is_ascii_digit()) && !part.starts_with("16D") {
            secondary(&mut label, part)?;
        }
    }
    label.unless_empty()
}

/// Without its check character, which fits.
fn checked(text: &str) -> Option<&str> {
    let (end, check) = text.char_indices().next_back()?;
    let sum = text[..end].chars().try_fold(0, |sum, c| Some(sum + ALPHABET.find(c)?))?;
    (text.starts_with('+') && ALPHABET.find(check)? == sum % 43).then(|| &text[..end])
}

/// Four characters of the supplier, up to eighteen of the product, one digit of the packing.
fn product(text: &str) -> Option<&str> {
    let is_whole = (6..=23).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let has_packing = text.ends_with(|c: char| c.is_ascii_digit());
    (is_whole && has_packing).then(|| &text[4..text.len() - 1])
}

/// `$` lot, `$+` serial, `$$` date and lot, `$$+` date and serial, or five digits of year and day, then the lot.
fn secondary(label: &mut Label, text: &str) -> Option<()> {
    let (is_serial, rest) = if let Some(rest) = text.strip_prefix("$$+") {
        (true, dated(label, rest)?)
    } else if let Some(rest) = text.strip_prefix("$$") {
        (false, dated(label, quantity(rest)?)?)
    } else if let Some(rest) = text.strip_prefix("$+") {
        (true, rest)
    } else if let Some(rest) = text.strip_prefix('$') {
        (false, rest)
    } else {
        let (day, rest) = text.split_at_checked(5)?;
        label.expires_on = Some(date(day, "%y%j", 5)?);
        (false, rest)
    };
    if !rest.is_empty() {
        let value = Some(code(rest)?);
        if is_serial { label.serial = value } else { label.lot = value }
    }
    Some(())
}

/// How many pieces there are: 8 and two digits, 9 and five.
fn quantity(text: &str) -> Option<&str> {
    let digits = match text.bytes().next() {
        Some(b'8') => 3,
        Some(b'9') => 6,
        _ => return Some(text),
    };
    let (quantity, rest) = text.split_at_checked(digits)?;
    is_digits(quantity).then_some(rest)
}

/// The first digit tells how the date is written; a month comes without any.
fn dated<'a>(label: &mut Label, text: &'a str) -> Option<&'a str> {
    let (skip, format, length, hours) = match text.bytes().next() {
        None => return Some(text),
        Some(b'0' | b'1') => return month(label, text),
        Some(b'2') => (1, "%m%d%y", 6, 0),
        Some(b'3') => (1, "%y%m%d", 6, 0),
        Some(b'4') => (1, "%y%m%d", 6, 2),
        Some(b'5') => (1, "%y%j", 5, 0),
        Some(b'6') => (1, "%y%j", 5, 2),
        Some(b'7') => return Some(&text[1..]),
        Some(_) => return None,
    };
    let (day, rest) = text.get(skip..)?.split_at_checked(length)?;
    label.expires_on = Some(date(day, format, length)?);
    let (hour, rest) = rest.split_at_checked(hours)?;
    (hours == 0 || is_digits(hour)).then_some(rest)
}

/// Month and year: it lasts to the end of the month.
fn month<'a>(label: &mut Label, text: &'a str) -> Option<&'a str> {
    let (month, rest) = text.split_at_checked(4).filter(|(month, _)| is_digits(month))?;
    let first = date(&format!("01{month}"), "%d%m%y", 6)?;
    label.expires_on = Some(first.checked_add_months(chrono::Months::new(1))?.pred_opt()?);
    Some(rest)
}

fn date(text: &str, format: &str, length: usize) -> Option<NaiveDate> {
    let is_whole = text.len() == length && is_digits(text);
    // Labels are of this century; chrono puts 69 to 99 into the last one.
    let day = is_whole.then(|| NaiveDate::parse_from_str(text, format).ok()).flatten()?;
    if day < NaiveDate::from_ymd_opt(2000, 1, 1)? {
        day.checked_add_months(chrono::Months::new(1200))
    } else {
        Some(day)
    }
}

fn code(text: &str) -> Option<String> {
    let fits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, day)
    }

    fn with_check(data: &str) -> String {
        let sum: usize = data.chars().map(|c| ALPHABET.find(c).unwrap()).sum();
        format!("{data}{}", &ALPHABET[sum % 43..=sum % 43])
    }

    #[test]
    fn product_lot_and_expiry_are_read_from_one_code() {
        let read = parse("+E308T800206X0/$230513/14D20260413C").unwrap();
        assert_eq!(read.catalogue_number.as_deref(), Some("T800206X"));
        assert_eq!((read.lot.as_deref(), read.expires_on), (Some("230513"), day(2026, 4, 13)));
        let read = parse("+E203PB414109/$$8243280112R00089525J").unwrap();
        assert_eq!((read.lot.as_deref(), read.expires_on), (Some("R00089525"), day(2028, 1, 12)));
    }

    #[test]
    fn every_form_of_the_second_part_is_read() {
        for (part, lot, serial, expires_on) in [
            ("$LOT7", Some("LOT7"), None, None),
            ("$+S7", None, Some("S7"), None),
            ("$$0928LOT7", Some("LOT7"), None, day(2028, 9, 30)),
            ("$$2093028LOT7", Some("LOT7"), None, day(2028, 9, 30)),
            ("$$3280930LOT7", Some("LOT7"), None, day(2028, 9, 30)),
            ("$$428093012LOT7", Some("LOT7"), None, day(2028, 9, 30)),
            ("$$528001LOT7", Some("LOT7"), None, day(2028, 1, 1)),
            ("$$62800112LOT7", Some("LOT7"), None, day(2028, 1, 1)),
            ("$$7LOT7", Some("LOT7"), None, None),
            ("$$900005LOT7", None, None, None),
            ("$$9000057LOT7", Some("LOT7"), None, None),
            ("$$+3280930S7", None, Some("S7"), day(2028, 9, 30)),
            ("28001LOT7", Some("LOT7"), None, day(2028, 1, 1)),
        ] {
            for text in [with_check(&format!("+A123BJC5D6E71/{part}")), with_check(&format!("+{part}G"))] {
                let read = parse(&text).unwrap_or_default();
                if lot.is_none() && serial.is_none() {
                    assert_eq!((read.lot, read.serial), (None, None), "{text}");
                    continue;
                }
                assert_eq!((read.lot.as_deref(), read.serial.as_deref()), (lot, serial), "{text}");
                assert_eq!(read.expires_on, expires_on, "{text}");
            }
        }
        assert_eq!(parse("+A123BJC5D6E71G").unwrap().catalogue_number.as_deref(), Some("BJC5D6E7"));
    }

    #[test]
    fn a_wrong_check_character_or_date_is_not_read() {
        for text in ["", "+", "+E308T800206X0/$230513/14D20260413D", "+12025550100", "E308T800206X0", "+ä"] {
            assert_eq!(parse(text), None, "{text}");
        }
        for data in ["+E308T800206X0/$$3281301L", "+E308T800206X0/14D20261301", "+$$3281301LG", "+E3080", "+E308TX"] {
            assert_eq!(parse(&with_check(data)), None, "{data}");
        }
    }
}
