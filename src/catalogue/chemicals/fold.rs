//! One normal form for names, so that what looks or sounds alike to a chemist is one text: the words of it, in lower
//! case, a space between them. `4,4′-Bipyridine`, `4,4'-bipyridine` and `4,4`-`bipyridine` with any dash are `4 4
//! bipyridine`; `α-Pinene`, `.alpha.-pinene` and `alpha-pinene` are `alpha pinene`. Terms are kept in it, and searches
//! are brought into it.

use unicode_normalization::UnicodeNormalization as _;

use crate::base::text::is_hidden;

/// The words of a text, as the search knows them.
pub fn fold(text: &str) -> String {
    let lower = text.nfkd().filter(|c| !is_hidden(*c)).flat_map(char::to_lowercase);
    let letters: Vec<char> = lower.nfkd().filter(|c| !is_accent(*c)).collect();
    let mut folded = String::with_capacity(text.len());
    let mut between = false;
    for (at, &letter) in letters.iter().enumerate() {
        if !(letter.is_alphanumeric() || unicode_normalization::char::is_combining_mark(letter)) {
            between = !folded.is_empty();
            continue;
        }
        if between {
            folded.push(' ');
            between = false;
        }
        let alone = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_none_or(|c| greek(*c).is_none());
        match (greek(letter), spelled(letter)) {
            // A letter among letters of its own script belongs to a word.
            (Some(name), _) if alone(at.checked_sub(1)) && alone(Some(at + 1)) => folded.push_str(name),
            (_, Some(spelled)) => folded.push_str(spelled),
            _ => folded.push(letter),
        }
    }
    // Scripts whose syllables came apart are put together again.
    folded.nfc().collect()
}

/// How else a folded name is typed: with a Latin letter for the Greek one. `a pinene` for `alpha pinene`.
pub fn with_latin_letters(folded: &str) -> Option<String> {
    let latin = |word| match word {
        "alpha" => "a",
        "beta" => "b",
        "gamma" => "g",
        "delta" => "d",
        "epsilon" => "e",
        "omega" => "w",
        other => other,
    };
    let typed = folded.split(' ').map(latin).collect::<Vec<_>>().join(" ");
    (typed != folded).then_some(typed)
}

pub(super) fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Letters that no decomposition takes apart.
pub(super) fn spelled(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

pub(super) fn greek(letter: char) -> Option<&'static str> {
    Some(match letter {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'ζ' => "zeta",
        'η' => "eta",
        'θ' => "theta",
        'ι' => "iota",
        'κ' => "kappa",
        'λ' => "lambda",
        'μ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'ο' => "omicron",
        'π' => "pi",
        'ρ' => "rho",
        'σ' | 'ς' => "sigma",
        'τ' => "tau",
        'υ' => "upsilon",
        'φ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_alike_is_one_text() {
        for (folded, alike) in [
            ("alpha pinene", &["α-Pinene", "alpha-pinene", ".alpha.-Pinene", "Α\u{2011}PINENE", "α\u{a0}pinene"][..]),
            (
                "4 4 bipyridine",
                &["4,4'-bipyridine", "4,4′-Bipyridine", "4,4’\u{2010}bipyridine", "4,4\u{2009}‑bipyridine"],
            ),
            ("1 1 oxybis", &["1,1''-oxybis", "1,1″-oxybis-", "1,1\"-oxybis"]),
            ("n n dimethylformamide", &["N,N-dimethylformamide", "N,N‑Dimethylformamide", "Ｎ，Ｎ－dimethylformamide"]),
            ("h2so4", &["H₂SO₄", "H2SO4", "Ｈ２ＳＯ４"]),
            ("fe3", &["Fe³⁺", "Fe3+", "FE₃"]),
            ("schwefelsaure", &["Schwefelsäure", "SCHWEFELSA\u{308}URE", "schwefelsaure"]),
            ("acide acetique", &["acide acétique", "ACIDE ACE\u{301}TIQUE"]),
            ("strasse", &["Straße", "STRASSE", "STRAẞE"]),
            ("acetone", &["aceto\u{200b}ne", "\u{feff}ace\u{ad}tone", "(acetone)", "  acetone  "]),
            ("64 17 5", &["64-17-5", "64‑17–5", "64−17―5", "64 17 5"]),
            ("mu opioid", &["µ-opioid", "μ-opioid"]),
            ("2 2 2 trifluoroethanol", &["2,2,2-trifluoroethanol", "2，2，2－trifluoroethanol"]),
        ] {
            for text in alike {
                assert_eq!(fold(text), folded, "{text}");
            }
        }
    }

    #[test]
    fn a_word_in_greek_stays_a_word() {
        assert_eq!(fold("αιθανόλη"), "αιθανολη");
    }

    #[test]
    fn other_scripts_keep_their_words() {
        assert_eq!(fold("乙醇 アセトン ガス"), "乙醇 アセトン ガス");
        assert_eq!(fold("Ацетон"), "ацетон");
        assert_eq!(fold("에탄올"), "에탄올");
    }

    #[test]
    fn a_latin_letter_may_stand_for_a_greek_one() {
        assert_eq!(with_latin_letters("alpha pinene").as_deref(), Some("a pinene"));
        assert_eq!(with_latin_letters("pinene"), None);
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_as_it_is(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
