//! What somebody typed into the search box, read as the catalogue is written: folded, with a number or key freed of
//! what stands around it, and with the texts that it may have been meant to be.

use std::collections::{BTreeSet, HashMap};

use chemistry::{CasNumber, EcNumber, Formula, is_dash};

use super::fold::fold;
use super::numbers::is_heading;
use super::words::{one_slip_away, word_one_slip_away, words_to_find};

/// Texts that a search may have been meant to be.
const MOST_MEANT: usize = 60;
/// Of which all words are looked up, beside the text as a whole.
const MOST_MEANT_BY_WORDS: usize = 4;

pub struct Query {
    /// As it was typed, in lower case.
    pub typed: String,
    /// Folded; empty when there is nothing to look for in it.
    pub key: String,
    /// Terms that are what was asked for: the text itself, its formula in Hill order, the number in it.
    pub exact: Vec<String>,
    /// The longest first.
    pub words: Vec<String>,
}

impl Query {
    pub fn new(q: &str) -> Self {
        let whole = fold(q);
        let key = without_label(&whole).unwrap_or_else(|| whole.clone());
        // A number with its label may be a name, as `EINECS 223-214-8` is.
        let mut exact = BTreeSet::from([key.clone(), whole]);
        // A formula is found however its elements are ordered: NaCl is ClNa in the catalogue.
        exact.extend(q.trim().parse().ok().map(|formula: Formula| fold(formula.as_str())));
        exact.extend(numbers(&key));
        exact.remove("");
        Self { typed: plain(q), words: words_to_find(&key), exact: exact.into_iter().collect(), key }
    }

    /// Whether a name begins with it.
    pub fn begins(&self, name: &str) -> bool {
        fold(name).starts_with(&self.key)
    }

    /// Whether a name has all that it says: then it is no slip.
    pub fn is_in_name(&self, name: &str) -> bool {
        let name = fold(name);
        self.key.split(' ').all(|asked| name.split(' ').any(|word| word == asked))
    }

    /// Whether its words stand in a name, as words or as beginnings of words.
    pub fn begins_words_of(&self, name: &str) -> bool {
        let name = fold(name);
        let has = |asked: &String| name.split(' ').any(|word| word.starts_with(asked.as_str()));
        !self.words.is_empty() && self.words.iter().all(has)
    }

    /// CAS numbers that it may have been meant to be: the check digit leaves few.
    pub fn cas_one_slip_away(&self) -> Vec<String> {
        let digits: String = self.key.split(' ').collect();
        let is_like_one = (4..=11).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_like_one || self.exact.iter().any(|it| it.replace(' ', "-").parse::<CasNumber>().is_ok()) {
            return Vec::new();
        }
        let slips = one_slip_away(&digits, &('0'..='9').collect::<Vec<_>>(), digits.len());
        // Hyphens at the wrong places are a slip, too.
        slips.iter().chain([&digits]).filter_map(|digits| cas(digits)).collect()
    }

    /// The words to try for a slip, as each costs some thousand look-ups: the one that begins no word of the catalogue,
    /// or when all do, the rarest; of two words that are right and that nothing has together, both. None when several
    /// begin no word, as mending one would leave the others.
    pub fn words_to_try(&self, known: &HashMap<String, KnownWord>, found_nothing: bool) -> Vec<&String> {
        let of = |word: &&String| known.get(*word).copied().unwrap_or_default();
        let wrong: Vec<_> = self.words.iter().filter(|word| !of(word).begins(word)).collect();
        match wrong.len() {
            0 => {
                let mut rarest: Vec<_> = self.words.iter().collect();
                rarest.sort_by_key(|word| of(word).chemicals);
                rarest.truncate(if found_nothing && rarest.len() == 2 { 2 } else { 1 });
                rarest
            }
            1 => wrong,
            _ => Vec::new(),
        }
    }

    /// Whether it has several words and knows them all: they are right, and only do not go together.
    pub fn has_known_words(&self, known: &HashMap<String, KnownWord>) -> bool {
        self.words.len() > 1 && self.words.iter().all(|word| known.get(word).is_some_and(|it| it.begins(word)))
    }

    /// The texts that it becomes when one word is taken for another, the likeliest first.
    pub fn meant(&self, corrections: &[Correction]) -> Meant {
        let mut texts: Vec<(i32, String, &Correction)> = corrections
            .iter()
            .map(|it| {
                (
                    it.unlikelihood(),
                    self.key.split(' ').map(|word| it.instead_of(word)).collect::<Vec<_>>().join(" "),
                    it,
                )
            })
            .collect();
        texts.sort_by(|a, b| (a.0, a.1.len(), &a.1).cmp(&(b.0, b.1.len(), &b.1)));
        texts.truncate(MOST_MEANT);
        let words = texts.iter().take(MOST_MEANT_BY_WORDS);
        let words =
            words.map(|(_, _, it)| self.words.iter().map(|word| it.instead_of(word)).collect::<Vec<_>>().join(" "));
        Meant {
            words: words.collect(),
            unlikelihoods: texts.iter().map(|(unlikelihood, ..)| *unlikelihood).collect(),
            keys: texts.into_iter().map(|(_, key, _)| key).collect(),
            cas: self.cas_one_slip_away(),
        }
    }
}

/// What the catalogue has of a word.
#[derive(Clone, Copy, Default)]
pub struct KnownWord {
    /// How many have it, up to 100.
    pub chemicals: i64,
    /// With how many of its letters some word of the catalogue begins.
    pub letters: i64,
}

impl KnownWord {
    fn begins(self, word: &str) -> bool {
        usize::try_from(self.letters).is_ok_and(|letters| letters >= word.chars().count())
    }
}

/// What a search may have been meant to be.
#[derive(Default)]
pub struct Meant {
    pub keys: Vec<String>,
    /// Of each key: the greater, the less likely.
    pub unlikelihoods: Vec<i32>,
    /// The words of the likeliest, those of one text in a row.
    pub words: Vec<String>,
    /// Valid CAS numbers, when it is none itself.
    pub cas: Vec<String>,
}

impl Meant {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.cas.is_empty()
    }
}

/// A word of the catalogue for one that was typed.
pub struct Correction<'a> {
    pub typed: &'a str,
    pub meant: String,
}

impl Correction<'_> {
    fn instead_of<'a>(&'a self, word: &'a str) -> &'a str {
        if word == self.typed { &self.meant } else { word }
    }

    /// The first letter is the one that people get right, and a word that is whole is likelier than the beginning of
    /// one.
    fn unlikelihood(&self) -> i32 {
        let begins_otherwise = self.typed.chars().next() != self.meant.chars().next();
        let is_unfinished = self.meant.chars().count() > self.typed.chars().count() + 1;
        i32::from(begins_otherwise) + 2 * i32::from(is_unfinished)
    }
}

/// All slips of this word that the catalogue may have.
pub fn slips_of(word: &str, known: &HashMap<String, KnownWord>) -> Vec<String> {
    let letters = known.get(word).and_then(|it| usize::try_from(it.letters).ok()).unwrap_or_default();
    word_one_slip_away(word, letters).into_iter().collect()
}

/// In lower case, with plain dashes and primes: what tells two names apart that are folded alike.
fn plain(q: &str) -> String {
    let letters = q.trim().chars().map(|c| match c {
        _ if is_dash(c) => '-',
        '\u{2032}' | '\u{2019}' | '\u{2bc}' => '\'',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    letters.collect::<String>().to_lowercase()
}

/// The number of `CAS 64-17-5`, `CAS-Nr. 64-17-5` and `EC: 200-578-6`, and the key of `InChIKey=...`.
fn without_label(folded: &str) -> Option<String> {
    let words: Vec<_> = folded.split(' ').collect();
    let (heading, rest) =
        (1..words.len()).rev().map(|at| words.split_at(at)).find(|(heading, _)| is_heading(&heading.concat()))?;
    let is_number = rest.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    (is_number || heading[0].starts_with("inchi")).then(|| rest.join(" "))
}

/// The numbers that digits without hyphens are, if they are any.
fn numbers(key: &str) -> impl Iterator<Item = String> + use<> {
    let ec = match (key.get(..3), key.get(3..6), key.get(6..)) {
        (Some(a), Some(b), Some(c)) if c.len() == 1 => format!("{a}-{b}-{c}").parse::<EcNumber>().ok(),
        _ => None,
    };
    cas(key).into_iter().chain(ec.map(|ec| fold(ec.as_str())))
}

/// Folded, if it is one.
fn cas(digits: &str) -> Option<String> {
    let (rest, check) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    let (first, second) = rest.split_at_checked(rest.len().checked_sub(2)?)?;
    let cas = format!("{first}-{second}-{check}").parse::<CasNumber>().ok()?;
    Some(fold(cas.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(q: &str) -> Vec<String> {
        Query::new(q).exact
    }

    #[test]
    fn a_number_is_found_in_what_stands_around_it() {
        for q in [
            "64-17-5",
            "64‑17‑5",
            "64–17—5",
            "64−17-5",
            "64175",
            "CAS 64-17-5",
            "CAS: 64-17-5",
            "CAS-Nr. 64-17-5",
            "CAS No. 64175",
            "cas rn 64-17-5",
            "CAS#64-17-5",
            "CASRN 64-17-5",
            "CAS Number: 64-17-5",
        ] {
            assert!(exact(q).contains(&"64 17 5".to_owned()), "{q}: {:?}", exact(q));
        }
        for q in ["200-578-6", "2005786", "EC 200-578-6", "EC-No. 200‑578‑6", "EINECS: 200-578-6", "EC 2005786"] {
            assert!(exact(q).contains(&"200 578 6".to_owned()), "{q}: {:?}", exact(q));
        }
        for q in [
            "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
            "InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
            "InChI Key: lfqscwfljhtthz-uhfffaoysa-n",
        ] {
            assert!(exact(q).contains(&"lfqscwfljhtthz uhfffaoysa n".to_owned()), "{q}");
        }
        // A name that begins so is a name.
        assert_eq!(exact("CAS buffer"), ["cas buffer"]);
        assert_eq!(exact("64176"), ["64176"], "the check digit is wrong");
    }

    #[test]
    fn a_mistyped_cas_number_has_few_valid_neighbours_and_the_meant_one_is_among_them() {
        for typed in ["64-17-6", "46-17-5", "64 17 55", "641-7-5", "64176"] {
            let meant = Query::new(typed).cas_one_slip_away();
            assert!(meant.len() < 30 && meant.contains(&"64 17 5".to_owned()), "{typed}: {meant:?}");
        }
        for typed in ["64-17-5", "acetone", "64-17-x"] {
            assert!(Query::new(typed).cas_one_slip_away().is_empty(), "{typed}");
        }
    }

    #[test]
    fn the_one_unknown_word_is_tried_or_the_rarest_of_known_ones_or_both_of_two_and_none_when_several_are_unknown() {
        let word = |word: &str, chemicals| {
            (word.to_owned(), KnownWord { chemicals, letters: i64::try_from(word.len()).unwrap() })
        };
        let mut known = HashMap::from([word("sodium", 50), word("acid", 100), word("diethylaluminium", 3)]);
        known.insert("chloirde".to_owned(), KnownWord { chemicals: 0, letters: 5 });
        let tried = |q: &str, found_nothing| {
            Query::new(q).words_to_try(&known, found_nothing).into_iter().cloned().collect::<Vec<_>>()
        };
        for found_nothing in [false, true] {
            assert_eq!(tried("diethylaluminium chloirde acid", found_nothing), ["chloirde"]);
            assert!(tried("sodum chloirde", found_nothing).is_empty());
        }
        assert_eq!(tried("sodium acid diethylaluminium", false), ["diethylaluminium"]);
        assert_eq!(tried("sodium acid diethylaluminium", true), ["diethylaluminium"]);
        assert_eq!(tried("sodium acid", true), ["sodium", "acid"]);
        assert!(Query::new("sodium acid").has_known_words(&known));
        assert!(!Query::new("sodium chloirde").has_known_words(&known));
        assert!(!Query::new("sodium").has_known_words(&known), "it may be unfinished");
    }

    #[test]
    fn a_search_was_meant_as_it_is_with_one_word_for_another() {
        let query = Query::new("Sodium bromdie");
        let corrections = ["aromdie", "bromdiester", "bromide"];
        let corrections = corrections.map(|meant| Correction { typed: "bromdie", meant: meant.to_owned() });
        let meant = query.meant(&corrections);
        assert_eq!(meant.keys, ["sodium bromide", "sodium aromdie", "sodium bromdiester"]);
        assert_eq!(meant.words, ["bromide sodium", "aromdie sodium", "bromdiester sodium"]);
    }
}
