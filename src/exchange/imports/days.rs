//! Days as lists and spreadsheets write them. Which of two numbers is the day is decided over a column: `03/04/2027` is
//! read where `25/04/2027` stands in it, and refused where nothing tells.

use chemistry::is_digits;
use chrono::{Datelike as _, Months, NaiveDate};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Those that begin otherwise.
const GERMAN_MONTHS: [(&str, u32); 6] = [("mär", 3), ("mrz", 3), ("maerz", 3), ("mai", 5), ("okt", 10), ("dez", 12)];

/// What a column says of the order in `03/04/2027`: the first cell that can only have the day first, and the first that
/// can only have the month first. A cell that is no day in either order says nothing.
#[derive(Debug, Clone, Default)]
pub struct Days {
    day_first: Option<Witness>,
    month_first: Option<Witness>,
    /// The one day of which this is said, in a file of corrections.
    said: Option<NaiveDate>,
}

#[derive(Debug, Clone)]
struct Witness {
    line: u64,
    cell: String,
}

impl Days {
    pub const UNDECIDED: Self = Self { day_first: None, month_first: None, said: None };

    /// What the cell of a line says.
    pub fn note(&mut self, line: u64, cell: &str) {
        let Some([first, second, year]) = slashed(cell) else { return };
        let witness = || Witness { line, cell: cell.to_owned() };
        match (day([year, second, first]), day([year, first, second])) {
            (Some(_), None) => self.day_first.get_or_insert_with(witness),
            (None, Some(_)) => self.month_first.get_or_insert_with(witness),
            _ => return,
        };
    }

    /// Beside the other columns of its list: a list that has the other order there, too, does not tell.
    pub fn beside<'d>(&mut self, mut others: impl Iterator<Item = &'d Self>) {
        if self.day_first.is_some() && self.month_first.is_none() {
            self.month_first = others.find_map(|other| other.month_first.clone());
        } else if self.month_first.is_some() && self.day_first.is_none() {
            self.day_first = others.find_map(|other| other.day_first.clone());
        }
    }

    /// As a file of corrections says it of a cell: a cell that may be this day is it, and another is another.
    pub fn said(day: Option<&str>) -> Self {
        Self { said: day.and_then(|day| day.parse().ok()), ..Self::UNDECIDED }
    }

    /// The day that a cell means, or why it means none.
    pub fn read(&self, cell: &str, may_be_month: bool) -> Result<NaiveDate, String> {
        let day = self.day(cell, may_be_month)?;
        if day.year() < 1900 { Err("the year is before 1900".to_owned()) } else { Ok(day) }
    }

    fn day(&self, cell: &str, may_be_month: bool) -> Result<NaiveDate, String> {
        const NONE: &str = "this day does not exist";
        let text = without_midnight(cell.trim());
        if let Some(numbers) = plain(text).or_else(|| with_month_name(text)) {
            return day(numbers).ok_or_else(|| NONE.to_owned());
        }
        if let Some([first, second, year]) = slashed(text) {
            let day_first = day([year, second, first]);
            let month_first = day([year, first, second]);
            if self.said.is_some() && [day_first, month_first].contains(&self.said) {
                return self.said.ok_or_else(|| NONE.to_owned());
            }
            return match (day_first, month_first, &self.day_first, &self.month_first) {
                (None, None, _, _) => Err(NONE.to_owned()),
                (one, other, _, _) if one == other => one.ok_or_else(|| NONE.to_owned()),
                (_, _, Some(day), Some(month)) => Err(contradiction(day, month)),
                (Some(day), _, Some(_), None) | (_, Some(day), None, Some(_)) => Ok(day),
                (Some(_), Some(_), ..) => {
                    Err("may be two days, and nothing in the column tells which: write it as year-month-day".to_owned())
                }
                // In a list, this cell itself would decide for its column.
                (Some(only), None, ..) | (None, Some(only), ..) => {
                    Err(format!("a file of corrections takes a day as year-month-day: write {only}"))
                }
            };
        }
        match month(text) {
            _ if is_of_either_century(text) => {
                Err("the year may be of either century: write the day as year-month-day, such as 2026-11-22".to_owned())
            }
            Some(last) if may_be_month => Ok(last),
            Some(_) => Err("is a month: write the day, such as 2026-11-22".to_owned()),
            None => Err("write the day as year-month-day, such as 2026-11-22".to_owned()),
        }
    }
}

fn contradiction(day: &Witness, month: &Witness) -> String {
    format!(
        "the list contradicts itself: the day is first in line {} (`{}`) and the month in line {} (`{}`): write each \
         day as year-month-day",
        day.line, day.cell, month.line, month.cell
    )
}

/// Year, month and day, which may be no day.
type Numbers = [u32; 3];

fn day([year, month, day]: Numbers) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// A spreadsheet writes a day with its time; at midnight that says nothing more.
fn without_midnight(text: &str) -> &str {
    let Some((day, time)) = text.split_once(['T', ' ']) else { return text };
    let is_midnight = time.trim_end_matches('Z').chars().all(|c| matches!(c, '0' | ':' | '.')) && time.contains(':');
    if is_midnight { day } else { text }
}

/// `2025-08-01`, `2025/08/01`, `20250801`, `01.08.2025`: each has one meaning.
fn plain(text: &str) -> Option<Numbers> {
    for mark in ['-', '/'] {
        if text.find(mark) == Some(4) {
            return numbers(text, mark, [4, 2, 2]);
        }
    }
    if text.len() == 8 && is_digits(text) {
        let (year, rest) = text.split_at(4);
        let (month, day) = rest.split_at(2);
        return Some([year.parse().ok()?, month.parse().ok()?, day.parse().ok()?]);
    }
    let [day, month, year] = numbers(text, '.', [2, 2, 4])?;
    if year < 1000 { None } else { Some([year, month, day]) }
}

/// Three groups of digits, each of so many at most.
fn numbers(text: &str, mark: char, lengths: [usize; 3]) -> Option<Numbers> {
    let groups: Vec<&str> = text.split(mark).collect();
    let fits = groups.len() == 3
        && groups.iter().zip(lengths).all(|(group, most)| (1..=most).contains(&group.len()) && is_digits(group));
    fits.then(|| [0, 1, 2].map(|at| groups[at].parse().unwrap_or(0)))
}

/// `3-Apr-2027`, `3 April 2027`, `Apr 3, 2027`.
fn with_month_name(text: &str) -> Option<Numbers> {
    let parts: Vec<&str> = text.split([' ', '-', ',', '.']).filter(|part| !part.is_empty()).collect();
    let [a, b, year] = parts[..] else { return None };
    let year = Some(year).filter(|year| year.len() == 4 && is_digits(year))?.parse().ok()?;
    let (day, month) = if is_digits(a) { (a, named(b)?) } else { (b, named(a)?) };
    Some([year, month, day.parse().ok()?])
}

/// `03/04/2027`
fn slashed(text: &str) -> Option<Numbers> {
    let text = without_midnight(text.trim());
    if text.rsplit('/').next()?.len() == 4 { numbers(text, '/', [2, 2, 4]) } else { None }
}

/// The last day of `2027-02`, `02/2027` or `Feb-27`, as of a month on a label (GS1 has it as the day 00).
fn month(text: &str) -> Option<NaiveDate> {
    let (a, b) = text.split_once(['-', '/', ' ', '.'])?;
    let year = |text: &str| match text.len() {
        4 if is_digits(text) => text.parse::<i32>().ok(),
        _ => None,
    };
    let (year, month) = if let Some(year) = year(a) {
        (year, b.parse().ok()?)
    } else if let Some(month) = named(a) {
        let short = || Some(b).filter(|b| b.len() == 2 && is_digits(b)).and_then(|b| b.parse::<i32>().ok());
        (year(b).or_else(|| short().map(|short| 2000 + short))?, month)
    } else {
        (year(b)?, Some(a).filter(|a| is_digits(a))?.parse().ok()?)
    };
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    first.checked_add_months(Months::new(1))?.pred_opt().filter(|last| last.year() == year)
}

/// `Jan-99`. No bottle of today has expired before 1950, so a lower number is of this century.
fn is_of_either_century(text: &str) -> bool {
    let parts = text.split_once(['-', '/', ' ', '.']);
    parts.is_some_and(|(month, year)| named(month).is_some() && year.len() == 2 && is_digits(year) && year >= "50")
}

fn named(text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let begins = |month: &str| text.len() >= 3 && text.starts_with(month);
    let german = GERMAN_MONTHS.iter().find(|(name, _)| begins(name)).map(|(_, month)| *month);
    german.or_else(|| u32::try_from(MONTHS.iter().position(|month| begins(month))? + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> Option<String> {
        Days::default().read(cell, true).ok().map(|day| day.to_string())
    }

    #[test]
    fn days_with_one_meaning_are_read_however_they_are_written() {
        for cell in [
            "2025-08-01",
            "2025-08-01 00:00:00",
            "2025-08-01T00:00:00",
            "2025-08-01 00:00:00.000",
            "2025-08-01 00:00",
            "2025/08/01",
            "20250801",
            "01.08.2025",
            "1.8.2025",
            "1-Aug-2025",
            "1 August 2025",
            "Aug 1, 2025",
        ] {
            assert_eq!(read(cell).as_deref(), Some("2025-08-01"), "{cell}");
        }
        for cell in
            ["2025-08-01 10:30", "2025-13-01", "31/04", "tomorrow", "2025-02-30", "1/8/25", "12-2025-01", "08/01/2025"]
        {
            assert_eq!(read(cell), None, "{cell}");
        }
    }

    #[test]
    fn a_day_that_no_calendar_has_is_called_so() {
        for cell in
            ["31.02.2027", "2027-02-31", "2027/02/31 00:00", "20270231", "31-Feb-2027", "31/02/2027", "99/04/2027"]
        {
            assert_eq!(Days::default().read(cell, true).unwrap_err(), "this day does not exist", "{cell}");
        }
    }

    #[test]
    fn a_day_of_one_order_that_a_person_writes_into_corrections_is_refused_with_the_form_that_they_take() {
        for said in [None, Some("2026-04-03")] {
            for cell in ["4/25/2026", "25/4/2026"] {
                let why = Days::said(said).read(cell, false).unwrap_err();
                assert_eq!(why, "a file of corrections takes a day as year-month-day: write 2026-04-25", "{cell}");
            }
            let why = Days::said(said).read("4/5/2026", false).unwrap_err();
            assert!(why.starts_with("may be two days"), "{why}");
        }
    }

    #[test]
    fn a_month_is_its_last_day_where_a_month_may_stand() {
        for cell in ["2027-02", "02/2027", "Feb-27", "Feb 2027", "2/2027"] {
            assert_eq!(read(cell).as_deref(), Some("2027-02-28"), "{cell}");
            assert!(Days::default().read(cell, false).is_err(), "{cell}");
        }
        for cell in ["Dez 2027", "Dezember 2027", "12/2027"] {
            assert_eq!(read(cell).as_deref(), Some("2027-12-31"), "{cell}");
        }
        assert_eq!(
            (read("28-Okt-2025").as_deref(), read("Mär-27").as_deref()),
            (Some("2025-10-28"), Some("2027-03-31"))
        );
        assert_eq!(read("2028-02").as_deref(), Some("2028-02-29"));
    }

    #[test]
    fn the_column_tells_the_day_from_the_month_or_both_are_refused() {
        let of = |column: &[&str]| {
            let mut days = Days::default();
            (2..).zip(column).for_each(|(line, cell)| days.note(line, cell));
            days.read("03/04/2027", true).map(|day| day.to_string())
        };
        assert_eq!(of(&["25/04/2027"]), Ok("2027-04-03".to_owned()));
        assert_eq!(of(&["04/25/2027"]), Ok("2027-03-04".to_owned()));
        assert!(of(&["01/02/2027"]).unwrap_err().starts_with("may be two days"));
        let both = of(&["04/25/2027", "25/04/2027", "26/04/2027"]).unwrap_err();
        assert!(both.contains("the day is first in line 3 (`25/04/2027`) and the month in line 2"), "{both}");
        for none in ["99/04/2027", "04/99/2027", "31/02/2027", "25/00/2027"] {
            assert!(of(&[none]).unwrap_err().starts_with("may be two days"), "{none} says nothing");
            assert_eq!(of(&[none, "04/25/2027"]), Ok("2027-03-04".to_owned()), "{none}");
        }
    }
}
