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
/// `skipped` lines stand before the text.
pub fn check(text: &str, delimiter: u8, skipped: u64) -> anyhow::Result<()> {
    let (mut at, mut line) = (At::Start, skipped + 1);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
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
        line += u64::from(byte == b'\n' || (byte == b'\r' && bytes.peek() != Some(&b'\n')));
    }
    if let At::Quoted(from) = at {
        bail!("the quote that opens in line {from} is never closed: close it where its cell ends");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_closes_before_its_cell_ends_is_told() {
        for row in ["A1,\"1\"0,L", "\"A\"2,1,L", "A1,\"5\" flask,1"] {
            let told = check(&format!("code,amount,unit\n{row}\n"), b',', 0).unwrap_err().to_string();
            assert!(told.contains("line 2, and its cell goes on"), "{told}");
        }
        check("code,note\nA1,5\" flask\nA2,\"5\"\" flask\"\n", b',', 0).unwrap();
    }
}
