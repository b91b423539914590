//! The words of a name, and what a word may have been before a slip of the finger. Slips are spelled out, so that an
//! index answers: that costs the same in any catalogue.

use std::collections::BTreeSet;

use super::fold::fold;

/// A shorter word has too many neighbours.
const SHORTEST_TO_SLIP: usize = 3;
const LONGEST_TO_SLIP: usize = 40;
const LONGEST: usize = 60;
/// Words of a search that count; the longest, as they tell most.
const MOST_WORDS: usize = 4;
/// Two ways to write one sound: sulphur and sulfur, haem and heme, oestradiol and estradiol.
const SPELLINGS: [(&str, &str); 3] = [("ph", "f"), ("ae", "e"), ("oe", "e")];

/// The words of a name, as they are kept: an index entry has its limits.
pub fn words(text: &str) -> BTreeSet<String> {
    words_of_folded(&fold(text))
}

/// Three characters or more, one of them a letter.
pub fn words_of_folded(folded: &str) -> BTreeSet<String> {
    let parts = folded.split(' ');
    let words = parts.filter(|part| part.chars().count() >= 3 && part.chars().any(char::is_alphabetic));
    words.map(|word| word.chars().take(LONGEST).collect()).collect()
}

/// Those of a search.
pub fn words_to_find(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = words_of_folded(folded).into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.truncate(MOST_WORDS);
    words
}

/// A label on a bottle, mistyped: its code or lot in upper case.
pub fn labels_one_slip_away(text: &str) -> Vec<String> {
    let long_enough = text.chars().count() > SHORTEST_TO_SLIP;
    let alphabet: Vec<char> = ('0'..='9').chain('A'..='Z').collect();
    let text = text.to_uppercase();
    if long_enough { one_slip_away(&text, &alphabet, text.len()).into_iter().collect() } else { Vec::new() }
}

/// What a word may have been meant to be, when words are known that begin with so many letters of it, and none with
/// more.
pub fn word_one_slip_away(word: &str, known: usize) -> BTreeSet<String> {
    let mut alphabet: BTreeSet<char> = ('a'..='z').chain(word.chars()).collect();
    if word.chars().any(|c| c.is_ascii_digit()) {
        alphabet.extend('0'..='9');
    }
    one_slip_away(word, &alphabet.into_iter().collect::<Vec<_>>(), known)
}

/// All that is one letter left out, put in, or taken for another away, two letters swapped, or one sound spelled
/// otherwise. (P. Norvig, How to Write a Spelling Corrector) A slip leaves the letters before it as they are, so none
/// is behind those that the word may begin with.
pub fn one_slip_away(word: &str, alphabet: &[char], known: usize) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    if !(SHORTEST_TO_SLIP..=LONGEST_TO_SLIP).contains(&letters.len()) {
        return BTreeSet::new();
    }
    let mut slips = BTreeSet::new();
    for at in 0..=letters.len().min(known) {
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
        let found: Vec<_> = words("N,N-Dimethyl-Formamide 99.9% (2-methylpropan-1-ol)").into_iter().collect();
        assert_eq!(found, ["dimethyl", "formamide", "methylpropan"]);
        assert!(words("64-17-5").is_empty());
    }

    #[test]
    fn a_slip_is_one_letter_more_or_less_or_another_or_two_swapped() {
        let slips = word_one_slip_away("etanol", 6);
        for meant in ["ethanol", "etano", "ethnol", "teanol"] {
            assert!(slips.contains(meant), "{meant}");
        }
        for far in ["etanol", "methanol", "ethanal"] {
            assert!(!slips.contains(far), "{far}");
        }
    }

    #[test]
    fn a_slip_is_not_behind_the_letters_that_some_word_begins_with() {
        let slips = word_one_slip_away("chloirde", 5);
        assert!(slips.contains("chloride") && slips.contains("cloirde"));
        assert!(!slips.contains("chloirdes") && slips.len() < word_one_slip_away("chloirde", 8).len() * 3 / 4);
    }

    #[test]
    fn british_and_american_spelling_are_one_slip_apart() {
        for (one, other) in
            [("sulphuric", "sulfuric"), ("haem", "hem"), ("estradiol", "oestradiol"), ("caesium", "cesium")]
        {
            assert!(word_one_slip_away(one, one.len()).contains(other), "{one}");
        }
    }

    #[test]
    fn a_word_of_two_letters_and_a_very_long_one_are_taken_as_they_stand() {
        assert!(word_one_slip_away("hf", 2).is_empty());
        assert!(word_one_slip_away(&"x".repeat(41), 41).is_empty());
        assert!(labels_one_slip_away("A12").is_empty());
    }
}
