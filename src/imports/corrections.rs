//! The rows that did not go in, in a file that can be corrected and imported.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use uuid::Uuid;

use super::{
    columns::Columns,
    headers::normal,
    own,
    readings::plain_cells,
    table::{Row, Table},
};

/// Written under another name until it is whole. It is made before the first row goes in; without a failure nothing is left.
/// What an earlier run has left is never written over: a person may have worked on it.
pub struct Corrections<'t> {
    table: &'t Table<'t>,
    /// The list's.
    name: String,
    folder: PathBuf,
    /// What it is called until it is whole.
    part: PathBuf,
    writer: csv::Writer<File>,
    has_rows: bool,
    /// Whether it says the codes that were made.
    has_codes: bool,
}

impl<'t> Corrections<'t> {
    pub fn of(file: &Path, table: &'t Table<'t>, makes_codes: bool) -> anyhow::Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = file.parent().unwrap_or(Path::new(""));
        let made = make_part(beside, &name).or_else(|_| make_part(Path::new(""), &name));
        let (part, made) = made.with_context(|| {
            let name = numbered(&name, 1);
            format!(
                "rows that fail would go to {name}, which can be written neither beside the list nor in the current \
                 folder; nothing was imported"
            )
        })?;
        let writer = csv::WriterBuilder::new().flexible(true).delimiter(table.delimiter()).from_writer(made);
        let folder = part.parent().unwrap_or(Path::new("")).to_owned();
        let has_codes = makes_codes || table.own().place(own::CODE).is_some();
        Ok(Self { table, name, folder, part, writer, has_rows: false, has_codes })
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
        let header = (!self.has_rows).then(|| self.header());
        self.has_rows = true;
        let line = row.line.to_string();
        let code = self.has_codes.then(|| code.unwrap_or_else(|| row.own(own::CODE)));
        let undecided = (!self.has_decides()).then_some("");
        let kept = self.kept(cells);
        let own = [line.as_str(), reason, readings].into_iter().chain(code).chain(undecided);
        let cells = own.chain(kept.iter().map(String::as_str));
        let begun = header.map_or(Ok(()), |header| self.writer.write_record(header));
        begun.and_then(|()| self.writer.write_record(cells)).with_context(|| self.fault())
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
        let text = fs::read(&self.part).with_context(|| format!("cannot read {}", self.part.display()))?;
        if let Some(same) = self.earlier().into_iter().find(|earlier| fs::read(earlier).is_ok_and(|it| it == text)) {
            return Ok(Some(same));
        }
        self.writer.get_ref().sync_all().with_context(|| self.fault())?;
        let path = self.take_name().with_context(|| self.fault())?;
        fs::rename(&self.part, &path).with_context(|| self.fault())?;
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
        let all = (1..).map(|number| self.folder.join(numbered(&self.name, number)));
        all.take_while(|path| path.exists()).collect()
    }

    /// When all rows of the list are in: removes the files of earlier runs in which they stand as they do in the list, and
    /// says which others there are.
    pub fn remove_earlier(&self, columns: &Columns) -> Option<String> {
        let is_kept = |path: &PathBuf| !self.is_as_in_list(path, columns) || fs::remove_file(path).is_err();
        let kept: Vec<_> = self.earlier().into_iter().filter(is_kept).map(|path| path.display().to_string()).collect();
        (!kept.is_empty()).then(|| {
            format!(
                "still there from earlier runs, as they or the list were changed since: {}; what was corrected there did not \
                 come in with the list",
                kept.join(", ")
            )
        })
    }

    fn is_as_in_list(&self, path: &Path, columns: &Columns) -> bool {
        let Ok(text) = fs::read(path) else { return false };
        let mut reader = csv::ReaderBuilder::new();
        reader.flexible(true).delimiter(self.table.delimiter()).has_headers(false);
        let Ok(rows) = reader.from_reader(&text[..]).into_records().collect::<Result<Vec<_>, _>>() else {
            return false;
        };
        let Some((header, rows)) = rows.split_first() else { return true };
        let own = own::Own::of(&header.iter());
        let decides = if self.has_decides() { None } else { header.iter().position(is_decides) };
        let of_list = |(at, cell): (usize, &str)| (!own.has(at) && decides != Some(at)).then(|| cell.to_owned());
        let mut wanted = HashMap::new();
        for row in rows {
            let cells: Vec<_> = row.iter().enumerate().filter_map(of_list).collect();
            let line = own.place(own::LINE).and_then(|at| row.get(at)?.parse::<u64>().ok());
            wanted.insert(line, cells);
        }
        for row in self.table.rows().flatten() {
            if wanted.get(&Some(row.line)).is_some_and(|cells| *cells == self.kept(plain_cells(&row, columns))) {
                wanted.remove(&Some(row.line));
            }
        }
        header.iter().enumerate().filter_map(of_list).eq(self.list_header().map(str::to_owned)) && wanted.is_empty()
    }

    fn header(&self) -> Vec<String> {
        let mut header = own::names(self.has_codes, &self.list_header());
        header.extend((!self.has_decides()).then(|| DECIDES.to_owned()));
        header.extend(self.list_header().map(str::to_owned));
        header
    }

    fn list_header(&self) -> impl Iterator<Item = &'t str> + Clone + use<'t> {
        let (headers, own) = (self.table.headers(), self.table.own());
        headers.iter().enumerate().filter(|(at, _)| !own.has(*at)).map(|(_, header)| header.as_str())
    }

    /// Whether the list has a column for what a person decides.
    fn has_decides(&self) -> bool {
        self.list_header().any(is_decides)
    }

    /// A file of corrections, corrected in part, has a line and a reason of its own.
    fn kept(&self, cells: Vec<String>) -> Vec<String> {
        cells.into_iter().enumerate().filter(|(at, _)| !self.table.own().has(*at)).map(|(_, cell)| cell).collect()
    }
}

impl Drop for Corrections<'_> {
    fn drop(&mut self) {
        // Gone already, if it has its name.
        let _ = fs::remove_file(&self.part);
    }
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 { format!("{name}.corrections.csv") } else { format!("{name}.corrections-{number}.csv") }
}

/// What the substance is where name and number are of two: for a person to fill in, who may also have it in a list.
const DECIDES: &str = "decides";

pub fn is_decides(header: &str) -> bool {
    normal(header) == DECIDES
}

/// The list that a file of corrections is of, or of those of another.
pub fn list_of(name: &str) -> &str {
    let first = name.rsplit_once(".corrections").filter(|(_, rest)| {
        let number = rest.strip_suffix(".csv");
        number.is_some_and(|number| number.chars().all(|c| c == '-' || c.is_ascii_digit()))
    });
    first.map_or(name, |(list, _)| list_of(list))
}

/// A file of our own, in place of those that killed runs have left.
fn make_part(folder: &Path, name: &str) -> std::io::Result<(PathBuf, File)> {
    let (start, end) = (format!("{name}.corrections."), ".part");
    let folder_or_here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder_or_here).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let is_part = other.to_str().is_some_and(|other| other.starts_with(&start) && other.ends_with(end));
        // Who holds it is at work.
        if is_part && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let path = folder.join(format!("{start}{}{end}", Uuid::new_v4().simple()));
    let file = File::create_new(&path)?;
    // A file system without locks does without.
    let _ = file.try_lock();
    Ok((path, file))
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
