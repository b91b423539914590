//! Completes the document with what is alike for all operations: authentication, failures, repeats of a write, and
//! which answers carry a version. It also adapts the schemas to the generators of clients.

mod answers;
mod examples;
mod parameters;
mod problems;
mod refusals;
mod schemas;

use utoipa::openapi::{
    Header, KnownFormat, OpenApi, PathItem, Ref, RefOr, Response, Schema, SchemaFormat, Server,
    path::Operation,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

pub use self::answers::Failures;

/// Swagger UI shows it in the box that asks for the value.
const BEARER: &str = "Paste the `access_token` that `POST /v1/auth/otp/verify` answers with, without the word Bearer. It \
    is good for ten minutes unless the installation sets another time (`expires_in` says how many seconds); then trade \
    the `refresh_token` for a new one at `POST /v1/auth/refresh`. Where the operators allow it, a Firebase ID token \
    will do as well.";

pub fn complete(document: &mut OpenApi) {
    document.servers = Some(vec![Server::new("/")]);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(BEARER));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    schemas::mend(document);
    let components = document.components.get_or_insert_default();
    problems::name_parts(components);
    answers::add_headers(components);
    for (path, item) in &mut document.paths.paths {
        let is_versioned = answers::show_versions(item);
        for (method, operation) in operations(item) {
            let may_repeat = method == "post" && !takes_file(operation);
            show_file(operation);
            parameters::complete(operation, may_repeat);
            name_right(operation, path.contains("{lab_id}"));
            if path.starts_with("/v1/admin") {
                operation.tags = Some(vec!["admin".to_owned()]);
            }
            // A title without a full stop, for menus and the comments of generated methods.
            operation.summary = operation.summary.take().map(|title| title.trim_end_matches('.').to_owned());
            let of = answers::Of { path, is_versioned: is_versioned && method == "get", may_repeat };
            answers::complete(operation, &of, components);
            examples::complete(operation, components);
            examples::show_withdrawal_first(operation);
        }
    }
}

/// Whose repeats are told by an id and the bytes.
fn takes_file(operation: &Operation) -> bool {
    let Some(RefOr::T(body)) = &operation.request_body else { return false };
    !body.content.contains_key("application/json")
}

/// By this word generators of clients tell the bytes of a file from a text.
fn show_file(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for (_, content) in body.content.iter_mut().filter(|(kind, _)| *kind != "application/json") {
        let RefOr::T(content) = content else { continue };
        if let Some(RefOr::T(Schema::Object(file))) = &mut content.schema {
            file.format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("put", &mut item.put),
        ("delete", &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Names the right in the description, because Swagger UI does not show the scope in `security`.
fn name_right(operation: &mut Operation, in_lab: bool) {
    let right = match scope(operation) {
        None => "Needs no token.".to_owned(),
        Some(None) => "For everybody who is signed in.".to_owned(),
        Some(Some(scope)) if scope == "owner" => "For an owner of the installation.".to_owned(),
        Some(Some(scope)) if scope == "cataloguer" => "Needs the right **cataloguer**: an owner of the installation \
            gives it, and has it; where there is one lab, its managers have it, too."
            .to_owned(),
        Some(Some(role)) if in_lab => format!("Needs the role **{role}** in the lab."),
        Some(Some(role)) => format!("Needs the role **{role}** in any lab."),
    };
    let said = operation.description.take().filter(|said| !said.is_empty());
    operation.description = Some(said.map_or(right.clone(), |said| format!("{said}\n\n{right}")));
}

/// None: needs no token. `Some(None)`: any token. Else a token of somebody with this right.
#[expect(clippy::option_option, reason = "there are these three cases")]
fn scope(operation: &Operation) -> Option<Option<String>> {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let scopes = security.pointer("/0/bearer")?.as_array()?;
    Some(scopes.first().and_then(|scope| scope.as_str()).map(str::to_owned))
}

/// Names headers that the document describes in one place.
fn refer(response: &mut Response, names: &[&str]) {
    for name in names {
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert((*name).to_owned(), RefOr::<Header>::Ref(reference));
    }
}
