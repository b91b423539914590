//! What is said of a value that is nearly right, wherever it stands.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Api, Operation,
    world::{Request, World, encode},
};
use crate::support::Client;

/// The fields of a body whose schema has this in it.
fn fields(api: &Api, operation: &Operation, wanted: &str) -> Vec<String> {
    let Some(body) = operation.body() else { return Vec::new() };
    let fields = api.resolve(&body["schema"])["properties"].as_object().into_iter().flatten();
    fields.filter(|(_, schema)| schema.to_string().contains(wanted)).map(|(name, _)| name.clone()).collect()
}

/// What is said of this field when it has this value and the rest is right.
async fn said(request: &Request, by: &Client, field: &str, value: &Value) -> String {
    let mut body = request.json().expect("an example");
    body[field] = value.clone();
    let answer = Request { body: Some(body.to_string()), ..request.clone() }.send(by).await.expect(422);
    let all = answer.body["errors"].as_array().expect("errors");
    let own = all.iter().find(|error| error["pointer"] == format!("/{field}"));
    own.unwrap_or_else(|| panic!("{field}: {}", answer.text))["detail"].as_str().expect("a text").to_owned()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_time_without_its_time_of_day_or_offset_is_told_the_form_with_an_example(db: PgPool) {
    let world = World::new(db).await;
    let mut told = 0;
    for operation in &world.api.operations {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        for field in fields(&world.api, operation, "\"date-time\"") {
            for value in [json!("2026-11-27"), json!("2026-11-27T12:00:00"), json!("noon"), json!(""), json!(1)] {
                let detail = said(&request, &by, &field, &value).await;
                let is_told = detail.contains("RFC 3339") && detail.contains("2027-12-31T14:00:00+02:00");
                assert!(is_told, "{}, {field} {value}: {detail}", operation.id);
                told += 1;
            }
        }
        for field in fields(&world.api, operation, "\"date\"") {
            for value in [json!("27.11.2026"), json!("2026-11-27T12:00:00Z"), json!(1)] {
                let detail = said(&request, &by, &field, &value).await;
                assert_eq!(detail, "must be a date such as 2027-12-31", "{}, {field} {value}", operation.id);
            }
        }
        for parameter in operation.parameters("query") {
            let form = if parameter.to_string().contains("\"date-time\"") { "RFC 3339" } else { "a date such as" };
            if !parameter.to_string().contains("\"date") {
                continue;
            }
            let query = format!("{}={}", parameter["name"].as_str().expect("a name"), encode("27.11.2026"));
            let answer = Request { query, ..request.clone() }.send(&by).await.expect(422);
            assert!(answer.body["errors"][0]["detail"].as_str().expect("a text").contains(form), "{}", answer.text);
        }
    }
    assert!(told > 10, "only {told} values were tried: the test has lost its teeth");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_break_in_a_text_of_one_line_is_called_a_line_break(db: PgPool) {
    let world = World::new(db).await;
    let mut told = 0;
    for operation in &world.api.operations {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        for field in fields(&world.api, operation, "schemas/Text") {
            let is_list = world.api.resolve(&operation.body().expect("a body")["schema"])["properties"][&field]
                .to_string()
                .contains("\"array\"");
            if is_list {
                continue;
            }
            for value in ["one\ntwo", "one\r\ntwo", "one\u{2028}two"] {
                let detail = said(&request, &by, &field, &json!(value)).await;
                assert!(detail.contains("line break"), "{}, {field}: {detail}", operation.id);
                told += 1;
            }
        }
    }
    assert!(told > 20, "only {told} texts were tried: the test has lost its teeth");
}
