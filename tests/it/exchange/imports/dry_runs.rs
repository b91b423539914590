//! A dry run says what the run would do, and changes nothing.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, load_chemicals, load_containers},
};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts, dump,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn rows_that_meet_by_a_synonym_or_a_formula_are_told_as_they_will_go_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let padding = (0..600).map(|n| format!("substance {n},,,\n")).collect::<Vec<_>>().concat();
    let list = format!(
        "name,cas,formula,synonyms\nspirit of wine,,,\nNaCl,,,\n{padding}ethanol,64-17-5,,spirit of wine\n\
        sodium chloride,7647-14-5,NaCl,\nmethanol,64-17-5,,\nethanol,64-17-5,C2H6O,\n"
    );
    let file = folder.file("a.csv", list);
    let before = dump(&app).await;
    let mut told = Vec::new();
    for dry_run in [true, false] {
        let options = Options { dry_run, ..Options::default() };
        let report = load_chemicals(&app.app, &file, &options, Names::default()).await.expect("an import");
        assert_eq!(dump(&app).await == before, dry_run);
        told.push((counts(&report), corrections(&report), report.warnings));
    }
    assert_eq!(told[0], told[1]);
    // No formula is the name of an entry.
    assert_eq!(told[0].0, [606, 602, 1, 1, 2]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bottles_of_one_code_and_their_places_are_told_as_they_will_go_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let row = |n| format!("P-{n},64-17-5,1 L,Room 7 > Shelf {}\n", n % 7);
    let padding = (0..600).map(row).collect::<Vec<_>>().concat();
    let list = format!(
        "code,cas,amount,place\nB-1,64-17-5,1 L,Room 7\n{padding}B-1,64-17-5,1 L,Room 7\nB-2,64-17-5,1 L,Shelf 9\n"
    );
    let file = folder.file("b.csv", list);
    let mut told = Vec::new();
    for dry_run in [true, false] {
        let options = ContainerOptions { common: Options { dry_run, ..Options::default() }, ..CREATE };
        let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
        assert_eq!(containers(&app, &manager).await.is_empty(), dry_run);
        told.push((counts(&report), report.warnings, report.locations));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, [603, 602, 0, 1, 0]);
}
