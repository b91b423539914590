//! Files of corrections that went through a spreadsheet, or whose list has columns of the same names.

use std::path::{Path, PathBuf};

use chemstock::exchange::imports::{ContainerOptions, Options, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    chemical, counts, load_chemicals,
};
use crate::support::TestApp;

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn file_of(report: &Report) -> PathBuf {
    report.corrections.clone().expect("corrections")
}

/// What a spreadsheet of the United States makes of the cells.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_value_that_a_spreadsheet_writes_in_its_way_is_the_same_or_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code;chemical;amount;unit;lot;received;expires;tare\n\
        A1;Ethanol;1.234,5;mL;;25/01/2025;25/04/2027;1,5\n\
        00124;Hexane;1.000;mL;007;03/01/2025;03/04/2027;1,125\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    let file = file_of(&report);
    let written = text(&file);
    assert!(written.ends_with(";00124;Hexane;1000;mL;007;2025-01-03;2027-04-03;1.1250\n"), "{written}");
    let saved = written
        .replace(";00124;", ";124;")
        .replace(";007;", ";7;")
        .replace("1.1250", "1.125")
        .replace(";2025-01-03;2027-04-03;", ";1/3/2025;4/3/2027;")
        .replace("Hexane", "Ethanol");
    std::fs::write(&file, &saved).expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [1, 1, 0, 0, 0]);
    let bottle = containers(&app, &manager).await.remove(0);
    assert_eq!((&bottle["code"], &bottle["lot"]), (&"00124".into(), &"007".into()));
    assert_eq!((&bottle["amount"]["value"], &bottle["amount"]["unit"]), (&"1000".into(), &"mL".into()));
    assert_eq!((&bottle["received_on"], &bottle["expires_on"]), (&"2025-01-03".into(), &"2027-04-03".into()));
    assert_eq!(bottle["tare"]["value"], "1.125");
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 1, 0]);

    // A day and a number that a person has written there mean what they say, if that is one thing.
    for (code, day, tare, is_in) in
        [("B1", "5/6/2027", "1.125", false), ("B2", "2027-06-05", "1.500", false), ("B3", "2027-06-05", "1.5", true)]
    {
        let row = saved.replace(";124;", &format!(";{code};")).replace(";4/3/2027;", &format!(";{day};"));
        std::fs::write(&file, row.replace(";1.125\n", &format!(";{tare}\n"))).expect("a file");
        assert_eq!(load(&app, &file).await.failed == 0, is_in, "{code}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn columns_of_the_list_are_kept_whatever_they_are_called(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let mapping = vec!["note=reason".parse().expect("a mapping")];
    let options = ContainerOptions { common: Options { mapping, ..Options::default() }, ..CREATE };
    let import = async |file: &Path| load_containers(&app.app, file, app.lab, &options, None).await;
    let list = "line,code,chemical,amount,unit,Reason,read with\n7,A2,aceton,2,L,research,x\n";
    let mut file = folder.file("9.csv", list);
    for _ in 0..2 {
        let report = import(&file).await.expect("an import");
        assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
        file = file_of(&report);
        let header = "line (import),reason (import),read with (import),check (import),decides,line,code,chemical,\
            amount,unit,Reason,read with\n";
        let written = text(&file);
        assert!(written.starts_with(header) && written.ends_with(",7,A2,aceton,2,L,research,x\n"), "{written}");
    }
    std::fs::write(&file, text(&file).replace("A2,aceton,", "A2,acetone,")).expect("a file");
    assert_eq!(counts(&import(&file).await.expect("an import")), [1, 1, 0, 0, 0]);
    assert_eq!(containers(&app, &manager).await[0]["note"], "research");

    // Where the list has none, the import's own is none either.
    let report = load(&app, &folder.file("b.csv", "code,chemical,amount\nB1,aceton,2 L\n")).await;
    let refused = import(&file_of(&report)).await.expect_err("no such column").to_string();
    assert!(refused.contains("the file has no such header"), "{refused}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn corrections_of_pubchems_list_are_read_as_its_list_is(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let row = |cid: u32, cas: &str, key: &str, names: &str| {
        format!("{cid}\t{cas}\tC2H6O\t46.069\tCCO\tC2H6O/c\t{key}\t{names}\n")
    };
    let rows = row(702, "64-17-5", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "ethanol\talcohol\tspirit; of wine")
        + &row(887, "67-56-2", "OKKJLVBELUTLKV-UHFFFAOYSA-N", "carbinol\talcohol\tmethanol");
    let report = load_chemicals(&app, &folder.file("list.tsv", rows)).await.expect("an import");
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    let file = file_of(&report);
    std::fs::write(&file, text(&file).replace("67-56-2", "67-56-1")).expect("a file");
    let report = load_chemicals(&app, &file).await.expect("an import");
    assert_eq!((counts(&report), report.warnings), ([1, 1, 0, 0, 0], vec![]), "{:?}", report.corrections);
    let methanol = chemical(&app, "67-56-1").await;
    assert_eq!(methanol["name"], "alcohol", "the first that people say, as in the list");
    assert_eq!(methanol["synonyms"], serde_json::json!(["carbinol", "methanol"]));
}
