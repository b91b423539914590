//! Codes that are made: each is one bottle's, whatever becomes of the list.

use std::path::{Path, PathBuf};

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts,
};
use crate::support::{Client, TestApp};

async fn make(app: &TestApp, file: &Path) -> Report {
    let make = ContainerOptions { make_codes: true, ..CREATE };
    load_containers(&app.app, file, app.lab, &make, None).await.expect("an import")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn mend(report: &Report, from: &str, to: &str) -> PathBuf {
    let file = report.corrections.clone().expect("corrections");
    std::fs::write(&file, text(&file).replace(from, to)).expect("a file");
    file
}

/// Of the bottles that there are, and of the file of codes.
async fn codes(app: &TestApp, by: &Client, file: &Path) -> (Vec<String>, Vec<String>) {
    let bottles = containers(app, by).await;
    let mut table = csv::Reader::from_reader(std::fs::File::open(file).expect("the codes"));
    let mut printed: Vec<_> = table.records().map(|row| row.expect("a row")[0].to_owned()).collect();
    printed.sort_unstable();
    (bottles.iter().map(|it| it["code"].as_str().expect("a code").to_owned()).collect(), printed)
}

const LIST: &str = "chemical,amount,unit,location\nacetone,1,L,Lab 1\nacetonn,1,L,Lab 1\n";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_was_corrected_is_a_bottle_of_its_own_beside_one_that_says_the_same(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("1.csv", LIST);
    let first = make(&app, &file).await;
    assert_eq!(counts(&first), [2, 1, 0, 0, 1]);
    let printed = first.codes.clone().expect("codes");
    let mended = mend(&first, "acetonn", "acetone");
    for expected in [[1, 1, 0, 0, 0], [1, 0, 0, 1, 0]] {
        let report = make(&app, &mended).await;
        assert_eq!((counts(&report), report.codes), (expected, Some(printed.clone())));
        let (bottles, labels) = codes(&app, &manager, &printed).await;
        assert_eq!((bottles.len(), &bottles), (2, &labels));
    }
    // The list as it was still has its mistake, and brings nothing; mended there too, it has the two.
    assert_eq!(counts(&make(&app, &file).await), [2, 0, 0, 1, 1]);
    folder.file("1.csv", LIST.replace("acetonn", "acetone"));
    for _ in 0..2 {
        assert_eq!(counts(&make(&app, &file).await), [2, 0, 0, 2, 0]);
    }
    let (bottles, labels) = codes(&app, &manager, &printed).await;
    assert_eq!((bottles.len(), bottles), (2, labels));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn equal_rows_are_as_many_bottles_and_those_of_another_list_are_more(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let row = "acetone,1,L,Lab 1\n";
    let list = |rows: usize| format!("chemical,amount,unit,location\n{}", row.repeat(rows));
    let october = folder.file("october.csv", list(2));
    assert_eq!(counts(&make(&app, &october).await), [2, 2, 0, 0, 0]);
    assert_eq!(counts(&make(&app, &october).await), [2, 0, 0, 2, 0]);
    folder.file("october.csv", list(3));
    assert_eq!(counts(&make(&app, &october).await), [3, 1, 0, 2, 0]);
    let november = folder.file("november.csv", list(1));
    let report = make(&app, &november).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    let (bottles, new) = codes(&app, &manager, &report.codes.expect("codes")).await;
    let (_, old) = codes(
        &app,
        &manager,
        &folder.file("october.csv.codes.csv", text(&october.with_file_name("october.csv.codes.csv"))),
    )
    .await;
    assert_eq!((bottles.len(), old.len(), new.len()), (4, 3, 1));
    assert!(!old.contains(&new[0]), "a label is of one bottle");
    assert_eq!(counts(&make(&app, &november).await), [1, 0, 0, 1, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_of_other_columns_or_in_another_order_says_the_same(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "chemical,amount,unit,location\nacetone,500,mL,Lab 1\nethanol,2.5,L,Lab 1\n");
    let printed = make(&app, &file).await.codes.expect("codes");
    let first = codes(&app, &manager, &printed).await;
    for list in [
        "unit,location,chemical,amount\nmL,Lab 1,acetone,500\nL,Lab 1,ethanol,2.5\n",
        "chemical,amount,unit,location,shelf life\nacetone,500,mL,Lab 1,x\nethanol,2.5,L,Lab 1,\n",
        "chemical,amount,unit,location,note\nacetone,500,mL,Lab 1,\nethanol,2.5,L,Lab 1,\n",
        "chemical;amount;location\nethanol;2,5 L;Lab 1\nacetone;500 mL;lab  1\n",
        "code,chemical,amount,unit,location\n,acetone,500,mL,Lab 1\n,ethanol,2.5,L,Lab 1\n",
        "chemical,amount,unit,location\nethanol,2.5,L,Lab 1\nacetone,500,mL,Lab 1\n",
    ] {
        folder.file("a.csv", list);
        assert_eq!(counts(&make(&app, &file).await), [2, 0, 0, 2, 0], "{list}");
        assert_eq!(codes(&app, &manager, &printed).await, first, "{list}");
    }
    // What a new column says is told apart the next time.
    let list =
        "chemical,amount,unit,location,note\nacetone,500,mL,Lab 1,\nethanol,2.5,L,Lab 1,\nethanol,2.5,L,Lab 1,b\n";
    folder.file("a.csv", list);
    for expected in [[3, 1, 0, 2, 0], [3, 0, 0, 3, 0]] {
        assert_eq!(counts(&make(&app, &file).await), expected);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_whose_codes_are_not_beside_it_is_refused_as_it_may_be_another(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "chemical,amount\nacetone,500 mL\n");
    let printed = make(&app, &file).await.codes.expect("codes");
    let kept = text(&printed);
    std::fs::remove_file(&printed).expect("a file");
    let report = make(&app, &file).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("put a.csv.codes.csv beside it"), "{:?}", corrections(&report));
    assert!(!printed.exists(), "no label is printed twice");
    std::fs::write(&printed, kept).expect("a file");
    assert_eq!(counts(&make(&app, &file).await), [1, 0, 0, 1, 0]);
    assert_eq!(containers(&app, &manager).await.len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_list_may_be_brought_into_two_labs(db: PgPool) {
    let (mut app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let first = app.lab;
    let file = folder.file("a.csv", "chemical,amount\nacetone,500 mL\nethanol,1 L\n");
    assert_eq!(counts(&make(&app, &file).await), [2, 2, 0, 0, 0]);
    app.new_lab("Other").await;
    let other = app.lab;
    assert_eq!(counts(&make(&app, &file).await), [2, 2, 0, 0, 0]);
    for lab in [first, other] {
        app.lab = lab;
        assert_eq!(counts(&make(&app, &file).await), [2, 0, 0, 2, 0]);
    }
    let printed = text(&file.with_file_name("a.csv.codes.csv"));
    assert!(printed.starts_with("code,chemical,amount,made for lab\n"), "{printed}");
    for lab in [first, other] {
        assert_eq!(printed.lines().filter(|line| line.ends_with(&lab.to_string())).count(), 2, "{printed}");
    }
    app.lab = first;
    assert_eq!(containers(&app, &manager).await.len(), 2);
}
