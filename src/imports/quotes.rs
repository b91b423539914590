//! Quotes that take the lines behind them into their own cell.

use anyhow::bail;

/// Where a scan of the file is; a quote with the line in which it opens.
#[derive(Clone, Copy)]
enum At {
    Start,
    Plain,
    Quoted(u64),
    /// Behind a quote that closes, or is the first of a doubled one.
    Behind(u64),
}

/// A quote that is never closed would hide all rows behind it in one cell, and so would one that the next quote closes.
pub fn check(text: &str, delimiter: u8) -> anyhow::Result<()> {
    let (mut at, mut line, mut lines) = (At::Start, 1, Lines::default());
    for byte in text.bytes() {
        at = match (at, byte) {
            (At::Start, b'"') => At::Quoted(line),
            (At::Quoted(from), b'"') => At::Behind(from),
            (At::Behind(from), b'"') | (At::Quoted(from), _) => At::Quoted(from),
            (_, byte) if byte == delimiter || byte == b'\n' || byte == b'\r' => At::Start,
            (At::Behind(from), _) => bail!(
                "the quote that opens in line {from} is closed in line {line}, and its cell goes on: close it where its \
                 cell ends, and double a quote that belongs to the text"
            ),
            _ => At::Plain,
        };
        lines.delimiters += u64::from(byte == delimiter);
        if byte == b'\n' {
            lines.end(line, if let At::Quoted(from) = at { Some(from) } else { None })?;
            line += 1;
        }
    }
    if let At::Quoted(from) = at {
        bail!("the quote that opens in line {from} is never closed: close it where its cell ends");
    }
    lines.end(line, None)
}

/// The lines of the row that is being scanned, quotes aside.
#[derive(Default)]
struct Lines {
    /// Of the file's first line.
    of_the_header: Option<u64>,
    delimiters: u64,
    /// While a quote is open over the end of a line: the line in which it opens, and whether each line so far could be a row.
    open: Option<(u64, bool)>,
}

impl Lines {
    /// At the end of a line, with the line of the quote that is open over it.
    fn end(&mut self, line: u64, quote: Option<u64>) -> anyhow::Result<()> {
        let delimiters = std::mem::take(&mut self.delimiters);
        let header = *self.of_the_header.get_or_insert(delimiters);
        let may_be_row = header > 0 && delimiters >= header && self.open.is_none_or(|(_, rows)| rows);
        self.open = match (self.open, quote) {
            (None, None) => None,
            (Some((from, _)), Some(_)) | (None, Some(from)) => Some((from, may_be_row)),
            (Some((from, _)), None) if may_be_row => bail!(
                "the quote that opens in line {from} closes in line {line}, and each of these lines looks like a row: \
                 write an inch as in, and a line break inside a cell as /"
            ),
            (Some(_), None) => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stray_quotes_that_make_one_cell_of_several_rows_are_told() {
        for rows in [
            "A1,ethanol,1,L,\"old\nA2,acetone,2,L,flask 6\"\n",
            "A1,ethanol,\"5 inch,1,L\nA2,acetone,5\",2,L\nA3,toluene,z,2,L\n",
            "A1,ethanol,1,L,\"old\r\nA2,acetone,2,L,x\r\nA3,acetone,2,L,flask 6\"",
        ] {
            let told = check(&format!("code,chemical,amount,unit,note\n{rows}"), b',').unwrap_err().to_string();
            assert!(told.starts_with("the quote that opens in line 2 closes in line"), "{told}");
        }
    }

    #[test]
    fn a_quote_that_closes_before_its_cell_ends_is_told() {
        for row in ["A1,\"1\"0,L", "\"A\"2,1,L", "A1,\"5\" flask,1"] {
            let told = check(&format!("code,amount,unit\n{row}\n"), b',').unwrap_err().to_string();
            assert!(told.contains("line 2, and its cell goes on"), "{told}");
        }
        check("code,note\nA1,5\" flask\nA2,\"5\"\" flask\"\n", b',').unwrap();
    }

    #[test]
    fn a_cell_of_several_lines_is_one_cell() {
        for rows in [
            "A1,ethanol,1,L,\"old\nand dirty\"\n",
            "A1,ethanol,\"5\"\" wide\nand 6\"\" high\",1,L\n",
            "A1,ethanol,1,L,\"a, b, c\nd, e\"\nA2,acetone,2,L,\n",
        ] {
            check(&format!("code,chemical,amount,unit,note\n{rows}"), b',').unwrap();
        }
        check("note\n\"one\ntwo\"\n", b',').unwrap();
    }
}
