//! Codes for rows that have none. They follow from what stands in the row, so that a second run finds what the first has
//! brought; and they are written to a file, for the labels. That file is kept, as it tells rows that were changed since,
//! which have another code now, from new ones.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{SHA256, digest};
use csv::StringRecord;
use uuid::Uuid;

use crate::{
    chemistry::ContainerCode,
    imports::{
        corrections::{is_decides, is_ours},
        table::{Row, Table},
    },
};

pub struct MadeCodes {
    path: PathBuf,
    maker: Maker,
    header: Vec<String>,
    /// Which of the list's columns holds codes; in a list without one they stand first.
    column: Option<usize>,
    delimiter: u8,
    has_header: bool,
    /// The codes in the file.
    written: HashSet<String>,
    /// Those of them that no row of the list has any more.
    gone: usize,
    /// None in a dry run.
    file: Option<File>,
    was_used: bool,
}

/// The code of a row follows from its cells, and from how many rows of the same text came before.
#[derive(Clone)]
struct Maker {
    headers: Vec<String>,
    lab_id: Uuid,
    same: HashMap<Vec<String>, u32>,
}

impl MadeCodes {
    pub fn beside(file: &Path, table: &Table<'_>, lab_id: Uuid, is_dry_run: bool) -> anyhow::Result<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(".codes.csv");
        let (path, headers) = (PathBuf::from(name), table.headers().to_vec());
        let column = table.place("code");
        let mut header = headers.clone();
        if column.is_none() {
            header.insert(0, "code".to_owned());
        }
        let maker = Maker { headers, lab_id, same: HashMap::new() };
        let (delimiter, written, file) = (table.delimiter(), HashSet::new(), None);
        let (has_header, gone, was_used) = (false, 0, false);
        let mut codes = Self { path, maker, header, column, delimiter, has_header, written, gone, file, was_used };
        if is_dry_run {
            let earlier = fs::read(&codes.path).unwrap_or_default();
            codes.read_earlier(&earlier, table)?;
        } else {
            codes.open(table).with_context(|| format!("the codes go to {}", codes.path.display()))?;
        }
        Ok(codes)
    }

    fn open(&mut self, table: &Table<'_>) -> anyhow::Result<()> {
        let mut file = File::options().read(true).append(true).create(true).open(&self.path)?;
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            bail!("another import of the same list is running");
        }
        let mut earlier = Vec::new();
        file.read_to_end(&mut earlier)?;
        let whole = self.read_earlier(&earlier, table)?;
        if whole < earlier.len() {
            file.set_len(whole as u64)?;
        } else if earlier.last().is_some_and(|last| *last != b'\n') {
            // A person's editor has left it out.
            file.write_all(b"\n")?;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Says where the last row of it ends that is whole.
    fn read_earlier(&mut self, earlier: &[u8], table: &Table<'_>) -> anyhow::Result<usize> {
        let mark = "\u{feff}".as_bytes();
        let start = if earlier.starts_with(mark) { mark.len() } else { 0 };
        let (mut whole, earlier) = (earlier.len(), &earlier[start..]);
        if earlier.is_empty() {
            return Ok(whole);
        }
        let mut reader = csv::ReaderBuilder::new();
        reader.flexible(true).delimiter(self.delimiter).has_headers(false);
        let mut records = reader.from_reader(earlier).into_records();
        let header = records.next().transpose()?.unwrap_or_default();
        if !header.iter().eq(self.header.iter().map(String::as_str)) {
            bail!(
                "that file of an earlier run has other columns than the list: a row that was changed would be a second \
                 bottle. Import that file, which has the codes; or move it away, if none of its codes is in use"
            );
        }
        self.has_header = true;
        let mut records: Vec<_> = records.collect::<Result<_, _>>()?;
        // One that a killed run, or a full disk, has cut off.
        let is_cut = |last: &mut StringRecord| last.len() < header.len() && earlier.last() != Some(&b'\n');
        if let Some(cut) = records.pop_if(is_cut) {
            whole = start + cut.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(0));
        }
        let at = self.column.unwrap_or_default();
        self.written = records.iter().filter_map(|record| record.get(at)).map(str::to_owned).collect();
        let mut gone: HashSet<&String> = self.written.iter().collect();
        let mut maker = self.maker.clone();
        for row in table.rows() {
            let row = row?;
            let code = row.get("code").map_or_else(|| maker.make(&row), str::to_owned);
            gone.remove(&code);
        }
        self.gone = gone.len();
        Ok(whole)
    }

    pub fn make(&mut self, row: &Row) -> String {
        self.maker.make(row)
    }

    /// Why the row of a code that was just made may be no new bottle.
    pub fn doubt(&self, code: &str) -> Option<String> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let is_doubtful = self.gone > 0 && !self.written.contains(code);
        is_doubtful.then(|| {
            format!(
                "the list has changed since its codes were made: this row is new, and {} of the rows in {name} are not in \
                 it any more. If the row is one of those, its bottle is there already; if it is another bottle, give it a \
                 code, or take the rows that are gone out of {name}",
                self.gone
            )
        })
    }

    pub fn write<'c>(&mut self, rows: impl Iterator<Item = (&'c str, &'c [String])>) -> anyhow::Result<()> {
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(self.delimiter).from_writer(Vec::new());
        for (code, cells) in rows {
            if !self.has_header {
                writer.write_record(&self.header)?;
                self.has_header = true;
            }
            self.was_used = true;
            if !self.written.insert(code.to_owned()) {
                continue;
            }
            let mut cells = cells.to_vec();
            let at = self.column.unwrap_or_default();
            if self.column.is_some() && at < cells.len() {
                cells.remove(at);
            }
            cells.resize(cells.len().max(at), String::new());
            cells.insert(at, code.to_owned());
            writer.write_record(&cells)?;
        }
        let rows = writer.into_inner().context("the codes")?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&rows).and_then(|()| file.sync_data());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }

    pub fn path(&self) -> Option<PathBuf> {
        self.was_used.then(|| self.path.clone())
    }
}

impl Drop for MadeCodes {
    fn drop(&mut self) {
        if self.file.as_ref().is_some_and(|file| file.metadata().is_ok_and(|about| about.len() == 0)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Maker {
    fn make(&mut self, row: &Row) -> String {
        let cells = row.cells();
        // A file of corrections has columns more, which say nothing of the bottle.
        let is_more = |header: &String| is_ours(header) || is_decides(header);
        let own = cells.iter().enumerate().filter(|(at, _)| !self.headers.get(*at).is_some_and(is_more));
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
}
