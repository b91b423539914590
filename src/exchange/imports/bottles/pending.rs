//! Rows of a list that were refused: each keeps the code that was made for it, whether it is mended in the list or in
//! the file of corrections, so that it is one bottle.

use std::{collections::HashMap, fs, path::Path};

use uuid::Uuid;

use super::making::{Earlier, Making};
use crate::exchange::imports::{
    Options,
    columns::Columns,
    corrections::{self, of_list},
    encoding, headings, own,
    table::Table,
};

/// By the line of the list, the code in the newest file of corrections that has the line.
pub type Pending = HashMap<u64, String>;

/// What the files of corrections beside a list say of it and of a lab.
pub fn pending(list: &Path, lab_id: Uuid) -> Pending {
    let folder = list.parent().unwrap_or(Path::new(""));
    let name = list.file_name().unwrap_or_default().to_string_lossy();
    let mut pending = Pending::new();
    for rows in of_list(folder, &name).iter().filter_map(|path| corrections::rows(path).ok()) {
        for row in &rows.cells {
            let cell = |column| rows.own.place(column).and_then(|at| row.get(at)).map(|cell| cell.trim());
            let line = cell(own::LINE).and_then(|line| line.parse().ok());
            let code = cell(own::CODE).filter(|code| !code.is_empty());
            let code = code.filter(|_| cell(own::LAB).is_some_and(|lab| lab == lab_id.to_string()));
            pending.extend(line.zip(code.map(str::to_owned)));
        }
    }
    pending
}

/// The codes of the rows of a list, as an import of it would find or make them; none where it cannot be read.
pub fn codes_of(
    list: &Path,
    mut making: Making,
    earlier: Earlier,
    pending: &Pending,
    options: &Options,
) -> Option<Making> {
    let text = encoding::decode(fs::read(list).ok()?).ok()?;
    let table = Table::open(&text, &headings::of_bottles(true), false, options).ok()?;
    let columns = Columns::of(&table, false).ok()?;
    making.make_all(&table, &columns, earlier, pending).ok()?;
    Some(making)
}
