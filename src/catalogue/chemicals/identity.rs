//! When two names are one. The search takes `(+)-limonene` for `(-)-limonene` and `2'-hydroxyacetophenone` for
//! `2-hydroxyacetophenone`, so that whoever looks finds; what decides which substance is meant must not. Here only the
//! way of writing is passed over: case, accents, the kind of a dash, space or prime, and whether a Greek letter is
//! spelled out. Signs, primes, locants, marks of the configuration and charges count, and so does the case of a letter
//! that means something else in the other: `CoCl2` and `COCl2`, N-butyl and n-butyl (`cased`).

use chemistry::{Formula, is_dash};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    cased::cased,
    fold::{greek, is_accent, spelled},
};
use crate::base::text::is_hidden;

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

/// Equal for two names that differ at most by hyphens and spaces: `alpha pinene`, `(-) limonene`. They are not enough
/// to take one for the other (phenyl-acetic and phenyl acetic), but too close for two substances of one list.
pub fn near(name: &str) -> String {
    near_to(&identity(name))
}

/// The same of a name whose identity is known.
pub fn near_to(identity: &str) -> String {
    let key: Vec<char> = identity.chars().collect();
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

/// Capitals throughout, which say nothing of the case, unless they are a formula.
pub fn is_loud(name: &str) -> bool {
    !name.contains(char::is_lowercase) && !Formula::is_one(name)
}

/// In lower case, but for the letters whose case counts, without accents, with plain marks. `CO` is not `Co`: two
/// letters keep their case.
fn letters(name: &str) -> Vec<char> {
    let is_symbol = name.chars().count() <= 2;
    // Before anything is taken apart: an acute accent becomes a space and a mark.
    let seen = name.chars().filter(|c| !is_hidden(*c)).map(plain).collect::<String>();
    let bare: Vec<_> = seen.nfkd().filter(|c| !is_accent(*c)).map(plain).collect();
    let lower = |(at, c): (usize, &char)| {
        let keeps = is_symbol || cased(&bare, at);
        c.to_lowercase().filter(move |_| !keeps).chain(keeps.then_some(*c))
    };
    let folded = bare.iter().enumerate().flat_map(lower).collect::<String>();
    folded.nfkd().filter(|c| !is_accent(*c)).map(plain).collect()
}

fn plain(c: char) -> char {
    match c {
        _ if is_dash(c) => '-',
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
            &[
                "N,N-dimethylformamide",
                "N,N‑Dimethylformamide",
                "Ｎ，Ｎ－dimethylformamide",
                "n, n-dimethylformamide",
                "N, N-dimethylformamide",
            ],
            &["(±)-Camphor", "(+/-)-camphor", "(+/−)-camphor"],
            &["(-)-limonene", "(−)-Limonene", "(–)‑limonene"],
            &["H₂SO₄", "H2SO4"],
            &["Fe³⁺", "Fe3+"],
            &["Schwefelsäure", "SCHWEFELSA\u{308}URE", "Schwefelsaure"],
            &["sulfuric\u{a0}acid", " sulfuric  acid "],
            &["Straße", "STRASSE"],
            &["THF", "thf", "Thf"],
            &["CO2", "co2"],
            &["Nickel", "NICKEL"],
            &["N-Butylaniline", "N-butylAniline"],
            &["SUCCINIC ACID", "Succinic acid"],
            &["Red No 5", "RED NO 5"],
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
            ("CoCl2", "COCl2"),
            ("CoCl2", "cocl2"),
            ("CoCl₂", "COCl₂"),
            ("COCL2", "COCl2"),
            ("CoS", "COS"),
            ("PoCl3", "POCl3"),
            ("Co(NO3)2 hexahydrate", "CO(NO3)2 hexahydrate"),
            ("CoCl2 solution", "COCl2 solution"),
            ("CoCl2-solution", "COCl2-solution"),
            ("n-butylaniline", "N-butylaniline"),
            ("4-n-butylaniline", "4-N-butylaniline"),
            ("o-methylhydroxylamine", "O-methylhydroxylamine"),
            ("ethyl n-butylcarbamate", "ethyl N-butylcarbamate"),
            ("s-butyl acetate", "S-butyl acetate"),
            ("d-tartaric acid", "D-tartaric acid"),
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
