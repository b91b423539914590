//! One's own profile.

use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_profile_lists_labs_with_roles(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let me = manager.get("/v1/me").await.ok();
    assert_eq!(me["id"], json!(manager.user_id));
    assert_eq!(me["phone"], json!(null));
    assert_eq!(me["labs"], json!([{"id": app.lab, "name": "Test lab", "role": "manager"}]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_is_changed_by_whoever_read_the_latest(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let etag = member.get("/v1/me").await.etag();
    let changed = member.patch("/v1/me", &etag, json!({"name": "  Rosalind Franklin "})).await.expect(200);
    assert_eq!(changed.body["name"], "Rosalind Franklin");
    assert_eq!(changed.body["labs"][0]["role"], "member");
    assert_ne!(changed.etag(), etag);
    assert_eq!(member.get("/v1/me").await.etag(), changed.etag());

    member.patch("/v1/me", &etag, json!({"name": "Somebody else"})).await.problem(412, "stale");
    let kept = member.patch("/v1/me", "*", json!({})).await.ok();
    assert_eq!(kept["name"], "Rosalind Franklin");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bad_profiles_are_refused_by_field(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let bad = [
        (json!({"name": ""}), "/name"),
        (json!({"name": "a\0b"}), "/name"),
        (json!({"name": "x".repeat(201)}), "/name"),
        (json!({"name": 7}), "/name"),
        (json!({"phone": "+12025550123"}), "/phone"),
        (json!({"is_owner": true}), "/is_owner"),
    ];
    for (body, pointer) in bad {
        let problem = member.patch("/v1/me", "*", body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let without = member.send(axum::http::Method::PATCH, "/v1/me", &[], Some(json!({"name": "X"}))).await;
    without.problem(428, "if-match-required");
}
