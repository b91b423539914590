//! Containers from a file that names places which were closed.

use chemstock::exchange::imports::load_containers;
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_closed_place_is_found_neither_by_its_code_nor_by_its_path_and_is_made_anew(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rooms = manager.get(&app.path("/locations?q=Cabinet")).await.ok();
    let old = rooms["items"][0]["id"].as_str().expect("an id").to_owned();
    manager.delete(&app.path(&format!("/locations/{old}")), "*").await.expect(204);

    let file = "code,name,amount,unit,location\nB-1,Ethanol,1,L,CABA\nB-2,Ethanol,1,L,Room 214 > Cabinet A\n\
        B-3,Ethanol,1,L,Cabinet A\n";
    let report = load(&app, &folder.file("bottles.csv", file)).await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 3], "{:?}", report.corrections);
    for (_, why) in corrections(&report) {
        assert!(why.contains("the lab has no location"), "{why}");
    }

    let file = "code,name,amount,unit,location\nB-2,Ethanol,1,L,Room 214 > Cabinet A\nCABA,Ethanol,1,L,Cabinet A\n";
    let path = folder.file("made.csv", file);
    let report = load_containers(&app.app, &path, app.lab, &CREATE, None).await.expect("an import");
    assert_eq!((counts(&report), &report.locations), ([2, 2, 0, 0, 0], &vec!["Room 214 > Cabinet A".to_owned()]));
    let all = containers(&app, &manager).await;
    assert!(all.iter().all(|bottle| bottle["location_id"] != json!(old)), "{all:?}");
    assert_eq!(all[0]["location_id"], all[1]["location_id"]);
}
