//! The one place where a failure becomes an answer: `application/problem+json` (RFC 9457), for every failure.
//!
//! A failing handler or layer answers with an empty response that carries a [`Problem`]. [`finish`] writes the body;
//! the layer of `idempotency` calls it, because it knows the request id. A failure without a [`Problem`] (of one of
//! tower's layers, or a route that does not exist) gets the general problem of its status.

use std::{any::Any, collections::BTreeMap, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chemistry::Quantity;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::catalogue::{Kind, general};
use crate::{
    base::error::{Error, Field},
    platform::panics,
};

/// Why a request failed (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/invalid", "title": "Some fields are not acceptable", "status": 422,
    "instance": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
    "errors": [{"pointer": "/amount/value", "detail": "must be a decimal string such as \"12.5\""}]
}))]
pub struct Problem {
    /// `/problems/<slug>`: a page that says what happened and what to do.
    pub r#type: String,
    pub title: &'static str,
    pub status: u16,
    /// What happened this time; left out of failures on our side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request id, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The refused fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Field>,
    /// The events that the container does allow you now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub allowed_actions: Option<Vec<&'static str>>,
    /// The event that has to be undone first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<Uuid>,
    /// What is left in the container, in the unit that was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Quantity>,
    /// The values of the chemical without which the amount cannot be converted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["density"]))]
    pub missing: Vec<&'static str>,
    /// What became of each of many events that were to be booked together, as `POST /v1/labs/{lab_id}/events` answers
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<serde_json::Value>)]
    pub verdicts: Option<Box<serde_json::Value>>,
    /// What this service depends on: `ok` or `away`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<&'static str, &'static str>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub fn new(kind: Kind) -> Self {
        Self {
            r#type: format!("/problems/{}", kind.slug),
            title: kind.title,
            status: kind.status.as_u16(),
            detail: None,
            instance: None,
            errors: Vec::new(),
            allowed_actions: None,
            blocked_by: None,
            left: None,
            missing: Vec::new(),
            verdicts: None,
            services: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// The server cannot serve; the problem says which services are away.
    pub fn away(services: BTreeMap<&'static str, &'static str>) -> Self {
        Self { services, ..Self::new(general::UNAVAILABLE).retry_after(1) }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn errors(mut self, errors: Vec<Field>) -> Self {
        self.errors = errors;
        self
    }

    /// What became of each of many, where they stand or fall together.
    #[must_use]
    pub fn verdicts(mut self, verdicts: &[impl Serialize]) -> Self {
        let verdicts = verdicts.iter().filter_map(|it| serde_json::to_value(it).ok());
        self.verdicts = Some(Box::new(verdicts.collect()));
        self
    }

    #[must_use]
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    fn of_status(status: StatusCode) -> Self {
        let kind = general::ALL.iter().find(|kind| kind.status == status);
        match kind {
            Some(kind) => Self::new(*kind),
            None if status.is_client_error() => Self { status: status.as_u16(), ..Self::new(general::MALFORMED) },
            None => Self::new(general::INTERNAL),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::new(general::NOT_FOUND).detail(format!("{what} not found")),
            Error::PathNotUtf8(part) => Self::new(general::MALFORMED)
                .detail(format!("`{part}` in the path is not UTF-8 once its percent signs are decoded")),
            Error::NoToken => Self::new(general::NO_TOKEN),
            Error::BadToken(_) => Self::new(general::BAD_TOKEN),
            Error::Forbidden(why) => Self::new(general::FORBIDDEN).detail(why),
            Error::Invalid(fields) => Self::new(general::INVALID).errors(fields),
            Error::Rejected(rejection) => {
                let field = rejection.pointer.map(|pointer| Field::new(pointer, rejection.detail.clone()));
                let mut problem = Self::new(rejection.reason.into()).detail(rejection.detail);
                problem.errors.extend(field);
                let members = rejection.members.map(|members| *members).unwrap_or_default();
                problem.allowed_actions = members.allowed_actions;
                problem.blocked_by = members.blocked_by;
                problem.left = members.left;
                problem.missing = members.missing;
                problem
            }
            Error::Stale => Self::new(general::STALE),
            Error::VersionRequired => Self::new(general::IF_MATCH_REQUIRED),
            Error::RateLimited { retry_after } => Self::new(general::RATE_LIMITED).retry_after(whole(retry_after)),
            Error::BudgetSpent { retry_after } => Self::new(general::BUDGET_SPENT).retry_after(whole(retry_after)),
            Error::Paused { retry_after } => Self::new(general::UNAVAILABLE).retry_after(retry_after.as_secs() + 1),
            Error::Unavailable { service, cause } => {
                tracing::warn!(service, %cause, "unavailable");
                Self::new(general::UNAVAILABLE).retry_after(5)
            }
            Error::Newer(unknown) => {
                tracing::error!(cause = &unknown as &dyn std::error::Error, "a newer version has written a row");
                let detail =
                    "this version cannot read something that a newer one has written; an update may be under way";
                Self::new(general::UNAVAILABLE).detail(detail).retry_after(5)
            }
            // A value that the database cannot hold is the sender's fault; every other failure of the database is ours.
            Error::Database(cause) if is_out_of_range(&cause) => {
                Self::new(general::INVALID).detail("a number or a date is out of range")
            }
            Error::Database(cause) => {
                tracing::error!(cause = &cause as &dyn std::error::Error, "database");
                Self::new(general::INTERNAL)
            }
            Error::Internal(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "internal");
                Self::new(general::INTERNAL)
            }
        }
    }
}

/// In whole seconds, rounded up.
fn whole(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// SQLSTATE 22003 `numeric_value_out_of_range` and 22008 `datetime_field_overflow`, such as the year -5000.
fn is_out_of_range(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["22003", "22008"].contains(&&*code))
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Writes the body of a failure, unless it has one.
pub(super) fn finish(mut response: Response, request_id: Option<&HeaderValue>) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == PROBLEM_JSON) {
        return response;
    }
    let mut problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| Problem::of_status(status));
    problem.instance = request_id.and_then(|id| id.to_str().map(str::to_owned).ok());
    with_body(response, &problem)
}

fn with_body(response: Response, problem: &Problem) -> Response {
    let (mut parts, _) = response.into_parts();
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let headers = &mut parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, challenge(&problem.r#type));
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    Response::from_parts(parts, body.into())
}

/// RFC 6750 section 3.1: no error code for a request that carried no credentials.
fn challenge(problem_type: &str) -> HeaderValue {
    if problem_type.ends_with(general::BAD_TOKEN.slug) {
        HeaderValue::from_static(r#"Bearer realm="chemstock", error="invalid_token""#)
    } else {
        HeaderValue::from_static(r#"Bearer realm="chemstock""#)
    }
}

pub async fn fallback() -> Problem {
    Problem::new(general::NOT_FOUND).detail("there is no such path; the API document is at /openapi.json")
}

pub async fn method_not_allowed() -> Problem {
    Problem::new(general::METHOD_NOT_ALLOWED)
}

/// A panic ends one request, not the server.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn from_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(panic = panics::text(&*panic), "a handler panicked");
    Problem::new(general::INTERNAL).into_response()
}
