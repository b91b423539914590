//! What is decided over a whole file before its first row is read: the decimal sign of its numbers, and whether its
//! days have the day or the month first.

use std::{borrow::Cow, collections::HashMap};

use super::{
    bottles::may_be_count,
    days::Days,
    numbers::number_and_unit,
    own::READINGS,
    readings::{COUNT, COUNTED, said},
    shapes::Shapes,
    signs::Signs,
    table::{Row, Table},
};

pub const NUMBERS: [&str; 4] = ["amount", "tare", "molar mass", "density"];
pub const DAYS: [&str; 3] = ["received", "opened", "expires"];

/// More than this nothing is: in g/mL, and in g/mol of what has a formula.
fn most(column: &str) -> Option<u32> {
    match column {
        "density" => Some(25),
        "molar mass" => Some(100_000),
        _ => None,
    }
}

#[derive(Clone, Default)]
pub struct Columns {
    signs: HashMap<&'static str, Signs>,
    days: HashMap<&'static str, Days>,
    pub shapes: Shapes,
    has_counts: bool,
    pub repair_cas: bool,
}

impl Columns {
    pub fn of(table: &Table<'_>, repair_cas: bool) -> anyhow::Result<Self> {
        let (mut numbers, mut days) = (HashMap::<_, Vec<String>>::new(), HashMap::<_, Days>::new());
        let mut shapes = Shapes::default();
        if table.is_of_corrections() {
            return Ok(Self { days, shapes: Shapes::of_corrections(), repair_cas, ..Self::default() });
        }
        let mut has_counts = table.place(COUNTED).is_some();
        for row in table.rows() {
            let row = row?;
            shapes.note(&row);
            for column in NUMBERS {
                // A quantity may be the amount.
                let beside = row.get(COUNTED).filter(|_| column == "amount");
                let cells = row.get(column).into_iter().chain(beside).filter_map(number_and_unit);
                numbers.entry(column).or_default().extend(cells.map(|(number, _)| number.into_owned()));
            }
            has_counts = has_counts && may_be_count(&row);
            for column in DAYS {
                if let Some(cell) = row.get(column) {
                    days.entry(column).or_default().note(row.line, cell);
                }
            }
        }
        let all = days.clone();
        for own in days.values_mut() {
            own.beside(all.values());
        }
        // PubChem writes points, too.
        let by_commas = table.delimiter() == b',';
        let signs = NUMBERS.map(|column| {
            let cells = numbers.get(column).into_iter().flatten();
            (column, Signs::of(cells.map(String::as_str), by_commas, most(column)))
        });
        let signs = signs.map(|(column, of)| (column, of.in_list(signs.iter().map(|(_, other)| *other))));
        Ok(Self { signs: signs.into(), days, shapes, has_counts, repair_cas })
    }

    /// As they hold for a row: in a file of corrections as it says itself, since the rows around it are not those of
    /// the list.
    pub fn for_row(&self, row: &Row) -> Cow<'_, Self> {
        if !row.is_of_corrections() {
            return Cow::Borrowed(self);
        }
        let readings = row.own(READINGS);
        let signs = NUMBERS.map(|column| (column, Signs::said(said(readings, column), most(column)))).into();
        let days = DAYS.map(|column| (column, Days::said(said(readings, column)))).into();
        let has_counts = said(readings, COUNTED) == Some(COUNT);
        Cow::Owned(Self { signs, days, shapes: Shapes::of_corrections(), has_counts, repair_cas: self.repair_cas })
    }

    /// Behind the decimal sign of a number, as it is written.
    pub fn digits(&self, row: &Row, column: &'static str) -> u32 {
        let plain = row.get(column).and_then(|cell| self.signs(column).plain(cell).ok()).unwrap_or_default();
        plain.split_once('.').map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap_or_default())
    }

    /// Whether a quantity that may be the amount or the number of bottles is their number, by all that the list has in
    /// it.
    pub fn has_counts(&self) -> bool {
        self.has_counts
    }

    pub fn signs(&self, column: &str) -> Signs {
        self.signs.get(column).copied().unwrap_or_default()
    }

    pub fn days(&self, column: &str) -> &Days {
        static UNDECIDED: Days = Days::UNDECIDED;
        self.days.get(column).unwrap_or(&UNDECIDED)
    }
}
