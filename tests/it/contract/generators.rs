//! What generators of clients stumble over, and what strict ones take at its word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, world::World};

fn schemas(api: &Api) -> impl Iterator<Item = (&String, &Value)> {
    api.document["components"]["schemas"].as_object().expect("schemas").iter()
}

#[test]
fn what_is_posted_and_what_a_scan_answers_is_one_object() {
    let api = Api::read();
    for name in ["NewEvent", "ScanResult"] {
        let schema = &api.document["components"]["schemas"][name];
        assert_eq!(schema["type"], "object", "{name}: {schema}");
        assert!(schema.get("oneOf").is_none() && schema["properties"].is_object(), "{name}");
        let required: Vec<_> =
            schema["required"].as_array().expect("required").iter().filter_map(Value::as_str).collect();
        assert!(required.iter().all(|it| ["type", "allowed_actions"].contains(it)), "{name}: {required:?}");
    }
}

/// A client that sends what it has not been given would clear it.
#[test]
fn no_default_is_null_and_every_field_that_can_be_cleared_can_be_listed() {
    let api = Api::read();
    for (name, schema) in schemas(&api) {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert_ne!(schema.get("default"), Some(&Value::Null), "{name}.{property}");
        }
    }
    let clear = &api.document["components"]["schemas"]["ContainerPatch"]["properties"]["clear"]["items"]["enum"];
    assert!(clear.as_array().expect("names").contains(&json!("note")), "{clear}");
    assert!(!clear.as_array().expect("names").contains(&json!("code")), "{clear}");
}

#[test]
fn languages_are_shown_by_their_tags() {
    let api = Api::read();
    assert_eq!(api.document["components"]["schemas"]["Language"]["enum"][1], "de");
}

#[test]
fn the_items_of_a_page_are_named() {
    let api = Api::read();
    for (name, schema) in schemas(&api).filter(|(name, _)| name.starts_with("Page_")) {
        assert!(schema["properties"]["items"]["items"]["$ref"].is_string(), "{name}: {schema}");
    }
}

#[test]
fn every_schema_is_used() {
    let api = Api::read();
    let text = api.document.to_string();
    for (name, _) in schemas(&api) {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is not used");
    }
}

#[test]
fn values_that_are_no_names_have_some() {
    let api = Api::read();
    let unit = &api.document["components"]["schemas"]["Unit"];
    let names: BTreeSet<_> = unit["x-enum-varnames"].as_array().expect("names").iter().map(Value::to_string).collect();
    assert_eq!(names.len(), unit["enum"].as_array().expect("values").len());
}

#[test]
fn everything_is_described_and_every_answer_shown() {
    let api = Api::read();
    assert_eq!(api.document["servers"], json!([{"url": "/"}]));
    let bearer = &api.document["components"]["securitySchemes"]["bearer"]["description"];
    assert!(bearer.as_str().is_some_and(|text| text.contains("access_token") && text.contains("refresh")), "{bearer}");
    for operation in &api.operations {
        let id = &operation.id;
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(parameter["description"].as_str().is_some_and(|text| text.len() > 5), "{id}: {name} says nothing");
            assert!(name != "limit" || parameter["schema"]["format"] == "int32", "{id}: {parameter}");
        }
        let summary = operation.spec["summary"].as_str().expect("a summary");
        assert!(summary.len() <= 60 && !summary.contains(['?', '.', '`']), "{id}: {summary:?} is no title");
        for (status, answer) in operation.spec["responses"].as_object().expect("answers") {
            let answer = api.resolve(answer);
            assert!(answer["headers"]["X-Request-Id"].is_object(), "{id}: {status} has no X-Request-Id");
            for (_, content) in answer["content"].as_object().into_iter().flatten() {
                let has_one = content.get("example").is_some() || content.get("examples").is_some();
                assert!(has_one || status == "default", "{id}: {status} has no example");
            }
            let expected = match &**status {
                "401" => Some("WWW-Authenticate"),
                "429" | "503" => Some("Retry-After"),
                _ => None,
            };
            assert!(expected.is_none_or(|name| answer["headers"][name].is_object()), "{id}: {status}");
        }
        let is_admin = operation.path.starts_with("/v1/admin");
        assert_eq!(operation.spec["tags"] == json!(["admin"]), is_admin, "{id}");
    }
    let text = api.document.to_string();
    for internal in ["PostedEvent", "serde", "utoipa", "`]"] {
        assert!(!text.contains(internal), "{internal} is a name of the program");
    }
}

/// What an answer may leave out. Everything else is always there, and a client need not ask whether it is.
#[rustfmt::skip]
const MAY_BE_LEFT_OUT: &[(&str, &[&str])] = &[
    ("Changes", &["amount", "state", "location_id", "opened_on", "holder_id", "tare", "density", "received_on", "expires_on",
        "chemical_id", "code", "low_at", "lot", "supplier", "catalogue_number", "gtin", "note"]),
    ("ChemicalRef", &["catalogue_name"]),
    ("CountedWith", &["density", "density_of", "molar_mass", "molar_mass_of"]),
    ("Health", &["database", "redis", "providers"]),
    // An answer has all of them; whoever sends them leaves out what is not decided.
    ("ImportOptions", &["mapping", "ignore", "create_locations", "make_codes", "number_decides", "repair_cas", "revive"]),
    ("Invitation", &["code"]),
    ("Jwk", &["crv", "x", "y", "n", "e"]),
    ("Member", &["phone"]),
    ("Problem", &["detail", "instance", "errors", "allowed_actions", "blocked_by", "left", "missing", "services", "verdicts"]),
    ("ScanResult", &["allowed_actions", "value", "container", "location", "chemical", "containers", "cas", "gtin", "sscc",
        "catalogue_number", "lot", "serial", "expires_on", "best_before_on", "amount", "candidates"]),
    ("StockEvent", &["undoable"]),
    ("TokenPair", &["device_token"]),
];

#[test]
fn every_field_of_an_answer_is_required_but_for_those_that_may_be_left_out() {
    let api = Api::read();
    let mut waiting: Vec<&Value> = api.operations.iter().map(|operation| &operation.spec["responses"]).collect();
    let (mut names, mut optional) = (BTreeSet::new(), BTreeMap::new());
    while let Some(part) = waiting.pop() {
        if let Some(reference) = part["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name");
            if names.insert(reference) {
                let schema = api.resolve(part);
                waiting.push(schema);
                let fields = schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field.as_str());
                let required = &schema["required"];
                let is_required = |field: &&str| required.as_array().is_some_and(|all| all.contains(&json!(field)));
                let left_out: BTreeSet<_> = fields.filter(|field| !is_required(field)).collect();
                if !left_out.is_empty() {
                    optional.insert(name, left_out);
                }
            }
        }
        waiting.extend(part.as_array().into_iter().flatten());
        waiting
            .extend(part.as_object().into_iter().flatten().filter(|(key, _)| *key != "example").map(|(_, part)| part));
    }
    let expected: BTreeMap<_, BTreeSet<_>> =
        MAY_BE_LEFT_OUT.iter().map(|(name, fields)| (*name, fields.iter().copied().collect())).collect();
    assert_eq!(optional, expected);
}

/// Properties that the schema calls required are there, and no others than it knows.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_answer_is_as_its_schema_says(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut faults = Vec::new();
    for operation in &operations {
        world.renew().await;
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        let answer = request.send(&by).await;
        let documented = world.api.resolve(&operation.spec["responses"][answer.status.as_str()]);
        assert!(documented.is_object(), "{}: {} is not documented", operation.id, answer.status);
        let schema = &documented["content"]["application/json"]["schema"];
        if schema.is_object() && !answer.body.is_null() {
            faults_of(&world.api, schema, &answer.body, &operation.id, &mut faults);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn faults_of(api: &Api, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = api.resolve(schema);
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = |choice: &&Value| {
            let mut faults = Vec::new();
            faults_of(api, choice, value, at, &mut faults);
            faults.is_empty()
        };
        if !choices.iter().any(|choice| fits(&choice)) {
            faults.push(format!("{at}: {value} is none of the choices"));
        }
        return;
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        faults_of(api, part, value, at, faults);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let is_listed = kinds.as_array().is_some_and(|kinds| kinds.contains(&json!(kind)));
    let fits = kinds.is_null() || kinds == kind || is_listed || kinds == "number" && kind == "integer";
    let in_enum = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    if !fits || !in_enum {
        faults.push(format!("{at}: {value} is not {schema}"));
        return;
    }
    for item in value.as_array().into_iter().flatten() {
        faults_of(api, &schema["items"], item, &format!("{at}[]"), faults);
    }
    let Some(object) = value.as_object().filter(|_| schema["properties"].is_object()) else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            faults.push(format!("{at}.{name} is required and not there"));
        }
    }
    for (name, value) in object {
        match schema["properties"].get(name) {
            Some(schema) => faults_of(api, schema, value, &format!("{at}.{name}"), faults),
            None => faults.push(format!("{at}.{name} is not in the schema")),
        }
    }
}
