//! What the audit tells an owner of the installation, and what it keeps to itself.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OTHER_PHONE, PHONE, ask, challenge, holder, log_in, open_doors, refresh, verify, wrong};
use crate::support::{Client, TestApp};

const EVENTS: &str = "/v1/admin/login-events";

async fn told(app: &TestApp, owner: &Client, query: &str) -> Vec<(String, String)> {
    app.drain().await;
    let page = owner.get(&format!("{EVENTS}{query}")).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|event| (text(&event["kind"]), text(&event["outcome"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, outcome)| ((*kind).to_owned(), (*outcome).to_owned())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_step_of_a_login_is_told_the_newest_first(db: PgPool) {
    let app = open_doors(db).await;
    let owner = app.owner().await;
    let tick = || app.advance(TimeDelta::milliseconds(2));
    let (id, code) = challenge(&app, PHONE).await;
    tick();
    ask(&app, PHONE).await.problem(429, "rate-limited");
    tick();
    verify(&app, &id, &wrong(&code)).await.problem(401, "code-refused");
    tick();
    let pair = verify(&app, &id, &code).await.ok();
    tick();
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    let last = refresh(&app, &next["refresh_token"]).await.ok();
    tick();
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    refresh(&app, &last["refresh_token"]).await.problem(401, "refresh-token-refused");
    let again = log_in(&app, PHONE).await;
    tick();
    holder(&app, &again).post("/v1/auth/logout", json!(null)).await.expect(204);
    let all = told(&app, &owner, "").await;
    let expected = [
        ("session_ended", "logout"),
        ("logged_in", "done"),
        ("code_requested", "sent"),
        ("refresh_reused", "ended"),
        ("logged_in", "done"),
        ("code_guessed", "wrong"),
        ("code_requested", "limited"),
        ("code_requested", "sent"),
    ];
    let sorted = |mut events: Vec<(String, String)>| {
        events.sort();
        events
    };
    assert_eq!(sorted(all.clone()), sorted(pairs(&expected)));
    assert_eq!(all[0], pairs(&expected)[0]);
    assert_eq!(all[7], pairs(&expected)[7]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_says_who_from_where_and_with_what_but_no_phone(db: PgPool) {
    let app = open_doors(db).await;
    let owner = app.owner().await;
    let stranger = app.nobody().at("198.51.100.77");
    let asked = stranger.post("/v1/auth/otp/request", json!({ "phone": PHONE })).await.expect(202).body;
    app.drain().await;
    let body = json!({ "challenge_id": asked["challenge_id"], "code": super::last_code(&app) });
    let pair = app.nobody().at("2001:db8:1:2:3::4").post("/v1/auth/otp/verify", body).await.ok();
    let page = owner.get(&format!("{EVENTS}?kind=logged_in")).await.ok();
    let event = &page["items"][0];
    assert_eq!(event["user_id"], pair["user"]["id"]);
    assert_eq!(event["address"], "2001:db8:1:2::/64");
    assert_eq!(event["phone_hash"].as_str().unwrap().len(), 64);
    assert!(event["session_id"].is_string() && event["device"].is_string());
    let sent = owner.get(&format!("{EVENTS}?kind=code_requested")).await.ok()["items"][0].clone();
    assert_eq!((&sent["address"], &sent["phone_hash"]), (&json!("198.51.100.0/24"), &event["phone_hash"]));
    let dump = "select string_agg(e::text, ' ') from login_events e";
    let dump: String = sqlx::query_scalar(dump).fetch_one(&app.db).await.unwrap();
    assert!(!dump.contains(&PHONE[1..]) && !dump.contains(&super::last_code(&app)), "{dump}");
    assert!(!dump.contains("198.51.100.77"), "{dump}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_are_found_by_phone_and_kind_page_by_page(db: PgPool) {
    let app = open_doors(db).await;
    let owner = app.owner().await;
    for phone in [PHONE, OTHER_PHONE, PHONE] {
        let pair = log_in(&app, phone).await;
        app.advance(TimeDelta::milliseconds(2));
        holder(&app, &pair).post("/v1/auth/logout", json!(null)).await.expect(204);
    }
    let of_phone = told(&app, &owner, "?phone=%2B12025550123").await;
    // The end of a session knows only the user, who is found by the phone.
    assert_eq!(of_phone.len(), 2 * 3, "{of_phone:?}");
    assert_eq!(told(&app, &owner, "?phone=%2B12025550123&kind=logged_in").await.len(), 2);
    assert_eq!(told(&app, &owner, "?phone=%2B12025550199").await.len(), 0);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("{EVENTS}?limit=2&cursor={cursor}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), 9);
    assert!(seen.is_sorted_by(|newer, older| newer > older), "{seen:?}");
    let problem = owner.get(&format!("{EVENTS}?phone=12")).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "?phone");
    app.client("admin").await.get(EVENTS).await.problem(403, "forbidden");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_go_after_half_a_year(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    let count = || async {
        app.drain().await;
        sqlx::query_scalar::<_, i64>("select count(*) from login_events").fetch_one(&app.db).await.unwrap()
    };
    app.advance(TimeDelta::days(180) - TimeDelta::seconds(1));
    assert_eq!(count().await, 1);
    app.advance(TimeDelta::seconds(2));
    assert_eq!(count().await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_known_device_learns_what_is_left_of_its_limits_and_nobody_else(db: PgPool) {
    let app = open_doors(db).await;
    let device = log_in(&app, PHONE).await["device_token"].clone();
    app.advance(TimeDelta::seconds(30));
    let body = json!({ "phone": PHONE, "device_token": device });
    let known = app.nobody().post("/v1/auth/otp/request", body.clone()).await.expect(202);
    assert_eq!(
        known.headers["ratelimit-policy"],
        r#""otp-resend";q=1;w=30, "otp-hour";q=5;w=3600, "otp-day";q=20;w=86400"#
    );
    assert_eq!(known.headers["ratelimit"], r#""otp-resend";r=0, "otp-hour";r=4, "otp-day";r=19"#);
    app.advance(TimeDelta::seconds(30));
    let known = app.nobody().post("/v1/auth/otp/request", body).await.expect(202);
    assert_eq!(known.headers["ratelimit"], r#""otp-resend";r=0, "otp-hour";r=3, "otp-day";r=18"#);
    let anybody = ask(&app, PHONE).await.expect(202);
    assert!(!anybody.headers.contains_key("ratelimit") && !anybody.headers.contains_key("ratelimit-policy"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn at_the_end_all_that_was_noted_in_memory_is_written(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    for _ in 0..1100 {
        ask(&app, PHONE).await.problem(429, "rate-limited");
    }
    chemstock::worker::write_memory(&app.app).await;
    let limited = sqlx::query_scalar("select count(*) from login_events where outcome = 'limited'");
    let limited: i64 = limited.fetch_one(&app.db).await.unwrap();
    assert_eq!(limited, 1100);
}
