//! The phone of an invitation stands in clear only as long as the invitation can admit it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::invitations::{ACCEPT, invite, path_of, with_phone};
use crate::support::{Client, TestApp};

const PHONE: &str = "+12025550123";

/// As the admins read it, in both places.
async fn shown(app: &TestApp, admin: &Client, made: &Value) -> Value {
    let one = admin.get(&path_of(app, made)).await.ok()["phone"].take();
    let list = admin.get(&app.path("/invitations")).await.ok();
    let listed =
        list["items"].as_array().expect("a list").iter().find(|it| it["id"] == made["id"]).expect("in the list");
    assert_eq!(listed["phone"], one);
    one
}

async fn is_kept(app: &TestApp) -> bool {
    let rows: Vec<String> =
        sqlx::query_scalar("select invitations::text from invitations").fetch_all(&app.db).await.expect("rows");
    assert!(!rows.is_empty());
    rows.iter().any(|row| row.contains(&PHONE[1..]))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_phone_of_an_invitation_is_cleared_when_it_is_used_whatever_its_uses(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    for max_uses in [1, 5] {
        let new = json!({"role": "member", "phone": PHONE, "max_uses": max_uses});
        let made = invite(&app, &admin, new).await;
        assert_eq!((shown(&app, &admin, &made).await, is_kept(&app).await), (json!(PHONE), true));
        let guest = with_phone(&app, PHONE).await;
        guest.post(ACCEPT, json!({"code": made["code"]})).await.ok();
        assert_eq!((shown(&app, &admin, &made).await, is_kept(&app).await), (json!("…23"), false));

        // Without the phone it is not one for anybody.
        for client in [app.stranger().await, with_phone(&app, "+12025550124").await] {
            client.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
            sqlx::query("update users set phone = null where id = $1")
                .bind(client.user_id)
                .execute(&app.db)
                .await
                .unwrap();
        }
        sqlx::query("update users set phone = null where id = $1").bind(guest.user_id).execute(&app.db).await.unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_phone_of_an_invitation_is_cleared_when_it_is_revoked_or_its_maker_is_no_admin_any_more(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, other) = (app.client("admin").await, app.client("admin").await);
    let new = json!({"role": "member", "phone": PHONE, "max_uses": 2});
    let revoked = invite(&app, &admin, new.clone()).await;
    admin.delete(&path_of(&app, &revoked), "*").await.expect(204);
    assert_eq!((shown(&app, &admin, &revoked).await, is_kept(&app).await), (json!("…23"), false));

    let ended = invite(&app, &other, new).await;
    let lowered = app.path(&format!("/members/{}", other.user_id));
    admin.patch(&lowered, "*", json!({"role": "viewer"})).await.ok();
    assert_eq!((shown(&app, &admin, &ended).await, is_kept(&app).await), (json!("…23"), false));
    for made in [&revoked, &ended] {
        app.stranger().await.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_phone_of_an_invitation_is_not_read_once_it_has_expired_and_is_cleared_by_the_next_sweep(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member", "phone": PHONE, "expires_in_hours": 1})).await;
    app.advance(TimeDelta::seconds(3599));
    app.drain().await;
    let admin = app.signed_in(&admin).await;
    assert_eq!((shown(&app, &admin, &made).await, is_kept(&app).await), (json!(PHONE), true));
    app.advance(TimeDelta::seconds(1));
    assert_eq!(shown(&app, &admin, &made).await, "…23");
    app.drain().await;
    assert!(!is_kept(&app).await);
    // Who has its ETag can still revoke it.
    admin.delete(&path_of(&app, &made), "\"1\"").await.expect(204);
    app.stranger().await.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_deletes_the_account_takes_the_last_digits_out_of_the_invitation_that_was_used(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    app.owner().await;
    let made = invite(&app, &admin, json!({"role": "member", "phone": PHONE})).await;
    let guest = with_phone(&app, PHONE).await;
    guest.post(ACCEPT, json!({"code": made["code"]})).await.ok();
    assert_eq!(shown(&app, &admin, &made).await, "…23");
    guest.delete("/v1/me", "*").await.expect(204);
    assert_eq!(shown(&app, &admin, &made).await, json!(null));
    app.stranger().await.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
}
