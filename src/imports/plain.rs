//! A cell without what stands around its text.

use crate::text::is_hidden;

/// Without what spreadsheets write around a text so that it stays one: `="00123"` and `'00123` are 00123.
pub fn plain(cell: &str) -> &str {
    let bare = cell.trim_matches(|c: char| c.is_whitespace() || is_hidden(c));
    if let Some(text) = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).filter(|it| !it.contains('"'))
    {
        return text.trim();
    }
    match bare.strip_prefix('\'') {
        Some(text) if !text.is_empty() && !text.ends_with('\'') => text.trim(),
        _ => bare,
    }
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
            ("2'-deoxy", "2'-deoxy"),
            ("=A1", "=A1"),
        ] {
            assert_eq!(plain(cell), text, "{cell}");
        }
    }
}
