use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    EventKind, LoginEvent, LoginEventFilter,
    installation::{self, AuditSource},
};
use crate::{
    auth::{Auth, Owner},
    base::{
        dates,
        error::Result,
        page::{Cursor, Limit, Page},
        phone::Phone,
        text::Text,
    },
    journal::audit::{AuditFilter, AuditLine},
    platform::app::App,
    web::{Failures, Json, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_login_events)).routes(routes!(list_installation_audit))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LoginEventsQuery {
    /// Only of this phone, in E.164 form; `+` is written `%2B`. It is hashed, and kept nowhere.
    #[param(value_type = Option<String>)]
    phone: Option<Phone>,
    kind: Option<EventKind>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
}

/// List login events
///
/// Codes, guesses, logins, locks and ended sessions, the newest first; kept for 180 days. Phones are hashed, and
/// addresses cut to their network.
#[utoipa::path(get, path = "/admin/login-events", tag = "login", security(("bearer" = ["owner"])),
    params(LoginEventsQuery), responses((status = 200, body = Page<LoginEvent>), Failures))]
async fn list_login_events(by: Auth<Owner>, Query(query): Query<LoginEventsQuery>) -> Result<Json<Page<LoginEvent>>> {
    let filter = LoginEventFilter { phone: query.phone, kind: query.kind, before: query.cursor, limit: query.limit };
    super::list(&by, filter).await.map(Json)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct InstallationAuditQuery {
    /// `journal` unless said; `login` are the login events.
    #[param(inline)]
    source: Option<AuditSource>,
    /// Only what changed this thing or person; not of logins.
    subject: Option<Uuid>,
    /// Only what this person did.
    by: Option<Uuid>,
    /// Only of this time or later.
    #[serde(default, deserialize_with = "dates::optional")]
    from: Option<DateTime<Utc>>,
    /// Only of this kind, such as `chemical.changed` or `login.logged_in`.
    #[param(value_type = Option<String>)]
    kind: Option<Text<100>>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before, of the same source.
    #[param(value_type = Option<String>)]
    cursor: Option<installation::AuditCursor>,
}

/// List what was changed in the installation
///
/// Changes that belong to no lab: the catalogue, accounts, stops of sending. With `source=login` the login events,
/// which are no part of the chain and are kept for 180 days: `changes` has what was recorded of each.
#[utoipa::path(get, path = "/admin/audit", tag = "audit", security(("bearer" = ["owner"])),
    params(InstallationAuditQuery), responses((status = 200, body = Page<AuditLine>), Failures))]
async fn list_installation_audit(
    by: Auth<Owner>,
    Query(query): Query<InstallationAuditQuery>,
) -> Result<Json<Page<AuditLine>>> {
    let InstallationAuditQuery { source, subject, by: person, from, kind, limit, cursor } = query;
    let filter = AuditFilter { subject, by: person, from, kind, limit };
    installation::list(&by, source.unwrap_or(AuditSource::Journal), filter, cursor).await.map(Json)
}
