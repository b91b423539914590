//! What follows from a lab's overrides: what its amounts count with, and what its containers are called and found by.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::overrides::{of, put};
use crate::{
    exchange::imports::{Folder, counts},
    stock::containers::{assert_ledger_adds_up, bottle_of, chemical, events_of, path_of, withdraw},
    support::{Client, TestApp},
};

/// The codes of what a search finds, the best first.
async fn found(app: &TestApp, by: &Client, q: &str) -> Vec<String> {
    let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let page = by.get(&app.path(&format!("/containers?q={q}"))).await.ok();
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|it| it["code"].as_str().expect("a code").to_owned()).collect()
}

async fn withdrawn(app: &TestApp, by: &Client, bottle: &Value, (value, unit): (&str, &str)) -> (Value, Value) {
    let posted = by.post(&events_of(app, bottle), withdraw(value, unit)).await.created();
    (posted["event"]["delta"].clone(), posted["event"]["counted_with"].clone())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_bottles_density_comes_before_the_labs_before_the_chemicals(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetonitrile = chemical(&app, "acetonitrile", None, Some("0.786")).await;
    let plain = bottle_of(&app, &manager, acetonitrile, "500", "mL", json!({})).await;
    let own = bottle_of(&app, &manager, acetonitrile, "500", "mL", json!({"density": "0.5"})).await;
    let (delta, with) = withdrawn(&app, &manager, &plain, ("10", "g")).await;
    assert_eq!((delta, with), (json!("-12.7226"), json!({"density": "0.786", "density_of": "chemical"})));
    put(&manager, &of(&app, acetonitrile), None, json!({"density": "0.8"})).await.expect(201);
    let (delta, with) = withdrawn(&app, &manager, &plain, ("10", "g")).await;
    assert_eq!((delta, with), (json!("-12.5"), json!({"density": "0.8", "density_of": "lab"})));
    let (delta, with) = withdrawn(&app, &manager, &own, ("10", "g")).await;
    assert_eq!((delta, with), (json!("-20"), json!({"density": "0.5", "density_of": "container"})));
    // A bottle that loses its own density counts with the lab's.
    manager.patch(&path_of(&app, &own), "*", json!({"density": null})).await.ok();
    let (delta, with) = withdrawn(&app, &manager, &own, ("10", "g")).await;
    assert_eq!((delta, with), (json!("-12.5"), json!({"density": "0.8", "density_of": "lab"})));
    manager.delete(&of(&app, acetonitrile), "*").await.expect(204);
    let (delta, _) = withdrawn(&app, &manager, &plain, ("10", "g")).await;
    assert_eq!(delta, "-12.7226");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_keep_what_they_were_counted_with_and_are_undone_by_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetonitrile = chemical(&app, "acetonitrile", None, Some("0.786")).await;
    let path = of(&app, acetonitrile);
    put(&manager, &path, None, json!({"density": "0.8"})).await.expect(201);
    let bottle = bottle_of(&app, &manager, acetonitrile, "500", "mL", json!({})).await;
    let booked = manager.post(&events_of(&app, &bottle), withdraw("10", "g")).await.created();
    put(&manager, &path, Some("*"), json!({"density": "0.4"})).await.ok();
    let page = manager.get(&events_of(&app, &bottle)).await.ok();
    let line = &page["items"][0];
    assert_eq!(line["id"], booked["event"]["id"]);
    assert_eq!(line["counted_with"], json!({"density": "0.8", "density_of": "lab"}));
    assert_eq!(line["delta"], "-12.5");
    let undo = json!({"type": "reverse", "event_id": line["id"]});
    let undone = manager.post(&events_of(&app, &bottle), undo).await.created();
    assert_eq!((&undone["event"]["delta"], &undone["container"]["amount"]["value"]), (&json!("12.5"), &json!("500")));
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_the_catalogue_lacks_a_lab_gives_itself(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let oil = chemical(&app, "silicone oil", None, None).await;
    let bottle = bottle_of(&app, &manager, oil, "500", "mL", json!({"tare": {"value": "100", "unit": "g"}})).await;
    let events = events_of(&app, &bottle);
    let problem = member.post(&events, withdraw("9.7", "g")).await.problem(422, "inconvertible");
    assert_eq!(problem["missing"], json!(["density"]));
    let problem = member.post(&events, withdraw("1", "mol")).await.problem(422, "inconvertible");
    assert_eq!(problem["missing"], json!(["density", "molar_mass"]));
    put(&manager, &of(&app, oil), None, json!({"molar_mass": "97"})).await.expect(201);
    let problem = member.post(&events, withdraw("1", "mol")).await.problem(422, "inconvertible");
    assert_eq!(problem["missing"], json!(["density"]));
    put(&manager, &of(&app, oil), Some("*"), json!({"molar_mass": "97", "density": "0.97"})).await.ok();
    let (delta, with) = withdrawn(&app, &member, &bottle, ("1", "mol")).await;
    assert_eq!(delta, "-100");
    let lab = json!({"density": "0.97", "density_of": "lab", "molar_mass": "97", "molar_mass_of": "lab"});
    assert_eq!(with, lab);
    let weighed = json!({"type": "weigh", "gross": {"value": "197", "unit": "g"}});
    let weighed = member.post(&events, weighed).await.created();
    assert_eq!(weighed["container"]["amount"], json!({"value": "100", "unit": "mL"}));
    assert_eq!(weighed["event"]["counted_with"], json!({"density": "0.97", "density_of": "lab"}));
    // A refusal names what is left in the unit that was typed, by the same density.
    let problem = member.post(&events, withdraw("1", "kg")).await.problem(409, "not-enough");
    assert_eq!(problem["left"], json!({"value": "0.097", "unit": "kg"}));
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_labs_molar_mass_comes_before_the_chemicals(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let salt = manager.post("/v1/chemicals", json!({"name": "copper sulfate", "formula": "CuSO4"})).await.created();
    let salt: Uuid = salt["id"].as_str().unwrap().parse().unwrap();
    put(&manager, &of(&app, salt), None, json!({"molar_mass": "249.68"})).await.expect(201);
    let bottle = bottle_of(&app, &manager, salt, "1", "kg", json!({})).await;
    let (delta, with) = withdrawn(&app, &manager, &bottle, ("1", "mol")).await;
    assert_eq!((delta, with), (json!("-0.24968"), json!({"molar_mass": "249.68", "molar_mass_of": "lab"})));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn low_at_counts_with_the_labs_values_when_a_bottle_is_made_and_when_it_is_changed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let oil = chemical(&app, "silicone oil", None, None).await;
    let low = json!({"low_at": {"value": "97", "unit": "g"}});
    let mut new = json!({"chemical_id": oil, "amount": {"value": "500", "unit": "mL"}});
    new["low_at"] = low["low_at"].clone();
    manager.post(&app.path("/containers"), new.clone()).await.problem(422, "invalid");
    put(&manager, &of(&app, oil), None, json!({"density": "0.97"})).await.expect(201);
    let made = manager.post(&app.path("/containers"), new.clone()).await.created();
    assert_eq!(made["low_at"], json!({"value": "100", "unit": "mL"}));
    let other = bottle_of(&app, &manager, oil, "500", "mL", json!({})).await;
    assert_eq!(manager.patch(&path_of(&app, &other), "*", low.clone()).await.ok()["low_at"], made["low_at"]);
    let own = bottle_of(&app, &manager, oil, "500", "mL", json!({"density": "0.485", "low_at": low["low_at"]})).await;
    assert_eq!(own["low_at"], json!({"value": "200", "unit": "mL"}));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn containers_show_the_labs_name_wherever_they_are_read(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "Ethanol", Some("64-17-5"), None).await;
    let shelf = crate::stock::containers::location(&app, None, "shelf", "S").await;
    let more = json!({"code": "E-1", "lot": "LOT7", "gtin": "4006381333931", "location_id": shelf,
        "expires_on": "2027-01-01", "low_at": {"value": "2", "unit": "L"}});
    let before = bottle_of(&app, &manager, ethanol, "1", "L", more).await;
    assert_eq!(before["chemical"]["name"], "Ethanol");
    assert_eq!(before["chemical"].get("catalogue_name"), None);
    put(&manager, &of(&app, ethanol), None, json!({"name": "Spirit of the house"})).await.expect(201);
    let shown = json!({"id": ethanol, "name": "Spirit of the house", "catalogue_name": "Ethanol", "cas": "64-17-5"});
    assert_eq!(manager.get(&path_of(&app, &before)).await.ok()["chemical"], shown);
    for query in [
        String::new(),
        "?low=true".to_owned(),
        "?state=in_stock".to_owned(),
        "?include=gone".to_owned(),
        format!("?location_id={shelf}"),
        format!("?location_id={shelf}&expiring_before=2028-01-01"),
        format!("?location_id={shelf}&chemical_id={ethanol}"),
        format!("?chemical_id={ethanol}"),
        format!("?chemical_id={ethanol}&expiring_before=2028-01-01"),
        "?expiring_before=2028-01-01".to_owned(),
        "?q=ethanol".to_owned(),
        "?q=spirit".to_owned(),
        "?q=LOT7".to_owned(),
    ] {
        let page = manager.get(&app.path(&format!("/containers{query}"))).await.ok();
        assert_eq!(page["items"][0]["chemical"], shown, "{query}");
    }
    assert_eq!(manager.get(&app.path("/scan/E-1")).await.ok()["container"]["chemical"], shown);
    for code in ["64-17-5", "%5D01044006381333931", "0104006381333931", "010400638133393110LOT7"] {
        let scanned = manager.get(&app.path(&format!("/scan/{code}"))).await.ok();
        let containers = scanned["containers"].as_array().into_iter().flatten();
        assert!(containers.clone().all(|it| it["chemical"] == shown), "{code}: {scanned}");
        let entry = scanned.get("chemical");
        assert!(entry.is_none_or(|entry| entry["name"] == "Ethanol"), "the catalogue's entry: {scanned}");
    }
    let posted = manager.post(&events_of(&app, &before), withdraw("1", "mL")).await.created();
    assert_eq!(posted["container"]["chemical"], shown);
    let patched = manager.patch(&path_of(&app, &before), "*", json!({"note": "x"})).await.ok();
    assert_eq!(patched["chemical"], shown);
    assert_eq!(bottle_of(&app, &manager, ethanol, "1", "L", json!({})).await["chemical"], shown);
    // The catalogue has its own name.
    assert_eq!(manager.get(&format!("/v1/chemicals/{ethanol}")).await.ok()["name"], "Ethanol");
    manager.delete(&of(&app, ethanol), "*").await.expect(204);
    assert_eq!(manager.get(&path_of(&app, &before)).await.ok()["chemical"], before["chemical"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn containers_are_found_by_the_labs_name_as_by_the_catalogues(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let other = chemical(&app, "Ethyl acetate", None, None).await;
    bottle_of(&app, &manager, other, "1", "L", json!({"code": "OTHER"})).await;
    let pinene = chemical(&app, "Turpentine fraction", None, None).await;
    bottle_of(&app, &manager, pinene, "1", "L", json!({"code": "MINE"})).await;
    assert_eq!(found(&app, &manager, "Flubberöl").await, Vec::<String>::new());
    put(&manager, &of(&app, pinene), None, json!({"name": "α\u{2011}Flubberöl, crude"})).await.expect(201);
    for q in [
        "α-Flubberöl, crude",
        "alpha-flubberol crude",
        "a-flubberol crude",
        "Α–FLUBBERÖL",
        "flubberol",
        "flubb",
        "crude flubberöl",
        "lubberol",
        "flubbrol",
        "fluberrol",
        "turpentine",
        "turpentine fraction",
        "turpentin fraction",
        "turpentyne",
    ] {
        assert_eq!(found(&app, &manager, q).await, ["MINE"], "{q}");
    }
    put(&manager, &of(&app, pinene), Some("*"), json!({"name": "Ethyl crude"})).await.ok();
    assert_eq!(found(&app, &manager, "flubberol").await, Vec::<String>::new(), "an old name");
    assert_eq!(found(&app, &manager, "ethyl crude").await, ["MINE"]);
    assert_eq!(found(&app, &manager, "ethyl").await, ["MINE", "OTHER"]);
    put(&manager, &of(&app, pinene), Some("*"), json!({"density": "0.9"})).await.ok();
    assert_eq!(found(&app, &manager, "ethyl").await, ["OTHER"], "a name that was taken away");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_other_lab_sees_counts_with_or_finds_by_what_a_lab_overrides(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let ethanol = chemical(&app, "Ethanol", None, Some("0.7893")).await;
    let manager = app.client("manager").await;
    let path = of(&app, ethanol);
    put(&manager, &path, None, json!({"name": "Flubber", "density": "0.5"})).await.expect(201);
    app.new_lab("Another lab").await;
    let theirs = app.client("manager").await;
    theirs.get(&of(&app, ethanol)).await.problem(404, "not-found");
    let bottle = bottle_of(&app, &theirs, ethanol, "1", "L", json!({"code": "T-1"})).await;
    assert_eq!(bottle["chemical"]["name"], "Ethanol");
    let (_, with) = withdrawn(&app, &theirs, &bottle, ("10", "g")).await;
    assert_eq!(with, json!({"density": "0.7893", "density_of": "chemical"}));
    for q in ["flubber", "flub", "fluber"] {
        assert_eq!(found(&app, &theirs, q).await, Vec::<String>::new(), "{q}");
    }
    // Theirs are their own.
    put(&theirs, &of(&app, ethanol), None, json!({"name": "Spirit"})).await.expect(201);
    assert_eq!(theirs.get(&path_of(&app, &bottle)).await.ok()["chemical"]["name"], "Spirit");
    theirs.delete(&of(&app, ethanol), "*").await.expect(204);
    assert_eq!(manager.get(&path).await.ok()["name"], "Flubber");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_knows_chemicals_by_the_labs_names_too(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "Ethanol", Some("64-17-5"), None).await;
    let file = folder.file("b.csv", "code,name,cas,amount,unit\nB-1,Flubber,,1,L\nB-2,Flubber,64-17-5,1,L\n");
    let report = load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await.unwrap();
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    put(&manager, &of(&app, ethanol), None, json!({"name": "Flubber"})).await.expect(201);
    let report = load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await.unwrap();
    assert_eq!(counts(&report), [2, 2, 0, 0, 0], "{:?}", report.corrections);
    assert_eq!(found(&app, &manager, "ethanol").await.len(), 2);
    // The same name as the catalogue's is still one chemical.
    put(&manager, &of(&app, ethanol), Some("*"), json!({"name": "ETHANOL"})).await.ok();
    let file = folder.file("c.csv", "code,name,amount,unit\nB-3,ethanol,1,L\n");
    let report = load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await.unwrap();
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_that_an_older_version_has_folded_is_found_once_it_is_folded_anew(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let benzil = chemical(&app, "benzil", None, None).await;
    put(&manager, &of(&app, benzil), None, json!({"name": "Säurerest Ölig"})).await.expect(201);
    bottle_of(&app, &manager, benzil, "1", "g", json!({"code": "MINE"})).await;
    let old = "update chemical_overrides set terms = array[lower(name)], terms_version = 0";
    // By what runs in the background, and by what comes before the first request.
    for at_start in [false, true] {
        sqlx::query(old).execute(&app.db).await.unwrap();
        assert_eq!(found(&app, &manager, "saurerest olig").await, Vec::<String>::new());
        if at_start {
            chemstock::catalogue::chemicals::refresh_all_terms(&app.app).await.unwrap();
        } else {
            assert_eq!(chemstock::catalogue::chemicals::refresh_terms(app.app.clone()).await.unwrap(), 1);
        }
        assert_eq!(found(&app, &manager, "saurerest olig").await, ["MINE"]);
        assert_eq!(chemstock::catalogue::chemicals::refresh_terms(app.app.clone()).await.unwrap(), 0);
    }
    let read = manager.get(&of(&app, benzil)).await;
    assert_eq!((read.etag(), read.ok()["name"].clone()), ("\"1\"".to_owned(), json!("Säurerest Ölig")));
}
