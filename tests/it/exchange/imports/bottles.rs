//! Containers from a file.

use std::path::Path;

use chemstock::{
    base::phone::Phone,
    exchange::imports::{ContainerOptions, Options, Report, load_containers},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Folder, corrections, counts};
use crate::support::{Client, TestApp};

pub const CREATE: ContainerOptions = ContainerOptions {
    create_locations: true,
    make_codes: false,
    number_decides: false,
    common: Options { dry_run: false, mapping: Vec::new(), ignore: Vec::new(), repair_cas: false, revive: false },
};

pub async fn load(app: &TestApp, file: &Path) -> Report {
    load_containers(&app.app, file, app.lab, &ContainerOptions::default(), None).await.expect("an import")
}

/// A lab with a room, a cabinet and an owner, and a catalogue of three.
pub async fn lab(app: &TestApp, folder: &Folder) -> Client {
    app.owner().await;
    let chemicals = "name,cas,synonyms\nEthanol,64-17-5,EtOH;spirit\nAcetone,67-64-1,spirit\nBrine,,\n";
    super::load_chemicals(app, &folder.file("chemicals.csv", chemicals)).await.expect("a catalogue");
    let room = uuid::Uuid::now_v7();
    for (id, parent, kind, name, code) in
        [(room, None, "room", "Room 214", "R214"), (uuid::Uuid::now_v7(), Some(room), "cabinet", "Cabinet A", "CABA")]
    {
        sqlx::query(
            "insert into locations (id, lab_id, parent_id, kind, name, code, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .bind(id)
        .bind(app.lab)
        .bind(parent)
        .bind(kind)
        .bind(name)
        .bind(code)
        .bind(app.now())
        .execute(&app.db)
        .await
        .expect("a location");
    }
    app.client("manager").await
}

pub async fn containers(app: &TestApp, by: &Client) -> Vec<Value> {
    let mut all = by.get(&app.path("/containers?limit=200")).await.ok()["items"].as_array().expect("items").clone();
    all.sort_by_key(|container| container["code"].as_str().expect("a code").to_owned());
    all
}

const GOOD: &str = "Code,CAS No,Chemical,Amount,Unit,Location,Lot,Vendor,Cat. No.,Tare,Received,Opened,Expiry,State,Remarks\n\
    B-1,64-17-5,,500 mL,,Room 214 / Cabinet A,L7,Sigma,E7023,310.5,2026-01-31,,2028-06-30,,\"for HPLC, only\"\n\
    B-2,,acetone,2.5,L,CABA,,,,,,2026-02-01,,,\n\
    B-3,,EtOH,\"1kg\",kg,room 214,,,,0.3 kg,,,,in stock,\n";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bottles_come_in_with_the_first_event_of_their_ledger(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let report = load(&app, &folder.file("bottles.csv", GOOD)).await;
    assert_eq!((counts(&report), &report.warnings), ([3, 3, 0, 0, 0], &vec![]), "{:?}", report.corrections);

    let all = containers(&app, &manager).await;
    let [one, two, three] = &all[..] else { panic!("{all:?}") };
    assert_eq!(one["chemical"]["cas"], "64-17-5");
    assert_eq!(one["amount"], json!({"value": "500", "unit": "mL"}));
    assert_eq!(
        (&one["lot"], &one["supplier"], &one["catalogue_number"]),
        (&json!("L7"), &json!("Sigma"), &json!("E7023"))
    );
    assert_eq!((&one["tare"]["value"], &one["note"]), (&json!("310.5"), &json!("for HPLC, only")));
    assert_eq!((&one["received_on"], &one["expires_on"]), (&json!("2026-01-31"), &json!("2028-06-30")));
    assert_eq!((&one["state"], &two["state"]), (&json!("in_stock"), &json!("opened")));
    assert_eq!(two["location_id"], one["location_id"], "by code as by path");
    assert_eq!(three["chemical"]["name"], "Ethanol", "by a synonym that only it has");
    assert_eq!(three["tare"]["value"], "300");

    for container in &all {
        let path = app.path(&format!("/containers/{}/events", container["id"].as_str().unwrap()));
        let events = manager.get(&path).await.ok();
        let [event] = &events["items"].as_array().unwrap()[..] else { panic!("{events}") };
        assert_eq!((&event["type"], &event["seq"]), (&json!("receive"), &json!(1)));
        assert_eq!((&event["delta"], &event["state_after"]), (&container["amount"]["value"], &container["state"]));
        assert_eq!(event["location_after"], container["location_id"]);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_second_import_changes_nothing_also_when_life_has_gone_on(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("bottles.csv", GOOD);
    load(&app, &file).await;
    let one = containers(&app, &manager).await[0].clone();
    let events = app.path(&format!("/containers/{}/events", one["id"].as_str().unwrap()));
    manager.post(&events, json!({"type": "open"})).await.created();
    let withdrawal = json!({"type": "withdraw", "amount": {"value": "20", "unit": "mL"}});
    manager.post(&events, withdrawal).await.created();
    let before = containers(&app, &manager).await;
    assert_eq!(counts(&load(&app, &file).await), [3, 0, 0, 3, 0]);
    assert_eq!(containers(&app, &manager).await, before);

    let other = GOOD.replace("500 mL", "250 mL").replace("L7", "L8");
    let report = load(&app, &folder.file("other.csv", other)).await;
    assert_eq!(counts(&report), [3, 0, 0, 2, 1]);
    assert_eq!(corrections(&report), [(2, "the code exists with other values (amount, lot)".to_owned())]);
    assert_eq!(containers(&app, &manager).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_says_everything_that_is_wrong_with_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let file = folder.file(
        "bad.csv",
        "code,cas,chemical,amount,unit,location,opened,expires,state\n\
        ,64-17-5,,1 L,,,,,\n\
        C1,64175,,1 L,,,,,\n\
        C2,,Unobtainium,1 L,,,,,\n\
        C3,,spirit,1 L,,,,,\n\
        C4,64-17-5,,1,,,,,\n\
        C5,64-17-5,,\"1,500 L\",,,03/04/2027,soon,\n\
        C6,64-17-5,,1 L,mL,,,,\n\
        C7,64-17-5,,1 L,,Room 214/Cabinet B,,,\n\
        C8,64-17-5,,1 L,,,,,disposed\n\
        C9,,,-1 L,,,,,\n\
        D1,64-17-5,,1 parsec,,,,,\n\
        D2,64-17-5,,1 L,,,,,\n\
        D2,64-17-5,,2 L,,,,,\n",
    );
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [13, 0, 0, 0, 13]);
    let expected: [&[&str]; 13] = [
        &["the code is empty"],
        &["did you mean 64-17-5?"],
        &["`Unobtainium` is not in the catalogue; import chemicals first"],
        &["2 chemicals of the catalogue are called `spirit`"],
        &["the amount has no unit"],
        &["amount `1,500` may be 1.500 or 1500", "opened `03/04/2027`: may be two days", "expires `soon`"],
        &["the amount is in L, but the unit is mL"],
        &["no location `Cabinet B` in `Room 214`"],
        &["state `disposed`"],
        &["give a CAS number or the name", "amount `-1 L`"],
        &["unit `parsec`"],
        &["line 14 has the same code"],
        &["line 13 has the same code"],
    ];
    for ((line, reason), parts) in corrections(&report).iter().zip(expected) {
        for part in parts {
            assert!(reason.contains(part), "{line}: {reason}");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn missing_places_are_made_when_asked_for_and_only_for_rows_that_go_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file(
        "places.csv",
        "code,cas,amount,location\n\
        P1,64-17-5,1 L,Room 214 / Cabinet A / Shelf 2\n\
        P2,64-17-5,1 L,room 214/cabinet a/SHELF 2\n\
        P3,64-17-5,1 L,Annex building / 12 / Fridge\n\
        P4,64-17-5,1 L,a/b/c/d/e/f\n\
        P5,7732-18-5,1 L,Nowhere\n",
    );
    let report = load_containers(&app.app, &file, app.lab, &CREATE, None).await.unwrap();
    assert_eq!(counts(&report), [5, 3, 0, 0, 2]);
    let places: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "select l.name, l.kind, p.name from locations l left join locations p on p.id = l.parent_id
        where l.lab_id = $1 and l.code not in ('R214', 'CABA') order by l.name",
    )
    .bind(app.lab)
    .fetch_all(&app.db)
    .await
    .unwrap();
    let place =
        |name: &str, kind: &str, parent: Option<&str>| (name.to_owned(), kind.to_owned(), parent.map(str::to_owned));
    assert_eq!(
        places,
        [
            place("12", "room", Some("Annex building")),
            place("Annex building", "building", None),
            place("Fridge", "cabinet", Some("12")),
            place("Shelf 2", "shelf", Some("Cabinet A")),
        ]
    );
    let all = containers(&app, &manager).await;
    assert_eq!(all[0]["location_id"], all[1]["location_id"]);
    let again = load_containers(&app.app, &file, app.lab, &CREATE, None).await.unwrap();
    assert_eq!(counts(&again), [5, 0, 0, 3, 2]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_same_code_in_another_lab_is_another_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let other = uuid::Uuid::now_v7();
    sqlx::query("insert into labs (id, name, created_at, updated_at) values ($1, 'Other', $2, $2)")
        .bind(other)
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
    let file = folder.file("one.csv", "code,cas,amount\nB-1,64-17-5,1 L\n");
    for lab in [app.lab, other] {
        let report = load_containers(&app.app, &file, lab, &ContainerOptions::default(), None).await.unwrap();
        assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_the_lab_nothing_is_begun(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let file = folder.file("one.csv", "code,cas,amount\nB-1,64-17-5,1 L\n");
    let error =
        load_containers(&app.app, &file, uuid::Uuid::now_v7(), &ContainerOptions::default(), None).await.unwrap_err();
    assert!(error.to_string().contains("there is no lab"), "{error}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_names_the_import_and_who_had_it_done_and_never_an_owner(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    app.owner().await;
    let phone: Phone = Phone::parse("+12025550123", None).unwrap();
    let nobody = folder.file("a.csv", "code,cas,amount\nB-1,64-17-5,1 L\n");
    let error =
        load_containers(&app.app, &nobody, app.lab, &ContainerOptions::default(), Some(&phone)).await.unwrap_err();
    assert!(error.to_string().contains("sign in first"), "{error}");
    assert!(!error.to_string().contains("2025550123"), "no phone is printed");

    let person = app.client("member").await;
    sqlx::query("update users set phone = $2 where id = $1")
        .bind(person.user_id)
        .bind(phone.as_str())
        .execute(&app.db)
        .await
        .unwrap();
    counts(&load_containers(&app.app, &nobody, app.lab, &ContainerOptions::default(), None).await.unwrap());
    let known = folder.file("b.csv", "code,cas,amount,opened\nB-2,64-17-5,1 L,2026-01-02\n");
    counts(&load_containers(&app.app, &known, app.lab, &ContainerOptions::default(), Some(&phone)).await.unwrap());

    for (bottle, who) in containers(&app, &manager).await.iter().zip([Value::Null, json!(person.user_id)]) {
        let path = app.path(&format!("/containers/{}/events", bottle["id"].as_str().unwrap()));
        let line = manager.get(&path).await.ok()["items"][0].clone();
        assert_eq!(line["by"], json!({"user_id": null, "system": "import", "for": who}));
        assert_eq!(line["changes"]["opened_on"][1], bottle["opened_on"]);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_came_opened_on_an_unknown_day_stays_opened(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("a.csv", "code,cas,amount,state\nB-1,64-17-5,1 L,opened\n");
    counts(&load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await.unwrap());
    let bottle = containers(&app, &manager).await[0].clone();
    let path = app.path(&format!("/containers/{}/events", bottle["id"].as_str().unwrap()));
    manager.post(&path, json!({"type": "check_out"})).await.created();
    let back = manager.post(&path, json!({"type": "check_in"})).await.created();
    assert_eq!(back["container"]["state"], "opened");
    let used = manager.post(&path, json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}})).await.created();
    assert_eq!(used["container"]["opened_on"], Value::Null, "it was opened before, nobody knows when");
    let undone = json!({"type": "reverse", "event_id": used["event"]["id"]});
    assert_eq!(manager.post(&path, undone).await.created()["container"]["state"], "opened");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_come_in_as_they_are_printed_and_find_the_bottle_that_has_them(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let ethanol = manager.get("/v1/chemicals?q=64-17-5").await.ok()["items"][0]["id"].clone();
    let body = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "mL"}, "code": "SOL000006"});
    manager.post(&app.path("/containers"), body).await.created();
    let rows = include_str!("../../../data/cases/C047-lab-codes.csv");
    let report = load(&app, &folder.file("codes.csv", rows)).await;
    assert_eq!(counts(&report), [140, 139, 0, 1, 0], "{:?}", report.corrections);
    let codes: Vec<_> = rows.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let all = containers(&app, &manager).await;
    assert_eq!(all.iter().map(|it| it["code"].as_str().unwrap()).collect::<Vec<_>>(), codes);

    // What a place has, no bottle takes.
    let taken = folder.file("taken.csv", "code,chemical,amount\nR214,ethanol,1 mL\nB-9,ethanol,1 mL\n");
    let report = load(&app, &taken).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("a location of the lab has this code"), "{:?}", corrections(&report));
}
