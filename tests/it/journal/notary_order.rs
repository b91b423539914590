//! Who changes a thing after having waited for somebody else comes after them, whichever transaction began first.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use std::collections::HashMap;

use chemstock::journal::notary;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::{a_bottle, chain, number, write};
use crate::{
    stock::containers::withdraw,
    support::{Client, TestApp},
};

const LAB: Uuid = Uuid::nil();

/// So many lines of others in between, each in a transaction of its own.
async fn write_many(db: &mut PgConnection, lines: i64) {
    let many = "do $$ begin for n in 1..%n loop
            insert into journal (lab_id, id, kind, subject, changes, by_system, at)
            values ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'location.moved', gen_random_uuid(), '{}',
                'sweep', now());
            commit;
        end loop; end $$";
    sqlx::raw_sql(sqlx::AssertSqlSafe(many.replace("%n", &lines.to_string()))).execute(db).await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_transaction_that_began_first_and_waited_stands_behind_the_one_it_waited_for(db: PgPool) {
    let app = TestApp::new(db).await;
    // Fewer than a step takes, more than that, and nearly as many as it looks at.
    for between in [0, 6_000, 9_900] {
        number(&app).await;
        let mut early = app.db.acquire().await.unwrap().detach();
        let mut late = app.db.acquire().await.unwrap().detach();
        let mut waits = early.begin().await.unwrap();
        sqlx::query("select pg_current_xact_id()").execute(&mut *waits).await.unwrap();
        write_many(&mut late, between).await;
        let first = write(&mut late, LAB).await.unwrap();
        let second = write(&mut waits, LAB).await.unwrap();
        waits.commit().await.unwrap();
        while notary::step(&app.app).await.unwrap() > 0 {}
        let last_two = "select line_id from journal_chain where lab_id = $1 order by position desc limit 2";
        let last_two: Vec<Uuid> = sqlx::query_scalar(last_two).bind(LAB).fetch_all(&app.db).await.unwrap();
        assert_eq!(last_two, [second, first], "{between} lines between them");
        chain::assert_whole(&app.db).await;
    }
}

async fn patch_often(by: Client, path: String, mark: &'static str) {
    for n in 0..12 {
        let patch = json!({"lot": format!("{mark}{n}")});
        by.patch(&path, "*", patch).await;
    }
}

async fn withdraw_often(by: Client, path: String) {
    for _ in 0..12 {
        by.post(&path, withdraw("1", "mL")).await;
    }
}

/// Of the bottle, the oldest first.
async fn lines_of(app: &TestApp, bottle: Uuid) -> Vec<Value> {
    let lines = "select l.changes from journal_chain c
            join journal_lines l on l.lab_id = c.lab_id and l.in_ledger = c.in_ledger and l.id = c.line_id
        where l.subject = $1 order by c.position";
    sqlx::query_scalar(lines).bind(bottle).fetch_all(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn each_line_of_a_bottle_that_many_change_at_once_begins_where_the_one_before_ended(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    number(&app).await;
    let (path, events) =
        (app.path(&format!("/containers/{bottle}")), app.path(&format!("/containers/{bottle}/events")));
    let mut people = tokio::task::JoinSet::new();
    for mark in ["a", "b", "c", "d"] {
        people.spawn(patch_often(manager.clone(), path.clone(), mark));
        people.spawn(withdraw_often(manager.clone(), events.clone()));
    }
    while let Some(done) = people.join_next().await {
        done.unwrap();
        number(&app).await;
    }
    number(&app).await;
    let mut last: HashMap<String, Value> = HashMap::new();
    let lines = lines_of(&app, bottle).await;
    assert!(lines.len() > 60, "{} lines", lines.len());
    for changes in lines {
        for (field, change) in changes.as_object().unwrap() {
            if let Some(known) = last.insert(field.clone(), change[1].clone()) {
                assert_eq!(change[0], known, "{field}");
            }
        }
    }
}
