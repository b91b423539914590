//! What stands where a name should, and is none.

use chemistry::{cas, is_dash};

use super::numbers::Number;

/// What people and programs write where they know nothing.
const PLACEHOLDERS: &[&str] = &[
    "n/a",
    "n.a.",
    "n.a",
    "#n/a",
    "n/d",
    "n.d.",
    "k.a.",
    "nil",
    "null",
    "nan",
    "none",
    "tbd",
    "tba",
    "unknown",
    "unbekannt",
    "inconnu",
    "inconnue",
    "desconocido",
    "not known",
    "not available",
    "not applicable",
    "not specified",
    "undefined",
    "keine",
    "keine angabe",
    "ohne",
];

/// What says something elsewhere, and names nothing.
const NO_NAMES: &[&str] = &[
    "no name",
    "unnamed",
    "empty",
    "leer",
    "misc",
    "miscellaneous",
    "various",
    "diverse",
    "sonstige",
    "sonstiges",
    "other",
    "others",
    "total",
    "subtotal",
    "grand total",
    "sum",
    "summe",
    "gesamt",
];

/// Whether a text says no more than an empty cell: `n/a`, or a sign.
pub fn is_placeholder(text: &str) -> bool {
    let is_short = text.len() < 20;
    let is_sign = |c: char| is_dash(c) || matches!(c, '_' | '.' | '\u{2026}' | '?' | '!' | '/' | '\\' | '*');
    text.chars().all(|c| c.is_whitespace() || is_sign(c))
        || (is_short && PLACEHOLDERS.contains(&text.trim().to_lowercase().as_str()))
}

/// Why a text is no name of anything. (A number is another matter: it is no name of what does not have it.)
pub fn why_no_name(text: &str) -> Option<String> {
    let text = text.trim();
    let small = text.trim_end_matches(':').to_lowercase();
    if PLACEHOLDERS.contains(&small.as_str()) || NO_NAMES.contains(&small.as_str()) {
        return Some("names nothing: write what it is".to_owned());
    }
    if text.contains(char::is_alphabetic) || Number::read(text).is_some() {
        return None;
    }
    let meant = cas::propose(text).map(|cas| format!(": did you mean the CAS number {cas}?"));
    Some(format!("has no letter, so it is no name{}", meant.unwrap_or_default()))
}
