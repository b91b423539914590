//! How much is in the bottle of a row. A row is one bottle, so what it says of how many there are is no amount.

use chemistry::{Amount, Quantity, Unit};

use crate::exchange::imports::{
    columns::Columns,
    faults::{Faults, OrReason, shortened},
    numbers::number_and_unit,
    table::Row,
};

/// `500` and `mL`, or both in one cell, with what should be looked at.
pub fn read_amount(row: &Row, columns: &Columns, faults: &mut Faults) -> Option<(Quantity, Option<String>)> {
    one_bottle(row, faults);
    let column = column_of_amount(row, columns).map_err(|why| faults.add(why)).ok()?;
    let Some(cell) = row.get(column) else {
        faults.add("the amount is empty");
        return None;
    };
    let beside = unit_beside(row, column);
    let Some((value, own)) = number_and_unit(cell) else {
        odd_amount(cell, faults);
        beside.and_then(|unit| faults.text::<Unit>("unit", unit));
        return None;
    };
    let value = faults.decimal(&value, "amount", columns);
    if value.is_some_and(|value: Amount| value.get().is_zero()) {
        let why = if row.is_export() {
            "nothing is left in the bottle, and one comes in with something in it: take the row out"
        } else {
            "must be more than zero"
        };
        faults.add(format!("amount `{}`: {why}", shortened(cell)));
    }
    let said = [Some(own).filter(|own| !own.is_empty()), row.header_unit(column), beside];
    let mut said = said.into_iter().flatten();
    let Some(first) = said.next() else {
        faults.add("the amount has no unit");
        return None;
    };
    let unit = faults.text::<Unit>("unit", first);
    for other in said {
        let other = faults.text::<Unit>("unit", other);
        if let Some((one, other)) = unit.zip(other).filter(|(one, other)| one != other) {
            faults.add(format!("the amount is in {one}, but the unit is {other}"));
        }
    }
    let quantity = Quantity { value: value?, unit: unit? };
    if quantity.unit == Unit::Piece
        && !row.amount_is_size()
        && let Some((header, size)) = row.all("size").next()
    {
        faults.add(format!(
            "`{}` counts bottles, and `{}` in `{}` says how much is in one: give each bottle a row of its own, with \
             that amount",
            shortened(cell),
            shortened(size),
            shortened(header)
        ));
    }
    Some((quantity, counted_holders(first, quantity).or_else(|| customary(first, quantity.unit))))
}

/// What a cell says that may count bottles.
enum Said {
    Bottles(u32),
    /// With a unit that counts: `3 bottles`.
    Counted(u32),
    Amount,
    Odd,
}

fn said(cell: &str) -> Said {
    let times = cell.strip_suffix(['x', 'X', '×']).map(str::trim_end);
    let bare = times.filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit())).unwrap_or(cell);
    let Some((number, unit)) = number_and_unit(bare) else { return Said::Odd };
    match (whole(&number), unit.parse::<Unit>()) {
        (Some(count), _) if unit.is_empty() && bare.len() < cell.len() => Said::Counted(count),
        (Some(count), _) if unit.is_empty() => Said::Bottles(count),
        (Some(count), Ok(Unit::Piece)) => Said::Counted(count),
        (_, Ok(unit)) if unit != Unit::Piece => Said::Amount,
        _ => Said::Odd,
    }
}

/// `3`, also as programs write it: `3.0`.
fn whole(number: &str) -> Option<u32> {
    let whole = number.split_once(['.', ',']).filter(|(_, zeros)| matches!(*zeros, "0" | "00"));
    whole.map_or(number, |(whole, _)| whole).parse().ok()
}

/// Whether a column that may count bottles says nothing else: none beside the amount is more than a shelf may hold, and
/// none is what is in a full bottle.
pub fn may_be_count(row: &Row) -> bool {
    const MANY: u32 = 99;
    row.all("quantity").all(|(_, cell)| match said(cell) {
        Said::Bottles(count) => count <= MANY && (count == 1 || row.get("amount") != Some(cell)),
        Said::Counted(_) => true,
        Said::Amount | Said::Odd => false,
    })
}

/// Columns that count bottles, by their heading or as a person said which one the amount is.
fn one_bottle(row: &Row, faults: &mut Faults) {
    for (header, cell) in row.all("count") {
        match said(cell) {
            Said::Bottles(count) | Said::Counted(count) => faults.extend(one_of(count, header, cell)),
            Said::Amount | Said::Odd => faults.add(format!(
                "`{}` in `{}` is no number of bottles: write 1, and give each bottle a row of its own",
                shortened(cell),
                shortened(header)
            )),
        }
    }
    for (header, cell) in row.all("counted") {
        match said(cell) {
            Said::Amount => {}
            Said::Bottles(count) | Said::Counted(count) => faults.extend(one_of(count, header, cell)),
            Said::Odd => faults.add(format!(
                "`{}` in `{}` is no number of bottles: correct it, or leave the column out with --ignore",
                shortened(cell),
                shortened(header)
            )),
        }
    }
}

fn one_of(count: u32, header: &str, cell: &str) -> Option<String> {
    let (cell, header) = (shortened(cell), shortened(header));
    match count {
        1 => None,
        0 => Some(format!("`{cell}` in `{header}` says that there is no bottle: take the row out, or write 1")),
        _ => Some(format!(
            "`{cell}` in `{header}` says that these are {count} bottles, and a row is one: give each bottle a row of \
             its own"
        )),
    }
}

/// Where the amount stands, beside a column that may count the bottles.
fn column_of_amount(row: &Row, columns: &Columns) -> OrReason<&'static str> {
    let is_size = row.amount_is_size();
    let amount = row.all("amount").next();
    let Some((header, cell)) = row.all("quantity").next() else {
        let is_missing = is_size && !row.places("quantity").is_empty() && !columns.has_counts();
        return if is_missing { Err("the amount is empty".to_owned()) } else { Ok("amount") };
    };
    let has_own_unit = is_size && row.get("size unit").is_some() && !counts(row.get("unit"));
    match (said(cell), amount) {
        (Said::Amount, None) => Ok("quantity"),
        (Said::Amount, _) if is_size => Ok("quantity"),
        (Said::Bottles(_), _) if has_own_unit && row.get("unit").is_some() => Ok("quantity"),
        (Said::Amount, Some((of, other))) if other != cell => Err(format!(
            "two columns contradict each other: `{}` in `{}`, `{}` in `{}`: correct one, or say which is meant with \
             --map amount=HEADER",
            shortened(other),
            shortened(of),
            shortened(cell),
            shortened(header)
        )),
        (Said::Amount, _) => Ok("amount"),
        (_, Some((_, other))) if !is_size && other == cell => Ok("amount"),
        (Said::Counted(count), Some(_)) => one_of(count, header, cell).map_or(Ok("amount"), Err),
        (Said::Bottles(count), Some(_)) if is_count(row, columns) && !has_unit_of_its_own(row) => {
            one_of(count, header, cell).map_or(Ok("amount"), Err)
        }
        (_, amount) => Err(either(header, cell, amount)),
    }
}

/// Whether a number without a unit can only count bottles.
fn is_count(row: &Row, columns: &Columns) -> bool {
    let unit = row.get("unit");
    columns.has_counts() || counts(unit) || (unit.is_none() && amount_has_own_unit(row))
}

fn amount_has_own_unit(row: &Row) -> bool {
    let own = row.get("amount").and_then(number_and_unit).is_some_and(|(_, unit)| !unit.is_empty());
    own || row.header_unit("amount").is_some()
}

/// Whether the unit beside them is not that of the amount, which has one: the number may be what is left.
fn has_unit_of_its_own(row: &Row) -> bool {
    !row.amount_is_size() && amount_has_own_unit(row) && row.get("unit").is_some_and(|unit| !counts(Some(unit)))
}

fn counts(unit: Option<&str>) -> bool {
    unit.is_some_and(|unit| unit.parse() == Ok(Unit::Piece))
}

fn either(header: &str, cell: &str, amount: Option<(&str, &str)>) -> String {
    let (cell, header) = (shortened(cell), shortened(header));
    let beside =
        amount.map_or(String::new(), |(of, other)| format!(", beside `{}` in `{}`", shortened(other), shortened(of)));
    format!(
        "`{cell}` in `{header}` may be the amount or the number of bottles{beside}: say with --map amount={header} or \
         --map count={header} which it is; each bottle is a row of its own"
    )
}

/// The unit that stands in a column of its own. One that counts bottles is that of their number.
fn unit_beside<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    let of_amount = column == "amount";
    let of_size = row.get("size unit").filter(|_| of_amount && row.amount_is_size());
    of_size.or_else(|| {
        let is_of_count = of_amount && counts(row.get("unit")) && row.get("quantity").is_some();
        row.get("unit").filter(|_| !is_of_count)
    })
}

/// `2 x 500 mL` are two bottles.
fn odd_amount(cell: &str, faults: &mut Faults) {
    let mut parts = cell.split(['x', 'X', '×', '*']).map(str::trim);
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let are_several = parts.clone().count() == 2 && parts.all(is_number);
    if are_several {
        faults.add(format!(
            "amount `{}`: these are several bottles, and a row is one: give each bottle a row of its own, with the \
             amount of one",
            shortened(cell)
        ));
    } else {
        faults.odd_quantity("amount", cell);
    }
}

/// Words for what holds a substance.
const HOLDERS: [&str; 4] = ["ampoule", "bottle", "box", "vial"];

/// What to look at where a row counts what holds the substance: `2 bottles` are two pieces.
fn counted_holders(unit: &str, amount: Quantity) -> Option<String> {
    (amount.unit == Unit::Piece && is_holder(unit)).then(|| {
        format!(
            "the unit `{unit}` counts pieces (`1`), and nothing says how much is in one: give the amount of what is \
             in it"
        )
    })
}

fn is_holder(unit: &str) -> bool {
    HOLDERS.iter().any(|holder| {
        let rest =
            unit.get(..holder.len()).filter(|word| word.eq_ignore_ascii_case(holder)).map(|_| &unit[holder.len()..]);
        rest.is_some_and(|rest| ["", "s", "es"].iter().any(|ending| rest.eq_ignore_ascii_case(ending)))
    })
}

/// Words that other countries, or other trades, have for another size.
fn customary(unit: &str, read: Unit) -> Option<String> {
    let has_two_sizes = matches!(read, Unit::Gallon | Unit::Quart | Unit::Pint | Unit::FluidOunce | Unit::Ounce);
    let base = if read == Unit::Ounce { "g" } else { "mL" };
    (has_two_sizes && unit != read.code()).then(|| {
        format!(
            "the unit `{unit}` was read as {read}, {} {base}; it has other sizes elsewhere: write the amount in \
             {base} if another is meant",
            read.to_base().normalize()
        )
    })
}
