//! Rows that were refused, and then mended in the list, in the file of corrections, or in both: each is one bottle.

use std::path::{Path, PathBuf};

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts, load, load_chemicals,
};
use crate::support::{Client, TestApp};

const LIST: &str = "chemical,amount,unit,note\nacetone,1,L,\nacetonn,2,L,\nethanol,3,L,\n";

async fn make(app: &TestApp, file: &Path) -> Report {
    let make = ContainerOptions { make_codes: true, ..CREATE };
    load_containers(&app.app, file, app.lab, &make, None).await.expect("an import")
}

/// The list, and the corrections of its one bad row.
async fn refused(app: &TestApp, folder: &Folder) -> (PathBuf, PathBuf) {
    let file = folder.file("a.csv", LIST);
    let report = make(app, &file).await;
    assert_eq!(counts(&report), [3, 2, 0, 0, 1]);
    (file, report.corrections.expect("corrections"))
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("a file");
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).expect("a file");
}

async fn bottles(app: &TestApp, by: &Client) -> usize {
    containers(app, by).await.len()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_is_mended_in_the_list_and_in_the_corrections_is_one_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let (file, corrected) = refused(&app, &folder).await;
    replace(&corrected, "acetonn", "acetone");
    let in_corrections = std::fs::read_to_string(&corrected).expect("a file");
    replace(&file, "acetonn", "Acetone");
    assert_eq!(counts(&make(&app, &file).await), [3, 1, 0, 2, 0]);
    assert_eq!(std::fs::read_to_string(&corrected).expect("it is the person's"), in_corrections);
    assert_eq!(counts(&make(&app, &corrected).await), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&make(&app, &file).await), [3, 0, 0, 3, 0]);

    // Other values are a contradiction and no second bottle.
    replace(&corrected, ",2,L,", ",5,L,");
    let report = make(&app, &corrected).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert_eq!(corrections(&report)[0].1, "the code exists with other values (amount)");
    assert_eq!(bottles(&app, &manager).await, 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_came_in_by_the_corrections_is_the_same_bottle_however_the_list_is_mended(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let (file, corrected) = refused(&app, &folder).await;
    replace(&corrected, "acetonn", "acetone");
    assert_eq!(counts(&make(&app, &corrected).await), [1, 1, 0, 0, 0]);
    replace(&file, "acetonn,2,L", "Acetone,2000,mL");
    assert_eq!(counts(&make(&app, &file).await), [3, 0, 0, 3, 0], "the same in other words");
    replace(&file, "Acetone,2000,mL,", "Acetone,2000,mL,by the window");
    let report = make(&app, &file).await;
    assert_eq!(counts(&report), [3, 0, 0, 2, 1]);
    assert_eq!(corrections(&report), [(3, "the code exists with other values (note)".to_owned())]);
    assert_eq!(bottles(&app, &manager).await, 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_a_list_whose_lines_have_moved_the_corrections_bring_no_row_that_is_not_in_it_any_more(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let (file, corrected) = refused(&app, &folder).await;
    replace(&corrected, "acetonn", "acetone");
    replace(&file, "acetonn", "Acetone");
    replace(&file, "note\n", "note\nBrine,9,L,\n");
    assert_eq!(counts(&make(&app, &file).await), [4, 2, 0, 2, 0]);
    let report = make(&app, &corrected).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    let why = corrections(&report).remove(0).1;
    assert!(why.contains("is not in a.csv any more as it was refused") && why.contains("give it a code"), "{why}");
    assert_eq!(bottles(&app, &manager).await, 4);
    // Where the list has the row as it was, it comes from its corrections wherever it stands.
    let file = folder.file("b.csv", LIST);
    let corrected = make(&app, &file).await.corrections.expect("corrections");
    replace(&corrected, "acetonn", "acetone");
    replace(&file, "note\n", "note\nBrine,9,L,\n");
    assert_eq!(counts(&make(&app, &corrected).await), [1, 1, 0, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_made_code_that_a_spreadsheet_has_damaged_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let (_, corrected) = refused(&app, &folder).await;
    let text = std::fs::read_to_string(&corrected).expect("a file");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let at = table.headers().expect("a header").iter().position(|it| it == "made code").expect("codes");
    let code = table.records().next().expect("a row").expect("a row")[at].to_owned();
    std::fs::write(&corrected, text.replace("acetonn", "acetone").replace(&code, "1.2E+83")).expect("a file");
    let report = make(&app, &corrected).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("made code `1.2E+83`"), "{:?}", corrections(&report));
    assert_eq!(bottles(&app, &manager).await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_with_a_made_code_gets_no_second_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "code,chemical,amount,unit,note\n,acetone,1,L,\n,acetonn,2,L,\n");
    let corrected = make(&app, &file).await.corrections.expect("corrections");
    replace(&corrected, ",acetonn,", "MINE,acetone,");
    let report = make(&app, &corrected).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("two codes: `MINE`"), "{:?}", corrections(&report));
    replace(&file, "acetonn", "acetone");
    assert_eq!(counts(&make(&app, &file).await), [2, 1, 0, 1, 0]);
    assert_eq!(bottles(&app, &manager).await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_of_corrections_goes_with_the_last_row_of_its_list_unless_somebody_has_changed_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    // Mended in the list alone: what was written down of it is of no use any more.
    let (file, corrected) = refused(&app, &folder).await;
    replace(&file, "acetonn", "acetone");
    let report = make(&app, &file).await;
    assert_eq!((counts(&report), report.warnings), ([3, 1, 0, 2, 0], vec![]));
    assert!(!corrected.exists());

    // In both: the person's work stays, also where the list says the same now, and that it is there is told.
    let list = "name,cas\nHexane,110-54-4\nMethanol,67-56-1\n";
    for (name, from, to) in
        [("b.csv", "110-54-4", "110-54-3"), ("c.csv", ",Hexane,", ",n-Hexane,"), ("d.csv", "line,reason", "line,why")]
    {
        let file = folder.file(name, list);
        let corrected = load(&app, &file).await.corrections.expect("corrections");
        replace(&corrected, from, to);
        let work = std::fs::read_to_string(&corrected).expect("a file");
        replace(&file, "110-54-4", "110-54-3");
        let report = load_chemicals(&app, &file).await.expect("an import");
        assert_eq!(report.failed, 0, "{name}");
        assert_eq!(std::fs::read_to_string(&corrected).expect(name), work);
        assert!(report.warnings.iter().any(|it| it.contains("somebody has changed")), "{:?}", report.warnings);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn corrections_whose_rows_all_go_in_stay_until_the_list_itself_has_them(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let (file, corrected) = refused(&app, &folder).await;
    let written = std::fs::read_to_string(&corrected).expect("a file");
    replace(&corrected, ",acetonn,", ",acetone,");
    replace(&corrected, "is not in the catalogue", "ask Maria");
    assert_eq!(counts(&make(&app, &corrected).await), [1, 1, 0, 0, 0]);
    replace(&file, "acetonn", "acetone");
    assert_eq!(counts(&make(&app, &file).await), [3, 0, 0, 3, 0]);
    assert!(std::fs::read_to_string(&corrected).expect("it stays").contains("ask Maria"));
    // As it was written it says nothing that is not in.
    std::fs::write(&corrected, written).expect("a file");
    assert_eq!(counts(&make(&app, &file).await), [3, 0, 0, 3, 0]);
    assert!(!corrected.exists());
}
