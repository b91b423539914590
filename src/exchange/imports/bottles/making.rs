//! Which code a row gets that has none: the one that it has in the file of codes; else one that follows from the list's
//! name and from what the row says, so that each run makes the same. No two rows get the same one.

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
        place_columns::LEVELS,
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
    /// Those of rows of a file of corrections that were refused as they may be bottles that are there.
    pub in_doubt: HashSet<String>,
    /// By the code of a row that stands where a refused one stood: the end of the row, and the code that follows from
    /// it.
    instead: HashMap<String, (u64, String)>,
    /// Those that follow from rows which were refused before.
    refused: HashSet<String>,
    /// The codes in the file of codes.
    pub written: HashSet<String>,
    /// Whether the rows may say their codes: a file of corrections that an earlier version wrote does not.
    pub may_say: bool,
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
            in_doubt: HashSet::new(),
            instead: HashMap::new(),
            refused: HashSet::new(),
            written: HashSet::new(),
            may_say: false,
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

    /// Whether the list has a row of the code.
    pub fn has(&self, code: &str) -> bool {
        self.codes.values().any(|other| other == code)
    }

    /// Whether a row of the list may be one that was changed, and has its bottle: one that was refused before has none.
    pub fn may_be_changed(&self, code: &str) -> bool {
        self.gone > 0 && !self.written.contains(code) && !self.refused.contains(code)
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.codes.values().map(String::as_str)
    }

    /// The codes that follow from rows which stand where others were refused.
    pub fn instead(&self) -> impl Iterator<Item = &str> {
        self.instead.values().map(|(_, own)| own.as_str())
    }

    /// A row whose own bottle is there was not mended: it has its code.
    pub fn give_back(&mut self, there: &HashSet<String>) {
        for (end, own) in self.instead.extract_if(|_, (_, own)| there.contains(own)).map(|(_, row)| row) {
            self.codes.insert(end, own);
        }
    }

    /// Codes that rows say go first, then those of the file, then those that rows had when they were refused, and only
    /// then are new ones made.
    pub fn make_all(
        &mut self,
        table: &Table<'_>,
        columns: &Columns,
        earlier: Earlier,
        pending: &Pending,
    ) -> anyhow::Result<()> {
        let mut taken = HashSet::new();
        let (mut without, mut doubted) = (Vec::new(), Vec::new());
        for row in table.rows() {
            let row = row?;
            match (row.get("code"), row.own(own::CODE)) {
                (Some(code), _) => drop(taken.insert(code.to_owned())),
                (None, "") => {
                    doubted.extend((row.own(own::LAB) == self.lab_id.to_string()).then_some(row.end));
                    without.push((row.end, row.line, key(&row, columns)));
                }
                (None, code) => {
                    taken.insert(code.to_owned());
                    self.said.insert(code.to_owned());
                    self.codes.insert(row.end, code.to_owned());
                }
            }
        }
        self.is_first = earlier.is_empty();
        self.may_say = table.own().place(own::CODE).is_some();
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
        let none = Pending::new();
        self.make_new(new, &mut taken, if table.is_of_corrections() { &none } else { pending });
        self.in_doubt = doubted.iter().filter_map(|end| self.codes.get(end)).cloned().collect();
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
            if let Some(mended) = mended {
                self.codes.insert(end, mended.clone());
                self.instead.insert(mended.clone(), (end, code));
            } else {
                self.refused.extend(refused.contains(&code).then(|| code.clone()));
                self.codes.insert(end, code);
            }
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

/// Columns that say nothing of a bottle: some only check the others, and earlier versions did not read them.
const NO_BOTTLE: [&str; 4] = ["code", "decides", "formula", "molar mass"];

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
            column if column == "location" || LEVELS.contains(&column) => *cell = small(cell),
            _ => {}
        }
    }
    key.retain(|(column, cell)| !NO_BOTTLE.contains(column) && !cell.is_empty());
    key.sort_unstable();
    key
}

fn one_spaced(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}
