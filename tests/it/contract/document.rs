//! The document is current, complete, and true to its word.

use std::collections::HashSet;

use chemstock::router;
use serde_json::Value;
use sqlx::PgPool;

use super::{Api, Operation, Scope, world::World};

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = router::document().to_pretty_json().expect("a document") + "\n";
    assert!(committed == current, "openapi/openapi.json is not the document of the code: run scripts/prepare");
}

#[test]
fn every_operation_is_described() {
    let api = Api::read();
    let mut ids = HashSet::new();
    let tags = api.document["tags"].as_array().expect("tags");
    for operation in &api.operations {
        let (id, spec) = (&operation.id, &operation.spec);
        assert!(ids.insert(id.clone()), "{id} stands for two operations");
        let verb = id.split('_').next().expect("a verb");
        assert!(id.contains('_') && id.to_lowercase() == *id, "{id}: is to be <verb>_<resource>, begins with {verb}");
        assert!(spec["summary"].as_str().is_some_and(|text| text.len() > 5), "{id}: no summary");
        let tag = spec["tags"].as_array().filter(|tags| tags.len() == 1).unwrap_or_else(|| panic!("{id}: one tag"));
        assert!(tags.iter().any(|known| known["name"] == tag[0]), "{id}: the tag {} is not described", tag[0]);
        // It panics when nothing is said.
        let scope = operation.scope();
        let description = spec["description"].as_str().expect("a description");
        let is_named = match scope {
            Scope::Role(role) => description.contains(&format!("role **{role}**")),
            Scope::Cataloguer => description.contains("right **cataloguer**"),
            Scope::Owner => description.contains("owner of the installation"),
            Scope::SignedIn => description.contains("signed in"),
            Scope::Open => description.contains("no token"),
        };
        assert!(is_named, "{id}: {scope:?} is not what it says: {description}");
        assert!(operation.in_lab() || !matches!(scope, Scope::Role(_)), "{id}: {scope:?}, where?");
    }
}

/// A client's generator makes a type of each, and nobody wants an `Option_Text100`.
#[test]
fn no_schema_is_named_for_the_types_of_rust() {
    let api = Api::read();
    let schemas = api.document["components"]["schemas"].as_object().expect("schemas");
    let odd: Vec<_> = schemas.keys().filter(|name| name.starts_with("Option_") || name.contains("Vec_")).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn every_operation_says_what_it_answers() {
    let api = Api::read();
    for operation in &api.operations {
        let id = &operation.id;
        let responses = operation.spec["responses"].as_object().expect("responses");
        let successes = responses.keys().filter(|status| status.starts_with('2'));
        assert!(successes.count() > 0, "{id}: no success");
        for (status, response) in responses {
            let response = api.resolve(response);
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{id}: {status} says nothing"
            );
            let content = response["content"].as_object();
            assert_eq!(
                content.is_none(),
                ["204", "304"].contains(&&**status),
                "{id}: {status} has a schema, unless it is a 204"
            );
            for (kind, content) in content.into_iter().flatten() {
                assert!(content["schema"].is_object(), "{id}: {status} has a schema");
                let is_failure = status.starts_with(['4', '5']) || status == "default";
                assert_eq!(is_failure, kind == "application/problem+json", "{id}: {status} is {kind}");
            }
        }
        assert!(!responses.contains_key("4XX") && responses.contains_key("500"), "{id}: no failures of its own");
        assert!(responses.contains_key("default"), "{id}: nothing of other failures");
    }
}

#[test]
fn the_parameters_are_those_of_the_path() {
    for operation in Api::read().operations {
        let declared: HashSet<_> = operation.parameters("path").iter().map(|it| it["name"].to_string()).collect();
        let in_path = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        assert_eq!(
            declared,
            in_path.map(|name| format!("{name:?}")).collect::<std::collections::HashSet<_>>(),
            "{}",
            operation.id
        );
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["schema"].is_object(), "{}: {} has a schema", operation.id, parameter["name"]);
            let must_show = parameter["in"] != "path" && parameter["required"] == true;
            assert!(
                !must_show || parameter["example"].is_string(),
                "{}: {} has an example",
                operation.id,
                parameter["name"]
            );
        }
        let changes = operation.method == "PATCH" || operation.method == "DELETE" && operation.path.ends_with('}');
        let has_if_match = operation.parameters("header").iter().any(|it| it["name"] == "If-Match");
        let described = operation.spec["description"].as_str().is_some_and(|text| text.contains("If-Match"));
        assert!(!changes || has_if_match || described, "{}: says nothing of If-Match", operation.id);
        let shows_version = operation.spec.pointer("/responses/200/headers/ETag").is_some();
        assert!(operation.method != "PATCH" || shows_version, "{}: shows no ETag", operation.id);
    }
}

#[test]
fn every_schema_says_what_its_properties_are() {
    let api = Api::read();
    for (name, schema) in api.document["components"]["schemas"].as_object().expect("schemas") {
        assert_described(&api, name, schema);
    }
}

/// A property without any of these could be anything.
fn assert_described(api: &Api, name: &str, schema: &Value) {
    let says = ["$ref", "type", "oneOf", "allOf", "anyOf", "enum", "const"];
    // Each verdict has the form that its operation says.
    let is_free = name == "Problem.verdicts";
    assert!(is_free || says.iter().any(|word| schema.get(word).is_some()), "{name} could be anything: {schema}");
    api.resolve(schema);
    for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
        assert_described(api, &format!("{name}.{property}"), schema);
    }
    for part in ["oneOf", "allOf", "anyOf"].iter().flat_map(|word| schema[*word].as_array().into_iter().flatten()) {
        assert_described(api, name, part);
    }
    if let Some(items) = schema.get("items") {
        assert_described(api, name, items);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_example_is_accepted_when_it_is_sent_back(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    for operation in &operations {
        let bodies: Vec<_> = world.api.examples(operation).into_iter().map(Some).collect();
        let takes_a_body = operation.spec.get("requestBody").is_some();
        assert_eq!(!bodies.is_empty(), takes_a_body, "{}: its body has an example", operation.id);
        for body in if takes_a_body { bodies } else { vec![None] } {
            world.renew().await;
            let ends_quarantine = body.as_ref().is_some_and(|body| body["type"] == "release");
            let by = if ends_quarantine { world.app.client("manager").await } else { world.caller(operation).await };
            let request = world.request_with(operation, &by, body).await;
            let answer = request.send(&by).await;
            assert!(answer.status.is_success(), "{}: {request:?} got {}", operation.id, answer.text);
            let status = answer.status.as_str();
            let documented = &operation.spec["responses"][status];
            assert!(documented.is_object(), "{}: {status} is not documented", operation.id);
            for header in documented["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                let is_sometimes = ["Idempotency-Replayed", "RateLimit", "RateLimit-Policy"].contains(&&**header);
                assert!(is_sometimes || answer.headers.contains_key(header), "{}: no {header}", operation.id);
            }
        }
        accepts_query_examples(&world, operation).await;
    }
}

async fn accepts_query_examples(world: &World, operation: &Operation) {
    let by = world.caller(operation).await;
    for parameter in operation.parameters("query") {
        let Some(example) = parameter["example"].as_str() else { continue };
        let mut request = world.request(operation, &by).await;
        request.query = format!("{}={}", parameter["name"].as_str().expect("a name"), super::world::encode(example));
        let answer = request.send(&by).await;
        assert!(answer.status.is_success(), "{}: {} got {}", operation.id, request.query, answer.text);
    }
}
