//! What an import of PubChem's list makes of its names: nothing falls away in silence.

use chemstock::catalogue::chemicals::Names;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, bottles, chemicals, known, listed, reasons};
use crate::{exchange::imports::chemical, support::TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn numbers_of_others_are_left_out_with_one_warning(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let list = [
        listed(
            "127-09-3",
            "C2H3NaO2",
            "VMHLLURERBWHNL-UHFFFAOYSA-M",
            "sodium;acetate|sodium acetate|127-09-3|123333-80-2|6131-90-4 (trihydrate)|acetic acid sodium salt",
        ),
        listed(
            "303-81-1",
            "C31H36N2O11",
            "YJQPYGGHQPGBLI-KGSXXDOSSA-N",
            "n-[7-chroman]|novobiocin|1476-53-5|einecs 206-146-3|cathomycin",
        ),
    ];
    let report = chemicals(&app, &folder, &list.concat(), Names::default()).await;
    assert_eq!((report.added, report.failed), (2, 0));
    assert_eq!(chemical(&app, "127-09-3").await["synonyms"], json!(["sodium;acetate", "acetic acid sodium salt"]));
    assert_eq!(
        chemical(&app, "303-81-1").await["synonyms"],
        json!(["n-[7-chroman]", "einecs 206-146-3", "cathomycin"])
    );
    let told =
        "lines 1, 2: 3 names that are numbers were left out: a number is no name of a substance that does not have it";
    assert_eq!(report.warnings, [told]);
    let told = bottles(&app, &folder, &["123333-80-2,", "1476-53-5,", "1476-53-5,303-81-1", "einecs 206-146-3,"]).await;
    assert!(told.iter().all(Option::is_some), "{told:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_first_that_is_a_name_becomes_the_name(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let list = [
        listed(
            "15708-41-5",
            "C10H12FeN2NaO8",
            "MKWYFZFMAMBPQK-UHFFFAOYSA-J",
            "|einecs 239-802-2|15708-41-5|sodium feredetate",
        ),
        listed("110-82-7", "C6H12", "XDTMQSROBMDMFD-UHFFFAOYSA-N", "|c6h12|einecs 203-806-2|110-82-7"),
    ];
    let report = chemicals(&app, &folder, &list.concat(), Names::default()).await;
    assert_eq!((report.added, report.failed), (2, 0), "{:?}", report.corrections);
    assert_eq!(chemical(&app, "15708-41-5").await["name"], "sodium feredetate");
    assert_eq!(chemical(&app, "110-82-7").await["name"], "CAS 110-82-7");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_name_of_a_long_list_is_kept_and_what_is_too_much_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let many = |n: usize| (0..n).map(|n| format!("name {n}x")).collect::<Vec<_>>().join("|");
    let list = [
        listed("329-65-7", "C9H13NO3", "UCTWMZQNUQWSLP-UHFFFAOYSA-N", "4-[ol]|dl-adrenaline|l(-)-epinephrine"),
        listed(
            "51-43-4",
            "C9H13NO3",
            "UCTWMZQNUQWSLP-VIFPVBQESA-N",
            &format!("4-[(1r)]|epinephrine|{}|l(-)-epinephrine", many(300)),
        ),
    ];
    let report = chemicals(&app, &folder, &list.concat(), Names::default()).await;
    assert_eq!((report.added, report.failed), (2, 0));
    let synonyms = chemical(&app, "51-43-4").await["synonyms"].as_array().expect("names").len();
    assert_eq!(synonyms, 302);
    let told = bottles(&app, &folder, &["l(-)-epinephrine,"]).await.remove(0).expect("two meanings");
    assert!(told.contains("329-65-7") && told.contains("51-43-4"), "{told}");

    let too_many =
        listed("67-64-1", "C3H6O", "CSCPPACGZOOCGX-UHFFFAOYSA-N", &format!("propan-2-one|acetone|{}", many(1_001)));
    let told = reasons(&chemicals(&app, &folder, &too_many, Names::default()).await).remove(0);
    assert!(told.contains("1002 synonyms, at most 1000"), "{told}");
    let long =
        listed("67-56-1", "CH4O", "OKKJLVBELUTLKV-UHFFFAOYSA-N", &format!("methanol|methanol|{}", "x".repeat(501)));
    let report = chemicals(&app, &folder, &long, Names::default()).await;
    let told = "line 1: 1 name that is longer than 500 characters was left out";
    assert!(report.warnings.iter().any(|it| it == told), "{:?}", report.warnings);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_would_make_too_many_synonyms_is_refused_and_completes_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let many = |from: usize, n: usize| (from..from + n).map(|n| format!("name {n}x")).collect::<Vec<_>>().join("|");
    known(&app, &folder, &format!("name,cas,synonyms\nacetone,67-64-1,{}\n", many(0, 990))).await;
    let row = format!("name,cas,formula,synonyms\nacetone,67-64-1,C3H6O,{}\n", many(985, 50));
    let told = reasons(&chemicals(&app, &folder, &row, Names::default()).await).remove(0);
    assert!(told.contains("1035 synonyms, at most 1000"), "{told}");
    assert_eq!(chemical(&app, "67-64-1").await["formula"], serde_json::Value::Null);
}
