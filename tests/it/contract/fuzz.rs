//! Whatever is sent, the answer is one that the sender can act on: never a 5xx, every failure a problem, every refused
//! field with a pointer. `PROPTEST_RNG_SEED=7 PROPTEST_CASES=1000` looks further.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Api, Operation, Scope,
    failures::assert_problem,
    hostile,
    world::{Request, World},
};
use crate::support::{Answer, Client, google};

/// The same cases in every run, unless asked for others: a test that fails by chance is not looked at.
fn runner() -> TestRunner {
    let mut config = Config { cases: 60, ..Config::default() };
    if matches!(config.rng_seed, RngSeed::Random) {
        config.rng_seed = RngSeed::Fixed(1);
    }
    let given = Config::default().cases;
    if given != 256 {
        config.cases = given;
    }
    TestRunner::new(config)
}

fn next<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: &BoxedStrategy<T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

/// Admin of the lab and owner of the installation: nothing is refused for want of a right.
struct Fuzzer {
    world: World,
    by: Client,
}

impl Fuzzer {
    async fn new(db: PgPool) -> (Self, Vec<Operation>) {
        let mut world = World::new(db).await;
        let operations = std::mem::take(&mut world.api.operations);
        (Self { by: all_powerful(&world).await, world }, operations)
    }

    async fn renew(&mut self) {
        self.world.renew().await;
        self.by = all_powerful(&self.world).await;
    }

    async fn send(&mut self, operation: &Operation, request: &Request) -> Answer {
        let by = if operation.scope() == Scope::Open { self.world.app.nobody() } else { self.by.clone() };
        let mut answer = request.send(&by).await;
        if let Some(wait) = names_an_unknown_key(operation, request, &answer) {
            // Then it can be said whether there is such a key: the keys are fetched again.
            self.world.app.advance(wait);
            answer = request.send(&by).await;
        }
        assert_bearable(operation, request, &answer);
        let in_own_lab = request.path.starts_with(&self.world.app.path(""));
        if answer.status == 401 || in_own_lab && answer.status == 404 && answer.text.contains("lab not found") {
            // It has ended its own session, or left the lab.
            self.renew().await;
        }
        answer
    }
}

async fn all_powerful(world: &World) -> Client {
    let admin = world.app.client("admin").await;
    let made = sqlx::query("update users set is_owner = true where id = $1").bind(admin.user_id);
    made.execute(&world.app.db).await.expect("an owner");
    admin
}

/// An ID token that names a key which is not among those that were fetched within the last minute: it may be a new one,
/// so its bearer is told when to come again.
fn names_an_unknown_key(operation: &Operation, request: &Request, answer: &Answer) -> Option<TimeDelta> {
    if operation.id != "exchange_id_token" || answer.status != 503 {
        return None;
    }
    let token = request.json()?["id_token"].as_str()?.to_owned();
    let header = jsonwebtoken::decode_header(&token).ok()?;
    let is_unknown = header.kid.is_some_and(|kid| kid != google::keys().google.kid);
    let wait = answer.headers.get("retry-after")?.to_str().ok()?.parse().ok()?;
    let is_expected = is_unknown && answer.body["type"] == "/problems/unavailable" && (1..=60).contains(&wait);
    is_expected.then(|| TimeDelta::seconds(wait))
}

#[track_caller]
fn assert_bearable(operation: &Operation, request: &Request, answer: &Answer) {
    let shown = || format!("{}: {} got {} {}", operation.id, abbreviated(request), answer.status, answer.text);
    assert!(!answer.status.is_server_error(), "{}", shown());
    if answer.status.is_client_error() || answer.status.is_server_error() {
        assert_problem(answer);
    }
    if answer.status == 422 {
        let errors = answer.body["errors"].as_array().unwrap_or_else(|| panic!("no pointer: {}", shown()));
        assert!(errors.iter().all(|error| error["pointer"].is_string() && error["detail"].is_string()), "{}", shown());
    }
}

fn abbreviated(request: &Request) -> String {
    format!("{request:?}").chars().take(2_000).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_body_is_answered_with_a_5xx(db: PgPool) {
    let (mut fuzzer, operations) = Fuzzer::new(db).await;
    let mut runner = runner();
    for operation in operations.iter().filter(|operation| operation.body().is_some()) {
        fuzzer.renew().await;
        let things = json!(fuzzer.world.here);
        let schema = operation.body().expect("a body")["schema"].clone();
        let bodies = hostile::body(&fuzzer.world.api, &schema, &things);
        let mut request = fuzzer.world.request(operation, &fuzzer.by).await;
        for _ in 0..runner.config().cases {
            request.body = Some(next(&mut runner, &bodies));
            fuzzer.send(operation, &request).await;
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_field_refuses_what_no_field_takes_and_says_which_it_was(db: PgPool) {
    let (mut fuzzer, operations) = Fuzzer::new(db).await;
    for operation in operations.iter().filter(|operation| operation.body().is_some()) {
        fuzzer.renew().await;
        let request = fuzzer.world.request(operation, &fuzzer.by).await;
        let schema = operation.body().expect("a body")["schema"].clone();
        for (slot, _) in slots(&fuzzer.world.api, &schema) {
            for value in hostile::unacceptable() {
                let mut request = request.clone();
                request.body = Some(with(request.json().expect("an example"), &slot, &value));
                let answer = fuzzer.send(operation, &request).await;
                let shown = format!("{}{slot}: {} got {}", operation.id, abbreviated(&request), answer.text);
                // A list with one value that is no event is a list, which has a verdict of each.
                let is_told_alone =
                    operation.id == "post_events" && answer.body["verdicts"][0]["verdict"] == "rejected";
                assert!(answer.status.is_client_error() || is_told_alone, "{shown}");
                if [400, 422].contains(&answer.status.as_u16()) {
                    let pointer = answer.body["errors"][0]["pointer"].as_str().unwrap_or_else(|| panic!("{shown}"));
                    let is_there = !pointer.is_empty() && (slot.starts_with(pointer) || pointer.starts_with(&slot));
                    assert!(is_there, "{pointer}: {shown}");
                }
            }
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_field_is_answered_with_a_5xx(db: PgPool) {
    let (mut fuzzer, operations) = Fuzzer::new(db).await;
    let mut runner = runner();
    for operation in operations.iter().filter(|operation| operation.body().is_some()) {
        fuzzer.renew().await;
        let request = fuzzer.world.request(operation, &fuzzer.by).await;
        let schema = operation.body().expect("a body")["schema"].clone();
        for (slot, schema) in slots(&fuzzer.world.api, &schema) {
            let values = hostile::against(&fuzzer.world.api, &schema);
            for _ in 0..runner.config().cases / 6 {
                let mut request = request.clone();
                request.body = Some(with(request.json().expect("an example"), &slot, &next(&mut runner, &values)));
                fuzzer.send(operation, &request).await;
            }
        }
    }
}

/// The pointers to all fields that a body can have, with their schemas.
fn slots(api: &Api, schema: &Value) -> BTreeMap<String, Value> {
    let schema = api.resolve(schema);
    let choices = ["oneOf", "anyOf"].iter().flat_map(|word| schema[*word].as_array().into_iter().flatten());
    let mut all: BTreeMap<_, _> = choices.flat_map(|choice| slots(api, choice)).collect();
    for (name, schema, _) in hostile::properties(api, schema) {
        all.extend(slots(api, &schema).into_iter().map(|(below, schema)| (format!("/{name}{below}"), schema)));
        all.insert(format!("/{name}"), schema);
    }
    all
}

/// The example with this text at the pointer.
fn with(mut example: Value, pointer: &str, text: &str) -> String {
    const MARK: &str = "put it here";
    let mut at = &mut example;
    for name in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    *at = json!(MARK);
    example.to_string().replace(&format!("{MARK:?}"), text)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_path_query_or_header_is_answered_with_a_5xx(db: PgPool) {
    let (mut fuzzer, operations) = Fuzzer::new(db).await;
    let mut runner = runner();
    let parts = hostile::url_part();
    for operation in &operations {
        fuzzer.renew().await;
        let valid = fuzzer.world.request(operation, &fuzzer.by).await;
        for _ in 0..runner.config().cases {
            let mut request = valid.clone();
            match next(&mut runner, &(0..4).boxed()) {
                0 => request.path = path(operation, &valid.path, &mut runner, &parts),
                1 => request.headers = headers(operation, &mut runner),
                _ => request.query = query(operation, &fuzzer.world, &mut runner, &parts),
            }
            fuzzer.send(operation, &request).await;
        }
    }
}

/// One variable of the path is replaced.
fn path(operation: &Operation, valid: &str, runner: &mut TestRunner, parts: &BoxedStrategy<String>) -> String {
    let template: Vec<_> = operation.path.split('/').collect();
    let variables: Vec<_> = (0..template.len()).filter(|n| template[*n].starts_with('{')).collect();
    let mut segments: Vec<_> = valid.split('/').map(str::to_owned).collect();
    if !variables.is_empty() {
        segments[next(runner, &select(variables).boxed())] = next(runner, parts).replace(['?', '#'], "");
    }
    segments.join("/")
}

fn headers(operation: &Operation, runner: &mut TestRunner) -> Vec<(String, String)> {
    let values = ["*", "\"0\"", "\"-1\"", "\"99999999999\"", "W/\"1\"", "\"\"", "1", "\"1\", \"2\"", ""];
    let values = prop_oneof![select(values.to_vec()).prop_map(str::to_owned), "[ -~]{0,300}"].boxed();
    let known = operation.parameters("header").into_iter().map(|header| header["name"].as_str().expect("a name"));
    known.map(|name| (name.to_owned(), next(runner, &values))).collect()
}

fn query(operation: &Operation, world: &World, runner: &mut TestRunner, parts: &BoxedStrategy<String>) -> String {
    let mut pairs = Vec::new();
    for parameter in operation.parameters("query") {
        let name = parameter["name"].as_str().expect("a name");
        let value = prop_oneof![3 => select(proper(world, parameter)), 3 => parts.clone()].boxed();
        for _ in 0..next(runner, &prop_oneof![5 => Just(1), 5 => Just(0), 1 => Just(2)].boxed()) {
            pairs.push(format!("{name}={}", next(runner, &value)));
        }
    }
    if next(runner, &(0..10).boxed()) == 0 {
        pairs.push(next(runner, parts));
    }
    pairs.join("&")
}

/// What the query parameter takes.
fn proper(world: &World, parameter: &Value) -> Vec<String> {
    let mut schema = world.api.resolve(&parameter["schema"]).clone();
    if let Some(example) = parameter.get("example") {
        schema["example"] = example.clone();
    }
    let values = hostile::proper(parameter["name"].as_str().expect("a name"), &schema, &json!(world.here));
    values.into_iter().map(|text| super::world::encode(text.trim_matches('"'))).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cursor_that_no_list_gave_is_no_5xx_and_that_of_another_list_is_refused(db: PgPool) {
    let (mut fuzzer, operations) = Fuzzer::new(db).await;
    let mut lists = 0;
    for operation in &operations {
        let (cursor, others): (Vec<_>, Vec<_>) =
            operation.parameters("query").into_iter().partition(|parameter| parameter["name"] == "cursor");
        if cursor.is_empty() {
            continue;
        }
        // Which parts of a key count may depend on what else is asked for.
        let mut filters = vec![String::new()];
        for other in others {
            let name = other["name"].as_str().expect("a name");
            filters.extend(proper(&fuzzer.world, other).iter().map(|value| format!("&{name}={value}")));
        }
        let mut request = fuzzer.world.request(operation, &fuzzer.by).await;
        for filter in filters {
            request.query = format!("limit=1{filter}");
            let page = fuzzer.send(operation, &request).await;
            let list = page.body["next_cursor"].as_str().map_or(0, hostile::list_of);
            lists += usize::from(list != 0);
            for cursor in hostile::cursors(list) {
                request.query = format!("cursor={cursor}{filter}");
                let answer = fuzzer.send(operation, &request).await;
                assert!(list != 0 || answer.status == 422, "{}: {}", operation.id, abbreviated(&request));
            }
        }
    }
    assert!(lists > 5, "{lists} lists with a second page");
}
