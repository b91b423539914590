//! `/v1/labs/{lab_id}/locations`.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Filter, Location, LocationPatch, NewLocation};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{
        error::Result,
        made::Made,
        page::{Cursor, Limit, List, Page},
        text::Name,
        version::Versioned,
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_locations, create_location))
        .routes(routes!(get_location, update_location, delete_location))
        .merge(super::keys::routes())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InLab {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    location_id: Uuid,
}

impl Versioned for Location {
    fn version(&self) -> i32 {
        self.version
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LocationQuery {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
    /// Only what lies directly in this location.
    parent_id: Option<Uuid>,
    /// Only what lies in nothing.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    root: bool,
    /// Only names that begin like this, in capitals or not.
    #[param(value_type = Option<String>, max_length = 200, example = "cab")]
    q: Option<Name>,
    /// `closed`: also those that were deleted.
    #[param(inline)]
    include: Option<Include>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Include {
    Closed,
}

/// List locations.
#[utoipa::path(get, path = "/labs/{lab_id}/locations", tag = "locations",
    params(("lab_id" = Uuid, Path), LocationQuery),
    responses((status = 200, body = Page<Location>), Failures), security(("bearer" = ["viewer"])))]
async fn list_locations(by: Auth<Viewer>, Query(query): Query<LocationQuery>) -> Result<Json<Page<Location>>> {
    let with_closed = query.include.is_some();
    let list = List::new("locations", &(by.lab_id(), query.parent_id, query.root, &query.q, with_closed));
    let filter = Filter {
        list,
        parent_id: query.parent_id,
        roots_only: query.root,
        name: query.q,
        with_closed,
        after: list.after(query.cursor)?.unwrap_or_default(),
        limit: query.limit,
    };
    super::list(&by, &filter).await.map(Json)
}

/// Create a location.
///
/// From outside in: building, room, cabinet, shelf, box. Steps may be left out; anything may be a root. The same
/// location again under its `id` is not made again: 200 with the location as it is now.
#[utoipa::path(post, path = "/labs/{lab_id}/locations", tag = "locations", params(("lab_id" = Uuid, Path)),
    responses((status = 201, body = Location), (status = 200, description = "It was made before", body = Location), Failures),
    security(("bearer" = ["manager"])))]
async fn create_location(by: Auth<Manager>, Json(new): Json<NewLocation>) -> Result<Made<Location>> {
    super::create(&by, new).await
}

/// Get a location.
///
/// Also one that was deleted, with `closed_at`: events of containers name the places where these stood.
#[utoipa::path(get, path = "/labs/{lab_id}/locations/{location_id}", tag = "locations",
    params(InLab),
    responses((status = 200, body = Location), Failures), security(("bearer" = ["viewer"])))]
async fn get_location(by: Auth<Viewer>, Path(path): Path<InLab>) -> Result<Tagged<Location>> {
    super::get(&by, path.location_id).await.map(Tagged)
}

/// Rename or move a location.
///
/// What lies in it moves with it. A location that is `closed`, or lies in one, is changed by who has its key. 409
/// `location-cycle` into itself, 422 `location-kind` where it does not fit.
#[utoipa::path(patch, path = "/labs/{lab_id}/locations/{location_id}", tag = "locations",
    params(InLab, ("If-Match" = String, Header, description = "The location's ETag", example = "\"1\"")),
    responses((status = 200, body = Location), Failures), security(("bearer" = ["manager"])))]
async fn update_location(
    by: Auth<Manager>,
    Path(path): Path<InLab>,
    IfMatch(version): IfMatch,
    Json(patch): Json<LocationPatch>,
) -> Result<Tagged<Location>> {
    super::change(&by, path.location_id, version, patch).await.map(Tagged)
}

/// Delete a location.
///
/// It is closed: absent from lists and scans, and no target of anything; its name and its code are free again. Who has
/// its id, as events of containers do, still gets it, with `closed_at`. 409 `location-in-use` while locations lie in it
/// or containers that are not disposed of or voided.
#[utoipa::path(delete, path = "/labs/{lab_id}/locations/{location_id}", tag = "locations",
    params(InLab, ("If-Match" = String, Header, description = "The location's ETag", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["manager"])))]
async fn delete_location(by: Auth<Manager>, Path(path): Path<InLab>, IfMatch(version): IfMatch) -> Result<NoContent> {
    super::close(&by, path.location_id, version).await.map(|()| NoContent)
}
