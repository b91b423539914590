//! The rows that did not go in, in a file that can be corrected and imported.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use uuid::Uuid;

use super::{
    headers::normal,
    own,
    part::Part,
    table::{Row, Table, delimiter},
};
use crate::exchange::escape::{escaped, unescaped};

/// Written under another name until it is whole. It is made before the first row goes in; without a failure nothing is
/// left. What an earlier run has left is never written over: a person may have worked on it.
pub struct Corrections<'t> {
    table: &'t Table<'t>,
    /// The list's.
    name: String,
    folder: PathBuf,
    part: Part,
    writer: csv::Writer<File>,
    has_rows: bool,
    header: Vec<String>,
    /// Whether it says the codes that were made.
    has_codes: bool,
    /// The lab for which they are made now.
    lab: String,
}

impl<'t> Corrections<'t> {
    pub fn of(file: &Path, table: &'t Table<'t>, made_for: Option<Uuid>) -> anyhow::Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = file.parent().unwrap_or(Path::new(""));
        let of_corrections = format!("{name}.corrections");
        let made = Part::make(beside, &of_corrections).or_else(|_| Part::make(Path::new(""), &of_corrections));
        let (part, made) = made.with_context(|| {
            let name = numbered(&name, 1);
            format!(
                "rows that fail would go to {name}, which can be written neither beside the list nor in the current \
                 folder; nothing was imported"
            )
        })?;
        let writer = csv::WriterBuilder::new().flexible(true).delimiter(table.delimiter()).from_writer(made);
        let folder = part.path().parent().unwrap_or(Path::new("")).to_owned();
        let has_codes = made_for.is_some() || table.own().place(own::CODE).is_some();
        let lab = made_for.map(|lab| lab.to_string()).unwrap_or_default();
        let header = header(table, has_codes);
        Ok(Self { table, name, folder, part, writer, has_rows: false, header, has_codes, lab })
    }

    /// `readings` are what the whole list has decided of the row's cells, which are those in `cells`.
    pub fn write(
        &mut self,
        row: &Row,
        reason: &str,
        readings: &str,
        code: Option<&str>,
        cells: Vec<String>,
    ) -> anyhow::Result<()> {
        let line = row.line.to_string();
        let code = self.has_codes.then(|| code.unwrap_or_else(|| row.own(own::CODE)));
        let lab = self.has_codes.then(|| Some(row.own(own::LAB)).filter(|lab| !lab.is_empty()).unwrap_or(&self.lab));
        let undecided = (!has_decides(self.table)).then_some("");
        let kept = self.kept(cells);
        let of_row = || code.into_iter().chain(lab).chain(undecided).chain(kept.iter().map(String::as_str));
        let first = [line.as_str(), reason, readings];
        let header = self.header.iter().map(String::as_str).enumerate();
        let header = header.filter(|(at, _)| *at != first.len()).map(|(_, header)| header);
        let check = own::check(header, first.into_iter().chain(of_row()));
        let cells = first.into_iter().chain([check.as_str()]).chain(of_row());
        let begun = if self.has_rows { Ok(()) } else { self.writer.write_record(escaped_all(&self.header)) };
        self.has_rows = true;
        let written = begun.and_then(|()| self.writer.write_record(cells.map(|cell| escaped(cell).into_owned())));
        written.with_context(|| self.fault())
    }

    /// With each batch: what is told about it lies on the disk when the next begins.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().with_context(|| self.fault())
    }

    fn fault(&self) -> String {
        let path = self.folder.join(numbered(&self.name, 1));
        format!("cannot write {}; what is in stays, and the same import again does the rest", path.display())
    }

    /// Where the rows are, if there are any: in the file of an earlier run, where that says the same.
    pub fn finish(mut self) -> anyhow::Result<Option<PathBuf>> {
        self.flush()?;
        if !self.has_rows {
            return Ok(None);
        }
        let text = fs::read(self.part.path()).with_context(|| format!("cannot read {}", self.part.path().display()))?;
        if let Some(same) = self.earlier().into_iter().find(|earlier| fs::read(earlier).is_ok_and(|it| it == text)) {
            return Ok(Some(same));
        }
        self.writer.get_ref().sync_all().with_context(|| self.fault())?;
        let path = self.take_name().with_context(|| self.fault())?;
        self.part.rename(&path).with_context(|| self.fault())?;
        Ok(Some(path))
    }

    /// The first that is free, taken at once: another run may look for one, too.
    fn take_name(&self) -> std::io::Result<PathBuf> {
        let mut number = 1;
        loop {
            let path = self.folder.join(numbered(&self.name, number));
            match File::create_new(&path) {
                Err(_) if path.exists() => number += 1,
                made => return made.map(|_| path),
            }
        }
    }

    /// Those of earlier runs of the same file.
    fn earlier(&self) -> Vec<PathBuf> {
        of_list(&self.folder, &self.name)
    }

    /// When all rows of the list are in: removes the files of earlier runs that are as they were written, and says
    /// which others there are.
    pub fn remove_earlier(&self) -> Option<String> {
        let is_kept = |path: &PathBuf| !is_as_written(path) || fs::remove_file(path).is_err();
        let kept: Vec<_> = self.earlier().into_iter().filter(is_kept).map(|path| path.display().to_string()).collect();
        (!kept.is_empty()).then(|| {
            format!(
                "still there from earlier runs, as somebody has changed them since: {}; remove them when all that they say \
                 is in",
                kept.join(", ")
            )
        })
    }

    /// A file of corrections, corrected in part, has a line and a reason of its own.
    fn kept(&self, cells: Vec<String>) -> Vec<String> {
        cells.into_iter().enumerate().filter(|(at, _)| !self.table.own().has(*at)).map(|(_, cell)| cell).collect()
    }
}

fn header(table: &Table<'_>, has_codes: bool) -> Vec<String> {
    let mut header = own::names(has_codes, &list_header(table));
    header.extend((!has_decides(table)).then(|| DECIDES.to_owned()));
    header.extend(list_header(table).map(str::to_owned));
    header
}

fn list_header<'t>(table: &'t Table<'_>) -> impl Iterator<Item = &'t str> + Clone {
    table.of_list().map(|(_, header)| header)
}

/// Whether the list has a column for what a person decides.
fn has_decides(table: &Table<'_>) -> bool {
    list_header(table).any(is_decides)
}

fn escaped_all(cells: &[String]) -> impl Iterator<Item = String> {
    cells.iter().map(|cell| escaped(cell).into_owned())
}

/// Whether no row of the file has been changed since an import wrote it.
fn is_as_written(path: &Path) -> bool {
    let Ok(Rows { header, own, cells }) = rows(path) else { return false };
    let Some(check) = own.place(own::CHECK) else { return false };
    let others = |cells: &[String]| {
        let others = cells.iter().enumerate().filter(|(at, _)| *at != check).map(|(_, cell)| cell.clone());
        others.collect::<Vec<_>>()
    };
    let header = others(&header);
    cells.iter().all(|row| {
        let own = own::check(header.iter().map(String::as_str), others(row).iter().map(String::as_str));
        row.get(check) == Some(&own)
    })
}

/// What stands in a file of corrections.
pub struct Rows {
    pub header: Vec<String>,
    pub own: own::Own,
    pub cells: Vec<Vec<String>>,
}

pub fn rows(path: &Path) -> anyhow::Result<Rows> {
    let text = fs::read_to_string(path)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new();
    reader.flexible(true).delimiter(delimiter(text)).has_headers(false);
    let rows = reader.from_reader(text.as_bytes()).into_records();
    let row = |row: csv::Result<csv::StringRecord>| {
        row.map(|row| row.iter().map(|cell| unescaped(cell).to_owned()).collect::<Vec<_>>())
    };
    let mut rows = rows.map(row).collect::<Result<Vec<_>, _>>()?;
    anyhow::ensure!(!rows.is_empty(), "it is empty");
    let header = rows.remove(0);
    let own = own::Own::of(&header.iter().map(String::as_str));
    Ok(Rows { header, own, cells: rows })
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 { format!("{name}.corrections.csv") } else { format!("{name}.corrections-{number}.csv") }
}

/// What the substance is where name and number are of two: for a person to fill in, who may also have it in a list.
const DECIDES: &str = "decides";

pub fn is_decides(header: &str) -> bool {
    normal(header) == DECIDES
}

/// The files of corrections of a list, in their order.
pub fn of_list(folder: &Path, name: &str) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let number = |path: &Path| {
        let rest =
            path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix(".corrections")?.strip_suffix(".csv")?;
        if rest.is_empty() { Some(1) } else { rest.strip_prefix('-')?.parse::<u32>().ok() }
    };
    let all = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<_> = all.filter_map(|path| Some((number(&path)?, path))).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, path)| path).collect()
}

/// The list that a file of corrections is of, or of those of another.
pub fn list_of(name: &str) -> &str {
    let first = name.rsplit_once(".corrections").filter(|(_, rest)| {
        let number = rest.strip_suffix(".csv");
        number.is_some_and(|number| number.chars().all(|c| c == '-' || c.is_ascii_digit()))
    });
    first.map_or(name, |(list, _)| list_of(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_corrections_is_of_the_list_that_it_is_called_after() {
        for (name, list) in [
            ("a.csv", "a.csv"),
            ("a.csv.corrections.csv", "a.csv"),
            ("a.csv.corrections-2.csv", "a.csv"),
            ("a.csv.corrections-2.csv.corrections.csv", "a.csv"),
            ("a.corrections of May.csv", "a.corrections of May.csv"),
        ] {
            assert_eq!(list_of(name), list);
        }
    }
}
