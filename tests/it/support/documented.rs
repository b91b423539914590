//! Every failure that any test meets is one that the document lists for its operation.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use chemstock::router;
use serde_json::Value;

struct Operation {
    method: String,
    path: String,
    /// The problem types, by status.
    failures: HashMap<String, HashSet<String>>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = serde_json::to_value(router::document()).expect("a document");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, spec) in item.as_object().expect("operations") {
            let failures = failures(&document, &spec["responses"]);
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), failures });
        }
    }
    operations
});

fn failures(document: &Value, responses: &Value) -> HashMap<String, HashSet<String>> {
    let responses = responses.as_object().expect("responses").iter();
    let types = |response: &Value| {
        let schema = resolve(document, &resolve(document, response)["content"]["application/problem+json"]["schema"]);
        let types = schema["properties"]["type"]["enum"].as_array()?;
        Some(types.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    responses.filter_map(|(status, response)| Some((status.clone(), types(response)?))).collect()
}

fn resolve<'a>(document: &'a Value, it: &'a Value) -> &'a Value {
    let Some(reference) = it["$ref"].as_str() else { return it };
    document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// Of two paths that fit, the one with fewer variables, as `lookup` before `{chemical_id}`.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let parts: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |operation: &&Operation| {
        let template: Vec<_> = operation.path.split('/').collect();
        let mut pairs = template.iter().zip(&parts);
        template.len() == parts.len() && pairs.all(|(at, part)| at == part || at.starts_with('{') && !part.is_empty())
    };
    let fitting = OPERATIONS.iter().filter(|operation| operation.method == method).filter(fits);
    fitting.min_by_key(|operation| operation.path.matches('{').count())
}

/// A path that leads nowhere, and a method that it does not know, are no operation's.
#[track_caller]
pub fn assert_documented(method: &str, path: &str, status: u16, body: &Value) {
    if status < 400 || status == 405 {
        return;
    }
    let Some(operation) = operation(method, path) else { return };
    let slug = body["type"].as_str().unwrap_or_default();
    let listed = operation.failures.get(&status.to_string());
    assert!(
        listed.is_some_and(|types| types.contains(slug)),
        "{method} {}: the document does not list {status} {slug:?}; add it in src/web/document/refusals.rs. {body}",
        operation.path
    );
}

#[test]
#[should_panic = "the document does not list 409 \"/problems/cas-taken\""]
fn a_failure_that_the_document_does_not_list_fails_the_test_that_meets_it() {
    assert_documented("GET", "/v1/me", 409, &serde_json::json!({"type": "/problems/cas-taken"}));
}

#[test]
fn a_failure_is_looked_up_where_its_path_belongs() {
    let problem = |slug: &str| serde_json::json!({"type": format!("/problems/{slug}")});
    assert_documented("GET", "/v1/chemicals/lookup?cas=1", 422, &problem("invalid"));
    assert_documented("DELETE", "/v1/chemicals/7", 409, &problem("chemical-in-use"));
    assert_documented("DELETE", "/v1/nothing", 409, &problem("chemical-in-use"));
    assert_eq!(operation("GET", "/v1/chemicals/lookup").map(|it| &*it.path), Some("/v1/chemicals/lookup"));
    assert_eq!(operation("GET", "/v1/chemicals/7").map(|it| &*it.path), Some("/v1/chemicals/{chemical_id}"));
}
