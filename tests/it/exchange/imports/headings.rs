//! What columns are called in real lists, and what becomes of those that nobody knows.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, Report, load_chemicals, load_containers},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::{Client, TestApp};

async fn bottle(app: &TestApp, by: &Client, code: &str) -> Value {
    containers(app, by).await.into_iter().find(|it| it["code"] == code).expect(code)
}

async fn refusal(app: &TestApp, folder: &Folder, list: &str, options: &ContainerOptions) -> String {
    let file = folder.file("refused.csv", list);
    format!("{:#}", load_containers(&app.app, &file, app.lab, options, None).await.expect_err(list))
}

fn ignoring(header: &str) -> ContainerOptions {
    let common = Options { ignore: vec![header.to_owned()], ..Options::default() };
    ContainerOptions { common, ..ContainerOptions::default() }
}

async fn contradicts(app: &TestApp, report: &Report, list: &str) {
    assert_eq!(counts(report), [1, 0, 0, 0, 1], "{list}");
    let refused = corrections(report);
    assert!(refused[0].1.contains("67-64-1 is Acetone") && refused[0].1.contains("`ethanol`"), "{list}: {refused:?}");
    assert!(containers(app, &app.client("viewer").await).await.is_empty(), "{list}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_heading_of_a_number_or_a_name_switches_the_check_of_identity_off(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    for cas in [
        "CAS",
        "CAS registry number",
        "CAS RN",
        "CAS-RN®",
        "CAS No",
        "CAS No.",
        "CAS#",
        "CAS #",
        "Cas Number(s)",
        "casNumber",
        "CAS_NO",
        "CAS-Nummer",
        "CAS-Nr.",
        "N° CAS",
        "Numéro CAS",
        "Número CAS",
        "CAS Registry No.",
        "\u{feff}CAS\u{a0}No",
    ] {
        let list = format!("barcode,name,amount,{cas}\nB-1,ethanol,1 L,67-64-1\n");
        contradicts(&app, &load(&app, &folder.file("a.csv", &list)).await, &list).await;
    }
    for name in [
        "Chemical",
        "Container Name",
        "Item Name",
        "Substanz",
        "Stoff",
        "Stoffname",
        "Bezeichnung",
        "Chemikalie",
        "Compound",
        "Reagent",
        "substanceName",
        "Name of the chemical",
        "Nom",
        "Nombre",
        "Title",
        "IUPAC name",
        "Produktname",
    ] {
        let list = format!("barcode,{name},amount,CAS\nB-1,ethanol,1 L,67-64-1\n");
        contradicts(&app, &load(&app, &folder.file("a.csv", &list)).await, &list).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_column_that_holds_numbers_of_substances_is_never_passed_over(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let none = ContainerOptions::default();
    for (heading, cells, told) in [
        ("Register", ["67-64-1", "mixture", "64-17-5"], "holds CAS numbers (2 of 3 cells): call it `cas`"),
        ("Register", ["CAS 67-64-1", "64-17-5", "7732-18-6"], "holds CAS numbers (2 of 3 cells)"),
        ("Register", ["67-64-1; 64-17-5", "", "="], "holds CAS numbers (1 of 2 cells)"),
        ("Key", ["LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "", ""], "holds InChIKeys (1 of 1 cells): call it `inchikey`"),
        ("Europe", ["200-578-6", "n/a", "=\"200-662-2\""], "holds EC numbers (2 of 3 cells): call it `ec`"),
        ("Register", ["67-64-1 (acetone)", "[64-17-5]", ""], "holds CAS numbers (2 of 2 cells)"),
        ("Register", ["67641", "7732185", "64175"], "holds CAS numbers (3 of 3 cells)"),
        ("CAS (without hyphens)", ["67641", "", ""], "says that it holds CAS numbers: call it `cas`"),
        ("Solvent's CAS", ["67641", "", ""], "says that it holds CAS numbers: call it `cas`"),
        ("", ["67-64-1", "", ""], "column 4 has no heading, and it holds CAS numbers (1 of 1 cells)"),
    ] {
        let row = |(n, cell): (usize, &&str)| format!("B-{n},ethanol,1 L,{cell}\n");
        let list = format!("code,name,amount,{heading}\n{}", cells.iter().enumerate().map(row).collect::<String>());
        let refused = refusal(&app, &folder, &list, &none).await;
        assert!(refused.contains(told), "{list}{refused}");
        assert!(heading.is_empty() || refused.contains(&format!("--ignore '{heading}'")), "{refused}");
        let chemicals = folder.file("c.csv", list.replace("code,name", "line number,name"));
        let refused = load_chemicals(&app.app, &chemicals, &Options::default(), Names::default()).await;
        assert!(refused.expect_err("it is refused").to_string().contains(told), "{list}");
    }
    assert!(containers(&app, &app.client("viewer").await).await.is_empty());
    // What is no number, however it looks, is only told.
    let list = "code,name,amount,Phone,Since,Order\nB-1,ethanol,1 L,555-0199-1,2019-01-15,64-17-4\n";
    let report = load(&app, &folder.file("a.csv", list)).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert_eq!(report.warnings, ["the columns `Phone`, `Since`, `Order` are not known and were ignored"]);
    // A person may leave out what a list has of something else.
    let list = "code,name,amount,Solvent\nB-2,ethanol,1 L,67-64-1\n";
    let file = folder.file("b.csv", list);
    let report = load_containers(&app.app, &file, app.lab, &ignoring("solvent"), None).await.expect("an import");
    assert_eq!((counts(&report), report.warnings), ([1, 1, 0, 0, 0], vec![]));
    let refused = refusal(&app, &folder, list, &ignoring("Lösung")).await;
    assert!(refused.contains("--ignore Lösung: the file has no such header"), "{refused}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_was_ignored_is_told_once_and_a_list_of_a_thousand_columns_is_none(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let more = |count: usize| (0..count).map(|n| format!(",Extra {n}")).collect::<Vec<_>>().concat();
    let list = |count: usize| format!("code,cas,amount,Etikett,{}\nB-1,64-17-5,1 L,ethanol,x\n", more(count));
    let report = load(&app, &folder.file("a.csv", list(60))).await;
    assert_eq!((counts(&report), report.warnings.len()), ([1, 1, 0, 0, 0], 1));
    let told = &report.warnings[0];
    assert!(told.starts_with("the columns `Etikett`, number 5 without a heading, `Extra 0`, "), "{told}");
    assert!(told.contains("`Extra 17` and 42 more are not known and were ignored; no column has names"), "{told}");
    for count in [1_000, 1_000_000] {
        let refused = refusal(&app, &folder, &list(count), &ContainerOptions::default()).await;
        assert!(refused.contains("at most 1000 are read") && refused.len() < 200, "{refused}");
    }
    let long = format!("code,{}\n", "x".repeat(100_000));
    let refused = refusal(&app, &folder, &long, &ContainerOptions::default()).await;
    assert!(refused.len() < 400, "{}", refused.len());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_lists_of_other_programs_go_in_as_they_are(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (list, code, expected) in [
        (
            "Container Name,CAS,Location,Supplier,Container Size,Unit,Date Acquired,Barcode,Comments,Batch No,Expiry Date\n\
             Acetone,67-64-1,Room 214 > Cabinet A,Sigma,500,mL,2026-01-02,CI-1,for HPLC,L1,2028-01-01\n",
            "CI-1",
            json!({"cas": "67-64-1", "lot": "L1", "received_on": "2026-01-02", "note": "for HPLC", "supplier": "Sigma"}),
        ),
        (
            "Item Name,Vendor,Catalog #,CAS Number,Unit Size,Lot Number,Expiration Date,Location,Sub-location,Barcode #\n\
             ethanol,VWR,E7023,64-17-5,1 L,L2,2028-02-01,Room 214,shelf,QZ-1\n",
            "QZ-1",
            json!({"cas": "64-17-5", "lot": "L2", "catalogue_number": "E7023", "expires_on": "2028-02-01"}),
        ),
        (
            "Substanz;CAS-Nr.;Flaschennr.;Menge;Einheit;Lagerort;Hersteller;Charge;Geöffnet;Ablaufdatum;Tara;Bemerkung\n\
             Ethanol;64-17-5;DE-1;2,5;L;Room 214;Merck;C1;01.02.2026;31.12.2028;0,5 kg;rein\n",
            "DE-1",
            json!({"supplier": "Merck", "lot": "C1", "opened_on": "2026-02-01", "expires_on": "2028-12-31", "tare": "500"}),
        ),
        (
            "Stoff;CAS-Nummer;Inventarnr.;Restmenge;Anfangsmenge;Mengeneinheit;Raum;Lieferant;Chargen-Nr.;Verfallsdatum;Tara;\
             Taraeinheit\nEthanol;64-17-5;DE-2;250;500;mL;Room 214;Roth;C2;31.12.2028;1,5;kg\n",
            "DE-2",
            json!({"value": "250", "supplier": "Roth", "lot": "C2", "tare": "1500"}),
        ),
        (
            "Chemical Name,CAS#,Bottle #,Initial amount,Remaining amount,Unit,Room,Tare,Tare unit,Manufacturer,Exp. date\n\
             ethanol,64-17-5,LS-1,500,120,mL,Room 214,310.5,g,Sigma,2028-03-01\n",
            "LS-1",
            json!({"value": "120", "tare": "310.5", "expires_on": "2028-03-01", "supplier": "Sigma"}),
        ),
    ] {
        let report = load(&app, &folder.file("a.csv", list)).await;
        assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{list}{:?}", report.corrections);
        let one = bottle(&app, &manager, code).await;
        for (field, value) in expected.as_object().expect("fields") {
            let own = match field.as_str() {
                "cas" => &one["chemical"]["cas"],
                "value" => &one["amount"]["value"],
                "tare" => &one["tare"]["value"],
                field => &one[field],
            };
            assert_eq!(own, value, "{field} of {code}: {one}");
        }
        assert!(one["location"].is_object() || one["location_id"].is_string(), "{one}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_number_of_a_bottle_is_of_the_entry_that_it_goes_into(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    app.owner().await;
    let (ethanol, acetone) = ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "CSCPPACGZOOCGX-UHFFFAOYSA-N");
    let known = format!(
        "name,cas,ec,inchikey\nEthanol,64-17-5,200-578-6,{ethanol}\nAcetone,67-64-1,,{acetone}\nWater,7732-18-5,,\n"
    );
    super::load(&app, &folder.file("known.csv", known)).await;
    let file = folder.file(
        "b.csv",
        format!(
            "code,name,cas,EC-Nr.,InChI Key,amount\n\
             B-1,,,200-578-6,,1 L\n\
             B-2,,,,{acetone},1 L\n\
             B-3,ethanol,64-17-5,200-578-6,{ethanol},1 L\n\
             B-4,water,,231-791-2,,1 L\n\
             B-5,ethanol,64-17-5,200-662-2,,1 L\n\
             B-6,acetone,67-64-1,200-578-6,,1 L\n\
             B-7,ethanol,,,{acetone},1 L\n\
             B-8,ethanol,,,XLYOFNOQVPJJNP-UHFFFAOYSA-N,1 L\n\
             B-9,,,231-791-2,,1 L\n\
             B-10,water,7732-18-5,231-791-2,{ethanol},1 L\n"
        ),
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [10, 4, 0, 0, 6]);
    let refused = corrections(&report);
    for ((_, reason), part) in refused.iter().zip([
        "this is Ethanol (64-17-5) of the catalogue, but the EC number is 200-662-2 here and 200-578-6 there",
        "this is Acetone (67-64-1) of the catalogue, but the EC number 200-578-6 is that of Ethanol (64-17-5)",
        "CSCPPACGZOOCGX-UHFFFAOYSA-N is Acetone in the catalogue, and `ethanol` is none of its names",
        "this is Ethanol (64-17-5) of the catalogue, but the InChIKey is XLYOFNOQVPJJNP-UHFFFAOYSA-N here",
        "`231-791-2` is not in the catalogue",
        "this is Water (7732-18-5) of the catalogue, but the InChIKey LFQSCWFLJHTTHZ-UHFFFAOYSA-N is that of Ethanol",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(report.warnings, ["line 5: the EC number 231-791-2 is in no entry, so that the name alone tells Water"]);
}
