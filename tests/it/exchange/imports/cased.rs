//! A letter that means something else in the other case makes another substance.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Folder, bottles, chemical, corrections, counts};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn cobalt_chloride_is_never_phosgene_and_a_nitrogen_is_no_normal_chain(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name,cas,synonyms\nPhosgene,75-44-5,COCl2\nCarbonyl sulfide,463-58-1,COS\nPhosphoryl chloride,10025-87-3,POCl3\n\
        N-Butylaniline,1126-78-9,\nn-Hexane,110-54-3,\n";
    assert_eq!(counts(&super::load(&app, &folder.file("known.csv", known)).await), [5, 5, 0, 0, 0]);
    let file = folder.file(
        "bottles.csv",
        "code,chemical,cas,amount,unit\nB-1,CoCl2,,1,g\nB-2,CoS,,1,g\nB-3,PoCl3,,1,g\nB-4,n-butylaniline,,1,g\n\
        B-5,cocl2,,1,g\nB-6,n-butylaniline,1126-78-9,1,g\nB-7,CoCl2,75-44-5,1,g\nB-8,N-BUTYLANILINE,,1,g\n",
    );
    let report = bottles::load(&app, &file).await;
    assert_eq!(counts(&report), [8, 0, 0, 0, 8]);
    for (line, reason) in corrections(&report).into_iter().filter(|(line, _)| ![7, 8].contains(line)) {
        // Another formula is another substance; a name in one case throughout may be this one.
        let told = if line < 5 { "is not in the catalogue; import chemicals first" } else { ": give the CAS number" };
        assert!(reason.ends_with(told), "{line} {reason}");
    }
    let file = folder.file(
        "good.csv",
        "code,chemical,cas,amount,unit\nB-1,COCl2,,1,g\nB-2,COS,,1,g\nB-3,POCl3,,1,g\nB-4,N-HEXANE,,1,L\n\
        B-5,N-HEXANE,110-54-3,1,L\nB-6,N-butylaniline,,1,g\n",
    );
    assert_eq!(counts(&bottles::load(&app, &file).await), [6, 6, 0, 0, 0]);
    let rows = "name,cas,formula\nCoCl2,,CoCl2\nCOCL2,,\nn-butylaniline,104-13-2,C10H15N\nN-HEXANE,110-54-3,C6H14\n";
    let report = super::load(&app, &folder.file("rows.csv", rows)).await;
    assert_eq!(counts(&report), [4, 2, 1, 0, 1], "{:?}", report.corrections);
    let (line, told) = corrections(&report).remove(0);
    assert!(line == 3 && told.starts_with("`COCL2` may be `Phosgene` (75-44-5) or another substance"), "{told}");
    let phosgene = chemical(&app, "75-44-5").await;
    assert_eq!((&phosgene["formula"], &phosgene["synonyms"]), (&Value::Null, &json!(["COCl2"])));
    assert_eq!(chemical(&app, "110-54-3").await["synonyms"], json!([]), "capitals bring no name");
    let one_file = folder.file("both.csv", "name\nCoS2\nCOS2\n");
    assert_eq!(counts(&super::load(&app, &one_file).await), [2, 2, 0, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_contradicts_the_formula_or_the_molar_mass_of_the_entry_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name,cas,formula,molar mass\nPhosgene,75-44-5,,98.91\nEthanol,64-17-5,C2H6O,\n";
    assert_eq!(counts(&super::load(&app, &folder.file("known.csv", known)).await), [2, 2, 0, 0, 0]);
    let rows = "name,cas,formula,molar mass\nPhosgene,,CoCl2,\nEthanol,,CH4O,\nEthanol,64-17-5,,32.04\n";
    let report = super::load(&app, &folder.file("rows.csv", rows)).await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 3]);
    for ((_, reason), part) in corrections(&report).iter().zip([
        "98.91 g/mol, but Cl2Co has 129.833 g/mol",
        "the formula is CH4O here and C2H6O there",
        "the molar mass is 32.04 g/mol here and 46.069 g/mol there",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_locant_and_a_configuration_are_told_from_the_small_letter_that_means_something_else(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let known = "name\ns-butyl thioacetate\no-methylbenzaldoxime\no-xylene\nO-Methyltyrosine\nS-Pentyl cysteine\n\
        l-tartaric acid\nD-Mandelic acid\nl-alanine\nD-Glucose\n";
    assert_eq!(counts(&super::load(&app, &folder.file("known.csv", known)).await), [9, 9, 0, 0, 0]);
    let names = [
        "S-Butyl thioacetate",
        "O-Methylbenzaldoxime",
        "o-methyltyrosine",
        "s-pentyl cysteine",
        "L-Tartaric acid",
        "l-tartaric acid",
        "d-mandelic acid",
    ];
    let row = |(n, name): (usize, &&str)| format!("B-{n},{name},1 g\n");
    let rows = |names: &[&str]| -> String { names.iter().enumerate().map(row).collect() };
    let file = folder.file("bad.csv", format!("code,chemical,amount\n{}", rows(&names)));
    let report = bottles::load(&app, &file).await;
    assert_eq!(counts(&report), [7, 0, 0, 0, 7], "{:?}", report.corrections);
    for ((_, reason), name) in corrections(&report).iter().zip(names) {
        assert!(reason.starts_with(&format!("`{name}` may be ")), "{reason}");
        assert!(reason.contains("or another substance whose name differs by the case of a letter"), "{reason}");
    }
    let good = ["O-XYLENE", "O-Xylene", "L-Alanine", "d-glucose", "O-Methyltyrosine", "D-Mandelic acid"];
    let file = folder.file("good.csv", format!("code,chemical,amount\n{}", rows(&good)));
    let report = bottles::load(&app, &file).await;
    assert_eq!(counts(&report), [6, 6, 0, 0, 0], "{:?}", report.corrections.as_ref().map(|_| corrections(&report)));
}
