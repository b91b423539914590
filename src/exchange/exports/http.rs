use std::borrow::Cow;

use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Auth, Viewer},
    base::{dates, error::Result, page::Limit, text::Text},
    platform::app::App,
    stock::containers::{ContainerFilter, Include, State},
    web::{
        Failures, Query,
        stream::{File, streamed},
    },
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_containers))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportFilter {
    /// Those that the search of the list finds.
    #[param(example = "acetonitrle", value_type = Option<String>, min_length = 2, max_length = 200)]
    q: Option<Text<200>>,
    /// In this location or anywhere below it.
    location_id: Option<Uuid>,
    chemical_id: Option<Uuid>,
    /// In this state. Without it what is `lost`, `empty`, `disposed` or `voided` is left out.
    state: Option<State>,
    /// `gone`: also what is lost, empty, disposed or voided.
    #[param(inline)]
    include: Option<Include>,
    /// Expires before this day.
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "dates::optional")]
    expiring_before: Option<NaiveDate>,
    /// Only those at or below their `low_at`.
    #[serde(default)]
    low: bool,
}

impl From<ExportFilter> for ContainerFilter {
    fn from(filter: ExportFilter) -> Self {
        let ExportFilter { q, location_id, chemical_id, state, include, expiring_before, low } = filter;
        Self {
            q,
            location_id,
            chemical_id,
            state,
            include,
            expiring_before,
            low,
            limit: Limit::default(),
            cursor: None,
        }
    }
}

const CSV: File =
    File { name: Cow::Borrowed("containers.csv"), content_type: "text/csv; charset=utf-8; header=present" };

/// Export containers as CSV
///
/// All containers that the list has with these filters and that you may see, in its order: code, chemical (its name in
/// the catalogue), CAS number, amount and its unit (UCUM), location from the root down, state, lot, supplier, catalogue
/// number, tare and its unit, days (YYYY-MM-DD) and note. Before a cell that a spreadsheet would run (`=`, `+`, `-`,
/// `@`) stands an apostrophe, which `chemstock import containers` takes off again.
///
/// The answer is written while it is read. If something fails on the way, the connection breaks off without the end of
/// the body: then what has come is not all there is. After five minutes it breaks off, too. A container that is moved
/// or changed meanwhile is there as it was or as it is.
#[utoipa::path(get, path = "/labs/{lab_id}/exports/containers.csv", tag = "containers",
    params(("lab_id" = Uuid, Path), ExportFilter), security(("bearer" = ["viewer"])),
    responses((status = 200, body = String, content_type = "text/csv", description = "The file",
        example = "code,chemical,cas,amount,unit\n7K3M9QXTD,acetonitrile,75-05-8,500,mL\n"), Failures))]
async fn export_containers(by: Auth<Viewer>, Query(filter): Query<ExportFilter>) -> Result<Response> {
    streamed(CSV, super::containers(by, filter.into()).await?).await
}
