//! Codes for rows that have none. They follow from what stands in the row, so that a second run finds what the first has
//! brought; and they are written to a file, for the labels.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

use crate::{
    chemistry::ContainerCode,
    imports::{corrections::is_ours, table::Row},
};

pub struct MadeCodes {
    path: PathBuf,
    headers: Vec<String>,
    lab_id: Uuid,
    /// How many rows of the same text came before.
    same: HashMap<Vec<String>, u32>,
    open: Option<csv::Writer<File>>,
}

impl MadeCodes {
    pub fn beside(file: &Path, headers: &[String], lab_id: Uuid) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".codes.csv");
        Self { path: name.into(), headers: headers.to_vec(), lab_id, same: HashMap::new(), open: None }
    }

    pub fn make(&mut self, row: &Row) -> String {
        let cells = row.cells();
        // A file of corrections has two columns more, which are ours.
        let own = cells.iter().enumerate().filter(|(at, _)| !self.headers.get(*at).is_some_and(|it| is_ours(it)));
        let own: Vec<String> = own.map(|(_, cell)| cell.trim().to_owned()).collect();
        let same = self.same.entry(own.clone()).or_default();
        *same += 1;
        let mut text = format!("{} {same}", self.lab_id);
        for cell in &own {
            text.push('\0');
            text.push_str(cell);
        }
        let hash = digest(&SHA256, text.as_bytes());
        let mut bytes = [0; 5];
        bytes.copy_from_slice(&hash.as_ref()[..5]);
        ContainerCode::from_random(bytes).to_string()
    }

    pub fn write<'c>(&mut self, rows: impl Iterator<Item = (&'c str, &'c [String])>) -> anyhow::Result<()> {
        for (code, cells) in rows {
            self.write_row(code, cells).with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        self.open.as_mut().map_or(Ok(()), csv::Writer::flush).context("the file of codes")
    }

    fn write_row(&mut self, code: &str, cells: &[String]) -> Result<(), csv::Error> {
        if self.open.is_none() {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&self.path)?;
            writer.write_record(std::iter::once("code").chain(self.headers.iter().map(String::as_str)))?;
            self.open = Some(writer);
        }
        if let Some(writer) = &mut self.open {
            writer.write_record(std::iter::once(code).chain(cells.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    pub fn path(&self) -> Option<PathBuf> {
        self.open.as_ref().map(|_| self.path.clone())
    }
}
