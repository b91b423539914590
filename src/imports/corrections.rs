//! The rows that did not go in, in a file that can be corrected and imported.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::table::{Row, Table};

/// Made with its first row, so that a file without failures leaves none behind.
pub struct Corrections {
    beside: PathBuf,
    headers: Vec<String>,
    delimiter: u8,
    open: Option<(PathBuf, csv::Writer<File>)>,
}

impl Corrections {
    pub fn of(file: &Path, table: &Table) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".corrections.csv");
        Self { beside: name.into(), headers: table.headers().to_vec(), delimiter: table.delimiter(), open: None }
    }

    /// `readings` are what the whole list has decided of the row's cells: the rows beside it here cannot.
    pub fn write(&mut self, row: &Row, reason: &str, readings: &str) -> anyhow::Result<()> {
        if self.open.is_none() {
            self.open = Some(self.make()?);
        }
        let Some((_, writer)) = &mut self.open else { return Ok(()) };
        let cells = row.cells();
        // A file of corrections, corrected in part, has a line and a reason of its own.
        let kept =
            self.headers.iter().zip(&cells).filter(|(header, _)| !is_ours(header)).map(|(_, cell)| cell.as_str());
        let line = row.line.to_string();
        let beyond = cells.iter().skip(self.headers.len()).map(String::as_str);
        writer.write_record([line.as_str(), reason, readings].into_iter().chain(kept).chain(beyond))?;
        Ok(())
    }

    fn make(&self) -> anyhow::Result<(PathBuf, csv::Writer<File>)> {
        let here = PathBuf::from(self.beside.file_name().unwrap_or_default());
        let made = File::create(&self.beside).map(|file| (self.beside.clone(), file));
        let (path, file) = made
            .or_else(|_| File::create(&here).map(|file| (here, file)))
            .with_context(|| format!("cannot write {} nor a file of that name here", self.beside.display()))?;
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(self.delimiter).from_writer(file);
        let kept = self.headers.iter().map(String::as_str).filter(|header| !is_ours(header));
        writer.write_record(OURS.into_iter().chain(kept))?;
        Ok((path, writer))
    }

    /// With each batch: what is told about it lies on the disk when the next begins.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.open.as_mut().map_or(Ok(()), |(_, writer)| writer.flush()).context("the file of corrections")
    }

    /// Of an earlier run of the same file, all of which has gone in since.
    pub fn remove_old(&self) {
        let _ = std::fs::remove_file(&self.beside);
    }

    pub fn path(&self) -> Option<PathBuf> {
        self.open.as_ref().map(|(path, _)| path.clone())
    }
}

/// How a row's cells were read, where a cell alone has two meanings: `amount: decimal comma; expires: day first`.
pub const READINGS: &str = "read with";

const OURS: [&str; 3] = ["line", "reason", READINGS];

/// The columns that a file of corrections has more than the file that was imported.
pub fn is_ours(header: &str) -> bool {
    OURS.contains(&header.trim())
}
