//! Lists that were changed when their bottles were in: no row of theirs is a second bottle by itself.

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

fn replace(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("a file");
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).expect("a file");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_corrections_of_a_list_that_has_changed_bring_nothing_until_somebody_says_it_is_another_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (n, (changed, refused)) in [
        ("chemical,amount,note\nacetone,1 L,x\nethanol,2 L,x\n", 2),
        ("chemical,amount\nacetone,1000 mL\nethanol,2 L\n", 1),
        ("chemical,amount\nethanol,2 L\nacetone,1 Lx\n", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{n}.csv");
        let file = folder.file(&name, LIST);
        assert_eq!(counts(&make(&app, &file).await), [2, 2, 0, 0, 0]);
        folder.file(&name, changed);
        let first = make(&app, &file).await;
        assert_eq!(first.failed, refused, "{changed}");
        let corrected = first.corrections.expect("corrections");
        let again = make(&app, &corrected).await;
        assert_eq!((again.added, again.failed), (0, refused), "{changed}");
        // Neither do those that were written of them.
        let last = again.corrections.expect("corrections");
        let again = make(&app, &last).await;
        assert_eq!((again.added, again.failed), (0, refused), "{changed}");
        assert!(n == 2 || corrections(&again)[0].1.contains("give it a code"), "{:?}", corrections(&again));
        let text = std::fs::read_to_string(&corrected).expect("a file").replace("1 Lx", "3 L");
        std::fs::write(&corrected, &text).expect("a file");
        assert_eq!(make(&app, &corrected).await.added, 0, "another amount does not say it: {changed}");
        // A code does.
        let mut lines = text.lines();
        let mut coded = format!("{},code\n", lines.next().expect("a header"));
        coded.extend(lines.enumerate().map(|(at, line)| format!("{line},X{n}-{at}\n")));
        std::fs::write(&corrected, coded).expect("a file");
        assert_eq!(make(&app, &corrected).await.added, refused, "{changed}");
    }
    assert_eq!(containers(&app, &manager).await.len(), 10);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_is_no_mended_one_where_the_codes_are_missing_and_its_own_bottle_is_there(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let refused = "chemical,amount\nacetonn,9 L\nacetone,1 L\nethanol,2 L\n";
    for (name, first, second) in [
        ("a.csv", LIST, "chemical,amount,note\nacetone,1 L,x\nethanol,2 L,x\n"),
        // The refused row is taken out, and the others move up.
        ("b.csv", refused, refused),
    ] {
        let file = folder.file(name, first);
        assert_eq!(make(&app, &file).await.added, 2, "{name}");
        folder.file(name, second);
        let corrected = make(&app, &file).await.corrections.expect("corrections");
        std::fs::remove_file(file.with_file_name(format!("{name}.codes.csv"))).expect("a file");
        folder.file(name, LIST);
        let report = make(&app, &file).await;
        assert_eq!(counts(&report), [2, 0, 0, 0, 2], "{name}");
        let why = &corrections(&report)[0].1;
        assert!(why.contains(&format!("put {name}.codes.csv beside it")), "{why}");
        assert_eq!(make(&app, &report.corrections.expect("corrections")).await.added, 0, "{name}");
        assert_eq!(make(&app, &corrected).await.added, 0, "{name}");
    }
    assert_eq!(containers(&app, &manager).await.len(), 4);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_was_refused_before_its_list_changed_goes_in_by_its_corrections_once(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "chemical,amount\nacetone,1 L\nacetonn,9 L\n");
    let first = make(&app, &file).await.corrections.expect("corrections");
    folder.file("a.csv", "chemical,amount\nacetone,1000 mL\nacetonn,9 L\n");
    let second = make(&app, &file).await.corrections.expect("corrections");
    for corrected in [&second, &first] {
        replace(corrected, "acetonn", "acetone");
    }
    assert_eq!(counts(&make(&app, &second).await), [2, 1, 0, 0, 1]);
    assert_eq!(counts(&make(&app, &first).await), [1, 0, 0, 1, 0]);
    assert_eq!(containers(&app, &manager).await.len(), 2);
}
