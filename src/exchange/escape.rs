//! Cells as our own files have them: exports, corrections, lists of codes. A spreadsheet runs what begins with `=`,
//! `+`, `-` or `@`, so an apostrophe is put before it, and taken off again where such a file is read.

use std::borrow::Cow;

/// Also behind apostrophes that belong to the cell, so that what is written is always read back.
fn would_run(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

pub fn escaped(cell: &str) -> Cow<'_, str> {
    if would_run(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

pub fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| would_run(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe() {
        for (cell, shown) in [("=A1", "'=A1"), ("-20", "'-20"), ("'@x", "''@x"), ("'note", "'note"), ("a=b", "a=b")] {
            assert_eq!(escaped(cell), shown);
        }
        assert_eq!(unescaped("=A1"), "=A1", "a person has taken it off");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cell in "['=+@x\t-]{0,6}") {
            let written = escaped(&cell);
            prop_assert_eq!(unescaped(&written), cell.as_str());
        }
    }
}
