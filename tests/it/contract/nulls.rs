//! Null in a PATCH.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::world::{Request, World};

fn is_nullable(schema: &Value) -> bool {
    let has_null = |kind: &Value| kind == "null" || kind.as_array().is_some_and(|all| all.contains(&json!("null")));
    has_null(&schema["type"]) || schema["oneOf"].as_array().is_some_and(|all| all.iter().any(is_nullable))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn null_is_refused_where_the_document_has_none(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut refused = 0;
    for operation in operations.iter().filter(|it| it.method == Method::PATCH) {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        let schema = world.api.resolve(&operation.body().expect("a body")["schema"]);
        let fields = schema["properties"].as_object().expect("fields").iter();
        for (name, _) in fields.filter(|(_, schema)| !is_nullable(schema)) {
            let body = Some(json!({name: null}).to_string());
            let answer = Request { body, ..request.clone() }.send(&by).await.problem(422, "invalid");
            assert_eq!(answer["errors"][0]["pointer"], format!("/{name}"), "{}", operation.id);
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
}
