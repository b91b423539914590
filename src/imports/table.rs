//! A file as rows with line numbers and named columns, whatever it is delimited by.

use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord};

use super::{
    Options,
    corrections::is_decides,
    headers::{Column, Mapped, Places, map_headers},
    own::{Own, READINGS},
    plain::plain,
    quotes, readings,
};
use crate::chemistry::is_digits;

enum Shape {
    Csv { delimiter: u8 },
    PubChem,
}

pub struct Table<'t> {
    text: &'t str,
    shape: Shape,
    headers: Vec<String>,
    places: Places,
    unknown: Vec<usize>,
    own: Own,
    is_pubchem: bool,
    pub warnings: Vec<String>,
}

/// The columns of `PubChem`'s lists of identifiers, which have no header; names follow until the line ends.
const PUBCHEM: &[&str] = &["cid", "cas", "formula", "molar mass", "smiles", "inchi", "inchikey", "name", "synonyms"];

impl<'t> Table<'t> {
    /// `PubChem`'s form is told from CSV by what stands in it, where the import can use it.
    pub fn open(text: &'t str, columns: &[Column], or_pubchem: bool, options: &Options) -> anyhow::Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            bail!("the file is empty");
        }
        if or_pubchem && is_pubchem(text) {
            let headers = PUBCHEM.iter().map(|&name| name.to_owned()).collect();
            let places = PUBCHEM.iter().enumerate().map(|(at, &name)| (name, vec![at])).collect();
            let (unknown, warnings, own) = (Vec::new(), Vec::new(), Own::default());
            return Ok(Self { text, shape: Shape::PubChem, headers, places, unknown, own, is_pubchem: true, warnings });
        }
        let delimiter = delimiter(text);
        quotes::check(text, delimiter)?;
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().context("the header cannot be read")?.clone();
        let own = Own::of(&headers.iter());
        let pubchem = (or_pubchem && own.is_there()).then(|| pubchem_places(&headers, &own)).flatten();
        let is_pubchem = pubchem.is_some();
        let Mapped { places, unknown, warnings } = match pubchem {
            Some(places) => Mapped { places, ..Mapped::default() },
            None => map_headers(&headers, columns, options, &own)?,
        };
        let headers: Vec<_> = headers.iter().map(str::to_owned).collect();
        Ok(Self { text, shape: Shape::Csv { delimiter }, headers, places, unknown, own, is_pubchem, warnings })
    }

    /// What stands over the cells of [`Row::cells`].
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Which columns are the import's own.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// Where the first column of this meaning stands.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.places.get(column).and_then(|places| places.first().copied())
    }

    /// The columns that mean nothing here.
    pub fn unknown(&self) -> &[usize] {
        &self.unknown
    }

    /// What stands between the cells; between those of a copy, where the file itself is no CSV.
    pub fn delimiter(&self) -> u8 {
        if let Shape::Csv { delimiter } = self.shape { delimiter } else { b',' }
    }

    /// A file that an earlier import wrote: it has a few rows of a list, and says for each how the whole list was read.
    pub fn is_of_corrections(&self) -> bool {
        self.own.is_there()
    }

    /// `PubChem`'s list, or the file of its corrections.
    pub fn is_pubchem(&self) -> bool {
        self.is_pubchem
    }

    pub fn size(&self) -> u64 {
        self.text.len() as u64
    }

    pub fn rows(&self) -> impl Iterator<Item = anyhow::Result<Row<'_>>> {
        let mut reader = ReaderBuilder::new();
        reader.flexible(true);
        match self.shape {
            Shape::Csv { delimiter } => reader.delimiter(delimiter),
            Shape::PubChem => reader.delimiter(b'\t').quoting(false).has_headers(false),
        };
        let records = reader.from_reader(self.text.as_bytes()).into_records();
        let rows = records.map(|record| Ok(Row::new(self, record?)));
        // A spreadsheet leaves lines of nothing but delimiters.
        rows.filter(|row: &anyhow::Result<Row>| !row.as_ref().is_ok_and(Row::is_blank))
    }
}

/// Where the columns of a file of corrections are, if its list was one of `PubChem`.
fn pubchem_places(headers: &StringRecord, own: &Own) -> Option<Places> {
    let rest = || headers.iter().enumerate().filter(|(at, header)| !own.has(*at) && !is_decides(header));
    let is_pubchem = rest().map(|(_, header)| header.trim()).eq(PUBCHEM.iter().copied());
    let decides = headers.iter().position(is_decides).map(|at| ("decides", vec![at]));
    is_pubchem.then(|| PUBCHEM.iter().zip(rest()).map(|(&name, (at, _))| (name, vec![at])).chain(decides).collect())
}

/// Tabs, and a number (the compound id) where a header would have a word.
fn is_pubchem(text: &str) -> bool {
    let cells: Vec<_> = text.lines().next().unwrap_or_default().split('\t').collect();
    cells.len() >= PUBCHEM.len() - 1 && is_digits(cells[0].trim())
}

/// The one of comma, semicolon and tab that the header has most of, quoted parts aside.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let bare: String = header.split('"').step_by(2).collect();
    let count = |delimiter: &u8| bare.bytes().filter(|byte| byte == delimiter).count();
    // `max_by_key` takes the last of equals: a comma, when there is none of any.
    *b"\t;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',')
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
    fn new(table: &'t Table<'t>, record: StringRecord) -> Self {
        let (line, start) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        // The reader takes empty lines before a record for its beginning.
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let blank = table.text.get(start..).unwrap_or_default();
        let blank = &blank[..blank.len() - blank.trim_start_matches(['\r', '\n']).len()];
        let line = line + blank.matches('\n').count() as u64;
        let end = (start + blank.len() + record.as_slice().len() + record.len()) as u64;
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
            let position = self.record.position().cloned();
            let with_zeros = |at: usize| cells.iter().find(|(of, _)| *of == at).map(|(_, text)| text.as_str());
            let all = self.record.iter().enumerate().map(|(at, cell)| with_zeros(at).unwrap_or(cell));
            self.record = all.collect();
            self.record.set_position(position);
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
    pub fn all(&self, column: &str) -> impl Iterator<Item = (&str, &str)> {
        let places = self.table.places.get(column).into_iter().flatten();
        places.map(|&at| (self.table.headers[at].trim(), self.at(at))).filter(|(_, cell)| !cell.is_empty())
    }

    /// What stands in the column of the file with this number.
    pub fn at(&self, at: usize) -> &str {
        let cell = self.record.get(at).unwrap_or_default();
        if self.is_pubchem() { cell.trim() } else { plain(cell) }
    }

    /// Every cell that means something, with its header.
    pub fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut places: Vec<_> = self.table.places.values().flatten().copied().collect();
        places.sort_unstable();
        places.into_iter().map(|at| (self.table.headers[at].trim(), self.at(at)))
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

    /// In `PubChem`'s form: what follows the systematic name.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        let at = self.places("synonyms").first().copied().unwrap_or_default();
        let open_end = self.has_open_end();
        let cells = self.record.iter().skip(at).take(if open_end { usize::MAX } else { 1 });
        let names = cells.flat_map(move |cell| cell.split(move |c| c == '|' && !open_end));
        names.map(str::trim).filter(|name| !name.is_empty())
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
            cells.push(self.rest().collect::<Vec<_>>().join("|"));
        }
        cells
    }

    fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| plain(cell).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::required("name", "substance"), Column::optional("cas", "cas no")];

    fn rows(text: &str) -> Vec<(u64, Option<String>, Option<String>)> {
        let table = Table::open(text, COLUMNS, true, &Options::default()).unwrap();
        let rows = table.rows().map(Result::unwrap);
        let row = |row: Row| (row.line, row.get("name").map(str::to_owned), row.get("cas").map(str::to_owned));
        rows.map(row).collect()
    }

    #[test]
    fn commas_semicolons_and_tabs_delimit_and_headers_go_by_their_aliases() {
        for text in [
            "Name,CAS\na,1\n",
            "\u{feff}CAS_no.;SUBSTANCE\r\n1;a\r\n",
            "substance\tnote\tCas-No\na\tx\t1",
            "\"name\",\"cas\"\na,1",
        ] {
            assert_eq!(rows(text), [(2, Some("a".into()), Some("1".into()))], "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text = "name,cas\n\na,1\n\"b\nb\",2\n,,\n\n\nc,3\n";
        let lines: Vec<_> = rows(text).into_iter().map(|(line, name, _)| (line, name.unwrap())).collect();
        assert_eq!(lines, [(3, "a".into()), (4, "b\nb".into()), (9, "c".into())]);
    }

    #[test]
    fn a_missing_name_column_lists_the_headers_and_an_unknown_one_is_known_to_be() {
        let error = Table::open("cas,Farbe\n1,2\n", COLUMNS, true, &Options::default()).err().unwrap();
        let error = error.to_string();
        assert!(error.starts_with("there is no column `name`; the header has `cas`, `Farbe`. "), "{error}");
        assert!(error.contains("--map name=HEADER"), "{error}");
        let table = Table::open("line,reason,read with,name,Farbe\n", COLUMNS, true, &Options::default()).unwrap();
        assert_eq!(table.unknown(), [4]);
    }

    #[test]
    fn the_form_of_pubchem_is_told_by_its_first_cell() {
        let text = "702\t64-17-5\tC2H6O\t46.06844\tCCO\tC2H6O/c\tLFQSCWFLJHTTHZ-UHFFFAOYSA-N\tethanol\talcohol\tEtOH\n";
        let table = Table::open(text, COLUMNS, true, &Options::default()).unwrap();
        let row = table.rows().next().unwrap().unwrap();
        assert_eq!((row.get("cas"), row.get("name")), (Some("64-17-5"), Some("ethanol")));
        assert_eq!(row.rest().collect::<Vec<_>>(), ["alcohol", "EtOH"]);
        assert_eq!(row.cells().last().unwrap(), "alcohol|EtOH");
    }
}
