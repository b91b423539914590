//! Places that whoever imports may not see are not there for their import, and closed ones take nothing from it.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Folder, containers, count, counts, lab, reasons, run, uploaded};
use crate::{
    stock::{
        containers::{bottle_of, chemical},
        locations::{keys::shut, place},
    },
    support::{Client, TestApp},
};

/// A hidden room with a shelf in it.
async fn vault(app: &TestApp, admin: &Client) -> Value {
    let room = place(app, admin, "room", "Vault", None).await;
    place(app, admin, "shelf", "Inner", Some(&room)).await;
    shut(app, &room, "hidden", json!({"users": [], "roles": []})).await;
    admin.get(&app.path(&format!("/locations/{}", room["id"].as_str().unwrap()))).await.ok()
}

fn list(places: &[&str]) -> String {
    let rows = places.iter().enumerate().map(|(n, place)| format!("B-{n},64-17-5,1 L,{place}\n"));
    format!("code,cas,amount,location\n{}", rows.collect::<String>())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_place_that_they_may_not_see_is_found_neither_by_path_nor_by_code(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    let room = vault(&app, &admin).await;
    let code = room["code"].as_str().unwrap();
    let hidden = ["Vault", "Vault > Inner", "Inner", code];
    let unknown = ["Cave", "Cave > Niche", "Niche", "QQQQQ"];
    let mut told = Vec::new();
    for places in [hidden, unknown] {
        let import = uploaded(&app, &by, "a.csv", list(&places)).await;
        for kind in ["dry-run", "commit"] {
            assert_eq!(counts(&run(&app, &by, &import, kind, json!({})).await), [4, 0, 0, 4]);
            let reasons = reasons(&by, &import).await;
            let plain = |(reason, place): (&String, &&str)| {
                let names: Vec<_> = place.split(" > ").collect();
                names.iter().zip(["A", "B"]).fold(reason.clone(), |it, (name, other)| it.replace(name, other))
            };
            told.push(reasons.iter().zip(&places).map(plain).collect::<Vec<_>>());
        }
    }
    assert!(told.iter().all(|reasons| reasons == &told[0]), "{told:#?}");
    assert!(told[0][0].contains("the lab has no location"), "{told:#?}");
    assert_eq!(count(&app.db, "select count(*) from containers").await, 0);
    // Whoever has the key brings them in.
    let import = uploaded(&app, &admin, "a.csv", list(&hidden)).await;
    assert_eq!(counts(&run(&app, &admin, &import, "commit", json!({})).await), [4, 4, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_place_is_made_in_one_that_they_may_not_see_or_beside_it_under_its_name(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    vault(&app, &admin).await;
    let import = uploaded(&app, &by, "a.csv", list(&["Vault", "Vault > Drawer", "Room 9"])).await;
    let done = run(&app, &by, &import, "commit", json!({"create_locations": true})).await;
    assert_eq!((counts(&done), &done["run"]["report"]["locations"]), ([3, 1, 0, 2], &json!(["Room 9"])));
    assert_eq!(count(&app.db, "select count(*) from locations where name = 'Drawer'").await, 0);
    assert_eq!(count(&app.db, "select count(*) from locations where name = 'Vault'").await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_is_put_into_a_place_that_is_closed_to_them_and_none_is_made_in_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    let room = place(&app, &admin, "room", "Safe", None).await;
    shut(&app, &room, "closed", json!({"users": [], "roles": []})).await;
    let import = uploaded(&app, &by, "a.csv", list(&["Safe", "Safe > Shelf 1"])).await;
    let done = run(&app, &by, &import, "commit", json!({"create_locations": true})).await;
    assert_eq!(counts(&done), [2, 0, 0, 2]);
    let reasons = reasons(&by, &import).await;
    assert!(reasons.iter().all(|it| it == "the location `Safe` is closed to you: ask who has its key"), "{reasons:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_a_code_that_something_hidden_has_nothing_is_said_but_that_it_is_taken(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    let room = vault(&app, &admin).await;
    let brine = chemical(&app, "brine 2", None, None).await;
    bottle_of(&app, &admin, brine, "7", "L", json!({"code": "B-0", "location_id": room["id"]})).await;
    let code = room["code"].as_str().unwrap();
    let rows = format!("code,cas,amount\nB-0,64-17-5,1 L\nb 0,64-17-5,1 L\n{code},64-17-5,1 L\n");
    let import = uploaded(&app, &by, "a.csv", rows).await;
    let done = run(&app, &by, &import, "commit", json!({})).await;
    assert_eq!(counts(&done), [3, 0, 0, 3]);
    let taken = "another container or location of the lab has this code";
    let told = reasons(&by, &import).await;
    assert!(told.iter().all(|it| it.contains(taken) || it.contains("other values than line")), "{told:?}");
    assert!(told.iter().any(|it| it == taken), "{told:?}");
}

/// A second run changes nothing, also when its bottles have gone where the person may not see them.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_whose_own_bottle_was_hidden_since_is_there_already(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    let import = uploaded(&app, &by, "a.csv", list(&["R214"])).await;
    run(&app, &by, &import, "commit", json!({})).await;
    let bottle = containers(&app, &by).await.remove(0);
    let room = vault(&app, &admin).await;
    let events = app.path(&format!("/containers/{}/events", bottle["id"].as_str().unwrap()));
    admin.post(&events, json!({"type": "move", "location_id": room["id"]})).await.created();
    let again = run(&app, &by, &import, "commit", json!({})).await;
    assert_eq!((counts(&again), &again["run"]["report"]["warnings"]), ([1, 0, 1, 0], &json!([])));
}
