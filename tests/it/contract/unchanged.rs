//! A change that changes nothing leaves the version as it is, and the thing as it was read.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use sqlx::PgPool;

use super::{
    Operation,
    world::{Request, World},
};

impl World {
    /// The fields that a body may have, each with the value that was read.
    fn as_read(&self, operation: &Operation, read: &Value) -> Value {
        let schema = self.api.resolve(&operation.body().expect("a body")["schema"]);
        let fields = schema["properties"].as_object().expect("fields").keys();
        fields.filter_map(|name| Some((name.clone(), read.get(name)?.clone()))).collect::<Map<_, _>>().into()
    }
}

fn again(request: &Request, body: &Value) -> Request {
    let mut headers: Vec<_> =
        request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("if-match")).cloned().collect();
    headers.push(("If-Match".to_owned(), "*".to_owned()));
    Request { headers, body: Some(body.to_string()), ..request.clone() }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_to_what_is_there_already_makes_no_new_version(db: PgPool) {
    let world = World::new(db).await;
    let mut tried = 0;
    let has_version = |operation: &&Operation| {
        let mut headers = operation.parameters("header").into_iter();
        ["PATCH", "PUT"].contains(&operation.method.as_str()) && headers.any(|header| header["name"] == "If-Match")
    };
    for operation in world.api.operations.iter().filter(has_version) {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        let first = request.send(&by).await;
        assert!(first.status.is_success(), "{}: {}", operation.id, first.text);
        let mut bodies = vec![request.json().expect("a body"), world.as_read(operation, &first.body)];
        if operation.method == "PATCH" && operation.id != "update_member" {
            bodies.push(json!({}));
        }
        for body in bodies {
            world.app.advance(TimeDelta::seconds(1));
            let answer = again(&request, &body).send(&by).await.expect(200);
            assert_eq!(answer.etag(), first.etag(), "{} of {body}", operation.id);
            assert_eq!(answer.body, first.body, "{} of {body}", operation.id);
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} changes were tried: the test has lost its teeth");
}
