//! Which header of a file is which column of an import.

use std::collections::HashMap;

use anyhow::bail;
use csv::StringRecord;

use super::corrections::is_ours;

/// What an import wants to know, and what files call it, the clearest name first. In lower case, words apart.
pub struct Column {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// Names that say something near it, and count where none of the others is there.
    pub or_else: &'static [&'static str],
    pub required: bool,
}

impl Column {
    pub const fn required(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases, or_else: &[], required: true }
    }

    pub const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases, or_else: &[], required: false }
    }

    pub const fn or_else(self, or_else: &'static [&'static str]) -> Self {
        Self { or_else, ..self }
    }
}

/// Where in a row each column is; several places where headers have one meaning, the clearest first.
pub type Places = HashMap<&'static str, Vec<usize>>;

/// `code=Container_Number`: which column of the file is meant by one of ours.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub column: String,
    pub header: String,
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, header) =
            text.split_once('=').ok_or("write it as COLUMN=HEADER, such as code=Container_Number")?;
        Ok(Self { column: normal(column), header: header.trim().to_owned() })
    }
}

/// The places, and a warning for each header that is not known.
pub fn map_headers(
    headers: &StringRecord,
    columns: &[Column],
    mapping: &[Mapping],
) -> anyhow::Result<(Places, Vec<String>)> {
    let seen: Vec<_> = headers.iter().map(normal).collect();
    let mut places = given_places(&seen, columns, mapping)?;
    let is_given: Vec<usize> = places.values().flatten().copied().collect();
    for column in columns {
        let free = |name: &&str| {
            let places: Vec<_> = (0..seen.len()).filter(|at| seen[*at] == *name && !is_given.contains(at)).collect();
            places
        };
        let mut found: Vec<_> = std::iter::once(&column.name).chain(column.aliases).flat_map(free).collect();
        if found.is_empty() {
            found = column.or_else.iter().flat_map(free).collect();
        }
        if !found.is_empty() {
            places.entry(column.name).or_insert(found);
        }
    }
    for &place in places.values().flatten().filter(|place| !is_given.contains(place)) {
        if let Some(again) = (0..seen.len()).find(|at| *at != place && seen[*at] == seen[place]) {
            let header = printable(&headers[place]);
            bail!("the columns {} and {} are both called `{header}`: rename one", place + 1, again + 1);
        }
    }
    let missing: Vec<_> = columns.iter().filter(|it| it.required && !places.contains_key(it.name)).collect();
    if !missing.is_empty() {
        let seen = headers.iter().map(|header| format!("`{}`", printable(header))).collect::<Vec<_>>().join(", ");
        bail!("{}", missing_columns(&missing, &seen));
    }
    let warnings = (0..seen.len())
        .filter(|place| !places.values().flatten().any(|used| used == place))
        .filter(|place| !seen[*place].is_empty() && !is_ours(&seen[*place]))
        .map(|place| ignored(&printable(&headers[place]), &seen[place], columns))
        .collect();
    Ok((places, warnings))
}

fn ignored(header: &str, seen: &str, columns: &[Column]) -> String {
    match columns.iter().find(|it| it.name == seen || it.aliases.contains(&seen) || it.or_else.contains(&seen)) {
        Some(known) => format!(
            "the column `{header}` was ignored, as another is the {}; say with --map {}=HEADER which is meant",
            known.name,
            known.name.replace(' ', "_")
        ),
        None => format!("the column `{header}` is not known and was ignored"),
    }
}

fn given_places(seen: &[String], columns: &[Column], mapping: &[Mapping]) -> anyhow::Result<Places> {
    let mut places = Places::new();
    for Mapping { column, header } in mapping {
        let Some(known) = columns.iter().find(|known| known.name == column) else {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            bail!("--map {column}=…: there is no such column; there are {}", names.join(", "));
        };
        let Some(place) = seen.iter().position(|name| *name == normal(header)) else {
            bail!("--map {column}={header}: the file has no such header");
        };
        places.insert(known.name, vec![place]);
    }
    Ok(places)
}

fn missing_columns(missing: &[&Column], seen: &str) -> String {
    let names: Vec<_> = missing.iter().map(|column| format!("`{}`", column.name)).collect();
    let no_column = if names.len() == 1 { "is no column" } else { "are no columns" };
    let first = missing[0];
    let also: Vec<_> = first.aliases.iter().take(4).map(|alias| format!("`{alias}`")).collect();
    format!(
        "there {no_column} {}; the header has {seen}. Rename a header (`{}` may also be called {}), or say which is meant \
         with --map {}=HEADER",
        names.join(", "),
        first.name,
        also.join(", "),
        first.name.replace(' ', "_")
    )
}

/// As a terminal may show it.
fn printable(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `CAS-No.`, `cas_no` and `Cas No` are one name.
fn normal(header: &str) -> String {
    let words = header.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
