//! How a code comes: by which channel, and to which numbers never.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chemstock::config::{Channel, Environment};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{E_MAIL, MAILBOX, PHONE, ask, ask_by, email_change, holder, letter, log_in, phone_change, verify};
use crate::support::TestApp;

const WHATSAPP: [(&str, &str); 3] =
    [("WHATSAPP_PHONE_NUMBER_ID", "1"), ("WHATSAPP_ACCESS_TOKEN", "a-token"), ("WHATSAPP_TEMPLATE", "code")];

/// What the access token says, without its signature being looked at.
pub fn claims(pair: &Value) -> Value {
    let payload = pair["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn with_channels(app: &TestApp, there: &[Channel]) -> TestApp {
    let mut config = app.app.config.clone();
    config.sms.providers.retain(|provider| there.contains(&provider.channel()));
    app.restarted_as(config)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_channel_that_is_not_set_up_is_refused_with_those_that_are(db: PgPool) {
    let whole = TestApp::with_vars(db, &[&WHATSAPP[..], &E_MAIL].concat()).await;
    for (there, asked, those) in [
        (&[Channel::Sms][..], "email", "is not available here; use sms"),
        (&[Channel::Sms, Channel::Whatsapp], "email", "is not available here; use sms or whatsapp"),
        (&[Channel::Sms, Channel::Email], "whatsapp", "is not available here; use sms or email"),
    ] {
        let app = with_channels(&whole, there);
        let problem = ask_by(&app, asked, PHONE).await.problem(422, "invalid");
        assert_eq!(problem["errors"], json!([{ "pointer": "/channel", "detail": those }]));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_by_whatsapp_goes_to_the_phone_and_is_worth_as_much(db: PgPool) {
    let app = TestApp::with_vars(db, &[&WHATSAPP[..], &[("SIGN_UP", "open")]].concat()).await;
    let asked = ask_by(&app, "whatsapp", PHONE).await.expect(202).body;
    assert_eq!(asked["channel"], "whatsapp");
    let sent = letter(&app, "whatsapp").await;
    assert_eq!((sent.suppressed, sent.recipient.as_str()), (false, PHONE));
    let pair = verify(&app, &asked["challenge_id"], &sent.code()).await.ok();
    assert_eq!((&claims(&pair)["amr"], &claims(&pair)["acr"]), (&json!(["otp", "whatsapp"]), &json!("1")));
    assert!(pair["device_token"].is_string());
    holder(&app, &pair).post("/v1/me/phone", json!({ "phone": "+12025550177" })).await.expect(202);
    // Unless said otherwise it is SMS, where there is any.
    app.advance(TimeDelta::seconds(30));
    assert_eq!(ask(&app, PHONE).await.expect(202).body["channel"], "sms");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_there_is_no_sms_codes_and_notices_go_by_whatsapp(db: PgPool) {
    let app = TestApp::with_vars(db, &[&WHATSAPP[..], &E_MAIL, &[("SIGN_UP", "open")]].concat()).await;
    let app = with_channels(&app, &[Channel::Whatsapp, Channel::Email]);
    ask_by(&app, "sms", PHONE).await.problem(422, "invalid");
    let asked = ask(&app, PHONE).await.expect(202).body;
    assert_eq!(asked["channel"], "whatsapp");
    let pair = verify(&app, &asked["challenge_id"], &letter(&app, "whatsapp").await.code()).await.ok();
    let by = holder(&app, &pair);
    app.advance(TimeDelta::seconds(1));
    let asked = by.post("/v1/me/phone", json!({ "phone": "+12025550177" })).await.expect(202).body;
    assert_eq!(asked["channel"], "whatsapp");
    let code = letter(&app, "whatsapp").await.code();
    app.advance(TimeDelta::seconds(1));
    by.post("/v1/me/phone/confirm", json!({ "challenge_id": asked["challenge_id"], "code": code })).await.ok();
    let notice = letter(&app, "whatsapp").await;
    assert_eq!((notice.recipient.as_str(), &notice.body["content"]["kind"]), (PHONE, &json!("phone_changed")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_production_numbers_for_tests_get_no_code_but_those_that_are_named_until_their_end(db: PgPool) {
    let vars = [
        ("TEST_PHONE_NUMBERS", "+15005550006=424242"),
        ("TEST_PHONE_NUMBERS_UNTIL", "2026-11-19"),
        ("SIGN_UP", "open"),
    ];
    let app = TestApp::with_vars(db, &vars).await;
    let mut config = app.app.config.clone();
    config.environment = Environment::Production;
    let production = app.restarted_as(config);
    let by = holder(&app, &log_in(&app, PHONE).await);
    for number in ["+15005550000", "+15005550007", "+15005559999", "500 555 0001"] {
        ask(&app, number).await.expect(202);
        let problem = ask(&production, number).await.problem(422, "phone-refused");
        assert_eq!(problem["errors"][0]["pointer"], "/phone");
    }
    let changed = |app: &TestApp| by.with_router(app.router.clone());
    let by_production = changed(&production)
        .with_token(log_in_at(&production, "+15005550006", "424242").await["access_token"].as_str().unwrap());
    by_production.post("/v1/me/phone", json!({ "phone": "+15005550001" })).await.problem(422, "phone-refused");
    app.advance(TimeDelta::days(3));
    ask(&production, "+15005550006").await.problem(422, "phone-refused");
    ask(&app, "+15005550006").await.expect(202);
    // Nobody has a number for examples either. It is asked for everywhere, so it is answered, and sent nothing.
    app.advance(TimeDelta::minutes(1));
    assert!(!super::newest_is_withheld(&app, PHONE).await);
    assert!(super::newest_is_withheld(&production, PHONE).await);
    assert!(!super::newest_is_withheld(&production, "+4915112345678").await);
}

async fn log_in_at(app: &TestApp, phone: &str, code: &str) -> Value {
    let asked = ask(app, phone).await.expect(202).body;
    verify(app, &asked["challenge_id"], code).await.ok()
}

/// Of a phone without an account, of one without a mailbox, and of one with a mailbox.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_by_email_goes_to_the_mailbox_that_was_proven_and_to_no_other(db: PgPool) {
    let app = super::with_email(db).await;
    email_change::with_mailbox(&app, PHONE, MAILBOX).await;
    log_in(&app, super::OTHER_PHONE).await;
    app.advance(TimeDelta::seconds(30));
    for (phone, suppressed, recipient) in [
        (PHONE, false, MAILBOX),
        (super::OTHER_PHONE, true, "nobody@example.invalid"),
        ("+12025550189", true, "nobody@example.invalid"),
    ] {
        app.advance(TimeDelta::seconds(1));
        let asked = ask_by(&app, "email", phone).await.expect(202).body;
        assert_eq!(asked["channel"], "email");
        let sent = letter(&app, "email").await;
        assert_eq!((sent.suppressed, sent.recipient.as_str()), (suppressed, recipient), "{phone}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_mailbox_stays_when_the_phone_changes_and_goes_with_the_new_one(db: PgPool) {
    let app = super::with_email(db).await;
    let by = holder(&app, &email_change::with_mailbox(&app, PHONE, MAILBOX).await);
    let (id, code) = phone_change::code_for(&app, &by, "+12025550177").await;
    by.post("/v1/me/phone/confirm", json!({ "challenge_id": id, "code": code })).await.ok();
    assert_eq!(super::log_in_by_email(&app, "+12025550177").await["user"]["email"], MAILBOX);
    app.advance(TimeDelta::seconds(1));
    ask_by(&app, "email", PHONE).await.expect(202);
    assert!(letter(&app, "email").await.suppressed);
}
