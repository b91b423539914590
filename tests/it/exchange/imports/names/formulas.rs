//! A formula is a name only of what has it.

use chemstock::catalogue::chemicals::Names;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{DECIDED, Folder, bottles, chemicals, corrections, known, listed, reasons};
use crate::{exchange::imports::chemical, support::TestApp};

fn salt_and_base() -> String {
    [
        listed("58-55-9", "C7H8N4O2", "ZFXYFBGIUFBOJW-UHFFFAOYSA-N", "theophylline|theophylline|c7h8n4o2"),
        listed(
            "317-34-0",
            "C16H24N10O4",
            "FQPFAHBPWDRTLU-UHFFFAOYSA-N",
            "aminophylline|aminophylline|c7h8n4o2|phyllocontin",
        ),
        listed("7440-48-4", "Co", "GUTLYIVDDKVIGB-UHFFFAOYSA-N", "cobalt|cobalt|fk506|co"),
        listed("7647-14-5", "ClNa", "FAPWRFPIFSIZLT-UHFFFAOYSA-M", "sodium;chloride|sodium chloride"),
    ]
    .concat()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_formula_of_a_base_is_no_name_of_its_salt(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let report = chemicals(&app, &folder, &salt_and_base(), Names::default()).await;
    assert_eq!(report.added, 4, "{:?}", report.corrections);
    assert_eq!(chemical(&app, "317-34-0").await["synonyms"], json!(["phyllocontin"]));
    assert!(report.warnings.iter().any(|it| it.starts_with("line 2: 1 name")), "{:?}", report.warnings);
    // As an older version let it in.
    let spoiled = "with c as (update chemicals set synonyms = '{c7h8n4o2}' where cas = '317-34-0' returning id)
        insert into chemical_terms (chemical_id, term, kind) select id, 'c7h8n4o2', 1 from c";
    sqlx::query(spoiled).execute(&app.db).await.expect("a row");
    let told = bottles(&app, &folder, &["C7H8N4O2,", "C7H8N4O2,317-34-0", "C7H8N4O2,58-55-9", "NaCl,", "FK506,"]).await;
    let part = |at: usize| told[at].clone().unwrap_or_default();
    assert!(
        part(0).contains("`C7H8N4O2` is a formula, which several substances may have") && part(0).contains("58-55-9")
    );
    assert!(part(1).contains("317-34-0 is aminophylline"), "{told:?}");
    assert_eq!(told[2], None);
    assert!(part(3).contains("the catalogue has it of sodium chloride (7647-14-5)"), "{told:?}");
    assert_eq!(told[4], None, "a code that only looks like one");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_names_a_substance_by_another_formula_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas,formula\nphosgene,75-44-5,CCl2O\n").await;
    let rows = "name,cas,formula,synonyms\nCoCl2,75-44-5,,\nphosgene,75-44-5,,CoCl2\nbase,58-55-9,C16H24N10O4,C7H8N4O2\n\
        copper sulfate pentahydrate,7758-99-8,CuSO4.5H2O,CuSO4\n";
    for names in [Names::default(), DECIDED] {
        for reason in reasons(&chemicals(&app, &folder, rows, names).await) {
            assert!(reason.contains("is a formula that this chemical does not have"), "{reason}");
        }
    }
    let rows = "name,cas,formula,synonyms\nphosgene,75-44-5,,COCl2\nphosphorus pentoxide,1314-56-3,P4O10,P2O5\n\
        copper sulfate pentahydrate,7758-99-8,CuH10O9S,CuSO4.5H2O;CuSO4·5H2O\nthing,,,C6H14\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!(report.failed, 0, "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_formula_that_says_what_nothing_is_is_refused_with_what_it_may_be(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for (formula, parts) in [
        ("C-60", ["a charge of 60", "`C60`"]),
        ("C+70", ["a charge of 70", "`C70`"]),
        ("SIO2", ["`SiO2`", "`S1IO2`"]),
        ("CUSO4", ["`CuSO4`", "`C1USO4`"]),
        ("NIO", ["`NiO`", "`N1IO`"]),
        ("TIO2", ["`TiO2`", "`T1IO2`"]),
    ] {
        let rows = format!("name,formula\nfoo,{formula}\n");
        let told = reasons(&chemicals(&app, &folder, &rows, Names::default()).await).remove(0);
        assert!(parts.iter().all(|part| told.contains(part)), "{formula}: {told}");
    }
    for formula in ["CO2", "HNO3", "CS2", "HF", "C6H4INO2", "C2H6OS", "KSCN", "KNO3", "S1IO2", "N-3", "Mn+7", "NI3"] {
        let rows = format!("name,formula\nfoo {formula},{formula}\n");
        let report = chemicals(&app, &folder, &rows, Names::default()).await;
        assert_eq!(report.failed, 0, "{formula}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_hydrate_has_its_water_in_the_formula(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,formula\ncopper sulfate pentahydrate,CuSO4\nCobalt chloride hexahydrate,CoCl2.4H2O\n";
    for reason in reasons(&chemicals(&app, &folder, rows, Names::default()).await) {
        assert!(reason.contains("hydrate") && reason.contains("the formula"), "{reason}");
    }
    let rows = "name,formula\ncopper sulfate pentahydrate,CuSO4.5H2O\nnickel sulfate hexahydrate,H12NiO10S\n\
        chloral hydrate,C2H3Cl3O2\ncarbohydrate,C6H12O6\ncalcium sulfate hemihydrate,CaSO4.0.5H2O\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!((report.added, report.failed), (5, 0), "{:?}", report.corrections);
    let nickel = app.client("viewer").await.get("/v1/chemicals?q=nickel").await.ok();
    assert_ne!(nickel["items"][0]["formula"], Value::Null);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_is_called_by_a_formula_is_no_entry_that_has_it_for_its_formula_alone(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    // In either order.
    let rows = "name,cas,formula,synonyms\nNaCl,,,\nsodium chloride,7647-14-5,NaCl,\nsulfuric acid,7664-93-9,H2SO4,\n\
        H2SO4,,,\ncopper sulfate,7758-98-7,CuSO4,\ncopper sulfate pentahydrate,7758-99-8,CuSO4.5H2O,\nCuSO4·5H2O,,,\n\
        potassium hydroxide,1310-58-3,KOH,\nKOH,,,\nTHF,,,\nwater,7732-18-5,H2O,H2O\nH2O,,,\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!((report.added, report.unchanged, report.failed), (7, 1, 4), "{:?}", report.corrections);
    for (line, reason) in corrections(&report) {
        assert!(reason.contains("is a formula, which several substances may have"), "{line}: {reason}");
    }
    assert_eq!(chemical(&app, "7647-14-5").await["synonyms"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_formula_fills_no_entry_and_no_bottle_where_others_may_have_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas,formula\nquartz,14808-60-7,SiO2\n").await;
    let report = chemicals(&app, &folder, "name,density\nSiO2,2.2\n", Names::default()).await;
    let told = [reasons(&report).remove(0), bottles(&app, &folder, &["SiO2,"]).await.remove(0).unwrap_or_default()];
    for told in told {
        assert!(told.contains("`SiO2` is a formula, which several substances may have"), "{told}");
        assert!(told.contains("quartz"), "{told}");
    }
    assert_eq!(chemical(&app, "14808-60-7").await["density"], Value::Null);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_formula_that_several_substances_may_have_is_refused_with_the_candidates(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(
        &app,
        &folder,
        "name,cas,formula\nethanol,64-17-5,C2H6O\ncalcite,13397-26-7,CaCO3\naragonite,14791-73-2,CaCO3\nlime,,CaO\n",
    )
    .await;
    for (row, parts) in [
        ("C2H6O,", &["`ethanol` (64-17-5)", "give the CAS number"][..]),
        ("CaCO3,", &["calcite", "`aragonite` (14791-73-2)", "give the CAS number"]),
        ("CaO,1305-78-8", &["`CaO` is the formula of `lime`", "1305-78-8 is in no entry"]),
    ] {
        let told = reasons(&chemicals(&app, &folder, &format!("name,cas\n{row}\n"), Names::default()).await).remove(0);
        assert!(parts.iter().all(|part| told.contains(part)), "{row}: {told}");
    }
    // A number tells it from those that have others.
    let report = chemicals(&app, &folder, "name,cas\nCaCO3,471-34-1\n", Names::default()).await;
    assert_eq!(report.added, 1, "{:?}", report.corrections);
}
