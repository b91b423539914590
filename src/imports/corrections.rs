//! The rows that did not go in, in a file that can be corrected and imported.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    headers::normal,
    table::{Row, Table},
};

/// Its place is taken before the first row goes in; without a failure nothing is left there. What an earlier run has left
/// is never written over: a person may have worked on it.
pub struct Corrections<'t> {
    table: &'t Table<'t>,
    path: PathBuf,
    writer: csv::Writer<File>,
    has_rows: bool,
    /// Those of earlier runs of the same file.
    earlier: Vec<PathBuf>,
}

impl<'t> Corrections<'t> {
    pub fn of(file: &Path, table: &'t Table<'t>) -> anyhow::Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let here = Path::new("");
        let taken = take_place(file.parent().unwrap_or(here), &name).or_else(|_| take_place(here, &name));
        let (path, made, earlier) = taken.with_context(|| {
            let name = numbered(&name, 1);
            format!(
                "rows that fail would go to {name}, which can be written neither beside the list nor in the current \
                 folder; nothing was imported"
            )
        })?;
        let writer = csv::WriterBuilder::new().flexible(true).delimiter(table.delimiter()).from_writer(made);
        Ok(Self { table, path, writer, has_rows: false, earlier })
    }

    /// `readings` are what the whole list has decided of the row's cells: the rows beside it here cannot.
    pub fn write(&mut self, row: &Row, reason: &str, readings: &str) -> anyhow::Result<()> {
        self.write_row(row, reason, readings).with_context(|| self.fault())
    }

    fn write_row(&mut self, row: &Row, reason: &str, readings: &str) -> csv::Result<()> {
        if !self.has_rows {
            self.writer.write_record(self.header())?;
            self.has_rows = true;
        }
        let line = row.line.to_string();
        let kept = self.kept(row);
        self.writer.write_record([&line, reason, readings].into_iter().chain(kept.iter().map(String::as_str)))
    }

    /// With each batch: what is told about it lies on the disk when the next begins.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().with_context(|| self.fault())
    }

    fn fault(&self) -> String {
        format!("cannot write {}; what is in stays, and the same import again does the rest", self.path.display())
    }

    /// Where the rows are, if there are any: in the file of an earlier run, where that says the same.
    pub fn finish(mut self) -> anyhow::Result<Option<PathBuf>> {
        self.flush()?;
        if !self.has_rows {
            return Ok(None);
        }
        let text = fs::read(&self.path).with_context(|| format!("cannot read {}", self.path.display()))?;
        let same = self.earlier.iter().find(|earlier| fs::read(earlier).is_ok_and(|it| it == text)).cloned();
        // Else the file stays.
        self.has_rows = same.is_none();
        Ok(Some(same.unwrap_or_else(|| self.path.clone())))
    }

    /// When all rows of the list are in: removes the files of earlier runs in which they stand as they do in the list, and
    /// says which others there are.
    pub fn remove_earlier(&self) -> Option<String> {
        let is_kept = |path: &&PathBuf| !self.is_as_in_list(path) || fs::remove_file(path).is_err();
        let kept: Vec<_> = self.earlier.iter().filter(is_kept).map(|path| path.display().to_string()).collect();
        (!kept.is_empty()).then(|| {
            format!(
                "still there from earlier runs, as they or the list were changed since: {}; what was corrected there did not \
                 come in with the list",
                kept.join(", ")
            )
        })
    }

    fn is_as_in_list(&self, path: &Path) -> bool {
        let Ok(text) = fs::read(path) else { return false };
        let mut reader = csv::ReaderBuilder::new();
        reader.flexible(true).delimiter(self.table.delimiter()).has_headers(false);
        let Ok(rows) = reader.from_reader(&text[..]).into_records().collect::<Result<Vec<_>, _>>() else {
            return false;
        };
        let Some((header, rows)) = rows.split_first() else { return true };
        let mut wanted = HashMap::new();
        for row in rows {
            let cells: Vec<String> = row.iter().skip(OURS.len()).map(str::to_owned).collect();
            wanted.insert(row.get(0).and_then(|line| line.parse::<u64>().ok()), cells);
        }
        for row in self.table.rows().flatten() {
            if wanted.get(&Some(row.line)).is_some_and(|cells| *cells == self.kept(&row)) {
                wanted.remove(&Some(row.line));
            }
        }
        header.iter().eq(self.header()) && wanted.is_empty()
    }

    fn header(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let kept = self.table.headers().iter().map(String::as_str).filter(|header| !is_ours(header));
        OURS.into_iter().chain((!self.has_decides()).then_some(DECIDES)).chain(kept)
    }

    /// Whether the list has a column for what a person decides.
    fn has_decides(&self) -> bool {
        self.table.headers().iter().any(|header| is_decides(header))
    }

    /// A file of corrections, corrected in part, has a line and a reason of its own.
    fn kept(&self, row: &Row) -> Vec<String> {
        let undecided = (!self.has_decides()).then(String::new);
        let header = |at: usize| self.table.headers().get(at).is_some_and(|header| is_ours(header));
        let own = row.cells().into_iter().enumerate().filter(|(at, _)| !header(*at)).map(|(_, cell)| cell);
        undecided.into_iter().chain(own).collect()
    }
}

impl Drop for Corrections<'_> {
    fn drop(&mut self) {
        if !self.has_rows {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 { format!("{name}.corrections.csv") } else { format!("{name}.corrections-{number}.csv") }
}

/// A file of our own in the folder, and those that are there already.
fn take_place(folder: &Path, name: &str) -> std::io::Result<(PathBuf, File, Vec<PathBuf>)> {
    let mut earlier = Vec::new();
    for number in 1.. {
        let path = folder.join(numbered(name, number));
        let (file, is_new) = match File::options().write(true).create_new(true).open(&path) {
            Err(why) if why.kind() == ErrorKind::AlreadyExists => match File::options().write(true).open(&path) {
                Ok(file) => (file, false),
                Err(_) => continue,
            },
            made => (made?, true),
        };
        // Another run at the same time is writing it.
        if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            continue;
        }
        // One without a row is what a run that was killed has left.
        if is_new || file.metadata()?.len() == 0 {
            return Ok((path, file, earlier));
        }
        earlier.push(path);
    }
    unreachable!("one number is free")
}

/// How a row's cells were read, where a cell alone has two meanings: `amount: decimal comma; expires: day first`.
pub const READINGS: &str = "read with";

/// What the substance is where name and number are of two: for a person to fill in, who may also have it in a list.
const DECIDES: &str = "decides";

pub fn is_decides(header: &str) -> bool {
    normal(header) == DECIDES
}

const OURS: [&str; 3] = ["line", "reason", READINGS];

/// The columns that a file of corrections has more than the file that was imported.
pub fn is_ours(header: &str) -> bool {
    OURS.contains(&header.trim())
}
