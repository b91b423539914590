//! `/v1/admin/sending-stops`.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{NewStop, SendingStop};
use crate::{
    auth::{Auth, Owner},
    base::{error::Result, page::Page},
    platform::app::App,
    web::{Failures, Json, NoContent, PageQuery, Path, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_sending_stops)).routes(routes!(set_sending_stop, lift_sending_stop))
}

/// List sending stops
///
/// A block of ten thousand numbers or a country stops by itself when hardly any of the codes sent there come back, and
/// goes on by itself within a day. People with an account or an invitation get their codes there all the same.
#[utoipa::path(get, path = "/admin/sending-stops", tag = "login", security(("bearer" = ["owner"])),
    params(PageQuery<String>), responses((status = 200, body = Page<SendingStop>), Failures))]
async fn list_sending_stops(
    by: Auth<Owner>,
    Query(query): Query<PageQuery<String>>,
) -> Result<Json<Page<SendingStop>>> {
    super::list(&by, query.cursor, query.limit).await.map(Json)
}

/// Set a sending stop
///
/// A stop has no version, so this takes no `If-Match`; it takes the place of one that is there.
#[utoipa::path(put, path = "/admin/sending-stops/{prefix}", tag = "login", security(("bearer" = ["owner"])),
    request_body = NewStop,
    params(("prefix" = String, Path, description = "A country, or the beginning of numbers; `+` is written `%2B`",
        example = "+1202555")),
    responses((status = 200, body = SendingStop), Failures))]
async fn set_sending_stop(
    by: Auth<Owner>,
    Path(prefix): Path<String>,
    Json(new): Json<NewStop>,
) -> Result<Json<SendingStop>> {
    super::set(&by, &prefix, &new).await.map(Json)
}

/// Lift a sending stop
///
/// What was counted there is forgotten. Where nothing is stopped, nothing is done. A stop has no version, so this takes
/// no `If-Match`.
#[utoipa::path(delete, path = "/admin/sending-stops/{prefix}", tag = "login", security(("bearer" = ["owner"])),
    params(("prefix" = String, Path, description = "A country, or the beginning of numbers; `+` is written `%2B`",
        example = "+1202555")),
    responses((status = 204, description = "Strangers get codes there again"), Failures))]
async fn lift_sending_stop(by: Auth<Owner>, Path(prefix): Path<String>) -> Result<NoContent> {
    super::lift(&by, &prefix).await.map(|()| NoContent)
}
