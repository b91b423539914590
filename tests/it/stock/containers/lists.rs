use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle_of, chemical, events_of, location, withdraw};
use crate::support::{Client, TestApp};

async fn codes(by: &Client, path: &str) -> Vec<String> {
    let page = by.get(path).await.ok();
    page["items"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn pages_show_every_container_once_and_end(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", Some("7732-18-5"), None).await;
    for n in 0..7 {
        bottle_of(&app, &manager, water, "1", "L", json!({"code": format!("W{n}")})).await;
    }
    let mut seen = Vec::new();
    let mut path = app.path("/containers?limit=3");
    loop {
        let page = manager.get(&path).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = app.path(&format!("/containers?limit=3&cursor={cursor}"));
    }
    assert_eq!(seen, ["W6", "W5", "W4", "W3", "W2", "W1", "W0"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_location_shows_what_stands_below_it_page_by_page(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let room = location(&app, None, "room", "R").await;
    let (one, two) = (location(&app, Some(room), "shelf", "1").await, location(&app, Some(room), "shelf", "2").await);
    let elsewhere = location(&app, None, "room", "S").await;
    for (code, place) in [("A", room), ("B", one), ("C", two), ("D", elsewhere), ("E", two), ("F", one)] {
        bottle_of(&app, &manager, water, "1", "L", json!({"code": code, "location_id": place})).await;
    }
    let mut seen = Vec::new();
    let mut path = app.path(&format!("/containers?location_id={room}&limit=2"));
    loop {
        let page = manager.get(&path).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = app.path(&format!("/containers?location_id={room}&limit=2&cursor={cursor}"));
    }
    assert_eq!(seen, ["A", "F", "B", "E", "C"]);
    assert_eq!(codes(&manager, &app.path(&format!("/containers?location_id={two}"))).await, ["E", "C"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn filters_by_chemical_state_expiry_and_low_stock_combine(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (ether, water) = (chemical(&app, "ether", None, None).await, chemical(&app, "water", None, None).await);
    let low = json!({"value": "1", "unit": "L"});
    let soon =
        bottle_of(&app, &manager, ether, "2", "L", json!({"code": "SOON", "expires_on": "2027-01-01", "low_at": low}))
            .await;
    bottle_of(&app, &manager, ether, "2", "L", json!({"code": "LATE", "expires_on": "2028-01-01"})).await;
    bottle_of(&app, &manager, water, "2", "L", json!({"code": "FIRST", "expires_on": "2026-12-31"})).await;
    manager.post(&events_of(&app, &soon), withdraw("1", "L")).await.created();

    let list = async |query: &str| codes(&manager, &app.path(&format!("/containers?{query}"))).await;
    assert_eq!(list(&format!("chemical_id={ether}")).await, ["LATE", "SOON"]);
    assert_eq!(list("expiring_before=2027-06-01").await, ["FIRST", "SOON"]);
    assert_eq!(list("expiring_before=2029-06-01&state=in_stock").await, ["FIRST", "LATE"]);
    assert_eq!(list("low=true").await, ["SOON"]);
    assert_eq!(list("state=opened").await, ["SOON"]);
    assert_eq!(list(&format!("chemical_id={ether}&state=in_stock")).await, ["LATE"]);
    assert_eq!(list("low=true&state=in_stock").await, [""; 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn search_finds_names_numbers_lots_and_codes_and_forgives_a_typo(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetonitrile = chemical(&app, "acetonitrile", Some("75-05-8"), None).await;
    let ethanol = chemical(&app, "ethanol", Some("64-17-5"), None).await;
    bottle_of(&app, &manager, acetonitrile, "1", "L", json!({"code": "ACN1", "lot": "STBK1234"})).await;
    bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "ETOH1", "lot": "SZBG9876"})).await;
    for (q, found) in [
        ("acetonitrile", "ACN1"),
        ("aceto", "ACN1"),
        ("acetonitrle", "ACN1"),
        ("75-05-8", "ACN1"),
        ("64-17", "ETOH1"),
        ("ethnol", "ETOH1"),
        ("STBK1234", "ACN1"),
        ("stbk1243", "ACN1"),
        ("SZBG98", "ETOH1"),
        ("ETOH1", "ETOH1"),
        ("ETHO1", "ETOH1"),
        ("etoh", "ETOH1"),
        ("75-05-9", "ACN1"),
        ("nitrile", "ACN1"),
    ] {
        let path = app.path(&format!("/containers?q={q}"));
        assert_eq!(codes(&manager, &path).await, [found], "{q}");
    }
    assert!(codes(&manager, &app.path("/containers?q=zirconium")).await.is_empty());
    manager.get(&app.path("/containers?q=x")).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_parameter_that_is_wrong_is_named(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    for (query, pointer) in [
        ("limit=0", "?limit"),
        ("limit=many", "?limit"),
        ("cursor=nonsense", "?cursor"),
        ("state=solid", "?state"),
        ("expiring_before=soon", "?expiring_before"),
        ("location_id=here", "?location_id"),
        ("q=a%00b", "?q"),
    ] {
        let problem = viewer.get(&app.path(&format!("/containers?{query}"))).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cursor_goes_on_in_the_list_that_gave_it_alone(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    for code in ["A", "B", "C"] {
        bottle_of(&app, &manager, water, "1", "L", json!({"code": code, "expires_on": "2026-12-31"})).await;
    }
    let water = water.to_string();
    let here = app.path("/containers?limit=1");
    let filters = ["", "&include=gone", "&state=in_stock", "&q=water", "&expiring_before=2027-01-01"];
    let filters = filters.map(str::to_owned).into_iter().chain([format!("&chemical_id={water}")]).collect::<Vec<_>>();
    for of in &filters {
        let page = manager.get(&format!("{here}{of}")).await.ok();
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = app.path(&format!("/containers?limit=200{of}&cursor={cursor}"));
        assert_eq!(codes(&manager, &rest).await.len(), 2, "{of}");
        for other in filters.iter().filter(|other| *other != of) {
            let refused = manager.get(&format!("{here}{other}&cursor={cursor}")).await.problem(422, "invalid");
            assert_eq!(refused["errors"][0]["pointer"], "?cursor", "{of} in {other}");
        }
    }
    let cursor = manager.get(&here).await.ok()["next_cursor"].as_str().unwrap().to_owned();
    app.new_lab("Elsewhere").await;
    let elsewhere = app.path(&format!("/containers?limit=1&cursor={cursor}"));
    app.client("viewer").await.get(&elsewhere).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_made_up_cursor_harms_nobody(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    for code in ["A", "B"] {
        bottle_of(&app, &manager, water, "1", "L", json!({"code": code, "expires_on": "2026-12-31"})).await;
    }
    let list = app.path("/containers?expiring_before=2027-01-01");
    let page = manager.get(&format!("{list}&limit=1")).await.ok();
    let mut cursor: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(page["next_cursor"].as_str().unwrap()).unwrap()).unwrap();
    cursor[1]["date"] = json!("+262142-12-31");
    let cursor = BASE64_URL_SAFE_NO_PAD.encode(cursor.to_string());
    let answer = manager.get(&format!("{list}&cursor={cursor}")).await;
    assert!(answer.status.as_u16() < 500, "{}", answer.text);
}
