use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{EventKind, LoginEvent, Wanted};
use crate::{
    auth::{Auth, Owner},
    base::{
        error::Result,
        page::{Cursor, Limit, Page},
        phone::Phone,
    },
    platform::app::App,
    web::{Failures, Json, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_login_events))
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
    let wanted = Wanted { phone: query.phone, kind: query.kind, before: query.cursor, limit: query.limit };
    super::list(&by, wanted).await.map(Json)
}
