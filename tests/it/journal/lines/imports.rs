//! What an import changes, and the import itself.

use chemstock::{
    base::phone::Phone,
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, load_chemicals, load_containers},
};
use serde_json::json;
use sqlx::PgPool;

use super::Journal;
use crate::{exchange::imports::Folder, people::login::PHONE, support::TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn each_chemical_that_an_import_adds_or_completes_has_a_line_with_its_run(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let mut journal = Journal::of(&app).await;
    let none = Options::default();
    let dry = Options { dry_run: true, ..Options::default() };
    let first = folder.file("a.csv", "name,cas\nEthanol,64-17-5\nAcetone,67-64-1\n");
    load_chemicals(&app.app, &first, &dry, Names::default()).await.unwrap();
    assert_eq!(journal.kinds().await, Vec::<String>::new());
    load_chemicals(&app.app, &first, &none, Names::default()).await.unwrap();
    let lines = journal.take().await;
    let kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["chemical.created", "chemical.created", "import.finished"]);
    assert_eq!(lines[2].changes, json!({"added": [null, 2]}));
    assert_eq!(lines[0].changes["cas"], json!([null, "64-17-5"]));
    let run = lines[2].subject.to_string();
    for line in &lines {
        assert_eq!((line.by_system.as_deref(), line.by_user, line.session_id), (Some("import"), None, None));
        assert_eq!(line.request_id.as_deref(), Some(run.as_str()));
    }
    let more = folder.file("b.csv", "name,cas,density\nEthanol,64-17-5,0.789\nAcetone,67-64-1,\n");
    load_chemicals(&app.app, &more, &none, Names::default()).await.unwrap();
    let lines = journal.take().await;
    assert_eq!(lines[0].changes, json!({"density": [null, "0.789"]}));
    assert_eq!((&*lines[0].kind, lines.len()), ("chemical.changed", 2));
    assert_eq!(lines[1].changes, json!({"completed": [null, 1]}));
    load_chemicals(&app.app, &more, &none, Names::default()).await.unwrap();
    assert_eq!(journal.kinds().await, Vec::<String>::new(), "nothing has changed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_of_bottles_is_told_by_the_ledger_and_its_places_by_the_journal(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    sqlx::query("update users set phone = $2 where id = $1")
        .bind(manager.user_id)
        .bind(PHONE)
        .execute(&app.db)
        .await
        .unwrap();
    manager.post("/v1/chemicals", json!({"name": "Ethanol", "cas": "64-17-5"})).await.created();
    let mut journal = Journal::of(&app).await;
    let file =
        folder.file("b.csv", "code,cas,amount,location,lot\nB-1,64-17-5,1 L,Room 1,L7\nB-2,64-17-5,1 L,Room 1,L7\n");
    let create = ContainerOptions { create_locations: true, ..ContainerOptions::default() };
    let phone = Phone::parse(PHONE, None).unwrap();
    load_containers(&app.app, &file, app.lab, &create, Some(&phone)).await.unwrap();
    let lines = journal.take().await;
    let mut kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["import.finished", "ledger: receive", "ledger: receive", "location.created"]);
    let run = lines.iter().find(|line| line.kind == "import.finished").unwrap();
    assert_eq!(run.changes, json!({"added": [null, 2], "locations": [null, 1]}));
    let came = "select changes - 'chemical_id' from stock_events order by changes ->> 'code'";
    let came: Vec<serde_json::Value> = sqlx::query_scalar(came).fetch_all(&app.db).await.unwrap();
    assert_eq!(came, ["B-1", "B-2"].map(|code| json!({"code": [null, code], "lot": [null, "L7"]})));
    for line in &lines {
        assert_eq!((line.lab_id, line.by_system.as_deref(), line.session_id), (app.lab, Some("import"), None));
        assert_eq!((line.by_for, line.request_id.clone()), (Some(manager.user_id), Some(run.subject.to_string())));
    }
}
