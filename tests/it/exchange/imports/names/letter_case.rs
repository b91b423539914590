//! A list in lower case says nothing about case: the case of a letter decides only where both spellings have one.

use chemstock::catalogue::chemicals::Names;
use sqlx::PgPool;

use super::{Folder, bottles, chemicals, known, listed};
use crate::support::TestApp;

/// As PubChem's list has them.
fn lower() -> String {
    [
        listed("100-61-8", "C7H9N", "AFBPFSWMIHJQDM-UHFFFAOYSA-N", "n-methylaniline|n-methylaniline|methylaniline"),
        listed("872-50-4", "C5H9NO", "SECXISVLQFMRJM-UHFFFAOYSA-N", "n-methyl-2-pyrrolidone|n-methyl-2-pyrrolidone"),
        listed("1310-73-2", "HNaO", "HEMHJVSKTPXQMS-UHFFFAOYSA-M", "sodium;hydroxide|sodium hydroxide|naoh"),
        listed("7647-14-5", "ClNa", "FAPWRFPIFSIZLT-UHFFFAOYSA-M", "sodium;chloride|sodium chloride|nacl"),
        listed("124-38-9", "CO2", "CURLTUGMZLYLDI-UHFFFAOYSA-N", "carbon dioxide|carbon dioxide|co2"),
        listed("7647-01-0", "ClH", "VEXZGXHMUGYJMC-UHFFFAOYSA-N", "chlorane|hydrochloric acid|hcl"),
        listed("1126-78-9", "C10H15N", "VSHTWPWTCXQLQN-UHFFFAOYSA-N", "n-butylaniline|n-butylaniline"),
        listed("110-54-3", "C6H14", "VLKZOEOYAKHREP-UHFFFAOYSA-N", "hexane|n-hexane"),
        listed("95-47-6", "C8H10", "CTQNGGLPUBDAKN-UHFFFAOYSA-N", "1,2-xylene|o-xylene"),
        listed("109-73-9", "C4H11N", "HQABUPZFAYXKJW-UHFFFAOYSA-N", "butan-1-amine|n-butylamine"),
        listed("75-44-5", "CCl2O", "YGYAWVDWMABLBF-UHFFFAOYSA-N", "phosgene|phosgene|cocl2"),
    ]
    .concat()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_that_is_written_right_goes_in_though_the_list_is_in_lower_case(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, &lower()).await;
    let rows = [
        "N-Methylaniline,100-61-8",
        "N-METHYLANILINE,",
        "N-Methylaniline,",
        "N-Methyl-2-pyrrolidone,872-50-4",
        "N-Methyl-2-pyrrolidone,",
        "NaOH,1310-73-2",
        "NaOH,",
        "NaCl,7647-14-5",
        "HCl,7647-01-0",
        "CO2,124-38-9",
        "CO2,",
        "N-Butylaniline,1126-78-9",
        "n-butylaniline,1126-78-9",
        "N-BUTYLANILINE,1126-78-9",
        "n-hexane,",
        "N-Hexane,",
        "N-HEXANE,110-54-3",
        "O-XYLENE,",
        "o-xylene,",
        "n-butylamine,",
        "COCl2,75-44-5",
        "COCl2,",
    ];
    for (row, told) in rows.iter().zip(bottles(&app, &folder, &rows).await) {
        assert_eq!(told, None, "{row}");
    }
    let rows =
        "name,cas,formula\nN-Methylaniline,100-61-8,C7H9N\nNaOH,1310-73-2,NaOH\nN-Methyl-2-pyrrolidone,,C5H9NO\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!((report.added, report.failed), (0, 0), "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_has_two_meanings_by_its_case_is_refused_with_both(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, &lower()).await;
    // The list does not say which of the two its `n-` is.
    for row in ["n-butylaniline,", "N-butylaniline,", "N-BUTYLANILINE,"] {
        let told = bottles(&app, &folder, &[row]).await.remove(0).expect(row);
        assert!(told.contains("n-butylaniline (1126-78-9)") && told.contains("give the CAS number"), "{row}: {told}");
    }
    for row in ["CoCl2,75-44-5", "CoCl2,"] {
        assert!(bottles(&app, &folder, &[row]).await[0].is_some(), "{row}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_the_catalogue_has_both_the_case_decides_and_capitals_do_not(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let both = "name,cas,formula,synonyms\nN-butylaniline,1126-78-9,,\nn-butylaniline,104-13-2,,\n\
        phosgene,75-44-5,CCl2O,COCl2\ncobalt chloride,7646-79-9,CoCl2,CoCl2\n";
    known(&app, &folder, both).await;
    let rows = [
        "N-butylaniline,",
        "n-butylaniline,",
        "N-BUTYLANILINE,104-13-2",
        "N-BUTYLANILINE,1126-78-9",
        "COCl2,75-44-5",
        "CoCl2,",
        "COCl2,",
    ];
    for (row, told) in rows.iter().zip(bottles(&app, &folder, &rows).await) {
        assert_eq!(told, None, "{row}");
    }
    for (row, parts) in [
        ("N-BUTYLANILINE,", ["N-butylaniline (1126-78-9)", "n-butylaniline (104-13-2)"]),
        ("cocl2,", ["COCl2 (75-44-5)", "CoCl2 (7646-79-9)"]),
        ("COCL2,", ["COCl2 (75-44-5)", "CoCl2 (7646-79-9)"]),
        ("n-butylaniline,1126-78-9", ["1126-78-9 is N-butylaniline", "`n-butylaniline` is n-butylaniline (104-13-2)"]),
    ] {
        let told = bottles(&app, &folder, &[row]).await.remove(0).expect(row);
        assert!(parts.iter().all(|part| told.contains(part)), "{row}: {told}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn capitals_alone_are_either_though_the_catalogue_knows_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas\nN-Butylaniline,1126-78-9\nN-Methylaniline,100-61-8\nn-Hexane,110-54-3\n").await;
    let told = bottles(&app, &folder, &["N-BUTYLANILINE,", "n-butylaniline,", "n-butylaniline,1126-78-9"]).await;
    assert!(told.iter().all(|it| it.as_ref().is_some_and(|it| it.contains("1126-78-9"))), "{told:?}");
    let rows =
        ["N-METHYLANILINE,", "n-methylaniline,", "n-methylaniline,100-61-8", "N-HEXANE,", "N-BUTYLANILINE,1126-78-9"];
    for (row, told) in rows.iter().zip(bottles(&app, &folder, &rows).await) {
        assert_eq!(told, None, "{row}");
    }
    let report =
        chemicals(&app, &folder, "name,formula\nN-BUTYLANILINE,C10H15N\nN-METHYLANILINE,C7H9N\n", Names::default())
            .await;
    assert_eq!((report.completed, report.failed), (1, 1), "capitals alone complete nothing that they may not be");
}
