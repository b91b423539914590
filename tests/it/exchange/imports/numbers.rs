//! A number or a key beside a name, or in its place, makes no substance another.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, load_chemicals},
};
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, bottles, chemical, corrections, counts, dump};
use crate::{
    catalogue::chemicals::overrides::{of, put},
    support::TestApp,
};

const KNOWN: &str = "name,cas,ec,inchikey\nEthanol,64-17-5,200-578-6,LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n\
    Acetone,67-64-1,200-662-2,CSCPPACGZOOCGX-UHFFFAOYSA-N\n";

async fn catalogue(db: PgPool) -> (TestApp, Folder) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    assert_eq!(counts(&super::load(&app, &folder.file("known.csv", KNOWN)).await), [2, 2, 0, 0, 0]);
    (app, folder)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_row_goes_by_a_number_of_another_substance(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    let before = dump(&app).await;
    let file = folder.file(
        "numbers.csv",
        "name,cas,synonyms\n64-17-5,110-82-7,\n64‐17‐5,,\n200-578-6,110-82-7,\nLFQSCWFLJHTTHZ-UHFFFAOYSA-N,110-82-7,\n\
        CAS 64-17-5,110-82-7,\n64-17-5,67-64-1,\n108-88-3,110-82-7,\ncyclohexane,110-82-7,200-578-6\n",
    );
    for names in [
        Names::default(),
        Names { may_be_new: true, ..Names::default() },
        Names { may_be_shared: true, ..Names::default() },
    ] {
        let options = Options { dry_run: names.may_be_shared, ..Options::default() };
        let report = load_chemicals(&app.app, &file, &options, names).await.expect("an import");
        if names.may_be_shared {
            assert_eq!(report.failed, 7, "an EC number may stand among synonyms, where nothing is looked up by it");
            continue;
        }
        assert_eq!(counts(&report), [8, 0, 0, 0, 8]);
        let reasons = corrections(&report);
        for (at, parts) in [
            ["the name `64-17-5` is the CAS number of `Ethanol`", "110-82-7"],
            ["the name `64‐17‐5` is the CAS number of `Ethanol`", "in its own column"],
            ["the name `200-578-6` is the EC number of `Ethanol`", "110-82-7"],
            ["the name `LFQSCWFLJHTTHZ-UHFFFAOYSA-N` is the InChIKey of `Ethanol`", "110-82-7"],
            ["the name `CAS 64-17-5` is the CAS number of `Ethanol`", "110-82-7"],
            ["the name `64-17-5` is the CAS number of `Ethanol`", "67-64-1"],
            ["the name `108-88-3` is a CAS number that this chemical does not have", "110-82-7"],
            ["the synonym `200-578-6` is the EC number of `Ethanol`", "(64-17-5)"],
        ]
        .into_iter()
        .enumerate()
        {
            assert!(parts.iter().all(|part| reasons[at].1.contains(part)), "{}", reasons[at].1);
        }
        assert_eq!(dump(&app).await, before);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn neither_the_catalogue_nor_a_lab_names_a_substance_by_the_number_of_another(db: PgPool) {
    let (app, _folder) = catalogue(db).await;
    let manager = app.client("manager").await;
    for (name, kind) in [("64-17-5", "CAS number"), ("200-578-6", "EC number"), ("EC: 200-578-6", "EC number")] {
        let told = format!("`{name}` is the {kind} of `Ethanol`, so `110-82-7` cannot go by it");
        let answer = manager.post("/v1/chemicals", json!({"name": name, "cas": "110-82-7"})).await;
        let problem = answer.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().starts_with(&told), "{problem}");
        manager.post("/v1/chemicals", json!({"name": name})).await.problem(422, "invalid");
        let acetone = chemical(&app, "67-64-1").await;
        let id = acetone["id"].as_str().unwrap();
        let path = format!("/v1/chemicals/{id}");
        manager.patch(&path, "\"1\"", json!({"name": name})).await.problem(422, "invalid");
        let overrides = of(&app, id.parse().unwrap());
        let problem = put(&manager, &overrides, None, json!({"name": name})).await.problem(422, "invalid");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("of `Ethanol`, so `67-64-1`"), "{problem}");
    }
    let own = manager.post("/v1/chemicals", json!({"name": "110-82-7", "cas": "110-82-7"})).await.created();
    let path = format!("/v1/chemicals/{}", own["id"].as_str().unwrap());
    manager.patch(&path, "\"1\"", json!({"cas": null})).await.problem(422, "invalid");
}

/// As an older version has let it in.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_under_a_number_is_of_its_entry_also_where_another_has_it_for_a_name(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    let manager = app.client("manager").await;
    let new = json!({"name": "110-82-7", "cas": "110-82-7"});
    manager.post("/v1/chemicals", new).await.created();
    let renamed = "with c as (update chemicals set name = '64-17-5' where cas = '110-82-7' returning id)
        insert into chemical_terms (chemical_id, term, kind) select id, '64 17 5', 0 from c";
    sqlx::query(renamed).execute(&app.db).await.expect("a row");
    let file = folder.file("bottles.csv", "code,chemical,amount,unit\nB-1,64-17-5,1,L\n");
    let report = bottles::load(&app, &file).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    let bottles = bottles::containers(&app, &manager).await;
    assert_eq!(bottles[0]["chemical"]["name"], "Ethanol");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_key_or_an_ec_number_gives_its_entry_no_foreign_name(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    let before = dump(&app).await;
    let file = folder.file(
        "keys.csv",
        "name,cas,ec,inchikey\nwater,,,CSCPPACGZOOCGX-UHFFFAOYSA-N\nice,67-64-1,,CSCPPACGZOOCGX-UHFFFAOYSA-N\n\
        steam,,200-662-2,\nEthanol,,200-662-2,\nspirit,,,LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n",
    );
    let report = super::load(&app, &file).await;
    assert_eq!(counts(&report), [5, 0, 0, 0, 5]);
    for ((_, reason), part) in corrections(&report).iter().zip([
        "`water` is none of the names of `Acetone`, whose InChIKey it has",
        "`ice` is none of the names of `Acetone`, whose number it has",
        "the EC number 200-662-2 is that of `Acetone`",
        "the EC number is 200-662-2 here and 200-578-6 there",
        "`spirit` is none of the names of `Ethanol`, whose InChIKey it has",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(dump(&app).await, before);
    let spirit = folder.file("spirit.csv", "name,inchikey\nspirit,LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n");
    let new_names = Names { may_be_new: true, ..Names::default() };
    let report = load_chemicals(&app.app, &spirit, &Options::default(), new_names).await.expect("an import");
    assert_eq!(counts(&report), [1, 0, 1, 0, 0]);
}
