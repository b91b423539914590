//! A file as rows with line numbers and named columns, whatever it is delimited by.

use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord};

use super::{
    Options,
    headers::{Column, Mapped, Places, map_headers},
    plain::plain,
    quotes,
};
use crate::{chemicals::Number, chemistry::is_digits};

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
    is_of_corrections: bool,
    pub warnings: Vec<String>,
}

/// The columns of `PubChem`'s lists of identifiers, which have no header; names follow until the line ends.
const PUBCHEM: &[&str] = &["cid", "cas", "formula", "molar mass", "smiles", "inchi", "inchikey", "name", "synonyms"];

/// Files are UTF-8; anything else would fill the catalogue with broken names.
pub fn decode(bytes: Vec<u8>) -> anyhow::Result<String> {
    const HINT: &str = "save the file as UTF-8 (in Excel: \"CSV UTF-8\") and import it again";
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        bail!(
            "the file is a workbook and not CSV: in the spreadsheet, save the sheet as \"CSV UTF-8\" and import that"
        );
    }
    let start = &bytes[..bytes.len().min(1_000)];
    let zeros = start.split(|byte| *byte == 0).count() - 1;
    // Of letters that ASCII has, every second byte is zero.
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) || zeros * 4 > start.len() {
        bail!("the file is UTF-16: {HINT}");
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.split(|byte| *byte == b'\n').skip(1).count();
        anyhow::anyhow!("line {line} is not UTF-8: {HINT}")
    })
}

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
            let (unknown, warnings) = (Vec::new(), Vec::new());
            return Ok(Self {
                text,
                shape: Shape::PubChem,
                headers,
                places,
                unknown,
                is_of_corrections: false,
                warnings,
            });
        }
        let delimiter = delimiter(text);
        quotes::check(text, delimiter)?;
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().context("the header cannot be read")?.clone();
        let Mapped { places, unknown, warnings } = map_headers(&headers, columns, options)?;
        let headers: Vec<_> = headers.iter().map(str::to_owned).collect();
        let has = |name| headers.iter().any(|header| header.trim() == name);
        let is_of_corrections = has("line") && has("reason");
        Ok(Self { text, shape: Shape::Csv { delimiter }, headers, places, unknown, is_of_corrections, warnings })
    }

    /// What stands over the cells of [`Row::cells`].
    pub fn headers(&self) -> &[String] {
        &self.headers
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
        self.is_of_corrections
    }

    pub fn is_pubchem(&self) -> bool {
        matches!(self.shape, Shape::PubChem)
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
        Self { table, record, line, end }
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
        matches!(self.table.shape, Shape::PubChem)
    }

    /// What the import itself wrote into one of its own columns; nothing in a file of any other kind.
    pub fn own(&self, header: &str) -> &str {
        let place = self.table.headers.iter().position(|it| it.trim() == header);
        place.filter(|_| self.is_of_corrections()).and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    pub fn is_of_corrections(&self) -> bool {
        self.table.is_of_corrections()
    }

    /// In `PubChem`'s form: what follows the systematic name.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        self.record.iter().skip(PUBCHEM.len() - 1).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// Cells beyond the header: a comma that should stand in quotes has shifted the row.
    pub fn has_too_many_cells(&self) -> bool {
        !self.is_pubchem() && self.record.iter().skip(self.table.headers.len()).any(|cell| !cell.trim().is_empty())
    }

    /// As they were, under the table's headers.
    pub fn cells(&self) -> Vec<String> {
        let named = if self.is_pubchem() { PUBCHEM.len() - 1 } else { self.record.len() };
        let mut cells: Vec<_> = self.record.iter().take(named).map(str::to_owned).collect();
        if self.is_pubchem() {
            // In a table each number has its own column.
            cells.push(self.rest().filter(|name| Number::all_in(name).is_empty()).collect::<Vec<_>>().join("|"));
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
        let table = Table::open("line,reason,name,Farbe\n", COLUMNS, true, &Options::default()).unwrap();
        assert_eq!(table.unknown(), [3]);
    }

    #[test]
    fn a_file_in_another_encoding_is_refused_with_the_line() {
        let error = decode(b"name\nethanol\n\xc4ther\n".to_vec()).unwrap_err();
        assert!(error.to_string().starts_with("line 3 is not UTF-8"), "{error}");
        assert!(decode(b"\xff\xfen\0".to_vec()).is_err());
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
