//! What is decided over a whole file before its first row is read: the decimal sign of its numbers, and whether its days
//! have the day or the month first.

use std::collections::HashMap;

use super::{days::Days, signs::Signs, table::Table};

const NUMBERS: [&str; 4] = ["amount", "tare", "molar mass", "density"];
const DAYS: [&str; 3] = ["received", "opened", "expires"];

pub struct Columns {
    signs: HashMap<&'static str, Signs>,
    days: HashMap<&'static str, Days>,
    pub repair_cas: bool,
}

impl Columns {
    pub fn of(table: &Table<'_>, repair_cas: bool) -> anyhow::Result<Self> {
        let (mut numbers, mut days) = (HashMap::<_, Vec<String>>::new(), HashMap::<_, Days>::new());
        for row in table.rows() {
            let row = row?;
            for column in NUMBERS {
                if let Some((number, _)) = row.get(column).map(number_and_unit) {
                    numbers.entry(column).or_default().push(number.to_owned());
                }
            }
            for column in DAYS {
                if let Some(cell) = row.get(column) {
                    days.entry(column).or_default().note(row.line, cell);
                }
            }
        }
        let by_commas = table.is_delimited_by_commas() || table.is_pubchem();
        let signs = NUMBERS.map(|column| {
            let cells = numbers.get(column).into_iter().flatten();
            (column, Signs::of(cells.map(String::as_str), by_commas))
        });
        Ok(Self { signs: signs.into(), days, repair_cas })
    }

    pub fn signs(&self, column: &str) -> Signs {
        self.signs.get(column).copied().unwrap_or_default()
    }

    pub fn days(&self, column: &str) -> &Days {
        static UNDECIDED: Days = Days::UNDECIDED;
        self.days.get(column).unwrap_or(&UNDECIDED)
    }
}

/// `500 mL` in two. What does not begin with a digit is no number, and its parser says so.
pub fn number_and_unit(cell: &str) -> (&str, &str) {
    let end = cell.find(|c: char| !c.is_ascii_digit() && !".,".contains(c)).filter(|end| *end > 0);
    let (number, unit) = cell.split_at(end.unwrap_or(cell.len()));
    (number, unit.trim())
}
