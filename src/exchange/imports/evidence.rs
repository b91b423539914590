//! What stands in the columns that are not known. One that holds numbers of substances is never passed over: without it
//! nobody would see that a row contradicts itself.

use anyhow::bail;
use chemistry::{cas, is_dash};

use super::{
    headers::{list, printable},
    table::Table,
};
use crate::catalogue::chemicals::Number;

/// Damaged numbers prove less: one of ten numbers of any kind has the check digit of a CAS number.
const FEW: u64 = 3;

/// What the cells of a column are.
#[derive(Clone, Default)]
struct Seen {
    filled: u64,
    /// That have a digit, or a number of a substance: `mixture` and `n/a` say nothing of their column.
    judged: u64,
    cas: u64,
    damaged_cas: u64,
    ec: u64,
    keys: u64,
}

impl Seen {
    fn note(&mut self, cell: &str) {
        let is_apart = |c: char| !c.is_alphanumeric() && !is_dash(c);
        let number = cell.split(is_apart).find_map(Number::read);
        let has_digit = cell.contains(|c: char| c.is_ascii_digit());
        self.filled += u64::from(!cell.is_empty());
        self.judged += u64::from(number.is_some() || has_digit);
        match number {
            Some(Number::Cas(_)) => self.cas += 1,
            Some(Number::Ec(_)) => self.ec += 1,
            Some(Number::Key(_)) => self.keys += 1,
            None => self.damaged_cas += u64::from(has_digit && cell.len() < 30 && cas::propose(cell).is_some()),
        }
    }

    /// What most of them are: the column that has it here, what people call it, and how many there are.
    fn most(&self) -> Option<(&'static str, &'static str, u64)> {
        let kinds =
            [("cas", "CAS numbers", self.cas), ("ec", "EC numbers", self.ec), ("inchikey", "InChIKeys", self.keys)];
        let damaged = self.cas + self.damaged_cas;
        let most = kinds.into_iter().find(|(.., count)| count * 2 > self.judged);
        most.or((self.damaged_cas >= FEW && damaged * 5 > self.judged * 4).then_some(("cas", "CAS numbers", damaged)))
    }
}

/// What a heading with such a word in it says that the cells are, whatever has become of them.
fn said(header: &str) -> Option<(&'static str, &'static str)> {
    const WORDS: [(&str, &str, &str); 6] = [
        ("cas", "cas", "CAS numbers"),
        ("casrn", "cas", "CAS numbers"),
        ("casno", "cas", "CAS numbers"),
        ("casnr", "cas", "CAS numbers"),
        ("einecs", "ec", "EC numbers"),
        ("inchikey", "inchikey", "InChIKeys"),
    ];
    let header = header.to_lowercase();
    let mut words = header.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| WORDS.iter().find(|(it, ..)| *it == word).map(|(_, column, what)| (*column, *what)))
}

/// Refuses a file in which a column is not known that tells substances apart, and warns once of the others.
pub fn look_at_the_unknown(table: &mut Table<'_>) -> anyhow::Result<()> {
    if table.unknown().is_empty() {
        return Ok(());
    }
    let mut seen = vec![Seen::default(); table.unknown().len()];
    for row in table.rows() {
        let row = row?;
        for (seen, at) in seen.iter_mut().zip(table.unknown()) {
            seen.note(row.at(*at));
        }
    }
    let mut ignored = Vec::new();
    for (seen, &at) in seen.iter().zip(table.unknown()) {
        let header = table.headers()[at].trim();
        if let Some((column, what, count)) = seen.most() {
            bail!("{}", evidence(header, at, column, &format!("holds {what} ({count} of {} cells)", seen.filled)));
        }
        if let Some((column, what)) = said(header).filter(|_| seen.filled > 0) {
            bail!("{}", evidence(header, at, column, &format!("says that it holds {what}")));
        }
        if !header.is_empty() {
            ignored.push(printable(header));
        } else if seen.filled > 0 {
            ignored.push(format!("number {} without a heading", at + 1));
        }
    }
    if !ignored.is_empty() {
        let unchecked = ["name", "chemical"].iter().all(|name| table.place(name).is_none());
        table.warnings.push(warning(ignored, unchecked));
    }
    Ok(())
}

fn evidence(header: &str, at: usize, column: &str, what: &str) -> String {
    if header.is_empty() {
        return format!(
            "column {} has no heading, and it {what}: give it the heading `{column}`, or take it out",
            at + 1
        );
    }
    let shown = printable(header);
    let shown = shown.trim_matches('`');
    format!(
        "the column `{shown}` is not known, and it {what}: call it `{column}` or say --map {column}='{shown}', so that \
         each row is checked with it; or leave it out with --ignore '{shown}'"
    )
}

fn warning(ignored: Vec<String>, unchecked: bool) -> String {
    let (columns, are, were) = if ignored.len() == 1 { ("column", "is", "was") } else { ("columns", "are", "were") };
    let told = format!("the {columns} {} {are} not known and {were} ignored", list(ignored.into_iter()));
    if unchecked {
        format!(
            "{told}; no column has names, so no number was checked against one: say with --map chemical=HEADER which has"
        )
    } else {
        told
    }
}
