//! Nobody waits for a dry run: it writes nothing that stays.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, load_chemicals, load_containers},
};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab},
    counts,
};
use crate::support::{TestApp, until_wait};

/// It stands still in its third batch, with the rows of two in hand, until the other bottle of its code is taken back.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn places_and_chemicals_are_made_while_a_dry_run_of_bottles_is_under_way(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let row = |n| format!("P-{n},64-17-5,1 L,Room 7 > Shelf {}\n", n % 7);
    let rows = (0..1_500).map(row).collect::<Vec<_>>().concat();
    let file = folder.file("b.csv", format!("code,cas,amount,place\n{rows}"));
    let options = ContainerOptions { common: Options { dry_run: true, ..Options::default() }, ..CREATE };
    let mut other = app.db.begin().await.expect("a transaction");
    let holds = "insert into codes (lab_id, canonical, code, location_id)
        select lab_id, 'P1400', 'P-1400', id from locations where lab_id = $1 and code = 'R214'";
    sqlx::query(holds).bind(app.lab).execute(&mut *other).await.expect("a row");
    let run = load_containers(&app.app, &file, app.lab, &options, None);
    let beside = async {
        until_wait(&app.db, 1, "with new as").await;
        let place = json!({"kind": "room", "name": "Room 8", "code": "R8"});
        manager.post(&app.path("/locations"), place).await.created();
        let shelf = json!({"kind": "shelf", "name": "Shelf 1", "code": "S1"});
        manager.post(&app.path("/locations"), shelf).await.created();
        manager.post("/v1/chemicals", json!({"name": "Ethanol absolute", "cas": "67-56-1"})).await.created();
        let bottle = json!({"code": "Q-1", "chemical_id": super::chemical(&app, "64-17-5").await["id"],
            "amount": {"value": "1", "unit": "L"}});
        manager.post(&app.path("/containers"), bottle).await.created();
        other.rollback().await.expect("an end");
    };
    let (report, ()) = tokio::join!(run, beside);
    let report = report.expect("an import");
    assert_eq!(counts(&report), [1_500, 1_500, 0, 0, 0]);
    assert_eq!(report.locations.len(), 7);
    assert_eq!(containers(&app, &manager).await.len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn chemicals_with_the_same_words_are_made_and_changed_while_a_dry_run_of_chemicals_is_under_way(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let known = manager.post("/v1/chemicals", json!({"name": "known", "cas": "64-17-5"})).await.created();
    let rows = (0..1_400).map(|n| format!("vermilion acid {n},\n")).collect::<Vec<_>>().concat();
    let file = folder.file("a.csv", format!("name,cas\nknown,64-17-5\n{rows}last one,67-64-1\n"));
    let mut other = app.db.begin().await.expect("a transaction");
    let made =
        "insert into chemicals (id, name, cas, created_at, updated_at) values ($1, 'other', '67-64-1', now(), now())";
    sqlx::query(made).bind(uuid::Uuid::now_v7()).execute(&mut *other).await.expect("a row");
    let options = Options { dry_run: true, ..Options::default() };
    let run = load_chemicals(&app.app, &file, &options, Names::default());
    let beside = async {
        until_wait(&app.db, 1, "with new as").await;
        manager.post("/v1/chemicals", json!({"name": "vermilion acid salt", "cas": "67-56-1"})).await.created();
        let path = format!("/v1/chemicals/{}", known["id"].as_str().expect("an id"));
        manager.patch(&path, "*", json!({"density": "0.789"})).await.ok();
        let place = json!({"kind": "room", "name": "Room 8", "code": "R8"});
        manager.post(&app.path("/locations"), place).await.created();
        other.rollback().await.expect("an end");
    };
    let (report, ()) = tokio::join!(run, beside);
    assert_eq!(counts(&report.expect("an import")), [1_402, 1_401, 0, 1, 0]);
    let many: i64 = sqlx::query_scalar("select count(*) from chemicals").fetch_one(&app.db).await.unwrap();
    assert_eq!(many, 2);
}
