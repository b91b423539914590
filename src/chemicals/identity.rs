//! When two names are one. The search takes `(+)-limonene` for `(-)-limonene` and `2'-hydroxyacetophenone` for
//! `2-hydroxyacetophenone`, so that whoever looks finds; what decides which substance is meant must not. Here only the
//! way of writing is passed over: case, accents, the kind of a dash, space or prime, and whether a Greek letter is
//! spelled out. Signs, primes, locants, marks of the configuration and charges count.

use unicode_normalization::UnicodeNormalization as _;

use super::fold::{greek, is_accent, spelled};
use crate::text::is_hidden;

/// Greek letters as the Chemical Abstracts write them without the letter: `.alpha.-pinene`.
const BETWEEN_DOTS: [&str; 24] = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
];

/// Equal for two names that mean the same substance.
pub fn identity(name: &str) -> String {
    let letters = letters(name);
    let mut key = String::with_capacity(name.len());
    for (at, &letter) in letters.iter().enumerate() {
        let is_alone = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_none_or(|c| greek(*c).is_none());
        match letter {
            ' ' if key.is_empty() || key.ends_with([' ', ',']) => {}
            '"' | '\u{201c}' | '\u{201d}' => key.push_str("''"),
            '\u{b1}' => key.push_str("+/-"),
            _ => match (greek(letter), spelled(letter)) {
                // A letter among letters of its own script belongs to a word.
                (Some(name), _) if is_alone(at.checked_sub(1)) && is_alone(Some(at + 1)) => key.push_str(name),
                (_, Some(spelled)) => key.push_str(spelled),
                _ => key.push(letter),
            },
        }
    }
    if key.contains('.') {
        key = BETWEEN_DOTS.iter().fold(key, |key, letter| key.replace(&format!(".{letter}."), letter));
    }
    key.trim_end().nfc().collect()
}

/// Equal for two names that differ at most by hyphens and spaces: `alpha pinene`, `(-) limonene`. They are not enough to
/// take one for the other (phenyl-acetic and phenyl acetic), but too close for two substances of one list.
pub fn near(name: &str) -> String {
    let key: Vec<char> = identity(name).chars().collect();
    let mut near = String::with_capacity(key.len());
    for (at, &letter) in key.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| key[at]);
        let is_sign =
            matches!(before, None | Some('(' | '+' | '-')) || matches!(key.get(at + 1), None | Some(')' | '+' | '-'));
        let is_apart = letter == ' ' || (letter == '-' && !is_sign);
        match is_apart {
            true if near.ends_with(' ') => {}
            true => near.push(' '),
            false => near.push(letter),
        }
    }
    near
}

/// In lower case, without accents, with plain marks. `CO` is not `Co`: two letters keep their case.
fn letters(name: &str) -> Vec<char> {
    let is_symbol = name.chars().count() <= 2;
    let lower = |c: char| c.to_lowercase().filter(move |_| !is_symbol).chain(is_symbol.then_some(c));
    // Before anything is taken apart: an acute accent becomes a space and a mark.
    let seen = name.chars().filter(|c| !is_hidden(*c)).map(plain).collect::<String>();
    let folded = seen.nfkd().flat_map(lower).collect::<String>();
    folded.nfkd().filter(|c| !is_accent(*c)).map(plain).collect()
}

fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{60}' | '\u{b4}' | '\u{2b9}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{ff07}' => '\'',
        '\u{2022}' | '\u{2219}' | '\u{22c5}' => '\u{b7}',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_way_of_writing_makes_no_other_substance() {
        for alike in [
            &["α-Pinene", "alpha-pinene", ".alpha.-Pinene", "Α\u{2011}PINENE", "alpha-pi\u{200b}nene"][..],
            &["4,4'-bipyridine", "4,4′-Bipyridine", "4,4’\u{2010}bipyridine", "4,4´-bipyridine", "4, 4`-bipyridine"],
            &["1,1''-oxybis", "1,1″-oxybis", "1,1\"-oxybis", "1,1′′-oxybis"],
            &["N,N-dimethylformamide", "N,N‑Dimethylformamide", "Ｎ，Ｎ－dimethylformamide", "n, n-dimethylformamide"],
            &["(±)-Camphor", "(+/-)-camphor", "(+/−)-camphor"],
            &["(-)-limonene", "(−)-Limonene", "(–)‑limonene"],
            &["H₂SO₄", "H2SO4"],
            &["Fe³⁺", "Fe3+"],
            &["Schwefelsäure", "SCHWEFELSA\u{308}URE", "Schwefelsaure"],
            &["sulfuric\u{a0}acid", " sulfuric  acid "],
            &["Straße", "STRASSE"],
        ] {
            for text in alike {
                assert_eq!(identity(text), identity(alike[0]), "{text}");
            }
        }
    }

    #[test]
    fn signs_primes_locants_configurations_and_charges_make_another_substance() {
        for (one, other) in [
            ("(+)-limonene", "(-)-limonene"),
            ("(+)-limonene", "limonene"),
            ("(±)-camphor", "(+)-camphor"),
            ("2'-hydroxyacetophenone", "2-hydroxyacetophenone"),
            ("4,4''-terphenyl", "4,4'-terphenyl"),
            ("(R)-carvone", "(S)-carvone"),
            ("(R)-carvone", "R-carvone acetate"),
            ("D-alanine", "L-alanine"),
            ("DL-alanine", "D-alanine"),
            ("cis-2-butene", "trans-2-butene"),
            ("1-propanol", "2-propanol"),
            ("1,2-xylene", "1,3-xylene"),
            ("1,2-dichloroethane", "12-dichloroethane"),
            ("iron(2+)", "iron(3+)"),
            ("Fe²⁺", "Fe³⁺"),
            ("sulfate(2-)", "sulfate(2+)"),
            ("Cl-", "Cl"),
            ("α-pinene", "β-pinene"),
            ("α-pinene", "a-pinene"),
            ("CO", "Co"),
            ("phenyl acetate", "phenylacetate"),
            ("tert-butanol", "butanol"),
        ] {
            assert_ne!(identity(one), identity(other), "{one} {other}");
        }
    }

    #[test]
    fn hyphens_and_spaces_leave_two_names_near_and_signs_do_not() {
        for (one, other) in
            [("alpha pinene", "α-pinene"), ("(-) limonene", "(−)-limonene"), ("4,4' bipyridine", "4,4′-bipyridine")]
        {
            assert_ne!(identity(one), identity(other));
            assert_eq!(near(one), near(other));
        }
        for (one, other) in [
            ("(+)-limonene", "(-)-limonene"),
            ("sulfate(2-)", "sulfate(2+)"),
            ("Cl-", "Cl"),
            ("phenylacetate", "phenyl acetate"),
        ] {
            assert_ne!(near(one), near(other));
        }
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_itself(text in "[ a-zA-Zα-ωÀ-ÿ0-9,.'′″()+−-]{3,30}") {
            let once = identity(&text);
            // Two letters that are left over are a symbol, whose case counts.
            prop_assume!(once.chars().count() > 2);
            prop_assert_eq!(identity(&once), once);
        }
    }
}
