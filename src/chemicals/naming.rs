//! What stands where a name should, and is none.

use crate::chemistry::cas;

use super::numbers::Number;

/// What people and programs write where they have no name.
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
    "no name",
    "unnamed",
    "undefined",
    "keine",
    "keine angabe",
    "ohne",
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

/// Why a text is no name of anything. (A number is another matter: it is no name of what does not have it.)
pub fn why_no_name(text: &str) -> Option<String> {
    let text = text.trim();
    if PLACEHOLDERS.contains(&text.trim_end_matches(':').to_lowercase().as_str()) {
        return Some("names nothing: write what it is".to_owned());
    }
    if text.contains(char::is_alphabetic) || Number::read(text).is_some() {
        return None;
    }
    let meant = cas::propose(text).map(|cas| format!(": did you mean the CAS number {cas}?"));
    Some(format!("has no letter, so it is no name{}", meant.unwrap_or_default()))
}
