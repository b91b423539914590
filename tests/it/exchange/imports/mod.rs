//! `chemstock import`: files into the catalogue and into labs.

mod again;
mod beside;
mod bottles;
mod cas;
mod cased;
mod cases;
mod cells;
mod changed;
mod closed_places;
mod corrected;
mod damage;
mod days_in_texts;
mod decided;
mod doubled;
mod dry_runs;
mod dry_runs_beside;
mod exit_codes;
mod files;
mod forms;
mod headings;
mod identity;
mod in_whose_name;
mod lives;
mod lost_codes;
mod made_codes;
mod mended;
mod names;
mod numbers;
mod place_columns;
mod places;
mod pubchem;
mod quantities;
mod refused;
mod signs;
mod solutions;
mod spellings;
mod spreadsheets;
mod stated;
mod swallowed;
mod texts;
mod twice;
pub mod uploads;

use std::path::{Path, PathBuf};

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, Report},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::TestApp;

/// A folder of its own, gone with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("chemstock-import-{}", Uuid::now_v7()));
        std::fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Read, added, completed, unchanged, failed.
pub fn counts(report: &Report) -> [u64; 5] {
    [report.read, report.added, report.completed, report.unchanged, report.failed]
}

/// The line number and the reason of each correction.
pub fn corrections(report: &Report) -> Vec<(u64, String)> {
    let path = report.corrections.as_ref().expect("corrections");
    let text = std::fs::read_to_string(path).expect("a file");
    // With the separator of the list.
    let delimiter = text.as_bytes()["line".len()];
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[0].parse().expect("a line"), row[1].to_owned())).collect()
}

/// Everything in the catalogue, to see that nothing changed.
pub async fn dump(app: &TestApp) -> (Vec<Value>, Vec<(Uuid, String)>) {
    let chemicals = sqlx::query_scalar("select to_jsonb(c) from chemicals c order by id").fetch_all(&app.db);
    let terms = sqlx::query_as("select chemical_id, term from chemical_terms order by 1, 2").fetch_all(&app.db);
    (chemicals.await.expect("rows"), terms.await.expect("rows"))
}

/// As without any switch.
pub async fn load_chemicals(app: &TestApp, file: &Path) -> anyhow::Result<Report> {
    chemstock::exchange::imports::load_chemicals(&app.app, file, &Options::default(), Names::default()).await
}

async fn load(app: &TestApp, file: &Path) -> Report {
    load_chemicals(app, file).await.expect("an import")
}

async fn chemical(app: &TestApp, cas: &str) -> Value {
    app.client("viewer").await.get(&format!("/v1/chemicals/lookup?cas={cas}")).await.ok()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn columns_go_by_many_names_and_unknown_ones_are_told(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let file = folder.file(
        "a.csv",
        "\u{feff}Substance;CAS-No.;Molecular Weight;Farbe;Synonyms;Density\r\n\
        Ethanol;64-17-5;46.07;clear;\"EtOH; ethyl alcohol\";0.7893\r\n\
        Acetone;67-64-1;;;propanone|dimethyl ketone;\r\n",
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
    assert_eq!(report.warnings, ["the column `Farbe` is not known and was ignored"]);
    assert_eq!(report.corrections, None);
    let ethanol = chemical(&app, "64-17-5").await;
    assert_eq!(ethanol["synonyms"], json!(["EtOH", "ethyl alcohol"]));
    assert_eq!((&ethanol["molar_mass"], &ethanol["density"]), (&json!("46.07"), &json!("0.7893")));
    assert_eq!(chemical(&app, "67-64-1").await["synonyms"], json!(["propanone", "dimethyl ketone"]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bad_rows_go_to_the_corrections_with_every_reason_and_the_rest_goes_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let file = folder.file(
        "b.csv",
        "name,cas,formula,molar mass,density\n\
        Ethanol,64-17-5,C2H6O,,\n\
        Methanol,67561,CH4O,,\n\
        Acetone,67-64-1,C3H6Oo,,30\n\
        Water,7732-18-5,H2O,20.03,\n\
        ,71-43-2,C6H6,,\n\
        2,4-dinitrophenol,51-28-5,C6H4N2O5,,1.68\n\
        Spirit,64-17-5,,,\n\
        Toluene,108-88-3,C7H8,,0.867\n",
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [8, 2, 0, 0, 6]);
    assert_eq!(report.corrections.as_ref().unwrap().file_name().unwrap(), "b.csv.corrections.csv");
    let corrections = corrections(&report);
    let expected = [
        (3, vec!["did you mean 67-56-1?"]),
        (4, vec!["formula `C3H6Oo`", "density `30`"]),
        (5, vec!["molar mass is 20.03 g/mol, but H2O has 18.015 g/mol"]),
        (6, vec!["the name is empty"]),
        (7, vec!["more cells than headers"]),
        (8, vec!["`Spirit` is none of the names of `Ethanol`, whose number it has"]),
    ];
    assert_eq!(corrections.len(), expected.len());
    for ((line, reason), (expected_line, parts)) in corrections.iter().zip(expected) {
        assert_eq!(*line, expected_line);
        for part in parts {
            assert!(reason.contains(part), "{line}: {reason}");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn corrected_corrections_can_be_imported(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let file = folder.file("c.csv", "name,cas,synonyms\nMethanol,67561,\"MeOH;\"\"wood\"\" spirit\"\n");
    let report = load(&app, &file).await;
    let corrections = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&corrections).unwrap();
    std::fs::write(&corrections, text.replace("67561", "67-56-1")).unwrap();
    let report = load(&app, &corrections).await;
    assert_eq!((counts(&report), report.warnings), ([1, 1, 0, 0, 0], vec![]));
    assert_eq!(chemical(&app, "67-56-1").await["synonyms"], json!(["MeOH", "\"wood\" spirit"]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_fills_empty_fields_and_overwrites_none(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let curated = json!({"name": "Ethanol, abs.", "cas": "64-17-5", "density": "0.789", "synonyms": ["spirit"]});
    manager.post("/v1/chemicals", curated).await.created();
    let file = folder
        .file("d.csv", "name,cas,ec,formula,density,synonyms\nEthanol,64-17-5,200-578-6,C2H6O,0.7893,Spirit;EtOH\n");
    let named = Names { may_be_new: true, ..Names::default() };
    let report = chemstock::exchange::imports::load_chemicals(&app.app, &file, &Options::default(), named).await;
    assert_eq!(counts(&report.expect("an import")), [1, 0, 1, 0, 0]);
    let ethanol = chemical(&app, "64-17-5").await;
    assert_eq!((&ethanol["name"], &ethanol["density"]), (&json!("Ethanol, abs."), &json!("0.789")));
    assert_eq!((&ethanol["ec"], &ethanol["molar_mass"]), (&json!("200-578-6"), &json!("46.069")));
    assert_eq!(ethanol["synonyms"], json!(["spirit", "Ethanol", "EtOH"]));
    assert_eq!(ethanol["version"], 2);
    let emptier = folder.file("e.csv", "name,cas,ec\nethanol,64-17-5,\n");
    assert_eq!(counts(&load(&app, &emptier).await), [1, 0, 0, 1, 0]);
    assert_eq!(chemical(&app, "64-17-5").await, ethanol);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_a_cas_number_the_inchikey_and_then_the_name_tell_what_is_meant(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let key = "VYPSYNLAJGMNEJ-UHFFFAOYSA-N";
    for new in [
        json!({"name": "Silica", "cas": "7631-86-9", "inchikey": key, "synonyms": ["silicon dioxide"]}),
        json!({"name": "Xylene", "cas": "1330-20-7"}),
        json!({"name": "Brine"}),
    ] {
        manager.post("/v1/chemicals", new).await.created();
    }
    let file = folder.file(
        "f.csv",
        format!(
            "name,cas,inchikey,formula\n\
            quartz,14808-60-7,{key},O2Si\n\
            XYLENE,,,C8H10\n\
            brine,,,NaCl\n\
            Xylene,95-47-6,,C8H10\n\
            silicon dioxide,,{key},O2Si\n"
        ),
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [5, 0, 3, 0, 2]);
    for ((line, reason), (expected, part)) in corrections(&report).iter().zip([
        (2, "is that of `Silica` (7631-86-9), while the CAS number 14808-60-7 is in no entry"),
        (5, "`Xylene` is a name of `Xylene` (1330-20-7), while the CAS number 95-47-6 is in no entry"),
    ]) {
        assert_eq!(*line, expected);
        assert!(reason.contains(part), "{reason}");
    }
    // Whoever knows that quartz and the other xylene are substances of their own says so.
    let decided = Names { may_be_shared: true, ..Names::default() };
    let options = Options::default();
    let again = || chemstock::exchange::imports::load_chemicals(&app.app, &file, &options, decided);
    let report = again().await.expect("an import");
    assert_eq!(counts(&report), [5, 2, 0, 3, 0]);
    let before = dump(&app).await;
    assert_eq!(counts(&load(&app, &file).await), [5, 0, 0, 5, 0]);
    assert_eq!(counts(&again().await.expect("an import")), [5, 0, 0, 5, 0]);
    assert_eq!(dump(&app).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_row_that_the_database_refuses_costs_no_other(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    sqlx::query("alter table chemicals add constraint no_phlogiston check (name <> 'Phlogiston')")
        .execute(&app.db)
        .await
        .unwrap();
    let rows = (0..40).map(|n| format!("Substance {n}")).collect::<Vec<_>>().join("\n");
    let more = rows.replace("Substance", "Stuff");
    let file = folder.file("g.csv", format!("name\n{rows}\nPhlogiston\n{more}\n"));
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [81, 80, 0, 0, 1]);
    let (line, reason) = &corrections(&report)[0];
    assert_eq!(*line, 42);
    assert!(reason.contains("no_phlogiston"), "{reason}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_file_that_cannot_be_understood_is_an_error_that_says_so(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for (content, part) in [
        (&b"cas,formula\n64-17-5,C2H6O\n"[..], "no column `name`; the header has `cas`, `formula`"),
        (b"name\nethanol\n\xc4ther\n", "line 3 is not UTF-8"),
        (b"\xff\xfen\0a\0", "UTF-16"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n\n", "the file is empty"),
    ] {
        let file = folder.file("h.csv", content);
        let error = format!("{:#}", load_chemicals(&app, &file).await.unwrap_err());
        assert!(error.contains(part), "{error}");
    }
    assert!(load_chemicals(&app, Path::new("/nowhere/x.csv")).await.is_err());
}
