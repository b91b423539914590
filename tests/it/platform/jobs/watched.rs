//! Jobs as server-sent events.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use chemstock::platform::jobs::Queue;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{Wait, Write, enqueue_as, probe, run_due, runner, start};
use crate::support::{Client, TestApp};

fn of(client: &Client) -> Queue {
    Queue { created_by: Some(client.user_id), ..Queue::default() }
}

/// The ids and data of the events.
fn events(text: &str) -> Vec<(i64, Value)> {
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default().to_owned()
    };
    let events = text.split("\n\n").filter(|event| event.contains("event: job"));
    events
        .map(|event| (field(event, "id:").parse().unwrap(), serde_json::from_str(&field(event, "data:")).unwrap()))
        .collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stream_tells_each_change_and_ends_with_the_job(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let id = enqueue_as(&app, &Wait, of(&member)).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    let watcher = member.clone();
    let stream = tokio::spawn(async move {
        let path = format!("/v1/jobs/{id}/events");
        watcher.send(axum::http::Method::GET, &path, &[("accept-encoding", "gzip, br")], None).await
    });
    // It is cancelled after it was seen running.
    tokio::time::timeout(std::time::Duration::from_millis(300), std::future::pending::<()>()).await.unwrap_err();
    member.post(&format!("/v1/jobs/{id}/cancel"), json!({})).await.ok();
    let answer = stream.await.unwrap().expect(200);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/event-stream");
    assert!(!answer.headers.contains_key(header::CONTENT_ENCODING), "it comes as it is told");
    let events = events(&answer.text);
    let states: Vec<_> = events.iter().map(|(_, job)| job["state"].as_str().unwrap()).collect();
    assert_eq!((states[0], *states.last().unwrap()), ("running", "cancelled"), "{states:?}");
    assert!(events.is_sorted_by(|(earlier, _), (later, _)| earlier < later), "{}", answer.text);
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_comes_again_hears_what_is_new_and_always_the_end(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let id = enqueue_as(&app, &Write(1), of(&member)).await;
    run_due(&app).await;
    let path = format!("/v1/jobs/{id}/events");
    let first = events(&member.get(&path).await.expect(200).text);
    assert_eq!((first.len(), &first[0].1["state"]), (1, &json!("done")));
    let seen = first[0].0.to_string();
    for last in [seen.as_str(), "0", "no number"] {
        let again = member.send(axum::http::Method::GET, &path, &[("last-event-id", last)], None).await;
        assert_eq!(events(&again.expect(200).text), first);
    }
}

async fn open(app: &TestApp, by: &Client, id: Uuid) -> Response {
    let request = Request::get(format!("/v1/jobs/{id}/events"))
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, format!("Bearer {}", by.token.as_ref().unwrap()))
        .body(Body::empty())
        .unwrap();
    app.router.clone().oneshot(request).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn somebody_watches_four_jobs_at_a_time_and_holds_no_connection(db: PgPool) {
    let app = TestApp::new(db).await;
    let (member, other) = (app.client("member").await, app.owner().await);
    let id = enqueue_as(&app, &Wait, of(&member)).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(open(&app, &member, id).await);
    }
    assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
    assert_eq!(open(&app, &member, id).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(open(&app, &other, id).await.status(), StatusCode::OK, "others are not counted");
    streams.pop();
    assert_eq!(open(&app, &member, id).await.status(), StatusCode::OK);
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(app.app.db().await.unwrap());
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stream_ends_with_the_right_to_it(db: PgPool) {
    let app = TestApp::new(db).await;
    for change in [
        "update memberships set left_at = created_at where user_id = $1",
        "update sessions set ended_at = created_at, ended_because = 'logout' where user_id = $1",
    ] {
        let member = app.client("member").await;
        let id = enqueue_as(&app, &Wait, Queue { lab_id: Some(app.lab), ..of(&member) }).await;
        let stream = open(&app, &member, id).await;
        assert_eq!(stream.status(), StatusCode::OK);
        sqlx::query(change).bind(member.user_id).execute(&app.db).await.unwrap();
        chemstock::auth::forget(&app.app, member.user_id);
        let ended = tokio::time::timeout(Duration::from_secs(10), axum::body::to_bytes(stream.into_body(), 1 << 20));
        ended.await.expect("it ends within seconds").unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_process_that_stops_ends_its_streams(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let id = enqueue_as(&app, &Wait, of(&member)).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    let watcher = member.clone();
    let stream = tokio::spawn(async move { watcher.get(&format!("/v1/jobs/{id}/events")).await });
    stop.cancel();
    running.await.unwrap();
    let states: Vec<_> = events(&stream.await.unwrap().expect(200).text).into_iter().map(|(_, job)| job).collect();
    assert!(states.iter().all(|job| job["finished_at"].is_null()), "it goes on elsewhere: {states:?}");
}
