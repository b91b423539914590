//! `/v1/labs/{lab_id}/policies`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Admin, Auth, PolicyName, Viewer},
    base::{
        error::Result,
        page::{Cursor, Limit, Page},
        version::Versioned,
    },
    people::labs::{
        policies::{self, NewPolicy, Policy, PolicyChange},
        store::policies::Key,
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_policies)).routes(routes!(get_policy, set_policy, withdraw_policy))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct PolicyPath {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    /// Which policy of the lab.
    #[param(inline, example = "registration")]
    name: PolicyName,
}

impl Versioned for Policy {
    fn version(&self) -> i32 {
        self.version
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PoliciesQuery {
    /// Only this policy.
    #[param(inline, example = "registration")]
    name: Option<PolicyName>,
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Key>>,
}

/// List the values of a lab's policies.
///
/// What is coming, what holds, and what has held before, by `effective_from`, the latest first.
#[utoipa::path(get, path = "/labs/{lab_id}/policies", tag = "people", params(("lab_id" = Uuid, Path), PoliciesQuery),
    responses((status = 200, body = Page<PolicyChange>), Failures), security(("bearer" = ["viewer"])))]
async fn list_policies(by: Auth<Viewer>, Query(query): Query<PoliciesQuery>) -> Result<Json<Page<PolicyChange>>> {
    policies::list(&by, query.name, query.limit, query.cursor).await.map(Json)
}

/// Get a policy of a lab.
///
/// What holds now, and what is coming.
#[utoipa::path(get, path = "/labs/{lab_id}/policies/{name}", tag = "people", params(PolicyPath),
    responses((status = 200, body = Policy), Failures), security(("bearer" = ["viewer"])))]
async fn get_policy(by: Auth<Viewer>, Path(path): Path<PolicyPath>) -> Result<Tagged<Policy>> {
    policies::get(&by, path.name).await.map(Tagged)
}

/// Set a policy of a lab.
///
/// From now on, or from a time that is still to come; a time that has passed is refused. One value can be coming:
/// another one with a time to come takes its place, and what is set from now on holds until then. What was set is never
/// overwritten: the list shows it. `registration` (`member` or `manager`) says from which role on people register and
/// edit containers, `sharing` (`none` or `stock`) what other labs of the installation see.
#[utoipa::path(put, path = "/labs/{lab_id}/policies/{name}", tag = "people",
    params(PolicyPath, ("If-Match" = String, Header, description = "The policy's ETag", example = "\"1\"")),
    responses((status = 200, body = Policy), Failures), security(("bearer" = ["admin"])))]
async fn set_policy(
    by: Auth<Admin>,
    Path(path): Path<PolicyPath>,
    IfMatch(version): IfMatch,
    Json(new): Json<NewPolicy>,
) -> Result<Tagged<Policy>> {
    policies::set(&by, path.name, version, new).await.map(Tagged)
}

/// Withdraw what is coming.
///
/// What holds now goes on. 404 where nothing is coming.
#[utoipa::path(delete, path = "/labs/{lab_id}/policies/{name}", tag = "people",
    params(PolicyPath, ("If-Match" = String, Header, description = "The policy's ETag", example = "\"2\"")),
    responses((status = 204), Failures), security(("bearer" = ["admin"])))]
async fn withdraw_policy(
    by: Auth<Admin>,
    Path(path): Path<PolicyPath>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    policies::withdraw(&by, path.name, version).await.map(|()| NoContent)
}
