use utoipa_axum::{router::OpenApiRouter, routes};

use super::{User, UserPatch};
use crate::{
    auth::{Anyone, Auth},
    base::error::Result,
    platform::app::App,
    web::{self, IfMatch, Json, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_me, update_me))
}

/// Read my profile and my labs
#[utoipa::path(get, path = "/me", tag = "people", security(("bearer" = [])),
    responses((status = 200, body = User), web::Failures))]
async fn get_me(by: Auth<Anyone>) -> Result<Tagged<User>> {
    super::me(&by).await.map(Tagged)
}

/// Change my profile.
#[utoipa::path(patch, path = "/me", tag = "people", security(("bearer" = [])), request_body = UserPatch,
    params(("If-Match" = String, Header, description = "The ETag that was read, or *", example = "*")),
    responses((status = 200, body = User), web::Failures))]
async fn update_me(by: Auth<Anyone>, IfMatch(version): IfMatch, Json(patch): Json<UserPatch>) -> Result<Tagged<User>> {
    super::update_me(&by, version, patch).await.map(Tagged)
}
