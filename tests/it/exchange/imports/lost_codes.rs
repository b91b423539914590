//! Lists whose file of codes is lost, and corrections that say no codes: nothing of them is a second bottle by itself.

use std::path::Path;

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts,
};
use crate::support::TestApp;

const LIST: &str = "chemical,amount\nacetone,1 L\nethanol,2 L\n";

async fn make(app: &TestApp, file: &Path) -> Report {
    let make = ContainerOptions { make_codes: true, ..CREATE };
    load_containers(&app.app, file, app.lab, &make, None).await.expect("an import")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_that_was_changed_and_has_lost_its_codes_brings_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (n, changed) in [
        "chemical,amount,note\nacetone,1 L,x\nethanol,2 L,x\n",
        "chemical,amount\nacetone,1000 mL\nethanol,2 L\n",
        "chemical,amount\nethanol,2 L\nacetone,1 L\nacetone,7 L\n",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{n}.csv");
        let file = folder.file(&name, LIST);
        assert_eq!(counts(&make(&app, &file).await), [2, 2, 0, 0, 0]);
        let codes = file.with_file_name(format!("{name}.codes.csv"));
        std::fs::remove_file(&codes).expect("a file");
        folder.file(&name, changed);
        let rows = changed.lines().count() as u64 - 1;
        let report = make(&app, &file).await;
        assert_eq!(counts(&report), [rows, 0, 0, 0, rows], "{changed}");
        for (_, reason) in corrections(&report) {
            assert!(reason.contains("a list of this name has brought") && reason.contains("another name"), "{reason}");
        }
        assert_eq!(make(&app, &report.corrections.expect("corrections")).await.added, 0, "{changed}");
        assert!(!codes.exists(), "no label is printed for them");
    }
    // A version before this one did not keep what its lists were called; a row that is as it was tells.
    sqlx::query("delete from imported_lists").execute(&app.db).await.expect("nothing");
    let report = make(&app, &folder.file("0.csv", "chemical,amount\nacetone,1 L\nethanol,3 L\n")).await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    assert_eq!(containers(&app, &manager).await.len(), 6);
    // Another name is another list.
    assert_eq!(counts(&make(&app, &folder.file("new.csv", LIST)).await), [2, 2, 0, 0, 0]);
}

/// Without what a file of an earlier version does not have.
fn without_codes(file: &Path) {
    let mut table = csv::Reader::from_path(file).expect("a table");
    let header = table.headers().expect("a header").clone();
    let kept: Vec<_> = (0..header.len()).filter(|at| !["made code", "made for lab"].contains(&&header[*at])).collect();
    let rows: Vec<_> = table.records().map(|row| row.expect("a row")).collect();
    let mut writer = csv::Writer::from_path(file).expect("a file");
    for row in std::iter::once(&header).chain(&rows) {
        writer.write_record(kept.iter().map(|at| &row[*at])).expect("a row");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn corrections_that_say_no_codes_bring_nothing_when_their_list_has_brought_bottles(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "chemical,amount\nacetone,1 L\nethanoll,2 L\n");
    let corrected = make(&app, &file).await.corrections.expect("corrections");
    without_codes(&corrected);
    let text = std::fs::read_to_string(&corrected).expect("a file");
    std::fs::write(&corrected, text.replace("ethanoll", "ethanol")).expect("a file");
    // The list was mended in another way.
    folder.file("a.csv", "chemical,amount\nacetone,1 L\nethanol,2000 mL\n");
    assert_eq!(make(&app, &file).await.added, 1);
    let report = make(&app, &corrected).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("an earlier version wrote it"), "{:?}", corrections(&report));
    assert_eq!(containers(&app, &manager).await.len(), 2);
    // A list that was imported without making codes has brought none.
    let file = folder.file("b.csv", "chemical,amount\nacetone,1 L\nethanol,2 L\n");
    let report =
        load_containers(&app.app, &file, app.lab, &ContainerOptions { make_codes: false, ..CREATE }, None).await;
    assert!(report.is_err(), "without a code no row is known again");
    let coded = folder.file("c.csv", "code,chemical,amount\n,acetone,1 L\n,ethanol,2 L\n");
    let report = load_containers(&app.app, &coded, app.lab, &CREATE, None).await.expect("an import");
    let corrected = report.corrections.expect("corrections");
    for expected in [[2, 2, 0, 0, 0], [2, 0, 0, 2, 0]] {
        assert_eq!(counts(&make(&app, &corrected).await), expected);
    }
}
