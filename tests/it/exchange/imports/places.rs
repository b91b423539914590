//! The places that a list names, where the lab does not have them yet.

use chemstock::exchange::imports::load_containers;
use serde_json::Value;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    corrections, counts,
};
use crate::support::TestApp;

/// What a list with these locations makes: kind and path of each place.
async fn made(app: &TestApp, folder: &Folder, locations: &[&str]) -> Vec<(String, String)> {
    let before = places(app).await;
    let row = |(n, it): (usize, &&str)| format!("{}-{n},Ethanol,1 L,{it}\n", uuid::Uuid::now_v7());
    let rows: String = locations.iter().enumerate().map(row).collect();
    let file = folder.file("places.csv", format!("code,chemical,amount,location\n{rows}"));
    let report = load_containers(&app.app, &file, app.lab, &CREATE, None).await.expect("an import");
    assert_eq!(report.failed, 0, "{:?}", report.corrections.is_some().then(|| corrections(&report)));
    let mut made: Vec<_> = places(app).await.into_iter().filter(|it| !before.contains(it)).collect();
    made.sort();
    made
}

async fn places(app: &TestApp) -> Vec<(String, String)> {
    let manager = app.client("manager").await;
    let all = manager.get(&app.path("/locations?limit=200")).await.ok();
    let text = |it: &Value| it.as_str().expect("text").to_owned();
    let path = |it: &Value| it["path"].as_array().expect("a path").iter().map(text).collect::<Vec<_>>().join(" > ");
    all["items"].as_array().expect("items").iter().map(|it| (text(&it["kind"]), path(it))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, path)| ((*kind).to_owned(), (*path).to_owned())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_kind_of_a_made_place_follows_from_its_name(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    assert_eq!(
        made(&app, &folder, &["Lab 2.3 > Cupboard 1", "Lab 2.3 > Fridge > Box 4"]).await,
        pairs(&[
            ("box", "Lab 2.3 > Fridge > Box 4"),
            ("cabinet", "Lab 2.3 > Cupboard 1"),
            ("cabinet", "Lab 2.3 > Fridge"),
            ("room", "Lab 2.3"),
        ])
    );
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_alone_means_the_place_that_the_list_has_a_path_for_in_whatever_order(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    for (n, order) in [[0, 1, 2], [2, 1, 0], [1, 0, 2]].into_iter().enumerate() {
        let list = [format!("Cupboard {n}"), format!("Lab {n} > Cupboard {n}"), format!("Cupboard {n} > Shelf 9")];
        let list = order.map(|at| list[at].as_str());
        assert_eq!(
            made(&app, &folder, &list).await,
            pairs(&[
                ("cabinet", &format!("Lab {n} > Cupboard {n}")),
                ("room", &format!("Lab {n}")),
                ("shelf", &format!("Lab {n} > Cupboard {n} > Shelf 9")),
            ]),
            "{order:?}"
        );
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_alone_that_the_list_has_two_paths_for_is_refused_in_whatever_order(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = ["B-1,Ethanol,1 L,Rack 1\n", "B-2,Ethanol,1 L,Lab 1 > Rack 1\n", "B-3,Ethanol,1 L,Lab 2 > Rack 1\n"];
    for (order, line) in [([0, 1, 2], 2), ([1, 0, 2], 3), ([1, 2, 0], 4)] {
        let rows: String = order.map(|at| rows[at]).concat();
        let file = folder.file("b.csv", format!("code,chemical,amount,location\n{rows}"));
        let report = load_containers(&app.app, &file, app.lab, &CREATE, None).await.expect("an import");
        assert_eq!(report.failed, 1);
        let refused = corrections(&report);
        assert_eq!(refused, [(line, "2 locations are called `Rack 1`: write the whole path".to_owned())], "{order:?}");
    }
    // Each in the other.
    let rows = "C-1,Ethanol,1 L,Bay 1 > Bay 2\nC-2,Ethanol,1 L,Bay 2 > Bay 1\n";
    let file = folder.file("c.csv", format!("code,chemical,amount,location\n{rows}"));
    let report = load_containers(&app.app, &file, app.lab, &CREATE, None).await.expect("an import");
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn spaces_and_hyphens_of_every_kind_are_one_in_names_of_places(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,location\nA1,Ethanol,1 L,Lab A-2 > Shelf 1\nA2,Ethanol,1 L,lab  A\u{2011}2 > Shelf 1\n\
        A3,Ethanol,1 L,Lab\u{a0}A\u{2212}2 > Shelf\u{2009}1\nA4,Ethanol,1 L,Room\u{a0}214\n";
    let file = folder.file("b.csv", rows);
    let report = load_containers(&app.app, &file, app.lab, &CREATE, None).await.expect("an import");
    assert_eq!((counts(&report), report.locations), ([4, 4, 0, 0, 0], vec!["Lab A-2 > Shelf 1".to_owned()]));
    let all = containers(&app, &manager).await;
    assert!(all[..3].iter().all(|it| it["location_id"] == all[0]["location_id"]));
    assert_eq!(counts(&load_containers(&app.app, &file, app.lab, &CREATE, None).await.unwrap()), [4, 0, 0, 4, 0]);

    // A person has made another that differs in nothing else: each is found by its own name.
    let twin = serde_json::json!({"kind": "room", "name": "Room  214", "code": "TWIN"});
    manager.post(&app.path("/locations"), twin).await.created();
    let rows = "code,chemical,amount,location\nB1,Ethanol,1 L,Room 214\nB2,Ethanol,1 L,Room  214\nB3,Ethanol,1 L,Room\u{a0}214\n";
    let report =
        load_containers(&app.app, &folder.file("c.csv", rows), app.lab, &CREATE, None).await.expect("an import");
    assert_eq!(counts(&report), [3, 2, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("2 locations are called"), "{:?}", corrections(&report));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_text_that_is_the_code_of_one_place_and_the_name_of_another_is_refused_with_both(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (name, code) in [("Lab 1", "Lab 2"), ("Lab 2", "L2"), ("Lab 3", "Lab 3")] {
        let room = serde_json::json!({"kind": "room", "name": name, "code": code});
        manager.post(&app.path("/locations"), room).await.created();
    }
    let list = |text: &str| format!("code,chemical,amount,location\nA-{text},Ethanol,1 L,{text}\n");
    let report = load_containers(&app.app, &folder.file("b.csv", list("Lab 2")), app.lab, &CREATE, None).await.unwrap();
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    let why = corrections(&report).remove(0).1;
    assert!(why.contains("the code of `Lab 1`") && why.contains("which has the code `L2`"), "{why}");
    for text in ["Lab 1", "L2", "Lab 3"] {
        let report =
            load_containers(&app.app, &folder.file("b.csv", list(text)), app.lab, &CREATE, None).await.unwrap();
        assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{text}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_is_there_is_not_told_to_make_places_that_are_made(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let list =
        |location: &str| folder.file("b.csv", format!("code,chemical,amount,location\nA1,Ethanol,1 L,{location}\n"));
    load_containers(&app.app, &list(""), app.lab, &CREATE, None).await.unwrap();
    let report = load_containers(&app.app, &list("Lab 9"), app.lab, &CREATE, None).await.unwrap();
    assert_eq!((counts(&report), report.locations.len()), ([1, 0, 0, 0, 1], 0));
    assert_eq!(corrections(&report)[0].1, "the code exists with other values (location)");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_that_tells_its_kind_keeps_it_and_the_others_take_what_fits_between(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    assert_eq!(
        made(
            &app,
            &folder,
            &["Nord > Lab 2 > Shelf 3", "Building 7 > Lab 2 > Cupboard 1", "Lab 5 > Lab fridge > Box 1"]
        )
        .await,
        pairs(&[
            ("box", "Lab 5 > Lab fridge > Box 1"),
            ("building", "Building 7"),
            ("building", "Nord"),
            ("cabinet", "Building 7 > Lab 2 > Cupboard 1"),
            ("cabinet", "Lab 5 > Lab fridge"),
            ("room", "Building 7 > Lab 2"),
            ("room", "Lab 5"),
            ("room", "Nord > Lab 2"),
            ("shelf", "Nord > Lab 2 > Shelf 3"),
        ])
    );
    let rows = "code,chemical,amount,location\nA1,Ethanol,1 L,Shelf 1 > Lab 9\nA2,Ethanol,1 L,West > Wing > Lab 9\n\
        A3,Ethanol,1 L,Lab 2 > - > Shelf 1\n";
    let report = load_containers(&app.app, &folder.file("b.csv", rows), app.lab, &CREATE, None).await.unwrap();
    assert_eq!((counts(&report), report.locations.len()), ([3, 0, 0, 0, 3], 0));
    let refused = corrections(&report);
    assert!(refused[0].1.contains("`Shelf 1` is a shelf, `Lab 9` is a room"), "{refused:?}");
    assert!(refused[1].1.contains("`Lab 9` is a room"), "{refused:?}");
    assert!(refused[2].1.contains("`-` names no place"), "{refused:?}");
}
