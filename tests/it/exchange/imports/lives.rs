//! The same list after life has gone on: its bottles are there already, whatever was renamed, relabelled or undone.

use chemstock::exchange::imports::{ContainerOptions, Options, load_containers};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts,
};
use crate::{
    stock::containers::{events_of, path_of},
    support::TestApp,
};

async fn bottles(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from containers").fetch_one(&app.db).await.expect("a number")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_was_relabelled_is_there_already_under_its_new_code(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,lot\nB-1,Ethanol,500 mL,L1\n";
    let file = folder.file("b.csv", rows);
    load(&app, &file).await;
    let bottle = containers(&app, &manager).await.remove(0);
    manager.patch(&path_of(&app, &bottle), "*", json!({"code": "N-7"})).await.ok();
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [1, 0, 0, 1, 0]);
    assert_eq!(report.warnings, ["line 2: the bottle of this row has another code by now"]);

    let other = folder.file("b.csv", rows.replace("L1", "L2"));
    let report = load(&app, &other).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    let (_, why) = &corrections(&report)[0];
    assert!(why.contains("`N-7`") && why.contains("other values (lot)"), "{why}");

    // The code is free, and somebody has given it to another bottle.
    let chemical = bottle["chemical"]["id"].clone();
    let new = json!({"chemical_id": chemical, "code": "B-1", "amount": {"value": "1", "unit": "L"}});
    manager.post(&app.path("/containers"), new).await.created();
    let file = folder.file("b.csv", rows);
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 1, 0]);
    assert_eq!(bottles(&app).await, 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_was_undone_does_not_come_back_with_its_row_and_the_mended_row_goes_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,note\nB-1,Ethanol,500 mL,\n";
    let file = folder.file("b.csv", rows);
    load(&app, &file).await;
    let undo = async |code: &str| {
        let all = containers(&app, &manager).await;
        let bottle = all.iter().find(|it| it["code"] == code).expect("the bottle");
        let receipt = manager.get(&events_of(&app, bottle)).await.ok()["items"][0]["id"].clone();
        manager.post(&events_of(&app, bottle), json!({"type": "reverse", "event_id": receipt})).await.created();
    };
    undo("B-1").await;
    for again in [rows.to_owned(), rows.replace("500 mL", "0.5 L")] {
        let report = load(&app, &folder.file("b.csv", &again)).await;
        assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{again}");
        assert!(report.warnings[0].starts_with("line 2: the bottle of this row was imported and then undone"));
    }
    assert_eq!(containers(&app, &manager).await, Vec::<serde_json::Value>::new());

    // Who undoes a bottle that came in with a mistake mends the row.
    let mended = folder.file("b.csv", rows.replace("500 mL", "250 mL"));
    let report = load(&app, &mended).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert!(report.warnings[0].contains("undone") && report.warnings[0].contains("amount"), "{:?}", report.warnings);
    assert_eq!(counts(&load(&app, &mended).await), [1, 0, 0, 1, 0]);
    undo("B-1").await;
    for undone in ["500 mL", "250 mL"] {
        let report = load(&app, &folder.file("b.csv", rows.replace("500 mL", undone))).await;
        assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{undone}");
    }
    let on_purpose = folder.file("b.csv", rows.replace("B-1", "B-2"));
    assert_eq!(counts(&load(&app, &on_purpose).await), [1, 1, 0, 0, 0]);
    assert_eq!(bottles(&app).await, 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_is_there_already_when_its_place_or_its_chemical_has_another_name_now(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,location\nB-1,Ethanol,500 mL,Lab 2.3 > Cupboard 1\nB-2,Brine,1 L,Cupboard 1\n";
    let file = folder.file("b.csv", rows);
    let create = async |file: &std::path::Path| load_containers(&app.app, file, app.lab, &CREATE, None).await.unwrap();
    assert_eq!(counts(&create(&file).await), [2, 2, 0, 0, 0]);
    let place = containers(&app, &manager).await[0]["location_id"].as_str().unwrap().to_owned();
    manager.patch(&app.path(&format!("/locations/{place}")), "*", json!({"name": "Acids"})).await.ok();
    let chemical = containers(&app, &manager).await[1]["chemical"]["id"].as_str().unwrap().to_owned();
    manager.patch(&format!("/v1/chemicals/{chemical}"), "*", json!({"name": "Salt water"})).await.ok();
    for report in [load(&app, &file).await, create(&file).await] {
        assert_eq!((counts(&report), report.locations), ([2, 0, 0, 2, 0], vec![]));
    }
    // A row that is new means the place of that name, which is to be made.
    let longer = folder.file("b.csv", format!("{rows}B-3,Ethanol,1 L,Lab 2.3 > Cupboard 1\n"));
    assert_eq!(counts(&load(&app, &longer).await), [3, 0, 0, 2, 1]);
    let report = create(&longer).await;
    assert_eq!((counts(&report), report.locations), ([3, 1, 0, 2, 0], vec!["Lab 2.3 > Cupboard 1".to_owned()]));
    let all = containers(&app, &manager).await;
    assert_eq!((&all[0]["location_id"], &all[1]["location_id"]), (&json!(place), &json!(place)));
    assert_ne!(all[2]["location_id"], json!(place));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_equal_amount_in_another_unit_is_no_other_value(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,unit,tare,note\nB-1,Ethanol,500,mL,100 g,new\n";
    load(&app, &folder.file("b.csv", rows)).await;
    let saved = rows.replace("500,mL,100 g", "0.50,L,0.1 kg");
    assert_eq!(counts(&load(&app, &folder.file("b.csv", &saved)).await), [1, 0, 0, 1, 0]);
    let bottle = containers(&app, &manager).await.remove(0);
    manager.patch(&path_of(&app, &bottle), "*", json!({"note": "for HPLC"})).await.ok();
    for again in [rows, &saved] {
        assert_eq!(counts(&load(&app, &folder.file("b.csv", again)).await), [1, 0, 0, 1, 0], "{again}");
    }
    let other = rows.replace("500,mL", "0.5,mL");
    assert_eq!(counts(&load(&app, &folder.file("b.csv", other)).await), [1, 0, 0, 0, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_receipt_of_a_bottle_from_a_list_is_undone_by_a_manager_and_brought_back_on_purpose(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("b.csv", "code,chemical,amount\nB-1,Ethanol,500 mL\nB-2,Ethanol,1 L\n");
    load(&app, &file).await;
    let bottle = containers(&app, &manager).await.remove(0);
    let events = events_of(&app, &bottle);
    let receipt = manager.get(&events).await.ok()["items"][0]["id"].clone();
    let undo = json!({"type": "reverse", "event_id": receipt});
    app.client("member").await.post(&events, undo.clone()).await.problem(403, "forbidden");
    let voided = manager.post(&events, undo).await.created()["container"].clone();
    assert_eq!((&voided["state"], &voided["amount"]["value"]), (&json!("voided"), &json!("0")));
    assert_eq!(manager.get(&path_of(&app, &bottle)).await.ok()["state"], "voided", "its history can be read");
    assert_eq!(manager.get(&app.path("/scan/B-1")).await.ok()["type"], "unknown");
    assert_eq!(counts(&load(&app, &file).await), [2, 0, 0, 2, 0]);

    let common = Options { revive: true, ..Options::default() };
    let revive = ContainerOptions { common, ..CREATE };
    for expected in [[2, 1, 0, 1, 0], [2, 0, 0, 2, 0]] {
        let report = load_containers(&app.app, &file, app.lab, &revive, None).await.expect("an import");
        assert_eq!(counts(&report), expected);
    }
    assert_eq!(counts(&load(&app, &file).await), [2, 0, 0, 2, 0]);
    let back = containers(&app, &manager).await.remove(0);
    assert_eq!((&back["code"], &back["state"]), (&json!("B-1"), &json!("in_stock")));
    assert_ne!(back["id"], bottle["id"], "what was undone is history");
    assert_eq!(bottles(&app).await, 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_is_there_already_when_the_catalogue_has_moved_under_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,cas,amount\nB-1,Brine,,1 L\nB-2,EtOH,,1 L\nB-3,absolute,64-17-5,1 L\n";
    let file = folder.file("b.csv", rows);
    let decided = ContainerOptions { number_decides: true, ..CREATE };
    let import = async || load_containers(&app.app, &file, app.lab, &decided, None).await.expect("an import");
    assert_eq!(counts(&import().await), [3, 3, 0, 0, 0]);
    let all = containers(&app, &manager).await;
    let chemical = |at: usize| format!("/v1/chemicals/{}", all[at]["chemical"]["id"].as_str().expect("an id"));
    // Its name is another's now; a second one has the synonym; the label has become a name.
    manager.patch(&chemical(0), "*", json!({"name": "Salt water"})).await.ok();
    manager.post("/v1/chemicals", json!({"name": "Brine", "synonyms": ["EtOH"]})).await.created();
    manager.patch(&chemical(1), "*", json!({"synonyms": ["EtOH", "absolute"]})).await.ok();
    for _ in 0..2 {
        assert_eq!(counts(&import().await), [3, 0, 0, 3, 0]);
    }
    assert_eq!(containers(&app, &manager).await.len(), 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_that_is_written_otherwise_is_compared_with_what_it_brought_and_not_with_what_is_there_now(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,unit,tare,lot,supplier,catalogue number,note,received,expires\n\
        B-1,Ethanol,500,mL,100 g,L1,Sigma,E7,new,2026-01-31,2028-06-30\n\
        B-2,Ethanol,500,mL,,,,,,,\n";
    load(&app, &folder.file("b.csv", rows)).await;
    let made = json!({"tare": {"value": "90", "unit": "g"}, "lot": "L9", "supplier": "Merck", "catalogue_number": "M1",
        "note": "for HPLC", "received_on": "2026-02-01", "expires_on": "2027-01-01"});
    for bottle in containers(&app, &manager).await {
        manager.patch(&path_of(&app, &bottle), "*", made.clone()).await.ok();
        manager.post(&events_of(&app, &bottle), json!({"type": "open"})).await.created();
    }
    let saved = rows.replace("Ethanol", "EtOH").replace("500,mL", "0.5,L");
    let report = load(&app, &folder.file("b.csv", &saved)).await;
    assert_eq!(counts(&report), [2, 0, 0, 2, 0], "{:?}", report.corrections.map(std::fs::read_to_string));
    // What people made of it is no reading of the row.
    let other = saved.replace("2028-06-30", "2027-01-01").replace(",L1,", ",L9,");
    let report = load(&app, &folder.file("b.csv", other)).await;
    assert_eq!(counts(&report), [2, 0, 0, 1, 1]);
    assert_eq!(corrections(&report)[0].1, "the code exists with other values (lot, expires)");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_of_an_import_that_kept_no_lot_and_note_is_compared_with_those_of_now(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = "code,chemical,amount,lot\nB-1,Ethanol,500 mL,L1\n";
    load(&app, &folder.file("b.csv", rows)).await;
    for sql in
        ["alter table stock_events disable trigger stock_events_append_only", "update stock_events set brought = null"]
    {
        sqlx::query(sql).execute(&app.db).await.expect("an older line");
    }
    let (same, other) = (rows.replace("500 mL", "0.5 L"), rows.replace("L1", "L2"));
    for (again, expected) in [(same, [1, 0, 0, 1, 0]), (other, [1, 0, 0, 0, 1])] {
        assert_eq!(counts(&load(&app, &folder.file("b.csv", again)).await), expected);
    }
}
