//! One-time codes: one right one, once, in time.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{OTHER_PHONE, PHONE, anonymous, ask, challenge, holder, open_doors, verify, wrong};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_from_the_terminal_is_traded_for_tokens_that_work(db: PgPool) {
    let app = open_doors(db).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    assert_eq!(asked["channel"], "sms");
    assert_eq!(asked["code_length"], 6);
    assert_eq!(asked["expires_at"], json!(app.now() + TimeDelta::minutes(10)));
    assert_eq!(asked["resend_at"], json!(app.now() + TimeDelta::seconds(30)));
    app.drain().await;

    let body = json!({"challenge_id": asked["challenge_id"], "code": super::last_code(&app), "device_name": "Pixel 9"});
    let answer = app.nobody().post("/v1/auth/otp/verify", body).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let pair = answer.body;
    assert_eq!(pair["token_type"], "Bearer");
    assert_eq!(pair["expires_in"], 600);
    assert_eq!(pair["refresh_expires_in"], 30 * 86_400);
    assert_eq!(pair["user"]["phone"], PHONE);
    assert_eq!(pair["user"]["is_owner"], false);
    assert_eq!(pair["user"]["labs"], json!([]));

    let me = holder(&app, &pair).get("/v1/me").await.ok();
    assert_eq!(me, pair["user"]);
    let sessions = holder(&app, &pair).get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"][0]["device_name"], "Pixel 9");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_second_login_is_the_same_user_in_another_session(db: PgPool) {
    let app = open_doors(db).await;
    let (first, second) = (super::log_in(&app, PHONE).await, super::log_in(&app, PHONE).await);
    assert_eq!(first["user"]["id"], second["user"]["id"]);
    let sessions = holder(&app, &second).get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn five_wrong_guesses_burn_a_code_and_the_right_one_gets_the_same_answer(db: PgPool) {
    let app = open_doors(db).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(anonymous(verify(&app, &challenge, &wrong(&code)).await.problem(401, "code-refused")));
    }
    for _ in 0..3 {
        answers.push(anonymous(verify(&app, &challenge, &code).await.problem(401, "code-refused")));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_right_code_after_four_wrong_guesses_is_still_good(db: PgPool) {
    let app = open_doors(db).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    for _ in 0..4 {
        verify(&app, &challenge, &wrong(&code)).await.problem(401, "code-refused");
    }
    verify(&app, &challenge, &code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_good_once_also_for_fifty_at_the_same_time(db: PgPool) {
    let app = open_doors(db).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    let mut tries = JoinSet::new();
    for _ in 0..50 {
        let (nobody, body) = (app.nobody(), json!({ "challenge_id": challenge, "code": code }));
        tries.spawn(async move { nobody.post("/v1/auth/otp/verify", body).await.status.as_u16() });
    }
    let mut statuses = tries.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![401; 49]].concat());
    let sessions: i64 = sqlx::query_scalar("select count(*) from sessions").fetch_one(&app.db).await.unwrap();
    // The owner's and this one.
    assert_eq!(sessions, 2);
    verify(&app, &challenge, &code).await.problem(401, "code-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_challenge_that_the_database_has_seen_is_refused_when_the_store_forgot(db: PgPool) {
    let app = open_doors(db).await;
    super::log_in(&app, PHONE).await;
    app.advance(TimeDelta::seconds(30));
    let (challenge, code) = challenge(&app, PHONE).await;
    sqlx::query("insert into consumed_challenges (challenge_id, consumed_at) values ($1::uuid, $2)")
        .bind(challenge.as_str().unwrap().parse::<Uuid>().unwrap())
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
    verify(&app, &challenge, &code).await.problem(401, "code-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_good_for_ten_minutes_and_not_a_second_more(db: PgPool) {
    let app = open_doors(db).await;
    let (first, code) = challenge(&app, PHONE).await;
    app.advance(TimeDelta::seconds(599));
    verify(&app, &first, &code).await.ok();
    let (second, code) = challenge(&app, OTHER_PHONE).await;
    app.advance(TimeDelta::seconds(601));
    verify(&app, &second, &code).await.problem(401, "code-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_code_voids_the_old_one(db: PgPool) {
    let app = open_doors(db).await;
    let (old, old_code) = challenge(&app, PHONE).await;
    app.advance(TimeDelta::seconds(30));
    let (new, new_code) = challenge(&app, PHONE).await;
    assert_ne!(old, new);
    verify(&app, &old, &old_code).await.problem(401, "code-refused");
    verify(&app, &old, &new_code).await.problem(401, "code-refused");
    verify(&app, &new, &new_code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_good_for_its_own_challenge_alone(db: PgPool) {
    let app = open_doors(db).await;
    let (victims, victims_code) = challenge(&app, PHONE).await;
    let (attackers, attackers_code) = challenge(&app, OTHER_PHONE).await;
    if victims_code != attackers_code {
        verify(&app, &attackers, &victims_code).await.problem(401, "code-refused");
        verify(&app, &victims, &attackers_code).await.problem(401, "code-refused");
    }
    let with_phone = json!({"challenge_id": attackers, "code": attackers_code, "phone": PHONE});
    app.nobody().post("/v1/auth/otp/verify", with_phone).await.problem(422, "invalid");
    let pair = verify(&app, &attackers, &attackers_code).await.ok();
    assert_eq!(pair["user"]["phone"], OTHER_PHONE);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_not_a_code_is_refused_by_its_field_and_costs_no_guess(db: PgPool) {
    let app = open_doors(db).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    let number: u64 = code.parse().unwrap();
    let bad = [
        json!(""),
        json!(null),
        json!(0),
        json!(number),
        json!([]),
        json!([code]),
        json!({ "code": code }),
        json!(true),
        json!("      "),
        json!("\0\0\0\0\0\0"),
        json!(format!("{code},")),
        json!(format!("{code}0")),
        json!(format!("{code}.0")),
        json!(&code[1..]),
        json!(format!("{}²", &code[1..])),
        json!("+12345"),
        json!("12345e"),
        json!("9".repeat(10_000)),
    ];
    for bad in bad {
        let body = json!({ "challenge_id": challenge, "code": bad });
        let problem = app.nobody().post("/v1/auth/otp/verify", body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/code", "{bad}");
    }
    verify(&app, &challenge, &code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_unknown_challenge_is_refused_like_a_wrong_code(db: PgPool) {
    let app = open_doors(db).await;
    let (known, code) = challenge(&app, PHONE).await;
    let wrong = verify(&app, &known, &wrong(&code)).await.problem(401, "code-refused");
    let unknown = verify(&app, &json!(Uuid::now_v7()), &code).await.problem(401, "code-refused");
    assert_eq!(anonymous(wrong), anonymous(unknown));
    for bad in [Value::Null, json!("1"), json!(1)] {
        let problem = verify(&app, &bad, &code).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/challenge_id");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_test_number_has_its_fixed_code_until_its_date_and_gets_no_message(db: PgPool) {
    let vars = [
        ("SIGN_UP", "open"),
        ("TEST_PHONE_NUMBERS", "+15005550006=424242"),
        ("TEST_PHONE_NUMBERS_UNTIL", "2026-11-19T00:00:00Z"),
    ];
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    let asked = ask(&app, "+15005550006").await.expect(202).body;
    app.drain().await;
    assert!(!app.terminal().contains("424242"));
    verify(&app, &asked["challenge_id"], "424242").await.ok();

    app.advance("2026-11-19T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - app.now());
    let (challenge, code) = challenge(&app, "+15005550006").await;
    assert_ne!(code, "424242", "once in a million runs it may be");
    verify(&app, &challenge, "424242").await.problem(401, "code-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_number_of_digits_and_guesses_and_the_time_are_as_configured(db: PgPool) {
    let vars = [("SIGN_UP", "open"), ("OTP_LENGTH", "8"), ("OTP_TTL_SECONDS", "300"), ("OTP_MAX_GUESSES", "2")];
    let app = TestApp::with_vars(db, &vars).await;
    let (id, code) = challenge(&app, PHONE).await;
    assert_eq!(code.len(), 8);
    for _ in 0..2 {
        verify(&app, &id, &wrong(&code)).await.problem(401, "code-refused");
    }
    verify(&app, &id, &code).await.problem(401, "code-refused");
    let (id, code) = challenge(&app, OTHER_PHONE).await;
    app.advance(TimeDelta::seconds(300));
    verify(&app, &id, &code).await.problem(401, "code-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn failures_of_nobody_in_particular_leave_no_key_behind(db: PgPool) {
    let app = TestApp::new(db).await;
    app.nobody()
        .post_with_key("/v1/auth/otp/request", "k1", json!({"phone": "nonsense"}))
        .await
        .problem(422, "phone-refused");
    let kept: i64 = sqlx::query_scalar("select count(*) from idempotency_keys").fetch_one(&app.db).await.unwrap();
    assert_eq!(kept, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_taken_as_people_type_it(db: PgPool) {
    let vars = [("SIGN_UP", "open"), ("TEST_PHONE_NUMBERS", "+15005550006=123456")];
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../data/cases/otp.json")).unwrap();
    let more = ["１２３４５６", " 12-34 56\r\n", "\u{202d}123\u{a0}456\u{202c}"]
        .map(|typed| json!({ "typed": typed, "means": "123456" }));
    for case in cases.iter().chain(&more) {
        app.advance(TimeDelta::hours(1));
        let asked = ask(&app, "+15005550006").await.expect(202).body;
        let body = json!({ "challenge_id": asked["challenge_id"], "code": case["typed"] });
        let answer = app.nobody().post("/v1/auth/otp/verify", body).await;
        let expected = if case["means"].is_null() { 422 } else { 200 };
        assert_eq!(answer.status.as_u16(), expected, "{case}: {}", answer.text);
    }
}

/// The database goes away after the code was compared and before the session is made: here, a table that it needs.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_right_code_that_the_database_could_not_use_is_good_when_it_is_back(db: PgPool) {
    let app = TestApp::on_redis(db, crate::support::redis::Kind::Single, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    let in_memory = app.restarted_as(without_redis(&app));
    for app in [&app, &in_memory] {
        app.advance(TimeDelta::seconds(30));
        let (challenge, code) = challenge(app, PHONE).await;
        break_off(app, "sessions", "sessions_away").await;
        for _ in 0..7 {
            verify(app, &challenge, &code).await.problem(500, "internal");
        }
        break_off(app, "sessions_away", "sessions").await;
        verify(app, &challenge, &code).await.ok();
        verify(app, &challenge, &code).await.problem(401, "code-refused");
    }
}

fn without_redis(app: &TestApp) -> chemstock::config::Config {
    let mut config = app.app.config.clone();
    config.redis = None;
    config
}

async fn break_off(app: &TestApp, table: &str, name: &str) {
    let rename = sqlx::AssertSqlSafe(format!("alter table {table} rename to {name}"));
    sqlx::query(rename).execute(&app.db).await.unwrap();
}
