//! The cells of a row in a form that has one meaning without the rows around it, and beside them what a spreadsheet may
//! yet take from them: it writes `2027-04-03` as `4/3/2027`, `1.1250` as `1.125`, and `00124` as `124`.

use chemistry::is_digits;

use super::{
    columns::{Columns, DAYS, NUMBERS},
    numbers::{number_and_unit, split_number},
    table::Row,
};

/// Columns of texts that may look like numbers.
const TEXTS: [&str; 3] = ["code", "lot", "catalogue number"];

/// A column that was read as the number of bottles: `quantity: count`.
pub const COUNTED: &str = "quantity";
pub const COUNT: &str = "count";

/// A day as year-month-day, a number with a point and without thousands. What cannot be read stays as it is.
pub fn plain_cells(row: &Row, columns: &Columns) -> Vec<String> {
    let columns = columns.for_row(row);
    let mut cells = row.cells();
    for column in NUMBERS.into_iter().chain(DAYS) {
        for &at in row.places(column) {
            let Some(cell) = cells.get_mut(at) else { continue };
            if let Some(plain) = if DAYS.contains(&column) {
                columns.days(column).read(cell, column == "expires").map(|day| day.to_string()).ok()
            } else {
                plain_quantity(cell.trim(), column, &columns)
            } {
                *cell = plain;
            }
        }
    }
    cells
}

fn plain_quantity(cell: &str, column: &str, columns: &Columns) -> Option<String> {
    number_and_unit(cell)?;
    let (number, rest) = split_number(cell);
    if !number.contains(['.', ',']) {
        return None;
    }
    let plain = columns.signs(column).plain(&number).ok()?;
    // Three digits behind a sign may be thousands.
    let zero = if has_three_decimals(&plain) { "0" } else { "" };
    Some(format!("{plain}{zero}{rest}"))
}

fn has_three_decimals(plain: &str) -> bool {
    plain.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3)
}

/// `amount: 1.125; expires: 2027-04-03; code: 00124`
pub fn readings(row: &Row, columns: &Columns) -> String {
    let columns = columns.for_row(row);
    let mut all = Vec::new();
    for column in NUMBERS {
        let number = row.get(column).and_then(number_and_unit).map(|(number, _)| number);
        let plain = number.and_then(|number| columns.signs(column).plain(&number).ok());
        all.extend(plain.filter(|plain| has_three_decimals(plain)).map(|plain| format!("{column}: {plain}")));
    }
    all.extend((columns.has_counts() && row.get(COUNTED).is_some()).then(|| format!("{COUNTED}: {COUNT}")));
    for column in DAYS {
        let day = row.get(column).and_then(|cell| columns.days(column).read(cell, column == "expires").ok());
        all.extend(day.map(|day| format!("{column}: {day}")));
    }
    for column in TEXTS {
        let may_lose = |cell: &str| is_digits(cell) && cell.starts_with('0');
        // What an export has is what the lab says, also where it looks like a number.
        let is_number = |cell: &str| cell.chars().all(|c| c.is_ascii_digit() || ".,eE+".contains(c));
        let is_kept = |cell: &str| row.is_export() && !is_digits(cell) && is_number(cell);
        let text = row.get(column).filter(|cell| may_lose(cell) || is_kept(cell));
        all.extend(text.map(|text| format!("{column}: {text}")));
    }
    all.extend(columns.shapes.readings(row));
    all.join("; ")
}

/// What a file of corrections says of a column.
pub fn said<'r>(readings: &'r str, column: &str) -> Option<&'r str> {
    let mut all = readings.split(';').filter_map(|one| one.split_once(':'));
    all.find(|(of, _)| of.trim() == column).map(|(_, reading)| reading.trim())
}

/// The zeros that a spreadsheet took from a text, with its column.
pub fn with_zeros(readings: &str) -> impl Iterator<Item = (&'static str, &str)> {
    TEXTS.into_iter().filter_map(|column| said(readings, column).map(|text| (column, text)))
}

/// Whether the cell is the text without the zeros that it begins with.
pub fn lost_zeros(cell: &str, text: &str) -> bool {
    is_digits(cell) && is_digits(text) && cell.trim_start_matches('0') == text.trim_start_matches('0')
}
