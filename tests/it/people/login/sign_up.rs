//! Who may come in that was never here before.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OTHER_PHONE, PHONE, ask, challenge, holder, last_code, log_in, log_in_with, verify};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_development_the_first_user_becomes_owner_with_a_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let pair = log_in(&app, PHONE).await;
    assert_eq!(pair["user"]["is_owner"], true);
    assert_eq!(pair["user"]["labs"][0]["name"], "My lab");
    assert_eq!(pair["user"]["labs"][0]["role"], "admin");
    let lab = pair["user"]["labs"][0]["id"].as_str().unwrap();
    holder(&app, &pair).get(&format!("/v1/labs/{lab}")).await.ok();
    let again = log_in(&app, PHONE).await;
    assert_eq!(again["user"], pair["user"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_first_users_at_once_one_becomes_owner(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open")]).await;
    let (one, one_code) = challenge(&app, PHONE).await;
    let (two, two_code) = challenge(&app, OTHER_PHONE).await;
    let (one, two) = tokio::join!(verify(&app, &one, &one_code), verify(&app, &two, &two_code));
    let owners = [one.ok(), two.ok()].map(|pair| pair["user"]["is_owner"].as_bool().unwrap());
    assert_eq!(owners.iter().filter(|is_owner| **is_owner).count(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_first_logins_of_one_phone_at_once_make_one_user(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    // Held at the insert until both are there: a lock that a third party lets go.
    let mut third_party = app.db.begin().await.unwrap();
    sqlx::query("insert into users (id, phone, created_at, updated_at) values ($1, $2, $3, $3)")
        .bind(uuid::Uuid::now_v7())
        .bind(PHONE)
        .bind(app.now())
        .execute(&mut *third_party)
        .await
        .unwrap();
    let (id, code) = challenge(&app, PHONE).await;
    let (answer, ()) = tokio::join!(verify(&app, &id, &code), async {
        loop {
            let waiting = "select count(*) from pg_locks where not granted";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&app.db).await.unwrap();
            if waiting > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        third_party.commit().await.unwrap();
    });
    let pair = answer.ok();
    let users: i64 =
        sqlx::query_scalar("select count(*) from users where phone = $1").bind(PHONE).fetch_one(&app.db).await.unwrap();
    assert_eq!(users, 1);
    holder(&app, &pair).get("/v1/me").await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_bootstrap_phone_becomes_owner_though_others_came_first(db: PgPool) {
    let app = TestApp::with_vars(db, &[("BOOTSTRAP_OWNER_PHONE", PHONE)]).await;
    app.owner().await;
    let pair = log_in(&app, PHONE).await;
    assert_eq!(pair["user"]["is_owner"], true);
    assert_eq!(pair["user"]["labs"][0]["role"], "admin");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn with_open_doors_a_new_user_has_no_lab_and_owns_nothing(db: PgPool) {
    let app = super::open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    assert_eq!(pair["user"]["labs"], json!([]));
    assert_eq!(pair["user"]["is_owner"], false);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_proven_phone_without_an_invitation_stays_outside(db: PgPool) {
    // A fixed code is how somebody without an invitation can have one at all.
    let vars = [("TEST_PHONE_NUMBERS", "+15005550006=424242")];
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    let asked = ask(&app, "+15005550006").await.expect(202).body;
    verify(&app, &asked["challenge_id"], "424242").await.problem(403, "invitation-required");
    let users: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(&app.db).await.unwrap();
    assert_eq!(users, 1);
    // The code is used up all the same.
    verify(&app, &asked["challenge_id"], "424242").await.problem(401, "code-refused");
}

async fn invite(app: &TestApp, invitation: Value) -> Value {
    app.client("admin").await.post(&app.path("/invitations"), invitation).await.created()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_by_code_lets_a_new_phone_into_its_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let invitation = invite(&app, json!({"role": "member"})).await;
    let pair = log_in_with(&app, PHONE, &invitation["code"]).await;
    assert_eq!(pair["user"]["labs"], json!([{"id": app.lab, "name": "Test lab", "role": "member"}]));
    // It was for one.
    let body = json!({ "phone": OTHER_PHONE, "invitation": invitation["code"] });
    app.nobody().post("/v1/auth/otp/request", body).await.expect(202);
    app.drain().await;
    let said = app.terminal();
    assert!(said.contains("brings none that is good; it is unknown, too old, used up, revoked"), "{said}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_for_a_phone_needs_no_code_and_admits_that_phone_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    invite(&app, json!({"role": "viewer", "phone": PHONE})).await;
    ask(&app, OTHER_PHONE).await.expect(202);
    app.drain().await;
    assert!(!app.terminal().contains("code is"));
    let pair = log_in(&app, PHONE).await;
    assert_eq!(pair["user"]["labs"][0]["role"], "viewer");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_that_is_used_up_between_request_and_verify_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let invitation = invite(&app, json!({"role": "member"})).await;
    let body = |phone| json!({ "phone": phone, "invitation": invitation["code"] });
    let slow = app.nobody().post("/v1/auth/otp/request", body(PHONE)).await.expect(202).body;
    app.drain().await;
    let slow_code = last_code(&app);
    log_in_with(&app, OTHER_PHONE, &invitation["code"]).await;
    verify(&app, &slow["challenge_id"], &slow_code).await.problem(422, "invitation-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn somebody_with_an_account_joins_one_more_lab_by_logging_in_with_its_invitation(db: PgPool) {
    let app = super::open_doors(db).await;
    let before = log_in(&app, PHONE).await;
    assert_eq!(before["user"]["labs"], json!([]));
    let invitation = invite(&app, json!({"role": "manager"})).await;
    app.advance(TimeDelta::seconds(30));
    let after = log_in_with(&app, PHONE, &invitation["code"]).await;
    assert_eq!(after["user"]["id"], before["user"]["id"]);
    assert_eq!(after["user"]["labs"][0]["role"], "manager");
    holder(&app, &after).get(&app.path("")).await.ok();
}
