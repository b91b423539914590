//! The text of a file.

use anyhow::bail;

/// Signs of Unicode that end a line of a text, and none of a table.
pub fn is_odd_line_end(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Where carriage returns stand that end a line alone, as in files of old Macs.
pub fn lone_returns(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let is_alone = |at: &usize| bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(is_alone)
}

/// Files are UTF-8; anything else would fill the catalogue with broken names.
pub fn decode(bytes: Vec<u8>) -> anyhow::Result<String> {
    const HINT: &str = "save the file as UTF-8 (in Excel: \"CSV UTF-8\") and import it again";
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        bail!(
            "the file is a workbook and not CSV: in the spreadsheet, save the sheet as \"CSV UTF-8\" and import that"
        );
    }
    let start = &bytes[..bytes.len().min(1_000)];
    let zeros = start.split(|byte| *byte == 0).count() - 1;
    // Of letters that ASCII has, every second byte is zero.
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) || zeros * 4 > start.len() {
        bail!("the file is UTF-16: {HINT}");
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.split(|byte| *byte == b'\n').skip(1).count() + lone_returns(valid).count();
        anyhow::anyhow!("line {line} is not UTF-8: {HINT}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_another_encoding_is_refused_with_the_line() {
        let error = decode(b"name\nethanol\n\xc4ther\n".to_vec()).unwrap_err();
        assert!(error.to_string().starts_with("line 3 is not UTF-8"), "{error}");
        assert!(decode(b"\xff\xfen\0".to_vec()).is_err());
    }
}
