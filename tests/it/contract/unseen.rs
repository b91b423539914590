//! Every query on places, and on what is in them, leaves out the places that its reader may not see: read from the
//! sources.

use std::collections::BTreeSet;

use regex::Regex;

use super::layers::sources::{files_of, read};

/// Functions that read places, bottles or their events without regard to who asks.
const FOR_ALL: [(&str, &str); 30] = [
    ("find_standing", "it tells which places those are"),
    ("all_open", "an import leaves out those that its person may not see"),
    ("find_imported", "an import says nothing of those that its person may not see"),
    ("insert", "it writes, and a place that is not seen has become an unknown one before"),
    ("update", "it writes what was found before"),
    ("lock", "the use case looks at who asks"),
    ("close", "it writes what was found before"),
    ("find_all", "who asks together shares a statement; the use case looks at each"),
    ("book", "it writes what was found before"),
    ("find_event", "of a bottle that was found before; the use case conceals the places"),
    ("find_booked", "it says which of the ids that were sent are taken"),
    ("find_content", "it answers who repeats what they have posted"),
    ("find_first_content", "it answers who repeats what they have posted"),
    ("first_occurred_at", "of a bottle that was found before"),
    ("history", "of a bottle that was found before"),
    ("set", "the use case looks at who asks"),
    ("find_open", "the use case looks at who asks"),
    ("renamed", "a deployment is checked by whoever operates the server"),
    ("ledger_rows", "the chain is over all lines, and shows of them their ids alone"),
    ("look", "the notary numbers all lines"),
    ("walk", "the notary numbers all lines"),
    ("waiting", "a deployment is checked by whoever operates the server"),
    ("heads", "of whole chains"),
    ("tell_heads", "of whole chains"),
    ("other_heads", "of whole chains"),
    ("head", "of a whole chain"),
    ("links", "the chain is over all lines, and shows of them their ids alone"),
    ("find_unplaced", "the chain is over all lines, and shows of them their ids alone"),
    ("find_other_head", "the chain is over all lines, and shows of them their ids alone"),
    ("lock_keys", "it tells the journal which keys somebody loses"),
];

/// Tables of places, of what is in them, and of what tells about either.
const TABLES: [&str; 6] =
    ["containers", "locations", "stock_events", "location_keys", "journal_lines", "journal_chain"];

#[test]
fn every_table_that_refers_to_a_place_is_one_whose_queries_are_read() {
    let refers = Regex::new(r"(?s)^\s*(?:create|alter) table (\w+)\b.*\breferences locations\b").expect("a pattern");
    let remark = Regex::new(r"(?m)--.*$").expect("a pattern");
    let mut tables = BTreeSet::new();
    for file in files_of("migrations", "sql") {
        let text = remark.replace_all(&read(&file), "").into_owned();
        tables.extend(text.split(';').filter_map(|it| Some(refers.captures(it)?[1].to_owned())));
    }
    assert!(tables.contains("containers") && tables.contains("location_keys"), "{tables:?}");
    // The doctor alone reads which codes an older version made anew.
    tables.retain(|table| !TABLES.contains(&table.as_str()) && table != "renamed_codes");
    assert_eq!(tables, BTreeSet::new(), "their queries leave out what their reader may not see");
}

#[test]
fn every_query_on_places_and_what_is_in_them_leaves_out_those_that_its_reader_may_not_see() {
    let function = Regex::new(r"(?m)^\s*(?:pub )?(?:async )?fn (\w+)").expect("a pattern");
    let tables = format!(r"\b(?:from|join) (?:{})\b", TABLES.join("|"));
    let macros = r"\b(?:containers(?:_below)?|ranked_bottles|locations|events|lines)!\(";
    let reads = Regex::new(&format!("{tables}|{macros}")).expect("a pattern");
    // The macros of the audit's lines and of the search leave them out, and a list hands on what it was given.
    let takes_unseen =
        r"filter, unseen\).await|lines!\([^;]*;\s*filter,\s*unseen\s*\)|ranked_bottles!\([^;]*;[^;]*, unseen;";
    let takes_unseen = Regex::new(takes_unseen).expect("a pattern");
    let comment = Regex::new(r"(?m)//.*$").expect("a pattern");
    let stores = files_of("src", "rs").into_iter().filter(|file| !file.contains("/tests/"));
    let (mut without, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for file in stores {
        let text = comment.replace_all(&read(&file), "").into_owned();
        let starts: Vec<_> = function.captures_iter(&text).map(|it| it.get(0).expect("a function").start()).collect();
        for (at, start) in starts.iter().enumerate() {
            let body = &text[*start..starts.get(at + 1).copied().unwrap_or(text.len())];
            let body = body.split("macro_rules!").next().unwrap_or_default();
            let name = &function.captures(body).expect("a function")[1];
            let leaves_out =
                body.contains("unseen: &[Uuid]") && (body.contains(")) is not true") || body.contains("id <> all ($"));
            if !reads.is_match(body) || leaves_out || takes_unseen.is_match(body) {
                continue;
            }
            if FOR_ALL.iter().any(|(known, _)| *known == name) {
                needed.insert(name.to_owned());
            } else {
                without.insert(format!("{file}: {name}"));
            }
        }
    }
    assert_eq!(without, BTreeSet::new(), "it takes the places that are not seen");
    assert_eq!(needed, FOR_ALL.iter().map(|(name, _)| (*name).to_owned()).collect(), "each exception is needed");
}
