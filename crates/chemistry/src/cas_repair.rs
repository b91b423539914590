//! Repair of CAS numbers that a spreadsheet, a copy or a label spoiled.
//!
//! Every rule only proposes: the text must show the damage (it became a date, or its separators are missing or
//! wrong), the check digit must prove the proposal, and of two proven readings none is proposed: both
//! are told. A text that has the shape of a CAS number shows no damage: one of its digits is wrong, and which,
//! only the label says. One number in ten passes the check digit, so a guess would name another
//! substance.

use std::collections::BTreeSet;

use super::{
    cas::CasNumber,
    cas_date::{date, without_midnight},
    text::{is_digits, with_plain_hyphens},
};

/// The longest cell worth looking at; a number with its label and a time of day is far shorter.
const MAX_LENGTH: usize = 128;

/// The one CAS number that `dirty` can stand for, if there is exactly one.
///
/// Repairs a label before the number (`CAS: 64-17-5`, `RN51-43-4`), missing hyphens (`64175`, also
/// padded with zeros as registers do), a lost zero (`7440-9-7`), and the date that a spreadsheet
/// made of it (`9/7/7440`, `7440-09-07 00:00:00`, `9/2/1975` for 75-09-2).
pub fn propose(dirty: &str) -> Option<CasNumber> {
    let mut proven = readings(dirty);
    if proven.len() == 1 { proven.pop_first() } else { None }
}

/// What to add to the refusal of `dirty`: the number that it must have been, or all that it may have been.
pub fn hint(dirty: &str) -> Option<String> {
    let proven: Vec<_> = readings(dirty).into_iter().map(String::from).collect();
    match &proven[..] {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        several => Some(format!("it may be {}: look at the label", several.join(" or "))),
    }
}

/// Every CAS number that `dirty` can stand for.
pub(super) fn readings(dirty: &str) -> BTreeSet<CasNumber> {
    if dirty.len() > MAX_LENGTH {
        return BTreeSet::new();
    }
    let text = with_plain_hyphens(dirty);
    let complete = complete_numbers(&text);
    if !complete.is_empty() {
        return if complete.len() == 1 && says_more(&text) { BTreeSet::new() } else { complete };
    }
    let bare = without_label(without_midnight(&text));
    let groups: Vec<&str> = bare.split(['-', '/', '.', ' ']).collect();
    if !groups.iter().all(|group| is_digits(group)) {
        return BTreeSet::new();
    }
    let found = match groups[..] {
        [digits] => missing_hyphens(digits).into_iter().collect(),
        [a, b, c] if bare.contains(['/', '.']) => date(a, b, c, bare.contains('.')),
        [_, b, c] if b.len() == 2 && c.len() == 1 => vec![],
        [a, b, c] => [date(a, b, c, false), lost_zero(a, b, c)].concat(),
        _ => vec![],
    };
    found.iter().filter_map(|reading| reading.parse().ok()).collect()
}

/// Valid numbers that stand in a text beside other things: `ethanol (64-17-5)`.
pub fn numbers_in(text: &str) -> BTreeSet<CasNumber> {
    complete_numbers(&with_plain_hyphens(text))
}

/// Valid numbers that stand alone in the text. A run of digits and hyphens is taken whole, so that
/// the Annex VI index number 603-002-00-5 is not searched for the 002-00-5 in it.
fn complete_numbers(text: &str) -> BTreeSet<CasNumber> {
    runs(text).filter_map(|run| run.parse().ok()).collect()
}

/// Of digits and hyphens.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '-' && !c.is_ascii_digit()).map(|run| run.trim_matches('-'))
}

/// Whether there is more beside the numbers than a label: words may say that it is not this one (`not 67-64-1`,
/// `polymer of 100-42-5`), and so may a number that is damaged.
fn says_more(text: &str) -> bool {
    let has_damaged = runs(text).any(|run| run.contains('-') && run.parse::<CasNumber>().is_err());
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    has_damaged || !words.all(|word| is_label(&word.to_ascii_lowercase()))
}

fn is_label(word: &str) -> bool {
    matches!(word, "cas" | "casrn" | "rn" | "no" | "nr" | "number")
}

/// Takes `CAS`, `CAS RN:`, `CAS-No.`, `RN` or `#` off. Other letters stay, because a supplier's
/// article number has them too, and one in ten of those would pass as a CAS number.
fn without_label(text: &str) -> &str {
    let number = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || " .:#-".contains(c));
    let label = text[..text.len() - number.len()].to_ascii_lowercase();
    if label.split([' ', '.', ':', '#', '-']).all(|word| word.is_empty() || is_label(word)) {
        number.trim_end()
    } else {
        text
    }
}

/// `64175`, also padded with zeros to nine or ten digits as registers do.
fn missing_hyphens(digits: &str) -> Option<String> {
    let digits = digits.trim_start_matches('0');
    let (rest, check) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    let (registry, middle) = rest.split_at_checked(rest.len().checked_sub(2)?)?;
    Some(format!("{registry}-{middle}-{check}"))
}

/// `7440-9-7`: a cell that was a number for a while.
fn lost_zero(registry: &str, middle: &str, check: &str) -> Vec<String> {
    if middle.len() == 1 && !registry.starts_with('0') { vec![format!("{registry}-0{middle}-{check}")] } else { vec![] }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repaired(dirty: &str) -> Option<String> {
        propose(dirty).map(String::from)
    }

    #[test]
    fn each_known_damage_is_repaired() {
        for (dirty, cas) in [
            ("64-17-5", "64-17-5"),
            ("64–17–5", "64-17-5"),
            ("CAS: 64-17-5", "64-17-5"),
            ("CAS-No. 64-17-5", "64-17-5"),
            ("CAS RN 64175", "64-17-5"),
            ("RN51-43-4", "51-43-4"),
            ("64-17-5 / 64-17-5", "64-17-5"),
            ("64175", "64-17-5"),
            ("0000064175", "64-17-5"),
            ("7440-9-7", "7440-09-7"),
            ("64-17-5 1", "64-17-5"),
            ("64-17-5)", "64-17-5"),
            ("64-17-5¹", "64-17-5"),
        ] {
            assert_eq!(repaired(dirty).as_deref(), Some(cas), "{dirty}");
        }
    }

    #[test]
    fn what_cannot_be_proven_stays_unrepaired() {
        for dirty in [
            "",
            "ethanol",
            "64-17-6",
            "064-17-5",
            "000064-17-5",
            "64-17-51",
            "102-02-1",
            "10026-07-4",
            "64176",
            "603-002-00-5",
            "200-578-6",
            "64-17-5 and 67-56-1",
            "Ethanol (64-17-5), puriss.",
            "not 67-64-1",
            "polymer of 100-42-5",
            "d6 analogue of 67-64-1",
            "67-64-1, 99-99-9",
            "67-64-1 in 64-17-6",
            "12",
            "0",
            "9/17/7440",
            "9/7/40",
            "9/2/75",
            "75-09-02",
            "7440-09-07 10:30",
            "7440-28-05",
            "31/31/7440",
            "64-17-5-3",
            "1L 64-17",
            "+49 64 175",
            "64,175",
            "A64175",
            "Art. 64175",
        ] {
            assert_eq!(repaired(dirty), None, "{dirty}");
        }
    }

    #[test]
    fn two_proven_readings_are_both_told_and_none_is_taken() {
        // Month and day of this date may change places, and either way the check digit is right.
        for reading in ["3009-06-1", "3009-01-6"] {
            assert!(reading.parse::<CasNumber>().is_ok(), "{reading}");
        }
        assert_eq!(repaired("1/6/3009"), None);
        assert_eq!(hint("1/6/3009").as_deref(), Some("it may be 3009-01-6 or 3009-06-1: look at the label"));
        let two = hint("64-17-5 and 67-56-1");
        assert_eq!(two.as_deref(), Some("it may be 64-17-5 or 67-56-1: look at the label"));
        assert_eq!((hint("64175").as_deref(), hint("64176")), (Some("did you mean 64-17-5?"), None));
    }

    /// Each digit of each number changed to each other one, and each two neighbours swapped.
    #[test]
    fn no_slip_of_a_finger_in_a_well_formed_number_gets_a_proposal() {
        let library = include_str!("../tests/data/identifiers/identifiers_pubchem_small.tsv");
        let mut tried = 0;
        for cas in library.lines().filter_map(|line| line.split('\t').nth(1)).filter(|cas| !cas.is_empty()) {
            let right: Vec<char> = cas.chars().collect();
            let mut slips = Vec::new();
            for at in (0..right.len()).filter(|at| right[*at] != '-') {
                slips.extend(('0'..='9').map(|digit| (at, digit)).map(|(at, digit)| {
                    let mut slip = right.clone();
                    slip[at] = digit;
                    slip
                }));
                let next = at + 1 + usize::from(right.get(at + 1) == Some(&'-'));
                if next < right.len() {
                    let mut slip = right.clone();
                    slip.swap(at, next);
                    slips.push(slip);
                }
            }
            for slip in slips.into_iter().map(String::from_iter).filter(|slip| slip.parse::<CasNumber>().is_err()) {
                assert_eq!(propose(&slip), None, "{slip} for {cas}");
                tried += 1;
            }
        }
        assert!(tried > 90_000, "{tried}");
    }

    proptest! {
        #[test]
        fn a_valid_number_survives_the_loss_of_its_hyphens_and_a_label(registry in 10_u32..10_000_000, middle in 0..100_u32) {
            let cas = (0..10).find_map(|check| format!("{registry}-{middle:02}-{check}").parse::<CasNumber>().ok()).unwrap();
            prop_assert_eq!(propose(&cas.as_str().replace('-', "")), Some(cas.clone()));
            prop_assert_eq!(propose(&format!("CAS RN: {cas}")), Some(cas));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in "\\PC*", number in "[0-9/. –-]{0,16}") {
            let _ = (propose(&text), propose(&number));
        }
    }
}
