//! What a spreadsheet makes of a code, lot or place that looks like a day: `3-24` becomes `Mar-24`, or 45352. What was
//! meant is lost, so such a cell is refused where the rest of its column is written otherwise.

use std::collections::HashMap;

use chemistry::is_digits;

use super::{own::READINGS, readings::said, table::Row};

/// Columns of texts that may look like days.
pub const TEXTS: [&str; 4] = ["code", "lot", "catalogue number", "location"];

/// As spreadsheets write them, English, German, French and Spanish.
const MONTHS: [&str; 33] = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
    "mrz",
    "m\u{e4}r",
    "mai",
    "okt",
    "dez",
    "janv",
    "f\u{e9}vr",
    "mars",
    "avr",
    "juin",
    "juil",
    "ao\u{fb}t",
    "sept",
    "d\u{e9}c",
    "ene",
    "abr",
    "ago",
    "dic",
    "juni",
    "juli",
    "m\u{e4}rz",
];
/// Days of the years 1954 to 2064, as spreadsheets count them.
const SERIALS: std::ops::RangeInclusive<u32> = 20_000..=60_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `2024-03-01 00:00:00`, which nobody writes but a program.
    WithTime,
    /// `Mar-24`, `1-Mar`, `2024-03-01`, `01.03.2024`
    Day,
    /// `45352`
    Serial,
    /// `3-24`, of which a spreadsheet makes a day.
    Pair,
    Other,
}

/// How many cells of a column have which shape.
#[derive(Clone, Copy, Default)]
struct Seen {
    days: u32,
    pairs: u32,
    numbers: u32,
    others: u32,
}

/// What was seen of columns; in a file of corrections it says itself what its cells are.
#[derive(Clone, Default)]
pub struct Shapes {
    seen: HashMap<&'static str, Seen>,
    is_of_corrections: bool,
}

impl Shapes {
    pub fn of_corrections() -> Self {
        Self { is_of_corrections: true, ..Self::default() }
    }

    pub fn note(&mut self, row: &Row) {
        for column in TEXTS {
            for (_, cell) in row.all(column) {
                let seen = self.seen.entry(column).or_default();
                *match shape(cell) {
                    Shape::Day | Shape::WithTime => &mut seen.days,
                    Shape::Pair => &mut seen.pairs,
                    _ if is_digits(cell) => &mut seen.numbers,
                    Shape::Serial | Shape::Other => &mut seen.others,
                } += 1;
            }
        }
    }

    /// Whether the text of the column was something else before a spreadsheet had it. One that is marked as a text was
    /// not.
    pub fn is_damaged(&self, row: &Row, column: &'static str) -> bool {
        let is_text = row.is_marked(column) || row.is_export();
        let Some(cell) = row.get(column).filter(|_| !is_text) else { return false };
        let shape = shape(cell);
        if self.is_of_corrections {
            let readings = row.own(READINGS);
            let is_meant = said(readings, column) == Some(cell);
            let was_refused = said(readings, &damaged(column)) == Some(cell);
            return !is_meant && (was_refused || matches!(shape, Shape::Day | Shape::WithTime));
        }
        let Seen { days, pairs, numbers, others } = self.seen.get(column).copied().unwrap_or_default();
        match shape {
            Shape::WithTime => true,
            Shape::Day => pairs > 0 || numbers + others >= days,
            Shape::Serial => pairs > 0 && pairs + days >= numbers && pairs + days > others,
            Shape::Pair | Shape::Other => false,
        }
    }

    /// What a file of corrections says of the cells that may be days: whether the list means them so.
    pub fn readings(&self, row: &Row) -> Vec<String> {
        let of = |column: &'static str| {
            let cell = row.get(column)?;
            if self.is_damaged(row, column) {
                return Some(format!("{}: {cell}", damaged(column)));
            }
            matches!(shape(cell), Shape::Day | Shape::WithTime).then(|| format!("{column}: {cell}"))
        };
        TEXTS.into_iter().filter_map(of).collect()
    }
}

fn damaged(column: &str) -> String {
    format!("damaged {column}")
}

fn shape(cell: &str) -> Shape {
    if let Some((day, time)) = cell.split_once(['T', ' ']) {
        let is_time =
            time.contains(':') && time.trim_end_matches('Z').chars().all(|c| c.is_ascii_digit() || ".:".contains(c));
        if is_time && shape(day) == Shape::Day {
            return Shape::WithTime;
        }
    }
    if is_digits(cell) {
        let is_serial = cell.len() == 5 && cell.parse().is_ok_and(|number| SERIALS.contains(&number));
        return if is_serial { Shape::Serial } else { Shape::Other };
    }
    let parts: Vec<_> = cell.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let number = |at: usize, least: u32, most: u32| {
        let number = parts.get(at).filter(|part| is_digits(part)).and_then(|part| part.parse().ok());
        number.is_some_and(|number: u32| (least..=most).contains(&number))
    };
    let is_year =
        |at: usize| number(at, 1900, 2099) || (parts.get(at).is_some_and(|part| part.len() == 2) && number(at, 0, 99));
    let is_month = |at: usize| parts.get(at).is_some_and(|part| is_month_name(part));
    match parts.len() {
        2 if is_month(0) && is_year(1) || number(0, 1, 31) && is_month(1) => Shape::Day,
        2 if number(0, 1, 31) && number(1, 0, 9_999) => Shape::Pair,
        3 if number(0, 1, 31) && is_month(1) && is_year(2) => Shape::Day,
        3 if number(0, 1900, 2099) && number(1, 1, 12) && number(2, 1, 31) => Shape::Day,
        3 if number(0, 1, 31) && number(1, 1, 31) && number(2, 1900, 2099) => Shape::Day,
        _ => Shape::Other,
    }
}

/// Capitals throughout are a lab's own letters.
fn is_month_name(text: &str) -> bool {
    let small = text.to_lowercase();
    text.chars().skip(1).all(char::is_lowercase) && MONTHS.contains(&small.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_a_spreadsheet_is_told_from_codes_that_begin_as_it_does() {
        for cell in
            ["Mar-24", "24-Mar", "1-Mar", "Mrz 24", "01. Mrz", "2024-03-01", "01.03.2024", "3/1/2024", "1-Mar-24"]
        {
            assert!(shape(cell) == Shape::Day, "{cell}");
        }
        assert!(shape("2024-03-01 00:00:00") == Shape::WithTime && shape("2024-03-01T00:00:00Z") == Shape::WithTime);
        assert!(shape("45352") == Shape::Serial && shape("3-24") == Shape::Pair && shape("3/2024") == Shape::Pair);
        for cell in
            ["MAR-24", "Mark-24", "A-24", "Mar-A", "10023", "00124", "B-2024-03", "2024-99-01", "Mar-24-7", "Fridge 3"]
        {
            assert!(shape(cell) == Shape::Other, "{cell}");
        }
    }
}
