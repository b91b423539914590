//! A refused row leaves nothing behind: no later row is refused because of it, no place is made, no code is written.

use std::fmt::Write as _;

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use serde_json::Value;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    chemical, corrections, counts,
};
use crate::support::{Client, TestApp};

async fn refuse_lot_x(app: &TestApp) {
    let rule = sqlx::query("alter table containers add constraint no_lot_x check (lot <> 'X')");
    rule.execute(&app.db).await.expect("a constraint");
}

/// But those of [`lab`].
async fn new_places(app: &TestApp, by: &Client) -> Vec<String> {
    let all = by.get(&app.path("/locations?limit=200")).await.ok();
    let items = all["items"].as_array().expect("items");
    let name = |it: &Value| it["name"].as_str().expect("a name").to_owned();
    items.iter().map(name).filter(|name| !["Room 214", "Cabinet A"].contains(&name.as_str())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_refused_bottle_keeps_its_code_from_no_later_row(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    refuse_lot_x(&app).await;
    let file = folder.file(
        "b.csv",
        "code,cas,amount,lot\n\
        B-1,64-17-5,1 parsec,\n\
        B-1,64-17-5,2 L,\n\
        B-2,64-17-5,1 L,X\n\
        B-3,64-17-5,1 L,\n\
        B-3,64-17-5,1 L,\n",
    );
    let expected = [(2, "unit `parsec`"), (4, "no_lot_x")];
    for count in [[5, 2, 0, 1, 2], [5, 0, 0, 3, 2]] {
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), count);
        if count[1] == 0 {
            continue;
        }
        let refused = corrections(&report);
        assert_eq!(refused.len(), expected.len());
        for ((line, reason), (expected_line, part)) in refused.iter().zip(expected) {
            assert!(*line == expected_line && reason.contains(part), "{line}: {reason}");
        }
    }
    let all = containers(&app, &manager).await;
    assert_eq!((&all[0]["amount"]["value"], &all[1]["code"]), (&Value::from("2"), &Value::from("B-3")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_refused_substance_keeps_its_number_and_its_name_from_no_later_row(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let key = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N";
    let mut rows = format!(
        "name,cas,inchikey,formula,density\n\
        wine,64-17-5,,,\n\
        Ethanol,64-17-5,{key},C2H6O,\n\
        Ethanol,64-17-5,,,0.7893\n\
        Acetone,,{key},,\n\
        Water,67-64-1,,,\n"
    );
    for n in 0..600 {
        writeln!(rows, "Substance {n},,,,").expect("text");
    }
    rows.push_str("Acetone,67-64-1,,C3H6O,\nWater,,,H2O,\nSubstance 7,,,,\n");
    let report = super::load(&app, &folder.file("c.csv", rows)).await;
    let refused = corrections(&report);
    assert_eq!(counts(&report), [608, 601, 3, 1, 3], "{refused:?}");
    for ((line, reason), (expected_line, part)) in refused.iter().zip([
        (2, "`wine` is none of the names"),
        (5, "`Acetone` is the name of another entry, `Acetone` (67-64-1), and the InChIKey that of `Ethanol`"),
        (6, "`Water` is none of the names"),
    ]) {
        assert!(*line == expected_line && reason.contains(part), "{line}: {reason}");
    }
    assert_eq!(chemical(&app, "64-17-5").await["formula"], "C2H6O");
    assert_eq!(chemical(&app, "67-64-1").await["formula"], "C3H6O");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_fails_makes_no_place_and_the_report_names_none(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    refuse_lot_x(&app).await;
    let file = folder.file(
        "b.csv",
        "code,cas,amount,lot,location\n\
        R214,64-17-5,1 L,,Room 1\n\
        B-1,64-17-5,1 L,X,Room 2 > Cabinet B\n\
        B-2,64-17-5,1 L,,Room 3\n\
        B-3,7732-18-5,1 L,,Room 4\n\
        B-4,64-17-5,1 parsec,,Room 5\n",
    );
    let dry =
        ContainerOptions { common: chemstock::exchange::imports::Options { dry_run: true, ..CREATE.common }, ..CREATE };
    for (options, places) in [(dry, vec![]), (CREATE, vec!["Room 3".to_owned()])] {
        let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
        assert_eq!((counts(&report), report.locations), ([5, 1, 0, 0, 4], vec!["Room 3".to_owned()]));
        assert_eq!(new_places(&app, &manager).await, places);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_are_written_down_only_for_the_rows_that_go_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    refuse_lot_x(&app).await;
    let file = folder.file(
        "b.csv",
        "chemical,amount,lot\nEthanol,1 parsec,a\nUnobtainium,1 L,b\nEthanol,1 L,X\nEthanol,1 L,c\nEthanol,2 L,d\n",
    );
    let make = ContainerOptions { make_codes: true, ..CREATE };
    for count in [[5, 2, 0, 0, 3], [5, 0, 0, 2, 3]] {
        let report = load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
        assert_eq!(counts(&report), count);
        let written = std::fs::read_to_string(report.codes.expect("a file of codes")).expect("text");
        let lots: Vec<_> = written.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
        assert_eq!(lots, ["c", "d"], "{written}");
        let all = containers(&app, &manager).await;
        assert!(all.iter().all(|it| written.contains(it["code"].as_str().expect("a code"))), "{written}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_bottle_is_of_a_chemical_that_was_deleted(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let ethanol = chemical(&app, "64-17-5").await;
    manager.delete(&format!("/v1/chemicals/{}", ethanol["id"].as_str().expect("an id")), "*").await.expect(204);
    let rows = "code,chemical,cas,amount\nB-1,Ethanol,,1 L\nB-2,EtOH,,1 L\nB-3,,64-17-5,1 L\nB-4,Ethanol,64-17-5,1 L\n";
    let report = load(&app, &folder.file("b.csv", rows)).await;
    assert_eq!(counts(&report), [4, 0, 0, 0, 4], "{:?}", corrections(&report));
    assert!(containers(&app, &manager).await.is_empty());
}
