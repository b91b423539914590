//! Rewrites formulas as labels, articles and word processors have them in the signs of the grammar.

use super::{atomic_weights::Atom, formula_parser::Atoms, text::is_dash};

/// Between parts, and nothing else; a full stop may also be a decimal point.
pub(super) const DOT: char = '·';

/// Typographic dots and signs, figures above and below the line, and vulgar fractions.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '·' | '•' | '∙' | '⋅' | '*' | '・' => plain.push(DOT),
            '×' => plain.push('x'),
            _ if is_dash(c) => plain.push('-'),
            '½' => push_fraction(&mut plain, "5"),
            '¼' => push_fraction(&mut plain, "25"),
            '¾' => push_fraction(&mut plain, "75"),
            '₀'..='₉' => plain.extend(digit(c, '₀')),
            '\u{a0}' | '\u{2009}' | '\u{202f}' => plain.push(' '),
            _ if is_raised(c) => {
                let raised = std::iter::once(c).chain(std::iter::from_fn(|| rest.next_if(|c| is_raised(*c))));
                let raised: String = raised.filter_map(lowered).collect();
                push_raised(&mut plain, &raised, rest.next_if(char::is_ascii_uppercase), &mut rest);
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// `5½` is five and a half, `½` alone a half.
fn push_fraction(plain: &mut String, decimals: &str) {
    if !plain.ends_with(|c: char| c.is_ascii_digit()) {
        plain.push('0');
    }
    plain.push('.');
    plain.push_str(decimals);
}

/// Figures above the line are an isotope before a symbol, and a charge with a sign.
fn push_raised(
    plain: &mut String,
    raised: &str,
    capital: Option<char>,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
) {
    if raised.ends_with(['+', '-']) {
        plain.push('^');
        plain.push_str(raised);
        plain.extend(capital);
    } else if raised.starts_with(['+', '-']) {
        plain.push_str(raised);
        plain.extend(capital);
    } else if let Some(capital) = capital {
        plain.push('[');
        plain.push_str(raised);
        plain.push(capital);
        plain.extend(rest.next_if(char::is_ascii_lowercase));
        plain.push(']');
    } else {
        // A footnote, or an exponent: the grammar has no place for it and says so.
        plain.push('^');
        plain.push_str(raised);
    }
}

fn is_raised(c: char) -> bool {
    lowered(c).is_some()
}

fn lowered(c: char) -> Option<char> {
    match c {
        '⁺' => Some('+'),
        '⁻' => Some('-'),
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁰' | '⁴'..='⁹' => digit(c, '⁰'),
        _ => None,
    }
}

fn digit(c: char, zero: char) -> Option<char> {
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

/// What crystals hold beside the substance itself: water, ammonia, acids, and the solvents that salts come out of.
#[rustfmt::skip]
const IN_CRYSTALS: [&[(&str, u32)]; 28] = [
    &[("H", 2), ("O", 1)], &[("H", 3), ("N", 1)], &[("H", 1), ("Cl", 1)], &[("H", 1), ("Br", 1)], &[("H", 1), ("I", 1)],
    &[("H", 1), ("F", 1)], &[("H", 2), ("O", 2)], &[("H", 2), ("S", 1), ("O", 4)], &[("H", 1), ("N", 1), ("O", 3)],
    &[("H", 3), ("P", 1), ("O", 4)], &[("C", 1), ("H", 4), ("O", 1)], &[("C", 2), ("H", 6), ("O", 1)],
    &[("C", 3), ("H", 8), ("O", 1)], &[("C", 2), ("H", 3), ("N", 1)], &[("C", 3), ("H", 6), ("O", 1)],
    &[("C", 4), ("H", 8), ("O", 1)], &[("C", 4), ("H", 8), ("O", 2)], &[("C", 4), ("H", 10), ("O", 1)],
    &[("C", 6), ("H", 6)], &[("C", 7), ("H", 8)], &[("C", 1), ("H", 2), ("Cl", 2)], &[("C", 1), ("H", 1), ("Cl", 3)],
    &[("C", 3), ("H", 7), ("N", 1), ("O", 1)], &[("C", 2), ("H", 6), ("O", 1), ("S", 1)], &[("C", 5), ("H", 5), ("N", 1)],
    &[("C", 2), ("H", 1), ("F", 3), ("O", 2)], &[("C", 2), ("H", 4), ("O", 2)], &[("C", 2), ("H", 2), ("O", 4)],
];

pub(super) fn is_water(atoms: &Atoms) -> bool {
    let count = |element: &str| atoms.iter().find(|(atom, _)| atom.element == element).map(|(_, count)| *count);
    atoms.len() == 2 && count("H") == Some(2) && count("O") == Some(1)
}

pub(super) fn is_in_crystals(atoms: &Atoms) -> bool {
    let count = |element: &str| -> u32 {
        atoms.iter().filter(|(atom, _): &(&Atom, &u32)| atom.element == element).map(|(_, count)| *count).sum()
    };
    let total: u32 = atoms.values().copied().fold(0, u32::saturating_add);
    IN_CRYSTALS.iter().any(|known| {
        known.iter().all(|(element, n)| count(element) == *n) && known.iter().map(|(_, n)| n).sum::<u32>() == total
    })
}
