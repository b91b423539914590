//! Ids that clients give to what they make.

use axum::http::Method;
use chemstock::base::ids;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Operation,
    world::{Request, World},
};
use crate::support::Answer;

/// The operations that take an id of one's own.
fn takers(world: &mut World) -> Vec<Operation> {
    let takes_id = |world: &World, operation: &Operation| {
        let schema = operation.body().map(|body| world.api.resolve(&body["schema"]));
        operation.method == Method::POST && schema.is_some_and(|schema| schema["properties"].get("id").is_some())
    };
    let operations = std::mem::take(&mut world.api.operations);
    operations.into_iter().filter(|operation| takes_id(world, operation)).collect()
}

fn with(request: &Request, field: &str, value: Value) -> Request {
    let mut body = request.json().expect("a body");
    body[field] = value;
    Request { body: Some(body.to_string()), ..request.clone() }
}

fn pointer(answer: &Answer) -> &Value {
    &answer.body["errors"][0]["pointer"]
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_id_of_ones_own_is_of_version_7_and_of_no_day_far_ahead(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = takers(&mut world);
    let now = world.app.now();
    let last: Uuid = "ffffffff-ffff-7fff-bfff-ffffffffffff".parse().expect("an id");
    for operation in &operations {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        let ahead = ids::new(now + TimeDelta::days(1) + TimeDelta::milliseconds(1));
        for id in [Uuid::new_v4(), Uuid::max(), last, ahead] {
            let answer = with(&request, "id", json!(id)).send(&by).await.expect(422);
            assert_eq!(pointer(&answer), "/id", "{}: {}", operation.id, answer.text);
        }
        let id = ids::new(now + TimeDelta::days(1));
        let answer = with(&request, "id", json!(id)).send(&by).await.expect(201);
        assert!(answer.text.contains(&id.to_string()), "{}: {}", operation.id, answer.text);
    }
    let mut takers: Vec<_> = operations.iter().map(|it| it.id.as_str()).collect();
    takers.sort_unstable();
    let made = ["create_chemical", "create_container", "create_invitation", "create_lab", "create_location"];
    assert_eq!(takers, [&made[..], &["post_event"]].concat());
}

/// A field of each, and another value of it.
fn changed(operation: &Operation) -> (&'static str, Value) {
    match &*operation.id {
        "create_chemical" => ("density", json!("0.5")),
        "create_container" => ("lot", json!("another")),
        "create_invitation" => ("max_uses", json!(77)),
        "create_lab" | "create_location" => ("name", json!("Another")),
        "post_event" => ("reason", json!("another")),
        other => panic!("{other}: which field is to change?"),
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_same_again_under_its_id_is_a_success_and_anything_else_is_refused(db: PgPool) {
    let mut world = World::new(db).await;
    for operation in takers(&mut world) {
        let by = world.caller(&operation).await;
        let request = world.request(&operation, &by).await;
        let request = with(&request, "id", json!(ids::new(world.app.now())));
        let first = request.send(&by).await.created();
        // What comes later changes nothing of what was sent.
        world.app.advance(TimeDelta::minutes(1));
        let again = request.send(&by).await.ok();
        let mut told = first.clone();
        if operation.id == "create_invitation" {
            told.as_object_mut().expect("an object").remove("code");
        }
        assert_eq!(again, told, "{}", operation.id);
        let (field, value) = changed(&operation);
        with(&request, field, value).send(&by).await.problem(409, "id-taken");
        if !operation.in_lab() {
            let somebody = world.caller(&operation).await;
            request.send(&somebody).await.problem(409, "id-taken");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_is_answered_with_what_has_become_of_it_since(db: PgPool) {
    let mut world = World::new(db).await;
    for operation in takers(&mut world) {
        let (path, patch) = match &*operation.id {
            "create_chemical" => ("/v1/chemicals".to_owned(), json!({"name": "Renamed", "cas": null})),
            "create_lab" => ("/v1/labs".to_owned(), json!({"name": "Renamed", "contact": "room 7"})),
            "create_location" => (world.app.path("/locations"), json!({"name": "Renamed", "code": "R-7"})),
            _ => continue,
        };
        let by = world.caller(&operation).await;
        let request = world.request(&operation, &by).await;
        let id = ids::new(world.app.now());
        let request = with(&request, "id", json!(id));
        request.send(&by).await.created();
        let renamed = by.patch(&format!("{path}/{id}"), "*", patch).await.ok();
        assert_eq!(request.send(&by).await.ok(), renamed, "{}", operation.id);
    }
}
