//! What a scanner or a phone's camera read from a bottle.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    cas::CasNumber,
    container_code::ContainerCode,
    gs1::{self, Elements},
    gtin::Gtin,
};

/// No label holds more; a longer text is cut here before it is looked at.
const MAX_CHARS: usize = 512;

/// The meaning of a scanned text. What has no certain meaning stays `text`: nothing is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Scanned {
    /// One of our own labels. One in 32 foreign codes of nine such characters looks like one, so a
    /// code that is not found is worth looking up as text.
    Own { code: ContainerCode },
    /// A supplier's code with at least one of these fields.
    Gs1 {
        gtin: Option<Gtin>,
        lot: Option<String>,
        serial: Option<String>,
        expires_on: Option<NaiveDate>,
        best_before_on: Option<NaiveDate>,
    },
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
        let kept = |c: &char| !c.is_control() || *c == gs1::SEPARATOR;
        let text: String = raw.chars().filter(kept).take(MAX_CHARS).collect();
        let text = text.trim_matches(' ');
        // A CAS number first: its hyphens tell it from a code of nine digits.
        if let Ok(cas) = text.parse() {
            return Self::Cas { cas };
        }
        if let Some(code) = own_code(text) {
            return Self::Own { code };
        }
        if let Some(Elements { gtin, lot, serial, expires_on, best_before_on }) = gs1_elements(text, today) {
            return Self::Gs1 { gtin, lot, serial, expires_on, best_before_on };
        }
        Self::Text { value: text.to_owned() }
    }
}

/// The bare code of a Data Matrix, or the address `https://any-host/c/CODE` of a QR code. The host is
/// not compared, because labels outlive domains; nor is case, because capitals make a smaller code.
fn own_code(text: &str) -> Option<ContainerCode> {
    let Some((scheme, address)) = text.split_once("://") else {
        return text.parse().ok();
    };
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (host, path) = address.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let code = path.strip_prefix("c/").or_else(|| path.strip_prefix("C/"))?;
    if host.is_empty() { None } else { code.strip_suffix('/').unwrap_or(code).parse().ok() }
}

fn gs1_elements(text: &str, today: NaiveDate) -> Option<Elements> {
    // ISO/IEC 15424: GS1 Data Matrix, GS1-128, GS1 QR, GS1 DataBar.
    for identifier in ["]d2", "]C1", "]Q3", "]e0"] {
        if let Some(data) = text.strip_prefix(identifier) {
            return gs1::parse(data, today);
        }
    }
    // EAN-13 with UPC, and EAN-8, which hold a bare GTIN.
    for (identifier, length) in [("]E0", 13), ("]E4", 8)] {
        if let Some(digits) = text.strip_prefix(identifier) {
            let gtin = digits.parse().ok().filter(|_| digits.len() == length)?;
            return Some(Elements { gtin: Some(gtin), ..Elements::default() });
        }
    }
    // Without identifier only what cannot well be another supplier's private number: brackets, a
    // separator, or a GTIN in front, which its check digit proves.
    if text.starts_with('(') {
        return gs1::parse_bracketed(text, today);
    }
    let is_recognisable = text.contains(gs1::SEPARATOR) || text.starts_with("01");
    if is_recognisable { gs1::parse(text, today) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> Scanned {
        Scanned::Text { value: value.to_owned() }
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
            let expected = Scanned::Gs1 {
                gtin: "09506000134352".parse().ok(),
                lot: Some("LOT-7".into()),
                serial: Some("S1".into()),
                expires_on: NaiveDate::from_ymd_opt(2027, 12, 31),
                best_before_on: None,
            };
            assert_eq!(Scanned::parse(raw), expected, "{raw:?}");
        }
        assert!(matches!(Scanned::parse("]E04012345678901"), Scanned::Gs1 { gtin: Some(_), .. }));
    }

    #[test]
    fn what_has_no_certain_meaning_stays_text() {
        for raw in [
            "",
            "4012345678901",
            "10ABC",
            "]d2010950600013435210AB21C",
            "]E0401234567890",
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
        let expiring = |year| Scanned::Gs1 {
            gtin: None,
            lot: None,
            serial: None,
            expires_on: NaiveDate::from_ymd_opt(year, 1, 1),
            best_before_on: None,
        };
        assert_eq!((at(2026), at(2030)), (expiring(1980), expiring(2080)));
    }

    #[test]
    fn json_names_the_type() {
        let json = serde_json::to_value(Scanned::parse("64-17-5")).unwrap();
        assert_eq!(json, serde_json::json!({"type": "cas", "cas": "64-17-5"}));
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
