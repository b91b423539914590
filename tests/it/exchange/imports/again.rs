//! The same file a second time: it doubles nothing, and what has happened since is no contradiction.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts,
};
use crate::{
    stock::containers::{events_of, path_of, withdraw},
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_is_there_already_whatever_has_become_of_its_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let rows = "code,chemical,amount,lot,note,tare,expires\nB-1,Ethanol,500 mL,L1,new,100 g,2030-01-31\n";
    let file = folder.file("b.csv", rows);
    assert_eq!(counts(&load(&app, &file).await), [1, 1, 0, 0, 0]);
    let bottle = containers(&app, &manager).await.remove(0);
    let (path, events) = (path_of(&app, &bottle), events_of(&app, &bottle));
    let change = json!({"note": "for HPLC", "lot": "L2", "expires_on": "2031-01-31", "density": "0.7893"});
    manager.patch(&path, "*", change).await.ok();
    let tare = json!({"value": "99", "unit": "g"});
    manager
        .post(&events, json!({"type": "weigh", "gross": {"value": "400", "unit": "g"}, "tare": tare}))
        .await
        .created();
    manager.post(&events, withdraw("1", "mL")).await.created();
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 1, 0]);
    let other = folder.file("b.csv", rows.replace("L1", "L9"));
    assert_eq!(counts(&load(&app, &other).await), [1, 0, 0, 0, 1], "another lot is another row");
    assert_eq!(manager.get(&path).await.ok()["note"], "for HPLC");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn made_codes_follow_from_the_row_in_either_file(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let make = ContainerOptions { make_codes: true, ..CREATE };
    let rows = "chemical,amount,note\nEthanol,500 mL,x\nEthanol,500 mL,x \nHexane,1 L,\n";
    let file = folder.file("b.csv", rows);
    let load = async |file: &std::path::Path| load_containers(&app.app, file, app.lab, &make, None).await.unwrap();
    let report = load(&file).await;
    assert_eq!(counts(&report), [3, 2, 0, 0, 1], "two rows that differ by a blank are two bottles");
    let corrections = report.corrections.unwrap();
    super::load_chemicals(&app, &folder.file("c.csv", "name\nHexane\n")).await.unwrap();
    assert_eq!(counts(&load(&corrections).await), [1, 1, 0, 0, 0]);
    assert_eq!(counts(&load(&file).await), [3, 0, 0, 3, 0]);
    assert_eq!(containers(&app, &manager).await.len(), 3);
    assert!(!corrections.exists(), "all of it has gone in");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_column_is_dropped_in_silence(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let file = folder.file("b.csv", "code,chemical,amount,Amount\nB-1,Ethanol,500 mL,1 L\n");
    let refused = load_containers(&app.app, &file, app.lab, &CREATE, None).await.unwrap_err().to_string();
    assert!(refused.contains("columns 3 and 4"), "{refused}");
    let file = folder.file("b.csv", "code,chemical,amount,quantity\nB-1,Ethanol,500 mL,1 L\n");
    let report = load(&app, &file).await;
    assert!(corrections(&report)[0].1.contains("--map amount"), "{:?}", corrections(&report));
    let file = folder.file("b.csv", "code,chemical,amount,container size\nB-1,Ethanol,500 mL,1 L\n");
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert!(report.warnings.iter().any(|it| it.contains("--map amount")), "{:?}", report.warnings);
}
