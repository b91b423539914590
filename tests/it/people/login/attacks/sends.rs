//! Getting more codes sent than one may: rows 15 to 19.

use tokio::task::JoinSet;

use super::scene::*;
use crate::people::login::{OTHER_PHONE, PHONE};

/// A phone for every number.
fn phone(number: u32) -> String {
    format!("+1202555{number:04}")
}

async fn ask_through(app: &TestApp, socket: &str, forwarded: &[&str], number: u32) -> u16 {
    let headers: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
    let body = Some(json!({ "phone": phone(number) }));
    app.nobody().at(socket).send(axum::http::Method::POST, REQUEST, &headers, body).await.status.as_u16()
}

const TEN_AN_HOUR: [(&str, &str); 3] = [
    ("SIGN_UP", "open"),
    ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "10"),
    ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_DAY", "15"),
];

pub async fn made_up_hops(db: PgPool) {
    let app = TestApp::with_vars(db, &TEN_AN_HOUR).await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let made_up = format!("1.2.3.{number}, 198.51.100.7");
        statuses.push(ask_through(&app, "203.0.113.7", &[&made_up], number).await);
    }
    assert_eq!(statuses, [vec![202; 10], vec![429; 20]].concat());
    assert_eq!(ask_through(&app, "203.0.113.7", &[], 30).await, 429);
    // Another address is another client, and the hour passes.
    assert_eq!(ask_through(&app, "203.0.113.8", &[], 30).await, 202);
    app.advance(TimeDelta::hours(1));
    for number in 31..36 {
        assert_eq!(ask_through(&app, "203.0.113.7", &[], number).await, 202);
    }
    assert_eq!(ask_through(&app, "203.0.113.7", &[], 36).await, 429, "fifteen a day");
    assert_eq!(events(&app, "code_requested", "limited").await, 22);
}

pub async fn no_address(db: PgPool) {
    let app = TestApp::with_vars(db, &TEN_AN_HOUR).await;
    for number in 0..11 {
        let asked = ask(&app, &phone(number)).await;
        assert_eq!(asked.status, if number < 10 { 202 } else { 429 });
    }
}

pub async fn behind_a_proxy(db: PgPool) {
    let vars = [&TEN_AN_HOUR[..], &[("TRUSTED_PROXIES", "10.0.0.0/8")]].concat();
    let app = TestApp::with_vars(db, &vars).await;
    for number in 0..30 {
        let hops = [format!("1.2.3.{number}"), "198.51.100.7, 10.0.0.2".to_owned()];
        let status = ask_through(&app, "10.0.0.1", &[&hops[0], &hops[1]], number).await;
        assert_eq!(status, if number < 10 { 202 } else { 429 });
    }
    assert_eq!(ask_through(&app, "10.0.0.1", &["198.51.100.7, 198.51.100.8"], 30).await, 202);
    // The same header from somebody who is no proxy of ours is but a text.
    assert_eq!(ask_through(&app, "198.51.100.7", &["198.51.100.9"], 31).await, 429);
}

pub async fn one_ipv6_network(db: PgPool) {
    let app = TestApp::with_vars(db, &TEN_AN_HOUR).await;
    for number in 0..12 {
        let status = ask_through(&app, &format!("2001:db8:1:2:{number:x}::1"), &[], number).await;
        assert_eq!(status, if number < 10 { 202 } else { 429 });
    }
    assert_eq!(ask_through(&app, "2001:db8:1:3::1", &[], 12).await, 202);
}

pub async fn sixty_guesses(db: PgPool) {
    let app =
        TestApp::with_vars(db, &[("SIGN_UP", "open"), ("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "60")]).await;
    let (id, code) = challenge(&app, PHONE).await;
    let nowhere = json!(uuid::Uuid::now_v7());
    for _ in 0..60 {
        guess_from(&app, "198.51.100.1", &nowhere, "000000").await.problem(401, "code-refused");
    }
    assert_eq!(retry_after(guess_from(&app, "198.51.100.1", &id, &code).await), 3600);
    guess_from(&app, "198.51.100.2", &id, &code).await.ok();
}

pub async fn spellings(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, "+821012345678").await.expect(202);
    let pasted = ["+82\u{200b}1012345678", "\u{202d}+821012345678\u{202c}", "＋８２１０１２３４５６７８"];
    let typed =
        ["+8201012345678", "+82 (0)10-1234-5678", "+82 10 1234 5678", "+82.10.1234.5678", "011 82 10 1234 5678"];
    for same in typed.into_iter().chain(pasted) {
        assert_eq!(retry_after(ask(&app, same).await), 30, "{same}");
    }
    for bad in ["+82 10 1234 5678 ext 9", "+821012345678;ext=1", "tel:+821012345678"] {
        ask(&app, bad).await.problem(422, "phone-refused");
    }
    assert_eq!(sent(&app).await, 1);
}

pub async fn fifty_requests_at_once(db: PgPool) {
    let app = open_doors(db).await;
    for round in 1..=5 {
        let mut asks = JoinSet::new();
        for source in 0..50 {
            let nobody = app.nobody().at(&format!("198.51.100.{source}"));
            asks.spawn(async move { nobody.post(REQUEST, json!({ "phone": PHONE })).await.status.as_u16() });
        }
        let mut statuses = asks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![202], vec![429; 49]].concat());
        assert_eq!(sent(&app).await, round);
        app.advance(HALF_A_MINUTE);
    }
    assert_eq!(retry_after(ask(&app, PHONE).await), 3600 - 150);
}

pub async fn the_edge_of_a_window(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("OTP_RESEND_SECONDS", "1")]).await;
    // Five in the last seconds of an hour.
    app.advance(TimeDelta::seconds(3595 - app.now().timestamp().rem_euclid(3600)));
    for _ in 0..5 {
        ask(&app, PHONE).await.expect(202);
        app.advance(TimeDelta::seconds(1));
    }
    for into_the_next in 0..5 {
        assert_eq!(retry_after(ask(&app, PHONE).await), 3595 - into_the_next);
        app.advance(TimeDelta::seconds(1));
    }
    assert_eq!(sent(&app).await, 5);
}

pub async fn a_message_that_fails(db: PgPool) {
    let twilio = [
        ("SIGN_UP", "open"),
        ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "1"),
        ("SMS_PROVIDERS", "twilio"),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "00000000000000000000000000000000"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("TWILIO_BASE_URL", "http://127.0.0.1:9"),
    ];
    let app = TestApp::with_vars(db, &twilio).await;
    ask(&app, PHONE).await.expect(202);
    for _ in 0..6 {
        app.drain().await;
        app.advance(TimeDelta::seconds(32));
    }
    assert_eq!(count(&app, "select count(*) from messages where state = 'failed'").await, 1);
    ask(&app, OTHER_PHONE).await.problem(429, "rate-limited");
    assert_eq!(count(&app, "select count(*) from messages").await, 1);
}

pub async fn refused_by_the_phones_limit(db: PgPool) {
    let app = TestApp::with_vars(db, &TEN_AN_HOUR).await;
    for _ in 0..20 {
        ask(&app, PHONE).await;
    }
    for number in 0..9 {
        ask(&app, &phone(number)).await.expect(202);
    }
    ask(&app, OTHER_PHONE).await.problem(429, "rate-limited");
}
