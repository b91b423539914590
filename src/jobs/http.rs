use axum::{
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream::unfold};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Anyone, Auth, Owner},
    base::{
        error::Result,
        page::{Cursor, Limit, Page},
        text::Text,
    },
    platform::{
        app::App,
        jobs::{JobFilter, JobState, StoredJob},
    },
    web::{Failures, Json, Path, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_job))
        .routes(routes!(cancel_job))
        .routes(routes!(stream_job))
        .routes(routes!(list_jobs))
        .routes(routes!(retry_job))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct JobsQuery {
    state: Option<JobState>,
    #[param(value_type = Option<String>)]
    kind: Option<Text<100>>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
}

/// List jobs
///
/// Work that no request waits for, the newest first. `state=failed` shows the dead letters: what has failed as often as
/// it may be tried; an owner repeats or cancels them. They are kept for 90 days, everything else that has ended for a
/// week. A step that runs by a schedule is one job, which waits for its next run.
#[utoipa::path(get, path = "/admin/jobs", tag = "jobs", security(("bearer" = ["owner"])),
    params(JobsQuery), responses((status = 200, body = Page<StoredJob>), Failures))]
async fn list_jobs(by: Auth<Owner>, Query(query): Query<JobsQuery>) -> Result<Json<Page<StoredJob>>> {
    let JobsQuery { state, kind, limit, cursor } = query;
    super::list(&by, JobFilter { state, kind: kind.as_ref().map(Text::as_str), before: cursor, limit }).await.map(Json)
}

/// Repeat a failed job
///
/// A dead letter is queued again, at once and with all its tries.
#[utoipa::path(post, path = "/admin/jobs/{job_id}/retry", tag = "jobs", security(("bearer" = ["owner"])),
    params(("job_id" = Uuid, Path)), responses((status = 200, body = StoredJob), Failures))]
async fn retry_job(by: Auth<Owner>, Path(id): Path<Uuid>) -> Result<Json<StoredJob>> {
    super::retry(&by, id).await.map(Json)
}

/// Read a job
///
/// How far it is, and what came of it. Whoever asked for the job may, the admins of its lab, and owners of the
/// installation.
#[utoipa::path(get, path = "/jobs/{job_id}", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = Uuid, Path)), responses((status = 200, body = StoredJob), Failures))]
async fn get_job(by: Auth<Anyone>, Path(id): Path<Uuid>) -> Result<Json<StoredJob>> {
    super::get(&by, id).await.map(Json)
}

/// Cancel a job
///
/// One that waits ends at once. One that runs is asked to end (`cancel_requested`), and does so within seconds. One
/// that has failed for good is closed: nobody need repeat it. A step that runs by a schedule cannot be cancelled.
/// Whoever may read a job may cancel it.
#[utoipa::path(post, path = "/jobs/{job_id}/cancel", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = Uuid, Path)), responses((status = 200, body = StoredJob), Failures))]
async fn cancel_job(by: Auth<Anyone>, Path(id): Path<Uuid>) -> Result<Json<StoredJob>> {
    super::cancel(&by, id).await.map(Json)
}

/// Watch a job
///
/// Server-sent events: the job as it is, and again after each change, at most once a second. Each event is called
/// `job`, and its data are what `GET /v1/jobs/{job_id}` answers. The stream ends when the job has ended, within seconds
/// of the right to see it, and after five minutes: then ask again with the last id as `Last-Event-ID`, as an
/// `EventSource` does. Somebody can watch four jobs at a time.
#[utoipa::path(get, path = "/jobs/{job_id}/events", tag = "jobs", security(("bearer" = [])),
    params(("job_id" = Uuid, Path),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that you have")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "The events",
        example = "id: 7\nevent: job\ndata: {\"state\": \"done\"}\n\n"), Failures))]
async fn stream_job(
    by: Auth<Anyone>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = serde_json::Result<Event>>>> {
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let watch = super::watch(by, id, seen).await?;
    let events = unfold(watch, async |mut watch| {
        let job = watch.next().await?;
        Some((event(&job), watch))
    });
    Ok(Sse::new(Box::pin(events)).keep_alive(KeepAlive::default()))
}

fn event(job: &StoredJob) -> serde_json::Result<Event> {
    Ok(Event::default().id(job.version.to_string()).event("job").data(serde_json::to_string(job)?))
}
