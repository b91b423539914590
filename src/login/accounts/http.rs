//! `/v1/admin/users`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Account, AccountPatch};
use crate::{
    app::App,
    auth::{Auth, Owner},
    error::Result,
    login::{
        http::SessionsQuery,
        sessions::{self, Session},
    },
    page::{Cursor, Limit, Page},
    phone::Phone,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts))
        .routes(routes!(update_account))
        .routes(routes!(list_account_sessions, end_account_sessions))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AccountsQuery {
    /// Only the one with this phone, in E.164 form; `+` is written `%2B`.
    #[param(value_type = Option<String>)]
    phone: Option<Phone>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
}

/// Who has an account?
#[utoipa::path(get, path = "/admin/users", tag = "login", security(("bearer" = ["owner"])),
    params(AccountsQuery), responses((status = 200, body = Page<Account>), Failures))]
async fn list_accounts(by: Auth<Owner>, Query(query): Query<AccountsQuery>) -> Result<Json<Page<Account>>> {
    super::list(&by, query.phone.as_ref(), query.cursor, query.limit).await.map(Json)
}

/// Disable somebody, or let them in again.
///
/// All sessions of who is disabled end, and stay ended. Nobody disables their own account.
#[utoipa::path(patch, path = "/admin/users/{user_id}", tag = "login", security(("bearer" = ["owner"])),
    request_body = AccountPatch,
    params(("user_id" = Uuid, Path), ("If-Match" = String, Header, description = "The ETag, or *", example = "*")),
    responses((status = 200, body = Account), Failures))]
async fn update_account(
    by: Auth<Owner>,
    Path(user_id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(patch): Json<AccountPatch>,
) -> Result<Tagged<Account>> {
    super::change(&by, user_id, version, &patch).await.map(Tagged)
}

/// Where is somebody logged in?
#[utoipa::path(get, path = "/admin/users/{user_id}/sessions", tag = "login", security(("bearer" = ["owner"])),
    params(("user_id" = Uuid, Path), SessionsQuery),
    responses((status = 200, body = Page<Session>), Failures))]
async fn list_account_sessions(
    by: Auth<Owner>,
    Path(user_id): Path<Uuid>,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Page<Session>>> {
    sessions::list_of(&by, user_id, query.cursor, query.limit).await.map(Json)
}

/// End all of somebody's sessions.
#[utoipa::path(delete, path = "/admin/users/{user_id}/sessions", tag = "login", security(("bearer" = ["owner"])),
    params(("user_id" = Uuid, Path)),
    responses((status = 204, description = "Their tokens are dead, on other instances within five seconds"), Failures))]
async fn end_account_sessions(by: Auth<Owner>, Path(user_id): Path<Uuid>) -> Result<NoContent> {
    super::end_all_sessions(&by, user_id).await.map(|()| NoContent)
}
