//! `/v1/labs/{lab_id}/members`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::PageQuery;
use crate::{
    app::App,
    auth::{Admin, Auth, Viewer},
    error::Result,
    labs::members::{self, Member, MemberPatch},
    page::Page,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged, Versioned},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_members)).routes(routes!(get_member, update_member, delete_member))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct MemberPath {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    user_id: Uuid,
}

impl Versioned for Member {
    fn version(&self) -> i32 {
        self.version
    }
}

/// List the members of a lab.
///
/// Their phones are shown to its admins only.
#[utoipa::path(get, path = "/labs/{lab_id}/members", tag = "people", params(("lab_id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<Member>), Failures), security(("bearer" = ["viewer"])))]
async fn list_members(by: Auth<Viewer>, Query(query): Query<PageQuery>) -> Result<Json<Page<Member>>> {
    members::list(&by, query.limit, query.cursor).await.map(Json)
}

/// Get a member of a lab.
#[utoipa::path(get, path = "/labs/{lab_id}/members/{user_id}", tag = "people",
    params(MemberPath),
    responses((status = 200, body = Member), Failures), security(("bearer" = ["viewer"])))]
async fn get_member(by: Auth<Viewer>, Path(path): Path<MemberPath>) -> Result<Tagged<Member>> {
    members::get(&by, path.user_id).await.map(Tagged)
}

/// Change a member's role.
///
/// The last admin of a lab stays admin: 409 `last-admin`.
#[utoipa::path(patch, path = "/labs/{lab_id}/members/{user_id}", tag = "people",
    params(MemberPath, ("If-Match" = String, Header, description = "The membership's ETag", example = "\"1\"")),
    responses((status = 200, body = Member), Failures), security(("bearer" = ["admin"])))]
async fn update_member(
    by: Auth<Admin>,
    Path(path): Path<MemberPath>,
    IfMatch(version): IfMatch,
    Json(patch): Json<MemberPatch>,
) -> Result<Tagged<Member>> {
    members::change(&by, path.user_id, version, patch).await.map(Tagged)
}

/// Remove a member, or leave the lab.
///
/// An admin removes anybody; everybody else only themselves. The last admin stays: 409 `last-admin`.
#[utoipa::path(delete, path = "/labs/{lab_id}/members/{user_id}", tag = "people",
    params(MemberPath, ("If-Match" = String, Header, description = "The membership's ETag", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["viewer"])))]
async fn delete_member(by: Auth<Viewer>, Path(path): Path<MemberPath>, IfMatch(version): IfMatch) -> Result<NoContent> {
    members::remove(&by, path.user_id, version).await.map(|()| NoContent)
}
