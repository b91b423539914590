//! The envelope `[)>` of ISO/IEC 15434, with GS1 elements or data identifiers in it, and the PPN of German pharmacies.
//!
//! Source: ISO/IEC 15434 (formats 05 and 06), ANSI MH10.8.2 (data identifiers), IFA coding system (9N and D).

use chrono::NaiveDate;

use super::{gs1, gs1_date, label::Label};

/// Ends a format of the envelope.
pub const RECORD_SEPARATOR: char = '\u{1e}';

const WRITTEN: [&str; 4] = ["<RS>", "{RS}", "[RS]", "␞"];
const END: [&str; 4] = ["<EOT>", "{EOT}", "[EOT]", "␄"];

pub(super) fn parse(text: &str, today: NaiveDate) -> Option<Label> {
    let text = WRITTEN.iter().fold(gs1::with_separators(text), |text, written| text.replace(written, "\u{1e}"));
    let text = END.iter().fold(text, |text, written| text.replace(written, ""));
    let data = text.strip_prefix("[)>")?.trim_start_matches(RECORD_SEPARATOR);
    let data = data.split(RECORD_SEPARATOR).next()?;
    let (format, fields) = data.split_at_checked(2)?;
    match format {
        "05" => gs1::parse(&format!("{}{fields}", gs1::SEPARATOR), today),
        "06" => identified(fields, today),
        _ => None,
    }
}

/// Fields that a data identifier begins; those that we do not know say nothing.
fn identified(fields: &str, today: NaiveDate) -> Option<Label> {
    let mut label = Label::default();
    let fields: Vec<&str> = fields.split(gs1::SEPARATOR).filter(|field| !field.is_empty()).collect();
    let is_ppn = fields.iter().any(|field| field.starts_with("9N"));
    for field in fields {
        let at = field.find(|c: char| c.is_ascii_uppercase())? + 1;
        let (identifier, value) = field.split_at(at);
        let text = || (1..=50).contains(&value.len()).then(|| value.to_owned());
        match identifier {
            "1T" | "T" => label.lot = Some(text().filter(|lot| lot.len() <= 20)?),
            "S" => label.serial = Some(text()?),
            "1P" | "30P" => label.catalogue_number = Some(text()?),
            "P" if label.catalogue_number.is_none() => label.catalogue_number = Some(text()?),
            "8P" => label.gtin = Some(value.parse().ok()?),
            "14D" if value.len() == 8 => label.expires_on = Some(NaiveDate::parse_from_str(value, "%Y%m%d").ok()?),
            "14D" => return None,
            "D" if is_ppn => label.expires_on = Some(gs1_date::parse(value, today)?),
            _ => {}
        }
    }
    label.unless_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Label> {
        parse(text, NaiveDate::from_ymd_opt(2026, 3, 1).unwrap())
    }

    #[test]
    fn data_identifiers_name_lot_serial_part_and_expiry() {
        for text in [
            "[)>\u{1e}06\u{1d}1PE7023\u{1d}1TSTBK1234\u{1d}14D20280630\u{1d}Q500\u{1d}S42\u{1e}",
            "[)>06\u{1d}1PE7023\u{1d}1TSTBK1234\u{1d}14D20280630\u{1d}Q500\u{1d}S42",
            "[)><RS>06<GS>1PE7023<GS>1TSTBK1234<GS>14D20280630<GS>Q500<GS>S42<RS><EOT>",
        ] {
            let label = read(text).unwrap();
            assert_eq!((label.lot.as_deref(), label.serial.as_deref()), (Some("STBK1234"), Some("42")), "{text:?}");
            assert_eq!(label.catalogue_number.as_deref(), Some("E7023"));
            assert_eq!(label.expires_on, NaiveDate::from_ymd_opt(2028, 6, 30));
        }
    }

    #[test]
    fn a_ppn_and_gs1_elements_are_read_from_their_envelopes() {
        let label =
            read("[)>\u{1e}06\u{1d}9N111234567842\u{1d}1T12345ABCD\u{1d}D271231\u{1d}S1234\u{1e}\u{4}").unwrap();
        assert_eq!(
            (label.lot.as_deref(), label.expires_on),
            (Some("12345ABCD"), NaiveDate::from_ymd_opt(2027, 12, 31))
        );
        let label = read("[)>\u{1e}05\u{1d}0109506000134352\u{1d}10AB21C\u{1e}").unwrap();
        assert_eq!((label.gtin.is_some(), label.lot.as_deref()), (true, Some("AB21C")));
    }

    #[test]
    fn other_envelopes_and_impossible_dates_say_nothing() {
        for text in ["", "[)>", "[)>\u{1e}12\u{1d}X", "[)>\u{1e}06\u{1d}14D20281301\u{1e}", "[)>\u{1e}06\u{1d}ä\u{1e}"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
