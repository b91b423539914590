//! Many events in one call, of which some cannot be read.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    bottle, events_of,
    many::{amount, on, words},
    withdraw,
};
use crate::support::{Answer, Client, TestApp};

/// A text that `Value` could not hold.
async fn post_text(by: &Client, path: &str, text: String) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    by.send_raw(request, Body::from(text)).await
}

fn pointers(verdict: &Value) -> Vec<&str> {
    let errors = verdict["problem"]["errors"].as_array().unwrap();
    errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_operation_that_cannot_be_read_is_refused_alone_whatever_is_wrong_with_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let made = bottle(&app, &by, "100", "mL").await;
    let take = || withdraw("1", "mL");
    let operations = [
        on(&made, take()),
        json!({"code": "", "event": take()}),
        json!({"code": "..", "event": take()}),
        json!({"code": 5, "event": take()}),
        json!({"container_id": "x", "event": take()}),
        json!({"container_id": made["id"], "event": take(), "more": 1}),
        json!({"container_id": made["id"]}),
        json!({"container_id": "x", "code": "", "event": {"type": "withdraw", "amount": {"value": "x", "unit": "mL"}}}),
        json!(5),
        json!([made["id"], null, take()]),
        Value::Null,
        on(&made, take()),
    ];
    let wanted: [&[&str]; 10] = [
        &["/operations/1/code"],
        &["/operations/2/code"],
        &["/operations/3/code"],
        &["/operations/4/container_id"],
        &["/operations/5/more"],
        &["/operations/6/event"],
        &["/operations/7/code", "/operations/7/container_id", "/operations/7/event/amount/value"],
        &["/operations/8"],
        &["/operations/9"],
        &["/operations/10"],
    ];
    for atomic in [false, true] {
        let body = json!({"atomic": atomic, "operations": operations});
        let answer = by.post(&app.path("/events"), body).await.expect(if atomic { 409 } else { 200 });
        let verdicts = answer.body["verdicts"].as_array().unwrap();
        let booked = if atomic { "later" } else { "applied" };
        let mut expected = vec!["rejected"; 12];
        (expected[0], expected[11]) = (booked, booked);
        assert_eq!(words(verdicts), expected);
        for (verdict, wanted) in verdicts[1..11].iter().zip(wanted) {
            let mut told = pointers(verdict);
            told.sort_unstable();
            assert_eq!(told, wanted, "{verdict}");
            assert_eq!(verdict["problem"]["status"], 422);
        }
    }
    assert_eq!(amount(&app, &by, &made).await, "98");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_a_call_that_is_no_list_of_operations_is_refused_as_a_whole(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let made = bottle(&app, &by, "100", "mL").await;
    let good = on(&made, withdraw("1", "mL"));
    for body in [
        json!({"operations": good}),
        json!({"operations": null}),
        json!({"atomic": true}),
        json!({"operations": [good], "more": 1}),
        json!({"operations": [good], "atomic": "yes"}),
        json!([false, [good]]),
    ] {
        by.post(&app.path("/events"), body).await.problem(422, "invalid");
    }
    assert_eq!(amount(&app, &by, &made).await, "100");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_field_that_stands_there_twice_is_refused_in_a_list_as_it_is_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let made = bottle(&app, &by, "100", "mL").await;
    let id = made["id"].as_str().unwrap();
    let amount_of = |value: &str| format!(r#""amount": {{"value": "{value}", "unit": "mL"}}"#);
    let doubled = [
        format!(r#"{{"type": "withdraw", {}, {}}}"#, amount_of("1"), amount_of("2")),
        format!(r#"{{"type": "open", "type": "withdraw", {}}}"#, amount_of("1")),
        r#"{"type": "withdraw", "amount": {"value": "1", "value": "2", "unit": "mL"}}"#.to_owned(),
    ];
    let wanted = ["/event/amount", "/event/type", "/event/amount/value"];
    for (event, pointer) in doubled.iter().zip(wanted) {
        let alone = post_text(&by, &events_of(&app, &made), event.clone()).await.problem(422, "invalid");
        let told = &alone["errors"][0];
        assert_eq!(format!("/event{}", told["pointer"].as_str().unwrap()), pointer, "{alone}");
        let text = format!(r#"{{"operations": [{{"container_id": "{id}", "event": {event}}}]}}"#);
        let answer = post_text(&by, &app.path("/events"), text).await.ok();
        let verdict = &answer["verdicts"][0];
        assert_eq!(verdict["verdict"], "rejected", "{verdict}");
        assert_eq!(pointers(verdict), [format!("/operations/0{pointer}")]);
        assert_eq!(verdict["problem"]["errors"][0]["detail"], told["detail"]);
    }
    let event = withdraw("1", "mL");
    let text = format!(
        r#"{{"operations": [{{"container_id": "{id}", "container_id": "{id}", "event": {event}}},
            {{"container_id": "{id}", "event": {event}}}]}}"#
    );
    let answer = post_text(&by, &app.path("/events"), text).await.ok();
    assert_eq!(words(answer["verdicts"].as_array().unwrap()), ["rejected", "applied"]);
    assert_eq!(pointers(&answer["verdicts"][0]), ["/operations/0/container_id"]);
    let twice = format!(r#"{{"operations": [], "operations": [{{"container_id": "{id}", "event": {event}}}]}}"#);
    post_text(&by, &app.path("/events"), twice).await.problem(422, "invalid");
    assert_eq!(amount(&app, &by, &made).await, "99");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_field_that_stands_twice_in_a_patch_is_refused_beside_clear_too(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = super::path_of(&app, &made);
    let patch = async |text: &str| {
        let request = Request::patch(&path).header(header::CONTENT_TYPE, "application/json").header("if-match", "*");
        manager.send_raw(request, Body::from(text.to_owned())).await
    };
    for (text, pointer) in [
        (r#"{"lot": "A", "lot": "B"}"#, "/lot"),
        (r#"{"clear": ["note"], "lot": "A", "lot": "B"}"#, "/lot"),
        (r#"{"clear": ["note"], "clear": ["supplier"]}"#, "/clear"),
        (r#"{"clear": ["note"], "tare": {"value": "1", "value": "2", "unit": "g"}}"#, "/tare/value"),
    ] {
        let refused = patch(text).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{text}: {refused}");
    }
    assert_eq!(manager.get(&path).await.ok()["version"], 1);
    assert_eq!(patch(r#"{"clear": ["note"], "lot": "A"}"#).await.ok()["lot"], "A");
}
