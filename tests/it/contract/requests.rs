//! What every operation does with a body, a query and a condition that are not quite right.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, world::World};
use crate::support::{Answer, Client, TestApp};

fn pointers(answer: &Answer) -> Vec<&str> {
    answer.body["errors"].as_array().into_iter().flatten().filter_map(|it| it["pointer"].as_str()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn all_wrong_fields_are_told_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let wrong = json!({"name": "", "density": "0,7", "cas": "75-05-9", "formula": "Xx", "colour": "blue"});
    let answer = by.post("/v1/chemicals", wrong).await.expect(422);
    let mut named = pointers(&answer);
    named.sort_unstable();
    assert_eq!(named, ["/cas", "/colour", "/density", "/formula", "/name"], "{}", answer.text);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_field_that_is_missing_is_named(db: PgPool) {
    let world = World::new(db).await;
    for operation in world.api.operations.iter().filter(|operation| operation.body().is_some()) {
        let schema = world.api.resolve(&operation.body().expect("a body")["schema"]);
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut required: Vec<_> = required.map(|name| format!("/{name}")).collect();
        if required.is_empty() {
            continue;
        }
        let by = world.caller(operation).await;
        let mut request = world.request(operation, &by).await;
        request.body = Some("{}".to_owned());
        let answer = request.send(&by).await.expect(422);
        let mut named = pointers(&answer);
        named.sort_unstable();
        required.sort_unstable();
        assert_eq!(named, required, "{}: {}", operation.id, answer.text);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_is_refused_where_an_object_is_wanted(db: PgPool) {
    let world = World::new(db).await;
    for operation in world.api.operations.iter().filter(|operation| operation.body().is_some()) {
        let by = world.caller(operation).await;
        let mut request = world.request(operation, &by).await;
        let example = request.json().expect("an example");
        let values: Vec<_> = example.as_object().expect("an object").values().cloned().collect();
        for list in [json!([]), json!(values), json!(["+12025550123", null]), json!([null, null, null, null])] {
            request.body = Some(list.to_string());
            let answer = request.send(&by).await;
            assert_eq!(answer.status, 422, "{}: {list} got {}", operation.id, answer.text);
            assert_eq!(answer.body["errors"][0]["detail"], "must be an object", "{}", operation.id);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_an_empty_value_counts_as_left_out(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    by.post("/v1/chemicals", json!({"name": "benzil"})).await.created();
    assert_eq!(by.get("/v1/chemicals?q=zzzz=").await.ok()["items"], json!([]));
    assert_eq!(by.get("/v1/chemicals?q=&cursor=").await.ok()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(by.get("/v1/chemicals?q").await.ok()["items"].as_array().map(Vec::len), Some(1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_message_is_that_of_a_library(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let containers = app.path("/containers");
    let answers = [
        by.get(&app.path("/containers/abc")).await.expect(404),
        by.get(&format!("{containers}?chemical_id=abc")).await.expect(422),
        by.get(&format!("{containers}?limit=x")).await.expect(422),
        by.get(&format!("{containers}?expiring_before=x&low=maybe")).await.expect(422),
        by.get(&format!("{containers}?colour=blue")).await.expect(422),
        by.post(&containers, json!({"chemical_id": "abc", "amount": 5, "expires_on": "31.12."})).await.expect(422),
        by.post(&containers, json!(7)).await.expect(422),
    ];
    let broken = Request::builder().method(Method::POST).uri(&containers).header("content-type", "application/json");
    let broken = by.send_raw(broken, Body::from("{\"note\": ")).await.expect(400);
    for answer in answers.iter().chain([&broken]) {
        for leak in ["parsing", "EOF", "invalid ", "Cannot", "deserialize", "struct ", "u32", "expected", "premature"] {
            assert!(!answer.text.contains(leak), "{leak}: {}", answer.text);
        }
    }
    assert_eq!(pointers(&answers[4]), ["?colour"], "{}", answers[4].text);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_version_without_quotes_is_told_to_be_quoted(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let made = by.post("/v1/chemicals", json!({"name": "benzil"})).await.expect(201);
    assert_eq!(made.etag(), format!("\"{}\"", made.body["version"]));
    let path = format!("/v1/chemicals/{}", made.body["id"].as_str().unwrap());
    for (tag, status) in [("1", 422), ("\"1", 422), ("", 422), ("\"7\"", 412), ("\"x\"", 412), ("W/\"7\"", 412)] {
        let answer = by.patch(&path, tag, json!({"synonyms": ["dibenzoyl"]})).await;
        assert_eq!(answer.status, status, "{tag}: {}", answer.text);
        if status == 422 {
            assert_eq!(pointers(&answer), ["If-Match"]);
            assert!(answer.text.contains("quote it"), "{}", answer.text);
        }
    }
    let answer = by.send(Method::PATCH, &path, &[], Some(json!({}))).await;
    answer.problem(428, "if-match-required");
    let by_list = by.patch(&path, "\"6\", \"1\" , W/\"9\"", json!({"synonyms": ["dibenzoyl"]})).await.expect(200);
    assert_eq!(by_list.etag(), "\"2\"");
    by.patch(&path, "\"6\", \"1\"", json!({"synonyms": []})).await.problem(412, "stale");
    by.patch(&path, "\"2\", 3", json!({"synonyms": []})).await.problem(422, "invalid");
    // A proxy that compresses may weaken the tag.
    by.patch(&path, "W/\"2\"", json!({"synonyms": []})).await.expect(200);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_has_the_newest_version_is_not_sent_it_again(db: PgPool) {
    let world = World::new(db).await;
    let mut with_versions = 0;
    for operation in world.api.operations.iter().filter(|operation| operation.method == Method::GET) {
        if operation.spec.pointer("/responses/200/headers/ETag").is_none() {
            continue;
        }
        with_versions += 1;
        let by = world.caller(operation).await;
        let mut request = world.request(operation, &by).await;
        let first = request.send(&by).await.expect(200);
        let etag = first.tag();
        for known in [etag.clone(), format!("W/{etag}"), format!("\"none\", {etag}"), "*".to_owned()] {
            request.headers = vec![("if-none-match".to_owned(), known.clone())];
            let again = request.send(&by).await;
            assert_eq!(again.status, 304, "{}: {known}", operation.id);
            assert_eq!((again.tag(), again.text.as_str()), (etag.clone(), ""), "{}", operation.id);
            assert!(!again.headers.contains_key(header::CONTENT_TYPE), "{}", operation.id);
        }
        let version = first.etag();
        for other in ["\"none\"", "none", "\"-1\"", version.as_str()] {
            request.headers = vec![("if-none-match".to_owned(), other.to_owned())];
            assert_eq!(request.send(&by).await.expect(200).body, first.body, "{}: {other}", operation.id);
        }
    }
    assert!(with_versions > 5, "{with_versions}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_shows_something_else_is_sent_although_its_version_is_the_same(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, one, other) = (app.client("admin").await, app.client("manager").await, app.client("viewer").await);
    let reread =
        async |by: &Client, path: &str, tag: &str| by.send(Method::GET, path, &[("if-none-match", tag)], None).await;
    // The same address, another person.
    let mine = one.get("/v1/me").await.expect(200);
    assert_eq!(mine.headers["vary"], "authorization");
    assert_eq!(mine.headers["cache-control"], "private, no-cache");
    reread(&one, "/v1/me", &mine.tag()).await.expect(304);
    let theirs = reread(&other, "/v1/me", &mine.tag()).await.expect(200);
    assert_eq!((theirs.etag(), theirs.body["id"].clone()), (mine.etag(), json!(other.user_id)));
    // The role of the caller.
    let lab = other.get(&app.path("")).await.expect(200);
    let member = app.path(&format!("/members/{}", other.user_id));
    admin.patch(&member, "*", json!({"role": "member"})).await.expect(200);
    assert_eq!(reread(&other, &app.path(""), &lab.tag()).await.expect(200).body["role"], "member");
    // The name of the place around it.
    let locations = app.path("/locations");
    let room = one.post(&locations, json!({"name": "A", "kind": "room"})).await.created();
    let shelf = json!({"name": "S", "kind": "shelf", "parent_id": room["id"]});
    let shelf = one.post(&locations, shelf).await.created();
    let path_of = |place: &Value| format!("{locations}/{}", place["id"].as_str().unwrap());
    let read = one.get(&path_of(&shelf)).await.expect(200);
    one.patch(&path_of(&room), "*", json!({"name": "B"})).await.expect(200);
    assert_eq!(reread(&one, &path_of(&shelf), &read.tag()).await.expect(200).body["path"], json!(["B", "S"]));
    // A change asks for the version alone.
    one.patch(&path_of(&shelf), &read.tag(), json!({"name": "T"})).await.expect(200);
}

#[test]
fn what_can_be_changed_has_a_version_that_its_tag_is_made_of() {
    let api = Api::read();
    for operation in api.operations.iter().filter(|operation| operation.method == Method::PATCH) {
        let schema = &operation.spec["responses"]["200"]["content"]["application/json"]["schema"];
        let required = api.resolve(schema)["required"].as_array().expect("required");
        assert!(required.contains(&json!("version")), "{}", operation.id);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn all_problem_types_are_listed_for_people_and_for_programs(db: PgPool) {
    let app = TestApp::new(db).await;
    let page = app.nobody().get("/problems").await.expect(200);
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let as_json = [("accept", "application/json")];
    let list = app.nobody().send(Method::GET, "/problems", &as_json, None).await.ok();
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), chemstock::web::kinds().count());
    for kind in list {
        let path = kind["type"].as_str().expect("a type");
        assert!(page.text.contains(&format!("href=\"{path}\"")), "{path}");
        let one = app.nobody().get(path).await.expect(200);
        assert!(!one.text.contains('`'), "{}", one.text);
        assert_eq!(&app.nobody().send(Method::GET, path, &as_json, None).await.ok(), kind);
    }
}

/// For the languages whose clients cannot tell null from absent.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_patch_clears_what_it_lists_and_leaves_what_it_does_not_name(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let new = json!({"name": "ethanol", "cas": "64-17-5", "density": "0.789", "synonyms": ["EtOH"]});
    let made = by.post("/v1/chemicals", new).await.created();
    let path = format!("/v1/chemicals/{}", made["id"].as_str().unwrap());
    let changed = by.patch(&path, "*", json!({"name": "Ethanol"})).await.ok();
    assert_eq!((&changed["cas"], &changed["density"]), (&json!("64-17-5"), &json!("0.789")));
    let cleared = by.patch(&path, "*", json!({"clear": ["density"], "name": "ethanol"})).await.ok();
    assert_eq!(
        (&cleared["cas"], &cleared["density"], &cleared["name"]),
        (&json!("64-17-5"), &Value::Null, &json!("ethanol"))
    );
    let by_null = by.patch(&path, "*", json!({"cas": null})).await.ok();
    assert_eq!((&by_null["cas"], &by_null["synonyms"]), (&Value::Null, &json!(["EtOH"])));
    for (body, pointer) in [
        (json!({"clear": ["colour"]}), "/clear/0"),
        (json!({"clear": ["ec", "name"]}), "/clear/1"),
        (json!({"clear": ["ec"], "ec": "200-578-6"}), "/clear/0"),
        (json!({"clear": "ec"}), "/clear"),
        (json!({"clear": [1]}), "/clear"),
    ] {
        let answer = by.patch(&path, "*", body).await.expect(422);
        assert_eq!(pointers(&answer), [pointer], "{}", answer.text);
    }
}
