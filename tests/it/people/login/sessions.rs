//! Where somebody is logged in, and how that ends.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{OTHER_PHONE, PHONE, holder, log_in, open_doors, refresh};
use crate::support::{Answer, Client};

async fn delete(by: &Client, path: &str) -> Answer {
    by.send(Method::DELETE, path, &[], None).await
}

async fn ids(by: &Client) -> Vec<Value> {
    let page = by.get("/v1/auth/sessions").await.ok();
    page["items"].as_array().unwrap().iter().map(|session| session["id"].clone()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_list_has_ones_own_live_sessions_and_knows_the_current(db: PgPool) {
    let app = open_doors(db).await;
    let (phone, tablet) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    log_in(&app, OTHER_PHONE).await;
    let page = holder(&app, &tablet).get("/v1/auth/sessions").await.ok();
    let current: Vec<_> = page["items"].as_array().unwrap().iter().map(|session| session["current"].clone()).collect();
    assert_eq!(current, [json!(false), json!(true)]);
    assert_eq!(ids(&holder(&app, &phone)).await, ids(&holder(&app, &tablet)).await);

    let first = holder(&app, &phone).get("/v1/auth/sessions?limit=1").await.ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let next = format!("/v1/auth/sessions?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = holder(&app, &phone).get(&next).await.ok();
    assert_eq!(second["items"][0]["id"], page["items"][1]["id"]);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn ending_a_session_kills_its_tokens_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let (lost, kept) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    // So that its standing is in memory.
    holder(&app, &lost).get("/v1/me").await.ok();
    let all = ids(&holder(&app, &kept)).await;
    let path = format!("/v1/auth/sessions/{}", all[0].as_str().unwrap());
    delete(&holder(&app, &kept), &path).await.expect(204);
    holder(&app, &lost).get("/v1/me").await.problem(401, "bad-token");
    refresh(&app, &lost["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &kept).get("/v1/me").await.ok();
    assert_eq!(ids(&holder(&app, &kept)).await, all[1..]);
    delete(&holder(&app, &kept), &path).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn somebody_elses_session_is_not_there_to_be_ended(db: PgPool) {
    let app = open_doors(db).await;
    let (mine, theirs) = (log_in(&app, PHONE).await, log_in(&app, OTHER_PHONE).await);
    let their_id = ids(&holder(&app, &theirs)).await.remove(0);
    let path = format!("/v1/auth/sessions/{}", their_id.as_str().unwrap());
    delete(&holder(&app, &mine), &path).await.problem(404, "not-found");
    holder(&app, &theirs).get("/v1/me").await.ok();
    delete(&holder(&app, &mine), &format!("/v1/auth/sessions/{}", Uuid::now_v7())).await.problem(404, "not-found");
    delete(&holder(&app, &mine), "/v1/auth/sessions/1").await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn all_other_sessions_end_together(db: PgPool) {
    let app = open_doors(db).await;
    let (one, two, here) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    let theirs = log_in(&app, OTHER_PHONE).await;
    delete(&holder(&app, &here), "/v1/auth/sessions").await.expect(204);
    for ended in [&one, &two] {
        holder(&app, ended).get("/v1/me").await.problem(401, "bad-token");
    }
    for alive in [&here, &theirs] {
        holder(&app, alive).get("/v1/me").await.ok();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn after_logout_no_token_of_the_session_works(db: PgPool) {
    let app = open_doors(db).await;
    let (here, elsewhere) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    holder(&app, &here).post("/v1/auth/logout", json!({})).await.expect(204);
    holder(&app, &here).get("/v1/me").await.problem(401, "bad-token");
    holder(&app, &here).post("/v1/auth/logout", json!({})).await.problem(401, "bad-token");
    refresh(&app, &here["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &elsewhere).get("/v1/me").await.ok();
    let why: String = sqlx::query_scalar("select ended_because from sessions where ended_at is not null")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(why, "logout");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_has_no_sessions(db: PgPool) {
    let app = open_doors(db).await;
    for path in ["/v1/auth/sessions", "/v1/me"] {
        app.nobody().get(path).await.problem(401, "no-token");
    }
    app.nobody().post("/v1/auth/logout", json!({})).await.problem(401, "no-token");
    delete(&app.nobody(), "/v1/auth/sessions").await.problem(401, "no-token");
}

/// Another instance is another `App` on the same database: what one has in memory, the other does not know.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_session_that_began_on_another_instance_is_alive_here_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    holder(&app, &pair).get("/v1/me").await.ok();
    let (user, session, now) = (pair["user"]["id"].as_str().unwrap().parse().unwrap(), Uuid::now_v7(), app.now());
    sqlx::query(
        "insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
        values ($1, $2, '{sms}', $3, $3, $3, $4)",
    )
    .bind(session)
    .bind(user)
    .bind(now)
    .bind(now + TimeDelta::days(1))
    .execute(&app.db)
    .await
    .unwrap();
    let (token, _) = app.app.tokens.sign(user, session, now.timestamp(), vec!["sms".into()], now);
    app.nobody().with_token(&token).get("/v1/me").await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_logins_leave_behind_is_swept_in_its_time(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    holder(&app, &next).post("/v1/auth/logout", json!({})).await.expect(204);
    let count = |table: &str| {
        let count = format!("select count(*) from {table}");
        let db = app.db.clone();
        async move { sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count)).fetch_one(&db).await.unwrap() }
    };
    app.drain().await;
    // The session of the owner is there, too.
    assert_eq!((count("consumed_challenges").await, count("sessions").await, count("refresh_tokens").await), (1, 2, 2));
    app.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    app.drain().await;
    assert_eq!(count("consumed_challenges").await, 0);
    app.advance(TimeDelta::days(29));
    app.drain().await;
    assert_eq!((count("sessions").await, count("refresh_tokens").await), (1, 0));
    // By now the owner's has expired, and has thirty more days.
    app.advance(TimeDelta::days(31));
    app.drain().await;
    assert_eq!(count("sessions").await, 0);
}
