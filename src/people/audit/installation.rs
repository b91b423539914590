//! The audit of the installation: its journal, and beside it the logins, which are no part of it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EventKind, LoginEvent, store};
use crate::{
    auth::{Auth, Owner},
    base::{
        error::{Error, Result},
        page::{Cursor, List, Page},
    },
    journal::{
        System,
        audit::{self, AuditActor, AuditFilter, AuditLine},
    },
};

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditSource {
    Journal,
    Login,
}

/// Where a page ended: a cursor of the journal, or of the login events.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum AuditCursor {
    Journal(Cursor<i64>),
    Login(Cursor<Uuid>),
}

pub async fn list(
    by: &Auth<Owner>,
    source: AuditSource,
    filter: AuditFilter,
    cursor: Option<AuditCursor>,
) -> Result<Page<AuditLine>> {
    match (source, cursor) {
        (AuditSource::Journal, None) => audit::of_installation(by, &filter, None).await,
        (AuditSource::Journal, Some(AuditCursor::Journal(at))) => audit::of_installation(by, &filter, Some(at)).await,
        (AuditSource::Login, None) => logins(by, filter, None).await,
        (AuditSource::Login, Some(AuditCursor::Login(at))) => logins(by, filter, Some(at)).await,
        _ => Err(Error::field("?cursor", "is of the other source")),
    }
}

async fn logins(by: &Auth<Owner>, filter: AuditFilter, cursor: Option<Cursor<Uuid>>) -> Result<Page<AuditLine>> {
    if filter.subject.is_some() {
        return Err(Error::field("?subject", "logins have none; ask by person"));
    }
    let AuditFilter { by: person, from, kind, limit, .. } = filter;
    let kind = kind.map(|kind| login_kind(kind.as_str()).ok_or_else(|| Error::field("?kind", "is no kind of logins")));
    let kind = kind.transpose()?;
    let list = List::new("audit of logins", &(person, from, kind));
    let filter = store::Filter { kind, from, before: list.after(cursor)? };
    let mut db = by.reports().await?;
    let found = match person {
        Some(person) => store::list_by(&mut db, person, &filter, limit.plus_one()).await?,
        None => store::list(&mut db, None, &filter, limit.plus_one()).await?,
    };
    let mut lines: Vec<_> = found.into_iter().map(line).collect();
    let people: Vec<_> = lines.iter().filter_map(|line| line.by.user_id).collect();
    let names = store::names(&mut db, &people).await?;
    for line in &mut lines {
        line.by.name = line.by.user_id.and_then(|id| names.get(&id).cloned());
    }
    Ok(list.page(lines, limit, |line| line.id))
}

const PREFIX: &str = "login.";

fn login_kind(text: &str) -> Option<EventKind> {
    serde_json::from_value(text.strip_prefix(PREFIX)?.into()).ok()
}

fn line(event: LoginEvent) -> AuditLine {
    let told = [
        ("outcome", Some(event.outcome)),
        ("phone_hash", event.phone_hash),
        ("address", event.address),
        ("device", event.device.map(|device| device.to_string())),
        ("detail", event.detail),
    ];
    let changes = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!([null, value?]))));
    let by = match event.done_by {
        None if EventKind::OF_OWNERS.contains(&event.kind) => {
            AuditActor { system: Some(System::CommandLine.as_str().to_owned()), ..AuditActor::default() }
        }
        done_by => AuditActor { user_id: done_by.or(event.user_id), ..AuditActor::default() },
    };
    AuditLine {
        position: None,
        id: event.id,
        kind: format!("{PREFIX}{}", event.kind.as_str()),
        subject: event.user_id,
        changes: Value::Object(changes.collect::<Map<_, _>>()),
        by,
        session_id: event.session_id,
        request_id: None,
        at: event.at,
        without_key: false,
    }
}
