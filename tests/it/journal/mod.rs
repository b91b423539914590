//! The order of all lines, their hashes, and what people see of them.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod audit;
mod audit_hidden;
mod audit_kinds;
mod bell;
mod chain;
mod documented;
mod lines;
mod notary;
mod notary_embedded;
mod notary_order;
mod notary_races;
mod notary_walks;
mod verify;
mod verify_ends;
mod without_key;

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    stock::containers::bottle,
    support::{Client, TestApp},
};

/// Writes a line of the journal, in the transaction of the connection.
pub async fn write(db: &mut PgConnection, lab_id: Uuid) -> sqlx::Result<Uuid> {
    write_changes(db, lab_id, r#"{"name": ["Raum 1", "Räume\t2"], "n": [null, 7]}"#).await
}

/// One that tells of these changes.
pub async fn write_changes(db: &mut PgConnection, lab_id: Uuid, changes: &str) -> sqlx::Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into journal (lab_id, id, kind, subject, changes, by_system, request_id, at)
        values ($1, $2, 'location.moved', $2, $3::jsonb, 'sweep', 'r', now())",
    )
    .bind(lab_id)
    .bind(id)
    .bind(changes)
    .execute(db)
    .await?;
    Ok(id)
}

/// Writes an event of a bottle past the use cases.
pub async fn write_event(db: &mut PgConnection, lab_id: Uuid, container_id: Uuid, seq: i32) -> sqlx::Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before, state_after,
            by_system, reason, occurred_at, recorded_at)
        values ($1, $2, $3, $4, 'withdraw', -0.50, 99.50, 'opened', 'opened', 'import', 'why «not»', now(), now())",
    )
    .bind(id)
    .bind(lab_id)
    .bind(container_id)
    .bind(seq)
    .execute(db)
    .await?;
    Ok(id)
}

pub fn id_of(made: &Value) -> Uuid {
    made["id"].as_str().unwrap().parse().unwrap()
}

/// A bottle whose ledger has one line.
pub async fn a_bottle(app: &TestApp) -> (Client, Uuid) {
    let manager = app.client("manager").await;
    let made = bottle(app, &manager, "100", "mL").await;
    (manager, id_of(&made))
}

/// Numbers all lines.
pub async fn number(app: &TestApp) {
    while chemstock::journal::notary::step(&app.app).await.unwrap() > 0 {}
}

/// Past the triggers, as a superuser can.
pub async fn tamper(app: &TestApp, sql: &str) -> u64 {
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut by_hand).await.unwrap();
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut by_hand).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}
