//! The places that a list names, where the lab does not have them yet.

use chemstock::imports::load_containers;
use serde_json::Value;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, lab},
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

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
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

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
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

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
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
