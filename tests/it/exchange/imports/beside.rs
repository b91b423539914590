//! What an import writes beside its list: the rows to correct, and the codes that were made. A person works on both.

use std::{os::fd::AsRawFd as _, path::Path};

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts, load, load_chemicals,
};
use crate::support::{
    TestApp,
    folder::Folder as Home,
    instance::{command, database_url},
};

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn name(report: &Report) -> &str {
    report.corrections.as_ref().and_then(|it| it.file_name()).and_then(|it| it.to_str()).expect("corrections")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_of_corrections_that_a_person_has_worked_on_is_never_overwritten_nor_removed(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let list = "name,cas\nEthanol,64-17-6\nMethanol,67561\n";
    let file = folder.file("a.csv", list);
    let first = load(&app, &file).await.corrections.expect("corrections");
    assert_eq!(name(&load(&app, &file).await), "a.csv.corrections.csv", "the same refusals are the same file");
    let worked_on = text(&first).replace("64-17-6", "64-17-5");
    std::fs::write(&first, &worked_on).expect("a file");
    let report = load(&app, &file).await;
    assert_eq!(name(&report), "a.csv.corrections-2.csv");
    assert_eq!(text(&first), worked_on);
    assert_eq!(name(&load(&app, &file).await), "a.csv.corrections-2.csv");

    let right = folder.file("a.csv", list.replace("64-17-6", "64-17-5").replace("67561", "67-56-1"));
    let report = load(&app, &right).await;
    assert_eq!((counts(&report), &report.corrections), ([2, 2, 0, 0, 0], &None));
    assert_eq!(text(&first), worked_on, "it is the person's");
    assert!(report.warnings.iter().any(|it| it.contains("a.csv.corrections.csv")), "{:?}", report.warnings);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn files_of_corrections_as_they_were_written_go_when_all_their_rows_are_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let file = folder.file("b.csv", "code,chemical,amount\nB-1,Hexane,1 L\nB-2,Heptane,1 L\n");
    let import = async || load_containers(&app.app, &file, app.lab, &CREATE, None).await.expect("an import");
    let first = import().await.corrections.expect("corrections");
    load_chemicals(&app, &folder.file("c.csv", "name\nHexane\n")).await.unwrap();
    let second = import().await.corrections.expect("corrections");
    assert_ne!(first, second);
    load_chemicals(&app, &folder.file("d.csv", "name\nHeptane\n")).await.unwrap();
    let report = import().await;
    assert_eq!((counts(&report), &report.warnings), ([2, 1, 0, 1, 0], &vec![]));
    assert!(!first.exists() && !second.exists());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_no_corrections_can_be_written_nothing_is_imported(db: PgPool) {
    let (app, folder, home) = (TestApp::new(db).await, Folder::new(), Home::new());
    let list = std::fs::File::open(folder.file("a.csv", "name,cas\nEthanol,\nAcetone,67-64-2\n")).unwrap();
    // Nobody, not even root, can make a file beside this one, nor in that folder.
    let file = format!("/proc/{}/fd/{}", std::process::id(), list.as_raw_fd());
    let mut run = command(&home, &[("DATABASE_URL", &database_url(&app.db))]);
    let output = run.current_dir("/proc").args(["import", "chemicals", &file]).output().expect("the binary");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("nothing was imported"), "{said}");
    let many: i64 = sqlx::query_scalar("select count(*) from chemicals").fetch_one(&app.db).await.unwrap();
    assert_eq!(many, 0);
}

async fn try_make(app: &TestApp, file: &Path) -> anyhow::Result<Report> {
    let make = ContainerOptions { make_codes: true, ..CREATE };
    load_containers(&app.app, file, app.lab, &make, None).await
}

async fn make(app: &TestApp, file: &Path) -> Report {
    try_make(app, file).await.expect("an import")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_file_of_codes_is_the_list_with_its_codes(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let lists = [
        ("a.csv", "chemical;amount;note\nEthanol;500 mL;\"a;b\"\n", "code;chemical;amount;note;made for lab"),
        (
            "b.csv",
            "chemical,Bottle code,amount\nEthanol,,1 L\nBrine,X-1,1 L\n",
            "chemical,Bottle code,amount,made for lab",
        ),
        ("c.csv", "Code\tchemical\tamount\n\tEthanol\t2 L\n", "Code\tchemical\tamount\tmade for lab"),
    ];
    for (name, list, header) in lists {
        let file = folder.file(name, list);
        let report = make(&app, &file).await;
        assert_eq!(report.failed, 0, "{list}");
        let codes = report.codes.expect("codes");
        assert_eq!(text(&codes).lines().next(), Some(header));
        let copy = folder.file("copy.csv", text(&codes));
        let report = make(&app, &copy).await;
        assert_eq!((report.added, report.failed, report.codes), (0, 0, None), "{}", text(&codes));
    }
    assert_eq!(containers(&app, &manager).await.len(), 4);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_was_changed_after_its_code_was_made_is_no_second_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "chemical,amount,note\nEthanol,500 mL,x\nBrine,1 L,\n";
    let file = folder.file("a.csv", list);
    let codes = make(&app, &file).await.codes.expect("codes");
    let first = text(&codes);
    folder.file("a.csv", list.replace("mL,x", "mL,by the window"));
    for _ in 0..2 {
        let report = make(&app, &file).await;
        assert_eq!(counts(&report), [2, 0, 0, 1, 1]);
        let (line, why) = &corrections(&report)[0];
        assert!(*line == 2 && why.contains("a.csv.codes.csv"), "{why}");
        assert_eq!(text(&codes), first, "the codes stand on labels");
    }
    // Rows that were added, and none that is missing, are new bottles.
    folder.file("a.csv", format!("{list}Acetone,1 L,\n"));
    assert_eq!(counts(&make(&app, &file).await), [3, 1, 0, 2, 0]);
    assert_eq!(text(&codes).lines().count(), 4);
    assert!(text(&codes).starts_with(&first));
    // And one with a code of its own is what it says.
    folder.file(
        "a.csv",
        list.replace("mL,x", "mL,y")
            .replace("chemical,", "code,chemical,")
            .replace("\nE", "\nB-9,E")
            .replace("\nBr", "\n,Br"),
    );
    assert_eq!(counts(&make(&app, &file).await), [2, 1, 0, 1, 0], "a column more changes no row");
    assert_eq!(containers(&app, &manager).await.len(), 4);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_of_codes_that_cannot_be_written_stops_the_import_before_it_begins(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "code,chemical,amount\nB-1,Ethanol,1 L\n,Ethanol,500 mL\n");
    let codes = folder.file("a.csv.codes.csv", "something\nelse\n");
    let refused = try_make(&app, &file).await.unwrap_err();
    assert!(format!("{refused:#}").contains("a.csv.codes.csv"), "{refused:#}");
    assert_eq!(text(&codes), "something\nelse\n");
    std::fs::remove_file(&codes).unwrap();
    std::fs::create_dir(&codes).unwrap();
    try_make(&app, &file).await.unwrap_err();
    assert_eq!(containers(&app, &manager).await.len(), 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_of_codes_that_was_cut_off_is_mended(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let file = folder.file("a.csv", "chemical,amount,note\nEthanol,500 mL,x\nBrine,1 L,y\n");
    let codes = make(&app, &file).await.codes.expect("codes");
    let whole = text(&codes);
    let last = whole.lines().last().unwrap().len();
    for left in [1, 5, 38, 40, 50, last - 4] {
        std::fs::write(&codes, &whole[..whole.len() - left]).unwrap();
        assert_eq!(counts(&make(&app, &file).await), [2, 0, 0, 2, 0]);
        let mended = text(&codes);
        assert_eq!(mended, whole, "{left}");
    }
}

/// The rows of a run that is killed are not written down whole, and nobody may take them for all.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_killed_run_leaves_no_half_file_of_corrections(db: PgPool) {
    let (home, url) = (Home::new(), database_url(&db));
    let rows: Vec<_> = (0..40_000).map(|n| format!("Stuff no {n},64-17-6")).collect();
    std::fs::write(home.0.join("a.csv"), format!("name,cas\n{}\n", rows.join("\n"))).expect("a file");
    let run = || {
        let mut run = command(&home, &[("DATABASE_URL", &url)]);
        run.args(["import", "chemicals", "a.csv"]).spawn().expect("the binary")
    };
    let names = || {
        let entries = std::fs::read_dir(&home.0).expect("the folder").flatten();
        entries.filter(|it| it.file_name().to_string_lossy().contains("corrections")).collect::<Vec<_>>()
    };
    let mut killed = run();
    while !names().iter().any(|it| it.metadata().is_ok_and(|about| about.len() > 0)) {
        assert!(killed.try_wait().expect("its state").is_none(), "it ended before it could be killed");
        tokio::task::yield_now().await;
    }
    killed.kill().expect("killed");
    killed.wait().expect("its end");
    let whole = home.0.join("a.csv.corrections.csv");
    assert!(!whole.exists() && names().len() == 1);
    assert_eq!(run().wait_with_output().expect("its end").status.code(), Some(1));
    assert_eq!((text(&whole).lines().count(), names().len()), (40_001, 1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_no_file_is_not_imported(db: PgPool) {
    let home = Home::new();
    for file in ["-", "/dev/stdin", "."] {
        let mut run = command(&home, &[("DATABASE_URL", &database_url(&db))]);
        let output = run.args(["import", "chemicals", file]).output().expect("the binary");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("save the list as one"), "{file}: {said}");
    }
}
