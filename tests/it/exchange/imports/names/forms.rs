//! Hydrates, isotopes and salts are substances of their own, however a name says it.

use chemstock::catalogue::chemicals::Names;
use serde_json::json;
use sqlx::PgPool;

use super::{DECIDED, Folder, NEW_NAMES, bottles, chemicals, known, listed, reasons};
use crate::{
    exchange::imports::{chemical, dump},
    support::TestApp,
};

const KNOWN: &str = "name,cas,formula,synonyms\nCopper sulfate,7758-98-7,CuSO4,cupric sulfate\nToluene,108-88-3,,\n\
    Benzene,71-43-2,C6H6,\nCobalt chloride hexahydrate,7791-13-1,CoCl2.6H2O,\nMagnesium sulfate heptahydrate,10034-99-8,,\n";

/// Another form of each, in its spellings.
const OTHERS: [(&str, &str, &[&str]); 5] = [
    (
        "Copper sulfate",
        "7758-98-7",
        &[
            "Copper sulfate pentahydrate",
            "Copper sulfate·5H2O",
            "copper sulfate x 5 H2O",
            "copper sulfate (5-hydrate)",
            "copper sulfate hydrate",
            "Kupfersulfat-Pentahydrat",
            "CuSO4·5H2O",
        ],
    ),
    (
        "Toluene",
        "108-88-3",
        &[
            "Toluene-d8",
            "toluene (D8)",
            "[2H8]toluene",
            "d8-toluene",
            "perdeuterated toluene",
            "13C6-toluene",
            "toluene-d",
        ],
    ),
    ("Benzene", "71-43-2", &["13C6-benzene", "benzene-d6", "C6D6"]),
    (
        "Cobalt chloride hexahydrate",
        "7791-13-1",
        &["Cobalt chloride", "cobalt chloride, anhydrous", "Cobaltchlorid wasserfrei", "cobalt chloride dihydrate"],
    ),
    (
        "Magnesium sulfate heptahydrate",
        "10034-99-8",
        &["Magnesium sulfate", "magnesium sulfate anhydrous", "Magnesiumsulfat wasserfrei", "MgSO4"],
    ),
];

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_other_form_becomes_a_name_of_an_entry_whatever_was_decided(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, KNOWN).await;
    let before = dump(&app).await;
    let mut rows = vec!["name,cas,synonyms\n".to_owned()];
    for (name, cas, others) in OTHERS {
        let of =
            |other: &&str| format!("\"{other}\",{cas},\n\"{name}\",{cas},\"{other}\"\n\"{other}\",{cas},\"{name}\"\n");
        rows.extend(others.iter().map(of));
    }
    let rows = rows.concat();
    for names in [Names::default(), NEW_NAMES, DECIDED] {
        for reason in reasons(&chemicals(&app, &folder, &rows, names).await) {
            let is_told = ["water", "isotopes", "formula"].iter().any(|what| reason.contains(what));
            assert!(is_told || reason.contains("is none of the names of"), "{reason}");
        }
    }
    assert_eq!(dump(&app).await, before);
    let told = reasons(&chemicals(&app, &folder, "name,cas\nToluene-d8,108-88-3\n", NEW_NAMES).await).remove(0);
    assert!(told.contains("`Toluene-d8` differs from `Toluene` in its isotopes"), "{told}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_bottle_of_another_form_goes_into_an_entry(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, KNOWN).await;
    for (_, cas, others) in OTHERS {
        // As an older version let it in.
        let names: Vec<_> = others.iter().map(|name| name.to_lowercase()).collect();
        sqlx::query("update chemicals set synonyms = $1 where cas = $2")
            .bind(&names)
            .bind(cas)
            .execute(&app.db)
            .await
            .expect("an entry");
    }
    sqlx::query("update chemicals set terms_version = 0").execute(&app.db).await.expect("entries");
    chemstock::catalogue::chemicals::refresh_all_terms(&app.app).await.expect("terms");
    for (name, cas, others) in OTHERS {
        let own = bottles(&app, &folder, &[&format!("\"{name}\","), &format!("\"{name}\",{cas}")]).await;
        assert_eq!(own, [None, None], "{name}");
        for other in others {
            let told = bottles(&app, &folder, &[&format!("\"{other}\",")]).await.remove(0);
            assert!(told.is_some(), "{other}");
        }
    }
    for row in ["copper sulfate pentahydrate,7758-98-7", "\"cobalt chloride, anhydrous\",7791-13-1", "C6D6,71-43-2"] {
        let told = bottles(&app, &folder, &[row]).await.remove(0);
        assert!(told.is_some_and(|why| why.contains("is none of its names")), "{row}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_whose_names_and_formula_are_of_two_forms_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,formula,synonyms\n\
        Copper sulfate,7758-98-7,CuSO4,copper sulfate pentahydrate\n\
        Copper sulfate,7758-98-7,,copper sulfate pentahydrate\n\
        Copper sulfate pentahydrate,7758-99-8,CuSO4.5H2O,copper sulfate anhydrous\n\
        \"Copper sulfate, anhydrous\",7758-98-7,CuSO4.5H2O,\n\
        Copper sulfate pentahydrate,7758-99-8,CuSO4.7H2O,\n\
        Toluene-d8,2037-26-5,C7H8,\n\
        Toluene,108-88-3,,toluene-d8\n\
        Lidocaine hydrochloride,73-78-9,C14H22N2O,\n";
    for reason in reasons(&chemicals(&app, &folder, rows, Names::default()).await) {
        let parts = ["its water", "its isotopes", "their water", "their isotopes", "their acid"];
        assert!(parts.iter().any(|part| reason.contains(part)), "{reason}");
    }
    let rows = "name,cas,formula,synonyms\n\
        Copper sulfate,7758-99-8,CuSO4.5H2O,copper sulfate pentahydrate;blue vitriol\n\
        \"Copper sulfate, anhydrous\",7758-98-7,CuSO4,Kupfersulfat wasserfrei\n\
        Toluene-d8,2037-26-5,C7D8,[2H8]toluene;toluene (D8)\n\
        Toluene,108-88-3,C7H8,toluol\n\
        Glauber's salt,7727-73-3,,sodium sulfate decahydrate\n\
        Ethanol,64-17-5,,\"ethanol, anhydrous\"\n\
        Cholecalciferol,67-97-0,C27H44O,vitamin D3\n";
    known(&app, &folder, rows).await;
    let told = bottles(&app, &folder, &["[2H8]toluene,", "toluene,", "blue vitriol,7758-99-8", "vitamin D3,"]).await;
    assert_eq!(told, [None, None, None, None]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn other_forms_among_the_names_of_pubchem_are_left_out_with_a_warning(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let row = listed(
        "127-09-3",
        "C2H3NaO2",
        "VMHLLURERBWHNL-UHFFFAOYSA-M",
        "sodium;acetate|sodium acetate|sodium acetate trihydrate|acetic acid sodium salt|sodium acetate-d3",
    );
    let report = chemicals(&app, &folder, &row, Names::default()).await;
    assert_eq!(report.added, 1);
    assert_eq!(chemical(&app, "127-09-3").await["synonyms"], json!(["sodium;acetate", "acetic acid sodium salt"]));
    assert_eq!(report.warnings, ["line 1: 2 names that are of another hydrate, salt or isotope were left out"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_water_behind_a_count_in_brackets_is_that_of_the_formula(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let salts = ["Fe(NO3)3.9H2O", "Ca(NO3)2.4H2O", "Al2(SO4)3.18H2O", "Ba(OH)2.8H2O", "Zn(NO3)2.6H2O"];
    let rows = salts.map(|salt| format!("{salt},{salt},\nsalt of {salt},{salt},{salt}\n")).concat();
    let names = Names { may_be_shared: true, ..Names::default() };
    let report = chemicals(&app, &folder, &format!("name,formula,synonyms\n{rows}"), names).await;
    assert_eq!(report.failed, 0, "{:?}", report.corrections.is_some().then(|| super::corrections(&report)));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_vitamin_and_a_siloxane_are_not_deuterated_by_their_names(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,formula,synonyms\nVitamine D3,67-97-0,C27H44O,25-OH;Vit. D3|Vitamina D3\n\
        Ergocalciferol (D2),50-14-6,C28H44O,\nOctamethylcyclotetrasiloxane (D4),556-67-2,C8H24O4Si4,D4\n\
        Decamethylcyclopentasiloxane (D5),541-02-6,C10H30O5Si5,\nacetone-d6,666-52-4,C3D6O,\n";
    known(&app, &folder, rows).await;
    let rows = "name,cas,formula\nDMSO-d6,2206-27-1,C2H6OS\n(D4)methanol,811-98-3,CH4O\nbenzene-d6,1076-43-3,C6H6\n";
    for reason in reasons(&chemicals(&app, &folder, rows, Names::default()).await) {
        assert!(reason.contains("differ in their isotopes"), "{reason}");
    }
}
