//! A refused row leaves nothing behind: no later row is refused because of it.

use std::fmt::Write as _;

use serde_json::Value;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    chemical, corrections, counts,
};
use crate::support::TestApp;

async fn refuse_lot_x(app: &TestApp) {
    let rule = sqlx::query("alter table containers add constraint no_lot_x check (lot <> 'X')");
    rule.execute(&app.db).await.expect("a constraint");
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn a_refused_bottle_keeps_its_code_from_no_later_row(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    refuse_lot_x(&app).await;
    let file = folder.file(
        "b.csv",
        "code,cas,amount,lot\n\
        B-1,7732-18-5,1 L,\n\
        B-1,64-17-5,2 L,\n\
        B-1,64-17-5,3 L,\n\
        B-2,64-17-5,1 L,X\n\
        B-2,64-17-5,1 L,Y\n\
        B-3,64-17-5,1 L,\n\
        B-3,64-17-5,1 L,\n",
    );
    let expected = [
        (2, "`7732-18-5` is not in the catalogue"),
        (4, "line 3 has the same code"),
        (5, "no_lot_x"),
        (8, "line 7 has the same code"),
    ];
    for count in [[7, 3, 0, 0, 4], [7, 0, 0, 3, 4]] {
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
    assert_eq!((&all[0]["amount"]["value"], &all[1]["lot"]), (&Value::from("2"), &Value::from("Y")));
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
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
    assert_eq!(counts(&report), [608, 601, 2, 0, 5], "{refused:?}");
    for ((line, reason), (expected_line, part)) in refused.iter().zip([
        (2, "`wine` is none of the names"),
        (4, "line 3 has the same CAS number"),
        (5, "line 3 has the same InChIKey"),
        (6, "`Water` is none of the names"),
        (609, "line 14 has the same name"),
    ]) {
        assert!(*line == expected_line && reason.contains(part), "{line}: {reason}");
    }
    assert_eq!(chemical(&app, "64-17-5").await["formula"], "C2H6O");
    assert_eq!(chemical(&app, "67-64-1").await["formula"], "C3H6O");
}
