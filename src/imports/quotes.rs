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
    let (mut at, mut line) = (At::Start, 1);
    for byte in text.bytes() {
        at = match (at, byte) {
            (At::Start, b'"') => At::Quoted(line),
            (At::Quoted(from), b'"') => At::Behind(from),
            (At::Behind(from), b'"') | (At::Quoted(from), _) => At::Quoted(from),
            (_, byte) if byte == delimiter || byte == b'\n' || byte == b'\r' => At::Start,
            (At::Behind(from), _) if from != line => bail!(
                "the quote that opens in line {from} is closed in line {line}, inside another cell: close it where its cell ends"
            ),
            _ => At::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    if let At::Quoted(from) = at {
        bail!("the quote that opens in line {from} is never closed: close it where its cell ends");
    }
    Ok(())
}
