//! The audit of the installation: its journal, and beside it the logins, which are no part of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EventKind, LoginEvent, store};
use crate::{
    auth::{Auth, Owner},
    base::{
        error::{Error, Field, Result},
        page::{Cursor, Limit, Page},
        text::Text,
    },
    journal::audit::{self, AuditActor, AuditLine},
};

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditSource {
    Journal,
    Login,
}

/// Where a page ended: a position of the journal, or the id of a login event.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mark {
    Position(i64),
    Event(Uuid),
}

pub struct Wanted {
    pub subject: Option<Uuid>,
    pub by: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    pub kind: Option<Text<100>>,
    pub mark: Option<Mark>,
    pub limit: Limit,
}

pub async fn list(by: &Auth<Owner>, source: AuditSource, wanted: Wanted) -> Result<Page<AuditLine>> {
    let refused = |name, why: &str| Error::Invalid(vec![Field::new(name, why)]);
    let Wanted { subject, by: person, from, kind, mark, limit } = wanted;
    match (source, mark) {
        (AuditSource::Journal, None | Some(Mark::Position(_))) => {
            let before = mark.and_then(|mark| if let Mark::Position(at) = mark { Some(Cursor(at)) } else { None });
            audit::of_installation(by, audit::Wanted { subject, by: person, from, kind, before, limit }).await
        }
        (AuditSource::Login, None | Some(Mark::Event(_))) => {
            if subject.is_some() {
                return Err(refused("?subject", "logins have none; ask by person"));
            }
            let kind =
                kind.map(|kind| login_kind(kind.as_str()).ok_or_else(|| refused("?kind", "is no kind of logins")));
            let before = mark.and_then(|mark| if let Mark::Event(id) = mark { Some(id) } else { None });
            let filter = store::Filter { kind: kind.transpose()?, user_id: person, from, before };
            let found = store::list(&mut *by.lists().await?, None, &filter, limit.plus_one()).await?;
            Ok(Page::new(found.into_iter().map(line).collect(), limit, |line| line.id))
        }
        _ => Err(refused("?cursor", "is of the other source")),
    }
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
    AuditLine {
        position: None,
        id: event.id,
        kind: format!("{PREFIX}{}", event.kind.as_str()),
        subject: event.user_id,
        changes: Value::Object(changes.collect::<Map<_, _>>()),
        by: AuditActor { user_id: event.user_id, ..AuditActor::default() },
        session_id: event.session_id,
        request_id: None,
        at: event.at,
    }
}
