//! Columns that say of a bottle that it holds a solution.

use crate::exchange::imports::{
    faults::{Faults, shortened},
    table::Row,
};

const COLUMNS: [&str; 2] = ["concentration", "solvent"];

/// Nothing would tell a bottle of a solution from one of the substance: whoever counts what is there, and whoever opens
/// it, would be misled.
pub fn check(row: &Row, faults: &mut Faults) {
    let cells = COLUMNS.iter().flat_map(|column| row.all(column)).filter(|(_, cell)| !is_pure(cell));
    let told: Vec<_> =
        cells.map(|(header, cell)| format!("`{}` in `{}`", shortened(cell), shortened(header))).collect();
    if !told.is_empty() {
        faults.add(format!(
            "{} says that this is a solution, and a bottle of the substance is something else: give the solution an \
             entry of its own in the catalogue and empty these cells, or say with --map note=HEADER that they are to \
             stand in the \
             note, or leave the columns out with --ignore",
            told.join(", ")
        ));
    }
}

fn is_pure(cell: &str) -> bool {
    let word: String = cell.to_lowercase().split_whitespace().collect();
    matches!(word.as_str(), "neat" | "pure" | "rein" | "100" | "100%")
}
