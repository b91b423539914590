use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Container, ContainerFilter, ContainerPatch, NewContainer, NewEvent, StockEvent, bulk, draft::Posted, events::Key,
    scan::ScanResult,
};
use crate::{
    auth::{Auth, Member, Viewer},
    base::{error::Result, made::Made, page::Page},
    platform::app::App,
    web::{Failures, IfMatch, Json, PageQuery, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_containers, create_container))
        .routes(routes!(get_container, update_container))
        .routes(routes!(list_events, post_event))
        .routes(routes!(scan_code))
        .merge(bulk::routes())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InLab {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    container_id: Uuid,
}

/// List containers, or search them.
#[utoipa::path(get, path = "/labs/{lab_id}/containers", tag = "containers",
    params(("lab_id" = Uuid, Path), ContainerFilter),
    responses((status = 200, body = Page<Container>), Failures), security(("bearer" = ["viewer"])))]
async fn list_containers(
    by: Auth<Viewer>,
    Query(filter): Query<ContainerFilter>,
) -> Result<Json<Page<Box<Container>>>> {
    super::list(&by, &filter).await.map(Json)
}

/// Register a container
///
/// Its receipt is the first event of its ledger. The same container again under its `id` is not made again: 200 with
/// the container as it is now. Where the lab's policy `registration` is `manager`, this needs the role `manager`.
#[utoipa::path(post, path = "/labs/{lab_id}/containers", tag = "containers", params(("lab_id" = Uuid, Path)),
    responses((status = 201, body = Container), (status = 200, description = "It was made before", body = Container), Failures),
    security(("bearer" = ["member"])))]
async fn create_container(by: Auth<Member>, Json(new): Json<NewContainer>) -> Result<Made<Container>> {
    super::create(&by, new).await
}

/// Read a container.
#[utoipa::path(get, path = "/labs/{lab_id}/containers/{container_id}", tag = "containers", params(InLab),
    responses((status = 200, body = Container), Failures), security(("bearer" = ["viewer"])))]
async fn get_container(by: Auth<Viewer>, Path(path): Path<InLab>) -> Result<Tagged<Arc<Container>>> {
    super::get(&by, path.container_id).await.map(Tagged)
}

/// Change a container
///
/// Only what is not a matter of the ledger: amount, state and place change by events. Code, tare, density and dates
/// need the role `manager`, and where the lab's policy `registration` is `manager`, so does the rest.
#[utoipa::path(patch, path = "/labs/{lab_id}/containers/{container_id}", tag = "containers",
    params(InLab, ("If-Match" = String, Header, description = "The ETag that you read", example = "\"1\"")),
    responses((status = 200, body = Container), Failures), security(("bearer" = ["member"])))]
async fn update_container(
    by: Auth<Member>,
    Path(path): Path<InLab>,
    IfMatch(read): IfMatch,
    Json(patch): Json<ContainerPatch>,
) -> Result<Tagged<Container>> {
    super::update(&by, path.container_id, read, patch).await.map(Tagged)
}

/// Read a container's ledger, newest first.
#[utoipa::path(get, path = "/labs/{lab_id}/containers/{container_id}/events", tag = "containers",
    params(InLab, PageQuery<Key>),
    responses((status = 200, body = Page<StockEvent>), Failures), security(("bearer" = ["viewer"])))]
async fn list_events(
    by: Auth<Viewer>,
    Path(path): Path<InLab>,
    Query(page): Query<PageQuery<Key>>,
) -> Result<Json<Page<StockEvent>>> {
    super::events(&by, path.container_id, page.limit, page.cursor).await.map(Json)
}

/// Post a stock event
///
/// Withdraw, weigh, move and so on.
///
/// Each type starts from certain states; a refused one is a 409 of type `event-not-allowed` with `allowed_actions`. An
/// amount may be in any unit of the same dimension, which converts exactly, or in mass, volume or amount of substance
/// where the density and the molar mass that this takes are known; then the amount that is booked has 6 significant
/// digits, and what comes within 0.01 % of what is left takes just that. A withdrawal never goes below zero. The same
/// event again under its `id` is not booked again: 200 with what was booked. `release`, and undoing a quarantine or a
/// disposal, need the role `manager`. A member undoes their own events, and what others booked within 24 hours.
#[utoipa::path(post, path = "/labs/{lab_id}/containers/{container_id}/events", tag = "containers", params(InLab),
    request_body(content = NewEvent, examples(
        ("withdraw" = (value = json!({"type": "withdraw", "amount": {"value": "12.5", "unit": "mL"}}))),
        ("receive" = (value = json!({"type": "receive", "amount": {"value": "500", "unit": "mL"}}))),
        ("open" = (value = json!({"type": "open"}))),
        ("return" = (value = json!({"type": "return", "amount": {"value": "2", "unit": "mL"}}))),
        ("weigh" = (value = json!({"type": "weigh", "gross": {"value": "512.4", "unit": "g"}, "tare": {"value": "310", "unit": "g"}}))),
        ("adjust" = (value = json!({"type": "adjust", "amount": {"value": "480", "unit": "mL"}, "reason": "evaporated"}))),
        ("move" = (value = json!({"type": "move", "location_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"}))),
        ("check_out" = (value = json!({"type": "check_out"}))),
        ("check_in" = (value = json!({"type": "check_in"}))),
        ("quarantine" = (value = json!({"type": "quarantine", "reason": "the label has come off"}))),
        ("release" = (value = json!({"type": "release"}))),
        ("lose" = (value = json!({"type": "lose"}))),
        ("find" = (value = json!({"type": "find"}))),
        ("empty" = (value = json!({"type": "empty"}))),
        ("discard" = (value = json!({"type": "discard"}))),
        ("dispose" = (value = json!({"type": "dispose"}))),
        ("reverse" = (value = json!({"type": "reverse", "event_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"}))))),
    responses((status = 201, body = Posted), (status = 200, description = "It was booked before", body = Posted), Failures),
    security(("bearer" = ["member"])))]
async fn post_event(by: Auth<Member>, Path(path): Path<InLab>, Json(event): Json<NewEvent>) -> Result<Response> {
    let posted = super::post(&by, path.container_id, event).await?;
    let status = if posted.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(posted)).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Scan {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    /// The scanned text, percent-encoded.
    #[param(example = "64-17-5")]
    code: String,
}

/// Scan a code
///
/// Any barcode in: ours, a place's, a CAS number, a supplier's GS1 label.
#[utoipa::path(get, path = "/labs/{lab_id}/scan/{code}", tag = "containers",
    params(Scan),
    responses((status = 200, body = ScanResult), Failures), security(("bearer" = ["viewer"])))]
async fn scan_code(by: Auth<Viewer>, Path(path): Path<Scan>) -> Result<Json<ScanResult>> {
    super::scan(&by, &path.code).await.map(Json)
}
