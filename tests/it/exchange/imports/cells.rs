//! What spreadsheets and programs write into cells that is no value: marks of a text, formulas, and words for nothing.

use std::path::Path;

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    chemical, corrections, counts, load_chemicals,
};
use crate::support::TestApp;

async fn create(app: &TestApp, file: &Path) -> Report {
    load_containers(&app.app, file, app.lab, &CREATE, None).await.expect("an import")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_apostrophe_is_a_mark_only_before_what_a_spreadsheet_would_take_for_a_value(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,supplier,lot,note\n\
        '00123,'64-17-5,5 L,'s-Hertogenbosch,'Feb-27,'note\n'=5,64-17-5,1 L,'2B Chemicals,'1.5,'=5 g of it\n";
    let report = create(&app, &folder.file("a.csv", list)).await;
    assert_eq!(counts(&report), [2, 2, 0, 0, 0], "{:?}", report.corrections.as_ref().map(|_| corrections(&report)));
    let all = containers(&app, &manager).await;
    let said = |at: usize| ["code", "supplier", "lot", "note"].map(|of| all[at][of].as_str().unwrap_or_default());
    assert_eq!(said(0), ["00123", "'s-Hertogenbosch", "Feb-27", "'note"]);
    assert_eq!(said(1), ["=5", "'2B Chemicals", "1.5", "=5 g of it"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_word_or_a_sign_for_nothing_is_an_empty_cell(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let signs = ["N/A", "n/a", "-", "--", "—", "none", "Unknown", "?", "k.A.", "null", "NaN", "."];
    let row = |(n, no): (usize, &&str)| {
        format!("B-{n},{no},{no},{no},Ethanol,1 L,{no},{no},{no},{no},{no},{no},{no},{no},{no},{no}\n")
    };
    let rows: String = signs.iter().enumerate().map(row).collect();
    let header = "code,cas,ec,inchikey,chemical,amount,location,lot,supplier,catalogue number,tare,received,opened,\
        expires,status,note\n";
    let report = create(&app, &folder.file("a.csv", format!("{header}{rows}"))).await;
    let many = u64::try_from(signs.len()).expect("few");
    assert_eq!(
        counts(&report),
        [many, many, 0, 0, 0],
        "{:?}",
        report.corrections.as_ref().map(|_| corrections(&report))
    );
    assert!(report.locations.is_empty(), "{:?}", report.locations);
    let empty = ["location_id", "lot", "supplier", "catalogue_number", "tare", "received_on", "expires_on", "note"];
    for bottle in containers(&app, &manager).await {
        assert!(empty.iter().all(|of| bottle[*of].is_null()) && bottle["state"] == "in_stock", "{bottle}");
    }
    let rows = "name,cas,ec,inchikey,formula,molar mass,density,synonyms\nHexane,n/a,-,none,?,--,N/A,\n";
    assert_eq!(counts(&load_chemicals(&app, &folder.file("b.csv", rows)).await.unwrap()), [1, 1, 0, 0, 0]);
    let no_amount = folder.file("c.csv", "code,cas,amount\nC-1,64-17-5,n/a\n");
    assert_eq!(corrections(&load(&app, &no_amount).await), [(2, "the amount is empty".to_owned())]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_word_for_nothing_changes_no_made_code(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let make = ContainerOptions { make_codes: true, ..CREATE };
    let import = async |file: &Path| load_containers(&app.app, file, app.lab, &make, None).await.expect("an import");
    let file = folder.file("a.csv", "cas,amount,lot\n64-17-5,1 L,n/a\n");
    assert_eq!(counts(&import(&file).await), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&import(&folder.file("a.csv", "cas,amount,lot\n64-17-5,1 L,\n")).await), [1, 0, 0, 1, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_a_program_has_made_a_number_or_nothing_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let codes = ["123.0", "4711.00", "\"123,0\"", "nan", "NaN", "None", "null", "N/A", "-"];
    let row = |code: &&str| format!("{code},64-17-5,1 L\n");
    let rows: String = codes.iter().map(row).collect();
    let report = load(&app, &folder.file("a.csv", format!("code,cas,amount\n{rows}"))).await;
    assert_eq!((report.added, report.failed), (0, 9));
    for (at, (_, why)) in corrections(&report).iter().enumerate() {
        let part = if at < 3 { "a spreadsheet has turned this code into a number" } else { "names no bottle" };
        assert!(why.contains(part), "{}: {why}", codes[at]);
    }
    let fine = "code,cas,amount\n12.05,64-17-5,1 L\nA.0,64-17-5,1 L\nNone-1,64-17-5,1 L\n1.2.0,64-17-5,1 L\n";
    assert_eq!(counts(&load(&app, &folder.file("b.csv", fine)).await), [4, 4, 0, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_is_opened_after_it_came_and_neither_happens_in_the_future(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let day = |days: i64| (app.now() + chrono::TimeDelta::days(days)).date_naive().to_string();
    let list = format!(
        "code,cas,amount,received,opened,expires\nA1,64-17-5,1 L,2026-02-01,2026-01-31,\nA2,64-17-5,1 L,{},,\n\
        A3,64-17-5,1 L,,{},\nA4,64-17-5,1 L,{},{},{}\nA5,64-17-5,1 L,2026-02-01,2026-02-01,\n",
        day(2),
        day(400),
        day(1),
        day(1),
        day(4000)
    );
    let report = load(&app, &folder.file("a.csv", list)).await;
    assert_eq!(counts(&report), [5, 2, 0, 0, 3]);
    let refused = corrections(&report);
    for (at, parts) in [
        (0, vec!["opened on 2026-01-31".to_owned(), "received on 2026-02-01".to_owned()]),
        (1, vec![format!("received `{}`", day(2)), "in the future".to_owned()]),
        (2, vec![format!("opened `{}`", day(400)), "in the future".to_owned()]),
    ] {
        assert!(parts.iter().all(|part| refused[at].1.contains(part)), "{refused:?}");
    }
    assert_eq!(containers(&app, &manager).await.len(), 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_was_repaired_is_there_already_without_the_switch(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let repairing = |mut options: ContainerOptions| {
        options.common.repair_cas = true;
        options
    };
    let options = repairing(CREATE);
    let file = folder.file("a.csv", "code,cas,amount\nA1,64175,1 L\nA2,67641,1 L\n");
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
    assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
    assert_eq!(counts(&load(&app, &file).await), [2, 0, 0, 2, 0]);
    let more = folder.file("a.csv", "code,cas,amount\nA1,64175,1 L\nA2,67641,2 L\nA3,64175,1 L\n");
    let report = load(&app, &more).await;
    assert_eq!(counts(&report), [3, 0, 0, 1, 2]);
    assert!(corrections(&report).iter().all(|(_, why)| why.contains("--repair-cas takes it")), "{report:?}");
    assert_eq!(containers(&app, &manager).await.len(), 2);

    let rows = folder.file("b.csv", "name,cas\nHexane,110543\nHeptane,142825\n");
    let names = chemstock::catalogue::chemicals::Names::default();
    let report =
        chemstock::exchange::imports::load_chemicals(&app.app, &rows, &options.common, names).await.expect("an import");
    assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
    assert_eq!(counts(&load_chemicals(&app, &rows).await.unwrap()), [2, 0, 0, 2, 0]);
    let id = chemical(&app, "110-54-3").await["id"].as_str().expect("an id").to_owned();
    manager.delete(&format!("/v1/chemicals/{id}"), "*").await.expect(204);
    let rows = folder.file("b.csv", "name,cas\nHexane,110543\nHeptane,142825\nBenzene,71432\n");
    let report = load_chemicals(&app, &rows).await.unwrap();
    assert_eq!((counts(&report), corrections(&report)[0].0), ([3, 0, 0, 2, 1], 4));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_structure_in_the_column_of_formulas_is_called_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let smiles = ["CC(=O)O", "c1ccccc1", "C[C@H](N)C(=O)O", "C#N", "[Na+].[Cl-]", "C/C=C/C"];
    let row = |it: &&str| format!("N {it},{it},\n");
    let rows: String = smiles.iter().map(row).collect();
    let report =
        load_chemicals(&app, &folder.file("a.csv", format!("name,formula,molar mass\n{rows}Ethanol,CCO,46.07\n")))
            .await
            .expect("an import");
    let refused = corrections(&report);
    assert_eq!(refused.len(), 7);
    for (_, why) in &refused[..6] {
        assert!(why.contains("is a structure (SMILES)"), "{why}");
    }
    assert!(refused[6].1.contains("`CCO` may be a structure (SMILES): write `C2O`"), "{refused:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_formula_of_a_spreadsheet_is_no_value_and_none_of_ours_runs(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,chemical,amount,note,x\n=A1,Ethanol,1 L,,\nA2,Ethanol,=SUM(B1:B2),,\nA3,aceton,1 L,\"=1+1\",=2\n\
        A4,aceton,1 L,'=1+1,@x\nA5,aceton,1 L,+49 123,\nA6,aceton,1 L,-20 °C,\nA7,aceton,1 L,@home,\nA8,aceton,1 L,''=x,\n\
        A9,aceton,1 L,=\"text\",\n";
    let report = load(&app, &folder.file("a.csv", list)).await;
    assert_eq!(counts(&report), [9, 0, 0, 0, 9]);
    let refused = corrections(&report);
    for (line, why) in &refused {
        assert_eq!(why.contains("is a formula of a spreadsheet and not its value"), *line < 5, "{line}: {why}");
    }
    let mut file = report.corrections.expect("corrections");
    for _ in 0..2 {
        let text = std::fs::read_to_string(&file).expect("a file");
        let mut table = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let cells: Vec<_> =
            table.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t'])), "{text}");
        // Refused once more, it still says the same.
        let again = load(&app, &file).await;
        assert_eq!(counts(&again), [9, 0, 0, 0, 9]);
        file = again.corrections.expect("corrections");
    }
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace(",aceton,", ",acetone,")).expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [9, 6, 0, 0, 3]);
    let notes: Vec<_> = containers(&app, &manager).await.iter().map(|it| it["note"].clone()).collect();
    assert_eq!(notes, [json!("=1+1"), json!("+49 123"), json!("-20 °C"), json!("@home"), json!("''=x"), json!("text")]);

    // The file of codes is a list, too.
    let make = ContainerOptions { make_codes: true, ..CREATE };
    let file = folder.file("m.csv", "chemical,amount,note\nEthanol,1 L,'=1+1\nEthanol,2 L,-20 °C\n");
    let import = async || load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
    let printed = import().await.codes.expect("codes");
    assert!(std::fs::read_to_string(&printed).expect("a file").contains(",'-20 °C,"));
    assert_eq!(counts(&import().await), [2, 0, 0, 2, 0]);
    let copy = folder.file("copy.csv", std::fs::read(&printed).expect("a file"));
    assert_eq!(counts(&load(&app, &copy).await), [2, 0, 0, 2, 0]);
}
