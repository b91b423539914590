//! Every failure there is, on whatever route and in whatever layer, is a problem that leads to a page on it.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{self, Method, header},
    routing::{get, post},
};
use chemstock::{base::error::Reason, router, web};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Api, Scope,
    world::{Request, World},
};
use crate::support::{Answer, Client, TestApp};

/// What every problem has; 5xx do not say more, and some carry a header that says what to do.
#[track_caller]
pub fn assert_problem(answer: &Answer) {
    let text = &answer.text;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{} {text}", answer.status);
    assert_eq!(answer.body["status"], json!(answer.status.as_u16()), "{text}");
    assert_eq!(answer.body["instance"], answer.headers["x-request-id"].to_str().expect("ASCII"), "{text}");
    let slug = answer.body["type"].as_str().and_then(|it| it.strip_prefix("/problems/")).expect("a type");
    let kind = web::kinds().find(|kind| kind.slug == slug).unwrap_or_else(|| panic!("{slug} is not in the catalogue"));
    assert_eq!((kind.status, answer.body["title"].as_str()), (answer.status, Some(kind.title)), "{text}");
    let has = |name: &str| answer.headers.contains_key(name);
    assert!(!answer.status.is_server_error() || answer.body.get("detail").is_none(), "{text}");
    assert_eq!(answer.status == 401, has("www-authenticate"), "{text}");
    assert!(has("retry-after") || ![429, 503].contains(&answer.status.as_u16()), "{text}");
    assert!(has("allow") || answer.status != 405, "{text}");
}

#[track_caller]
fn assert_is(answer: &Answer, status: u16, slug: &str) {
    assert_problem(answer);
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (status, &json!(format!("/problems/{slug}"))));
}

async fn send_text(by: &Client, method: Method, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = http::Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
    by.send_raw(request.header("if-match", "*"), body.into()).await
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_unknown_path_is_a_problem(db: PgPool) {
    let app = TestApp::new(db).await;
    for path in ["/v1", "/v2/labs", "/nothing", "/v1/labs/", "/v1//labs", "/docs/nothing", "/problems/nothing", "/%ff"]
    {
        assert_is(&app.nobody().get(path).await, 404, "not-found");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_part_of_the_path_that_is_no_text_is_a_problem_that_names_it(db: PgPool) {
    let world = World::new(db).await;
    for operation in &world.api.operations {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        for parameter in operation.parameters("path") {
            let name = parameter["name"].as_str().expect("a name");
            let parts = operation.path.split('/').zip(request.path.split('/'));
            let broken = parts.map(|(part, sent)| if part == format!("{{{name}}}") { "a%FF" } else { sent });
            let path = broken.collect::<Vec<_>>().join("/");
            let answer = Request { path, ..request.clone() }.send(&by).await;
            assert_is(&answer, 400, "malformed");
            assert!(answer.body["detail"].as_str().unwrap().contains(&format!("`{name}`")), "{}", answer.text);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_parameter_of_the_query_that_is_no_text_is_a_problem_that_names_it(db: PgPool) {
    let world = World::new(db).await;
    for operation in &world.api.operations {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().expect("a name");
            for broken in ["%ff", "a%FFb", "%c3", "%C3%28"] {
                let path = format!("{}?{name}={broken}", request.path.split('?').next().expect("a path"));
                let answer = Request { path, ..request.clone() }.send(&by).await;
                assert_is(&answer, 400, "malformed");
                assert_eq!(answer.body["errors"][0]["pointer"], format!("?{name}"), "{}", answer.text);
            }
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_wrong_method_is_a_problem_that_names_the_right_ones(db: PgPool) {
    let world = World::new(db).await;
    let nobody = world.app.nobody();
    for operation in &world.api.operations {
        let path = world.request(operation, &nobody).await.path;
        let known = world.api.document["paths"][&operation.path].as_object().expect("methods");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if known.contains_key(&method.to_lowercase()) {
                continue;
            }
            let answer = nobody.send(method.parse().unwrap(), &path, &[], None).await;
            assert_is(&answer, 405, "method-not-allowed");
            let allow = answer.headers["allow"].to_str().unwrap().to_owned();
            assert!(known.keys().all(|method| allow.contains(&method.to_uppercase())), "{path}: {allow}");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_body_that_cannot_be_read_is_a_problem(db: PgPool) {
    let world = World::new(db).await;
    for operation in world.api.operations.iter().filter(|operation| operation.body().is_some()) {
        let by = world.caller(operation).await;
        let (method, path) = (&operation.method, world.request(operation, &by).await.path);
        let json = "application/json";
        for broken in ["", "{", "{'a': 1}", "nul", "\u{feff}{}"] {
            let answer = send_text(&by, method.clone(), &path, json, broken).await;
            assert_eq!(answer.status, 400, "{}: {broken:?} got {}", operation.id, answer.text);
            assert_is(&answer, 400, "malformed");
            assert!(answer.body["errors"][0]["detail"].is_string(), "{}: {}", operation.id, answer.text);
        }
        assert_is(&send_text(&by, method.clone(), &path, json, &b"{\"\xff\": 1}"[..]).await, 400, "malformed");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", "json", ""] {
            assert_is(&send_text(&by, method.clone(), &path, kind, "{}").await, 415, "media-type");
        }
        let large = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
        assert_is(&send_text(&by, method.clone(), &path, json, large).await, 413, "too-large");
        let accepted = format!("{json}; charset=utf-8");
        assert_ne!(send_text(&by, method.clone(), &path, &accepted, "{}").await.status, 415, "{}", operation.id);
    }
}

async fn panics() {
    panic!("a secret");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_hangs_and_what_panics_is_a_problem(db: PgPool) {
    let app = TestApp::new(db).await;
    let routes = Router::new()
        .route("/hangs", get(std::future::pending::<()>).post(std::future::pending::<()>))
        .route("/panics", post(panics).get(panics));
    let by =
        app.client("viewer").await.with_router(router::layered(app.app.clone(), routes, Duration::from_millis(50)));
    for (path, status, slug) in [("/hangs", 408, "timed-out"), ("/panics", 500, "internal")] {
        assert_is(&by.get(path).await, status, slug);
        for _ in 0..2 {
            // It is tried again: neither answer is one to keep.
            let answer = by.send(Method::POST, path, &[("idempotency-key", path)], Some(json!({}))).await;
            assert_is(&answer, status, slug);
            assert!(!answer.text.contains("secret"), "{}", answer.text);
        }
    }
    assert_is(&by.get("/nothing").await, 404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_database_that_is_away_is_a_problem_that_says_when_to_come_back(db: PgPool) {
    let world = World::new(db).await;
    let mut requests = Vec::new();
    for operation in &world.api.operations {
        let by = world.caller(operation).await;
        requests.push((operation, world.request(operation, &by).await, by));
    }
    world.app.app.lanes().close().await;
    for (operation, request, by) in requests {
        let answer = request.send(&by).await;
        if operation.scope() != Scope::Open || operation.id == "get_readiness" {
            assert_is(&answer, 503, "unavailable");
        } else if !answer.status.is_success() {
            assert_problem(&answer);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_asks_too_often_hears_when_to_come_back(db: PgPool) {
    let app = TestApp::new(db).await;
    let body = json!({"phone": "+12025550123"});
    app.nobody().post("/v1/auth/otp/request", body.clone()).await.expect(202);
    let answer = app.nobody().post("/v1/auth/otp/request", body).await;
    assert_is(&answer, 429, "rate-limited");
    assert_eq!(answer.headers["retry-after"], "30");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_problem_type_has_a_page(db: PgPool) {
    let app = TestApp::new(db).await;
    assert!(web::kinds().count() > Reason::ALL.len());
    for kind in web::kinds() {
        let page = app.nobody().get(&format!("/problems/{}", kind.slug)).await.expect(200);
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let text = page.text.replace("<code>", "`").replace("</code>", "`");
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert!(text.contains(kind.title) && text.contains(kind.help), "{}", page.text);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_idempotency_key_that_is_none_is_a_problem(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let long = "k".repeat(256);
    for key in ["", "\"\"", &long] {
        let answer = by.post_with_key(&app.path("/containers"), key, json!({})).await;
        assert_is(&answer, 422, "invalid");
        assert_eq!(answer.body["errors"][0]["pointer"], "Idempotency-Key");
    }
}

/// It is what the first one was, but for the id under which the log tells of this request.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_problem_that_is_told_again_names_the_request_that_it_is_told_to(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let tell = async || by.post_with_key(&app.path("/containers"), "one", json!({"amount": 7})).await;
    let (mut first, mut again) = (tell().await, tell().await);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    for answer in [&first, &again] {
        assert_is(answer, 422, "invalid");
    }
    let [one, other] = [&mut first, &mut again].map(|answer| answer.body["instance"].take());
    assert_ne!(one, other);
    assert_eq!(first.body, again.body);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_script_of_an_allowed_origin_may_read_what_the_headers_say(db: PgPool) {
    let app = TestApp::with_vars(db, &[("CORS_ORIGINS", "https://app.example.org")]).await;
    let from = async |origin| app.nobody().send(Method::GET, "/v1/labs", &[("origin", origin)], None).await;
    let answer = from("https://app.example.org").await;
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    for name in ["etag", "retry-after", "x-request-id", "idempotency-replayed", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(',').any(|exposed| exposed == name), "{name}: {exposed}");
    }
    let other = from("https://elsewhere.example.org").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
}

/// As a schema, so that a client can switch on them and a validator refuses others.
#[test]
fn every_failure_of_an_operation_lists_its_problem_types() {
    let api = Api::read();
    for operation in &api.operations {
        let responses = operation.spec["responses"].as_object().expect("responses");
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let shown = format!("{}: {status}", operation.id);
            let content = &api.resolve(response)["content"]["application/problem+json"];
            let schema = api.resolve(&content["schema"]);
            assert_eq!(schema["allOf"], json!([{"$ref": "#/components/schemas/Problem"}]), "{shown}");
            assert_eq!(schema["required"], json!(["type"]), "{shown}");
            let types = schema["properties"]["type"]["enum"].as_array().unwrap_or_else(|| panic!("{shown}"));
            let of_status =
                |it: &&Value| web::kinds().any(|kind| is_type_of(it, kind) && kind.status.as_str() == status);
            assert!(!types.is_empty() && types.iter().all(|it| of_status(&it)), "{shown}: {types:?}");
            let examples = content["examples"].as_object().expect("examples").values();
            let shown_types: Vec<_> = examples.map(|example| example["value"]["type"].clone()).collect();
            assert_eq!(&shown_types, types, "{shown}");
        }
    }
}

fn is_type_of(it: &Value, kind: web::Kind) -> bool {
    *it == json!(format!("/problems/{}", kind.slug))
}

#[test]
fn the_type_of_a_problem_is_one_of_all() {
    let api = Api::read();
    let schemas = &api.document["components"]["schemas"];
    for name in ["Problem", "ProblemType"] {
        let types = &api.resolve(&schemas[name]["properties"]["type"])["enum"];
        let types = types.as_array().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(types.len(), web::kinds().count(), "{name}");
        assert!(web::kinds().all(|kind| types.iter().any(|it| is_type_of(it, kind))), "{name}");
    }
}

#[test]
fn the_document_shows_a_problem_as_it_is() {
    let api = Api::read();
    let schema = &api.document["components"]["schemas"]["Problem"];
    let example = schema["example"].as_object().expect("an example");
    let properties = schema["properties"].as_object().expect("properties");
    assert!(example.keys().all(|name| properties.contains_key(name)), "{example:?}");
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(required, ["type", "title", "status"]);
}
