//! The cells of a row that is a container.

use chemistry::{Amount, Factors, Quantity, Unit, is_digits};
use chrono::{Days, NaiveDate};

use super::Chemical;
use crate::{
    base::text::{Name, Note, Text},
    catalogue::chemicals::{Decides, is_placeholder},
    exchange::imports::{
        columns::Columns,
        faults::{Faults, shortened},
        headings::is_of_solution,
        numbers::number_and_unit,
        own::READINGS,
        place_columns::place_of,
        place_path::PlacePath,
        readings::said,
        substances::read_cas,
        table::Row,
    },
    stock::{
        codes::Code,
        containers::{State, imported::Content},
    },
};

/// As it is printed on the bottle.
pub fn read_code(row: &Row, columns: &Columns, faults: &mut Faults) -> Option<String> {
    if let Some(nothing) = row.get("code").filter(|cell| is_placeholder(cell) && !row.is_export()) {
        faults.add(format!("code `{nothing}`: names no bottle: write the code, or leave the cell empty"));
        return None;
    }
    let code: Code = faults.value(row, "code")?;
    kept_as_text(row, columns, "code", faults)?;
    Some(code.into())
}

/// Refuses a text that a spreadsheet has taken for a number or a day.
fn kept_as_text(row: &Row, columns: &Columns, column: &'static str, faults: &mut Faults) -> Option<()> {
    let text = row.get(column).unwrap_or_default();
    if columns.shapes.is_damaged(row, column) {
        faults.add(format!(
            "{column} `{text}`: a spreadsheet may have turned this {column} into a day, such as 3-24 into Mar-24: fill it in \
             again, or write =\"{text}\" if it is meant"
        ));
        return None;
    }
    let is_meant = row.is_export() || said(row.own(READINGS), column) == Some(text);
    let is_number = is_power_of_ten(text) || (column != "location" && is_whole_with_decimals(text));
    if is_number && !is_meant {
        faults.add(format!(
            "{column} `{text}`: a spreadsheet has turned this {column} into a number; format the column as text and fill it in again"
        ));
        return None;
    }
    Some(())
}

/// `4.01235E+12`: digits of the code are lost.
fn is_power_of_ten(code: &str) -> bool {
    let Some((number, power)) = code.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
    let power = power.strip_prefix('+');
    is_number(number) && power.is_some_and(|power| !power.is_empty() && power.chars().all(|c| c.is_ascii_digit()))
}

/// `123.0`, as programs write a number that was 123.
fn is_whole_with_decimals(code: &str) -> bool {
    let parts = code.split_once(['.', ',']);
    parts.is_some_and(|(whole, rest)| is_digits(whole) && !rest.is_empty() && rest.bytes().all(|digit| digit == b'0'))
}

/// Where the name decides, the numbers need not be right to be kept.
pub fn read_chemical(row: &Row, repair_cas: bool, faults: &mut Faults) -> Option<Chemical> {
    const NUMBERS: [(&str, &str); 3] = [("cas", "CAS"), ("ec", "EC"), ("inchikey", "InChIKey")];
    let decides: Option<Decides> = faults.value(row, "decides");
    let name: Option<Name> = faults.value(row, "chemical");
    let numbers = NUMBERS.iter().filter_map(|(column, what)| Some(format!("{what} {}", row.get(column)?)));
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    match (decides, row.get("chemical").is_some(), !numbers.is_empty()) {
        (None, false, false) => faults.add("give a CAS number or the name of the chemical"),
        (Some(Decides::Name), false, _) => faults.add("the name is to decide, and there is none"),
        (Some(Decides::Number), _, false) => faults.add("the number is to decide, and there is none"),
        (Some(Decides::Name), ..) => {
            let passed_over = (!numbers.is_empty()).then_some(numbers);
            return Some(Chemical { name: Some(name?), decides, passed_over, ..Chemical::default() });
        }
        _ => {
            let cas = read_cas(row, repair_cas, faults);
            let (inchikey, ec) = (faults.value(row, "inchikey"), faults.value(row, "ec"));
            return Some(Chemical { cas, inchikey, ec, name, decides, passed_over: None });
        }
    }
    None
}

pub fn read_location(row: &Row, columns: &Columns, faults: &mut Faults) -> Option<PlacePath> {
    kept_as_text(row, columns, "location", faults)?;
    place_of(row)?.map_err(|why| faults.add(why)).ok()
}

pub fn read_content(row: &Row, columns: &Columns, today: NaiveDate, faults: &mut Faults) -> Content {
    let received_on = read_past(row, "received", columns, today, faults);
    let opened_on = read_past(row, "opened", columns, today, faults);
    if let Some((opened, received)) = opened_on.zip(received_on).filter(|(opened, received)| opened < received) {
        faults
            .add(format!("it was opened on {opened}, and received on {received}, which is later: correct one of them"));
    }
    Content {
        state: read_state(row, opened_on, faults),
        tare: read_tare(row, columns, faults),
        lot: read_label(row, columns, "lot", faults),
        supplier: faults.value(row, "supplier").map(|it: Text<200>| it.into()),
        catalogue_number: read_label(row, columns, "catalogue number", faults),
        note: read_note(row, faults),
        received_on,
        opened_on,
        expires_on: read_date(row, "expires", columns, faults),
    }
}

fn read_label(row: &Row, columns: &Columns, column: &'static str, faults: &mut Faults) -> Option<String> {
    let text: Text<100> = faults.value(row, column)?;
    kept_as_text(row, columns, column, faults)?;
    Some(text.into())
}

/// Any mass; grams, when no unit stands beside it.
fn read_tare(row: &Row, columns: &Columns, faults: &mut Faults) -> Option<Amount> {
    let cell = row.get("tare")?;
    let Some((value, unit)) = number_and_unit(cell) else {
        faults.odd_quantity("tare", cell);
        return None;
    };
    let value = faults.decimal(&value, "tare", columns)?;
    let own = Some(unit).filter(|unit| !unit.is_empty());
    let mut unit = None;
    for said in [own, row.header_unit("tare"), row.get("tare unit")].into_iter().flatten() {
        let said = faults.text::<Unit>("tare", said)?;
        if let Some(one) = unit.replace(said).filter(|one| *one != said) {
            faults.add(format!("the tare is in {one}, but its unit is {said}"));
        }
    }
    let unit = unit.unwrap_or(Unit::Gram);
    let grams = Quantity { value, unit }.in_unit(Unit::Gram, Factors::NONE).map_err(|why| why.to_string());
    let grams = grams.and_then(|grams| Amount::try_from(grams.value).map_err(|why| why.to_string()));
    grams.map_err(|why| faults.add(format!("tare `{}`: {why}", shortened(cell)))).ok()
}

/// A note is one line here; in a cell it may have several. What a cell is of, that a person has put there, stands
/// before it.
fn read_note(row: &Row, faults: &mut Faults) -> Option<String> {
    let cells = row.all("note").map(|(header, cell)| {
        let lines: Vec<_> = cell.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        let (told, mark) = if is_of_solution(header) { (header, ": ") } else { ("", "") };
        format!("{told}{mark}{}", lines.join(" / "))
    });
    let note = cells.collect::<Vec<_>>().join(" / ");
    if note.is_empty() {
        return None;
    }
    faults.text("note", &note).map(|note: Note| note.into())
}

fn read_date(row: &Row, column: &'static str, columns: &Columns, faults: &mut Faults) -> Option<NaiveDate> {
    let cell = row.get(column)?;
    let day = columns.days(column).read(cell, column == "expires");
    day.map_err(|why| faults.add(format!("{column} `{}`: {why}", shortened(cell)))).ok()
}

/// A day of something that has happened; wherever the lab is, tomorrow there is at most a day away.
fn read_past(
    row: &Row,
    column: &'static str,
    columns: &Columns,
    today: NaiveDate,
    faults: &mut Faults,
) -> Option<NaiveDate> {
    let day = read_date(row, column, columns, faults)?;
    if day > today + Days::new(1) {
        faults.add(format!("{column} `{}`: is in the future", row.get(column).unwrap_or_default()));
        return None;
    }
    Some(day)
}

/// Columns of this name also say what the substance is.
const OF_THE_SUBSTANCE: [&str; 12] = [
    "liquid",
    "solid",
    "gas",
    "gaseous",
    "powder",
    "crystals",
    "crystalline",
    "solution",
    "paste",
    "gel",
    "fl\u{fc}ssig",
    "fest",
];

/// What a bottle may be when it comes in; the rest of its life is a matter of events.
fn read_state(row: &Row, opened_on: Option<NaiveDate>, faults: &mut Faults) -> State {
    let opened = if opened_on.is_some() { State::Opened } else { State::InStock };
    let Some(cell) = row.get("status") else { return opened };
    if OF_THE_SUBSTANCE.contains(&cell.to_lowercase().as_str()) {
        return opened;
    }
    match cell.to_lowercase().replace([' ', '-'], "_").as_str() {
        "in_stock" if opened_on.is_some() => {
            faults.add("the state is in stock, yet there is a day on which it was opened");
        }
        "in_stock" => return State::InStock,
        "opened" | "open" => return State::Opened,
        _ => faults.add(format!(
            "state `{}`: a bottle comes in as in_stock or opened; the rest is for its ledger",
            shortened(cell)
        )),
    }
    opened
}
