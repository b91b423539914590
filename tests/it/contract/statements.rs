//! What a request costs the database: at most three statements, authorisation included, and one more for the lines that
//! a write leaves in the journal.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use chemstock::auth;
use sqlx::PgPool;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry,
};

use super::world::World;
use crate::support::log::{Hearing, hear};

/// Begin and commit are not counted, nor what each connection asks once: its settings, and the ids of types.
const MOST: usize = 3;
/// An Idempotency-Key is claimed before the work and answered after it.
const MOST_WITH_KEY: usize = MOST + 2;
/// Done once in a while, and held to rules over several tables: the statements beyond the others' three.
const RARE: [(&str, usize); 16] = [
    ("dry_run_import", 2),
    ("commit_import", 2),
    ("create_chemical", 2),
    ("update_account", 6),
    ("delete_me", 16),
    ("scan_code", 2),
    ("set_chemical_overrides", 3),
    ("appoint_admin", 2),
    ("delete_chemical", 1),
    ("delete_member", 1),
    ("set_sending_stop", 2),
    ("verify_audit", 2),
    ("verify_installation_audit", 2),
    ("set_policy", 3),
    ("set_location_keys", 2),
    ("withdraw_policy", 1),
];

/// What sqlx tells of each statement. It is told on the thread of the test, where all of its tasks run too.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>, Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut text = Text::default();
            event.record(&mut text);
            self.1.fetch_add(text.rows, Ordering::Relaxed);
            self.0.lock().expect("whole").push(if text.statement.is_empty() { text.summary } else { text.statement });
        }
    }
}

/// `summary` has the first words; `db.statement` has all, unless these are all.
#[derive(Default)]
struct Text {
    summary: String,
    statement: String,
    rows: u64,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl Statements {
    pub fn start() -> (Self, Hearing) {
        let statements = Self::default();
        (statements.clone(), hear(registry().with(statements)))
    }

    /// How many rows the database has given since the last call.
    pub fn take_rows(&self) -> u64 {
        self.1.swap(0, Ordering::Relaxed)
    }

    pub fn take(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().expect("whole"));
        let counts = |sql: &String| {
            let sql = sql.to_lowercase();
            let frame = ["begin", "commit", "rollback", "savepoint", "release", "set "];
            !frame.iter().any(|word| sql.starts_with(word)) && !sql.contains("pg_catalog.pg_type")
        };
        all.into_iter().filter(counts).collect()
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_request_takes_more_than_three_statements(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let (statements, _heard) = Statements::start();
    let mut too_many = Vec::new();
    for operation in &operations {
        for key in if operation.takes_key() { &[None, Some("one")][..] } else { &[None] } {
            world.renew().await;
            let by = world.caller(operation).await;
            let mut request = world.request(operation, &by).await;
            request.headers.extend(key.map(|key| ("idempotency-key".to_owned(), format!("{key}-{}", operation.id))));
            // Whoever comes for the first time is looked up, too.
            auth::forget(&world.app.app, by.user_id);
            statements.take();
            let answer = request.send(&by).await;
            assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
            let (lines, taken): (Vec<_>, Vec<_>) =
                statements.take().into_iter().partition(|it| it.to_lowercase().starts_with("insert into journal"));
            assert!(lines.len() <= 1, "{} writes its lines by {} statements", operation.id, lines.len());
            let rare = RARE.iter().find(|(id, _)| *id == operation.id).map_or(0, |(_, more)| *more);
            if taken.len() > rare + if key.is_some() { MOST_WITH_KEY } else { MOST } {
                too_many.push(format!("{} takes {}:\n{}", operation.id, taken.len(), taken.join("\n---\n")));
            }
        }
    }
    assert!(too_many.is_empty(), "{}", too_many.join("\n\n"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_count_sees_what_a_request_asks_of_the_database(db: PgPool) {
    let world = World::new(db).await;
    let (statements, _heard) = Statements::start();
    let viewer = world.app.client("viewer").await;
    statements.take();
    viewer.get(&world.app.path("/containers")).await.ok();
    let taken = statements.take();
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(taken[0].contains("from users") && taken[1].contains("from containers"), "{taken:?}");
}
