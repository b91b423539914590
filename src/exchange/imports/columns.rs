//! What is decided over a whole file before its first row is read: the decimal sign of its numbers, and whether its days
//! have the day or the month first.

use std::{borrow::Cow, collections::HashMap};

use chemistry::Unit;

use super::{
    numbers::number_and_unit,
    days::Days,
    own::READINGS,
    readings::said,
    shapes::Shapes,
    signs::Signs,
    table::{Row, Table},
};

pub const NUMBERS: [&str; 4] = ["amount", "tare", "molar mass", "density"];
pub const DAYS: [&str; 3] = ["received", "opened", "expires"];

#[derive(Clone, Default)]
pub struct Columns {
    signs: HashMap<&'static str, Signs>,
    days: HashMap<&'static str, Days>,
    pub shapes: Shapes,
    pub repair_cas: bool,
}

impl Columns {
    pub fn of(table: &Table<'_>, repair_cas: bool) -> anyhow::Result<Self> {
        let (mut numbers, mut days) = (HashMap::<_, Vec<String>>::new(), HashMap::<_, Days>::new());
        let mut shapes = Shapes::default();
        if table.is_of_corrections() {
            return Ok(Self { signs: HashMap::new(), days, shapes: Shapes::of_corrections(), repair_cas });
        }
        for row in table.rows() {
            let row = row?;
            shapes.note(&row);
            for column in NUMBERS {
                // A quantity may be the amount.
                let beside = row.get(COUNTED).filter(|_| column == "amount");
                let cells = row.get(column).into_iter().chain(beside).filter_map(number_and_unit);
                numbers.entry(column).or_default().extend(cells.map(|(number, _)| number.into_owned()));
            }
            for column in DAYS {
                if let Some(cell) = row.get(column) {
                    days.entry(column).or_default().note(row.line, cell);
                }
            }
        }
        // PubChem writes points, too.
        let by_commas = table.delimiter() == b',';
        let all = days.clone();
        for own in days.values_mut() {
            own.beside(all.values());
        }
        let signs = NUMBERS.map(|column| {
            let cells = numbers.get(column).into_iter().flatten();
            (column, Signs::of(cells.map(String::as_str), by_commas))
        });
        let signs = signs.map(|(column, of)| (column, of.in_list(signs.iter().map(|(_, other)| *other))));
        Ok(Self { signs: signs.into(), days, shapes, has_counts, repair_cas })
    }

    /// As they hold for a row: in a file of corrections as it says itself, since the rows around it are not those of the list.
    pub fn for_row(&self, row: &Row) -> Cow<'_, Self> {
        if !row.is_of_corrections() {
            return Cow::Borrowed(self);
        }
        let readings = row.own(READINGS);
        let signs = NUMBERS.map(|column| (column, Signs::said(said(readings, column)))).into();
        let days = DAYS.map(|column| (column, Days::said(said(readings, column)))).into();
        Cow::Owned(Self { signs, days, shapes: Shapes::of_corrections(), repair_cas: self.repair_cas })
    }

    /// Behind the decimal sign of a number, as it is written.
    pub fn digits(&self, row: &Row, column: &'static str) -> u32 {
        let plain = row.get(column).and_then(|cell| self.signs(column).plain(cell).ok()).unwrap_or_default();
        plain.split_once('.').map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap_or_default())
    }

    pub fn signs(&self, column: &str) -> Signs {
        self.signs.get(column).copied().unwrap_or_default()
    }

    pub fn days(&self, column: &str) -> &Days {
        static UNDECIDED: Days = Days::UNDECIDED;
        self.days.get(column).unwrap_or(&UNDECIDED)
    }
}

/// `500 mL` in two; none where the cell is something else, such as `1/2 L`, `2 x 2.5 L`, `1 000 mL` or `-1 L`.
pub fn number_and_unit(cell: &str) -> Option<(&str, &str)> {
    let end = cell.find(|c: char| !c.is_ascii_digit() && !".,".contains(c));
    let (number, unit) = cell.split_at(end.unwrap_or(cell.len()));
    let unit = unit.trim();
    let begins_well = unit.is_empty() || unit.starts_with(|c: char| c.is_alphabetic() || "%[".contains(c));
    let is_unit = begins_well && !unit.contains(char::is_numeric) || unit.parse::<Unit>().is_ok();
    (!number.is_empty() && is_unit).then_some((number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_number_and_a_unit_or_something_odd() {
        for (cell, parts) in [
            ("500", ("500", "")),
            ("500mL", ("500", "mL")),
            ("2,5 L", ("2,5", "L")),
            ("3 cm3", ("3", "cm3")),
            ("1 [lb_av]", ("1", "[lb_av]")),
            ("70 %", ("70", "%")),
            ("1 \u{338e}", ("1", "\u{338e}")),
            ("1 parsec", ("1", "parsec")),
        ] {
            assert_eq!(number_and_unit(cell), Some(parts), "{cell}");
        }
        for cell in ["-1 L", "~5 g", "1/2 L", "1 000 mL", "1'000 mL", "2 x 2.5 L", "1e3 g", "5-10 g", "1½ L", "L", ""]
        {
            assert_eq!(number_and_unit(cell), None, "{cell}");
        }
    }
}
