//! `/v1/labs`; members and invitations are beside it.

use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Lab, LabPatch, NewLab};
use crate::{
    auth::{Admin, Anyone, Auth, Owner},
    base::{error::Result, made::Made, page::Page, version::Versioned},
    platform::app::App,
    web::{Failures, IfMatch, Json, PageQuery, Path, Query, Tagged},
};

mod invitations;
mod members;
mod policies;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_labs, create_lab))
        .routes(routes!(get_lab, update_lab))
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(policies::routes())
}

impl Versioned for Lab {
    fn version(&self) -> i32 {
        self.version
    }
}

/// List your labs.
///
/// An owner of the installation sees all.
#[utoipa::path(get, path = "/labs", tag = "people", params(PageQuery<Uuid>),
    responses((status = 200, body = Page<Lab>), Failures), security(("bearer" = [])))]
async fn list_labs(by: Auth<Anyone>, Query(query): Query<PageQuery<Uuid>>) -> Result<Json<Page<Lab>>> {
    super::list(&by, query.limit, query.cursor).await.map(Json)
}

/// Create a lab.
///
/// You become its first admin. The same lab again under its `id` is not made again: 200 with the lab as it is now.
#[utoipa::path(post, path = "/labs", tag = "people",
    responses((status = 201, body = Lab), (status = 200, description = "It was made before", body = Lab), Failures),
    security(("bearer" = ["owner"])))]
async fn create_lab(by: Auth<Owner>, Json(new): Json<NewLab>) -> Result<Made<Lab>> {
    super::create(&by, new).await
}

/// Get a lab
///
/// One that you belong to. An owner of the installation gets any, as it stands in their list.
#[utoipa::path(get, path = "/labs/{lab_id}", tag = "people", params(("lab_id" = Uuid, Path)),
    responses((status = 200, body = Lab), Failures), security(("bearer" = ["viewer"])))]
async fn get_lab(by: Auth<Anyone>, Path(lab_id): Path<Uuid>) -> Result<Tagged<Lab>> {
    super::get(&by, lab_id).await.map(Tagged)
}

/// Change a lab.
#[utoipa::path(patch, path = "/labs/{lab_id}", tag = "people",
    params(("lab_id" = Uuid, Path), ("If-Match" = String, Header, description = "The lab's ETag", example = "\"1\"")),
    responses((status = 200, body = Lab), Failures), security(("bearer" = ["admin"])))]
async fn update_lab(by: Auth<Admin>, IfMatch(version): IfMatch, Json(patch): Json<LabPatch>) -> Result<Tagged<Lab>> {
    super::change(&by, version, patch).await.map(Tagged)
}
