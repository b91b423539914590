//! How long uploaded lists are kept, and what the journal says of them.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, LIST, count, counts, lab, run, uploaded};
use crate::support::TestApp;

/// Kind, by whom, by which part of the system, for whom, and the changes.
type Line = (String, Option<uuid::Uuid>, Option<String>, Option<uuid::Uuid>, serde_json::Value);

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_is_dropped_a_week_after_its_last_use_and_its_codes_stay(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let (list, make) = ("chemical,amount\nacetone,1 L\n", json!({"make_codes": true}));
    let import = uploaded(&app, &by, "a.csv", list).await;
    app.advance(TimeDelta::days(6));
    let by = app.signed_in(&by).await;
    run(&app, &by, &import, "commit", make.clone()).await;
    app.advance(TimeDelta::days(6));
    app.drain().await;
    let by = app.signed_in(&by).await;
    assert_eq!(by.get(&import).await.ok()["state"], "done");
    app.advance(TimeDelta::days(2));
    app.drain().await;
    let by = app.signed_in(&by).await;
    by.get(&import).await.problem(404, "not-found");
    assert_eq!(count(&app.db, "select count(*) from import_contents").await, 0);
    // A year later it is the same list.
    app.advance(TimeDelta::days(365));
    let by = app.signed_in(&by).await;
    let again = uploaded(&app, &by, "a.csv", list).await;
    assert_eq!(counts(&run(&app, &by, &again, "commit", make).await), [1, 0, 1, 0]);
    app.advance(TimeDelta::days(401));
    app.drain().await;
    assert_eq!(count(&app.db, "select count(*) from import_files").await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_whose_run_waits_is_not_dropped(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    by.post(&format!("{import}/commit"), json!({})).await.expect(202);
    app.advance(TimeDelta::days(9));
    chemstock::exchange::imports::sweep(app.app.clone()).await.unwrap();
    app.drain().await;
    let by = app.signed_in(&by).await;
    assert_eq!(counts(&by.get(&import).await.ok()), [3, 2, 0, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_upload_its_run_what_came_in_and_the_end_are_lines_of_the_journal(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    run(&app, &by, &import, "dry-run", json!({})).await;
    let done = run(&app, &by, &import, "commit", json!({"create_locations": true})).await;
    app.advance(TimeDelta::days(8));
    app.drain().await;
    let lines = "select kind, by_user, by_system, by_for, changes from journal
        where lab_id = $1 and kind like 'import.%' order by xid, id";
    let lines: Vec<Line> = sqlx::query_as(lines).bind(app.lab).fetch_all(&app.db).await.unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| line.0.as_str()).collect();
    assert_eq!(kinds, ["import.created", "import.started", "import.finished", "import.dropped"]);
    assert_eq!((lines[0].1, lines[1].1), (Some(by.user_id), Some(by.user_id)));
    assert_eq!((lines[2].2.as_deref(), lines[2].3), (Some("import"), Some(by.user_id)));
    assert_eq!(lines[3].2.as_deref(), Some("sweep"));
    assert_eq!(lines[0].4["name"], json!([null, "a.csv"]));
    assert_eq!(lines[1].4["options"][1]["create_locations"], true);
    assert_eq!(lines[2].4["added"], json!([null, 2]));
    // All that the run has changed is found by its job.
    let of_job = "select count(*) from stock_events where request_id = $1";
    let of_job = sqlx::query_scalar::<_, i64>(of_job).bind(done["run"]["job_id"].as_str()).fetch_one(&app.db).await;
    assert_eq!(of_job.unwrap(), 2);
}
