//! The columns that a file of corrections has more than its list. Where a column of the list has one of their names,
//! they get others: what the import writes is never taken for what the list says.

use aws_lc_rs::digest::{SHA256, digest};

/// Of the row in the list.
pub const LINE: &str = "line";
/// Why it did not go in.
pub const REASON: &str = "reason";
/// What the whole list has decided of its cells: `amount: 1.125; expires: 2027-04-03`.
pub const READINGS: &str = "read with";
/// Follows from the rest of the row, and tells whether somebody has changed it.
pub const CHECK: &str = "check";
/// The code that was made for it, where codes are made.
pub const CODE: &str = "made code";
/// The lab for which it was made: a list may be brought into several.
pub const LAB: &str = "made for lab";

const ALWAYS: [&str; 3] = [LINE, REASON, READINGS];

/// More than a list has reason to take.
const MOST: usize = 9;

/// How the columns are called: as above, or with so many marks behind it.
fn name(column: &str, marks: usize) -> String {
    match marks {
        0 => column.to_owned(),
        1 => format!("{column} (import)"),
        more => format!("{column} (import {more})"),
    }
}

/// Which columns of a table are the import's own; none, where it is no file of corrections.
#[derive(Default)]
pub struct Own(Vec<(&'static str, usize)>);

impl Own {
    pub fn of<'h>(headers: &(impl Iterator<Item = &'h str> + Clone)) -> Self {
        let at = |column, marks| headers.clone().position(|header| header.trim() == name(column, marks));
        let found = |marks| ALWAYS.map(|column| at(column, marks).map(|at| (column, at)));
        let whole = (0..=MOST).rev().find_map(|marks| {
            let own: Option<Vec<_>> = found(marks).into_iter().collect();
            // A file may be without them; and a lab that no code is for, is a column of the list.
            let code = at(CODE, marks).map(|_| [CODE, LAB]);
            let perhaps = [CHECK].into_iter().chain(code.into_iter().flatten());
            let perhaps = perhaps.filter_map(|column| Some((column, at(column, marks)?)));
            own.map(|own| own.into_iter().chain(perhaps).collect())
        });
        Self(whole.unwrap_or_default())
    }

    pub fn is_there(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn has(&self, at: usize) -> bool {
        self.0.iter().any(|(_, own)| *own == at)
    }

    pub fn place(&self, column: &str) -> Option<usize> {
        self.0.iter().find(|(own, _)| *own == column).map(|(_, at)| *at)
    }
}

/// Names that none of these columns has.
pub fn names<'h>(with_code: bool, headers: &(impl Iterator<Item = &'h str> + Clone)) -> Vec<String> {
    let of_code = [CODE, LAB].into_iter().filter(|_| with_code);
    let columns = || ALWAYS.into_iter().chain([CHECK]).chain(of_code.clone());
    let is_taken = |name: &String| headers.clone().any(|header| header.trim().eq_ignore_ascii_case(name));
    let all = |marks| -> Vec<String> { columns().map(|column| name(column, marks)).collect() };
    let free = (0..MOST).find(|marks| !all(*marks).iter().any(is_taken));
    all(free.unwrap_or(MOST))
}

/// The check of a row: of its other cells, and of what stands over them. Letters, which no spreadsheet takes for a
/// number.
pub fn check<'c>(header: impl Iterator<Item = &'c str>, cells: impl Iterator<Item = &'c str>) -> String {
    let mut text = String::new();
    for cell in header.chain(["\0"]).chain(cells) {
        text.extend([cell, "\0"]);
    }
    let hash = digest(&SHA256, text.as_bytes());
    let half = |byte: u8| char::from(b'a' + byte);
    hash.as_ref()[..4].iter().flat_map(|byte| [half(byte >> 4), half(byte & 15)]).collect()
}
