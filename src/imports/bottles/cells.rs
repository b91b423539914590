//! The cells of a row that is a container.

use chrono::NaiveDate;

use super::Chemical;
use crate::{
    chemistry::{Amount, Factors, Quantity, Unit},
    containers::{Code, State},
    imports::{faults::Faults, places::Wanted, store::Content, substances::read_cas, table::Row},
    text::{Note, Text},
};

/// As it is printed: nothing is changed in it.
pub fn read_code(row: &Row, faults: &mut Faults) -> Option<String> {
    if row.get("code").is_none() {
        faults.add("the code is empty: it tells a bottle from the others, and a second import from the first");
    }
    let code: Code = faults.value(row, "code")?;
    Some(code.into())
}

pub fn read_chemical(row: &Row, faults: &mut Faults) -> Option<Chemical> {
    match (row.get("cas"), row.get("chemical")) {
        (None, None) => {
            faults.add("give a CAS number or the name of the chemical");
            None
        }
        (Some(_), _) => read_cas(row, faults).map(Chemical::Cas),
        (None, Some(_)) => faults.value(row, "chemical").map(Chemical::Name),
    }
}

/// `500` and `mL`, or both in one cell.
pub fn read_amount(row: &Row, faults: &mut Faults) -> Option<Quantity> {
    let Some(cell) = row.get("amount") else {
        faults.add("the amount is empty");
        return None;
    };
    let (value, beside) = number_and_unit(cell);
    let value = faults.text("amount", value);
    let unit = match (beside, row.get("unit")) {
        ("", None) => {
            faults.add("the amount has no unit");
            None
        }
        ("", Some(unit)) | (unit, None) => faults.text("unit", unit),
        (one, Some(other)) => {
            let units = faults.text::<Unit>("unit", one).zip(faults.text::<Unit>("unit", other));
            if units.is_some_and(|(one, other)| one != other) {
                faults.add(format!("the amount is in {one}, but the unit is {other}"));
            }
            units.map(|(one, _)| one)
        }
    };
    Some(Quantity { value: value?, unit: unit? })
}

/// `500 mL` in two. What does not begin with a digit is no number, and its parser says so.
fn number_and_unit(cell: &str) -> (&str, &str) {
    let end = cell.find(|c: char| !c.is_ascii_digit() && !".,".contains(c)).filter(|end| *end > 0);
    let (number, unit) = cell.split_at(end.unwrap_or(cell.len()));
    (number, unit.trim())
}

pub fn read_location(row: &Row, faults: &mut Faults) -> Option<Wanted> {
    let text: Text<1100> = faults.value(row, "location")?;
    Wanted::parse(text.as_str()).map_err(|why| faults.add(why)).ok()
}

pub fn read_content(row: &Row, faults: &mut Faults) -> Content {
    let text = |it: Text<100>| it.into();
    let opened_on = read_date(row, "opened", faults);
    Content {
        state: read_state(row, opened_on, faults),
        tare: read_tare(row, faults),
        lot: faults.value(row, "lot").map(text),
        supplier: faults.value(row, "supplier").map(|it: Text<200>| it.into()),
        catalogue_number: faults.value(row, "catalogue number").map(text),
        note: faults.value(row, "note").map(|it: Note| it.into()),
        received_on: read_date(row, "received", faults),
        opened_on,
        expires_on: read_date(row, "expires", faults),
    }
}

/// Any mass; grams, when no unit stands beside it.
fn read_tare(row: &Row, faults: &mut Faults) -> Option<Amount> {
    let cell = row.get("tare")?;
    let (value, unit) = number_and_unit(cell);
    let value = faults.text("tare", value)?;
    let unit = if unit.is_empty() { Unit::Gram } else { faults.text("tare", unit)? };
    let grams = Quantity { value, unit }.in_unit(Unit::Gram, Factors::NONE).map_err(|why| why.to_string());
    let grams = grams.and_then(|grams| Amount::try_from(grams.value).map_err(|why| why.to_string()));
    grams.map_err(|why| faults.add(format!("tare `{cell}`: {why}"))).ok()
}

/// `2026-11-22` and nothing else: 03/04 is another day in another country.
fn read_date(row: &Row, column: &'static str, faults: &mut Faults) -> Option<NaiveDate> {
    let cell = row.get(column)?;
    let date = NaiveDate::parse_from_str(cell, "%Y-%m-%d").ok().filter(|_| cell.len() == 10);
    if date.is_none() {
        faults.add(format!("{column} `{cell}`: write the day as year-month-day, such as 2026-11-22"));
    }
    date
}

/// What a bottle may be when it comes in; the rest of its life is a matter of events.
fn read_state(row: &Row, opened_on: Option<NaiveDate>, faults: &mut Faults) -> State {
    let opened = if opened_on.is_some() { State::Opened } else { State::InStock };
    let Some(cell) = row.get("state") else { return opened };
    match cell.to_lowercase().replace([' ', '-'], "_").as_str() {
        "in_stock" if opened_on.is_some() => {
            faults.add("the state is in stock, yet there is a day on which it was opened");
        }
        "in_stock" => return State::InStock,
        "opened" | "open" => return State::Opened,
        _ => faults.add(format!("state `{cell}`: a bottle comes in as in_stock or opened; the rest is for its ledger")),
    }
    opened
}
