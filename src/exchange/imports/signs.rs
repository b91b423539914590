//! Which sign is the decimal one in a column: decided over the whole file, as one sign has one meaning in a column.
//! `1.000` is a thousand where `2,5` stands below it, and one where `2.5` does; alone in a file that the cells of
//! spreadsheets separate by semicolons it has two meanings, and is refused.

use rust_decimal::Decimal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Point,
    Comma,
}

/// What the numbers of a column say of their sign.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs {
    point: bool,
    comma: bool,
    /// In a file whose cells commas separate, the point is the decimal sign unless a number says otherwise.
    by_commas: bool,
    /// The one number of which this is said, in a file of corrections.
    said: Option<Decimal>,
}

/// What one number says.
enum Says {
    /// There is no sign in it.
    Nothing,
    Is(Sign),
    /// One sign and three digits behind it: a decimal sign, or thousands.
    Either(Sign),
    Nonsense,
}

impl Signs {
    pub fn of<'a>(numbers: impl Iterator<Item = &'a str>, by_commas: bool) -> Self {
        let mut signs = Self { by_commas, ..Self::default() };
        for number in numbers {
            match says(number) {
                Says::Is(Sign::Point) => signs.point = true,
                Says::Is(Sign::Comma) => signs.comma = true,
                _ => {}
            }
        }
        signs
    }

    /// As a file of corrections says it of a cell: a number that may be this one is it, and another is another.
    pub fn said(number: Option<&str>) -> Self {
        Self { said: number.and_then(|number| number.parse().ok()), ..Self::default() }
    }

    /// The number with a point as its only sign, or why it cannot be read.
    pub fn plain(self, number: &str) -> Result<String, String> {
        if let Some(said) = self.said.filter(|said| may_be(number, *said)) {
            return Ok(said.to_string());
        }
        let sign = match says(number) {
            Says::Nothing => return Ok(number.to_owned()),
            Says::Nonsense => return Err(format!("`{number}` is no number")),
            Says::Is(sign) => sign,
            Says::Either(seen) => self.decided(seen).ok_or_else(|| {
                let mark = if seen == Sign::Point { "." } else { "," };
                let (one, many) = (number.replace(mark, "."), number.replace(mark, ""));
                format!("`{number}` may be {one} or {many}, and nothing else in the column tells: write it without thousands")
            })?,
        };
        Ok(with(sign, number))
    }

    fn decided(self, seen: Sign) -> Option<Sign> {
        match (self.point, self.comma) {
            (true, false) => Some(Sign::Point),
            (false, true) => Some(Sign::Comma),
            (false, false) if self.by_commas && seen == Sign::Point => Some(Sign::Point),
            _ => None,
        }
    }
}

fn with(sign: Sign, number: &str) -> String {
    let (decimal, thousands) = if sign == Sign::Point { (".", ",") } else { (",", ".") };
    number.replace(thousands, "").replace(decimal, ".")
}

fn may_be(number: &str, value: Decimal) -> bool {
    let is = |sign| with(sign, number).parse().is_ok_and(|it: Decimal| it == value);
    match says(number) {
        Says::Nothing | Says::Nonsense => false,
        Says::Is(sign) => is(sign),
        Says::Either(_) => is(Sign::Point) || is(Sign::Comma),
    }
}

fn says(number: &str) -> Says {
    let count = |mark: char| number.matches(mark).count();
    match (count('.'), count(',')) {
        (0, 0) => Says::Nothing,
        (points, commas) if points > 0 && commas > 0 => {
            let last = if number.rfind('.') > number.rfind(',') { Sign::Point } else { Sign::Comma };
            let (decimals, thousands) = if last == Sign::Point { (points, ',') } else { (commas, '.') };
            let whole = number.split(if last == Sign::Point { '.' } else { ',' }).next().unwrap_or_default();
            if decimals == 1 && is_grouped(whole, thousands) { Says::Is(last) } else { Says::Nonsense }
        }
        (1, 0) => single(number, '.', Sign::Point),
        (0, 1) => single(number, ',', Sign::Comma),
        // Several of one sign can only be thousands, so the other one is the decimal sign.
        (_, 0) if is_grouped(number, '.') => Says::Is(Sign::Comma),
        (0, _) if is_grouped(number, ',') => Says::Is(Sign::Point),
        _ => Says::Nonsense,
    }
}

fn single(number: &str, mark: char, sign: Sign) -> Says {
    let is_thousand = is_grouped(number, mark) && !number.starts_with('0');
    if is_thousand { Says::Either(sign) } else { Says::Is(sign) }
}

/// `1.234.567`: groups of three behind one to three digits.
fn is_grouped(number: &str, mark: char) -> bool {
    let mut groups = number.split(mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: &[&str], by_commas: bool) -> Vec<Option<String>> {
        let signs = Signs::of(column.iter().copied(), by_commas);
        column.iter().map(|number| signs.plain(number).ok()).collect()
    }

    fn some(numbers: &[&str]) -> Vec<Option<String>> {
        numbers.iter().map(|number| Some((*number).to_owned())).collect()
    }

    #[test]
    fn one_sign_has_one_meaning_in_a_column() {
        let mixed = ["2,5", "1.000", "4.711,98", "2.500", "7"];
        assert_eq!(read(&mixed, false), some(&["2.5", "1000", "4711.98", "2500", "7"]));
        assert_eq!(read(&["2.5", "1,000", "1.250"], false), some(&["2.5", "1000", "1.250"]));
        assert_eq!(read(&["1.234.567", "1.000"], false), some(&["1234567", "1000"]));
        assert_eq!(read(&["13,75", "0,1"], false), some(&["13.75", "0.1"]));
    }

    #[test]
    fn what_nothing_decides_is_refused_with_both_readings() {
        assert_eq!(read(&["1.000", "5"], false), [None, Some("5".into())]);
        assert_eq!(read(&["1.000", "0.500"], true), some(&["1.000", "0.500"]));
        assert_eq!(read(&["2,5", "2.5", "1.000"], false), [Some("2.5".into()), Some("2.5".into()), None]);
        let told = Signs::default().plain("1.000").unwrap_err();
        assert!(told.contains("1.000 or 1000"), "{told}");
        assert_eq!(read(&["1,2,3", "1.2,3.4", "1.,2"], false), [None, None, None]);
    }
}
