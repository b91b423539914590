//! What the document says of all operations alike, so that none has to say it: how one is let in, how it fails, how a
//! write is repeated, and which answers carry a version.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::{
    Content, Header, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, Type,
    path::{Operation, ParameterBuilder, ParameterIn},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use super::problem::PROBLEM_JSON;

/// The failures that any operation may answer.
pub struct Failures;

const FAILURES: [(&str, &str, &str); 2] = [
    ("4XX", "Refused", "The request is refused; `type` says why, and `errors` which fields."),
    ("5XX", "Failed", "It failed on our side; there is nothing that you can mend."),
];

impl utoipa::IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        FAILURES.map(|(status, name, _)| (status.to_owned(), Ref::from_response_name(name).into())).into()
    }
}

pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    for (_, name, description) in FAILURES {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, problem).build();
        components.responses.insert(name.to_owned(), response.into());
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            describe_answers(operation);
            name_right(operation, path.contains("{lab_id}"));
        }
        show_versions(item);
        item.post.as_mut().into_iter().for_each(offer_repeats);
    }
}

/// OpenAPI wants a description of each; that of a plain success is its name.
fn describe_answers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let status = StatusCode::from_bytes(status.as_bytes()).ok();
            status.and_then(|it| it.canonical_reason()).unwrap_or_default().clone_into(&mut response.description);
        }
    }
}

/// Swagger UI does not show the scope that `security` names.
fn name_right(operation: &mut Operation, in_lab: bool) {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let scopes = security.pointer("/0/bearer").and_then(|scopes| scopes.as_array());
    let right = match scopes.map(|scopes| scopes.first().and_then(|scope| scope.as_str())) {
        None => "Needs no token.".to_owned(),
        Some(None) => "For everybody who is signed in.".to_owned(),
        Some(Some("owner")) => "For an owner of the installation.".to_owned(),
        Some(Some("cataloguer")) => {
            "Needs the right **cataloguer**: an owner of the installation gives it, and has it; where \
            there is one lab, its managers have it, too."
                .to_owned()
        }
        Some(Some(role)) if in_lab => format!("Needs the role **{role}** in the lab."),
        Some(Some(role)) => format!("Needs the role **{role}** in any lab."),
    };
    let said = operation.description.take().filter(|said| !said.is_empty());
    operation.description = Some(said.map_or(right.clone(), |said| format!("{said}\n\n{right}")));
}

/// Where a change takes `If-Match`, the answers carry what to put there.
fn show_versions(item: &mut PathItem) {
    let is_versioned = [&item.patch, &item.delete].into_iter().flatten().any(takes_if_match);
    let answers = [(&mut item.get, "200", is_versioned), (&mut item.patch, "200", is_versioned)];
    let creates =
        item.post.as_ref().and_then(|post| post.operation_id.as_ref()).is_some_and(|id| id.starts_with("create_"));
    for (operation, status, _) in answers.into_iter().chain([(&mut item.post, "201", creates)]).filter(|it| it.2) {
        let response = operation.as_mut().and_then(|operation| operation.responses.responses.get_mut(status));
        if let Some(RefOr::T(response)) = response {
            let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
            header.description = Some("The version of the resource: send it as `If-Match` with a change.".to_owned());
            response.headers.insert("ETag".to_owned(), header.into());
        }
    }
}

fn takes_if_match(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(|it| if let RefOr::T(it) = it { Some(it) } else { None }).any(|it| it.name == "If-Match")
}

fn offer_repeats(post: &mut Operation) {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("Makes a repeat safe: the same key and body get the first answer again. A new UUID will do."))
        .schema(Some(key))
        .build();
    post.parameters.get_or_insert_default().push(header.into());
}
