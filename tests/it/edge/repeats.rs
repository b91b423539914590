//! Repeats by `Idempotency-Key`, where the first try was cut off, has no route, or was somebody else's.

use axum::{Router, body::Body, http::Request, routing::post};
use chemstock::router;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use tower::ServiceExt as _;

use crate::support::TestApp;

async fn rows(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from idempotency_keys").fetch_one(&app.db).await.unwrap()
}

/// As a crash between work and record leaves it, or a try that is still running.
async fn take_the_answer(app: &TestApp) {
    let until = app.now() + TimeDelta::seconds(10);
    sqlx::query("update idempotency_keys set answer = null, locked_until = $1")
        .bind(until)
        .execute(&app.db)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_of_what_was_cut_off_hears_when_to_come_back_and_then_meets_what_was_made(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let body = json!({"name": "Cabinet", "kind": "cabinet"});
    let path = app.path("/locations");
    let first = manager.post_with_key(&path, "k", body.clone()).await.created();
    take_the_answer(&app).await;
    let refused = manager.post_with_key(&path, "k", body.clone()).await.expect(409);
    let seconds: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=11).contains(&seconds), "{seconds}");
    app.advance(TimeDelta::seconds(seconds));
    // It runs again with the same ids, and meets what the first try made.
    assert_eq!(manager.post_with_key(&path, "k", body).await.created(), first);
    let places = manager.get(&path).await.ok();
    assert_eq!(places["items"].as_array().unwrap().len(), 1, "{places}");
    assert_eq!(places["items"][0]["id"], first["id"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_path_that_is_not_there_writes_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    app.nobody().post_with_key("/v1/nowhere", "k", json!({})).await.problem(404, "not-found");
    app.nobody().post_with_key("/nowhere", "k", json!({})).await.problem(404, "not-found");
    assert_eq!(rows(&app).await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_phones_without_a_token_may_have_chosen_the_same_key(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    for phone in ["+12025550101", "+12025550102"] {
        let asked = app.nobody().post_with_key("/v1/auth/otp/request", "1", json!({ "phone": phone })).await;
        let again = app.nobody().post_with_key("/v1/auth/otp/request", "1", json!({ "phone": phone })).await;
        assert_eq!(asked.expect(202).body["challenge_id"], again.expect(202).body["challenge_id"]);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_answer_that_is_no_text_comes_again_to_the_byte(db: PgPool) {
    const PICTURE: [u8; 6] = [0x89, b'P', b'N', b'G', 0xff, 0x00];
    let app = TestApp::new(db).await;
    let headers = [("content-type", "image/png"), ("content-disposition", "attachment; filename=a.png")];
    let routes = Router::new().route("/picture", post(async move || (headers, PICTURE.to_vec())));
    let service = router::layered(app.app.clone(), routes, router::REQUEST_TIMEOUT);
    for replayed in [false, true] {
        let request = Request::post("/picture").header("host", "localhost").header("idempotency-key", "k");
        let request = request.body(Body::from("{}")).unwrap();
        let answer = service.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.headers().contains_key("idempotency-replayed"), replayed);
        assert_eq!(answer.headers()["content-disposition"], headers[1].1);
        assert_eq!(answer.headers()["content-type"], "image/png");
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(*body, PICTURE);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_the_first_try_made_is_answered_whatever_it_is(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, owner, cataloguer) = (app.client("admin").await, app.owner().await, app.cataloguer().await);
    let invitations = app.path("/invitations");
    let locations = app.path("/locations");
    // The nil UUID counts as no id of one's own.
    let none = uuid::Uuid::nil();
    for (n, (by, path, body)) in [
        (&admin, invitations.as_str(), json!({"role": "member"})),
        (&owner, "/v1/labs", json!({"name": "Second"})),
        (&cataloguer, "/v1/chemicals", json!({"name": "Unobtainium", "synonyms": ["Unobtanium"]})),
        (&admin, locations.as_str(), json!({"kind": "room", "name": "R1"})),
        (&admin, invitations.as_str(), json!({"id": none, "role": "member"})),
        (&owner, "/v1/labs", json!({"id": none, "name": "Third"})),
        (&cataloguer, "/v1/chemicals", json!({"id": none, "name": "Adamantium"})),
        (&admin, locations.as_str(), json!({"id": none, "kind": "room", "name": "R2"})),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("k{n}");
        let first = by.post_with_key(path, &key, body.clone()).await.created();
        take_the_answer(&app).await;
        app.advance(TimeDelta::seconds(20));
        assert_eq!(by.post_with_key(path, &key, body).await.created(), first);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_that_the_first_try_accepted_is_a_success_for_its_repeat_alone(db: PgPool) {
    const ACCEPT: &str = "/v1/invitations/accept";
    let app = TestApp::new(db).await;
    let (admin, guest, member) = (app.client("admin").await, app.stranger().await, app.client("member").await);
    let made = admin.post(&app.path("/invitations"), json!({"role": "member", "max_uses": 5})).await.created();
    let code = json!({"code": made["code"]});
    let first = guest.post_with_key(ACCEPT, "k", code.clone()).await.expect(200);
    take_the_answer(&app).await;
    app.advance(TimeDelta::seconds(20));
    assert_eq!(guest.post_with_key(ACCEPT, "k", code.clone()).await.ok(), first.body);
    guest.post(ACCEPT, code.clone()).await.problem(409, "already-member");
    member.post_with_key(ACCEPT, "k", code).await.problem(409, "already-member");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_refusal_of_the_person_is_not_kept(db: PgPool) {
    let app = TestApp::new(db).await;
    let (viewer, path, body) =
        (app.client("viewer").await, app.path("/locations"), json!({"name": "A", "kind": "room"}));
    viewer.post_with_key(&path, "k", body.clone()).await.problem(403, "forbidden");
    let member = app.path(&format!("/members/{}", viewer.user_id));
    app.client("admin").await.patch(&member, "*", json!({"role": "manager"})).await.ok();
    viewer.post_with_key(&path, "k", body).await.created();
}
