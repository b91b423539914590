//! `/v1/labs/{lab_id}/members`.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Admin, Auth, Viewer},
    base::{
        error::Result,
        page::{Cursor, Limit, Page},
        version::Versioned,
    },
    people::labs::{
        member::Member,
        members::{self, MemberPatch},
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged},
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MembersQuery {
    /// `left`: also those who have left.
    #[param(inline)]
    include: Option<Include>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Include {
    Left,
}

/// List the members of a lab.
///
/// Their phones are shown to its admins only.
#[utoipa::path(get, path = "/labs/{lab_id}/members", tag = "people", params(("lab_id" = Uuid, Path), MembersQuery),
    responses((status = 200, body = Page<Member>), Failures), security(("bearer" = ["viewer"])))]
async fn list_members(by: Auth<Viewer>, Query(query): Query<MembersQuery>) -> Result<Json<Page<Member>>> {
    let with_left = matches!(query.include, Some(Include::Left));
    members::list(&by, query.limit, query.cursor, with_left).await.map(Json)
}

/// Get a member of a lab.
///
/// Also somebody who has left: the name, `left_at`, and the role that they had.
#[utoipa::path(get, path = "/labs/{lab_id}/members/{user_id}", tag = "people",
    params(MemberPath),
    responses((status = 200, body = Member), Failures), security(("bearer" = ["viewer"])))]
async fn get_member(by: Auth<Viewer>, Path(path): Path<MemberPath>) -> Result<Tagged<Member>> {
    members::get(&by, path.user_id).await.map(Tagged)
}

/// Change a member's role.
///
/// The last admin of a lab stays admin: 409 `last-admin`. The invitations that an admin has made end with that role.
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
/// An admin removes anybody; everybody else only themselves. The last admin stays: 409 `last-admin`. Invitations that
/// were made before do not let the person in again.
#[utoipa::path(delete, path = "/labs/{lab_id}/members/{user_id}", tag = "people",
    params(MemberPath, ("If-Match" = String, Header, description = "The membership's ETag", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["viewer"])))]
async fn delete_member(by: Auth<Viewer>, Path(path): Path<MemberPath>, IfMatch(version): IfMatch) -> Result<NoContent> {
    members::remove(&by, path.user_id, version).await.map(|()| NoContent)
}
