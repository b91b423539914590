//! The layers of the code, as the crate doc of `src/lib.rs` lists them, and who writes which table: both read from the
//! sources.

pub mod sources;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use self::sources::{Import, SOURCES, files, imports, read};

/// The lowest first. A module uses those of the lines before its own.
const LAYERS: [&[&str]; 15] = [
    &["base"],
    &["config"],
    &["clients"],
    &["platform"],
    &["auth"],
    &["web"],
    &["journal"],
    &["messages"],
    &["people"],
    &["catalogue"],
    &["stock"],
    &["exchange"],
    &["doctor", "health", "jobs"],
    &["router", "worker"],
    &["serve"],
];

/// A feature by itself, and groups of features.
const FEATURES: [&str; 6] = ["messages", "people", "catalogue", "stock", "exchange", "jobs"];

/// Where SQL stands outside a store.
const SQL_ELSEWHERE: [(&str, &str); 5] = [
    ("src/doctor/codes.rs", "it looks at tables that may not be there yet"),
    ("src/doctor/database.rs", "it looks at the database itself, which may lack what a checked query needs"),
    ("src/doctor/roles.rs", "it looks at the rights of the role that serves"),
    ("src/platform/migrations.rs", "it makes the tables, and gives the role that serves its rights"),
    ("src/health/readiness.rs", "it asks the database nothing but to answer"),
];

/// Who writes which tables.
const OWNERS: [(&str, &[&str]); 14] = [
    // Who had another code before a migration, for whoever prints labels.
    ("migrations", &["renamed_codes"]),
    ("platform", &["jobs"]),
    ("web", &["idempotency_keys"]),
    ("journal", &["journal", "journal_chain", "journal_heads", "journal_notary"]),
    ("messages", &["messages", "message_attempts", "message_tallies"]),
    ("people::users", &["users", "identities"]),
    ("people::labs", &["labs", "lab_policies", "memberships", "invitations", "invitation_uses"]),
    ("people::audit", &["login_events"]),
    ("people::codes", &["code_stops", "code_tallies", "consumed_challenges", "login_failures"]),
    ("people::sessions", &["sessions", "refresh_tokens"]),
    (
        "catalogue::chemicals",
        &[
            "chemicals",
            "chemical_terms",
            "chemical_words",
            "chemical_overrides",
            "catalogue_words",
            "word_ends",
            "imported_chemicals",
        ],
    ),
    ("stock::locations", &["locations", "location_keys"]),
    ("exchange::imports", &["imported_lists", "imports", "import_contents", "import_files"]),
    // Codes of places are written by triggers.
    ("stock::containers", &["codes", "containers", "stock_events"]),
];

/// Where one statement writes the tables of several features, so that all of it is done or nothing.
const SHARED_STATEMENTS: [(&str, &[&str], &str); 7] = [
    ("people::codes", &["login_events"], "what happened is told by the statement that does it"),
    ("people::codes", &["messages"], "a message is queued by the statement that pays for it from the budgets"),
    ("people::sessions", &["login_events"], "what happened is told by the statement that does it"),
    (
        "people::login",
        &["sessions", "refresh_tokens", "login_failures", "consumed_challenges", "code_tallies", "login_events"],
        "a login is one round trip",
    ),
    (
        "people::contacts",
        &["users", "sessions", "login_failures", "consumed_challenges", "login_events", "messages"],
        "a code is used up by the statement that does what it is for",
    ),
    (
        "people::accounts",
        &["users", "sessions", "login_events"],
        "whoever is disabled is logged out by the same statement",
    ),
    (
        "messages",
        &["consumed_challenges", "code_tallies"],
        "codes that were sent and came back are counted by the statement that finds them",
    ),
];

/// The group and the feature in it, or the feature alone.
fn feature(module: &[String]) -> String {
    let is_group = FEATURES.contains(&module[0].as_str()) && module[0] != "messages";
    if is_group { module[..module.len().min(2)].join("::") } else { module[0].clone() }
}

fn told(import: &Import) -> String {
    format!("{}: {} uses {}", import.place, import.from.join("::"), import.to.join("::"))
}

fn assert_none(found: impl Iterator<Item = String>, rule: &str) {
    let found: Vec<_> = found.collect();
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// How high a module stands.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn imports_point_one_way() {
    let against = imports().filter(|it| it.from[0] != it.to[0] && layer(&it.to[0]) >= layer(&it.from[0]));
    assert_none(against.map(|it| told(&it)), "a module uses only those below it");
    let unknown = SOURCES.iter().filter(|source| layer(&source.module[0]).is_none());
    assert_none(unknown.map(|source| source.file.clone()), "every module has its layer");
}

/// All edges of circles, and those between circles.
fn circles(mut edges: BTreeMap<(String, String), String>) -> Vec<String> {
    loop {
        let (from, to): (BTreeSet<_>, BTreeSet<_>) = edges.keys().cloned().unzip();
        let before = edges.len();
        edges.retain(|(a, b), _| to.contains(a) && from.contains(b));
        if edges.len() == before {
            return edges.into_values().collect();
        }
    }
}

#[test]
fn no_two_modules_of_a_group_need_each_other() {
    let module = |path: &[String]| path[..path.len().min(2)].join("::");
    let modules: BTreeSet<_> = SOURCES.iter().map(|source| module(&source.module)).collect();
    let within = imports().filter(|it| it.from[0] == it.to[0] && it.from[0] != "messages");
    let edges = within.map(|it| ((module(&it.from), module(&it.to)), told(&it)));
    let between = edges.filter(|((a, b), _)| a != b && a.contains("::") && b.contains("::") && modules.contains(b));
    assert_none(circles(between.collect()).into_iter(), "what two want of each other belongs to a third");
}

#[test]
fn use_cases_know_nothing_of_the_web() {
    let is_handler = |it: &Import| it.place.contains("/http.rs:") || it.place.contains("/http/");
    let of_feature = imports().filter(|it| FEATURES.contains(&it.from[0].as_str()) && it.to[0] == "web");
    let found = of_feature.filter(|it| !is_handler(it)).map(|it| told(&it));
    assert_none(found, "only http.rs uses web");
}

#[test]
fn sql_stands_in_stores() {
    let sql = Regex::new(r"\bquery(?:_as|_scalar)?!|\bsqlx::query").expect("a pattern");
    let is_store = |file: &str| file.ends_with("/store.rs") || file.contains("/store/");
    let elsewhere = SOURCES.iter().filter(|source| !is_store(&source.file));
    let found = elsewhere.flat_map(|source| sql.find_iter(&source.code).map(|it| source.place(it.start())));
    let (known, new): (Vec<_>, Vec<_>) =
        found.partition(|place| SQL_ELSEWHERE.iter().any(|(file, _)| place.starts_with(file)));
    assert_none(new.into_iter(), "SQL stands in store.rs");
    let used = |file: &str| known.iter().any(|place| place.starts_with(file));
    assert!(SQL_ELSEWHERE.iter().all(|(file, _)| used(file)), "an exception is not needed: {known:?}");
}

#[test]
fn only_a_feature_writes_its_own_tables() {
    let owner = |table: &str| OWNERS.iter().find(|(_, tables)| tables.contains(&table)).map(|(owner, _)| *owner);
    let shared = |of: &str, table: &str| SHARED_STATEMENTS.iter().any(|it| it.0 == of && it.1.contains(&table));
    let (mut found, mut needed) = (Vec::new(), BTreeSet::new());
    for source in SOURCES.iter() {
        let of = feature(&source.module);
        let others = source.writes().into_iter().filter(|table| owner(table).is_some_and(|owner| owner != of));
        for table in others {
            if shared(&of, &table) {
                needed.insert((of.clone(), table));
            } else {
                found.push(format!("{}: {of} writes {table}", source.file));
            }
        }
    }
    assert_none(found.into_iter(), "a feature writes its own tables");
    let listed =
        SHARED_STATEMENTS.iter().flat_map(|it| it.1.iter().map(|table| (it.0.to_owned(), (*table).to_owned())));
    assert_eq!(listed.collect::<BTreeSet<_>>(), needed, "each exception is needed");
}

#[test]
fn every_table_has_an_owner() {
    let create = Regex::new(r"(?m)^create table (\w+)").expect("a pattern");
    let drop = Regex::new(r"(?m)^drop table (\w+)").expect("a pattern");
    let sql: String = sources::files_of("migrations", "sql").iter().map(|file| read(file)).collect();
    let all = |pattern: &Regex| pattern.captures_iter(&sql).map(|it| it[1].to_owned()).collect::<BTreeSet<_>>();
    let owned: BTreeSet<_> = OWNERS.iter().flat_map(|(_, tables)| tables.iter().map(|it| (*it).to_owned())).collect();
    let there: BTreeSet<_> = all(&create).difference(&all(&drop)).cloned().collect();
    assert_eq!(there, owned);
}

#[test]
fn no_file_is_longer_than_300_lines() {
    let lines = |file: &String| read(file).lines().count();
    let long = files(&["src", "crates", "tests"]).into_iter().filter(|file| lines(file) > 300);
    assert_none(long.map(|file| format!("{file}: {}", lines(&file))), "a file has at most 300 lines");
}
