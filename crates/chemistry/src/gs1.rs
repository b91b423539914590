//! GS1 element strings: what suppliers put into the Data Matrix and GS1-128 codes of their bottles.
//!
//! Source: GS1 General Specifications, sections 3 (application identifiers) and 7.8 (processing of element strings).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    gs1_date,
    gs1_measure::measure,
    gs1_readings::Readings,
    gs1_table::{Format, identifier},
    label::Label,
    text::{digits_from_right, is_digits},
};

/// Ends a field of variable length, where the symbol has its FNC1 character.
pub const SEPARATOR: char = '\u{1d}';

/// How scanners and programs write the separator where they cannot type it. The caret is in no field of GS1.
const WRITTEN: [&str; 7] = ["<GS>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "␝", "^"];

/// Value by application identifier.
pub(super) type Fields<'a> = BTreeMap<&'a str, &'a str>;

pub(super) fn with_separators(text: &str) -> String {
    WRITTEN.iter().fold(text.to_owned(), |text, written| text.replace(written, "\u{1d}"))
}

/// Reads the data of a symbol, without symbology identifier. What comes before an ambiguity is certain; a known field
/// with an impossible value makes the whole unknown, as it was misread or is no element string.
pub(super) fn parse(data: &str, today: NaiveDate) -> Option<Label> {
    let data = data.trim_start_matches(SEPARATOR);
    // One separator proves that the scanner passes them on.
    let is_separated = data.contains(SEPARATOR);
    let mut fields = Fields::new();
    let mut rest = data;
    while !rest.is_empty() {
        let Some((ai, format)) = identifier(rest) else {
            // Nobody knows how long it is: it goes up to the separator.
            rest.get(..2).filter(|start| is_digits(start))?;
            rest = rest.split_once(SEPARATOR).map_or("", |(_, behind)| behind);
            continue;
        };
        let after = &rest[ai.len()..];
        let is_last = !format.is_fixed() && !is_separated;
        let readings = is_last.then(|| Readings::of(after, ai, format, &fields, today));
        if let Some(readings) = readings.filter(Readings::has_several) {
            let certain = label(&fields, today).unless_empty()?;
            return Some(Label { candidates: readings.all(&fields), ..certain });
        }
        let end = if format.is_fixed() { format.digits } else { after.find(SEPARATOR).unwrap_or(after.len()) };
        let (value, behind) = after.split_at_checked(end)?;
        insert(&mut fields, ai, format, value, today)?;
        rest = behind.trim_start_matches(SEPARATOR);
    }
    label(&fields, today).unless_empty()
}

/// Reads the human-readable form `(01)04012345678901(10)AB`, in which brackets end every field.
pub(super) fn parse_bracketed(text: &str, today: NaiveDate) -> Option<Label> {
    let elements = text.strip_prefix('(')?.split('(').map(|element| element.split_once(')'));
    parse_pairs(elements.collect::<Option<Vec<_>>>()?, today)
}

/// Reads identifiers that stand apart from their values; those that nobody knows are passed over.
pub(super) fn parse_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, today: NaiveDate) -> Option<Label> {
    let mut fields = Fields::new();
    for (ai, value) in pairs {
        let ai = ai.trim();
        if !is_digits(ai) || !(2..=4).contains(&ai.len()) {
            return None;
        }
        let value = value.trim_matches([' ', SEPARATOR]);
        if let Some((_, format)) = identifier(ai).filter(|(known, _)| *known == ai) {
            insert(&mut fields, ai, format, value, today)?;
        }
    }
    label(&fields, today).unless_empty()
}

/// `None` for a value that the field cannot have, and for a field that comes twice.
fn insert<'a>(fields: &mut Fields<'a>, ai: &'a str, format: Format, value: &'a str, today: NaiveDate) -> Option<()> {
    (fits(ai, format, value, today) && fields.insert(ai, value).is_none()).then_some(())
}

pub(super) fn fits(ai: &str, format: Format, value: &str, today: NaiveDate) -> bool {
    format.fits(value)
        && match ai {
            "00" | "01" | "02" | "03" => has_check_digit(value),
            "11" | "12" | "13" | "15" | "16" | "17" => gs1_date::parse(value, today).is_some(),
            "7003" => gs1_date::parse(&value[..6], today).is_some(),
            _ => true,
        }
}

fn has_check_digit(digits: &str) -> bool {
    let weighed = digits_from_right(digits).zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    weighed.sum::<u32>().is_multiple_of(10)
}

pub(super) fn label(fields: &Fields, today: NaiveDate) -> Label {
    let text = |ai| fields.get(ai).map(|value| (*value).to_owned());
    let day = |ai| fields.get(ai).and_then(|value| gs1_date::parse(value.get(..6)?, today));
    // A logistic label names what is in the box as 02.
    let gtin = ["01", "02", "03"].iter().find_map(|ai| fields.get(ai)?.parse().ok());
    Label {
        gtin,
        sscc: text("00"),
        catalogue_number: text("240"),
        lot: text("10"),
        serial: text("21"),
        expires_on: day("17").or_else(|| day("7003")),
        best_before_on: day("15"),
        amount: fields.iter().find_map(|(ai, value)| measure(ai, value)),
        candidates: Vec::new(),
    }
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
    fn a_lot_that_may_have_swallowed_another_field_is_a_candidate_and_what_comes_before_is_certain() {
        let lot = |rest: &str| parse(&format!("010950600013435210{rest}"), today()).unwrap();
        for rest in ["AB21C", "AB17271231", "AB91X", "AB30500"] {
            let read = lot(rest);
            assert_eq!(
                (read.gtin.is_some(), read.lot, read.serial, read.expires_on),
                (true, None, None, None),
                "{rest}"
            );
            assert!(read.candidates.len() > 1, "{rest}");
            assert!(read.candidates.iter().any(|it| it.lot.as_deref() == Some(rest)), "{rest}");
            assert!(read.candidates.iter().any(|it| it.lot.as_deref() == Some("AB")), "{rest}");
        }
        assert_eq!(lot("10").lot.as_deref(), Some("10"));
        assert_eq!(lot("AB10C").lot.as_deref(), Some("AB10C"), "no second lot is allowed");
        assert_eq!(lot("AB17281330").lot.as_deref(), Some("AB17281330"), "there is no month 13");
        assert_eq!(lot("AB37500").lot.as_deref(), Some("AB37500"), "pieces of nothing");
        // The same characters with a separator have one reading.
        assert_eq!(parse("10AB21C\u{1d}0109506000134352", today()).unwrap().lot.as_deref(), Some("AB21C"));
    }

    #[test]
    fn what_cannot_be_is_not_read() {
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
            "17271331",
            "10123456789012345678901",
            "10ÄB",
            "0109506000134352\u{1d}0109506000134352",
            "010950600013435217271331",
            "010950600013435\u{1d}2",
            "11260101",
            "3103001\u{1d}224",
        ] {
            assert!(parse(data, today()).is_none(), "{data:?}");
        }
    }

    #[test]
    fn an_identifier_that_nobody_knows_costs_no_other_field() {
        let read = parse("01095060001343526012\u{1d}10AB\u{1d}05XYZ", today()).unwrap();
        assert_eq!((read.gtin.is_some(), read.lot.as_deref()), (true, Some("AB")));
        assert!(parse("0109506000134352605", today()).unwrap().gtin.is_some());
    }

    #[test]
    fn all_that_suppliers_print_is_passed_over_or_read() {
        let front = "0109506000134352";
        for between in [
            "11260101",
            "12260101",
            "13260101",
            "16260101",
            "2001",
            "30250\u{1d}",
            "250S\u{1d}",
            "241X\u{1d}",
            "422276",
            "800826010112\u{1d}",
            "8200http://x\u{1d}",
            "91house\u{1d}",
            "3922125\u{1d}",
            "4149506000134352",
        ] {
            let read = parse(&format!("{front}{between}10LOT-7\u{1d}21S"), today());
            assert_eq!(read.and_then(|it| it.lot).as_deref(), Some("LOT-7"), "{between}");
        }
        let read = parse("0200000096385074310300122437121\u{1d}70032712310815", today());
        let read = read.unwrap();
        assert_eq!((read.gtin, read.expires_on), ("96385074".parse().ok(), Some(day(2027, 12, 31))));
        assert_eq!(read.amount.unwrap().to_string(), "1.224 kg");
        assert!(parse("00106141412345678908", today()).unwrap().sscc.is_some());
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

    #[test]
    fn a_long_label_is_read_in_no_time() {
        let hostile = format!("0109506000134352{}", "9192939495969798".repeat(30));
        let before = std::time::Instant::now();
        let _ = (parse(&hostile, today()), parse(&format!("{hostile}ä"), today()));
        assert!(before.elapsed() < std::time::Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn separated_fields_read_back_whatever_the_lot_holds(lot in "[0-9A-Z/-]{1,20}", serial in "[0-9A-Z]{1,20}") {
            let read = parse(&format!("10{lot}\u{1d}21{serial}"), today()).unwrap();
            prop_assert_eq!((read.lot, read.serial), (Some(lot), Some(serial)));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", near in "(01|10|17|21|240|37|7003|[0-9A]{1,8}|\u{1d}|[()Ä]){0,12}") {
            let _ = (parse(&text, today()), parse(&near, today()), parse_bracketed(&near, today()));
        }
    }
}
