use std::borrow::Cow;

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    NewImport,
    downloads::{self, Named},
    file::FileName,
    import::{Import, ImportSummary},
    options::ImportOptions,
};
use crate::{
    auth::{Auth, Manager},
    base::{
        error::Result,
        ids::OwnId,
        made::Made,
        page::{Cursor, Limit, Page},
    },
    platform::{app::App, jobs::StoredJob},
    web::{
        Failures, Json, Path, Problem, Query, Tagged,
        stream::{File, streamed},
        upload::{Incoming, Upload},
    },
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_imports, create_import))
        .routes(routes!(get_import))
        .routes(routes!(dry_run_import))
        .routes(routes!(commit_import))
        .routes(routes!(get_import_corrections))
        .routes(routes!(get_import_codes))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InLab {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    import_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FileQuery {
    /// What the file is called, without a folder. Codes that are made follow from it, so a list that comes again keeps its
    /// name.
    #[param(value_type = String, min_length = 1, max_length = 190, example = "october.csv")]
    name: FileName,
    /// An id of your own (UUIDv7), which makes a repeat safe.
    #[param(value_type = Option<Uuid>)]
    id: Option<OwnId>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Uuid>>,
}

const TYPES: [&str; 3] = ["text/csv", "text/tab-separated-values", "application/octet-stream"];

/// Upload a list
///
/// The body is the file itself: CSV in UTF-8 with a header, separated by commas, semicolons or tabs, of at most 25 MiB.
/// Nothing comes into the lab yet. The answer has the columns and what they are taken for, and the first rows: then try it
/// at `/dry-run`, with a `mapping` where a column is not known, and bring it in at `/commit`.
///
/// `Content-Digest` (or `Repr-Digest`) with a `sha-256`, as RFC 9530 writes it, is checked. The same file again under its
/// `id` is not kept twice: 200 with the import as it is now. Other bytes, or another name, under the same `id` are refused.
/// A body that breaks off leaves nothing. An `Idempotency-Key` has no effect here.
///
/// You see your own imports; admins of the lab see all. A file is kept for a week after its last use.
#[utoipa::path(post, path = "/labs/{lab_id}/imports", tag = "imports", security(("bearer" = ["manager"])),
    params(("lab_id" = Uuid, Path), FileQuery,
        ("Content-Digest" = Option<String>, Header, description = "The SHA-256 of the body, such as `sha-256=:…:`")),
    request_body(description = "The file", content(
        (String = "text/csv", example = "code,chemical,cas,amount\nB-1,acetonitrile,75-05-8,500 mL\n"),
        (String = "text/tab-separated-values"),
        (String = "application/octet-stream"))),
    responses((status = 201, body = Import),
        (status = 200, description = "It was uploaded before", body = Import), Failures))]
async fn create_import(
    by: Auth<Manager>,
    Query(query): Query<FileQuery>,
    file: Incoming,
) -> std::result::Result<Made<Import>, Problem> {
    let Upload { bytes, sha256 } = file.receive(&by, &TYPES).await?;
    let new = NewImport { id: query.id, name: query.name, bytes, sha256 };
    Ok(super::create(&by, new).await?)
}

/// List imports
///
/// Your own, the newest first; admins of the lab see all.
#[utoipa::path(get, path = "/labs/{lab_id}/imports", tag = "imports", security(("bearer" = ["manager"])),
    params(("lab_id" = Uuid, Path), PageQuery), responses((status = 200, body = Page<ImportSummary>), Failures))]
async fn list_imports(by: Auth<Manager>, Query(query): Query<PageQuery>) -> Result<Json<Page<ImportSummary>>> {
    super::list(&by, query.cursor, query.limit).await.map(Json)
}

/// Get an import
///
/// The file as it was read, what has become of it, and the report of its last run.
#[utoipa::path(get, path = "/labs/{lab_id}/imports/{import_id}", tag = "imports", security(("bearer" = ["manager"])),
    params(InLab), responses((status = 200, body = Import), Failures))]
async fn get_import(by: Auth<Manager>, Path(at): Path<InLab>) -> Result<Tagged<Import>> {
    super::get(&by, at.import_id).await.map(Tagged)
}

/// Try an import
///
/// Says what would happen, with the locations that would be made, and changes nothing. It runs as a job: its id is in the
/// answer, `GET /v1/jobs/{job_id}` says how far it is, and `run.report` of the import what came of it. Meanwhile no other
/// import into the lab goes on, and no location of it is changed.
///
/// While a run of a list of this name has not ended there is no other: 409, or, where it is just this one, its job again.
#[utoipa::path(post, path = "/labs/{lab_id}/imports/{import_id}/dry-run", tag = "imports",
    security(("bearer" = ["manager"])), params(InLab), request_body = ImportOptions,
    responses((status = 202, description = "The job of the run", body = StoredJob), Failures))]
async fn dry_run_import(
    by: Auth<Manager>,
    Path(at): Path<InLab>,
    Json(options): Json<ImportOptions>,
) -> Result<Response> {
    started(super::run(&by, at.import_id, true, &options).await?)
}

/// Bring an import into the lab
///
/// As a job, with your rights and keys as they are at each batch: places that you may not see are not there for it, and
/// nothing is put into one that is closed to you. The ledger books the bottles for you, by the import. What has one meaning
/// goes in; every other row is in `corrections.csv` with the reason: mend it there, and upload that file.
///
/// The same list again changes nothing, and a run that was stopped is finished by the next one. A job that is cancelled
/// leaves what it has brought so far.
#[utoipa::path(post, path = "/labs/{lab_id}/imports/{import_id}/commit", tag = "imports",
    security(("bearer" = ["manager"])), params(InLab), request_body = ImportOptions,
    responses((status = 202, description = "The job of the run", body = StoredJob), Failures))]
async fn commit_import(
    by: Auth<Manager>,
    Path(at): Path<InLab>,
    Json(options): Json<ImportOptions>,
) -> Result<Response> {
    started(super::run(&by, at.import_id, false, &options).await?)
}

#[expect(clippy::unnecessary_wraps, reason = "what a handler answers")]
fn started(job: StoredJob) -> Result<Response> {
    Ok((StatusCode::ACCEPTED, Json(job)).into_response())
}

const CSV: &str = "text/csv; charset=utf-8; header=present";

/// Download the rows that were refused
///
/// Those of the last run, each with its line and the reason, in a file that can be mended and uploaded, best under the
/// name that it has here. 404 until a run has ended that refused a row.
#[utoipa::path(get, path = "/labs/{lab_id}/imports/{import_id}/corrections.csv", tag = "imports",
    security(("bearer" = ["manager"])), params(InLab),
    responses((status = 200, body = String, content_type = "text/csv", description = "The file",
        example = "line,reason,read with,check,decides,code,amount\n3,the amount is empty,,abcdefgh,,B-2,\n"), Failures))]
async fn get_import_corrections(by: Auth<Manager>, Path(at): Path<InLab>) -> Result<Response> {
    let Named { name, parts } = downloads::corrections(by, at.import_id).await?;
    streamed(File { name: Cow::Owned(name), content_type: CSV }, parts).await
}

/// Download the codes that were made
///
/// The rows that are in with a code that was made for them, for the labels; also those of earlier runs of a list of this
/// name. 404 until a run has ended that brought one.
#[utoipa::path(get, path = "/labs/{lab_id}/imports/{import_id}/codes.csv", tag = "imports",
    security(("bearer" = ["manager"])), params(InLab),
    responses((status = 200, body = String, content_type = "text/csv", description = "The file",
        example = "code,chemical,amount,made for lab\n7K3M9QXTD,ethanol,1 L,01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f\n"),
        Failures))]
async fn get_import_codes(by: Auth<Manager>, Path(at): Path<InLab>) -> Result<Response> {
    let Named { name, parts } = downloads::codes(by, at.import_id).await?;
    streamed(File { name: Cow::Owned(name), content_type: CSV }, parts).await
}
