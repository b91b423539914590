//! Each change leaves its line.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod actors;
mod imports;
mod people;
mod privacy;
mod sources;
mod truth;
mod walk;

use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::TestApp;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Line {
    pub lab_id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    pub changes: Value,
    pub by_user: Option<Uuid>,
    pub by_system: Option<String>,
    pub by_for: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub request_id: Option<String>,
}

/// All of journal and ledger that is new since the last look. A line of the ledger has the type of its event as its
/// kind.
pub struct Journal {
    db: PgPool,
    seen: Vec<Uuid>,
}

impl Journal {
    pub async fn of(app: &TestApp) -> Self {
        let mut journal = Self { db: app.db.clone(), seen: Vec::new() };
        journal.take().await;
        journal
    }

    pub async fn take(&mut self) -> Vec<Line> {
        let (lines, ids) = self.read().await;
        self.seen.extend(ids);
        lines
    }

    async fn read(&self) -> (Vec<Line>, Vec<Uuid>) {
        let new = "select * from (
                select xid, id, lab_id, kind, subject, changes, by_user, by_system, by_for, session_id, request_id from journal
                union all
                select xid, id, lab_id, 'ledger: ' || type, container_id, '{}', by_user, by_system, by_for, session_id,
                    request_id
                from stock_events
            ) lines where id <> all ($1) order by xid, id";
        let lines: Vec<Line> = sqlx::query_as(new).bind(&self.seen).fetch_all(&self.db).await.unwrap();
        let ids = "select id from journal union all select id from stock_events";
        (lines, sqlx::query_scalar(ids).fetch_all(&self.db).await.unwrap())
    }

    pub async fn kinds(&mut self) -> Vec<String> {
        let mut kinds: Vec<_> = self.take().await.into_iter().map(|line| line.kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The only new line.
    #[track_caller]
    pub fn one(mut lines: Vec<Line>) -> Line {
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.remove(0)
    }
}

/// What every line of the journal says, as text.
pub async fn everything(app: &TestApp) -> String {
    let all = "select coalesce(string_agg(j::text, E'\\n'), '') from journal j";
    sqlx::query_scalar(all).fetch_one(&app.db).await.unwrap()
}

pub fn id_of(thing: &Value) -> Uuid {
    thing["id"].as_str().unwrap().parse().unwrap()
}
