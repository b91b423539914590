//! A right that was taken comes back by no invitation, neither at a login nor by its code; and an invitation ends with
//! the rights of whoever made it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::invitations::invite;
use crate::{
    people::login::{PHONE, holder, log_in, log_in_with},
    support::{Client, TestApp},
};

const ACCEPT: &str = "/v1/invitations/accept";

fn member_of(app: &TestApp, pair: &Value) -> String {
    app.path(&format!("/members/{}", pair["user"]["id"].as_str().expect("an id")))
}

async fn uses(app: &TestApp, admin: &Client, invitation: &Value) -> Value {
    admin.get(&app.path(&format!("/invitations/{}", invitation["id"].as_str().expect("an id")))).await.ok()["uses"]
        .clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_login_does_not_raise_again_whom_an_admin_has_lowered_nor_let_in_whom_one_has_removed(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "admin", "phone": PHONE, "max_uses": 5})).await;
    let pair = log_in(&app, PHONE).await;
    assert_eq!(pair["user"]["labs"][0]["role"], "admin");
    admin.patch(&member_of(&app, &pair), "*", json!({"role": "viewer"})).await.ok();
    assert_eq!(log_in(&app, PHONE).await["user"]["labs"][0]["role"], "viewer");
    admin.delete(&member_of(&app, &pair), "*").await.expect(204);
    assert_eq!(log_in(&app, PHONE).await["user"]["labs"], json!([]));
    assert_eq!(uses(&app, &admin, &made).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_code_of_an_invitation_neither_raises_nor_lowers_at_a_login_and_takes_one_use(db: PgPool) {
    let app = crate::people::login::open_doors(db).await;
    let admin = app.client("admin").await;
    let link = invite(&app, &admin, json!({"role": "manager", "max_uses": 3})).await;
    let role_after = async |code: &Value| {
        app.advance(TimeDelta::seconds(30));
        log_in_with(&app, PHONE, code).await["user"]["labs"][0]["role"].clone()
    };
    assert_eq!(role_after(&link["code"]).await, "manager");
    assert_eq!(role_after(&link["code"]).await, "manager");
    let pair = log_in(&app, PHONE).await;
    admin.patch(&member_of(&app, &pair), "*", json!({"role": "viewer"})).await.ok();
    assert_eq!(role_after(&link["code"]).await, "viewer");
    admin.patch(&member_of(&app, &pair), "*", json!({"role": "admin"})).await.ok();
    assert_eq!(role_after(&link["code"]).await, "admin");
    assert_eq!(uses(&app, &admin, &link).await, 1);
    // Signed in, it is the same rule.
    let user = holder(&app, &pair);
    user.post(ACCEPT, json!({"code": link["code"]})).await.problem(409, "already-member");
    let other = invite(&app, &admin, json!({"role": "viewer"})).await;
    user.post(ACCEPT, json!({"code": other["code"]})).await.problem(409, "already-member");
    assert_eq!(uses(&app, &admin, &other).await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn after_a_removal_only_an_invitation_made_since_lets_in_and_the_membership_goes_on(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, guest) = (app.client("admin").await, app.stranger().await);
    let used = invite(&app, &admin, json!({"role": "member", "max_uses": 5})).await;
    let unused = invite(&app, &admin, json!({"role": "manager", "max_uses": 5})).await;
    let joined = guest.post(ACCEPT, json!({"code": used["code"]})).await.ok();
    app.advance(TimeDelta::seconds(1));
    let path = app.path(&format!("/members/{}", guest.user_id));
    admin.delete(&path, "*").await.expect(204);
    for old in [&used, &unused] {
        guest.post(ACCEPT, json!({"code": old["code"]})).await.problem(422, "invitation-refused");
    }
    app.advance(TimeDelta::seconds(1));
    let fresh = invite(&app, &admin, json!({"role": "viewer"})).await;
    let again = guest.post(ACCEPT, json!({"code": fresh["code"]})).await.expect(200);
    assert_eq!(again.etag(), "\"3\"");
    let again = again.body;
    assert_eq!((&again["role"], &again["left_at"]), (&json!("viewer"), &Value::Null));
    assert_eq!(again["created_at"], joined["created_at"]);
    guest.get(&app.path("")).await.ok();
    assert_eq!(uses(&app, &admin, &used).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_invitations_of_an_admin_end_when_the_admin_is_lowered_removed_or_disabled(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, guest, owner) = (app.client("admin").await, app.stranger().await, app.owner().await);
    let kept = invite(&app, &admin, json!({"role": "viewer"})).await;
    for way in ["lowered", "removed", "leaves", "disabled"] {
        let other = app.client("admin").await;
        let made = invite(&app, &other, json!({"role": "admin", "max_uses": 9})).await;
        let path = app.path(&format!("/members/{}", other.user_id));
        match way {
            "lowered" => drop(admin.patch(&path, "*", json!({"role": "manager"})).await.ok()),
            "removed" => drop(admin.delete(&path, "*").await.expect(204)),
            "leaves" => drop(other.delete(&path, "*").await.expect(204)),
            _ => {
                let account = format!("/v1/admin/users/{}", other.user_id);
                owner.patch(&account, "*", json!({"disabled": true})).await.ok();
            }
        }
        let shown = admin.get(&app.path(&format!("/invitations/{}", made["id"].as_str().unwrap()))).await.ok();
        assert_eq!(shown["revoked_at"], json!(app.now()), "{way}");
        guest.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
    }
    guest.post(ACCEPT, json!({"code": kept["code"]})).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_that_is_made_while_its_maker_is_removed_does_not_outlive_the_removal(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    for _ in 0..10 {
        let other = app.client("admin").await;
        let (path, new) = (app.path(&format!("/members/{}", other.user_id)), json!({"role": "admin"}));
        let invitations = app.path("/invitations");
        let (_, removed) = tokio::join!(other.post(&invitations, new), admin.delete(&path, "*"));
        removed.expect(204);
        let alive = "select count(*) from invitations where created_by = $1 and revoked_at is null";
        let alive: i64 = sqlx::query_scalar(alive).bind(other.user_id).fetch_one(&app.db).await.unwrap();
        assert_eq!(alive, 0);
    }
}
