//! Row 37: what a mailbox is good for, and that it never does what only a phone may.

use super::scene::*;
use crate::people::login::{
    E_MAIL, MAILBOX, PHONE, ask_by,
    channels::claims,
    email_change::{code_for, confirm, request, with_mailbox},
    holder, letter, log_in_by_email, refresh, with_email,
};

const THEIRS: &str = "mallory@example.org";

pub async fn an_address_never_proven(db: PgPool) {
    let app = with_email(db).await;
    // A session that was left open, of somebody without a mailbox and of somebody with one.
    let stolen = [log_in(&app, "+12025550145").await, with_mailbox(&app, PHONE, MAILBOX).await];
    for (phone, stolen, recipient) in
        [("+12025550145", &stolen[0], "nobody@example.invalid"), (PHONE, &stolen[1], MAILBOX)]
    {
        let thief = holder(&app, stolen);
        app.advance(HALF_A_MINUTE);
        let asked = request(&thief, THEIRS).await.expect(202).body;
        assert_eq!(letter(&app, "email").await.recipient, THEIRS);
        let not_it = wrong(&letter(&app, "email").await.code());
        confirm(&thief, &asked["challenge_id"], &not_it).await.problem(401, "code-refused");
        // SMS is said to fail.
        app.advance(HALF_A_MINUTE);
        ask_by(&app, "email", phone).await.expect(202);
        let sent = letter(&app, "email").await;
        assert_eq!((sent.recipient.as_str(), sent.suppressed), (recipient, recipient != MAILBOX));
    }
    let kept = "select count(*) from users where email = 'mallory@example.org'";
    assert_eq!(count(&app, kept).await, 0);
}

pub async fn worth_less(db: PgPool) {
    let app = with_email(db).await;
    let by_phone = with_mailbox(&app, PHONE, MAILBOX).await;
    assert_eq!((&claims(&by_phone)["amr"], &claims(&by_phone)["acr"]), (&json!(["sms"]), &json!("1")));
    let pair = log_in_by_email(&app, PHONE).await;
    assert_eq!(pair["user"]["id"], by_phone["user"]["id"]);
    assert_eq!(pair.get("device_token"), None, "it is no device that has shown the phone");
    let refreshed = refresh(&app, &pair["refresh_token"]).await.ok();
    for pair in [&pair, &refreshed] {
        assert_eq!((&claims(pair)["amr"], &claims(pair)["acr"]), (&json!(["otp", "email"]), &json!("0")));
        let by = holder(&app, pair);
        by.get("/v1/me").await.ok();
        let id = json!(uuid::Uuid::now_v7());
        for refused in [
            by.post("/v1/me/phone", json!({ "phone": "+12025550177" })).await,
            request(&by, THEIRS).await,
            confirm(&by, &id, "123456").await,
            by.delete("/v1/me/email", "*").await,
        ] {
            let problem = refused.problem(403, "fresh-login-required");
            assert_eq!(problem["detail"], "your login was by e-mail; log in by phone");
        }
    }
    let sessions = holder(&app, &pair).get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"][1]["amr"], json!(["otp", "email"]));
    // A code that a session by phone has asked for is of no use to it either.
    let by_phone = log_in(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &holder(&app, &by_phone), THEIRS).await;
    confirm(&holder(&app, &refreshed), &id, &code).await.problem(403, "fresh-login-required");
}

pub async fn no_account_begins(db: PgPool) {
    let vars = [&E_MAIL[..], &[("SIGN_UP", "open"), ("TEST_PHONE_NUMBERS", "+15005550006=424242")]].concat();
    let app = TestApp::with_vars(db, &vars).await;
    for phone in [PHONE, "+15005550006"] {
        app.advance(TimeDelta::seconds(1));
        let asked = ask_by(&app, "email", phone).await.expect(202).body;
        // Not even with the right code, which nobody has: it is read where it is sealed.
        let sent = letter(&app, "email").await;
        assert!(sent.suppressed && sent.code() != "424242", "{phone}");
        verify(&app, &asked["challenge_id"], &sent.code()).await.problem(401, "code-refused");
    }
    let said = json!({ "phone": PHONE, "channel": "email", "invitation": "7Q2JX6M4N8P3R5T9V1W0Y2Z4A6" });
    let problem = app.nobody().post(REQUEST, said).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/invitation");
    assert_eq!(count(&app, "select count(*) from users").await, 0);
}

pub async fn a_fixed_code(db: PgPool) {
    let vars = [&E_MAIL[..], &[("SIGN_UP", "open"), ("TEST_PHONE_NUMBERS", "+15005550006=424242")]].concat();
    let app = TestApp::with_vars(db, &vars).await;
    let asked = ask(&app, "+15005550006").await.expect(202).body;
    let by = holder(&app, &verify(&app, &asked["challenge_id"], "424242").await.ok());
    app.advance(HALF_A_MINUTE);
    let asked = request(&by, THEIRS).await.expect(202).body;
    confirm(&by, &asked["challenge_id"], "424242").await.problem(401, "code-refused");
}

pub async fn a_mailbox_that_was_left(db: PgPool) {
    let app = with_email(db).await;
    let by_phone = with_mailbox(&app, PHONE, MAILBOX).await;
    let by = holder(&app, &by_phone);
    let by_email = log_in_by_email(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    let pending = ask_by(&app, "email", PHONE).await.expect(202).body["challenge_id"].clone();
    let pending_code = letter(&app, "email").await.code();
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &by, "franklin@example.org").await;
    confirm(&by, &id, &code).await.ok();
    verify(&app, &pending, &pending_code).await.problem(401, "code-refused");
    holder(&app, &by_email).get("/v1/me").await.problem(401, "bad-token");
    refresh(&app, &by_email["refresh_token"]).await.problem(401, "refresh-token-refused");
    by.get("/v1/me").await.ok();
    assert_eq!(events(&app, "session_ended", "email_changed").await, 1);
    assert_eq!(events(&app, "code_guessed", "gone").await, 1);

    let by_email = log_in_by_email(&app, PHONE).await;
    assert_eq!(by_email["user"]["email"], "franklin@example.org");
    by.delete("/v1/me/email", "*").await.expect(204);
    holder(&app, &by_email).get("/v1/me").await.problem(401, "bad-token");
    app.advance(HALF_A_MINUTE);
    ask_by(&app, "email", PHONE).await.expect(202);
    assert!(letter(&app, "email").await.suppressed);
    assert_eq!(events(&app, "session_ended", "email_changed").await, 2);
}
