//! What spreadsheets do to cells, and what a list says that the catalogue contradicts.

use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_error_of_a_spreadsheet_is_no_name_no_code_and_no_note(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let errors = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#####", "#NV", "#BEZUG!", "Err:508", "\u{a0}#n/a "];
    for error in errors {
        let list = format!(
            "code,cas,name,amount,lot,note\n{error},64-17-5,,1 L,,\nB-1,{error},ethanol,1 L,,\nB-2,,{error},1 L,,\n\
             B-3,64-17-5,,{error},,\nB-4,64-17-5,,1 L,{error},\nB-5,64-17-5,,1 L,,{error}\n"
        );
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!(counts(&report), [6, 0, 0, 0, 6], "{list}");
        for ((_, reason), column) in corrections(&report).iter().zip(["code", "cas", "name", "amount", "lot", "note"]) {
            let begins = format!("`{}` in `{column}` is ", error.trim());
            assert!(reason.starts_with(&begins) && reason.contains("spreadsheet"), "{reason}");
        }
        let rows = format!("name,cas,synonyms\n{error},,\nSulfur,{error},\nIron,,{error}\n");
        let report = super::load(&app, &folder.file("c.csv", rows)).await;
        assert_eq!(counts(&report), [3, 0, 0, 0, 3]);
    }
    assert!(containers(&app, &manager).await.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lot_or_catalogue_number_that_a_spreadsheet_has_made_a_number_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,lot,catalogue number\nB-1,64-17-5,1 L,2.19E+26,\nB-2,64-17-5,1 L,,1.00E+05\nB-3,64-17-5,1 L,219E,1E5\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [3, 1, 0, 0, 2], "{:?}", report.corrections);
    for ((_, reason), column) in corrections(&report).iter().zip(["lot", "catalogue number"]) {
        assert!(reason.contains(&format!("a spreadsheet has turned this {column} into a number")), "{reason}");
    }
    assert_eq!(containers(&app, &manager).await[0]["lot"], "219E");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn rows_that_two_stray_quotes_have_made_one_are_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for rows in [
        "A1,64-17-5,\"5 inch,1,L\nA2,67-64-1,5\",2,L\n",
        "A1,64-17-5,\"5 inch,1,L\r\n\r\nA2,67-64-1\r\nA3,67-64-1,5\",2,L\r\n",
        "A1,64-17-5,\"5 inch\nA2,67-64-1\",2,L\n",
    ] {
        let list = format!("code,cas,note,amount,unit\n{rows}A9,64-17-5,,1,L\n");
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!([report.read, report.failed], [2, 1], "{list}");
        let (line, reason) = &corrections(&report)[0];
        assert!(*line == 2 && reason.contains("may be several rows"), "{line}: {reason}");
    }
    let list = "code,cas,note,amount,unit\nB1,64-17-5,\"H225, H319\nP210, P233, P240\",1,L\nB2,64-17-5,\"a\rb\",1,L\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", list)).await), [2, 2, 0, 0, 0]);
    let notes: Vec<_> = containers(&app, &manager).await.iter().map(|it| it["note"].clone()).collect();
    assert!(notes.contains(&"H225, H319 / P210, P233, P240".into()) && notes.contains(&"a / b".into()), "{notes:?}");
    let header = folder.file("d.csv", "name,\"cas,ec\nEthanol,64-17-5\",\nAcetone,67-64-1,\n");
    let why = super::load_chemicals(&app, &header).await.unwrap_err().to_string();
    assert!(why.contains("goes on in another line"), "{why}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_text_that_a_spreadsheet_has_marked_as_one_is_the_text(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "\u{feff}code,cas,amount,lot\n=\"00123\",=\"64-17-5\",=\"1 L\",'=7\n\"=\"\"00124\"\"\",'67-64-1,\u{a0}1 L,\u{feff}L1\n\
        '00125,64-17-5\u{200b},1 L,=\"\"\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [3, 3, 0, 0, 0], "{:?}", report.corrections);
    let all = containers(&app, &manager).await;
    let told: Vec<_> = all
        .iter()
        .map(|it| [&it["code"], &it["chemical"]["cas"], &it["lot"]].map(|it| it.as_str().unwrap_or_default()))
        .collect();
    assert_eq!(told, [["00123", "64-17-5", "=7"], ["00124", "67-64-1", "L1"], ["00125", "64-17-5", ""]]);
    assert_eq!(counts(&load(&app, &folder.file("b.csv", list)).await), [3, 0, 0, 3, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_density_that_neither_temperature_nor_rounding_explains_is_a_contradiction(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name,cas,density\nEthanol,64-17-5,0.7893\nGlycerol,56-81-5,1.26\nWater,7732-18-5,1\n";
    super::load(&app, &folder.file("known.csv", known)).await;
    let before = super::dump(&app).await;
    for (row, told) in [
        // Before 0.8: what came in once is known again by its value.
        ("Ethanol,64-17-5,0.80", Some("the density is 0.8 g/mL here and 0.7893 g/mL there")),
        ("Ethanol,64-17-5,0.789", None),
        ("Ethanol,64-17-5,0.79", None),
        ("Ethanol,64-17-5,0.8", None),
        ("Ethanol,64-17-5,0.785", None),
        ("Water,7732-18-5,0.9982", None),
        ("Ethanol,64-17-5,0.82", Some("0.82 g/mL here and 0.7893")),
        ("Glycerol,56-81-5,1.2", Some("1.2 g/mL here and 1.26")),
        ("Glycerol,56-81-5,1.23", Some("1.23 g/mL here and 1.26")),
        ("Water,7732-18-5,1.26", Some("1.26 g/mL here and 1 g/mL there")),
        ("Glycerol,56-81-5,1", Some("1 g/mL here and 1.26 g/mL there")),
    ] {
        let report = super::load(&app, &folder.file("c.csv", format!("name,cas,density\n{row}\n"))).await;
        match told {
            None => assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{row}"),
            Some(told) => {
                assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{row}");
                assert!(corrections(&report)[0].1.contains(told), "{row}: {:?}", corrections(&report));
            }
        }
    }
    assert_eq!(super::dump(&app).await, before);
}
