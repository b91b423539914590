//! The failures of a status: each set of problem types that occurs becomes one named schema and one named response.

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    Components, Content, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
    example::ExampleBuilder,
    extensions::Extensions,
    schema::{Object, SchemaType, Type},
};

use super::refer;
use crate::web::{
    catalogue::{self, Kind},
    problem::PROBLEM_JSON,
};

/// Names the parts of a problem, because a generator makes two types of an unnamed part that occurs in two schemas.
pub(super) fn name_parts(components: &mut Components) {
    let mut kinds: Vec<_> = catalogue::kinds().collect();
    kinds.sort_unstable_by_key(|kind| kind.slug);
    let mut uri = uris(&kinds);
    uri.description = Some("The problem types. More may come, each with a page of its own under this path.".to_owned());
    components.schemas.insert("ProblemUri".to_owned(), RefOr::T(Schema::Object(uri)));
    for name in ["Problem", "ProblemType"] {
        drop(replace(components, name, "type", "ProblemUri"));
    }
    if let Some(services) = replace(components, "Problem", "services", "ServiceStates") {
        components.schemas.insert("ServiceStates".to_owned(), services);
    }
}

/// Puts a reference where the property was, and answers the property.
fn replace(components: &mut Components, schema: &str, property: &str, name: &str) -> Option<RefOr<Schema>> {
    let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(schema) else { return None };
    let property = object.properties.get_mut(property)?;
    let mut reference = Ref::from_schema_name(name);
    if let RefOr::T(Schema::Object(whole)) = property {
        reference.description = whole.description.clone().unwrap_or_default();
    }
    Some(std::mem::replace(property, RefOr::Ref(reference)))
}

fn uri(kind: &Kind) -> String {
    format!("/problems/{}", kind.slug)
}

fn uris(kinds: &[Kind]) -> Object {
    let names: Vec<_> = kinds.iter().map(|kind| json!(kind.slug.to_uppercase().replace('-', "_"))).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kinds.iter().map(uri)))
        .extensions(Some(Extensions::from_iter([("x-enum-varnames", Value::Array(names))])))
        .build()
}

/// Such as `Problem409CodeTakenIdTaken`.
pub(super) fn name(kinds: &[Kind]) -> String {
    let words = kinds.iter().flat_map(|kind| kind.slug.split('-'));
    let capitalised = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("Problem{}{}", kinds[0].status.as_u16(), capitalised.collect::<String>())
}

/// A `Problem` whose `type` is one of these. With one member in `allOf` the generator for Python makes a `Problem` of
/// it; with two members it would make two classes for each set.
pub(super) fn schema(kinds: &[Kind]) -> RefOr<Schema> {
    let problem = json!([{"$ref": "#/components/schemas/Problem"}]);
    let narrowed = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .property("type", uris(kinds))
        .required("type")
        .extensions(Some(Extensions::from_iter([("allOf", problem)])));
    RefOr::T(Schema::Object(narrowed.build()))
}

pub(super) fn response(kinds: &[Kind]) -> Response {
    let lines = kinds.iter().map(|kind| format!("`{}`: {}", uri(kind), kind.title));
    let description = lines.collect::<Vec<_>>().join("\n\n");
    let types: Vec<Value> = kinds.iter().map(|kind| json!(uri(kind))).collect();
    let examples = kinds
        .iter()
        .map(|kind| (kind.slug, ExampleBuilder::new().summary(kind.title).value(Some(example(kind))).build()));
    let content = Content::builder().schema(Some(Ref::from_schema_name(name(kinds)))).examples_from_iter(examples);
    let content = content.extensions(Some(Extensions::from_iter([("x-problem-types", Value::Array(types))])));
    let mut response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, content.build()).build();
    refer(&mut response, &["X-Request-Id"]);
    match kinds[0].status {
        StatusCode::UNAUTHORIZED => refer(&mut response, &["WWW-Authenticate"]),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => refer(&mut response, &["Retry-After"]),
        _ => {}
    }
    response
}

fn example(kind: &Kind) -> Value {
    let mut problem = json!({
        "type": uri(kind), "title": kind.title, "status": kind.status.as_u16(),
        "instance": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
    });
    match kind.slug {
        "invalid" => problem["errors"] = json!([{"pointer": "/amount/unit", "detail": "is required"}]),
        "event-not-allowed" => problem["allowed_actions"] = json!(["find", "dispose"]),
        "not-enough" => problem["left"] = json!({"value": "12.5", "unit": "mL"}),
        "batch-rejected" => problem["verdicts"] = json!([{"verdict": "later", "problem": null}]),
        "inconvertible" => problem["missing"] = json!(["density"]),
        _ => {}
    }
    problem
}

pub(super) fn any() -> Response {
    let content = Content::builder().schema(Some(Ref::from_schema_name("Problem"))).build();
    let description = "Any other failure: `type` leads to a page on it, and `GET /problems` lists all types.";
    let mut response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build();
    refer(&mut response, &["X-Request-Id"]);
    response
}
