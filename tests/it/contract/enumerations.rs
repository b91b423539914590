//! Which texts an enumeration has, the code knows alone.

use serde_json::json;
use sqlx::PgPool;

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
async fn a_text_that_the_code_does_not_know_is_an_internal_error_whose_log_names_table_and_value(db: PgPool) {
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
    let problem = by.get(path).await.problem(500, "internal");
    assert!(!problem.to_string().contains(value), "{problem}");
    let said = log.text().replace('\\', "");
    let told = format!("holds \"{value}\", which this version does not know");
    assert!(said.contains(table) && said.contains(&told), "{path}: {said}");
}
