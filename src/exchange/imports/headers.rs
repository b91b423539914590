//! Which header of a file is which column of an import.

use std::collections::HashMap;

use anyhow::bail;
use csv::StringRecord;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    Options, Usage, amount_columns,
    faults::shortened,
    header_units,
    heads::{Head, known},
    own::{LAB, Own},
    place_columns,
};

/// A list of bottles has dozens; one with a thousand is no list, and each costs time in every row.
const MOST_COLUMNS: usize = 1_000;
/// Of a list in a message.
const MOST_TOLD: usize = 20;
/// Several columns of these contradict each other in nothing.
pub const SIDE_BY_SIDE: [&str; 2] = ["note", "synonyms"];
/// Columns whose unit may stand in the header.
pub const MEASURED: [&str; 5] = ["amount", "quantity", "size", "count", "tare"];
/// Columns that are read in one unit, and how that is written.
const FIXED: [(&str, &[&str]); 2] =
    [("molar mass", &["g/mol", "g mol-1", "Da", "u", "amu"]), ("density", &["g/mL", "g/cm3", "g/cm³", "kg/L", "g/cc"])];

/// What an import wants to know, and what files call it, the clearest heading first; lists with commas between.
#[derive(Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    headings: &'static str,
    more: &'static str,
    /// Headings that say something near it, and count where none of the others is there.
    near: &'static str,
    pub required: bool,
}

impl Column {
    pub const fn required(name: &'static str, headings: &'static str) -> Self {
        Self { required: true, ..Self::optional(name, headings) }
    }

    pub const fn optional(name: &'static str, headings: &'static str) -> Self {
        Self { name, headings, more: "", near: "", required: false }
    }

    /// Headings that it has in common with another.
    pub const fn and(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    pub const fn or_else(self, near: &'static str) -> Self {
        Self { near, ..self }
    }

    /// A file may be without it.
    pub const fn left_free(self) -> Self {
        Self { required: false, ..self }
    }

    fn headings(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(listed(self.headings)).chain(listed(self.more))
    }

    pub fn all_headings(&self) -> impl Iterator<Item = &'static str> {
        self.headings().chain(listed(self.near))
    }

    pub fn knows(&self, key: &str) -> bool {
        self.all_headings().any(|heading| normal(heading) == key)
    }
}

fn listed(headings: &'static str) -> impl Iterator<Item = &'static str> {
    headings.split(',').map(str::trim).filter(|heading| !heading.is_empty())
}

/// Where in a row each column is; several places where headers have one meaning, the clearest first.
pub type Places = HashMap<&'static str, Vec<usize>>;

/// What became of the headers of a file.
#[derive(Default)]
pub struct Mapped {
    pub places: Places,
    /// Those that mean nothing here, also without a heading.
    pub unknown: Vec<usize>,
    /// By their places, the units that headers say of their cells.
    pub units: HashMap<usize, String>,
    pub warnings: Vec<String>,
}

/// `code=Container_Number`: which column of the file is meant by one of ours.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub column: String,
    pub header: String,
}

impl Mapping {
    /// Whether a line of headers may have this one.
    pub fn may_be_in(&self, headers: &str) -> bool {
        normal(headers).contains(&normal(&self.header))
    }
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, header) =
            text.split_once('=').ok_or("write it as COLUMN=HEADER, such as code=Container_Number")?;
        Ok(Self { column: column.trim().to_owned(), header: header.trim().to_owned() })
    }
}

pub fn map_headers(headers: &StringRecord, columns: &[Column], options: &Options, own: &Own) -> anyhow::Result<Mapped> {
    if headers.len() > MOST_COLUMNS {
        bail!(
            "the header has {} columns, at most {MOST_COLUMNS} are read: save only those that the list needs",
            headers.len()
        );
    }
    // What the import itself has written means nothing, whatever it is called.
    let (known, heads) = (known(columns), headers.iter().enumerate());
    let heads: Vec<_> =
        heads.map(|(at, header)| if own.has(at) { Head::default() } else { Head::of(header, &known) }).collect();
    let seen: Vec<_> = heads.iter().map(|head| head.whole.clone()).collect();
    let left_out = left_out(&seen, &options.ignore)?;
    let given = given_places(&seen, columns, &options.mapping)?;
    let mut places = found_places(&heads, columns, &given, &left_out);
    for &place in places.values().flatten() {
        let mut others = (0..seen.len()).filter(|at| *at != place && !left_out.contains(at));
        if let Some(again) = others.find(|at| seen[*at] == seen[place]) {
            let header = printable(&headers[place]);
            bail!(
                "the columns {} and {} are both called {header}: rename one",
                place.min(again) + 1,
                place.max(again) + 1
            );
        }
    }
    let units = units(headers, &heads, &given)?;
    amount_columns::settle(&mut places, given.contains_key("amount"));
    place_columns::settle(&mut places, &given);
    let missing: Vec<_> = columns.iter().filter(|it| it.required && !places.contains_key(it.name)).collect();
    if !missing.is_empty() {
        bail!("{}", missing_columns(&missing, &list(headers.iter().map(printable))));
    }
    let is_used = |at: &usize| left_out.contains(at) || places.values().flatten().any(|used| used == at);
    let is_left = |at: &usize| !own.has(*at) && headers[*at] != *LAB && !is_used(at);
    let of = |at: usize| known.get(&heads[at].key).copied();
    // Of a room nothing but its number is no place: see `place_columns`.
    let is_known = |at: &usize| of(*at).is_some_and(|column| column != "room number");
    let (unused, unknown): (Vec<_>, Vec<_>) = (0..seen.len()).filter(is_left).partition(is_known);
    let sizes = places.get("size").filter(|_| !amount_columns::is_size(&places)).into_iter().flatten().copied();
    let unused = unused.into_iter().chain(sizes);
    let warnings = unused.map(|at| passed_over(&headers[at], of(at).unwrap_or_default())).collect();
    Ok(Mapped { places, unknown, units, warnings })
}

/// Those that a person has mapped, and of the others those that a column knows; notes and synonyms beside mapped ones
/// too.
fn found_places(heads: &[Head], columns: &[Column], given: &Places, left_out: &[usize]) -> Places {
    let is_given: Vec<usize> = given.values().flatten().chain(left_out).copied().collect();
    let free = |heading: &str| {
        let key = normal(heading);
        (0..heads.len()).filter(|at| heads[*at].key == key && !is_given.contains(at)).collect::<Vec<_>>()
    };
    let mut places = given.clone();
    for column in columns {
        let mut found: Vec<_> = column.headings().flat_map(free).collect();
        if found.is_empty() {
            found = listed(column.near).flat_map(free).collect();
        }
        if SIDE_BY_SIDE.contains(&column.name) && !found.is_empty() {
            places.entry(column.name).or_default().extend(found);
        } else if !found.is_empty() {
            places.entry(column.name).or_insert(found);
        }
    }
    places
}

/// What headers say of their cells, also those that a person has mapped.
fn units(headers: &StringRecord, heads: &[Head], given: &Places) -> anyhow::Result<HashMap<usize, String>> {
    let mut units: HashMap<_, _> =
        heads.iter().enumerate().filter_map(|(at, head)| Some((at, head.unit.clone()?))).collect();
    for (column, at) in given.iter().flat_map(|(column, places)| places.iter().map(|at| (*column, *at))) {
        let header = &headers[at];
        if MEASURED.contains(&column) {
            units.extend(header_units::of(header).map(|unit| (at, unit.to_owned())));
        } else if let Some((_, used)) = FIXED.iter().find(|(name, _)| *name == column)
            && let Some((_, unit)) = header_units::bracket(header)
            && unit.contains('/')
            && !used.iter().any(|used| normal(unit).starts_with(&normal(used)))
        {
            bail!(Usage(format!(
                "--map {column}={header}: the header says `{unit}`, and the {column} is read in {}: convert the column",
                used[0]
            )));
        }
    }
    Ok(units)
}

fn passed_over(header: &str, column: &str) -> String {
    let name = amount_columns::told(column);
    format!(
        "the column {} was ignored, as another is the {name}; say with --map {}=HEADER which is meant",
        printable(header),
        name.replace(' ', "_")
    )
}

fn left_out(seen: &[String], ignore: &[String]) -> anyhow::Result<Vec<usize>> {
    for header in ignore {
        if !seen.contains(&normal(header)) {
            bail!(Usage(format!("--ignore {header}: the file has no such header")));
        }
    }
    Ok((0..seen.len()).filter(|at| ignore.iter().any(|header| normal(header) == seen[*at])).collect())
}

fn given_places(seen: &[String], columns: &[Column], mapping: &[Mapping]) -> anyhow::Result<Places> {
    let mut places = Places::new();
    for Mapping { column, header } in mapping {
        let ours = || columns.iter().filter(|column| !amount_columns::INNER.contains(&column.name));
        let Some(known) = ours().find(|known| normal(known.name) == normal(column)) else {
            let names: Vec<_> = ours().map(|column| column.name).collect();
            bail!(Usage(format!("--map {column}=…: there is no such column; there are {}", names.join(", "))));
        };
        let Some(place) = seen.iter().position(|name| *name == normal(header)) else {
            bail!(Usage(format!("--map {column}={header}: the file has no such header")));
        };
        if let Some((other, _)) = places.iter().find(|(other, of)| **other != known.name && of.contains(&place)) {
            bail!(Usage(format!("--map: `{header}` is given for {other} and for {}: say which it is", known.name)));
        }
        let of_column = places.entry(known.name).or_default();
        if !SIDE_BY_SIDE.contains(&known.name) && of_column.iter().any(|other| *other != place) {
            let others = mapping.iter().filter(|one| normal(&one.column) == normal(column));
            let others: Vec<_> = others.map(|one| format!("`{}`", one.header)).collect();
            bail!(Usage(format!("--map {column} is given for {}: say which one is meant", others.join(" and "))));
        }
        if !of_column.contains(&place) {
            of_column.push(place);
        }
    }
    Ok(places)
}

fn missing_columns(missing: &[&Column], seen: &str) -> String {
    let names: Vec<_> = missing.iter().map(|column| format!("`{}`", column.name)).collect();
    let no_column = if names.len() == 1 { "is no column" } else { "are no columns" };
    let first = missing[0];
    let also: Vec<_> = first.headings().skip(1).take(4).map(|heading| format!("`{heading}`")).collect();
    format!(
        "there {no_column} {}; the header has {seen}. Rename a header (`{}` may also be called {}), or say which is meant \
         with --map {}=HEADER",
        names.join(", "),
        first.name,
        also.join(", "),
        first.name.replace(' ', "_")
    )
}

/// The first of them, and how many more there are.
pub fn list(headers: impl Iterator<Item = String>) -> String {
    let mut all: Vec<_> = headers.collect();
    let more = all.len().saturating_sub(MOST_TOLD);
    all.truncate(MOST_TOLD);
    let told = all.join(", ");
    if more == 0 { told } else { format!("{told} and {more} more") }
}

/// As a terminal may show it.
pub fn printable(header: &str) -> String {
    let plain: String = header.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("`{}`", shortened(&plain))
}

/// `CAS-No.`, `cas_no`, `CASNo` and `CAS#` are one heading.
pub fn normal(header: &str) -> String {
    let numbered = header.to_lowercase().replace(['#', '\u{2116}'], "no").replace("n°", "no");
    let bare: String = numbered.nfkd().filter(|c| c.is_alphanumeric()).collect();
    bare.replace('ß', "ss")
}
