//! GS1 element strings: what suppliers put into the Data Matrix and GS1-128 codes of their bottles.
//!
//! Source: GS1 General Specifications, section 3 (application identifiers), 7.8 (processing of
//! element strings).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{gs1_date, gtin::Gtin, text::is_digits};

/// Ends a field of variable length, where the symbol has its FNC1 character.
pub const SEPARATOR: char = '\u{1d}';

/// The application identifiers that chemical suppliers use. Where no brackets show its length, one
/// that is not listed makes the whole string unknown: nothing after it could be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Gtin,
    Lot,
    ProducedOn,
    PackedOn,
    BestBeforeOn,
    ExpiresOn,
    Serial,
    AdditionalId,
}

const FIELDS: [(&str, Field, Length); 8] = [
    ("01", Field::Gtin, Length::Exactly(14)),
    ("10", Field::Lot, Length::UpTo(20)),
    ("11", Field::ProducedOn, Length::Exactly(6)),
    ("13", Field::PackedOn, Length::Exactly(6)),
    ("15", Field::BestBeforeOn, Length::Exactly(6)),
    ("17", Field::ExpiresOn, Length::Exactly(6)),
    ("21", Field::Serial, Length::UpTo(20)),
    ("240", Field::AdditionalId, Length::UpTo(30)),
];

#[derive(Debug, Clone, Copy)]
enum Length {
    Exactly(usize),
    UpTo(usize),
}

/// What a string of elements says. A field that it lacks is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Elements {
    pub gtin: Option<Gtin>,
    pub lot: Option<String>,
    pub serial: Option<String>,
    pub expires_on: Option<NaiveDate>,
    pub best_before_on: Option<NaiveDate>,
}

type Fields<'a> = BTreeMap<Field, &'a str>;

/// Reads the data of a symbol, without symbology identifier. `None` unless every character has
/// exactly one meaning.
pub(super) fn parse(data: &str, today: NaiveDate) -> Option<Elements> {
    let data = data.strip_prefix(SEPARATOR).unwrap_or(data);
    let mut fields = Fields::new();
    split(data, &mut fields, today)?;
    // One separator proves that the scanner passes them on. Without any, the last field may have
    // swallowed its successor: lot `AB21C`, or lot `AB` and serial `C`?
    if !data.contains(SEPARATOR) && has_second_reading(&fields, today) {
        return None;
    }
    elements(&fields, today)
}

/// Reads the human-readable form `(01)04012345678901(10)AB`, in which brackets end every field.
pub(super) fn parse_bracketed(text: &str, today: NaiveDate) -> Option<Elements> {
    let mut fields = Fields::new();
    for element in text.strip_prefix('(')?.split('(') {
        let (identifier, value) = element.split_once(')')?;
        if let Some((_, field, length)) = FIELDS.iter().find(|(known, ..)| *known == identifier) {
            insert(&mut fields, *field, *length, value.trim(), today)?;
        } else if !is_digits(identifier) || !(2..=4).contains(&identifier.len()) {
            return None;
        }
    }
    elements(&fields, today)
}

fn split<'a>(mut data: &'a str, fields: &mut Fields<'a>, today: NaiveDate) -> Option<()> {
    while !data.is_empty() {
        let (identifier, field, length) = FIELDS.iter().find(|(known, ..)| data.starts_with(known))?;
        let rest = &data[identifier.len()..];
        let end = match *length {
            Length::Exactly(exactly) => exactly,
            Length::UpTo(_) => rest.find(SEPARATOR).unwrap_or(rest.len()),
        };
        let (value, rest) = rest.split_at_checked(end)?;
        insert(fields, *field, *length, value, today)?;
        data = rest.strip_prefix(SEPARATOR).unwrap_or(rest);
    }
    Some(())
}

/// `None` for a value that the field cannot have, and for a field that comes twice.
fn insert<'a>(fields: &mut Fields<'a>, field: Field, length: Length, value: &'a str, today: NaiveDate) -> Option<()> {
    let length_fits = match length {
        Length::Exactly(exactly) => value.len() == exactly,
        Length::UpTo(most) => (1..=most).contains(&value.len()),
    };
    let value_fits = match field {
        Field::Gtin => value.parse::<Gtin>().is_ok(),
        Field::ProducedOn | Field::PackedOn | Field::BestBeforeOn | Field::ExpiresOn => {
            gs1_date::parse(value, today).is_some()
        }
        Field::Lot | Field::Serial | Field::AdditionalId => value.bytes().all(|byte| byte.is_ascii_graphic()),
    };
    let is_new = fields.insert(field, value).is_none();
    (length_fits && value_fits && is_new).then_some(())
}

/// Whether the field that runs to the end could as well be a shorter one with others behind it.
fn has_second_reading(fields: &Fields, today: NaiveDate) -> bool {
    let open_ended = [Field::Lot, Field::Serial, Field::AdditionalId];
    let Some(value) = open_ended.iter().find_map(|field| fields.get(field)) else {
        return false;
    };
    (1..value.len()).any(|cut| split(&value[cut..], &mut fields.clone(), today).is_some())
}

fn elements(fields: &Fields, today: NaiveDate) -> Option<Elements> {
    let text = |field| fields.get(&field).map(|value| (*value).to_owned());
    let day = |field| fields.get(&field).and_then(|value| gs1_date::parse(value, today));
    let elements = Elements {
        gtin: fields.get(&Field::Gtin).and_then(|value| value.parse().ok()),
        lot: text(Field::Lot),
        serial: text(Field::Serial),
        expires_on: day(Field::ExpiresOn),
        best_before_on: day(Field::BestBeforeOn),
    };
    (elements != Elements::default()).then_some(elements)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn today() -> NaiveDate {
        day(2026, 3, 1)
    }

    #[test]
    fn fixed_fields_need_no_separator_and_open_ones_do() {
        let read = parse("0109506000134352172712311526063010AB-123\u{1d}21S/9", today()).unwrap();
        assert_eq!(read.gtin, "09506000134352".parse().ok());
        assert_eq!(read.expires_on, Some(day(2027, 12, 31)));
        assert_eq!(read.best_before_on, Some(day(2026, 6, 30)));
        assert_eq!(read.lot.as_deref(), Some("AB-123"));
        assert_eq!(read.serial.as_deref(), Some("S/9"));
    }

    #[test]
    fn a_lot_that_may_have_swallowed_the_serial_is_not_guessed() {
        let front = "0109506000134352";
        assert!(parse(&format!("{front}10AB21C"), today()).is_none(), "lot AB and serial C?");
        assert!(parse(&format!("{front}10AB17271231"), today()).is_none(), "lot AB and a date?");
        assert!(parse(&format!("{front}1010"), today()).is_some(), "the lot 10");
        assert!(parse(&format!("{front}10AB10C"), today()).is_some(), "no second lot is allowed");
        assert!(parse(&format!("{front}10AB17271331"), today()).is_some(), "there is no month 13");
        // The same characters with a separator have one reading.
        let read = parse("10AB21C\u{1d}0109506000134352", today()).unwrap();
        assert_eq!(read.lot.as_deref(), Some("AB21C"));
    }

    #[test]
    fn a_string_is_read_whole_or_not_at_all() {
        for data in [
            "",
            "\u{1d}",
            "01",
            "0109506000134353",
            "010950600013435",
            "0109506000134352X",
            "10",
            "10\u{1d}21A",
            "99ABC",
            "17260230",
            "10123456789012345678901",
            "10ÄB",
            "0109506000134352\u{1d}0109506000134352",
            "11260101",
        ] {
            assert!(parse(data, today()).is_none(), "{data:?}");
        }
    }

    #[test]
    fn brackets_end_every_field() {
        let read = parse_bracketed("(01)09506000134352(17)271200(10)AB21C(91)inhouse", today()).unwrap();
        assert_eq!(read.lot.as_deref(), Some("AB21C"));
        assert_eq!(read.expires_on, Some(day(2027, 12, 31)));
        for text in ["", "(", "()", "(01)", "(01)1", "(10)A(10)B", "10)A", "(abc)d", "(91)only", "(10)A(x)B"] {
            assert!(parse_bracketed(text, today()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn separated_fields_read_back_whatever_the_lot_holds(lot in "[0-9A-Z/-]{1,20}", serial in "[0-9A-Z]{1,20}") {
            let read = parse(&format!("10{lot}\u{1d}21{serial}"), today()).unwrap();
            prop_assert_eq!((read.lot, read.serial), (Some(lot), Some(serial)));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", near in "(01|10|17|21|240|[0-9A]{1,8}|\u{1d}|[()Ä]){0,12}") {
            let _ = (parse(&text, today()), parse(&near, today()), parse_bracketed(&near, today()));
        }
    }
}
