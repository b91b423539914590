//! A file as rows with line numbers and named columns, whatever it is delimited by.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use chemistry::is_digits;
use csv::{ReaderBuilder, StringRecord};

pub use self::row::{Row, says_what};
use super::{
    Options,
    corrections::is_decides,
    encoding::{is_odd_line_end, lone_returns},
    headers::{Column, Mapped, Places, map_headers, printable},
    own::{self, Own},
    quotes,
};
use crate::exchange::{escape::unescaped, exports};

mod row;
mod separator;

enum Shape {
    Csv { delimiter: u8 },
    PubChem,
}

pub struct Table<'t> {
    /// Without the line in which Excel names the separator.
    text: &'t str,
    /// How many lines stand before it.
    skipped: u64,
    shape: Shape,
    headers: Vec<String>,
    places: Places,
    unknown: Vec<usize>,
    /// By their places, the units that headers say of their cells.
    units: HashMap<usize, String>,
    own: Own,
    /// Whether we wrote it, as an import or an export does, so that its cells are escaped.
    is_ours: bool,
    /// Whether it is an export, whose cells are what the lab says, not what a spreadsheet made of it.
    is_export: bool,
    is_pubchem: bool,
    /// Where carriage returns end a line alone.
    returns: Vec<usize>,
    pub warnings: Vec<String>,
}

/// The columns of `PubChem`'s lists of identifiers, which have no header; names follow until the line ends.
const PUBCHEM: &[&str] = &["cid", "cas", "formula", "molar mass", "smiles", "inchi", "inchikey", "name", "synonyms"];

impl<'t> Table<'t> {
    /// `PubChem`'s form is told from CSV by what stands in it, where the import can use it.
    pub fn open(text: &'t str, columns: &[Column], or_pubchem: bool, options: &Options) -> anyhow::Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (named, text) = separator::named(text)?;
        if text.trim().is_empty() {
            bail!("the file is empty");
        }
        let skipped = u64::from(named.is_some());
        let returns = lone_returns(text.as_bytes()).collect();
        if or_pubchem && is_pubchem(text) {
            return Ok(Self::of_pubchem(text, returns));
        }
        let delimiter = named.unwrap_or_else(|| delimiter(text));
        quotes::check(text, delimiter, skipped)?;
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().context("the header cannot be read")?.clone();
        check_header(&headers, delimiter)?;
        let is_of_import = Own::of(&headers.iter()).is_there() || headers.iter().any(|header| header == own::LAB);
        let is_export = headers.iter().eq(exports::CONTAINERS);
        let is_ours = is_of_import || is_export;
        let headers: StringRecord = if is_ours { headers.iter().map(unescaped).collect() } else { headers };
        let own = Own::of(&headers.iter());
        let pubchem = (or_pubchem && own.is_there()).then(|| pubchem_places(&headers, &own)).flatten();
        let is_pubchem = pubchem.is_some();
        let Mapped { places, unknown, units, warnings } = match pubchem {
            Some(places) => Mapped { places, ..Mapped::default() },
            None => map_headers(&headers, columns, options, &own)?,
        };
        let table = Self::of_pubchem(text, returns);
        let (headers, shape) = (headers.iter().map(str::to_owned).collect(), Shape::Csv { delimiter });
        Ok(Self {
            skipped,
            shape,
            headers,
            places,
            unknown,
            units,
            own,
            is_ours,
            is_export,
            is_pubchem,
            warnings,
            ..table
        })
    }

    fn of_pubchem(text: &'t str, returns: Vec<usize>) -> Self {
        Self {
            text,
            skipped: 0,
            shape: Shape::PubChem,
            headers: PUBCHEM.iter().map(|&name| name.to_owned()).collect(),
            places: PUBCHEM.iter().enumerate().map(|(at, &name)| (name, vec![at])).collect(),
            unknown: Vec::new(),
            units: HashMap::new(),
            own: Own::default(),
            is_ours: false,
            is_export: false,
            is_pubchem: true,
            returns,
            warnings: Vec::new(),
        }
    }

    /// What stands over the cells of [`Row::cells`].
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The columns of the list itself, each at its place.
    pub fn of_list(&self) -> impl Iterator<Item = (usize, &str)> + Clone {
        let all = self.headers.iter().enumerate().filter(|(at, _)| !self.own.has(*at));
        all.map(|(at, header)| (at, header.as_str()))
    }

    /// Which columns are the import's own.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// Where the first column of this meaning stands.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.places.get(column).and_then(|places| places.first().copied())
    }

    /// Where all columns of this meaning stand.
    pub fn places_of(&self, column: &str) -> &[usize] {
        self.places.get(column).map(Vec::as_slice).unwrap_or_default()
    }

    /// The unit that the header says of its cells.
    pub fn unit_of(&self, at: usize) -> Option<&str> {
        self.units.get(&at).map(String::as_str)
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

fn check_header(headers: &StringRecord, delimiter: u8) -> anyhow::Result<()> {
    if let Some(header) = headers.iter().find(|header| row::may_be_several_rows(header, delimiter)) {
        bail!("the header `{}` goes on in another line: a quote is not closed", printable(header));
    }
    if let Some(sign) = headers.iter().flat_map(str::chars).find(|c| is_odd_line_end(*c)) {
        bail!(
            "the header has the sign U+{:04X}, which ends no line of a table: save the file with the usual line ends",
            u32::from(sign)
        );
    }
    Ok(())
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
    let cells: Vec<_> = text.split(['\n', '\r']).next().unwrap_or_default().split('\t').collect();
    cells.len() >= PUBCHEM.len() - 1 && is_digits(cells[0].trim())
}

/// The one of comma, semicolon and tab that the header has most of, quoted parts aside.
pub fn delimiter(text: &str) -> u8 {
    let header = text.split(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let bare: String = header.split('"').step_by(2).collect();
    let count = |delimiter: &u8| bare.bytes().filter(|byte| byte == delimiter).count();
    // `max_by_key` takes the last of equals: a comma, when there is none of any.
    *b"\t;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',')
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
