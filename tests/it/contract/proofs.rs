//! `docs/security.md` names a test for what it says, or says that it is not met.

use std::{collections::HashSet, fs, path::Path};

const DOCUMENT: &str = include_str!("../../../docs/security.md");

/// The text of every source below a folder.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).expect("a text"));
        }
    }
}

/// The list of attacks, whose lines are tests.
const ATTACKS: &str = include_str!("../people/login/attacks/mod.rs");

fn attacks() -> impl Iterator<Item = &'static str> {
    let lines = ATTACKS.lines().map(str::trim_start).filter(|line| line.starts_with("row_"));
    lines.filter_map(|line| line.split_whitespace().next())
}

/// A function with an attribute of a test before it, or one of `proptest!`'s, or a line of the list of attacks.
fn tests() -> HashSet<String> {
    let mut text = String::new();
    for folder in ["src", "crates", "tests"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    let (mut is_test, mut found) = (false, attacks().map(str::to_owned).collect::<HashSet<_>>());
    for line in text.lines().map(str::trim_start) {
        if let Some(attribute) = line.strip_prefix("#[") {
            let name = attribute.split(['(', ']']).next().unwrap_or_default();
            is_test |= name == "test" || name.ends_with("::test");
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|(before, _)| ["", "async "].contains(before)) {
            if is_test {
                found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
            is_test = false;
        }
    }
    found
}

fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn looks_like_a_test(name: &str) -> bool {
    name.matches('_').count() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[test]
fn every_test_and_file_that_the_document_on_security_names_is_there() {
    let tests = tests();
    assert!(tests.len() > 300 && tests.contains("no_text_is_an_access_token"), "{}", tests.len());
    let unknown: Vec<&str> = quoted(DOCUMENT)
        .filter(|name| match name.strip_prefix("src/") {
            Some(_) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
                !path.exists() && !path.with_extension("rs").exists()
            }
            None => looks_like_a_test(name) && !tests.contains(*name),
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn every_row_of_the_document_on_security_has_a_test_or_says_that_it_is_not_met() {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| Test |"));
    let rows: Vec<&str> = rows.filter(|line| !line.contains("| Why it is not met |")).collect();
    assert!(rows.len() > 80, "{}", rows.len());
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let is_told = last.starts_with("not met") || last.starts_with("by design");
        assert!(is_told || quoted(last).any(looks_like_a_test), "{row}");
    }
}

/// What a line of the list says of its row: the number before the dot of a heading, or in the name of a test.
fn row_of(line: &str) -> Option<usize> {
    let line = line.trim_start();
    let heading = || line.strip_prefix("// ").and_then(|text| text.split_once(". ")).map(|(number, _)| number);
    line.strip_prefix("row_").and_then(|name| name.get(..2)).or_else(heading)?.parse().ok()
}

#[test]
fn the_list_of_attacks_has_every_row_in_its_order_with_a_heading_and_tests() {
    let (_, list) = ATTACKS.split_once("\nattacks! {").expect("the list");
    let lines: Vec<_> = list.lines().filter_map(|line| Some((row_of(line)?, line.contains("//")))).collect();
    let headings: Vec<_> = lines.iter().filter(|(_, is_heading)| *is_heading).map(|(row, _)| *row).collect();
    assert_eq!(headings, (1..=38).collect::<Vec<_>>());
    assert!(lines.is_sorted_by_key(|(row, _)| *row), "each test stands under its row");
    let tests = |row: &usize| lines.iter().filter(|line| **line == (*row, false)).count();
    let bare: Vec<_> = headings.iter().filter(|row| tests(row) == 0).collect();
    assert!(bare.is_empty(), "rows without a test: {bare:?}");
}
