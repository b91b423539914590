//! `/v1/labs/{lab_id}/chemicals/{chemical_id}/overrides`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ChemicalOverrides, NewChemicalOverrides, Seen};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{error::Result, made::Made, version::Versioned},
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Path, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_chemical_overrides, set_chemical_overrides, delete_chemical_overrides))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InLab {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    chemical_id: Uuid,
}

impl Versioned for ChemicalOverrides {
    fn version(&self) -> i32 {
        self.version
    }
}

/// Read what the lab sees differently of a chemical.
///
/// 404 where it sees nothing differently.
#[utoipa::path(get, path = "/labs/{lab_id}/chemicals/{chemical_id}/overrides", tag = "catalogue", params(InLab),
    responses((status = 200, body = ChemicalOverrides), Failures), security(("bearer" = ["viewer"])))]
async fn get_chemical_overrides(by: Auth<Viewer>, Path(path): Path<InLab>) -> Result<Tagged<ChemicalOverrides>> {
    super::get(&by, path.chemical_id).await.map(Tagged)
}

/// Set what the lab sees differently of a chemical
///
/// They take the place of all that were there. Where there were none, no `If-Match` is needed; else it is the `ETag`
/// that you read, or `*` to replace whatever is there.
///
/// A name that the catalogue has for another chemical is refused, and so is a number of another one.
///
/// The lab's containers show its name of the chemical, and are found by it and by those of the catalogue. Amounts count
/// with the density of the bottle, else of the lab, else of the catalogue, and with the molar mass of the lab before
/// that of the catalogue; events that are booked keep what they were counted with.
#[utoipa::path(put, path = "/labs/{lab_id}/chemicals/{chemical_id}/overrides", tag = "catalogue",
    request_body = NewChemicalOverrides,
    params(InLab, ("If-Match" = Option<String>, Header,
        description = "The ETag that you read, or `*` for any; needed where there are overrides", example = "\"1\"")),
    responses((status = 200, body = ChemicalOverrides), (status = 201, description = "There were none", body = ChemicalOverrides),
        Failures), security(("bearer" = ["manager"])))]
async fn set_chemical_overrides(
    by: Auth<Manager>,
    Path(path): Path<InLab>,
    read: Option<IfMatch>,
    Json(new): Json<NewChemicalOverrides>,
) -> Result<Made<ChemicalOverrides>> {
    let seen = read.map_or(Seen::None, |IfMatch(version)| version.map_or(Seen::Any, Seen::Version));
    super::set(&by, path.chemical_id, seen, &new).await
}

/// See a chemical as the catalogue has it again.
#[utoipa::path(delete, path = "/labs/{lab_id}/chemicals/{chemical_id}/overrides", tag = "catalogue",
    params(InLab, ("If-Match" = String, Header, description = "The ETag that you read", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["manager"])))]
async fn delete_chemical_overrides(
    by: Auth<Manager>,
    Path(path): Path<InLab>,
    IfMatch(read): IfMatch,
) -> Result<NoContent> {
    super::delete(&by, path.chemical_id, read).await.map(|()| NoContent)
}
