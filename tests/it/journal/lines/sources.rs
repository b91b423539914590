//! By construction: what is journalled is written in a transaction, and only the journal commits one.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;
use sqlx::PgPool;

use super::Journal;
use crate::contract::world::World;

/// Tables whose changes people see.
const JOURNALLED: &[&str] = &[
    "users",
    "identities",
    "labs",
    "lab_policies",
    "memberships",
    "invitations",
    "chemicals",
    "chemical_overrides",
    "locations",
    "location_keys",
    "containers",
];

/// Tables of which the journal says nothing, and why.
const NOT_JOURNALLED: &[(&str, &str)] = &[
    ("journal", "it is the journal"),
    ("journal_chain", "made from the lines"),
    ("journal_heads", "made from the lines"),
    ("journal_notary", "made from the lines"),
    ("codes", "made from containers and locations"),
    ("stock_events", "its lines are lines of the journal"),
    ("sessions", "sessions are told by the login events"),
    ("refresh_tokens", "sessions are told by the login events"),
    ("consumed_challenges", "codes"),
    ("login_failures", "codes"),
    ("login_events", "an audit of its own"),
    ("code_stops", "also what the counts make of them; those that an owner sets and lifts have lines"),
    ("code_tallies", "tallies"),
    ("messages", "the outbox"),
    ("message_attempts", "the outbox"),
    ("message_tallies", "tallies"),
    ("idempotency_keys", "answers to repeated requests"),
    ("jobs", "jobs"),
    ("invitation_uses", "told by the invitation and the member"),
    ("chemical_terms", "made from the chemical"),
    ("chemical_words", "made from the chemical"),
    ("catalogue_words", "made from the chemicals"),
    ("word_ends", "made from the chemicals"),
    ("imported_chemicals", "traces of lists, which nobody sees"),
    ("imports", "its runs are jobs; what is uploaded, brought in and dropped has lines"),
    ("import_contents", "a part of the import"),
    ("import_files", "what imports write, which follows from the bottles"),
    ("imported_lists", "traces of lists, which nobody sees"),
    ("renamed_codes", "written by a migration"),
    ("_sqlx_migrations", "migrations"),
];

/// Functions that write a journalled table and take any connection.
const ON_ANY_CONNECTION: [(&str, &str); 4] = [
    ("src/stock/containers/store/ledger.rs: book", "the event is the line, in one statement"),
    ("src/stock/containers/store/mod.rs: insert", "the event is the line, in one statement"),
    ("src/stock/containers/store/imported.rs: insert_imported", "the events are the lines, in one statement"),
    ("src/catalogue/chemicals/overrides/store.rs: refresh_some", "terms of names, which nobody sees"),
];

fn stores(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            stores(&path, into);
        } else if name.ends_with("/store.rs") || name.contains("/store/") {
            into.push(name);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_table_is_journalled_or_says_why_not(db: PgPool) {
    let there: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = current_schema()::regnamespace",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let told = JOURNALLED.iter().copied().chain(NOT_JOURNALLED.iter().map(|(table, _)| *table));
    assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), told.collect::<BTreeSet<_>>());
}

#[test]
fn what_is_journalled_is_written_in_a_transaction() {
    let function = Regex::new(r"\bfn (\w+)[^{;]*\{").unwrap();
    let writes = format!(r"\b(?:insert into|update|delete from)\s+(?:{})\b", JOURNALLED.join("|"));
    let writes = Regex::new(&writes).unwrap();
    let mut files = Vec::new();
    stores(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
        let starts: Vec<_> = function.captures_iter(&text).collect();
        for (n, start) in starts.iter().enumerate() {
            let whole = start.get(0).unwrap();
            let end = starts.get(n + 1).map_or(text.len(), |next| next.get(0).unwrap().start());
            if writes.is_match(&text[whole.end()..end]) && !whole.as_str().contains("PgTransaction") {
                found.push(format!("{file}: {}", &start[1]));
            }
        }
    }
    let known: Vec<_> = ON_ANY_CONNECTION.iter().map(|(function, _)| (*function).to_owned()).collect();
    let (found, known): (BTreeSet<_>, BTreeSet<_>) = (found.into_iter().collect(), known.into_iter().collect());
    assert_eq!(found, known);
}

/// A use case whose line cannot be written fails, and nothing of it stays.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_the_journal_takes_no_line_nothing_changes(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let refuse = "create function refuse() returns trigger language plpgsql as $$ begin raise 'no line'; end $$";
    run(&world, refuse).await;
    let mut journal = Journal::of(&world.app).await;
    let mut tried = 0;
    for operation in operations.iter().filter(|it| it.method != "GET") {
        world.renew().await;
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        let before = snapshot(&world).await;
        journal.take().await;
        run(&world, "create trigger refuse before insert on journal execute function refuse()").await;
        let refused = request.send(&by).await;
        run(&world, "drop trigger refuse on journal").await;
        if refused.status == 500 {
            tried += 1;
            assert_eq!(snapshot(&world).await, before, "{} has changed something", operation.id);
            assert_eq!(journal.kinds().await, Vec::<String>::new(), "{}", operation.id);
        } else {
            let kinds = journal.kinds().await;
            assert!(kinds.iter().all(|kind| kind.starts_with("ledger: ")), "{}: {kinds:?}", operation.id);
            let changed = snapshot(&world).await != before;
            assert!(!changed || !kinds.is_empty(), "{} changes something without a line", operation.id);
        }
    }
    assert!(tried >= 20, "only {tried} operations write a line: the test has lost its teeth");
}

/// All that is journalled, as one text.
async fn snapshot(world: &World) -> String {
    let rows = |table: &&str| format!("select string_agg(t::text, ',' order by t::text) from {table} t");
    let tables: Vec<_> = JOURNALLED.iter().map(rows).collect();
    let sql = format!("select concat_ws(';', ({}))", tables.join("), ("));
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&world.app.db).await.unwrap()
}

async fn run(world: &World, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&world.app.db).await.unwrap();
}
