//! What providers tell afterwards, through the webhooks: signed, in any order, more than once, and forged. What is not
//! marked as a test is run by the list of attacks (`login/attacks`).

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    PUBLIC_URL, attempt, attempts,
    callbacks::{ALL, What, by_twilio, by_vonage, post},
    code_in, log_in_with, send, state, through,
};
use crate::{
    people::login::PHONE,
    support::{
        TestApp,
        outside::Fault,
        providers::{Contract, posted::Posted, twilio, vonage, whatsapp},
    },
};

/// Our name for the last attempt.
async fn told(app: &TestApp) -> Uuid {
    let last = sqlx::query_scalar("select id from message_attempts order by seq desc limit 1");
    last.fetch_one(&app.db).await.unwrap()
}

async fn ask_by(app: &TestApp, contract: Contract, phone: &str) -> Value {
    let channel = if contract.name == "whatsapp" { "whatsapp" } else { "sms" };
    let body = json!({ "phone": phone, "channel": channel });
    let asked = app.nobody().post("/v1/auth/otp/request", body).await.expect(202).body;
    app.drain().await;
    asked["challenge_id"].clone()
}

pub async fn delivered_twice_then_failed(db: PgPool) {
    for (index, (contract, method, tell)) in ALL.into_iter().enumerate() {
        let outside = contract.start().await;
        let app = through(db.clone(), &[(contract, &outside)], &[]).await;
        let challenge = ask_by(&app, contract, &format!("+1{}5550123", 201 + index)).await;
        assert_eq!(state(&app, &challenge).await, "sent", "{}", contract.name);
        let posted = tell(&app, &outside, told(&app).await, What::Delivered);
        for _ in 0..2 {
            post(&app, method.parse().unwrap(), &posted).await.expect(204);
            assert_eq!(state(&app, &challenge).await, "delivered", "{}", contract.name);
        }
        let counted = "select sent, delivered from message_tallies where provider = $1";
        let counted: (i32, i32) = sqlx::query_as(counted).bind(contract.name).fetch_one(&app.db).await.unwrap();
        assert_eq!(counted, (1, 1), "{}: twice is once", contract.name);
        let failed = tell(&app, &outside, told(&app).await, What::Failed);
        post(&app, method.parse().unwrap(), &failed).await.expect(204);
        assert_eq!(state(&app, &challenge).await, "delivered", "{}: what has arrived has arrived", contract.name);
    }
}

pub async fn one_changed_byte(db: PgPool) {
    for (index, (contract, method, tell)) in ALL.into_iter().enumerate() {
        let outside = contract.start().await;
        let app = through(db.clone(), &[(contract, &outside)], &[]).await;
        let challenge = ask_by(&app, contract, &format!("+1{}5550123", 201 + index)).await;
        let posted = tell(&app, &outside, told(&app).await, What::Delivered);
        let mut unsigned = posted.clone();
        unsigned.headers.clear();
        let mut longer = posted.clone();
        longer.url += if posted.url.contains('?') { "&x=1" } else { "?x=1" };
        let mut other = posted.clone();
        if let Some(byte) = other.body.last_mut() {
            *byte ^= 1;
        } else {
            other.url = other.url.replace("delivered", "buffered");
        }
        let mut forged = vec![other];
        // Its signature is one of the fields.
        if contract.name != "vonage" {
            forged.push(unsigned);
        }
        // The others sign the body alone.
        if ["twilio", "messagebird", "bird"].contains(&contract.name) {
            forged.push(longer);
        }
        for forged in forged {
            let answer = post(&app, method.parse().unwrap(), &forged).await;
            assert_eq!(answer.status, 403, "{}: {} {}", contract.name, forged.url, answer.text);
            answer.problem(403, "callback-refused");
        }
        assert_eq!(state(&app, &challenge).await, "sent", "{}", contract.name);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_that_says_failed_has_the_next_provider_send_the_same_code(db: PgPool) {
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let app = through(db, &[(twilio::CONTRACT, &first), (vonage::CONTRACT, &second)], &[]).await;
    let challenge = send(&app, PHONE).await;
    let failed = by_twilio(&app, &first, told(&app).await, What::Failed);
    post(&app, Method::POST, &failed).await.expect(204);
    assert_eq!(state(&app, &challenge).await, "queued");
    app.drain().await;
    assert_eq!(state(&app, &challenge).await, "sent");
    assert_eq!(code_in(&first.last()), code_in(&second.last()));
    // Late news of the first changes nothing.
    post(&app, Method::POST, &failed).await.expect(204);
    app.drain().await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1));
    log_in_with(&app, &challenge, &code_in(&second.last())).await;
}

/// None of these receipts names a reason of its own.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_of_any_provider_that_says_failed_and_no_more_sends_the_message_to_the_next(db: PgPool) {
    for (index, (contract, method, tell)) in ALL.into_iter().enumerate() {
        let outside = contract.start().await;
        let next = if contract.name == "vonage" { twilio::CONTRACT } else { vonage::CONTRACT };
        let second = next.start().await;
        let app = through(db.clone(), &[(contract, &outside), (next, &second)], &[]).await;
        let challenge = ask_by(&app, contract, &format!("+1{}5550123", 201 + index)).await;
        let failed = tell(&app, &outside, told(&app).await, What::Failed);
        post(&app, method.parse().unwrap(), &failed).await.expect(204);
        app.drain().await;
        assert_eq!(second.asked().len(), 1, "{}", contract.name);
        assert_eq!(code_in(&outside.asked()[0]), code_in(&second.last()), "{}", contract.name);
        log_in_with(&app, &challenge, &code_in(&second.last())).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_webhook_that_says_there_is_no_whatsapp_brings_the_code_by_sms(db: PgPool) {
    let (meta, second) = (whatsapp::CONTRACT.start().await, twilio::CONTRACT.start().await);
    let app = through(db, &[(whatsapp::CONTRACT, &meta), (twilio::CONTRACT, &second)], &[]).await;
    let challenge = ask_by(&app, whatsapp::CONTRACT, PHONE).await;
    let status = json!({
        "id": "wamid.HBgL", "status": "failed", "timestamp": "1800000000", "recipient_id": "12025550123",
        "biz_opaque_callback_data": told(&app).await, "errors": [{"code": 131_026}]
    });
    let body = whatsapp::status_webhook(&status).to_string();
    let url = format!("{PUBLIC_URL}/v1/webhooks/whatsapp");
    let posted = Posted { url, headers: whatsapp::signed(body.as_bytes()), body: body.into_bytes() };
    post(&app, Method::POST, &posted).await.expect(204);
    app.drain().await;
    assert_eq!((meta.asked().len(), second.asked().len()), (1, 1));
    log_in_with(&app, &challenge, &code_in(&second.last())).await;
}

pub async fn failed_then_delivered(db: PgPool) {
    let first = twilio::CONTRACT.start().await;
    let app = through(db, &[(twilio::CONTRACT, &first)], &[]).await;
    let challenge = send(&app, PHONE).await;
    let of = told(&app).await;
    let url = format!("{PUBLIC_URL}/v1/webhooks/twilio?reference={of}");
    let unknown_number = twilio::receipt(&url, "undelivered", &[("ErrorCode", "30005")]);
    post(&app, Method::POST, &unknown_number).await.expect(204);
    assert_eq!(state(&app, &challenge).await, "failed");
    assert_eq!(attempts(&app).await, [attempt("twilio", "failed", Some("number_refused"))]);
    post(&app, Method::POST, &by_twilio(&app, &first, of, What::Delivered)).await.expect(204);
    assert_eq!(state(&app, &challenge).await, "failed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_tells_what_became_of_a_message_whose_sender_died(db: PgPool) {
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let app = through(db, &[(twilio::CONTRACT, &first), (vonage::CONTRACT, &second)], &[]).await;
    first.has(Fault::Garbage);
    let challenge = send(&app, PHONE).await;
    assert_eq!(attempts(&app).await, [attempt("twilio", "unknown", Some("unknown"))]);
    let of = told(&app).await;
    post(&app, Method::POST, &by_twilio(&app, &first, of, What::Delivered)).await.expect(204);
    assert_eq!(state(&app, &challenge).await, "delivered");
    app.advance(TimeDelta::minutes(5));
    app.drain().await;
    assert_eq!(second.asked().len(), 0, "it has arrived");
    let counted = "select sent, delivered, unknown from message_tallies";
    let counted: (i32, i32, i32) = sqlx::query_as(counted).fetch_one(&app.db).await.unwrap();
    assert_eq!(counted, (1, 1, 0));
}

pub async fn nobody_gets_in(db: PgPool) {
    let first = twilio::CONTRACT.start().await;
    let app = through(db, &[(twilio::CONTRACT, &first)], &[]).await;
    let challenge = send(&app, PHONE).await;
    post(&app, Method::POST, &by_twilio(&app, &first, told(&app).await, What::Delivered)).await.expect(204);
    let rows =
        "select (select count(*) from users where phone is not null) + (select count(*) from consumed_challenges)";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(&app.db).await.unwrap(), 0);
    assert_eq!(state(&app, &challenge).await, "delivered");
}

pub async fn of_another_provider(db: PgPool) {
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let app = through(db, &[(twilio::CONTRACT, &first), (vonage::CONTRACT, &second)], &[]).await;
    let challenge = send(&app, PHONE).await;
    post(&app, Method::POST, &by_vonage(&app, &second, told(&app).await, What::Delivered)).await.expect(204);
    assert_eq!(state(&app, &challenge).await, "sent");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_nothing_is_set_up_there_is_no_webhook(db: PgPool) {
    let app = TestApp::new(db).await;
    for name in ["twilio", "vonage", "messagebird", "bird", "whatsapp", "aws_sns", "smtp", "console", "simulator", "x"]
    {
        let path = format!("/v1/webhooks/{name}");
        app.nobody().post(&path, json!({})).await.problem(404, "not-found");
        app.nobody().get(&path).await.problem(404, "not-found");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_message_that_reaches_nobody_goes_through_everything_else(db: PgPool) {
    let first = twilio::CONTRACT.start().await;
    let app = through(db, &[(twilio::CONTRACT, &first)], &[("SIGN_UP", "invite")]).await;
    let challenge = send(&app, PHONE).await;
    assert_eq!((first.asked().len(), state(&app, &challenge).await), (0, "sent".to_owned()));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_many_forged_callbacks_the_log_has_one_line_a_minute(db: PgPool) {
    let (log, _guard) = crate::support::log::start();
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let app = through(db, &[(twilio::CONTRACT, &first), (vonage::CONTRACT, &second)], &[]).await;
    let forge = async |provider: &str| {
        let path = format!("/v1/webhooks/{provider}");
        app.nobody().post(&path, json!({})).await.problem(403, "callback-refused");
    };
    for _ in 0..20 {
        forge("twilio").await;
    }
    forge("vonage").await;
    app.advance(TimeDelta::minutes(1));
    forge("twilio").await;
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("a callback is not believed")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].contains("untold=19"), "{lines:?}");
}
