//! A cell without what stands around its text.

use super::days::Days;
use crate::base::text::is_hidden;

/// Without what spreadsheets write around a text so that it stays one: `="00123"` and `'00123` are 00123.
pub fn plain(cell: &str) -> &str {
    let bare = trimmed(cell);
    marked(bare).or_else(|| bare.strip_prefix('\'').filter(|text| is_value(text))).map_or(bare, str::trim)
}

/// Whether the cell is a formula that a spreadsheet has not computed: `=A1`.
pub fn is_computed(cell: &str) -> bool {
    let bare = trimmed(cell);
    bare.len() > 1 && bare.starts_with('=') && marked(bare).is_none()
}

pub fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || is_hidden(c))
}

/// `="00123"`
fn marked(bare: &str) -> Option<&str> {
    bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).filter(|text| !text.contains('"'))
}

/// What a spreadsheet takes for a number, a day or a formula, so that a text of it needs an apostrophe.
fn is_value(text: &str) -> bool {
    let is_number = || {
        text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','))
            && text.contains(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || ".,:/- %+Ee".contains(c))
    };
    text.starts_with(['=', '+', '-', '@']) || is_number() || Days::UNDECIDED.read(text, true).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_spreadsheet_has_marked_as_one_is_the_text() {
        for (cell, text) in [
            ("=\"00123\"", "00123"),
            ("'00123", "00123"),
            ("\u{feff} 00123\u{a0}", "00123"),
            ("=\"\"", ""),
            ("'", "'"),
            ("'a'", "'a'"),
            ("'Feb-27", "Feb-27"),
            ("'1.5", "1.5"),
            ("'=A1", "=A1"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("'2B", "'2B"),
            ("'1'", "'1'"),
            ("2'-deoxy", "2'-deoxy"),
            ("=A1", "=A1"),
        ] {
            assert_eq!(plain(cell), text, "{cell}");
        }
    }
}
