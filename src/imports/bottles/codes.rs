//! Codes for rows that have none. They follow from what stands in the row, so that a second run finds what the first has
//! brought; and they are written to a file, for the labels.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
};

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
    is_dry_run: bool,
    /// How many rows of the same text came before.
    same: HashMap<Vec<String>, u32>,
    open: Option<csv::Writer<File>>,
}

impl MadeCodes {
    pub fn beside(file: &Path, headers: &[String], lab_id: Uuid, is_dry_run: bool) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".codes.csv");
        Self { path: name.into(), headers: headers.to_vec(), lab_id, is_dry_run, same: HashMap::new(), open: None }
    }

    pub fn make(&mut self, row: &Row) -> Result<String, csv::Error> {
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
        let code = ContainerCode::from_random(bytes).to_string();
        if !self.is_dry_run {
            self.write(&code, &cells)?;
        }
        Ok(code)
    }

    /// On the disk before the row goes in: a label may be printed for what is in the database.
    fn write(&mut self, code: &str, cells: &[String]) -> Result<(), csv::Error> {
        if self.open.is_none() {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&self.path)?;
            writer.write_record(std::iter::once("code").chain(self.headers.iter().map(String::as_str)))?;
            self.open = Some(writer);
        }
        if let Some(writer) = &mut self.open {
            writer.write_record(std::iter::once(code).chain(cells.iter().map(String::as_str)))?;
            writer.flush()?;
        }
        Ok(())
    }

    pub fn path(&self) -> Option<PathBuf> {
        self.open.as_ref().map(|_| self.path.clone())
    }
}
