use std::sync::Arc;

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Chemical, ChemicalPatch, NewChemical, overrides};
use crate::{
    auth::{Anyone, Auth, Cataloguer},
    base::{
        error::Result,
        made::Made,
        page::{Cursor, Limit, List, Page},
        text::{Name, Text},
        version::Versioned,
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_chemicals, create_chemical))
        .routes(routes!(look_up_chemical))
        .routes(routes!(get_chemical, update_chemical, delete_chemical))
        .merge(overrides::routes())
}

impl Versioned for Chemical {
    fn version(&self) -> i32 {
        self.version
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChemicalsQuery {
    /// Search names, synonyms, CAS and EC numbers, formulas and InChIKeys: first what is the text, then what begins
    /// with it, then what has its words. Where few begin so, what is one slip of a letter away comes before the words.
    /// Answers the best matches (20 unless `limit` says), on one page.
    #[param(example = "acetonitrle", value_type = Option<String>, min_length = 2, max_length = 200)]
    q: Option<Text<200>>,
    /// The most items on a page: 50 unless said, with `q` 20.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<(Name, Uuid)>>,
}

/// List the catalogue by name, or search it.
#[utoipa::path(get, path = "/chemicals", tag = "catalogue", params(ChemicalsQuery),
    responses((status = 200, body = Page<Chemical>), Failures), security(("bearer" = [])))]
async fn list_chemicals(by: Auth<Anyone>, Query(query): Query<ChemicalsQuery>) -> Result<Json<Page<Chemical>>> {
    let page = match &query.q {
        Some(q) => {
            // A search is one page, so it has given no cursor.
            List::new("search of chemicals", q).after(query.cursor)?;
            super::search(&by, q, query.limit).await
        }
        None => super::list(&by, query.limit.unwrap_or_default(), query.cursor).await,
    };
    page.map(Json)
}

/// Add a chemical to the catalogue.
///
/// A CAS number, an EC number and an InChIKey belong to one chemical: 409 names the entry that has it. The same
/// chemical again under its `id` is not made again: 200 with the entry as it is now.
#[utoipa::path(post, path = "/chemicals", tag = "catalogue",
    responses((status = 201, body = Chemical), (status = 200, description = "It was made before", body = Chemical), Failures),
    security(("bearer" = ["cataloguer"])))]
async fn create_chemical(by: Auth<Cataloguer>, Json(new): Json<NewChemical>) -> Result<Made<Chemical>> {
    super::create(&by, new).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ByNumber {
    /// A damaged number is refused; `errors` proposes the one that it must have been, when that can be proven.
    #[param(example = "64-17-5")]
    cas: String,
}

/// Look a chemical up by its CAS number.
#[utoipa::path(get, path = "/chemicals/lookup", tag = "catalogue", params(ByNumber),
    responses((status = 200, body = Chemical), Failures), security(("bearer" = [])))]
async fn look_up_chemical(by: Auth<Anyone>, Query(query): Query<ByNumber>) -> Result<Tagged<Chemical>> {
    super::look_up(&by, &query.cas).await.map(Tagged)
}

/// Read a chemical.
#[utoipa::path(get, path = "/chemicals/{chemical_id}", tag = "catalogue", params(("chemical_id" = Uuid, Path)),
    responses((status = 200, body = Chemical), Failures), security(("bearer" = [])))]
async fn get_chemical(by: Auth<Anyone>, Path(id): Path<Uuid>) -> Result<Tagged<Arc<Chemical>>> {
    super::get(&by, id).await.map(Tagged)
}

/// Change a chemical.
///
/// A new formula brings its molar mass, unless you send one.
#[utoipa::path(patch, path = "/chemicals/{chemical_id}", tag = "catalogue",
    params(("chemical_id" = Uuid, Path), ("If-Match" = String, Header, description = "The ETag that you read", example = "\"1\"")),
    responses((status = 200, body = Chemical), Failures), security(("bearer" = ["cataloguer"])))]
async fn update_chemical(
    by: Auth<Cataloguer>,
    Path(id): Path<Uuid>,
    IfMatch(read): IfMatch,
    Json(patch): Json<ChemicalPatch>,
) -> Result<Tagged<Chemical>> {
    super::change(&by, id, read, patch).await.map(Tagged)
}

/// Delete a chemical that no container refers to
///
/// Containers that are gone count, too. What labs override of it goes with it. Its names and numbers are free for
/// another chemical, its `id` is not: the audit names it.
#[utoipa::path(delete, path = "/chemicals/{chemical_id}", tag = "catalogue",
    params(("chemical_id" = Uuid, Path), ("If-Match" = String, Header, description = "The ETag that you read", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["cataloguer"])))]
async fn delete_chemical(by: Auth<Cataloguer>, Path(id): Path<Uuid>, IfMatch(read): IfMatch) -> Result<NoContent> {
    super::delete(&by, id, read).await.map(|()| NoContent)
}
