//! What an uploaded file is called and what stands in it.

use serde::Deserialize;

use super::import::ImportColumn;
use crate::{
    base::text::Text,
    exchange::imports::{
        Options, encoding, evidence,
        headers::Column,
        headings,
        table::{Row, Table},
    },
};

/// The name of a file without its folder. Files beside it are called after it, so it is shorter than a name may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Text<200>")]
pub struct FileName(String);

const LONGEST: usize = 190;

impl FileName {
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<Text<200>> for FileName {
    type Error = String;

    fn try_from(name: Text<200>) -> Result<Self, String> {
        let name = String::from(name);
        if name.len() > LONGEST {
            return Err(format!("must have at most {LONGEST} bytes, has {}", name.len()));
        }
        if name.contains(['/', '\\', ':']) || name.chars().all(|c| c == '.') {
            return Err("must be the name of a file without a folder, such as october.csv".to_owned());
        }
        Ok(Self(name))
    }
}

/// What can be seen of a list before it runs.
#[derive(Debug)]
pub struct Seen {
    pub columns: Vec<ImportColumn>,
    pub sample: Vec<Vec<String>>,
    pub missing: Vec<String>,
    pub warnings: Vec<String>,
}

/// Rows of a sample.
const SHOWN: usize = 5;
/// Characters of a cell that are shown.
const MOST_SHOWN: usize = 100;

/// As JSON in Postgres may have it, and not too much of it.
pub fn shown(cell: &str) -> String {
    let plain = |c: char| if c == '\0' { '\u{fffd}' } else { c };
    let mut shown: String = cell.trim().chars().take(MOST_SHOWN).map(plain).collect();
    if shown.len() < cell.trim().len() {
        shown.push('…');
    }
    shown
}

/// The text of a list with what can be seen of it, or why it is none. What only a run can decide is a warning.
pub fn read(bytes: Vec<u8>) -> anyhow::Result<(String, Seen)> {
    let text = encoding::decode(bytes)?;
    let seen = see(&text)?;
    Ok((text, seen))
}

fn see(text: &str) -> anyhow::Result<Seen> {
    let known = headings::of_bottles(false);
    let free: Vec<_> = known.iter().map(|column| column.left_free()).collect();
    let mut table = Table::open(text, &free, false, &Options::default())?;
    let doubt = evidence::look_at_the_unknown(&mut table).err();
    let warnings = table.warnings.iter().cloned().chain(doubt.map(|doubt| format!("{doubt:#}")));
    let name = |at: usize| free.iter().map(|column| column.name).find(|name| table.places_of(name).contains(&at));
    let column = |(at, header): (usize, &String)| ImportColumn {
        header: shown(header),
        column: name(at).map(str::to_owned),
        unit: table.unit_of(at).map(shown),
    };
    let rows: Vec<Row<'_>> = table.rows().take(SHOWN).collect::<anyhow::Result<_>>()?;
    let is_missing = |column: &&Column| column.required && table.place(column.name).is_none();
    Ok(Seen {
        columns: table.headers().iter().enumerate().map(column).collect(),
        sample: rows.iter().map(|row| row.cells().iter().map(|cell| shown(cell)).collect()).collect(),
        missing: known.iter().filter(is_missing).map(|column| column.name.to_owned()).collect(),
        warnings: warnings.map(|text| text.replace('\0', "\u{fffd}")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folder_and_leaves_room_for_the_files_beside_it() {
        let read = |name: &str| serde_json::from_value::<FileName>(name.into()).map(FileName::into_string);
        assert_eq!(read("October 2.csv").unwrap(), "October 2.csv");
        for bad in ["", "..", "a/b.csv", "..\\b.csv", "c:b", "a\0b", &"\u{e4}".repeat(100)] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_is_seen_with_its_columns_its_first_rows_and_what_is_missing() {
        let (_, seen) = read(b"Stoff;Menge (g);Farbe\nethanol;5;rot\n".to_vec()).unwrap();
        let columns: Vec<_> = seen.columns.iter().map(|it| (it.header.as_str(), it.column.as_deref())).collect();
        assert_eq!(columns, [("Stoff", Some("chemical")), ("Menge (g)", Some("amount")), ("Farbe", None)]);
        assert_eq!(seen.columns[1].unit.as_deref(), Some("g"));
        assert_eq!(
            (seen.sample, seen.missing),
            (vec![vec!["ethanol".into(), "5".into(), "rot".into()]], vec!["code".into()])
        );
        assert!(read(b"\xff\xfen\0".to_vec()).unwrap_err().to_string().contains("UTF-16"));
    }
}
