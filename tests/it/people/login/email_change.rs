//! A mailbox of one's own: how it is proven, and how one is rid of it.

use chemstock::config::Channel;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    MAILBOX, OTHER_PHONE, PHONE, ask, challenge, holder, letter, log_in, log_in_by_email, phone_change, refresh,
    verify, with_email, wrong,
};
use crate::support::{Answer, Client, TestApp};

const HALF_A_MINUTE: TimeDelta = TimeDelta::seconds(30);

pub async fn request(by: &Client, email: &str) -> Answer {
    by.post("/v1/me/email", json!({ "email": email })).await
}

pub async fn confirm(by: &Client, challenge: &Value, code: &str) -> Answer {
    by.post("/v1/me/email/confirm", json!({ "challenge_id": challenge, "code": code })).await
}

/// The challenge of a code to this mailbox of theirs, and the code.
pub async fn code_for(app: &TestApp, by: &Client, email: &str) -> (Value, String) {
    let asked = request(by, email).await.expect(202).body;
    let code = letter(app, "email").await.code();
    // Of messages that leave together, none is the last.
    app.drain().await;
    (asked["challenge_id"].clone(), code)
}

/// Somebody with this phone who has just logged in, and proven this mailbox.
pub async fn with_mailbox(app: &TestApp, phone: &str, email: &str) -> Value {
    let pair = log_in(app, phone).await;
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(app, &holder(app, &pair), email).await;
    confirm(&holder(app, &pair), &id, &code).await.ok();
    pair
}

async fn events(app: &TestApp, outcome: &str) -> i64 {
    let count = "select count(*) from login_events where kind = 'email_changed' and outcome = $1
        and phone_hash is not null and detail is null";
    sqlx::query_scalar(count).bind(outcome).fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_mailbox_is_ones_own_once_its_code_has_come_back(db: PgPool) {
    let app = with_email(db).await;
    let pair = log_in(&app, PHONE).await;
    let by = holder(&app, &pair);
    app.advance(HALF_A_MINUTE);
    let before = by.get("/v1/me").await.expect(200);
    assert_eq!(before.body["email"], json!(null));
    let asked = request(&by, "Rosalind@Example.ORG").await.expect(202).body;
    assert_eq!(asked["channel"], "email");
    assert_eq!(asked["resend_at"], json!(app.now() + HALF_A_MINUTE));
    let sent = letter(&app, "email").await;
    assert_eq!((sent.suppressed, sent.recipient.as_str()), (false, "Rosalind@example.org"));
    assert_eq!(sent.body["content"]["kind"], "email_code");
    assert_eq!(by.get("/v1/me").await.expect(200).etag(), before.etag(), "so far nothing is kept");

    let confirmed = confirm(&by, &asked["challenge_id"], &sent.code()).await.expect(200);
    assert_eq!(confirmed.body["email"], "Rosalind@example.org");
    assert_ne!(confirmed.etag(), before.etag());
    assert_eq!(by.get("/v1/me").await.ok(), confirmed.body);
    assert_eq!(events(&app, "done").await, 1);
    let again = log_in_by_email(&app, PHONE).await;
    assert_eq!(again["user"], confirmed.body);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn it_needs_a_login_of_the_last_five_minutes_a_phone_and_e_mail_that_is_set_up(db: PgPool) {
    let app = with_email(db).await;
    let mut config = app.app.config.clone();
    config.sms.providers.retain(|provider| provider.channel() != Channel::Email);
    let off = app.restarted_as(config);
    let by = holder(&off, &log_in(&off, PHONE).await);
    request(&by, MAILBOX).await.problem(404, "email-off");
    confirm(&by, &json!(uuid::Uuid::now_v7()), "123456").await.problem(404, "email-off");
    by.delete("/v1/me/email", "*").await.expect(204);

    request(&app.stranger().await, MAILBOX).await.problem(409, "phone-required");
    let pair = log_in(&app, PHONE).await;
    app.advance(TimeDelta::minutes(5));
    let (id, code) = code_for(&app, &holder(&app, &pair), MAILBOX).await;
    app.advance(TimeDelta::seconds(1));
    let refreshed = refresh(&app, &pair["refresh_token"]).await.ok();
    for pair in [&pair, &refreshed] {
        let by = holder(&app, pair);
        request(&by, MAILBOX).await.problem(403, "fresh-login-required");
        confirm(&by, &id, &code).await.problem(403, "fresh-login-required");
        by.delete("/v1/me/email", "*").await.problem(403, "fresh-login-required");
    }
    let fresh = log_in(&app, PHONE).await;
    confirm(&holder(&app, &fresh), &id, &code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_no_plain_address_is_refused_by_field(db: PgPool) {
    let app = with_email(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    let evil =
        ["", "rosalind", "a@b@example.org", "r@example.org\r\nBcc: m@example.org", "\"r\"@example.org", "r@[::1]"];
    for bad in evil.into_iter().map(|bad| json!(bad)).chain([json!(null), json!(7), json!([MAILBOX])]) {
        let problem = by.post("/v1/me/email", json!({ "email": bad })).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/email", "{bad}");
        assert!(!problem.to_string().contains("Bcc"), "{problem}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_to_the_mailbox_have_limits_of_their_own_and_share_the_failures_of_the_phone(db: PgPool) {
    let app = with_email(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    // Right after the login, whose code has just used up what the phone gets.
    let (id, code) = code_for(&app, &by, MAILBOX).await;
    request(&by, MAILBOX).await.problem(429, "rate-limited");
    request(&by, "another@example.org").await.problem(429, "rate-limited");
    ask(&app, PHONE).await.problem(429, "rate-limited");
    confirm(&by, &id, "12345x").await.problem(422, "invalid");
    for _ in 0..5 {
        confirm(&by, &id, &wrong(&code)).await.problem(401, "code-refused");
    }
    app.advance(HALF_A_MINUTE);
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    let failed = || sqlx::query_scalar::<_, i32>("select in_a_row from login_failures").fetch_all(&app.db);
    assert_eq!(failed().await.unwrap(), [5]);
    // What comes back from a mailbox forgives none of them: else whoever has one guesses at the phone for ever.
    let (id, code) = code_for(&app, &by, MAILBOX).await;
    confirm(&by, &id, &code).await.ok();
    log_in_by_email(&app, PHONE).await;
    assert_eq!(failed().await.unwrap(), [5]);
    log_in(&app, PHONE).await;
    assert!(failed().await.unwrap().is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn row_9_a_code_to_a_mailbox_is_good_for_its_purpose_and_its_user_alone(db: PgPool) {
    let app = with_email(db).await;
    let other = holder(&app, &log_in(&app, OTHER_PHONE).await);
    let by = holder(&app, &log_in(&app, PHONE).await);
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &by, MAILBOX).await;
    for _ in 0..6 {
        verify(&app, &id, &code).await.problem(401, "code-refused");
        let shown = json!({ "challenge_id": id, "code": code });
        by.post("/v1/me/phone/confirm", shown).await.problem(401, "code-refused");
        confirm(&other, &id, &code).await.problem(401, "code-refused");
    }
    // Nor is any other code good for a mailbox.
    app.advance(HALF_A_MINUTE);
    let (login_id, login_code) = challenge(&app, PHONE).await;
    confirm(&by, &login_id, &login_code).await.problem(401, "code-refused");
    let (phone_id, phone_code) = phone_change::code_for(&app, &by, "+12025550177").await;
    confirm(&by, &phone_id, &phone_code).await.problem(401, "code-refused");
    confirm(&by, &id, &code).await.ok();
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    assert_eq!(other.get("/v1/me").await.ok()["email"], json!(null));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_to_a_mailbox_is_void_once_the_phone_is_another(db: PgPool) {
    let app = with_email(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &by, MAILBOX).await;
    let (phone_id, phone_code) = phone_change::code_for(&app, &by, "+12025550177").await;
    let shown = json!({ "challenge_id": phone_id, "code": phone_code });
    by.post("/v1/me/phone/confirm", shown).await.ok();
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    assert_eq!(by.get("/v1/me").await.ok()["email"], json!(null));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_mailbox_that_is_removed_is_gone_for_whoever_read_the_latest(db: PgPool) {
    let app = with_email(db).await;
    let by = holder(&app, &with_mailbox(&app, PHONE, MAILBOX).await);
    let before = by.get("/v1/me").await.expect(200);
    let without = by.send(axum::http::Method::DELETE, "/v1/me/email", &[], None).await;
    without.problem(428, "if-match-required");
    by.delete("/v1/me/email", "\"99\"").await.problem(412, "stale");
    by.delete("/v1/me/email", &before.etag()).await.expect(204);
    let after = by.get("/v1/me").await.expect(200);
    assert_eq!(after.body["email"], json!(null));
    assert_ne!(after.etag(), before.etag());
    by.delete("/v1/me/email", &before.etag()).await.problem(412, "stale");
    // Where there is none, nothing changes and nothing is told.
    by.delete("/v1/me/email", &after.etag()).await.expect(204);
    assert_eq!(by.get("/v1/me").await.expect(200).etag(), after.etag());
    assert_eq!((events(&app, "done").await, events(&app, "removed").await), (1, 1));
}
