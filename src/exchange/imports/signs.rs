//! Which sign is the decimal one in a column: decided over the whole file, as one sign has one meaning in a list.
//! `1.000` is one where `2.5` stands below it and nothing speaks against that, and a thousand where `4.711,98` does.
//! Beside `2,5` it has two meanings, as people mix both signs; so it has alone in a file that semicolons separate.
//! There it is refused.

use rust_decimal::Decimal;

use super::faults::shortened;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Point,
    Comma,
}

/// What a sign was seen to be.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    decimal: bool,
    thousands: bool,
}

/// Of both signs.
#[derive(Debug, Clone, Copy, Default)]
struct Both {
    point: Seen,
    comma: Seen,
}

impl Both {
    fn of(&mut self, sign: Sign) -> &mut Seen {
        if sign == Sign::Point { &mut self.point } else { &mut self.comma }
    }

    fn add(&mut self, other: Self) {
        for (own, other) in [(&mut self.point, other.point), (&mut self.comma, other.comma)] {
            own.decimal |= other.decimal;
            own.thousands |= other.thousands;
        }
    }
}

impl Sign {
    fn other(self) -> Self {
        if self == Self::Point { Self::Comma } else { Self::Point }
    }
}

/// What the numbers of a column say of their sign.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs {
    column: Both,
    /// What all columns of the list say.
    list: Both,
    /// In a file whose cells commas separate, the point is the decimal sign unless a number says otherwise.
    by_commas: bool,
    /// The one number of which this is said, in a file of corrections.
    said: Option<Decimal>,
    /// More than this it cannot be.
    most: Option<u32>,
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
    /// Of a column in which no number is above `most`.
    pub fn of<'a>(numbers: impl Iterator<Item = &'a str>, by_commas: bool, most: Option<u32>) -> Self {
        let mut signs = Self { by_commas, most, ..Self::default() };
        for number in numbers {
            if let Some(sign) = signs.only(number) {
                let mark = |sign| if sign == Sign::Point { '.' } else { ',' };
                signs.column.of(sign).decimal |= number.contains(mark(sign));
                signs.column.of(sign.other()).thousands |= number.contains(mark(sign.other()));
            }
        }
        signs.list = signs.column;
        signs
    }

    /// Beside the other columns of its list.
    pub fn in_list(mut self, all: impl Iterator<Item = Self>) -> Self {
        all.for_each(|other| self.list.add(other.column));
        self
    }

    /// As a file of corrections says it of a cell: a number that may be this one is it, and another is another.
    pub fn said(number: Option<&str>, most: Option<u32>) -> Self {
        Self { said: number.and_then(|number| number.parse().ok()), most, ..Self::default() }
    }

    /// The decimal sign that the number alone tells. `1.489` is no thousand where none can be; three zeros were written
    /// for a reason.
    fn only(self, number: &str) -> Option<Sign> {
        match says(number) {
            Says::Is(sign) => Some(sign),
            Says::Either(seen) => {
                let thousands: Decimal = with(seen.other(), number).parse().ok()?;
                self.most.filter(|most| thousands > Decimal::from(*most) && !number.ends_with("000")).map(|_| seen)
            }
            Says::Nothing | Says::Nonsense => None,
        }
    }

    /// The number with a point as its only sign, or why it cannot be read.
    pub fn plain(self, number: &str) -> Result<String, String> {
        if let Some(said) = self.said.filter(|said| may_be(number, *said)) {
            return Ok(said.to_string());
        }
        let sign = match says(number) {
            Says::Nothing => return Ok(number.to_owned()),
            Says::Nonsense => return Err(format!("`{}` is no number", shortened(number))),
            Says::Is(sign) => sign,
            Says::Either(seen) => self.only(number).or_else(|| self.decided(seen)).ok_or_else(|| {
                let mark = if seen == Sign::Point { "." } else { "," };
                let (one, many) = (number.replace(mark, "."), number.replace(mark, ""));
                format!("`{number}` may be {one} or {many}, and nothing else in the column tells: write it without thousands")
            })?,
        };
        Ok(with(sign, number))
    }

    fn decided(mut self, seen: Sign) -> Option<Sign> {
        let (column, own, other) = (*self.column.of(seen), *self.list.of(seen), *self.list.of(seen.other()));
        let is_usual = self.by_commas && seen == Sign::Point;
        let is_decimal = (column.decimal || is_usual) && !own.thousands && !other.decimal;
        let is_thousands = column.thousands && !own.decimal;
        match (is_decimal, is_thousands) {
            (true, false) => Some(seen),
            (false, true) => Some(seen.other()),
            _ => None,
        }
    }
}

fn with(sign: Sign, number: &str) -> String {
    let (decimal, thousands) = if sign == Sign::Point { (".", ",") } else { (",", ".") };
    let plain = number.replace(thousands, "").replace(decimal, ".");
    // `.5`
    if plain.starts_with('.') { format!("0{plain}") } else { plain }
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
        let signs = Signs::of(column.iter().copied(), by_commas, None);
        column.iter().map(|number| signs.plain(number).ok()).collect()
    }

    fn some(numbers: &[&str]) -> Vec<Option<String>> {
        numbers.iter().map(|number| Some((*number).to_owned())).collect()
    }

    #[test]
    fn one_sign_has_one_meaning_in_a_column() {
        let mixed = ["2,5", "1.000", "4.711,98", "2.500", "7"];
        assert_eq!(read(&mixed, false), some(&["2.5", "1000", "4711.98", "2500", "7"]));
        assert_eq!(read(&["2.5", "1,000", "1.250", "1,234.5"], false), some(&["2.5", "1000", "1.250", "1234.5"]));
        assert_eq!(read(&[",5", "0,25"], false), some(&["0.5", "0.25"]));
        assert_eq!(read(&["1.234.567", "1.000"], false), some(&["1234567", "1000"]));
        assert_eq!(read(&["13,75", "0,1"], false), some(&["13.75", "0.1"]));
    }

    #[test]
    fn what_nothing_decides_is_refused_with_both_readings() {
        assert_eq!(read(&["1.000", "5"], false), [None, Some("5".into())]);
        assert_eq!(read(&["1.000", "0.500"], true), some(&["1.000", "0.500"]));
        assert_eq!(read(&["2,5", "2.5", "1.000"], false), [Some("2.5".into()), Some("2.5".into()), None]);
        for (column, by_commas) in [(["2,5", "1.500"], false), (["2,5", "1.500"], true), (["2.5", "1,500"], true)] {
            assert_eq!(read(&column, by_commas), [Some("2.5".into()), None], "people mix both signs");
        }
        let of = |number| Signs::of(std::iter::once(number), false, None);
        let (one, other) = (of("1.234,5"), of("0.25"));
        assert!(one.plain("1.000").is_ok() && one.in_list([one, other].into_iter()).plain("1.000").is_err());
        let told = Signs::default().plain("1.000").unwrap_err();
        assert!(told.contains("1.000 or 1000"), "{told}");
        assert_eq!(read(&["1,2,3", "1.2,3.4", "1.,2"], false), [None, None, None]);
    }

    #[test]
    fn three_digits_behind_a_sign_are_decimals_where_no_value_has_thousands() {
        let read = |column: &[&str], most| {
            let signs = Signs::of(column.iter().copied(), false, Some(most));
            column.iter().map(|number| signs.plain(number).ok()).collect::<Vec<_>>()
        };
        assert_eq!(read(&["1.489", "0,998"], 25), some(&["1.489", "0.998"]));
        assert_eq!(read(&["1,489"], 25), some(&["1.489"]));
        assert_eq!(read(&["180.156"], 100_000), some(&["180.156"]));
        // One that can be no other tells the others of its column.
        assert_eq!(read(&["180.156", "58.443"], 100_000), some(&["180.156", "58.443"]));
        // Albumin weighs 66,430 g/mol, and an antibody 150,000.
        for mass in ["58.443", "66.430", "150.000"] {
            assert_eq!(read(&[mass], 100_000), [None], "{mass}");
        }
        assert_eq!(read(&["66.430", "180,16"], 100_000), [None, Some("180.16".into())]);
    }
}
