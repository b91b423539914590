//! What is wrong with a row: all of it, so that whoever corrects it need not come back.

use std::{fmt::Display, str::FromStr};

use super::{columns::Columns, table::Row};

/// Or why not, for the person who mends the file.
pub type OrReason<T> = Result<T, String>;

#[derive(Default)]
pub struct Faults(Vec<String>);

impl Faults {
    pub fn add(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
    }

    /// Of cells that should say the same, one is mistaken. What can stand side by side is no contradiction.
    pub fn contradictions(&mut self, row: &Row) {
        for column in row.doubled().into_iter().filter(|column| !["note", "synonyms"].contains(column)) {
            let all: Vec<_> = row.all(column).collect();
            if all.iter().any(|(_, cell)| *cell != all[0].1) {
                let cells: Vec<_> =
                    all.iter().map(|(header, cell)| format!("`{}` in `{header}`", shortened(cell))).collect();
                self.add(format!(
                    "two columns contradict each other: {}: correct one, or say which is meant with --map {}=HEADER",
                    cells.join(", "),
                    column.replace(' ', "_")
                ));
            }
        }
    }

    /// What the column holds, if it is there and right.
    pub fn value<T: FromStr<Err: Display>>(&mut self, row: &Row, column: &str) -> Option<T> {
        self.text(column, row.get(column)?)
    }

    /// A number with the decimal sign of its column.
    pub fn number<T: FromStr<Err: Display>>(&mut self, row: &Row, column: &str, columns: &Columns) -> Option<T> {
        self.decimal(row.get(column)?, column, columns)
    }

    /// The same, of a cell that also holds a unit.
    pub fn decimal<T: FromStr<Err: Display>>(&mut self, number: &str, column: &str, columns: &Columns) -> Option<T> {
        match columns.signs(column).plain(number) {
            Ok(plain) => self.parsed(column, number, plain.parse()),
            Err(why) => {
                self.add(format!("{column} {why}"));
                None
            }
        }
    }

    pub fn text<T: FromStr<Err: Display>>(&mut self, what: &str, text: &str) -> Option<T> {
        self.parsed(what, text, text.parse())
    }

    /// What was made of a cell; a refusal quotes it as it was written.
    fn parsed<T>(&mut self, what: &str, written: &str, read: Result<T, impl Display>) -> Option<T> {
        read.map_err(|why| self.add(format!("{what} `{}`: {why}", shortened(written)))).ok()
    }

    /// A cell that should be one number and its unit.
    pub fn odd_quantity(&mut self, column: &str, cell: &str) {
        self.add(format!("{column} `{}`: write one number and its unit, such as 12.5 g", shortened(cell)));
    }

    /// The row, if nothing is wrong with it.
    pub fn none<T>(self, row: Option<T>) -> OrReason<T> {
        match row {
            Some(row) if self.0.is_empty() => Ok(row),
            _ => Err(self.0.join("; ")),
        }
    }
}

/// A reason is read in a cell.
pub fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}
