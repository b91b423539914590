//! Codes, lots and places that a spreadsheet has made a day.

use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_day_among_texts_of_another_shape_is_refused_as_damaged(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for day in ["Mar-24", "24-Mar", "1-Mrz", "2024-03-01", "01.03.2024", "3/1/2024", "2024-03-01 00:00:00", "45352"] {
        for column in ["code", "lot", "catalogue number", "location"] {
            let header = ["code", "lot", "catalogue number", "location"].map(|it| if it == column { "x" } else { it });
            let of = |n: usize, text: &str| {
                let cells = header.map(|it| match it {
                    "x" => text.to_owned(),
                    "code" => format!("B-{n}"),
                    _ => String::new(),
                });
                format!("64-17-5,1 L,{}\n", cells.join(","))
            };
            let rows = [of(1, "13-24"), of(2, day), of(3, "14-24")].concat();
            let list = format!("cas,amount,{}\n{rows}", ["code", "lot", "catalogue number", "location"].join(","));
            let options = chemstock::exchange::imports::ContainerOptions {
                common: chemstock::exchange::imports::Options { dry_run: true, ..CREATE.common },
                ..CREATE
            };
            let file = folder.file("b.csv", &list);
            let report = chemstock::exchange::imports::load_containers(&app.app, &file, app.lab, &options, None);
            let report = report.await.expect("an import");
            assert_eq!(counts(&report), [3, 2, 0, 0, 1], "{list}");
            let (line, reason) = corrections(&report).remove(0);
            assert!(
                line == 3 && reason.starts_with(&format!("{column} `{day}`: a spreadsheet may have turned")),
                "{reason}"
            );
        }
    }
    assert!(containers(&app, &manager).await.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn days_that_a_list_means_as_texts_go_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,lot\n45352,64-17-5,1 L,Mar-24\n45353,64-17-5,1 L,Apr-24\n45354,64-17-5,1 L,Mar-24\n\
        MAR-24,64-17-5,1 L,\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{:?}", report.corrections);
    // One that is marked as a text was never a day.
    let list = "code,cas,amount,lot\n\"=\"\"Mar-25\"\"\",64-17-5,1 L,13-24\n'Mar-26,64-17-5,1 L,14-24\nA-1,64-17-5,1 L,'3-24\n";
    let report = load(&app, &folder.file("c.csv", list)).await;
    assert_eq!(counts(&report), [3, 3, 0, 0, 0], "{:?}", report.corrections);
    assert_eq!(containers(&app, &manager).await.len(), 7);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_a_file_of_corrections_a_day_is_what_the_list_says_of_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,chemical,amount,lot\n3-24,acetonn,1 L,Mar-24\n4-24,acetone,1 L,Apr-24\n";
    let file = load(&app, &folder.file("b.csv", list)).await.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file").replace("acetonn", "acetone");
    assert!(text.contains("lot: Mar-24"), "{text}");
    // Opened and saved by a spreadsheet.
    std::fs::write(&file, text.replace(",3-24,", ",Mar-24,")).expect("a file");
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(corrections(&report)[0].1.starts_with("code `Mar-24`: a spreadsheet may have turned"), "{report}");
    std::fs::write(&file, text).expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [1, 1, 0, 0, 0]);
    assert_eq!(containers(&app, &manager).await.len(), 2);
    // What the list itself had damaged stays so until somebody writes another.
    let list = "code,chemical,amount\n45352,acetone,1 L\n13-24,acetone,1 L\n14-24,acetone,1 L\n";
    let file = load(&app, &folder.file("d.csv", list)).await.corrections.expect("corrections");
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 0, 1]);
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace(",45352,", ",5-24,")).expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [1, 1, 0, 0, 0]);
}
