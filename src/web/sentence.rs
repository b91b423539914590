//! Turns what the libraries say about a wrong request into a sentence for its author. The value that was sent is not
//! repeated: it may be a code or a phone in the wrong place.

pub(super) const NO_OBJECT: &str = "must be an object";

/// The field that is wrong, where the library names it, and the sentence.
pub(super) fn of(cause: &str) -> (Option<&str>, String) {
    // The pointer names the place of a wrong value; only broken JSON needs the line and the column.
    let (text, place) = match cause.rfind(" at line ") {
        Some(end) => (&cause[..end], Some(&cause[end + 1..])),
        None => (cause, None),
    };
    if let Some(rest) = text.strip_prefix("missing field ") {
        return (Some(rest.trim_matches('`')), "is required".to_owned());
    }
    if let Some((name, _)) = text.strip_prefix("duplicate field `").and_then(|rest| rest.split_once('`')) {
        return (Some(name), "stands there twice".to_owned());
    }
    if let Some((name, others)) = text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, ")) {
        let others = others.strip_prefix("expected ").map(listed).filter(|it| !it.is_empty());
        let others = others.map_or_else(String::new, |others| format!("; there are {others}"));
        return (Some(name), format!("is not known here{others}"));
    }
    if let Some((_, names)) = text.strip_prefix("unknown variant ").and_then(|rest| rest.rsplit_once(", expected ")) {
        return (None, format!("must be one of {}", listed(names)));
    }
    let is_value = ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|kind| text.starts_with(kind));
    if let Some((_, wanted)) = text.rsplit_once(", expected ").filter(|_| is_value) {
        return (None, format!("must be {}", in_words(wanted)));
    }
    (None, of_parser(text).map_or_else(|| of_json(text, place), str::to_owned))
}

/// The sentence about a text that has a form of its own.
fn of_parser(text: &str) -> Option<&'static str> {
    let has = |part: &str| text.contains(part);
    Some(match text {
        _ if has("UUID parsing failed") => "must be a UUID",
        "invalid digit found in string" | "cannot parse integer from empty string" => "must be a whole number",
        "number too large to fit in target type" => "is too large a number",
        "number too small to fit in target type" => "is too small a number",
        "provided string was not `true` or `false`" => "must be true or false",
        "number out of range" => "has a number that is too large",
        "recursion limit exceeded" => "is nested too deeply",
        _ => return None,
    })
}

fn of_json(text: &str, place: Option<&str>) -> String {
    let Some(place) = place else { return text.to_owned() };
    let what = match text {
        _ if text.starts_with("EOF while parsing") => "the JSON ends too early",
        "trailing characters" => "there is more after the end of the JSON",
        "trailing comma" => "there is a comma too many in the JSON",
        "key must be a string" => "a name in the JSON has no double quotes",
        _ if text.starts_with("expected ") => "this is not JSON",
        _ if text.contains("escape") || text.contains("surrogate") => "there is a wrong escape in a text",
        _ if text.starts_with("control character") => {
            "there is a line break or another control character in a text; escape it"
        }
        _ if text.contains("unicode") => "this is not UTF-8",
        // The fault is in a value, and the text is a sentence already.
        _ => return text.to_owned(),
    };
    format!("{what}, {place}")
}

/// "`a`, `b`" or "one of `a`, `b`" without the ticks; empty for "there are no fields".
fn listed(names: &str) -> String {
    let names = names.strip_prefix("one of ").unwrap_or(names);
    if names.contains('`') { names.replace("` or `", "`, `").replace('`', "") } else { String::new() }
}

fn in_words(wanted: &str) -> &str {
    match wanted {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number that is not too large",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0, and not too large",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" | "map" => "an object",
        "a string" | "str" | "a borrowed string" => "a text",
        "unit" | "null" => "null",
        "a Decimal type representing a fixed-point number" => "a decimal number as a text, such as \"12.5\"",
        _ if wanted.starts_with("struct ") => "an object",
        _ if wanted.contains("enum ") || wanted == "variant identifier" || wanted == "string or map" => "a text",
        _ if wanted.contains("UUID") => "a UUID",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_says_becomes_a_sentence() {
        for (cause, field, sentence) in [
            ("missing field `phone` at line 1 column 2", Some("phone"), "is required"),
            (
                "unknown field `x`, expected `a` or `b` at line 1 column 5",
                Some("x"),
                "is not known here; there are a, b",
            ),
            ("unknown field `x`, there are no fields", Some("x"), "is not known here"),
            ("unknown variant `4711`, expected one of `a`, `b`, `c`", None, "must be one of a, b, c"),
            (
                "invalid type: string \"4711\", expected u32 at line 1 column 9",
                None,
                "must be a whole number from 0, and not too large",
            ),
            ("invalid type: sequence, expected struct NewChemical", None, "must be an object"),
            ("UUID parsing failed: invalid length: found 3", None, "must be a UUID"),
            ("EOF while parsing a value at line 1 column 8", None, "the JSON ends too early, at line 1 column 8"),
            ("expected value at line 1 column 1", None, "this is not JSON, at line 1 column 1"),
            (
                "must be a decimal string such as \"12.5\" at line 1 column 30",
                None,
                "must be a decimal string such as \"12.5\"",
            ),
            (
                "must not contain the control character U+0009 at line 1 column 30",
                None,
                "must not contain the control character U+0009",
            ),
            (
                "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0",
                None,
                "there is a line break or another control character in a text; escape it, at line 2 column 0",
            ),
        ] {
            assert_eq!(of(cause), (field, sentence.to_owned()), "{cause}");
        }
    }
}
