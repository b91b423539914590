//! CAS numbers that a spreadsheet took for dates.

/// A date with its time of day, as data frames and spreadsheets write it: `00:00:00`, `T00:00:00.000Z`, `0:00`,
/// `12:00:00 AM`.
pub fn without_midnight(text: &str) -> &str {
    let of_12_hours = text.strip_suffix(" AM");
    let Some((date, time)) = of_12_hours.unwrap_or(text).rsplit_once(['T', ' ']) else { return text };
    let zeros = if of_12_hours.is_some() { time.strip_prefix("12") } else { Some(time.trim_end_matches('Z')) };
    let is_midnight = |time: &str| time.contains(':') && time.chars().all(|c| matches!(c, '0' | ':' | '.'));
    if zeros.is_some_and(is_midnight) { date.trim_end() } else { text }
}

/// A spreadsheet takes a number such as 7440-09-7 for year, month and day, and shows the day as its locale has it:
///
/// - the year first: then month and day follow, everywhere;
/// - the year last, with points: then the day comes first, everywhere;
/// - the year last, with another separator: month or day comes first, and the text does not say which.
///
/// A year of two digits has lost the rest of the number (7440 is shown as 40), so nothing is read there.
pub fn date(first: &str, second: &str, third: &str, has_points: bool) -> Vec<String> {
    let (year, orders) = match (first.len() > 2, third.len() > 2) {
        (true, false) => (first, vec![(second, third)]),
        (false, true) if has_points => (third, vec![(second, first)]),
        (false, true) => (third, vec![(first, second), (second, first)]),
        _ => return vec![],
    };
    let mut registries = vec![year];
    // The spreadsheet gave a registry of two digits its century. The lowest is 50.
    let short = year.strip_prefix("19").or_else(|| year.strip_prefix("20"));
    registries.extend(short.filter(|registry| registry.len() == 2 && *registry >= "50"));
    let days = orders.into_iter().filter_map(|(month, day)| Some((up_to(12, month)?, up_to(9, day)?)));
    days.flat_map(|(month, day)| registries.iter().map(move |registry| format!("{registry}-{month:02}-{day}")))
        .collect()
}

fn up_to(most: u8, group: &str) -> Option<u8> {
    group.parse().ok().filter(|number| (1..=most).contains(number))
}

#[cfg(test)]
mod tests {
    use super::super::{
        cas::CasNumber,
        cas_repair::{propose, readings},
    };

    fn repaired(dirty: &str) -> Option<String> {
        propose(dirty).map(String::from)
    }

    #[test]
    fn the_date_that_a_spreadsheet_made_is_turned_back() {
        for dirty in [
            "9/7/7440",
            "7/9/7440",
            "07.09.7440",
            "7440-09-07",
            "7440/9/7",
            "7440-09-07 00:00:00",
            "7440-09-07T00:00:00",
            "7440-09-07T00:00:00.000Z",
            "9/7/7440 0:00",
            "9/7/7440 12:00:00 AM",
            "CAS 7440-09-07 00:00:00",
            "07-09-7440",
            "9-7-7440",
            "7.9.7440",
            "7440.09.07",
            "7440-9-07",
            "7440/09/7",
        ] {
            assert_eq!(repaired(dirty).as_deref(), Some("7440-09-7"), "{dirty}");
        }
        for dirty in ["9/2/1975", "2/9/1975", "02.09.1975", "02-09-1975", "1975-09-02", "1975/9/2", "2075-09-02"] {
            assert_eq!(repaired(dirty).as_deref(), Some("75-09-2"), "{dirty}");
        }
    }

    /// Numbers that a spreadsheet takes for a date, in each form in which it shows one.
    #[test]
    fn no_form_of_a_date_becomes_another_number_than_the_one_that_was_typed() {
        let mut turned_back = 0;
        for registry in (50..=99).chain((1900..=9999).step_by(7)) {
            let year = if registry < 100 { 1900 + registry } else { registry };
            for (month, day) in (1..=12).flat_map(|month| (1..=9).map(move |day| (month, day))) {
                let Ok(typed) = format!("{registry}-{month:02}-{day}").parse::<CasNumber>() else { continue };
                let certain = [
                    format!("{year}-{month:02}-{day:02}"),
                    format!("{year}-{month:02}-{day:02} 00:00:00"),
                    format!("{year}/{month}/{day}"),
                    format!("{day:02}.{month:02}.{year}"),
                ];
                for text in certain {
                    assert_eq!(propose(&text).as_ref(), Some(&typed), "{text}");
                }
                let either_order = [
                    format!("{month}/{day}/{year}"),
                    format!("{day:02}/{month:02}/{year}"),
                    format!("{day:02}-{month:02}-{year}"),
                ];
                for text in either_order {
                    assert!(propose(&text).is_none_or(|found| found == typed), "{text}");
                    assert!(readings(&text).contains(&typed), "{text}");
                    turned_back += usize::from(propose(&text).is_some());
                }
                for text in [format!("{month}/{day}/{:02}", year % 100), format!("{day}.{month}.{:02}", year % 100)] {
                    assert_eq!(propose(&text), None, "{text}");
                }
            }
        }
        assert!(turned_back > 25_000, "{turned_back}");
    }

    #[test]
    fn a_date_with_the_year_first_has_its_month_second() {
        // 1966-02-5 has a right check digit, and no spreadsheet shows it as a date of May.
        assert!("1966-02-5".parse::<CasNumber>().is_ok() && "1966-05-2".parse::<CasNumber>().is_err());
        for dirty in ["1966-05-02", "1966/5/2", "1966-05-02 00:00:00", "1966-5-2", "02.05.1966"] {
            assert_eq!(repaired(dirty), None, "{dirty}");
        }
        assert_eq!(repaired("1966-02-05").as_deref(), Some("1966-02-5"));
        // Here both have one: the order of the text decides.
        assert_eq!(repaired("3009-06-01").as_deref(), Some("3009-06-1"));
        assert_eq!(repaired("3009-01-06").as_deref(), Some("3009-01-6"));
        assert_eq!(repaired("06.01.3009").as_deref(), Some("3009-01-6"));
    }
}
