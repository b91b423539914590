//! GS1 Digital Link: the fields of an element string as the address of a page.
//!
//! Source: GS1 Digital Link Standard, URI Syntax. The host is the supplier's own choice.

use chrono::NaiveDate;

use super::{gs1, gtin::Gtin, label::Label, text::is_digits};

pub(super) fn parse(uri: &str, today: NaiveDate) -> Option<Label> {
    let (scheme, address) = uri.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let address = address.split('#').next()?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let segments: Vec<&str> = path.split('/').skip(1).filter(|segment| !segment.is_empty()).collect();
    // Whatever stands before the GTIN is the supplier's page.
    let start = segments.windows(2).position(|pair| pair[0] == "01" && pair[1].parse::<Gtin>().is_ok())?;
    let gtin: Gtin = segments[start + 1].parse().ok()?;
    let in_path = segments[start + 2..].chunks(2).map(|pair| Some((pair[0], decoded(pair.get(1)?)?)));
    let in_query = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    // The supplier's page has parameters of its own.
    let in_query = in_query.filter(|(key, _)| is_digits(key)).map(|(key, value)| Some((key, decoded(value)?)));
    let pairs = in_path.chain(in_query).collect::<Option<Vec<_>>>()?;
    let pairs = pairs.iter().map(|(key, value)| (*key, value.as_str()));
    gs1::parse_pairs([("01", gtin.as_str())].into_iter().chain(pairs), today)
}

/// `%2F` is a slash within a value.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (hex, behind) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Option<Label> {
        parse(uri, NaiveDate::from_ymd_opt(2026, 3, 1).unwrap())
    }

    #[test]
    fn fields_stand_in_the_path_and_in_the_query_at_any_host() {
        let label = read("https://id.gs1.org/01/09506000134352/10/ABC123/21/S1?17=271231").unwrap();
        assert_eq!((label.lot.as_deref(), label.serial.as_deref()), (Some("ABC123"), Some("S1")));
        assert_eq!(label.expires_on, NaiveDate::from_ymd_opt(2027, 12, 31));
        let label = read("HTTPS://shop.example/en/p/01/4012345678901/10/A%2F7?lang=de&3103=001224#top").unwrap();
        assert_eq!((label.gtin.unwrap().as_str(), label.lot.as_deref()), ("04012345678901", Some("A/7")));
        assert_eq!(label.amount.unwrap().to_string(), "1.224 kg");
    }

    #[test]
    fn other_addresses_say_nothing() {
        for uri in [
            "https://shop.example/",
            "https://shop.example/01",
            "https://shop.example/01/09506000134353",
            "https://shop.example/10/ABC",
            "https://shop.example/01/09506000134352/10",
            "https://shop.example/01/09506000134352?17=271331",
            "https://shop.example/01/09506000134352/10/%E4",
            "ftp://shop.example/01/09506000134352",
        ] {
            assert_eq!(read(uri), None, "{uri}");
        }
    }
}
