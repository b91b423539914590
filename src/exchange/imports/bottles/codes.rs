//! Codes for rows that have none, and the file in which they are, for the labels. That file is kept, as it tells which
//! code a row has: those of rows that were changed since, and those of rows that were corrected, do not follow from the
//! row.

use std::{
    collections::HashSet,
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use uuid::Uuid;

use super::{
    doubts,
    making::{Earlier, Making, key},
    pending::{codes_of, pending},
};
use crate::exchange::{
    escape::escaped,
    imports::{
        Options,
        columns::Columns,
        corrections::{is_decides, list_of},
        headers::Column,
        own::{CODE, LAB},
        part::Part,
        table::{Row, Table},
    },
};

#[expect(clippy::struct_excessive_bools, reason = "each says another thing of the list or of its file")]
pub struct MadeCodes {
    path: PathBuf,
    lab_id: Uuid,
    delimiter: u8,
    /// Of the file.
    header: Vec<String>,
    /// The list's, without what is the import's own.
    list_header: Vec<(usize, String)>,
    has_header: bool,
    /// In a file of corrections: of the list itself, where it is beside that.
    of_list: Option<Making>,
    is_of_corrections: bool,
    making: Making,
    /// None in a dry run.
    file: Option<File>,
    was_used: bool,
    /// Whether the lab has bottles of a list of this name, and no file of codes is beside it.
    pub has_come_before: bool,
    /// Where the file has the codes.
    code_at: usize,
}

/// What has to be known of a list to make codes for it.
pub struct List<'l> {
    pub file: &'l Path,
    pub table: &'l Table<'l>,
    pub columns: &'l Columns,
    /// Of a file that has codes.
    pub known: &'l [Column],
    pub options: &'l Options,
}

impl MadeCodes {
    pub fn beside(list: &List<'_>, lab_id: Uuid, is_dry_run: bool) -> anyhow::Result<Self> {
        let name = list.file.file_name().unwrap_or_default().to_string_lossy();
        let name = list_of(&name);
        let path = list.file.with_file_name(format!("{name}.codes.csv"));
        let of_bottles = list.table.of_list().filter(|(_, header)| !is_decides(header));
        let list_header: Vec<_> = of_bottles.map(|(at, header)| (at, header.to_owned())).collect();
        let mut header: Vec<_> = list_header.iter().map(|(_, header)| header.clone()).collect();
        let code_at = list.table.place("code").and_then(|code| list_header.iter().position(|(at, _)| *at == code));
        if code_at.is_none() {
            header.insert(0, "code".to_owned());
        }
        header.push(LAB.to_owned());
        let mut codes = Self {
            path,
            lab_id,
            delimiter: list.table.delimiter(),
            header,
            list_header,
            has_header: false,
            of_list: None,
            is_of_corrections: list.table.is_of_corrections(),
            making: Making::new(lab_id, name),
            file: None,
            was_used: false,
            has_come_before: false,
            code_at: code_at.unwrap_or_default(),
        };
        let told = format!("the codes go to {}", codes.path.display());
        codes.open(list, is_dry_run).context(told)?;
        Ok(codes)
    }

    fn open(&mut self, list: &List<'_>, is_dry_run: bool) -> anyhow::Result<()> {
        let (mut text, mut file) = (Vec::new(), None);
        if is_dry_run {
            text = fs::read(&self.path).unwrap_or_default();
        } else {
            let mut opened = File::options().read(true).append(true).create(true).open(&self.path)?;
            if matches!(opened.try_lock(), Err(TryLockError::WouldBlock)) {
                bail!("another import of the same list is running");
            }
            opened.read_to_end(&mut text)?;
            file = Some(opened);
        }
        let text = String::from_utf8(text).context("it is not UTF-8")?;
        let (earlier, whole) = self.read_earlier(&text, list)?;
        let path = list.file.with_file_name(self.making.list());
        let pending = pending(&path, self.lab_id);
        if self.is_of_corrections {
            let of_list = Making::new(self.lab_id, self.making.list());
            self.of_list = codes_of(&path, of_list, earlier.clone(), &pending, list.options);
        }
        self.making.make_all(list.table, list.columns, earlier, &pending)?;
        self.file = match file {
            Some(_) if whole != text => Some(self.write_anew(&whole)?),
            file => file,
        };
        Ok(())
    }

    /// The codes for this lab in the file, and the file as it should be: with all columns of the list, and without a
    /// last row that a killed run, or a full disk, has cut off.
    fn read_earlier(&mut self, text: &str, list: &List<'_>) -> anyhow::Result<(Earlier, String)> {
        if text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Ok((Earlier::new(), text.to_owned()));
        }
        let first_line = text.lines().next().unwrap_or_default();
        let mapping: Vec<_> = list.options.mapping.iter().filter(|one| one.may_be_in(first_line)).cloned().collect();
        let options = Options { mapping, ..Options::default() };
        let table = Table::open(text, list.known, false, &options)?;
        let headers = table.headers().to_vec();
        let at = table.place("code").context("it has no codes")?;
        let lab = headers.iter().position(|header| header == LAB);
        let more: Vec<_> = self.header.iter().filter(|header| !headers.contains(header)).cloned().collect();
        let mut records = table.rows().collect::<anyhow::Result<Vec<_>>>()?;
        let lab_of = |cells: &[String]| lab.and_then(|lab| cells.get(lab)).cloned().unwrap_or_default();
        let is_cut = |last: &mut Row| {
            let cells = last.cells();
            let is_whole = cells.len() >= headers.len() && (lab.is_none() || lab_of(&cells).parse::<Uuid>().is_ok());
            !is_whole && !text.ends_with('\n')
        };
        let mut is_as_it_should_be = records.pop_if(is_cut).is_none() && more.is_empty() && text.ends_with('\n');
        let mut earlier = Earlier::new();
        let mut rows = Vec::with_capacity(records.len());
        for row in &records {
            let mut cells = row.cells();
            let code = cells.get(at).map(|code| code.trim().to_owned()).unwrap_or_default();
            let of_lab = lab_of(&cells);
            // A file of an earlier version does not say it.
            if of_lab.is_empty() || of_lab == self.lab_id.to_string() {
                earlier.push((key(row, &Columns::default()), code));
            }
            cells.resize(cells.len().max(headers.len()), String::new());
            cells.extend(more.iter().map(|header| if header == LAB { self.lab_id.to_string() } else { String::new() }));
            rows.push(cells);
        }
        self.header.clone_from(&headers);
        self.header.extend(more);
        self.code_at = at;
        self.delimiter = table.delimiter();
        self.has_header = true;
        is_as_it_should_be &= !text.starts_with('\u{feff}');
        if is_as_it_should_be {
            return Ok((earlier, text.to_owned()));
        }
        let header = std::iter::once(&self.header);
        Ok((earlier, String::from_utf8(self.as_text(header.chain(&rows))?)?))
    }

    fn as_text<'r>(&self, rows: impl Iterator<Item = &'r Vec<String>>) -> anyhow::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(self.delimiter).from_writer(Vec::new());
        for row in rows {
            writer.write_record(row.iter().map(|cell| escaped(cell).into_owned()))?;
        }
        writer.into_inner().context("the codes")
    }

    /// Whole, or not at all: labels may have the codes.
    fn write_anew(&self, text: &str) -> anyhow::Result<File> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let (part, mut file) = Part::make(folder, &self.path.file_name().unwrap_or_default().to_string_lossy())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        part.rename(&self.path)?;
        Ok(file)
    }

    /// The one of a row that has none of its own.
    pub fn of(&self, row: &Row) -> Option<&str> {
        self.making.of(row)
    }

    /// What a file of corrections says of it: nothing, where nobody knows whether the row is a bottle that is there.
    pub fn kept(&self, row: &Row) -> Option<&str> {
        let is_in_doubt = |code: &str| self.making.in_doubt.contains(code) || self.making.may_be_changed(code);
        self.of(row).filter(|code| !row.own(CODE).is_empty() || !is_in_doubt(code))
    }

    /// The codes that rows would have, had they not been taken for mended ones.
    pub fn instead(&self) -> Vec<&str> {
        self.making.instead().collect()
    }

    /// What the list is called.
    pub fn list(&self) -> &str {
        self.making.list()
    }

    /// Those of all rows that have none of their own, here and in the list.
    pub fn all(&self) -> Vec<&str> {
        self.making.all().chain(self.of_list.iter().flat_map(Making::all)).collect()
    }

    /// Whether the list has no file of codes, so that only the lab knows what it has brought.
    pub fn are_missing(&self) -> bool {
        self.making.is_first
    }

    pub fn give_back(&mut self, there: &HashSet<String>) {
        self.making.give_back(there);
    }

    /// Why the row of a code that was made may be another bottle than the one that has it, or none that is new.
    pub fn doubt(&self, code: &str, is_there: bool) -> Option<String> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        match (self.making.written.contains(code), self.is_of_corrections) {
            (true, _) => None,
            (false, _) if self.has_come_before && !is_there => Some(doubts::of_lost_codes(&name)),
            (false, true) if !self.has_come_before => {
                doubts::of_corrections(&self.making, self.of_list.as_ref(), &name, code, is_there)
            }
            (false, _) => doubts::of_list(&self.making, &name, is_there),
        }
    }

    pub fn write<'c>(&mut self, rows: impl Iterator<Item = (&'c str, &'c [String])>) -> anyhow::Result<()> {
        let mut new = Vec::new();
        for (code, cells) in rows {
            self.was_used = true;
            if self.making.written.insert(code.to_owned()) {
                new.push(self.row(code, cells));
            }
        }
        let header = std::iter::once(&self.header).filter(|_| !self.has_header && !new.is_empty());
        let text = self.as_text(header.chain(&new))?;
        self.has_header |= !new.is_empty();
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&text).and_then(|()| file.sync_data());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn row(&self, code: &str, cells: &[String]) -> Vec<String> {
        let of_list = |header: &String| {
            let at = self.list_header.iter().find(|(_, other)| other == header).map(|(at, _)| *at);
            at.and_then(|at| cells.get(at)).cloned().unwrap_or_default()
        };
        let mut row: Vec<_> = self.header.iter().map(of_list).collect();
        let lab = self.header.iter().position(|header| header == LAB);
        if let Some(cell) = lab.and_then(|at| row.get_mut(at)) {
            *cell = self.lab_id.to_string();
        }
        if let Some(cell) = row.get_mut(self.code_at) {
            code.clone_into(cell);
        }
        row
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
