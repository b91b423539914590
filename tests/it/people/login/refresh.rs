//! Refresh tokens: one chain, whoever pulls at it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{PHONE, holder, log_in, open_doors, refresh};
use crate::support::TestApp;

async fn why_ended(app: &TestApp) -> Option<String> {
    let why = "select ended_because from sessions where ended_at is not null";
    sqlx::query_scalar(why).fetch_optional(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_refresh_gives_a_new_pair_of_the_same_session(db: PgPool) {
    let app = open_doors(db).await;
    let first = log_in(&app, PHONE).await;
    app.advance(TimeDelta::minutes(10));
    holder(&app, &first).get("/v1/me").await.problem(401, "bad-token");
    let answer = refresh(&app, &first["refresh_token"]).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let second = answer.body;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["user"], first["user"]);
    assert_eq!(second["refresh_expires_in"], 30 * 86_400);
    let sessions = holder(&app, &second).get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["items"][0]["last_used_at"], json!(app.now()));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn twenty_refreshes_at_once_all_get_the_one_successor(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let mut tries = JoinSet::new();
    for _ in 0..20 {
        let (nobody, body) = (app.nobody(), json!({ "refresh_token": pair["refresh_token"] }));
        tries.spawn(async move { nobody.post("/v1/auth/refresh", body).await.ok()["refresh_token"].clone() });
    }
    let successors = tries.join_all().await;
    assert!(successors.iter().all(|successor| *successor == successors[0]));
    assert_ne!(successors[0], pair["refresh_token"]);
    let tokens: i64 = sqlx::query_scalar("select count(*) from refresh_tokens").fetch_one(&app.db).await.unwrap();
    assert_eq!(tokens, 2);
    refresh(&app, &successors[0]).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_lost_the_answer_gets_the_same_successor_for_a_day_until_it_is_used(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let first = refresh(&app, &pair["refresh_token"]).await.ok();
    for later in [TimeDelta::seconds(11), TimeDelta::hours(8), TimeDelta::hours(16) - TimeDelta::seconds(11)] {
        app.advance(later);
        let repeat = refresh(&app, &pair["refresh_token"]).await.ok();
        assert_eq!(first["refresh_token"], repeat["refresh_token"]);
        holder(&app, &repeat).get("/v1/me").await.ok();
    }
    assert_eq!(why_ended(&app).await, None);
    refresh(&app, &first["refresh_token"]).await.ok();
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    assert_eq!(why_ended(&app).await.as_deref(), Some("refresh_reuse"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_after_a_day_ends_the_session_and_its_access_tokens_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    app.advance(TimeDelta::minutes(9));
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    app.advance(TimeDelta::hours(24) + TimeDelta::seconds(1));
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    assert_eq!(why_ended(&app).await.as_deref(), Some("refresh_reuse"));
    refresh(&app, &next["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &next).get("/v1/me").await.problem(401, "bad-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_token_whose_successor_was_used_ends_the_session_however_soon_it_comes_back(db: PgPool) {
    let app = open_doors(db).await;
    let stolen = log_in(&app, PHONE).await["refresh_token"].clone();
    let second = refresh(&app, &stolen).await.ok();
    let third = refresh(&app, &second["refresh_token"]).await.ok();
    refresh(&app, &stolen).await.problem(401, "refresh-token-refused");
    refresh(&app, &third["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &third).get("/v1/me").await.problem(401, "bad-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn another_session_of_the_same_user_outlives_the_theft(db: PgPool) {
    let app = open_doors(db).await;
    let (stolen, other) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    let next = refresh(&app, &stolen["refresh_token"]).await.ok();
    refresh(&app, &next["refresh_token"]).await.ok();
    refresh(&app, &stolen["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &other).get("/v1/me").await.ok();
    refresh(&app, &other["refresh_token"]).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_token_that_rests_for_thirty_days_is_dead(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    app.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    app.advance(TimeDelta::days(30));
    refresh(&app, &next["refresh_token"]).await.problem(401, "refresh-token-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_session_ends_after_half_a_year_however_often_it_is_refreshed(db: PgPool) {
    let app = open_doors(db).await;
    let mut pair = log_in(&app, PHONE).await;
    for _ in 0..8 {
        app.advance(TimeDelta::days(20));
        pair = refresh(&app, &pair["refresh_token"]).await.ok();
    }
    assert_eq!(pair["refresh_expires_in"], 20 * 86_400);
    app.advance(TimeDelta::days(20));
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_not_a_refresh_token_is_refused(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let access_token = pair["access_token"].clone();
    for bad in [json!(""), json!("A".repeat(43)), json!("\0"), access_token, json!("x".repeat(100_000))] {
        refresh(&app, &bad).await.problem(401, "refresh-token-refused");
    }
    for bad in [Value::Null, json!(1), json!([])] {
        refresh(&app, &bad).await.problem(422, "invalid");
    }
    // Nor is a refresh token an access token.
    let as_bearer = app.nobody().with_token(pair["refresh_token"].as_str().unwrap());
    as_bearer.get("/v1/me").await.problem(401, "bad-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn somebody_who_was_disabled_neither_refreshes_nor_logs_in(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    app.advance(TimeDelta::seconds(30));
    let (challenge, code) = super::challenge(&app, PHONE).await;
    sqlx::query("update users set disabled_at = $1 where phone = $2")
        .bind(app.now())
        .bind(PHONE)
        .execute(&app.db)
        .await
        .unwrap();
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    super::verify(&app, &challenge, &code).await.problem(403, "forbidden");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_token_stands_in_the_database(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    let dump = "select string_agg(t::text, ' ') from refresh_tokens t";
    let dump: String = sqlx::query_scalar(dump).fetch_one(&app.db).await.unwrap();
    for token in [&pair["refresh_token"], &next["refresh_token"]] {
        assert!(!dump.contains(token.as_str().unwrap()));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_address_that_shows_bad_tokens_waits_a_minute_and_nobody_else_does(db: PgPool) {
    let app =
        TestApp::with_vars(db, &[("MAX_FAILED_REFRESHES_PER_ADDRESS_PER_MINUTE", "5"), ("SIGN_UP", "open")]).await;
    app.owner().await;
    let pair = log_in(&app, PHONE).await;
    let show = async |address: &str, token: &Value| {
        app.nobody().at(address).post("/v1/auth/refresh", json!({ "refresh_token": token })).await
    };
    for n in 0..5 {
        let token = json!(format!("no-token-{n}"));
        show("198.51.100.7", &token).await.problem(401, "refresh-token-refused");
    }
    let limited = show("198.51.100.7", &pair["refresh_token"]).await;
    assert_eq!(limited.headers["retry-after"], "60");
    limited.problem(429, "rate-limited");
    // Good ones do not count, however many.
    let mut token = pair["refresh_token"].clone();
    for _ in 0..8 {
        token = show("198.51.100.8", &token).await.ok()["refresh_token"].clone();
    }
    app.advance(TimeDelta::minutes(1));
    show("198.51.100.7", &token).await.ok();
    // A client of IPv6 has more than one network.
    for n in 0..10 {
        show(&format!("2001:db8:0:{n:x}00::1"), &json!("no-token")).await.problem(401, "refresh-token-refused");
    }
    show("2001:db8:0:ff00::1", &json!("no-token")).await.problem(429, "rate-limited");
    show("2001:db8:1::1", &json!("no-token")).await.problem(401, "refresh-token-refused");
}
