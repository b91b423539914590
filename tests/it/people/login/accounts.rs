//! What an owner does with somebody's account, and how soon it holds.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{OTHER_PHONE, PHONE, ask, holder, log_in, open_doors, refresh, verify};
use crate::support::{Answer, Client, TestApp};

fn path(pair: &Value) -> String {
    format!("/v1/admin/users/{}", pair["user"]["id"].as_str().unwrap())
}

async fn end_all(owner: &Client, pair: &Value) -> Answer {
    owner.send(Method::DELETE, &format!("{}/sessions", path(pair)), &[], None).await
}

async fn told(app: &TestApp, kind: &str, outcome: &str) -> Vec<(Option<Uuid>, Option<String>)> {
    let told = "select user_id, detail from login_events where kind = $1 and outcome = $2";
    sqlx::query_as(told).bind(kind).bind(outcome).fetch_all(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_session_says_from_where_and_how_it_was_last_used(db: PgPool) {
    let app = open_doors(db).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    app.drain().await;
    let attempt = json!({
        "challenge_id": asked["challenge_id"], "code": super::last_code(&app), "device_name": "Pixel 9"
    });
    let pair = app.nobody().at("198.51.100.77").post("/v1/auth/otp/verify", attempt).await.ok();
    let mine = async |pair: &Value| holder(&app, pair).get("/v1/auth/sessions").await.ok()["items"][0].clone();
    let session = mine(&pair).await;
    assert_eq!((&session["device_name"], &session["amr"]), (&json!("Pixel 9"), &json!(["sms"])));
    assert_eq!(session["last_address"], "198.51.100.0/24");
    let elsewhere = app.nobody().at("2001:db8:1:2:3::4");
    let next = elsewhere.post("/v1/auth/refresh", json!({ "refresh_token": pair["refresh_token"] })).await.ok();
    assert_eq!(mine(&next).await["last_address"], "2001:db8:1:2::/64");

    let owner = app.owner().await;
    let seen = owner.get(&format!("{}/sessions", path(&pair))).await.ok();
    assert_eq!(seen["items"][0]["id"], session["id"]);
    assert_eq!(seen["items"][0]["current"], false);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_finds_an_account_by_its_exact_phone(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    log_in(&app, OTHER_PHONE).await;
    let owner = app.owner().await;
    let found = async |query: &str| owner.get(&format!("/v1/admin/users{query}")).await.ok()["items"].clone();
    let one = found("?phone=%2B12025550123").await;
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!((&one[0]["id"], &one[0]["disabled_at"]), (&pair["user"]["id"], &Value::Null));
    assert_eq!(found("?phone=%2B12025550199").await, json!([]));
    assert_eq!(found("").await.as_array().unwrap().len(), 4);
    owner.get("/v1/admin/users?phone=5550123").await.problem(422, "invalid");
    holder(&app, &pair).get("/v1/admin/users").await.problem(403, "forbidden");
}

/// Another instance keeps a standing for five seconds of real time, which no test can move.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn sessions_that_an_owner_ends_are_dead_here_at_once_and_elsewhere_within_five_seconds(db: PgPool) {
    let here = open_doors(db).await;
    let ring = chemstock::base::tokens::KeyRing::generate_pem();
    let ring = || chemstock::base::tokens::KeyRing::from_pems(std::slice::from_ref(&ring)).unwrap();
    let there = here.restarted();
    here.app.tokens.replace_keys(ring());
    there.app.tokens.replace_keys(ring());
    let (one, two) = (log_in(&here, PHONE).await, log_in(&here, PHONE).await);
    let theirs = log_in(&here, OTHER_PHONE).await;
    let owner = here.owner().await;
    for pair in [&one, &two, &theirs] {
        holder(&there, pair).get("/v1/me").await.ok();
    }
    let ended_at = Instant::now();
    end_all(&owner, &one).await.expect(204);
    for pair in [&one, &two] {
        holder(&here, pair).get("/v1/me").await.problem(401, "bad-token");
        refresh(&there, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    }
    for pair in [&one, &two] {
        while holder(&there, pair).get("/v1/me").await.status != 401 {
            assert!(ended_at.elapsed() < Duration::from_millis(5_500), "still let in on the other instance");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    holder(&there, &theirs).get("/v1/me").await.ok();
    let events = told(&here, "session_ended", "ended_by_admin").await;
    let user = one["user"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(events, [(Some(user), Some(format!("by {}", owner.user_id)))]);
    end_all(&owner, &json!({"user": {"id": Uuid::now_v7()}})).await.problem(404, "not-found");
}

pub async fn disabled_while_a_code_is_held(db: PgPool) {
    let app = open_doors(db).await;
    let owner = app.owner().await;
    let pair = log_in(&app, PHONE).await;
    app.advance(chrono::TimeDelta::seconds(30));
    let (challenge, code) = super::challenge(&app, PHONE).await;
    holder(&app, &pair).get("/v1/me").await.ok();
    let disabled = owner.patch(&path(&pair), "*", json!({"disabled": true})).await.expect(200);
    assert_eq!(disabled.body["disabled_at"], json!(app.now()));
    verify(&app, &challenge, &code).await.problem(403, "forbidden");
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &pair).get("/v1/me").await.problem(401, "bad-token");
    let user = pair["user"]["id"].as_str().unwrap().parse().unwrap();
    let by = Some(format!("by {}", owner.user_id));
    assert_eq!(told(&app, "account_disabled", "done").await, [(Some(user), by.clone())]);
    // Let in again, the old sessions stay ended.
    let etag = disabled.etag();
    let enabled = owner.patch(&path(&pair), &etag, json!({"disabled": false})).await.ok();
    assert_eq!(enabled["disabled_at"], Value::Null);
    assert_eq!(told(&app, "account_enabled", "done").await, [(Some(user), by)]);
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    assert_eq!(log_in(&app, PHONE).await["user"]["id"], pair["user"]["id"]);
    owner.patch(&path(&pair), &etag, json!({"disabled": true})).await.problem(412, "stale");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_disables_their_own_account_or_one_that_is_not_there(db: PgPool) {
    let app = open_doors(db).await;
    let owner = app.owner().await;
    let own = format!("/v1/admin/users/{}", owner.user_id);
    owner.patch(&own, "*", json!({"disabled": true})).await.problem(403, "forbidden");
    let none = format!("/v1/admin/users/{}", Uuid::now_v7());
    owner.patch(&none, "*", json!({"disabled": true})).await.problem(404, "not-found");
    // Nothing to change is no change of the account's standing.
    assert_eq!(owner.patch(&own, "*", json!({})).await.ok()["disabled_at"], Value::Null);
    assert_eq!(told(&app, "account_enabled", "done").await, []);
}
