//! What a scanner or a phone's camera read from a bottle.

use chrono::NaiveDate;

use super::{
    cas::CasNumber, container_code::ContainerCode, gs1, gs1_link, gtin::Gtin, hibc, iso15434, label::Label,
    own_code::own_code, text::is_digits,
};

/// No label holds more; a longer text is cut here before it is looked at.
const MAX_CHARS: usize = 512;

/// The meaning of a scanned text. What has no certain meaning stays `text`: nothing is guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// One of our own labels. One in 32 foreign codes of nine such characters looks like one, so a
    /// code that is not found is worth looking up as text.
    Own { code: ContainerCode },
    /// A supplier's code with at least one field.
    Label(Box<Label>),
    /// A CAS number, as some suppliers print it.
    Cas { cas: CasNumber },
    /// Anything else, as it was scanned.
    Text { value: String },
}

impl Scanned {
    /// Reads a scan with the years of this decade; see [`Scanned::parse_on`].
    pub fn parse(raw: &str) -> Self {
        // Two-digit years of GS1 mean 1977 to 2076 from here; `parse_on` moves the window.
        let today = NaiveDate::from_yo_opt(2026, 1).unwrap_or_default();
        Self::parse_on(raw, today)
    }

    /// Reads a scan; `today` decides the century of two-digit years.
    pub fn parse_on(raw: &str, today: NaiveDate) -> Self {
        let text = clean(raw);
        let (symbology, text) = symbology(&text);
        // A CAS number first: its hyphens tell it from a code of nine digits.
        if let Ok(cas) = text.parse() {
            return Self::Cas { cas };
        }
        if let Some(code) = own_code(text) {
            return Self::Own { code };
        }
        match label(symbology, text, today) {
            Some(label) => Self::Label(Box::new(label)),
            None => Self::Text { value: text.to_owned() },
        }
    }
}

/// What a scanner adds without a meaning is dropped: control characters, but for the separators of fields and records.
pub fn clean(raw: &str) -> String {
    let kept = |c: &char| !c.is_control() || matches!(*c, gs1::SEPARATOR | iso15434::RECORD_SEPARATOR);
    let text: String = raw.chars().filter(kept).take(MAX_CHARS).collect();
    text.trim().to_owned()
}

/// What was printed, without the three characters by which some scanners tell the symbology (ISO/IEC 15424).
pub fn symbology(text: &str) -> (&str, &str) {
    match text.as_bytes() {
        [b']', letter, modifier, _, ..] if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() => {
            text.split_at(3)
        }
        _ => ("", text),
    }
}

fn label(symbology: &str, text: &str, today: NaiveDate) -> Option<Label> {
    if text.starts_with("[)>") {
        return iso15434::parse(text, today);
    }
    match symbology {
        // GS1-128, GS1 Data Matrix, GS1 QR, GS1 DataBar, GS1 DotCode.
        "]C1" | "]d2" | "]Q3" | "]e0" | "]J1" => {
            return gs1::parse(&gs1::with_separators(text), today).or_else(|| gs1_link::parse(text, today));
        }
        // EAN-13 with UPC, and EAN-8, which hold a bare GTIN.
        "]E0" => return gtin(text).filter(|_| matches!(text.len(), 12 | 13)).map(Label::of),
        "]E4" => return gtin(text).filter(|_| text.len() == 8).map(Label::of),
        _ => {}
    }
    if let Some(gtin) = gtin(text) {
        return Some(Label::of(gtin));
    }
    if text.starts_with('(') {
        return gs1::parse_bracketed(&gs1::with_separators(text), today);
    }
    if text.starts_with('+') {
        return hibc::parse(text);
    }
    if text.contains("://") {
        return gs1_link::parse(text, today);
    }
    // Without identifier only what cannot well be another supplier's private number: a separator, or a number of an
    // article or a parcel, which its check digit proves.
    let data = gs1::with_separators(text);
    let label = gs1::parse(&data, today)?;
    (data.contains(gs1::SEPARATOR) || label.gtin.is_some() || label.sscc.is_some()).then_some(label)
}

/// EAN-8, UPC-A, EAN-13 or GTIN-14 without anything around it.
fn gtin(text: &str) -> Option<Gtin> {
    if is_digits(text) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> Scanned {
        Scanned::Text { value: value.to_owned() }
    }

    fn label_of(raw: &str) -> Label {
        match Scanned::parse(raw) {
            Scanned::Label(label) => *label,
            other => panic!("{raw:?}: {other:?}"),
        }
    }

    fn code() -> ContainerCode {
        ContainerCode::from_random([0, 0, 0, 0, 1])
    }

    #[test]
    fn our_label_is_recognised_bare_and_as_address() {
        for raw in [
            "00000001Y",
            "0000-0001-y",
            " 00000001Y\r\n",
            "https://stock.example.org/c/00000001Y",
            "http://10.0.0.7:8080/c/00000001Y/",
            "HTTPS://STOCK.EXAMPLE.ORG/C/00000001Y",
            "https://stock.example.org/c/00000001Y?from=label#top",
        ] {
            assert_eq!(Scanned::parse(raw), Scanned::Own { code: code() }, "{raw}");
        }
    }

    #[test]
    fn other_addresses_are_text() {
        for raw in [
            "https:///c/00000001Y",
            "https://stock.example.org/00000001Y",
            "https://stock.example.org/x/c/00000001Y",
            "https://stock.example.org/c/00000001X",
            "https://stock.example.org/c/00000001Y/edit",
            "ftp://stock.example.org/c/00000001Y",
            "https://stock.example.org",
        ] {
            assert_eq!(Scanned::parse(raw), text(raw));
        }
    }

    #[test]
    fn a_cas_number_is_one_also_with_nine_digits() {
        assert_eq!(Scanned::parse("64-17-5"), Scanned::Cas { cas: "64-17-5".parse().unwrap() });
        assert_eq!(Scanned::parse("64-17-6"), text("64-17-6"));
        // Without the hyphens these nine digits would pass the check of our own codes.
        let both = (100_000..999_999_u32)
            .map(|registry| format!("{registry}-00-0"))
            .find(|cas| cas.parse::<CasNumber>().is_ok() && cas.parse::<ContainerCode>().is_ok())
            .unwrap();
        assert_eq!(Scanned::parse(&both), Scanned::Cas { cas: both.parse().unwrap() });
    }

    #[test]
    fn a_suppliers_code_is_read_with_and_without_identifier() {
        for raw in [
            "]d201095060001343521727123110LOT-7\u{1d}21S1",
            "]C1\u{1d}01095060001343521727123110LOT-7\u{1d}21S1",
            "]Q301095060001343521727123110LOT-7\u{1d}21S1",
            "01095060001343521727123110LOT-7\u{1d}21S1",
            "(01)09506000134352(17)271231(10)LOT-7(21)S1",
            "(01) 09506000134352 (17) 271231 (10) LOT-7 (21) S1",
        ] {
            let expected = Label {
                gtin: "09506000134352".parse().ok(),
                lot: Some("LOT-7".into()),
                serial: Some("S1".into()),
                expires_on: NaiveDate::from_ymd_opt(2027, 12, 31),
                ..Label::default()
            };
            assert_eq!(label_of(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_bare_article_number_is_read_whatever_its_symbology() {
        for (raw, gtin) in [
            ("4012345678901", "04012345678901"),
            ("]E04012345678901", "04012345678901"),
            ("036000291452", "00036000291452"),
            ("96385074", "00000096385074"),
            ("]E496385074", "00000096385074"),
            ("09506000134352", "09506000134352"),
            ("]C04012345678901", "04012345678901"),
        ] {
            assert_eq!(label_of(raw), Label::of(gtin.parse().unwrap()), "{raw}");
        }
    }

    #[test]
    fn symbology_identifiers_are_no_part_of_the_code() {
        for raw in ["]C000000001Y", "]d100000001Y", "]Q100000001Y", "]Q1https://stock.example.org/c/00000001Y"] {
            assert_eq!(Scanned::parse(raw), Scanned::Own { code: code() }, "{raw}");
        }
        assert_eq!(Scanned::parse("]C0Shelf 7"), text("Shelf 7"));
        assert_eq!(Scanned::parse("]C064-17-5"), Scanned::Cas { cas: "64-17-5".parse().unwrap() });
    }

    #[test]
    fn the_separator_is_read_however_a_scanner_writes_it() {
        for separator in ["\u{1d}", "<GS>", "␝", "{GS}", "^"] {
            let read = label_of(&format!("010950600013435210AB21C{separator}17271231"));
            assert_eq!(read.lot.as_deref(), Some("AB21C"), "{separator}");
            assert!(read.expires_on.is_some(), "{separator}");
        }
        assert!(label_of("^010950600013435217271231").expires_on.is_some());
    }

    #[test]
    fn other_standards_are_told_by_how_they_begin() {
        assert_eq!(label_of("+E308T800206X0/$230513/14D20260413C").lot.as_deref(), Some("230513"));
        assert_eq!(label_of("[)>\u{1e}06\u{1d}1TL7\u{1d}S1\u{1e}\u{4}").lot.as_deref(), Some("L7"));
        let raw = "https://id.gs1.org/01/09506000134352/10/ABC123/21/S1?17=271231";
        assert_eq!(label_of(raw).serial.as_deref(), Some("S1"));
        assert_eq!(label_of("1727123101095060001343521 0AB".replace(' ', "").as_str()).lot.as_deref(), Some("AB"));
    }

    #[test]
    fn what_has_no_certain_meaning_stays_text() {
        for raw in [
            "",
            "4012345678902",
            "10ABC",
            "24100",
            "09506000134353",
            "010950600013435217271331",
            "A^B",
            "[)>\u{1e}06\u{1d}Z\u{1e}",
            "+E308T800206X0/$230513/14D20260413D",
            "]d2",
            "]",
            "(",
            "Acetone p.a.",
            "https://",
        ] {
            assert_eq!(Scanned::parse(raw), text(raw));
        }
    }

    #[test]
    fn control_characters_are_dropped_and_long_texts_cut() {
        assert_eq!(Scanned::parse("\u{2}AB\u{0}C\t1\u{3}"), text("ABC1"));
        assert_eq!(Scanned::parse(&"ü".repeat(600)), text(&"ü".repeat(512)));
    }

    #[test]
    fn the_century_follows_today_where_it_is_given() {
        let at = |year| Scanned::parse_on("(17)800101", NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        let expiring = |year| {
            let expires_on = NaiveDate::from_ymd_opt(year, 1, 1);
            Scanned::Label(Box::new(Label { expires_on, ..Label::default() }))
        };
        assert_eq!((at(2026), at(2030)), (expiring(1980), expiring(2080)));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_panic(
            raw in "\\PC*", near in "(\\]d2|\\(|\\)|01|10|17|https://h/c/|[0-9A-Z-]{1,9}|\u{1d}|ä){0,12}",
        ) {
            let _ = (Scanned::parse(&raw), Scanned::parse(&near));
        }
    }
}
