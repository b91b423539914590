//! Our own labels: a bare code, or the address of one.

use super::container_code::ContainerCode;

/// The bare code of a Data Matrix, or the address `https://any-host/c/CODE` of a QR code. Whose host it is says
/// [`code_below`]. Case is not compared, because capitals make a smaller code.
pub(super) fn own_code(text: &str) -> Option<ContainerCode> {
    if text.contains("://") { code_in_address(text)?.parse().ok() } else { text.parse().ok() }
}

fn code_in_address(text: &str) -> Option<&str> {
    let (host, _) = without_scheme(text)?.split_once('/').filter(|(host, _)| !host.is_empty())?;
    code_at(host, without_scheme(text)?)
}

/// What stands behind `/c/` in an address below this one, as our labels have it. `http` and `https` are alike.
pub fn code_below<'a>(base: &str, text: &'a str) -> Option<&'a str> {
    code_at(without_scheme(base)?.trim_end_matches('/'), without_scheme(text)?)
}

fn without_scheme(text: &str) -> Option<&str> {
    let (scheme, address) = text.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(address)
}

fn code_at<'a>(base: &str, address: &'a str) -> Option<&'a str> {
    let (begin, path) = address.split_at_checked(base.len())?;
    let path = path.split(['?', '#']).next()?;
    let code = path.strip_prefix("/c/").or_else(|| path.strip_prefix("/C/"))?;
    begin.eq_ignore_ascii_case(base).then(|| code.strip_suffix('/').unwrap_or(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_an_address_is_of_who_has_the_host() {
        let below = code_below;
        for base in ["https://stock.example.org", "http://STOCK.example.org/"] {
            for text in ["https://stock.example.org/c/B-1", "HTTP://STOCK.EXAMPLE.ORG/C/B-1/?from=label#top"] {
                assert_eq!(below(base, text), Some("B-1"), "{base} {text}");
            }
        }
        assert_eq!(below("https://example.org/stock", "https://example.org/stock/c/B-1"), Some("B-1"));
        for text in [
            "https://elsewhere.example/c/B-1",
            "https://stock.example.org.elsewhere.example/c/B-1",
            "https://stock.example.org:8443/c/B-1",
            "https://stock.example.org/x/c/B-1",
            "ftp://stock.example.org/c/B-1",
            "https://st",
            "B-1",
        ] {
            assert_eq!(below("https://stock.example.org", text), None, "{text}");
        }
    }
}
