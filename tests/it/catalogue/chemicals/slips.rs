//! One slip in a name, and names of which many begin alike: what people mean comes first, whatever else the catalogue
//! has.

use std::path::PathBuf;

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, load_chemicals},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::search::{add, found};
use crate::support::{Client, TestApp, folder::Folder};

/// Names of chemicals, the first imported first.
pub async fn import(app: &TestApp, names: impl IntoIterator<Item = String>) {
    let folder = Folder::new();
    let file = folder.0.join("names.csv");
    let rows: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"\n")).collect();
    std::fs::write(&file, format!("name\n{}", rows.concat())).expect("a file");
    let report = load_chemicals(&app.app, &file, &Options::default(), Names::default()).await.expect("a report");
    assert_eq!(report.failed, 0);
}

async fn is_among_five(by: &Client, typed: &str, meant: &str) {
    let found = found(by, typed).await;
    assert!(found.iter().take(5).any(|name| name == meant), "{typed}: {found:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_word_with_a_lost_letter_is_mended_though_it_stands_inside_many_others(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let others = (0..30).map(|n| format!("{n}-diphosphoric acid")).chain((0..30).map(|n| format!("Isoquinoline {n}")));
    import(&app, others.chain(["Phosphoric acid", "Quinoline"].map(str::to_owned))).await;
    is_among_five(&viewer, "hosphoric acid", "Phosphoric acid").await;
    is_among_five(&viewer, "uinoline", "Quinoline").await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_word_without_its_end_is_mended_though_it_begins_many_others(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    import(&app, (0..30).map(|n| format!("{n}-ethylene lactate")).chain(["Ethyl lactate".to_owned()])).await;
    is_among_five(&viewer, "ethy lactate", "Ethyl lactate").await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_begun_or_written_as_it_is_brings_no_other_with_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    import(&app, ["Ethanol", "Methanol", "Sodium acetate", "Sodium azetate"].map(str::to_owned)).await;
    assert_eq!(found(&viewer, "ethanol").await, ["Ethanol"]);
    assert_eq!(found(&viewer, "acetate sodium").await, ["Sodium acetate"]);
    assert_eq!(found(&viewer, "sodium acet").await, ["Sodium acetate"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_slip_that_is_another_word_of_the_catalogue_is_mended_when_nothing_has_all_words(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let others = (0..30).flat_map(|n| [format!("Ethal {n}"), format!("Acetage {n}"), format!("Ethyl {n}")]);
    import(&app, others.chain(["Ethyl acetate", "Allyl cinnamate"].map(str::to_owned))).await;
    for typed in ["ethal acetate", "ethyl acetage", "acetate ethal", "acetage ethyl"] {
        is_among_five(&viewer, typed, "Ethyl acetate").await;
    }
    assert!(found(&viewer, "allyl acetage").await.is_empty(), "nothing is called so with one slip");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn names_that_begin_so_are_cut_by_their_length_and_not_by_the_alphabet(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let many = (100..400).flat_map(|n| [format!("Chloroacetamide {n}"), format!("Ethacridine {n}")]);
    import(&app, many.chain(["Chloroform", "Ethanol"].map(str::to_owned))).await;
    for (typed, meant) in [("et", "Ethanol"), ("eth", "Ethanol"), ("ch", "Chloroform"), ("chloro", "Chloroform")] {
        assert_eq!(found(&viewer, typed).await[0], meant, "{typed}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_synonym_that_begins_so_is_found_among_many_others(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for n in 0..3 {
        let many: Vec<String> = (100..250).map(|k| format!("DMA {n} {k}")).collect();
        add(&manager, json!({"name": format!("Substance {n}"), "synonyms": many})).await;
    }
    add(&manager, json!({"name": "Dimethyl sulfoxide", "synonyms": ["DMSO"]})).await;
    assert_eq!(found(&manager, "dm").await[0], "Dimethyl sulfoxide");
}

/// Every letter of a word dropped, doubled or swapped with the next, a word of each thirtieth substance.
fn slips(chemicals: &[Value]) -> Vec<(String, &Value)> {
    let mut slips = Vec::new();
    for chemical in chemicals.iter().step_by(30) {
        let name: Vec<char> = chemical["name"].as_str().expect("a name").chars().collect();
        let is_inside = |at: usize| name.get(at..at + 4).is_some_and(|part| part.iter().all(char::is_ascii_alphabetic));
        let Some(at) = (0..name.len()).find(|at| is_inside(*at)).map(|at| at + slips.len() % 3) else { continue };
        let (before, after) = name.split_at(at);
        let middle: &[char] = match slips.len() % 4 {
            0 => &[],
            1 => &[after[0], after[0]],
            2 => &[after[1], after[0]],
            _ => &['x'],
        };
        let after = &after[if slips.len() % 4 == 2 { 2 } else { 1 }..];
        slips.push(([before, middle, after].concat().into_iter().collect(), chemical));
    }
    slips
}

/// Imports 1,815 real substances and fails when the first five of too many searches miss the one that is meant.
async fn assert_recall(app: &TestApp, lines: impl FnOnce(&mut Vec<&str>)) {
    let file = [env!("CARGO_MANIFEST_DIR"), "crates/chemistry/tests/data/identifiers/identifiers_pubchem_small.tsv"];
    let text = std::fs::read_to_string(file.iter().collect::<PathBuf>()).expect("a file");
    let mut rows: Vec<&str> = text.split_inclusive('\n').collect();
    lines(&mut rows);
    let folder = Folder::new();
    let file = folder.0.join("substances.tsv");
    std::fs::write(&file, rows.concat()).expect("a file");
    load_chemicals(&app.app, &file, &Options::default(), Names::default()).await.expect("a report");
    let viewer = app.client("viewer").await;
    let (mut chemicals, mut path) = (Vec::new(), "/v1/chemicals?limit=200".to_owned());
    loop {
        let page = viewer.get(&path).await.ok();
        chemicals.extend(page["items"].as_array().expect("items").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/chemicals?limit=200&cursor={cursor}");
    }
    let asked = slips(&chemicals);
    assert!(asked.len() > 50);
    let mut missed = Vec::new();
    for (typed, chemical) in &asked {
        let found = found(&viewer, typed).await;
        if !found.iter().take(5).any(|name| chemical["name"] == name.as_str()) {
            missed.push(typed);
        }
    }
    assert!(missed.len() * 50 <= asked.len(), "of {} these were missed: {missed:?}", asked.len());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_names_with_one_slip_98_in_100_are_among_the_first_five(db: PgPool) {
    assert_recall(&TestApp::new(db).await, |_| {}).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_names_with_one_slip_98_in_100_are_among_the_first_five_also_when_the_last_was_imported_first(db: PgPool) {
    assert_recall(&TestApp::new(db).await, |rows| rows.reverse()).await;
}
