//! A cell that holds a number and perhaps its unit.

use std::borrow::Cow;

use chemistry::Unit;

/// `500 mL` in two; none where the cell is something else, such as `1/2 L`, `2 x 2.5 L`, `2 500 mL` or `-1 L`.
pub fn number_and_unit(cell: &str) -> Option<(Cow<'_, str>, &str)> {
    let (number, unit) = split_number(cell);
    let unit = unit.trim();
    let begins_well = unit.is_empty() || unit.starts_with(|c: char| c.is_alphabetic() || "%[".contains(c));
    let is_unit = begins_well && !unit.contains(char::is_numeric) || unit.parse::<Unit>().is_ok();
    (!number.is_empty() && is_unit).then_some((number, unit))
}

/// The number that a cell begins with, without the spaces or apostrophes between its thousands, and the rest of the
/// cell.
pub fn split_number(cell: &str) -> (Cow<'_, str>, &str) {
    let (mut number, mut rest) = cell.split_at(signed(cell));
    let mut grouped = Cow::Borrowed(number);
    let mark = rest.chars().next().filter(|mark| is_group_mark(*mark) && number.len() <= 3 && is_whole(number));
    while let Some(behind) = mark.and_then(|mark| rest.strip_prefix(mark)) {
        let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        // `2 500 mL` may be two of 500; nothing holds 000 mL.
        let is_clear = mark != Some(' ') || grouped.len() > 3 || behind.starts_with('0');
        if digits != 3 || !is_clear {
            break;
        }
        (number, rest) = behind.split_at(signed(behind));
        grouped.to_mut().push_str(number);
        if number.len() > 3 {
            break;
        }
    }
    (grouped, rest)
}

/// How far digits and decimal signs go.
fn signed(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit() && !".,".contains(c)).unwrap_or(text.len())
}

fn is_whole(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// What stands between thousands and is no decimal sign: spaces, also those that do not break, and apostrophes.
fn is_group_mark(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2007}' | '\u{2008}' | '\u{2009}' | '\u{202f}' | '\'' | '\u{2019}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_number_and_a_unit_or_something_odd() {
        for (cell, (number, unit)) in [
            ("500", ("500", "")),
            ("500mL", ("500", "mL")),
            ("2,5 L", ("2,5", "L")),
            ("3 cm3", ("3", "cm3")),
            ("1 [lb_av]", ("1", "[lb_av]")),
            ("70 %", ("70", "%")),
            ("1 \u{338e}", ("1", "\u{338e}")),
            ("1 parsec", ("1", "parsec")),
            ("1 000 mL", ("1000", "mL")),
            ("1\u{a0}500 mL", ("1500", "mL")),
            ("1\u{202f}500\u{202f}500,5 mL", ("1500500,5", "mL")),
            ("1'500.25 g", ("1500.25", "g")),
            (".5 L", (".5", "L")),
        ] {
            let (read, of) = number_and_unit(cell).expect(cell);
            assert_eq!((&*read, of), (number, unit), "{cell}");
        }
        for cell in [
            "-1 L",
            "~5 g",
            "1/2 L",
            "2 500 mL",
            "1000 000 mL",
            "1'00 mL",
            "1\u{a0}0000 mL",
            "1\u{a0}500 500 mL",
            "1.5 000 mL",
            "2 x 2.5 L",
            "1e3 g",
            "5-10 g",
            "1½ L",
            "L",
            "",
        ] {
            assert_eq!(number_and_unit(cell), None, "{cell}");
        }
    }
}
