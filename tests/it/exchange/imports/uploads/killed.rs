//! Runs that are stopped in the middle: a process that is killed, and somebody who cancels.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Folder, count, counts, lab, run, uploaded};
use crate::support::{
    Client, TestApp, folder,
    instance::{Instance, database_url},
};

const ROWS: i64 = 3_000;
/// A batch takes a moment.
const SLOWLY: &str = "
    create function take_a_moment() returns trigger language plpgsql as $$ begin
        perform pg_sleep(0.2);
        return null;
    end $$;
    create trigger takes_a_moment before insert on stock_events for each statement execute function take_a_moment();";
const QUICKLY: &str = "drop trigger takes_a_moment on stock_events";
const BOTTLES: &str = "select count(*) from containers";

fn list() -> String {
    let rows = (0..ROWS).map(|n| format!("acetone,{} mL,R214\n", n % 7 + 1));
    format!("chemical,amount,location\n{}", rows.collect::<String>())
}

async fn until(patience: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A lab with a list whose run is under way in another process, and is to be stopped.
async fn in_the_middle(app: &TestApp, folder: &folder::Folder, run: &str) -> (Client, String, Value, Instance) {
    let by = lab(app, &Folder::new()).await;
    let import = uploaded(app, &by, "a.csv", list()).await;
    sqlx::raw_sql(SLOWLY).execute(&app.db).await.unwrap();
    let job = by.post(&format!("{import}/commit"), json!({"make_codes": true})).await.expect(202).body;
    let url = format!("{}?application_name={run}", database_url(&app.db));
    let instance = Instance::start(folder, &[("DATABASE_URL", &url)]).await;
    until(Duration::from_mins(1), "no batch went in", async || count(&app.db, BOTTLES).await > 0).await;
    (by, import, job, instance)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_run_whose_process_is_killed_is_finished_by_another_and_each_row_is_one_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, folder::Folder::new());
    let (by, import, _, mut instance) = in_the_middle(&app, &folder, "first").await;
    instance.process.kill().unwrap();
    instance.process.wait().unwrap();
    until(Duration::from_secs(20), "it still has connections", async || {
        count(&app.db, "select count(*) from pg_stat_activity where application_name = 'first'").await == 0
    })
    .await;
    let before = count(&app.db, BOTTLES).await;
    assert!((1..ROWS).contains(&before), "{before} were in when it was killed");
    let over = "update jobs set lease_until = created_at where state = 'running'";
    sqlx::query(over).execute(&app.db).await.unwrap();
    sqlx::raw_sql(QUICKLY).execute(&app.db).await.unwrap();

    app.drain().await;
    let done = by.get(&import).await.ok();
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), [3_000, 3_000, 0, 0]), "{done}");
    assert_eq!(count(&app.db, BOTTLES).await, ROWS);
    let codes = by.get(&format!("{import}/codes.csv")).await.expect(200).text;
    let mut codes: Vec<_> = codes.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    codes.sort_unstable();
    let mut bottles: Vec<String> = sqlx::query_scalar("select code from containers").fetch_all(&app.db).await.unwrap();
    bottles.sort_unstable();
    assert_eq!(codes, bottles, "each bottle has its label");
    // The catalogue has one of its own.
    let ends = "select count(*) from journal where kind = 'import.finished' and lab_id = (select id from labs)";
    assert_eq!(count(&app.db, ends).await, 1);
    assert_eq!(counts(&run(&app, &by, &import, "commit", json!({"make_codes": true})).await), [3_000, 0, 3_000, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_run_that_is_cancelled_ends_between_two_batches_and_what_is_in_stays(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, folder::Folder::new());
    let (by, import, job, instance) = in_the_middle(&app, &folder, "only").await;
    by.post(&format!("/v1/jobs/{}/cancel", job["id"].as_str().unwrap()), json!({})).await.ok();
    let state = async || by.get(&import).await.ok()["state"].clone();
    until(Duration::from_secs(20), "it goes on", async || state().await == "cancelled").await;
    drop(instance);
    let brought = count(&app.db, BOTTLES).await;
    assert!((1..ROWS).contains(&brought) && brought % 500 == 0, "{brought}");
    sqlx::raw_sql(QUICKLY).execute(&app.db).await.unwrap();
    let added = u64::try_from(ROWS - brought).unwrap();
    let rest = run(&app, &by, &import, "commit", json!({"make_codes": true})).await;
    assert_eq!(counts(&rest), [3_000, added, 3_000 - added, 0]);
}
