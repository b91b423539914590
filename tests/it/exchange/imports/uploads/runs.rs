//! What a run says and what it changes.

use serde_json::json;
use sqlx::PgPool;

use super::{Folder, LIST, containers, count, counts, dump, lab, reasons, run, upload, uploaded};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_dry_run_says_what_would_happen_and_changes_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST.replace("1 L,R214", "1 L,Room 9")).await;
    let before = dump(&app).await;
    let tried = run(&app, &by, &import, "dry-run", json!({"create_locations": true})).await;
    assert_eq!(
        (counts(&tried), &tried["state"], &tried["run"]["dry_run"]),
        ([3, 2, 0, 1], &json!("done"), &json!(true))
    );
    assert_eq!(tried["run"]["report"]["locations"], json!(["Room 9"]));
    assert_eq!(reasons(&by, &import).await.len(), 1);
    by.get(&format!("{import}/codes.csv")).await.problem(404, "not-found");
    assert_eq!(dump(&app).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_goes_in_once_however_often_it_is_brought_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    let unrun = by.get(&format!("{import}/corrections.csv")).await.problem(404, "not-found");
    assert!(unrun["detail"].as_str().unwrap().contains("has not ended"), "{unrun}");
    let done = run(&app, &by, &import, "commit", json!({})).await;
    assert_eq!((counts(&done), &done["state"]), ([3, 2, 0, 1], &json!("done")));
    let job = by.get(&format!("/v1/jobs/{}", done["run"]["job_id"].as_str().unwrap())).await.ok();
    assert_eq!(
        (&job["result"]["added"], &job["progress"]["done"], &job["progress"]["total"]),
        (&json!(2), &json!(3), &json!(3))
    );
    assert_eq!(job["lab_id"], json!(app.lab));

    let bottles = containers(&app, &by).await;
    assert_eq!(bottles.iter().map(|it| it["code"].as_str().unwrap()).collect::<Vec<_>>(), ["B-1", "B-2"]);
    let ledger = app.path(&format!("/containers/{}/events", bottles[0]["id"].as_str().unwrap()));
    let booked = by.get(&ledger).await.ok()["items"][0]["by"].clone();
    assert_eq!((&booked["system"], &booked["for"]), (&json!("import"), &json!(by.user_id)), "{booked}");

    let before = dump(&app).await;
    for name in ["a.csv", "b.csv"] {
        let again = uploaded(&app, &by, name, LIST).await;
        assert_eq!(counts(&run(&app, &by, &again, "commit", json!({})).await), [3, 0, 2, 1]);
    }
    assert_eq!(counts(&run(&app, &by, &import, "commit", json!({})).await), [3, 0, 2, 1]);
    assert_eq!(dump(&app).await, before);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_decided_of_a_list_is_decided_for_its_run(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let list = "Ref;Stuff;CAS;How much;Where\nB-1;;64175;1 L;Room 9\n;Acetone;;2 L;Room 9\n";
    let import = uploaded(&app, &by, "a.csv", list).await;
    let mapping = json!([{"column": "code", "header": "Ref"}, {"column": "chemical", "header": "Stuff"},
        {"column": "amount", "header": "How much"}]);
    let options = json!({"mapping": mapping, "ignore": ["Where"], "repair_cas": true, "make_codes": true});
    let done = run(&app, &by, &import, "commit", options.clone()).await;
    assert_eq!(counts(&done), [2, 2, 0, 0], "{done}");
    assert_eq!((&done["options"]["mapping"], &done["options"]["ignore"]), (&options["mapping"], &json!(["Where"])));
    assert!(containers(&app, &by).await.iter().all(|it| it["location_id"].is_null()));
    // What is wrong with the call is said as the command says it.
    let wrong = run(&app, &by, &import, "commit", json!({"ignore": ["Colour"]})).await;
    assert_eq!((&wrong["state"], &wrong["run"]["report"]), (&json!("refused"), &json!(null)));
    assert_eq!(wrong["run"]["refusal"], "--ignore Colour: the file has no such header");
    let wrong = json!({"mapping": [{"column": "code", "header": ""}]});
    let refused = by.post(&format!("{import}/commit"), wrong).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/mapping/0/header");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_run_of_a_list_is_under_way_at_a_time(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let (import, twin) = (uploaded(&app, &by, "a.csv", LIST).await, uploaded(&app, &by, "a.csv", LIST).await);
    let commit = async |import: &str, options| by.post(&format!("{import}/commit"), options).await;
    let first = commit(&import, json!({})).await.expect(202).body;
    assert_eq!(commit(&import, json!({})).await.expect(202).body["id"], first["id"], "the same is asked for again");
    commit(&import, json!({"make_codes": true})).await.problem(409, "import-runs");
    commit(&twin, json!({})).await.problem(409, "import-runs");
    by.post(&format!("{import}/dry-run"), json!({})).await.problem(409, "import-runs");
    assert_eq!(by.get(&import).await.ok()["state"], "queued");
    let other = uploaded(&app, &by, "b.csv", LIST).await;
    commit(&other, json!({})).await.expect(202);
    app.drain().await;
    assert_eq!(count(&app.db, "select count(*) from containers").await, 2, "both lists have the same two");
    assert_eq!(counts(&run(&app, &by, &twin, "commit", json!({})).await), [3, 0, 2, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_run_that_is_cancelled_before_its_turn_changes_nothing_and_can_be_asked_for_again(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    let job = by.post(&format!("{import}/commit"), json!({})).await.expect(202).body;
    by.post(&format!("/v1/jobs/{}/cancel", job["id"].as_str().unwrap()), json!({})).await.ok();
    app.drain().await;
    assert_eq!(by.get(&import).await.ok()["state"], "cancelled");
    assert_eq!(count(&app.db, "select count(*) from containers").await, 0);
    assert_eq!(counts(&run(&app, &by, &import, "commit", json!({})).await), [3, 2, 0, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_of_odd_signs_breaks_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let long = "x".repeat(100_000);
    for list in [
        "code,cas,amount,a\0b\nB\0-1,64-17-5,1 L,\0\n".to_owned(),
        format!("code,cas,amount,{long}\nB-2,64-17-5,1 L,{long}\n"),
        "code,cas,amount\nB-3,64-17-5,1 L,=1+1,\"a\nb\"\n".to_owned(),
    ] {
        let answer = upload(&app, &by, "a.csv", list).await;
        if answer.status == 201 {
            assert!(answer.text.len() < 10_000, "{}", answer.text.len());
            let import = app.path(&format!("/imports/{}", answer.body["id"].as_str().unwrap()));
            let done = run(&app, &by, &import, "commit", json!({})).await;
            assert!(["done", "refused"].contains(&done["state"].as_str().unwrap()), "{done}");
        } else {
            answer.problem(422, "no-table");
        }
    }
}
