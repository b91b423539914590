//! `/v1/labs/{lab_id}/locations/{location_id}/keys`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{LocationKeys, NewLocationKeys};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{error::Result, version::Versioned},
    platform::app::App,
    web::{Failures, IfMatch, Json, Path, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_location_keys, set_location_keys))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InLab {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    location_id: Uuid,
}

impl Versioned for LocationKeys {
    fn version(&self) -> i32 {
        self.version
    }
}

/// Read who has the keys to a location
///
/// Keys count for a location whose `access` is `closed` or `hidden`, and for everything below it. What lies in two such
/// locations takes the keys of both. Admins of the lab need none.
#[utoipa::path(get, path = "/labs/{lab_id}/locations/{location_id}/keys", tag = "locations", params(InLab),
    responses((status = 200, body = LocationKeys), Failures), security(("bearer" = ["viewer"])))]
async fn get_location_keys(by: Auth<Viewer>, Path(path): Path<InLab>) -> Result<Tagged<LocationKeys>> {
    super::get(&by, path.location_id).await.map(Tagged)
}

/// Set who has the keys to a location
///
/// They take the place of all that were there. A manager sets the keys of an open location, and of one to which they
/// have the key themselves; an admin sets any. Give keys before you close or hide a location: until then only admins
/// pass.
///
/// A key that is taken away works for up to five more seconds.
#[utoipa::path(put, path = "/labs/{lab_id}/locations/{location_id}/keys", tag = "locations",
    request_body = NewLocationKeys,
    params(InLab, ("If-Match" = String, Header, description = "The ETag of the keys that you read", example = "\"0\"")),
    responses((status = 200, body = LocationKeys), Failures), security(("bearer" = ["manager"])))]
async fn set_location_keys(
    by: Auth<Manager>,
    Path(path): Path<InLab>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewLocationKeys>,
) -> Result<Tagged<LocationKeys>> {
    super::set(&by, path.location_id, version, new).await.map(Tagged)
}
