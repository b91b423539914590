//! Which code a row gets that has none: the one that it has in the file of codes; else one that follows from the list's name
//! and from what the row says, so that each run makes the same. No two rows get the same one.

use std::collections::{HashMap, HashSet, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};
use chemistry::ContainerCode;
use uuid::Uuid;

use super::pending::Pending;
use crate::{
    catalogue::chemicals::is_placeholder,
    exchange::imports::{
        columns::Columns,
        own,
        place_path::small,
        readings::plain_cells,
        table::{Row, Table, says_what},
    },
};

/// What the rows of the file of codes say, each with its code.
pub type Earlier = Vec<(Key, String)>;

/// What a row says, however its columns are ordered, and whatever stands in those that mean nothing.
pub type Key = Vec<(&'static str, String)>;

pub struct Making {
    lab_id: Uuid,
    list: String,
    /// By the end of the row in the file.
    codes: HashMap<u64, String>,
    /// Those that rows of a file of corrections say.
    said: HashSet<String>,
    /// The codes in the file of codes.
    pub written: HashSet<String>,
    /// How many of them no row of the list has any more.
    pub gone: usize,
    /// Whether there is none in it.
    pub is_first: bool,
}

impl Making {
    pub fn new(lab_id: Uuid, list: &str) -> Self {
        Self {
            lab_id,
            list: list.to_owned(),
            codes: HashMap::new(),
            said: HashSet::new(),
            written: HashSet::new(),
            gone: 0,
            is_first: true,
        }
    }

    /// What the list is called.
    pub fn list(&self) -> &str {
        &self.list
    }

    pub fn of(&self, row: &Row) -> Option<&str> {
        self.codes.get(&row.end).map(String::as_str)
    }

    /// Whether the row of the code said it itself, in a file of corrections.
    pub fn is_said(&self, code: &str) -> bool {
        self.said.contains(code)
    }

    pub fn into_codes(self) -> HashSet<String> {
        self.codes.into_values().collect()
    }

    /// Codes that rows say go first, then those of the file, then those that rows had when they were refused, and only then
    /// are new ones made.
    pub fn make_all(
        &mut self,
        table: &Table<'_>,
        columns: &Columns,
        earlier: Earlier,
        pending: &Pending,
    ) -> anyhow::Result<()> {
        let mut taken = HashSet::new();
        let mut without = Vec::new();
        for row in table.rows() {
            let row = row?;
            match (row.get("code"), row.own(own::CODE)) {
                (Some(code), _) => drop(taken.insert(code.to_owned())),
                (None, "") => without.push((row.end, row.line, key(&row, columns))),
                (None, code) => {
                    taken.insert(code.to_owned());
                    self.said.insert(code.to_owned());
                    self.codes.insert(row.end, code.to_owned());
                }
            }
        }
        self.is_first = earlier.is_empty();
        self.written = earlier.iter().map(|(_, code)| code.clone()).collect();
        let mut of_key: HashMap<Key, VecDeque<String>> = HashMap::new();
        for (key, code) in earlier {
            if !taken.contains(&code) {
                of_key.entry(key).or_default().push_back(code);
            }
        }
        let mut new = Vec::new();
        for (end, line, key) in without {
            match of_key.get_mut(&key).and_then(VecDeque::pop_front) {
                Some(code) => {
                    taken.insert(code.clone());
                    self.codes.insert(end, code);
                }
                None => new.push((end, line, key)),
            }
        }
        self.make_new(new, &mut taken, pending);
        self.gone = self.written.difference(&taken).count();
        Ok(())
    }

    /// Each row with its end, its line and what it says.
    fn make_new(&mut self, rows: Vec<(u64, u64, Key)>, taken: &mut HashSet<String>, pending: &Pending) {
        let mut numbers: HashMap<Key, u32> = HashMap::new();
        let mut new = Vec::new();
        for (end, line, key) in rows {
            let number = numbers.entry(key.clone()).or_default();
            // One of the file that no row has is this row's: it was corrected there.
            let code = loop {
                *number += 1;
                let code = self.code(&key, *number);
                if taken.insert(code.clone()) {
                    break code;
                }
            };
            new.push((end, line, code));
        }
        let refused: HashSet<_> = pending.values().collect();
        for (end, line, code) in new {
            let is_as_it_was = refused.contains(&code) || self.written.contains(&code);
            // It stands where a refused row stood that no row is any more: that one was mended.
            let mended = pending.get(&line).filter(|mended| !is_as_it_was && taken.insert((*mended).clone()));
            self.codes.insert(end, mended.cloned().unwrap_or(code));
        }
    }

    fn code(&self, key: &Key, number: u32) -> String {
        let mut text = format!("{} {number}\0{}", self.lab_id, self.list);
        for (column, cell) in key {
            text.extend(["\0", *column, "\0", cell.as_str()]);
        }
        let hash = digest(&SHA256, text.as_bytes());
        let mut bytes = [0; 5];
        bytes.copy_from_slice(&hash.as_ref()[..5]);
        ContainerCode::from_random(bytes).to_string()
    }
}

pub fn key(row: &Row, columns: &Columns) -> Key {
    let cells = plain_cells(row, columns);
    let of = |column: &str| {
        let cells = row.places(column).iter().filter_map(|&at| cells.get(at));
        let says_more = |cell: &String| !cell.is_empty() && (says_what(column) || !is_placeholder(cell));
        let mut cells: Vec<_> = cells.map(|cell| one_spaced(cell)).filter(says_more).collect();
        cells.dedup();
        cells.join("\0")
    };
    let mut key: Key = row.columns().map(|column| (column, of(column))).collect();
    // `500 mL` is one cell or two.
    let unit = key.extract_if(.., |(column, _)| *column == "unit").next().map(|(_, unit)| unit).unwrap_or_default();
    for (column, cell) in &mut key {
        match *column {
            "amount" => *cell = format!("{cell}{unit}").replace(' ', ""),
            "location" => *cell = small(cell),
            _ => {}
        }
    }
    key.retain(|(column, cell)| !["code", "decides"].contains(column) && !cell.is_empty());
    key.sort_unstable();
    key
}

fn one_spaced(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}
