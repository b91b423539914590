//! `/v1/admin/users`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Account, AccountPatch, NewAdmin, deletion};
use crate::{
    auth::{Anyone, Auth, Owner},
    base::{
        error::Result,
        made::Made,
        page::{Cursor, Limit, Page},
        phone::Phone,
    },
    people::{
        labs::Member,
        sessions::{self, Session},
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, PageQuery, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts))
        .routes(routes!(update_account))
        .routes(routes!(list_account_sessions, end_account_sessions))
        .routes(routes!(appoint_admin))
        .routes(routes!(delete_me))
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

/// List accounts
#[utoipa::path(get, path = "/admin/users", tag = "login", security(("bearer" = ["owner"])),
    params(AccountsQuery), responses((status = 200, body = Page<Account>), Failures))]
async fn list_accounts(by: Auth<Owner>, Query(query): Query<AccountsQuery>) -> Result<Json<Page<Account>>> {
    super::list(&by, query.phone.as_ref(), query.cursor, query.limit).await.map(Json)
}

/// Change an account
///
/// Disable somebody or let them in again; give or take the rights of an owner and of a cataloguer.
///
/// All sessions of who is disabled end, and stay ended, and so do the invitations that they made. Nobody disables their
/// own account. 409 `last-owner`: nobody else runs the installation and can sign in. 409 `last-admin`: the person is
/// the only admin of the labs that the detail names; make somebody else an admin of them first. Where people come by
/// Firebase: disabling an account there lets nobody in any more, but ends no session that was made here before; this
/// does.
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

/// List an account's sessions
#[utoipa::path(get, path = "/admin/users/{user_id}/sessions", tag = "login", security(("bearer" = ["owner"])),
    params(("user_id" = Uuid, Path), PageQuery<Uuid>),
    responses((status = 200, body = Page<Session>), Failures))]
async fn list_account_sessions(
    by: Auth<Owner>,
    Path(user_id): Path<Uuid>,
    Query(query): Query<PageQuery<Uuid>>,
) -> Result<Json<Page<Session>>> {
    sessions::list_of(&by, user_id, query.cursor, query.limit).await.map(Json)
}

/// End all sessions of an account
#[utoipa::path(delete, path = "/admin/users/{user_id}/sessions", tag = "login", security(("bearer" = ["owner"])),
    params(("user_id" = Uuid, Path)),
    responses((status = 204, description = "Their tokens are dead, on other instances within five seconds"), Failures))]
async fn end_account_sessions(by: Auth<Owner>, Path(user_id): Path<Uuid>) -> Result<NoContent> {
    super::end_all_sessions(&by, user_id).await.map(|()| NoContent)
}

/// Make somebody an admin of a lab.
///
/// Whatever they were in it; also in a lab that has no admin who can sign in. 201, or 200 for somebody who was one.
#[utoipa::path(post, path = "/admin/labs/{lab_id}/admins", tag = "login", security(("bearer" = ["owner"])),
    request_body = NewAdmin, params(("lab_id" = Uuid, Path)),
    responses((status = 201, body = Member), (status = 200, description = "They were one before", body = Member),
        Failures))]
async fn appoint_admin(by: Auth<Owner>, Path(lab_id): Path<Uuid>, Json(new): Json<NewAdmin>) -> Result<Made<Member>> {
    super::appoint_admin(&by, lab_id, &new).await
}

/// Delete my account.
///
/// Name, phone, mailbox, identities, devices and sessions are gone at once, and every membership ends. What I did stays
/// in the history under my id; what I have on loan stays mine until it is checked in. The phone can sign up again, as
/// another person. Needs a login of the last five minutes, and not one by e-mail, else 403 `fresh-login-required`. 409
/// `last-admin`: I am the only admin of the labs that the detail names. 409 `last-owner`: nobody else runs the
/// installation.
#[utoipa::path(delete, path = "/me", tag = "people", security(("bearer" = [])),
    params(("If-Match" = String, Header, description = "The ETag of `/v1/me`, or *", example = "*")),
    responses((status = 204), Failures))]
async fn delete_me(by: Auth<Anyone>, IfMatch(version): IfMatch) -> Result<NoContent> {
    deletion::delete_me(&by, version).await.map(|()| NoContent)
}
