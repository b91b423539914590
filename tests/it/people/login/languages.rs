//! The language of messages: what the profile says, or else the request.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{MAILBOX, OTHER_PHONE, PHONE, holder, letter, log_in, open_doors, with_email};
use crate::support::{Answer, Client, TestApp};

const NEW_PHONE: &str = "+12025550177";

async fn post(by: &Client, path: &str, accepted: &str, body: Value) -> Answer {
    by.send(Method::POST, path, &[("accept-language", accepted)], Some(body)).await
}

async fn language(app: &TestApp, channel: &str) -> Value {
    letter(app, channel).await.body["content"]["language"].clone()
}

async fn of_login_code(app: &TestApp, phone: &str, accepted: &str) -> Value {
    app.advance(TimeDelta::seconds(30));
    let asked = post(&app.nobody(), "/v1/auth/otp/request", accepted, json!({ "phone": phone })).await;
    asked.expect(202);
    language(app, "sms").await
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_in_the_language_of_the_profile_or_else_of_the_request(db: PgPool) {
    let app = with_email(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    assert_eq!(of_login_code(&app, PHONE, "sv, de;q=0.7, fr;q=0.3").await, "de");
    assert_eq!(by.get("/v1/me").await.ok()["language"], json!(null));
    let set = by.patch("/v1/me", "*", json!({ "language": "fr" })).await.ok();
    assert_eq!(set["language"], "fr");
    assert_eq!(of_login_code(&app, PHONE, "de").await, "fr");
    // Of somebody else it says nothing.
    assert_eq!(of_login_code(&app, OTHER_PHONE, "de").await, "de");
    assert_eq!(of_login_code(&app, OTHER_PHONE, "tlh, *;q=0.1").await, "en");
    assert_eq!(by.patch("/v1/me", "*", json!({ "name": "R" })).await.ok()["language"], "fr", "left out, it stays");
    assert_eq!(by.patch("/v1/me", "*", json!({ "language": null })).await.ok()["language"], json!(null));
    assert_eq!(of_login_code(&app, PHONE, "de").await, "de");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_language_that_there_is_not_is_refused(db: PgPool) {
    let app = open_doors(db).await;
    let by = app.client("member").await;
    for bad in ["tlh", "DE", "de-CH", ""] {
        let problem = by.patch("/v1/me", "*", json!({ "language": bad })).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/language");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_changes_phone_or_mailbox_is_written_to_in_their_own_language(db: PgPool) {
    let app = with_email(db).await;
    let theirs = holder(&app, &log_in(&app, OTHER_PHONE).await);
    theirs.patch("/v1/me", "*", json!({ "language": "zh" })).await.ok();
    let by = holder(&app, &log_in(&app, PHONE).await);
    app.advance(TimeDelta::seconds(30));
    // Also when the new phone is somebody's who reads another language.
    post(&by, "/v1/me/phone", "es", json!({ "phone": OTHER_PHONE })).await.expect(202);
    assert_eq!(language(&app, "sms").await, "es");
    post(&by, "/v1/me/email", "es", json!({ "email": MAILBOX })).await.expect(202);
    assert_eq!(language(&app, "email").await, "es");
    by.patch("/v1/me", "*", json!({ "language": "hi" })).await.ok();
    app.drain().await;
    let asked = post(&by, "/v1/me/phone", "es", json!({ "phone": NEW_PHONE })).await.expect(202).body;
    assert_eq!(language(&app, "sms").await, "hi");
    let code = letter(&app, "sms").await.body["content"]["code"].clone();
    app.drain().await;
    let shown = json!({ "challenge_id": asked["challenge_id"], "code": code });
    app.advance(TimeDelta::seconds(1));
    post(&by, "/v1/me/phone/confirm", "es", shown).await.ok();
    let notice = letter(&app, "sms").await;
    assert_eq!(notice.recipient, PHONE);
    assert_eq!(
        (&notice.body["content"]["kind"], &notice.body["content"]["language"]),
        (&json!("phone_changed"), &json!("hi"))
    );
}
