//! Units that stand in a header: `Size (mL)`, `Menge in g`, `amount_ml`.

use std::str::FromStr;

use chemistry::Unit;

type UnitError = <Unit as FromStr>::Err;

/// A header in two: what it calls the column, and the unit of its cells.
pub fn split(header: &str) -> Option<(&str, &str)> {
    in_words(header).or_else(|| at_the_end(header))
}

/// The unit of a header of which nothing else is known: `Spalte G` has none.
pub fn of(header: &str) -> Option<&str> {
    let (_, unit) = in_words(header).or_else(|| at_the_end(header).filter(|(_, unit)| unit.chars().count() > 1))?;
    Some(unit)
}

fn in_words(header: &str) -> Option<(&str, &str)> {
    let header = header.trim();
    let bracketed = bracket(header).map(|(base, text)| (base, text.trim()));
    let worded = header.rsplit_once(" in ").map(|(base, unit)| (base, unit.trim()));
    bracketed.or(worded).filter(|(base, unit)| !base.trim().is_empty() && is_unit(unit))
}

fn at_the_end(header: &str) -> Option<(&str, &str)> {
    let (base, unit) = header.trim().rsplit_once([' ', '_', ',', '/'])?;
    // `Qty unit` says of another column what it is in.
    let is_word = ["unit", "units"].iter().any(|word| unit.eq_ignore_ascii_case(word));
    (!base.trim().is_empty() && is_unit(unit) && !is_word).then_some((base, unit))
}

/// What stands in brackets behind a header, whatever it is.
pub fn bracket(header: &str) -> Option<(&str, &str)> {
    header.trim().strip_suffix([')', ']']).and_then(|rest| rest.rsplit_once(['(', '[']))
}

/// Also one that a cell would be refused for: a concentration, or a unit of two sizes.
fn is_unit(text: &str) -> bool {
    text != Unit::Piece.code() && !matches!(text.parse::<Unit>(), Err(UnitError::Unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_where_a_unit_stands_at_its_end() {
        for (header, base, unit) in [
            ("Size (mL)", "Size ", "mL"),
            (" Amount [g] ", "Amount ", "g"),
            ("Menge in g", "Menge", "g"),
            ("amount_ml", "amount", "ml"),
            ("Size, kg", "Size,", "kg"),
            ("Size (M)", "Size ", "M"),
        ] {
            assert_eq!(split(header), Some((base, unit)), "{header}");
        }
        for header in ["Size", "Qty unit", "Size (approx.)", "(mL)", "mL", "Container 1", "Size of it", ""] {
            assert_eq!(split(header), None, "{header}");
        }
        assert_eq!((of("Spalte G"), of("Vol_mL"), of("Füllung (g)")), (None, Some("mL"), Some("g")));
    }
}
