use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    audit::{self, AuditFilter, AuditLine},
    verify::{self, Head, Range, Verification},
};
use crate::{
    auth::{Auth, Manager, Owner},
    base::{
        dates,
        error::Result,
        page::{Cursor, Limit, Page},
        text::Text,
    },
    platform::app::App,
    web::{Failures, Json, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(get_audit_head))
        .routes(routes!(verify_audit))
        .routes(routes!(get_installation_audit_head))
        .routes(routes!(verify_installation_audit))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only what changed this location, container, person or other thing.
    subject: Option<Uuid>,
    /// Only what this person did, or had a machine do.
    by: Option<Uuid>,
    /// Only of this time or later.
    #[serde(default, deserialize_with = "dates::optional")]
    from: Option<DateTime<Utc>>,
    /// Only of this kind, such as `location.moved`.
    #[param(value_type = Option<String>)]
    kind: Option<Text<100>>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<i64>>,
}

/// List what was changed
///
/// Every change in the lab with before and after, and who made it, the newest first; events of containers are among
/// them. A change is here about a second after it was made. A page looks at 10,000 lines for what is asked for: it
/// may have fewer items than `limit`, or none, though more follow; go on until `next_cursor` is null.
#[utoipa::path(get, path = "/labs/{lab_id}/audit", tag = "audit", security(("bearer" = ["manager"])),
    params(("lab_id" = Uuid, Path), AuditQuery), responses((status = 200, body = Page<AuditLine>), Failures))]
async fn list_audit(by: Auth<Manager>, Query(query): Query<AuditQuery>) -> Result<Json<Page<AuditLine>>> {
    let AuditQuery { subject, by: person, from, kind, limit, cursor } = query;
    audit::of_lab(&by, &AuditFilter { subject, by: person, from, kind, limit }, cursor).await.map(Json)
}

/// Get the head of the chain
///
/// The last position of the lab and its hash, which stands for all lines up to there. Publish it or have it
/// time-stamped: then nobody can change a line from before unnoticed.
#[utoipa::path(get, path = "/labs/{lab_id}/audit/head", tag = "audit", security(("bearer" = ["manager"])),
    params(("lab_id" = Uuid, Path)), responses((status = 200, body = Head), Failures))]
async fn get_audit_head(by: Auth<Manager>) -> Result<Json<Head>> {
    verify::head_of_lab(&by).await.map(Json)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct VerifyQuery {
    /// The first position.
    #[param(minimum = 1, default = 1)]
    from: Option<i64>,
    /// The last position.
    #[param(minimum = 1)]
    to: Option<i64>,
    /// `next_from_line` of the call before, without `from` and `to`: goes on to look for lines without a position.
    from_line: Option<Uuid>,
}

impl From<VerifyQuery> for Range {
    fn from(query: VerifyQuery) -> Self {
        Self { from: query.from, to: query.to, from_line: query.from_line }
    }
}

/// Recompute the chain
///
/// Computes the hashes of the lab's lines anew, and names the first line that does not fit: changed, gone, or put
/// between. At the end of the chain it looks for lines that have no position. At most 100,000 lines a call; `next_from`
/// and then `next_from_line` say where to go on: all fits when both are null without a fault. Only a head that was kept
/// elsewhere shows that the chain ends too early.
#[utoipa::path(get, path = "/labs/{lab_id}/audit/verify", tag = "audit", security(("bearer" = ["manager"])),
    params(("lab_id" = Uuid, Path), VerifyQuery), responses((status = 200, body = Verification), Failures))]
async fn verify_audit(by: Auth<Manager>, Query(query): Query<VerifyQuery>) -> Result<Json<Verification>> {
    verify::verify_lab(&by, query.into()).await.map(Json)
}

/// Get the head of the installation's chain
///
/// Of the changes that belong to no lab: the catalogue, accounts, stops of sending.
#[utoipa::path(get, path = "/admin/audit/head", tag = "audit", security(("bearer" = ["owner"])),
    responses((status = 200, body = Head), Failures))]
async fn get_installation_audit_head(by: Auth<Owner>) -> Result<Json<Head>> {
    verify::head_of_installation(&by).await.map(Json)
}

/// Recompute the installation's chain
///
/// As for a lab, of the changes that belong to none.
#[utoipa::path(get, path = "/admin/audit/verify", tag = "audit", security(("bearer" = ["owner"])),
    params(VerifyQuery), responses((status = 200, body = Verification), Failures))]
async fn verify_installation_audit(by: Auth<Owner>, Query(query): Query<VerifyQuery>) -> Result<Json<Verification>> {
    verify::verify_installation(&by, query.into()).await.map(Json)
}
