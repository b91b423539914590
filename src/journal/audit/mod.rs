//! What people see of the lines: who changed what and when, the newest first.

mod store;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Kind;
use crate::{
    auth::{Auth, Manager, Owner},
    base::{
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
        text::Text,
    },
};

/// A line of the journal or of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLine {
    /// Its place in the chain of its lab, without gaps; null for a login, which is in none.
    #[schema(required = true, example = 4711)]
    pub position: Option<i64>,
    pub id: Uuid,
    /// What has changed and how; `container.` with the type of an event is a line of a container's ledger.
    #[schema(example = "location.moved")]
    pub kind: String,
    /// What was changed: by the first word of its kind, a location, a container, a person; null for a login of
    /// somebody unknown.
    #[schema(required = true)]
    pub subject: Option<Uuid>,
    /// The fields that were changed, each with its value before and after; null for one whose values are personal.
    /// The amount of a container is in its unit, its tare in grams, and `low_at` an object with its own unit.
    #[schema(value_type = Object, example = json!({"name": ["Room 1", "Room 101"]}))]
    pub changes: serde_json::Value,
    pub by: AuditActor,
    #[schema(required = true)]
    pub session_id: Option<Uuid>,
    /// The `X-Request-Id` of the request, or the id of the import.
    #[schema(required = true)]
    pub request_id: Option<String>,
    pub at: DateTime<Utc>,
    /// An admin did it in a closed or hidden location to which they had no key.
    pub without_key: bool,
}

/// Who answers for a change: a person, or a machine and the person that it worked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct AuditActor {
    #[schema(required = true)]
    pub user_id: Option<Uuid>,
    /// As the person is called now; null also for one whose account was deleted.
    #[schema(required = true, example = "Marie")]
    pub name: Option<String>,
    #[schema(required = true, example = "import")]
    pub system: Option<String>,
    #[schema(required = true)]
    pub r#for: Option<Uuid>,
}

#[derive(Debug)]
pub struct AuditFilter {
    pub subject: Option<Uuid>,
    /// Who did it, or had a machine do it.
    pub by: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    pub kind: Option<Text<100>>,
    pub limit: Limit,
}

impl AuditFilter {
    /// The events of containers are known further up: which of them there are is not looked at here.
    fn check_kind(&self) -> Result<()> {
        let is_known = |kind: &str| kind.starts_with("container.") || Kind::ALL.iter().any(|it| it.as_str() == kind);
        match &self.kind {
            Some(kind) if !is_known(kind.as_str()) => Err(Error::field("?kind", "is no kind of line")),
            _ => Ok(()),
        }
    }

    fn list(&self, lab_id: Uuid) -> List {
        let kind = self.kind.as_ref().map(Text::as_str);
        List::new("audit", &(lab_id, self.subject, self.by, self.from, kind))
    }
}

/// A page looks at so many lines for those that are wanted, and then goes on with the next page.
const WINDOW: i64 = 10_000;
/// How far the clocks of two instances may be apart.
const MOST_SKEW: TimeDelta = TimeDelta::hours(1);

pub async fn of_lab(by: &Auth<Manager>, filter: &AuditFilter, cursor: Option<Cursor<i64>>) -> Result<Page<AuditLine>> {
    let mut page = page(&mut *by.reports().await?, by.lab_id(), filter, cursor, by.keys().unseen()).await?;
    for line in &mut page.items {
        by.keys().conceal(&mut line.changes);
    }
    Ok(page)
}

pub async fn of_installation(
    by: &Auth<Owner>,
    filter: &AuditFilter,
    cursor: Option<Cursor<i64>>,
) -> Result<Page<AuditLine>> {
    page(&mut *by.reports().await?, super::NO_LAB, filter, cursor, &[]).await
}

async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &AuditFilter,
    cursor: Option<Cursor<i64>>,
    unseen: &[Uuid],
) -> Result<Page<AuditLine>> {
    filter.check_kind()?;
    let list = filter.list(lab_id);
    let before = list.after(cursor)?.unwrap_or(i64::MAX);
    if filter.subject.is_some() {
        let lines = store::of_subject(db, lab_id, filter, before, unseen).await?;
        return Ok(list.page(lines, filter.limit, |line| line.position));
    }
    let old = filter.from.map(|from| from - MOST_SKEW);
    let (lowest, lines) = store::window(db, lab_id, filter, (before, WINDOW, old), unseen).await?;
    let mut page = list.page(lines, filter.limit, |line| line.position);
    if page.next_cursor.is_none() {
        page.next_cursor = lowest.map(|lowest| list.cursor(lowest));
    }
    Ok(page)
}
