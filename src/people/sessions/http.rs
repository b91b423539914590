#[expect(clippy::disallowed_types, reason = "for the open routes below, each of which says why it is one")]
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{RefreshRequest, Session, TokenPair};
use crate::{
    auth::{Anyone, Auth},
    base::{address::ClientAddress, error::Result, page::Page},
    platform::app::App,
    web::{self, Json, NoContent, PageQuery, Path, Query, Unstored, unstored},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(refresh_tokens))
        .routes(routes!(log_out))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
}

/// Refresh the tokens
///
/// A refresh token is used once and makes its successor. Whoever loses the answer repeats the request: until the
/// successor has been used, and for a day, the old token answers with the same one, with or without an
/// `Idempotency-Key`. A token that comes back after that has been stolen, by whoever brings it or by whoever was
/// faster, and its session ends. From an address that shows too many that are no good, none is taken for a minute.
#[utoipa::path(post, path = "/auth/refresh", tag = "login", security(()), request_body = RefreshRequest,
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: the refresh token says who it is")]
async fn refresh_tokens(
    State(app): State<App>,
    from: ClientAddress,
    Json(request): Json<RefreshRequest>,
) -> Result<Unstored<TokenPair>> {
    super::refresh(&app, &request, from).await.map(unstored)
}

/// End this session.
#[utoipa::path(post, path = "/auth/logout", tag = "login", security(("bearer" = [])),
    responses((status = 204, description = "Its tokens are dead"), web::Failures))]
async fn log_out(by: Auth<Anyone>) -> Result<NoContent> {
    super::log_out(&by).await.map(|()| NoContent)
}

/// List my sessions
#[utoipa::path(get, path = "/auth/sessions", tag = "login", security(("bearer" = [])), params(PageQuery<Uuid>),
    responses((status = 200, body = Page<Session>), web::Failures))]
async fn list_sessions(by: Auth<Anyone>, Query(query): Query<PageQuery<Uuid>>) -> Result<Json<Page<Session>>> {
    super::list(&by, query.cursor, query.limit).await.map(Json)
}

/// End all my sessions but this one.
#[utoipa::path(delete, path = "/auth/sessions", tag = "login", security(("bearer" = [])),
    responses((status = 204, description = "Their tokens are dead"), web::Failures))]
async fn end_other_sessions(by: Auth<Anyone>) -> Result<NoContent> {
    super::end_others(&by).await.map(|()| NoContent)
}

/// End one of my sessions.
///
/// A session has no version, so this takes no `If-Match`.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "login", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "Its tokens are dead"), web::Failures))]
async fn end_session(by: Auth<Anyone>, Path(id): Path<Uuid>) -> Result<NoContent> {
    super::end(&by, id).await.map(|()| NoContent)
}
