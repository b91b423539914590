//! `sep=;`, the first line by which Excel is told what separates the cells.

use anyhow::bail;

/// The separator that the first line names, and what follows that line.
pub fn named(text: &str) -> anyhow::Result<(Option<u8>, &str)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let bare = line.trim_matches(|c| matches!(c, ' ' | '"'));
    let Some(separator) = bare.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &bare[4..]) else {
        return Ok((None, text));
    };
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n'])).unwrap_or(rest);
    match separator.as_bytes() {
        &[separator @ (b',' | b';' | b'\t')] => Ok((Some(separator), rest)),
        b"" | b"\\t" => Ok((Some(super::delimiter(rest)), rest)),
        _ => bail!(
            "the first line says that `{}` separates the cells: save the list with commas, semicolons or tabs between \
             them",
            super::printable(separator).trim_matches('`')
        ),
    }
}
