//! A header of a file, as far as columns go by it.

use std::collections::HashMap;

use chemistry::Unit;

use super::{
    header_units,
    headers::{Column, MEASURED, normal},
    headings::is_of_solution,
};

/// Words for what holds a substance: an amount in them is a number of bottles.
const HOLDERS: [&str; 11] = [
    "bottle",
    "bottles",
    "vial",
    "vials",
    "ampoule",
    "ampoules",
    "container",
    "containers",
    "flasche",
    "flaschen",
    "gebinde",
];

/// Which column each heading means.
pub type Known = HashMap<String, &'static str>;

pub fn known(columns: &[Column]) -> Known {
    let all = columns.iter().flat_map(|column| column.all_headings().map(|heading| (normal(heading), column.name)));
    all.collect()
}

#[derive(Default)]
pub struct Head {
    pub whole: String,
    /// What columns know it by: without its unit, where they do not know the whole.
    pub key: String,
    pub unit: Option<String>,
}

impl Head {
    pub fn of(header: &str, known: &Known) -> Self {
        let whole = normal(header);
        let alone = |key: &str| Self { whole: whole.clone(), key: key.to_owned(), unit: None };
        if known.contains_key(&whole) {
            return alone(&whole);
        }
        let bracketed = header_units::bracket(header).filter(|(_, text)| HOLDERS.contains(&normal(text).as_str()));
        let Some((base, unit)) = bracketed.or_else(|| header_units::split(header)) else { return alone(&whole) };
        let key = normal(base);
        if is_of_solution(base) {
            return alone(&key);
        }
        let is_count = bracketed.is_some() || unit.parse() == Ok(Unit::Piece);
        match known.get(&key).copied() {
            Some(column) if !MEASURED.contains(&column) => alone(&whole),
            Some("quantity" | "count") if is_count => alone("count"),
            Some("amount") if bracketed.is_some() => alone("count"),
            Some("quantity") => Self { unit: Some(unit.to_owned()), ..alone("amount") },
            // `In stock (bottles)`, but not `Type (bottle)`.
            None if bracketed.is_some_and(|(_, text)| normal(text).ends_with(['s', 'n'])) => alone("count"),
            Some("count") | None => alone(&whole),
            Some(_) => Self { unit: Some(unit.to_owned()), ..alone(&key) },
        }
    }
}
