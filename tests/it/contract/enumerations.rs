//! Which texts an enumeration has, the code knows alone.

use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::{
    stock::containers::{bottle, events_of, path_of},
    support::{Client, TestApp, log},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_check_constraint_lists_texts(db: PgPool) {
    let lists: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
        where contype = 'c' and connamespace = current_schema()::regnamespace
            and pg_get_constraintdef(oid) ~ 'ARRAY\\[''.*::text'",
    )
    .fetch_all(&db)
    .await
    .expect("an answer");
    assert_eq!(lists, Vec::<String>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_text_that_only_a_newer_version_knows_is_to_be_asked_for_again_and_the_log_names_table_and_value(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let room = manager.post(&app.path("/locations"), json!({"kind": "room", "name": "R"})).await.created();
    let room = app.path(&format!("/locations/{}", room["id"].as_str().expect("an id")));
    let mut by_hand = app.db.acquire().await.expect("a connection").detach();
    // Past the trigger of the ledger.
    let frozen = "set session_replication_role = replica; update containers set state = 'frozen';
        update locations set kind = 'cave'; update stock_events set type = 'freeze'";
    sqlx::raw_sql(frozen).execute(&mut by_hand).await.expect("written");
    for (path, table, value) in [
        (path_of(&app, &made), "containers.state", "frozen"),
        (app.path("/containers"), "containers.state", "frozen"),
        (events_of(&app, &made), "stock_events.type", "freeze"),
        (room, "locations.kind", "cave"),
    ] {
        assert_told(&manager, &path, table, value).await;
    }
    sqlx::raw_sql("update memberships set role = 'king'").execute(&mut by_hand).await.expect("written");
    chemstock::auth::forget(&app.app, manager.user_id);
    assert_told(&manager, &app.path("/locations"), "memberships.role", "king").await;
}

async fn assert_told(by: &Client, path: &str, table: &str, value: &str) {
    let (log, _heard) = log::start();
    let problem = by.get(path).await.problem(503, "unavailable");
    assert_eq!(problem["detail"].as_str().map(|it| it.contains("newer")), Some(true), "{problem}");
    assert!(!problem.to_string().contains(value), "{problem}");
    let said = log.text().replace('\\', "");
    let told = format!("holds \"{value}\", which this version does not know");
    assert!(said.contains(table) && said.contains(&told), "{path}: {said}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_of_a_state_that_only_a_newer_version_knows_fails_nobody_who_reads_another(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (newer, ours) = (bottle(&app, &manager, "1", "mL").await, bottle(&app, &manager, "2", "mL").await);
    let frozen = sqlx::query("update containers set state = 'frozen' where id = $1::uuid");
    frozen.bind(newer["id"].as_str()).execute(&app.db).await.expect("written");
    let (newer, ours) = (path_of(&app, &newer), path_of(&app, &ours));
    let mut reading = JoinSet::new();
    for n in 0..40 {
        let (by, path) = (manager.clone(), if n % 2 == 0 { newer.clone() } else { ours.clone() });
        reading.spawn(async move { (n % 2, by.get(&path).await.status.as_u16()) });
    }
    let mut answers = reading.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [[(0, 503); 20], [(1, 200); 20]].concat());
}
