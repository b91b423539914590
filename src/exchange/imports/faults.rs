//! What is wrong with a row: all of it, so that whoever corrects it need not come back.

use std::{fmt::Display, str::FromStr};

use chemistry::ContainerCode;
use uuid::Uuid;

use super::{amount_columns::told, columns::Columns, headers::SIDE_BY_SIDE, own, table::Row};

/// Or why not, for the person who mends the file.
pub type OrReason<T> = Result<T, String>;

#[derive(Default)]
pub struct Faults {
    all: Vec<String>,
    /// How many of them are doubts.
    doubts: usize,
}

impl Faults {
    pub fn add(&mut self, fault: impl Into<String>) {
        self.all.push(fault.into());
    }

    pub fn extend(&mut self, faults: impl IntoIterator<Item = String>) {
        self.all.extend(faults);
    }

    /// What is no fault of a row that came in before, when whoever imported it had decided.
    pub fn add_doubt(&mut self, doubt: String) {
        self.all.push(doubt);
        self.doubts += 1;
    }

    /// Why the row is refused unless it came in before.
    pub fn doubt(&self) -> Option<String> {
        (self.doubts > 0).then(|| self.all.join("; "))
    }

    /// The code that was made for a row of corrections must be as it was written, and is of one lab.
    pub fn made_code(&mut self, row: &Row, lab: Uuid) {
        let (made, of) = (row.own(own::CODE), row.own(own::LAB));
        if made.is_empty() {
            return;
        }
        if !made.parse::<ContainerCode>().is_ok_and(|read| read.as_str() == made) {
            self.add(format!("the made code `{}` was changed: write it as it was", shortened(made)));
        } else if !of.is_empty() && of != lab.to_string() {
            self.add(format!("the made code {made} is of another lab: import the list itself into this one"));
        } else if let Some(code) = row.get("code") {
            self.add(format!(
                "the row has two codes: `{}`, and {made}, which was made for it and by which its list knows it. Leave `code` \
                 empty, and give the bottle its other code when it is in",
                shortened(code)
            ));
        }
    }

    /// A delimiter without quotes gives a row more cells, and two stray quotes give it those of the rows behind it.
    pub fn of_the_form(&mut self, row: &Row) {
        if row.has_too_many_cells() {
            self.add("there are more cells than headers: a delimiter inside a cell needs quotes around the cell");
        }
        if let Some(sign) = row.odd_line_end() {
            self.add(format!(
                "the sign U+{:04X} is in a cell, and ends no line of a table: take it out, or save the file with the usual \
                 line ends",
                u32::from(sign)
            ));
        }
        if let Some((cell, last)) = row.of_several_rows() {
            self.add(format!(
                "lines {} to {last}: `{}` may be several rows, as beside its line break stands what separates cells: \
                 close the quote where its cell ends, or write the line break as /",
                row.line,
                shortened(cell)
            ));
        }
    }

    /// Of cells that should say the same, one is mistaken. What can stand side by side is no contradiction.
    pub fn contradictions(&mut self, row: &Row) {
        // What the bottle once held is no second amount.
        let beside = |column: &&str| SIDE_BY_SIDE.contains(column) || *column == "size";
        for column in row.doubled().into_iter().filter(|column| !beside(column)) {
            let (all, measured): (Vec<_>, Vec<_>) = (row.all(column).collect(), row.measured(column).collect());
            if measured.iter().any(|one| *one != measured[0]) {
                let cells: Vec<_> =
                    all.iter().map(|(header, cell)| format!("`{}` in `{header}`", shortened(cell))).collect();
                self.add(format!(
                    "two columns contradict each other: {}: correct one, or say which is meant with --map {}=HEADER",
                    cells.join(", "),
                    told(column).replace(' ', "_")
                ));
            }
        }
    }

    /// A cell in which a spreadsheet says that it has no value: nothing can be made of the row before that is mended.
    pub fn of_the_spreadsheet(&self, row: &Row) -> OrReason<()> {
        if row.is_export() {
            return Ok(());
        }
        let errors = row.known().filter_map(|(header, cell, is_computed)| {
            let lost = || cell.contains(char::REPLACEMENT_CHARACTER).then_some(LOST);
            let why = if is_computed { Some(FORMULA) } else { spreadsheet_error(cell).or_else(lost) }?;
            Some(format!("`{}` in `{}` {why}", shortened(cell), shortened(header)))
        });
        let errors: Vec<_> = self.all.iter().cloned().chain(errors).collect();
        if errors.len() == self.all.len() { Ok(()) } else { Err(errors.join("; ")) }
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
            Some(row) if self.all.len() == self.doubts => Ok(row),
            _ => Err(self.all.join("; ")),
        }
    }
}

const FORMULA: &str =
    "is a formula of a spreadsheet and not its value: save the values, or put an apostrophe before a text";

const LOST: &str = "has lost a letter to a wrong encoding (U+FFFD): save the list as UTF-8 from where it is whole, or \
    write the cell anew";

/// `#N/A`, in the languages that write it otherwise, and `Err:508`; the others are a word between `#` and a mark.
fn spreadsheet_error(cell: &str) -> Option<&'static str> {
    const NO_VALUE: [&str; 6] = ["#N/A", "#N/D", "#N/V", "#NV", "#NA", "#DIV/0!"];
    if cell.len() > 1 && cell.chars().all(|c| c == '#') {
        return Some("is what a spreadsheet shows in a column that is too narrow: widen it, and save the file again");
    }
    let loud = cell.to_uppercase();
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || c == '\u{a1}' || c == '_');
    let in_marks = loud.strip_prefix('#').and_then(|rest| rest.strip_suffix(['!', '?'])).is_some_and(is_word);
    let is_numbered = loud.strip_prefix("ERR:").is_some_and(chemistry::is_digits);
    (NO_VALUE.contains(&loud.as_str()) || in_marks || is_numbered)
        .then_some("is an error of the spreadsheet and no value: fill the cell in, or empty it")
}

/// A reason is read in a cell.
pub fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_spreadsheet_is_known_in_every_language_and_a_code_is_none() {
        for cell in [
            "#N/A",
            "#n/a",
            "#REF!",
            "#VALUE!",
            "#NAME?",
            "#DIV/0!",
            "##",
            "########",
            "#BEZUG!",
            "#\u{a1}REF!",
            "Err:508",
        ] {
            assert!(spreadsheet_error(cell).is_some(), "{cell}");
        }
        for cell in ["#", "#12", "#A", "A#", "#12!", "", "#!", "n/a", "C#"] {
            assert!(spreadsheet_error(cell).is_none(), "{cell}");
        }
    }
}
