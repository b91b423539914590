//! How many codes one phone gets, however it is asked.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{PHONE, ask, open_doors};
use crate::support::{Answer, TestApp};

fn retry_after(refused: Answer) -> u64 {
    let seconds = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    refused.problem(429, "rate-limited");
    seconds
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn another_code_may_be_asked_for_after_thirty_seconds(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    app.advance(TimeDelta::seconds(29));
    assert_eq!(retry_after(ask(&app, PHONE).await), 1);
    app.advance(TimeDelta::seconds(1));
    ask(&app, PHONE).await.expect(202);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn five_codes_in_any_hour_not_in_each_clock_hour(db: PgPool) {
    let app = open_doors(db).await;
    for sent in 0..5 {
        let asked = ask(&app, PHONE).await.expect(202).body;
        let wait = if sent < 4 { 30 } else { 3600 - 4 * 30 };
        assert_eq!(asked["resend_at"], json!(app.now() + TimeDelta::seconds(wait)));
        app.advance(TimeDelta::seconds(30));
    }
    assert_eq!(retry_after(ask(&app, PHONE).await), 3600 - 150);
    app.advance(TimeDelta::seconds(3600 - 151));
    assert_eq!(retry_after(ask(&app, PHONE).await), 1);
    app.advance(TimeDelta::seconds(1));
    // The first one is an hour old; the second is not.
    ask(&app, PHONE).await.expect(202);
    assert_eq!(retry_after(ask(&app, PHONE).await), 30);
    app.advance(TimeDelta::seconds(30));
    ask(&app, PHONE).await.expect(202);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn twenty_codes_in_any_day(db: PgPool) {
    let app = open_doors(db).await;
    let start = app.now();
    for _hour in 0..4 {
        for _ in 0..5 {
            ask(&app, PHONE).await.expect(202);
            app.advance(TimeDelta::seconds(30));
        }
        app.advance(TimeDelta::seconds(3600 - 150));
    }
    let left = (TimeDelta::days(1) - (app.now() - start)).num_seconds();
    assert_eq!(retry_after(ask(&app, PHONE).await), u64::try_from(left).unwrap());
    app.advance(TimeDelta::seconds(left));
    ask(&app, PHONE).await.expect(202);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_no_code_can_reach_is_refused_and_says_why(db: PgPool) {
    let app = open_doors(db).await;
    for bad in ["", "12", "+1 202 555 0123 ext 9", "+12025550123;ext=1", "+19005550123", "+15550123", "+1\0", "ACME"] {
        let problem = ask(&app, bad).await.problem(422, "phone-refused");
        assert_eq!(problem["errors"][0]["pointer"], "/phone", "{problem}");
    }
    let too_long = "1".repeat(10_000);
    ask(&app, &too_long).await.problem(422, "phone-refused");
    for bad in [json!({}), json!({"phone": 12_025_550_123_u64}), json!({"phone": PHONE, "code": "1"})] {
        app.nobody().post("/v1/auth/otp/request", bad).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_countries_of_the_allow_list_get_codes(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("PHONE_ALLOWED_COUNTRIES", "US,DE")]).await;
    ask(&app, PHONE).await.expect(202);
    ask(&app, "+4915112345678").await.expect(202);
    ask(&app, "+821012345678").await.problem(422, "phone-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_channel_that_is_not_there_is_refused(db: PgPool) {
    let app = open_doors(db).await;
    let with_channel = |channel| json!({ "phone": PHONE, "channel": channel });
    for bad in ["whatsapp", "email", "pigeon"] {
        let problem = app.nobody().post("/v1/auth/otp/request", with_channel(bad)).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/channel");
    }
    app.nobody().post("/v1/auth/otp/request", with_channel("sms")).await.expect(202);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_with_its_idempotency_key_is_one_code(db: PgPool) {
    let app = open_doors(db).await;
    let ask = || async { app.nobody().post_with_key("/v1/auth/otp/request", "k-1", json!({ "phone": PHONE })).await };
    let (first, repeat) = (ask().await.expect(202), ask().await.expect(202));
    assert_eq!(first.body, repeat.body);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn however_a_number_is_pasted_it_is_one_phone_with_one_limit(db: PgPool) {
    let app = open_doors(db).await;
    for (phone, others) in [
        (PHONE, &["\u{202d}+12025550123\u{202c}", "+1\u{a0}202\u{a0}555\u{a0}0123", "202\u{2011}555\u{2011}0123"][..]),
        ("+5491123456789", &["+54 11 15 2345 6789", "011 54 9 11 2345 6789", "+54 11 2345 6789"]),
        ("+522221234567", &["+52 1 222 123 4567", "+5212221234567", "011 52 1 222 123 4567"]),
        ("+821012345678", &["＋８２１０１２３４５６７８", "+8201012345678", "011 82 10 1234 5678"]),
    ] {
        ask(&app, phone).await.expect(202);
        for other in others {
            ask(&app, other).await.problem(429, "rate-limited");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_has_many_networks_of_ipv6_is_limited_as_one(db: PgPool) {
    let vars = [("SIGN_UP", "open"), ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "10")];
    let app = TestApp::with_vars(db, &vars).await;
    let mut next_phone = 1000..;
    let mut ask_from = async |address: String| {
        let phone = format!("+1202556{}", next_phone.next().unwrap());
        app.nobody().at(&address).post("/v1/auth/otp/request", json!({ "phone": phone })).await.status.as_u16()
    };
    let mut admitted = [0; 3];
    for n in 0..30 {
        let addresses =
            [format!("2001:db8:1:{:x}::1", n * 256), format!("2001:db8:2:{n:x}::1"), format!("2001:db8:3::{n:x}")];
        for (count, address) in admitted.iter_mut().zip(addresses) {
            *count += i32::from(ask_from(address).await == 202);
        }
    }
    assert_eq!(admitted, [20, 15, 10], "of a /48, a /56 and a /64");
    assert_eq!(ask_from("2001:db8:4::1".to_owned()).await, 202);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn how_far_a_code_has_come_is_asked_so_often_and_no_more(db: PgPool) {
    let vars = [("SIGN_UP", "open"), ("MAX_OTP_LOOKS_PER_ADDRESS_PER_MINUTE", "3")];
    let app = TestApp::with_vars(db, &vars).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    let path = format!("/v1/auth/otp/challenges/{}", asked["challenge_id"].as_str().unwrap());
    for _ in 0..3 {
        app.nobody().get(&path).await.ok();
    }
    assert_eq!(retry_after(app.nobody().get(&path).await), 60);
    app.nobody().at("198.51.100.8").get(&path).await.ok();
    app.advance(TimeDelta::minutes(1));
    app.nobody().get(&path).await.ok();
}
