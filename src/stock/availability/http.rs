//! `/v1/chemicals/{chemical_id}/availability`.

use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Availability;
use crate::{
    auth::{Anyone, Auth},
    base::{error::Result, page::Page},
    platform::app::App,
    web::{Failures, Json, PageQuery, Path, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_availability))
}

/// List the labs that have a chemical.
///
/// Your own labs, and where you belong to one, those whose policy `sharing` is `stock`. Each with what its containers
/// hold that can be used (in stock, opened, on loan), summed up by unit, and with whom to ask.
#[utoipa::path(get, path = "/chemicals/{chemical_id}/availability", tag = "catalogue",
    params(("chemical_id" = Uuid, Path), PageQuery<Uuid>),
    responses((status = 200, body = Page<Availability>), Failures), security(("bearer" = [])))]
async fn list_availability(
    by: Auth<Anyone>,
    Path(chemical_id): Path<Uuid>,
    Query(page): Query<PageQuery<Uuid>>,
) -> Result<Json<Page<Availability>>> {
    super::list(&by, chemical_id, page.limit, page.cursor).await.map(Json)
}
