//! A row of a table, whatever the table is delimited by.

use csv::StringRecord;

use super::{PUBCHEM, Shape, Table};
use crate::{
    catalogue::chemicals::{Number, is_placeholder},
    exchange::{
        escape::unescaped,
        imports::{
            amount_columns::is_size,
            encoding::is_odd_line_end,
            own::READINGS,
            plain::{is_computed, plain, trimmed},
            readings,
        },
    },
};

/// Whether a text that says nothing is refused there, instead of passed over: it stands for a name, or for a code.
pub fn says_what(column: &str) -> bool {
    matches!(column, "name" | "chemical" | "synonyms" | "code" | "decides")
}

pub struct Row<'t> {
    table: &'t Table<'t>,
    record: StringRecord,
    /// The line that it begins on.
    pub line: u64,
    /// Where it ends, in bytes from the start of the file.
    pub end: u64,
}

impl<'t> Row<'t> {
    pub(super) fn new(table: &'t Table<'t>, record: StringRecord) -> Self {
        let (line, start) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        // The reader takes empty lines before a record for its beginning.
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let blank = table.text.get(start..).unwrap_or_default();
        let blank = &blank[..blank.len() - blank.trim_start_matches(['\r', '\n']).len()];
        let returns = table.returns.partition_point(|at| *at < start + blank.len());
        let line = table.skipped + line + (blank.matches('\n').count() + returns) as u64;
        let end = (start + blank.len() + record.as_slice().len() + record.len()) as u64;
        let record = if table.is_ours { with_position(record.iter().map(unescaped), &record) } else { record };
        let mut row = Self { table, record, line, end };
        row.give_zeros_back();
        row
    }

    /// A spreadsheet makes a number of a text of digits.
    fn give_zeros_back(&mut self) {
        let mut cells: Vec<_> = Vec::new();
        for (column, text) in readings::with_zeros(self.own(READINGS)) {
            let places = self.places(column).iter();
            let lost =
                places.filter(|at| self.record.get(**at).is_some_and(|cell| readings::lost_zeros(cell.trim(), text)));
            cells.extend(lost.map(|&at| (at, text.to_owned())));
        }
        if !cells.is_empty() {
            let with_zeros = |at: usize| cells.iter().find(|(of, _)| *of == at).map(|(_, text)| text.as_str());
            let all = self.record.iter().enumerate().map(|(at, cell)| with_zeros(at).unwrap_or(cell));
            self.record = with_position(all, &self.record);
        }
    }

    /// Where the columns of this meaning are.
    pub fn places(&self, column: &str) -> &'t [usize] {
        self.table.places.get(column).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those that the file has.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.table.places.keys().copied()
    }

    /// What stands in the column, if anything does.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.all(column).next().map(|(_, cell)| cell)
    }

    /// What stands in the columns of this meaning, each with its header.
    pub fn all(&self, column: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.filled(column).map(|(at, cell)| (self.table.headers[at].trim(), cell))
    }

    fn filled(&self, column: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
        let (places, says_what) = (self.places(column).iter(), says_what(column));
        let is_kept = says_what || self.is_export();
        let is_filled = move |cell: &str| !cell.is_empty() && (is_kept || !is_placeholder(cell));
        places.map(|&at| (at, self.at(at))).filter(move |(_, cell)| is_filled(cell))
    }

    /// The unit that the header of this cell says.
    pub fn header_unit(&self, column: &str) -> Option<&str> {
        let (at, _) = self.filled(column).next()?;
        self.table.units.get(&at).map(String::as_str)
    }

    /// Each cell of this meaning with the unit in its header: where these differ, so do the cells.
    pub fn measured(&self, column: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.filled(column).map(|(at, cell)| (cell, self.table.units.get(&at).map(String::as_str)))
    }

    /// Whether what the bottle holds when it is full is the amount.
    pub fn amount_is_size(&self) -> bool {
        is_size(&self.table.places)
    }

    /// Whether the cell is marked as a text (`="3-24"`, `'3-24`), so that no spreadsheet has made it.
    pub fn is_marked(&self, column: &str) -> bool {
        let cells = self.places(column).iter().filter_map(|&at| self.record.get(at));
        cells
            .map(trimmed)
            .find(|cell| !cell.is_empty())
            .is_some_and(|cell| cell.starts_with("=\"") || cell.starts_with('\''))
    }

    /// What stands in the column of the file with this number.
    pub fn at(&self, at: usize) -> &str {
        let cell = self.record.get(at).unwrap_or_default();
        if self.is_pubchem() || self.is_export() { cell.trim() } else { plain(cell) }
    }

    /// Every cell that means something, with its header, and whether it is a formula of a spreadsheet.
    pub fn known(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let mut places: Vec<_> = self.table.places.values().flatten().copied().collect();
        places.sort_unstable();
        let computed = |at: usize| !self.is_export() && self.record.get(at).is_some_and(is_computed);
        places.dedup();
        places.into_iter().map(move |at| (self.table.headers[at].trim(), self.at(at), computed(at)))
    }

    /// The columns that several headers name, in a steady order.
    pub fn doubled(&self) -> Vec<&'static str> {
        let places = self.table.places.iter().filter(|(_, places)| places.len() > 1);
        let mut columns: Vec<_> = places.map(|(column, _)| *column).collect();
        columns.sort_unstable();
        columns
    }

    pub fn is_pubchem(&self) -> bool {
        self.table.is_pubchem()
    }

    /// Whether its names stand in a cell each, until the line ends.
    fn has_open_end(&self) -> bool {
        matches!(self.table.shape, Shape::PubChem)
    }

    /// What the import itself wrote into one of its own columns; nothing in a file of any other kind.
    pub fn own(&self, column: &str) -> &str {
        self.table.own.place(column).and_then(|at| self.record.get(at)).map(str::trim).unwrap_or_default()
    }

    pub fn is_of_corrections(&self) -> bool {
        self.table.is_of_corrections()
    }

    /// Whether a lab wrote it, so that each cell is what the lab says, whatever it looks like.
    pub fn is_export(&self) -> bool {
        self.table.is_export
    }

    /// In `PubChem`'s form: what follows the systematic name.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        let at = self.places("synonyms").first().copied().unwrap_or_default();
        let open_end = self.has_open_end();
        let cells = self.record.iter().skip(at).take(if open_end { usize::MAX } else { 1 });
        let names = cells.flat_map(move |cell| cell.split(move |c| c == '|' && !open_end));
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// A sign in one of its cells that may have been meant to end a line.
    pub fn odd_line_end(&self) -> Option<char> {
        self.record.iter().flat_map(str::chars).find(|c| is_odd_line_end(*c))
    }

    /// A cell that may have taken rows into it by two stray quotes, and the line in which it ends: beside a line break
    /// in it stands what separates cells, or each of the lines has as many separators as the header.
    pub fn of_several_rows(&self) -> Option<(&str, u64)> {
        let Shape::Csv { delimiter } = self.table.shape else { return None };
        let is_broken = |cell: &&str| cell.contains(['\r', '\n']);
        let broken = self.record.iter().find(is_broken)?;
        let of_several = self.record.iter().find(|cell| may_be_several_rows(cell, delimiter));
        let cell = of_several.or_else(|| self.has_whole_lines(delimiter).then_some(broken))?;
        let breaks = self.record.iter().map(|cell| lines(cell).count() as u64 - 1).sum::<u64>();
        Some((cell, self.line + breaks))
    }

    /// Whether each line of the file that the row takes up has as many separators as the header.
    fn has_whole_lines(&self, delimiter: u8) -> bool {
        let mut separators = vec![0];
        for (at, cell) in self.record.iter().enumerate() {
            *separators.last_mut().unwrap_or(&mut 0) += usize::from(at > 0);
            for (n, line) in lines(cell).enumerate() {
                separators.extend((n > 0).then_some(0));
                *separators.last_mut().unwrap_or(&mut 0) += line.bytes().filter(|byte| *byte == delimiter).count();
            }
        }
        let of_header = self.table.headers.len() - 1;
        of_header > 0 && separators.len() > 1 && separators.iter().all(|count| *count == of_header)
    }

    /// Cells beyond the header: a comma that should stand in quotes has shifted the row.
    pub fn has_too_many_cells(&self) -> bool {
        !self.has_open_end() && self.record.iter().skip(self.table.headers.len()).any(|cell| !cell.trim().is_empty())
    }

    /// As they were, under the table's headers.
    pub fn cells(&self) -> Vec<String> {
        let named = if self.has_open_end() { PUBCHEM.len() - 1 } else { self.record.len() };
        let mut cells: Vec<_> = self.record.iter().take(named).map(str::to_owned).collect();
        if self.has_open_end() {
            // In a table each number has its own column.
            cells.push(self.rest().filter(|name| Number::all_in(name).is_empty()).collect::<Vec<_>>().join("|"));
        }
        cells
    }

    pub(super) fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| plain(cell).is_empty())
    }
}

fn with_position<'c>(cells: impl Iterator<Item = &'c str>, of: &StringRecord) -> StringRecord {
    let mut record: StringRecord = cells.collect();
    record.set_position(of.position().cloned());
    record
}

/// Behind a comma that belongs to a text stands a space, and no tab belongs to one.
pub(super) fn may_be_several_rows(cell: &str, delimiter: u8) -> bool {
    let separates = |line: &str| {
        let mut behind = line.split(char::from(delimiter)).skip(1);
        behind.any(|cell| delimiter == b'\t' || cell.starts_with(|c: char| !c.is_whitespace()))
    };
    let mut all = lines(cell);
    cell.contains(['\r', '\n']) && all.any(separates)
}

fn lines(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}
