//! The formula and the molar mass in a bottle's row are those of its chemical.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, load},
    corrections, counts,
};
use crate::support::TestApp;

async fn lab(db: PgPool) -> (TestApp, Folder) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    app.owner().await;
    let known = "name,cas,formula,molar mass\nEthanol,64-17-5,C2H6O,\nCopper sulfate,7758-98-7,CuSO4,\nToluene,108-88-3,,92.14\n\
        Phosphorus pentoxide,1314-56-3,P4O10,\nBrine,,,\n";
    assert_eq!(super::load(&app, &folder.file("c.csv", known)).await.added, 5);
    (app, folder)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_whose_formula_or_molar_mass_is_of_another_substance_is_refused_with_both_values(db: PgPool) {
    let (app, folder) = lab(db).await;
    let list = "code,chemical,cas,amount,Formula,MW\n\
        B-1,ethanol,,1 L,CH4O,\n\
        B-2,,7758-98-7,1 g,CuSO4.5H2O,\n\
        B-3,,7758-98-7,1 g,,249.68\n\
        B-4,toluene,,1 L,C7D8,\n\
        B-5,toluene,,1 L,,100.19 g/mol\n\
        B-6,ethanol,64-17-5,1 L,,32.04\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [6, 0, 0, 0, 6]);
    for ((line, reason), part) in corrections(&report).iter().zip([
        "this is Ethanol (64-17-5) of the catalogue, but the formula is CH4O here and C2H6O there",
        "the formula is CuO4S.5H2O here and CuO4S there",
        "the molar mass is 249.68 g/mol here and 159.602 g/mol there",
        "the formula is C7D8 here, and the molar mass 92.14 g/mol there",
        "the molar mass is 100.19 g/mol here and 92.14 g/mol there",
        "the molar mass is 32.04 g/mol here and 46.069 g/mol there",
    ]) {
        assert!(reason.contains(part), "{line}: {reason}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_the_same_in_other_words_goes_in_and_what_cannot_be_read_is_told(db: PgPool) {
    let (app, folder) = lab(db).await;
    let list = "code,chemical,cas,amount,Summenformel,Molmasse\n\
        B-1,ethanol,,1 L,C2H5OH,46.07 g/mol\n\
        B-2,ethanol,,1 L,,46\n\
        B-3,,1314-56-3,1 g,P2O5,141.94\n\
        B-4,brine,,1 L,NaCl,58.44\n\
        B-5,toluene,,1 L,C7H8,92.1\n\
        B-6,ethanol,,1 L,EtOH,about 46\n";
    let file = folder.file("b.csv", list);
    for expected in [[6, 6, 0, 0, 0], [6, 0, 0, 6, 0]] {
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), expected, "{:?}", report.corrections);
        if expected[1] > 0 {
            let [told] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
            assert!(
                told.starts_with("line 7: formula `EtOH` was not compared") && told.contains("molar mass `about 46`")
            );
        }
    }
    // A column that only checks the others makes no other bottle of a row.
    let make = ContainerOptions { make_codes: true, ..CREATE };
    for list in ["chemical,amount\nethanol,9 L\n", "chemical,amount,formula,MW\nethanol,9 L,C2H6O,46.07\n"] {
        let file = folder.file("m.csv", list);
        let report = load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
        assert_eq!(report.failed, 0, "{list}");
    }
    assert_eq!(containers(&app, &app.client("member").await).await.len(), 7);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_formula_of_the_same_ratio_is_of_another_substance_unless_the_molar_mass_agrees(db: PgPool) {
    let (app, folder) = lab(db).await;
    let known = "name,cas,formula\nOzone,10028-15-6,O3\nGraphite,7782-42-5,C\nDinitrogen tetroxide,10544-72-6,N2O4\n\
        Diborane,19287-45-7,B2H6\nSodium hexametaphosphate,10124-56-8,Na6P6O18\n";
    assert_eq!(super::load(&app, &folder.file("o.csv", known)).await.added, 5);
    let list = "code,cas,amount,formula,MW\nB-1,10028-15-6,1 g,O2,31.998\nB-2,10028-15-6,1 g,O2,\nB-3,7782-42-5,1 g,C60,720.66\n\
        B-4,10544-72-6,1 g,NO2,46.01\nB-5,19287-45-7,1 g,BH3,13.83\nB-6,10124-56-8,1 g,NaPO3,611.77\n\
        B-7,1314-56-3,1 g,P2O5,141.94\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [7, 2, 0, 0, 5], "{:?}", corrections(&report));
    for (line, reason) in corrections(&report) {
        assert!(line <= 6 && reason.contains("the formula is") && reason.contains("correct one"), "{line}: {reason}");
    }
}
