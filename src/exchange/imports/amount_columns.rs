//! Which column says how much is in a bottle, where another may say how many bottles there are.

use super::{headers::Places, table::Table};

/// What a person may not map a header to: they are kinds of headings, and not of cells.
pub const INNER: [&str; 6] = ["quantity", "counted", "size", "initial", "size unit", "room number"];

/// A quantity is the amount where nothing else may be. Beside the size of a bottle it may also be the number of
/// bottles: there it stays a column of its own, and each row is judged. Where a person has said which column the amount
/// is, a quantity beside it is a number of bottles.
pub fn settle(places: &mut Places, is_amount_given: bool) {
    let [quantity, size, initial] = ["quantity", "size", "initial"].map(|column| places.remove(column));
    if is_amount_given {
        places.extend(quantity.map(|quantity| ("counted", quantity)));
    } else if places.contains_key("amount") {
        places.extend(quantity.map(|quantity| ("quantity", quantity)));
        places.extend(size.map(|size| ("size", size)));
    } else {
        match (quantity, size, initial) {
            (Some(quantity), Some(size), _) => {
                places.extend([("amount", size.clone()), ("size", size), ("quantity", quantity)]);
            }
            (Some(quantity), None, _) => drop(places.insert("amount", quantity)),
            (None, Some(size), initial) => {
                let all: Vec<_> = initial.into_iter().flatten().chain(size).collect();
                places.extend([("amount", all.clone()), ("size", all)]);
            }
            (None, None, Some(initial)) => drop(places.insert("amount", initial)),
            (None, None, None) => {}
        }
    }
    // Of what a bottle once held; of the amount only where no other is there.
    if places.contains_key("unit") && !is_size(places) {
        places.remove("size unit");
    } else if !places.contains_key("unit")
        && let Some(unit) = places.remove("size unit")
    {
        places.insert("unit", unit);
    }
}

/// How a person calls a column of these.
pub fn told(column: &str) -> &str {
    match column {
        "quantity" | "counted" | "size" | "initial" => "amount",
        "size unit" => "unit",
        column => column,
    }
}

/// Whether the amount is the size of the bottle.
pub fn is_size(places: &Places) -> bool {
    places.get("size").is_some_and(|size| places.get("amount") == Some(size))
}

/// What a list is told in which a quantity was read as the number of bottles, beside a size or another amount.
pub fn warning(table: &Table<'_>) -> Option<String> {
    let header = |column| table.place(column).map(|at| table.headers()[at].trim());
    let (quantity, amount) = header("quantity").zip(header("amount"))?;
    Some(format!("the column `{quantity}` was read as the number of bottles, as `{amount}` says how much is in one"))
}
