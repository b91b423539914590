//! 1,815 real substances from `PubChem`.

use std::path::PathBuf;

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, load_chemicals},
};
use sqlx::PgPool;

use super::{Folder, chemical, counts, dump};
use crate::support::TestApp;

fn real_file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "crates/chemistry/tests/data/identifiers/identifiers_pubchem_small.tsv"]
        .iter()
        .collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_row_goes_in_and_a_second_import_changes_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let file = folder.file("pubchem.tsv", std::fs::read(real_file()).unwrap());
    let report = load_chemicals(&app.app, &file, &Options::default(), Names::default()).await.unwrap();
    assert_eq!(counts(&report), [1815, 1815, 0, 0, 0]);
    assert_eq!(report.corrections, None);

    let ethanol = chemical(&app, "64-17-5").await;
    assert_eq!(ethanol["name"], "ethanol");
    assert_eq!(ethanol["formula"], "C2H6O");
    assert_eq!(ethanol["molar_mass"], "46.06844");
    assert_eq!(ethanol["inchikey"], "LFQSCWFLJHTTHZ-UHFFFAOYSA-N");
    // The first common name; the systematic one is a synonym.
    let phthalate = chemical(&app, "84-74-2").await;
    assert_eq!(phthalate["name"], "dibutyl phthalate");
    assert_eq!(phthalate["synonyms"][0], "dibutyl benzene-1,2-dicarboxylate");
    // Its first common name is a number, which is no name.
    assert_eq!(chemical(&app, "78-01-3").await["name"], "1,1-diethylcyclohexane");

    app.advance(chrono::TimeDelta::days(1));
    let before = dump(&app).await;
    let again = load_chemicals(&app.app, &file, &Options::default(), Names::default()).await.unwrap();
    assert_eq!(counts(&again), [1815, 0, 0, 1815, 0]);
    assert_eq!(dump(&app).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_that_was_cut_off_is_finished_by_the_next(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let text = std::fs::read_to_string(real_file()).unwrap();
    // As after a kill between two batches of 500.
    let first: String = text.split_inclusive('\n').take(1000).collect();
    let report =
        load_chemicals(&app.app, &folder.file("cut.tsv", first), &Options::default(), Names::default()).await.unwrap();
    assert_eq!(counts(&report), [1000, 1000, 0, 0, 0]);
    let report =
        load_chemicals(&app.app, &folder.file("whole.tsv", text), &Options::default(), Names::default()).await.unwrap();
    assert_eq!(counts(&report), [1815, 815, 0, 1000, 0]);
}
