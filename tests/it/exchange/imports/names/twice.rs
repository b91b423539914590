//! A substance that stands twice in a list, and rows in either order.

use chemstock::catalogue::chemicals::Names;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, NEW_NAMES, chemicals};
use crate::{
    exchange::imports::{chemical, corrections, counts, dump},
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_that_stands_twice_is_one_entry_and_another_name_for_it_is_for_a_person_to_say(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,synonyms\nAldicarb,116-06-3,\n\"Propanal, 2-methyl-2-(methylthio)-\",116-06-3,\nAldicarb,116-06-3,\n\
        Aldicarb,116-06-3,Temik\nBrine,,\nbrine,,\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!(counts(&report), [6, 2, 1, 2, 1]);
    let (line, told) = corrections(&report).remove(0);
    assert_eq!(line, 3);
    assert!(
        told.contains("is none of the names of `Aldicarb`, whose number it has") && told.contains("--new-names"),
        "{told}"
    );
    for count in [[6, 0, 1, 5, 0], [6, 0, 0, 6, 0]] {
        assert_eq!(counts(&chemicals(&app, &folder, rows, NEW_NAMES).await), count);
    }
    let names = json!(["Temik", "Propanal, 2-methyl-2-(methylthio)-"]);
    assert_eq!(chemical(&app, "116-06-3").await["synonyms"], names);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_says_something_else_of_the_same_number_is_refused_with_both_values(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,formula\nethanol,64-17-5,C2H6O\nethanol,64-17-5,CH4O\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("the formula is CH4O here and C2H6O there"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_and_the_row_that_has_it_as_a_synonym_are_one_in_either_order(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let padding = (0..600).map(|n| format!("substance {n},,\n")).collect::<Vec<_>>().concat();
    let mut last = None;
    for rows in [
        format!("spirit of wine,,\n{padding}ethanol,64-17-5,spirit of wine\n"),
        format!("ethanol,64-17-5,spirit of wine\n{padding}spirit of wine,,\n"),
    ] {
        let rows = format!("name,cas,synonyms\n{rows}");
        assert_eq!(counts(&chemicals(&app, &folder, &rows, Names::default()).await), [602, 601, 0, 1, 0]);
        assert_eq!(counts(&chemicals(&app, &folder, &rows, Names::default()).await), [602, 0, 0, 602, 0]);
        let ethanol = chemical(&app, "64-17-5").await;
        let now = (ethanol["name"].clone(), ethanol["synonyms"].clone());
        assert_eq!(*last.get_or_insert_with(|| now.clone()), now);
        for gone in ["delete from chemicals", "delete from imported_chemicals"] {
            sqlx::query(gone).execute(&app.db).await.expect("nothing");
        }
        assert!(dump(&app).await.0.is_empty());
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_waits_for_one_that_is_refused_goes_in_by_itself(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,synonyms\nspirit,,\nethanol,64-17-6,spirit\nwater,7732-18-6,\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!(counts(&report), [3, 1, 0, 0, 2]);
}
