//! The statuses that an operation answers, each with its problem types, and the headers that come with them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::{
    Components, ObjectBuilder, PathItem, Ref, RefOr, Response, ResponseBuilder, Type, header::HeaderBuilder,
    path::Operation,
};

use super::{parameters, problems, refer, refusals, scope};

/// The failures of an operation: [`complete`] writes them, as they follow from its form.
pub struct Failures;

impl utoipa::IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::new()
    }
}

const HEADERS: [(&str, &str, &str); 8] = [
    (
        "ETag",
        "The version of the resource, and a hash of this answer: send it as `If-Match` with a change, or as \
            `If-None-Match` with the next read.",
        "\"1-9f86d081884c7d65\"",
    ),
    (
        "X-Request-Id",
        "The id under which the log tells of this request; also `instance` of a problem.",
        "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
    ),
    ("Retry-After", "The seconds to wait before the next try.", "5"),
    ("WWW-Authenticate", "How to be let in (RFC 6750).", "Bearer realm=\"chemstock\", error=\"invalid_token\""),
    ("Idempotency-Replayed", "`true` when this is the kept answer to an earlier request with the same key.", "true"),
    (
        "RateLimit",
        "What is left of each of your quotas; only to whoever has shown that they are theirs.",
        "\"hour\";r=4",
    ),
    ("RateLimit-Policy", "Your quotas, and the seconds for which each counts.", "\"hour\";q=5;w=3600"),
    ("Allow", "The methods of this path.", "GET,HEAD"),
];

pub(super) fn add_headers(components: &mut Components) {
    for (name, description, example) in HEADERS.iter().filter(|(name, ..)| *name != "Allow") {
        let schema = if *name == "Retry-After" { Type::Integer } else { Type::String };
        let example = if *name == "Retry-After" { json!(5) } else { json!(example) };
        let schema = ObjectBuilder::new().schema_type(schema);
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(*description)).example(Some(example));
        components.headers.insert((*name).to_owned(), header.build().into());
    }
}

/// Adds `ETag` to the answers of resources whose changes take `If-Match`. Answers whether a read of it can be
/// conditional.
pub(super) fn show_versions(item: &mut PathItem) -> bool {
    let changes = [&item.patch, &item.put, &item.delete];
    let takes_if_match = changes.into_iter().flatten().any(|it| has_parameter(it, "If-Match"));
    let is_tagged = |operation: &Operation| {
        operation.operation_id.as_ref().is_some_and(|id| ["get_import", "get_lab", "look_up_chemical"].contains(&&**id))
    };
    let reads = takes_if_match || item.get.as_ref().is_some_and(is_tagged);
    let creates = item.post.as_ref().and_then(|post| post.operation_id.as_ref());
    let creates = creates.is_some_and(|id| id.starts_with("create_"));
    let puts = item.put.as_ref().is_some_and(|it| has_parameter(it, "If-Match"));
    for status in ["200", "201"] {
        let put = item.put.as_mut().filter(|_| puts);
        if let Some(RefOr::T(response)) = put.and_then(|put| put.responses.responses.get_mut(status)) {
            refer(response, &["ETag"]);
        }
    }
    let tagged =
        [(&mut item.get, "200", reads), (&mut item.patch, "200", takes_if_match), (&mut item.post, "201", creates)];
    for (operation, status, _) in tagged.into_iter().filter(|(.., has_tag)| *has_tag) {
        let response = operation.as_mut().and_then(|operation| operation.responses.responses.get_mut(status));
        if let Some(RefOr::T(response)) = response {
            refer(response, &["ETag"]);
        }
    }
    reads
}

fn has_parameter(operation: &Operation, name: &str) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(|it| if let RefOr::T(it) = it { Some(it) } else { None }).any(|it| it.name == name)
}

pub(super) struct Of<'a> {
    pub path: &'a str,
    /// A read of something that has a version.
    pub is_versioned: bool,
    pub may_repeat: bool,
}

pub(super) fn complete(operation: &mut Operation, of: &Of, components: &mut Components) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            let status = StatusCode::from_bytes(status.as_bytes()).ok();
            status.and_then(|it| it.canonical_reason()).unwrap_or_default().clone_into(&mut response.description);
        }
        refer(response, &["X-Request-Id"]);
        if of.may_repeat {
            refer(response, &["Idempotency-Replayed"]);
        }
        if ["request_code", "verify_code"].contains(&operation.operation_id.as_deref().unwrap_or_default()) {
            refer(response, &["RateLimit", "RateLimit-Policy"]);
        }
    }
    let kinds = refusals::of(&form(operation, of));
    for kinds in kinds.chunk_by(|one, next| one.status == next.status) {
        let name = problems::name(kinds);
        if !components.responses.contains_key(&name) {
            components.schemas.insert(name.clone(), problems::schema(kinds));
            components.responses.insert(name.clone(), problems::response(kinds).into());
        }
        let status = kinds[0].status.as_str().to_owned();
        operation.responses.responses.insert(status, Ref::from_response_name(name).into());
    }
    if of.is_versioned {
        let mut unchanged = ResponseBuilder::new().description("You have the newest version").build();
        refer(&mut unchanged, &["ETag", "X-Request-Id"]);
        operation.responses.responses.insert("304".to_owned(), unchanged.into());
        operation.parameters.get_or_insert_default().push(parameters::if_none_match().into());
    }
    components.responses.entry("Problem".to_owned()).or_insert_with(|| problems::any().into());
    operation.responses.responses.insert("default".to_owned(), Ref::from_response_name("Problem").into());
}

fn form<'a>(operation: &'a Operation, of: &Of) -> refusals::Form<'a> {
    let scope = scope(operation);
    let places =
        operation.parameters.iter().flatten().filter_map(|it| if let RefOr::T(it) = it { Some(it) } else { None });
    let mut has_query = false;
    for parameter in places {
        has_query |= serde_json::to_value(&parameter.parameter_in).is_ok_and(|place| place == "query");
    }
    refusals::Form {
        id: operation.operation_id.as_deref().unwrap_or_default(),
        needs_right: matches!(scope, Some(Some(_))) || of.path.contains("{lab_id}"),
        needs_token: scope.is_some(),
        has_path_variables: of.path.contains('{'),
        has_query,
        has_body: operation.request_body.is_some(),
        has_if_match: has_parameter(operation, "If-Match"),
        may_repeat: of.may_repeat,
    }
}
