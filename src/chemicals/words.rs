//! How text is searched for: by the words in it, and by what a word may have been before a slip of the finger. What is
//! asked for is spelled out, so that an index answers: that costs the same in any catalogue.

use std::collections::BTreeSet;

use crate::chemistry::CasNumber;

/// Shorter words have too many neighbours.
const SHORTEST_TO_SLIP: usize = 4;
const LONGEST_TO_SLIP: usize = 40;
const LONGEST: usize = 60;
/// Words of a search that count; the longest, as they tell most.
const MOST_WORDS: usize = 4;
/// Two ways to write one sound: sulphur and sulfur, haem and heme, oestradiol and estradiol.
const SPELLINGS: [(&str, &str); 3] = [("ph", "f"), ("ae", "e"), ("oe", "e")];

/// The words of a name, as they are kept: an index entry has its limits.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    let words = parts.filter(|part| part.chars().count() >= 3 && part.chars().any(char::is_alphabetic));
    words.map(|word| word.to_lowercase().chars().take(LONGEST).collect())
}

/// Those of a search.
pub fn words_of(search: &str) -> Vec<String> {
    let unique: BTreeSet<String> = words(search).collect();
    let mut words: Vec<String> = unique.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.truncate(MOST_WORDS);
    words
}

/// What a search may have been meant to be.
pub struct Slips {
    pub slips: Vec<String>,
    /// Of which word each of them is, counted from 1.
    pub slip_of: Vec<i32>,
    /// Valid CAS numbers, when it is none itself.
    pub cas: Vec<String>,
}

impl Slips {
    pub fn new(search: &str, words: &[String]) -> Self {
        let of_word =
            |(n, word): (i32, &String)| one_slip_away(word, &lower_case()).into_iter().map(move |slip| (slip, n));
        let (slips, slip_of) = (1..).zip(words).flat_map(of_word).unzip();
        Self { slips, slip_of, cas: cas_one_slip_away(search) }
    }
}

/// A label on a bottle, mistyped: its code or lot in upper case.
pub fn labels_one_slip_away(text: &str) -> Vec<String> {
    one_slip_away(&text.to_uppercase(), &('0'..='9').chain('A'..='Z').collect::<Vec<_>>()).into_iter().collect()
}

/// The check digit leaves few.
fn cas_one_slip_away(text: &str) -> Vec<String> {
    let is_like_one = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && text.contains('-');
    if !is_like_one || text.parse::<CasNumber>().is_ok() {
        return Vec::new();
    }
    let digits: Vec<char> = ('0'..='9').collect();
    one_slip_away(text, &digits).into_iter().filter(|slip| slip.parse::<CasNumber>().is_ok()).collect()
}

fn lower_case() -> Vec<char> {
    ('0'..='9').chain('a'..='z').collect()
}

/// All that is one letter left out, put in, or taken for another away, two letters swapped, or one sound spelled
/// otherwise. (P. Norvig, How to Write a Spelling Corrector)
fn one_slip_away(word: &str, alphabet: &[char]) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    if !(SHORTEST_TO_SLIP..=LONGEST_TO_SLIP).contains(&letters.len()) {
        return BTreeSet::new();
    }
    let mut slips = BTreeSet::new();
    for at in 0..=letters.len() {
        let (before, after) = letters.split_at(at);
        let mut put = |middle: &[char], rest: &[char]| {
            slips.insert([before, middle, rest].concat().into_iter().collect::<String>());
        };
        for letter in alphabet {
            put(&[*letter], after);
            if let [_, rest @ ..] = after {
                put(&[*letter], rest);
            }
        }
        if let [_, rest @ ..] = after {
            put(&[], rest);
        }
        if let [first, second, rest @ ..] = after {
            put(&[*second, *first], rest);
        }
    }
    for (one, other) in SPELLINGS {
        slips.extend(word.match_indices(one).map(|(at, _)| replaced(word, at, one, other)));
        slips.extend(word.match_indices(other).map(|(at, _)| replaced(word, at, other, one)));
    }
    slips.remove(word);
    slips
}

fn replaced(word: &str, at: usize, old: &str, new: &str) -> String {
    format!("{}{new}{}", &word[..at], &word[at + old.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_stands_between_other_characters_and_has_a_letter() {
        let found: Vec<_> = words("N,N-Dimethyl-Formamide 99.9% (2-methylpropan-1-ol)").collect();
        assert_eq!(found, ["dimethyl", "formamide", "methylpropan"]);
        assert_eq!(words("64-17-5").count(), 0);
    }

    #[test]
    fn a_slip_is_one_letter_more_or_less_or_another_or_two_swapped() {
        let slips = Slips::new("etanol", &words_of("etanol")).slips;
        for meant in ["ethanol", "etano", "ethnol", "teanol"] {
            assert_eq!(slips.iter().filter(|slip| *slip == meant).count(), 1, "{meant}");
        }
        for far in ["etanol", "methanol", "ethanal"] {
            assert!(!slips.contains(&far.to_owned()), "{far}");
        }
    }

    #[test]
    fn british_and_american_spelling_are_one_slip_apart() {
        for (one, other) in
            [("sulphuric", "sulfuric"), ("haem", "hem"), ("estradiol", "oestradiol"), ("caesium", "cesium")]
        {
            assert!(one_slip_away(one, &lower_case()).contains(other), "{one}");
        }
    }

    #[test]
    fn a_mistyped_cas_number_has_few_valid_neighbours_and_the_meant_one_is_among_them() {
        let meant = cas_one_slip_away("64-17-6");
        assert!(meant.contains(&"64-17-5".to_owned()) && meant.len() < 30, "{meant:?}");
        assert!(cas_one_slip_away("64-17-5").is_empty());
    }

    #[test]
    fn short_words_and_very_long_ones_are_taken_as_they_stand() {
        assert!(one_slip_away("thf", &lower_case()).is_empty());
        assert!(one_slip_away(&"x".repeat(41), &lower_case()).is_empty());
    }
}
