//! Changes of people that leave several lines, or none.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Journal, Line, id_of};
use crate::{
    people::login::{self, MAILBOX, PHONE},
    support::TestApp,
};

fn told(lines: &[Line]) -> Vec<(&str, Value)> {
    lines.iter().map(|line| (line.kind.as_str(), line.changes.clone())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_is_let_in_uses_the_invitation_and_joins_and_so_again_after_leaving(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, by) = (app.client("admin").await, app.stranger().await);
    let invite = async |role: &str| {
        let made = admin.post(&app.path("/invitations"), json!({"role": role, "max_uses": 5})).await.created();
        (id_of(&made), json!({"code": made["code"]}))
    };
    let (id, code) = invite("member").await;
    let mut journal = Journal::of(&app).await;
    by.post("/v1/invitations/accept", code.clone()).await.ok();
    let lines = journal.take().await;
    assert_eq!(
        told(&lines),
        [("invitation.used", json!({"uses": [0, 1]})), ("member.joined", json!({"role": [null, "member"]}))]
    );
    assert_eq!((lines[0].subject, lines[1].subject), (id, by.user_id));
    by.post("/v1/invitations/accept", code).await.problem(409, "already-member");
    assert_eq!(journal.kinds().await, Vec::<String>::new());
    app.advance(TimeDelta::seconds(1));
    by.delete(&app.path(&format!("/members/{}", by.user_id)), "*").await.expect(204);
    let left = Journal::one(journal.take().await);
    let left_at = left.changes["left_at"][1].clone();
    assert!(left.kind == "member.left" && left_at.is_string(), "{left:?}");
    app.advance(TimeDelta::seconds(1));
    let (_, code) = invite("viewer").await;
    journal.take().await;
    by.post("/v1/invitations/accept", code).await.ok();
    let again = journal.take().await;
    assert_eq!(told(&again)[1], ("member.joined", json!({"role": ["member", "viewer"], "left_at": [left_at, null]})));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_admin_who_is_one_no_more_loses_invitations_by_lines_of_their_own(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, other) = (app.client("admin").await, app.client("admin").await);
    other.post(&app.path("/invitations"), json!({"role": "viewer", "phone": PHONE})).await.created();
    let mut journal = Journal::of(&app).await;
    let path = app.path(&format!("/members/{}", other.user_id));
    admin.patch(&path, "*", json!({"role": "member"})).await.ok();
    let lines = journal.take().await;
    assert_eq!(told(&lines)[0], ("member.role_changed", json!({"role": ["admin", "member"]})));
    assert_eq!(lines[1].kind, "invitation.revoked");
    assert_eq!(lines[1].changes.get("phone"), Some(&Value::Null));
    assert!(lines[1].changes["revoked_at"][0].is_null() && lines[1].changes["revoked_at"][1].is_string());
    assert_eq!(lines.len(), 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_change_of_an_account_has_a_line_for_its_door_and_one_for_its_rights(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, somebody) = (app.owner().await, app.stranger().await);
    let path = format!("/v1/admin/users/{}", somebody.user_id);
    let mut journal = Journal::of(&app).await;
    owner.patch(&path, "*", json!({"disabled": true, "is_cataloguer": true})).await.ok();
    let lines = journal.take().await;
    let kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["user.disabled", "user.rights_changed"]);
    assert_eq!(lines[1].changes, json!({"is_cataloguer": [false, true]}));
    assert!(lines[0].changes["disabled_at"][1].is_string() && lines[0].changes.as_object().unwrap().len() == 1);
    owner.patch(&path, "*", json!({"disabled": false})).await.ok();
    assert_eq!(journal.kinds().await, ["user.enabled"]);

    let appoint = app.path("/admins").replace("/v1/labs", "/v1/admin/labs");
    let member = app.client("member").await;
    owner.post(&appoint, json!({"user_id": member.user_id})).await.created();
    let line = Journal::one(journal.take().await);
    assert_eq!((&*line.kind, line.changes), ("member.role_changed", json!({"role": ["member", "admin"]})));
    owner.post(&appoint, json!({"user_id": member.user_id})).await.ok();
    assert_eq!(journal.kinds().await, Vec::<String>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_mailbox_that_is_there_goes_by_a_line_and_one_that_is_not_by_none(db: PgPool) {
    let app = login::with_email(db).await;
    let pair = login::email_change::with_mailbox(&app, PHONE, MAILBOX).await;
    let holder = login::holder(&app, &pair);
    let mut journal = Journal::of(&app).await;
    holder.delete("/v1/me/email", "*").await.expect(204);
    let gone = Journal::one(journal.take().await);
    assert_eq!((&*gone.kind, gone.changes), ("user.email_changed", json!({"email": null})));
    holder.delete("/v1/me/email", "*").await.expect(204);
    assert_eq!(journal.kinds().await, Vec::<String>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_deletes_the_account_leaves_each_lab_by_a_line(db: PgPool) {
    let mut app = TestApp::new(db).await;
    app.owner().await;
    let by = app.client("member").await;
    let first = app.lab;
    app.new_lab("Second").await;
    let join =
        "insert into memberships (lab_id, user_id, role, created_at, updated_at) values ($1, $2, 'viewer', $3, $3)";
    sqlx::query(join).bind(app.lab).bind(by.user_id).bind(app.now()).execute(&app.db).await.unwrap();
    let mut journal = Journal::of(&app).await;
    by.delete("/v1/me", "*").await.expect(204);
    let lines = journal.take().await;
    let deleted = &lines[0];
    assert_eq!((&*deleted.kind, &deleted.changes["name"]), ("user.deleted", &Value::Null));
    assert!(deleted.changes["deleted_at"][1].is_string());
    let mut labs: Vec<_> = lines[1..].iter().map(|line| (line.lab_id, line.kind.as_str())).collect();
    labs.sort_unstable();
    assert_eq!(labs, [(first, "member.left"), (app.lab, "member.left")]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_stop_of_a_country_is_told_by_its_name_and_one_of_numbers_by_a_hash(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, mut journal) = (app.owner().await, Journal::of(&app).await);
    let path = |prefix: &str| format!("/v1/admin/sending-stops/{prefix}");
    for (prefix, shown) in [("DE", json!([null, "DE"])), ("%2B1202555", Value::Null)] {
        owner.send(Method::PUT, &path(prefix), &[], Some(json!({}))).await.ok();
        let set = Journal::one(journal.take().await);
        assert_eq!((&*set.kind, &set.changes["prefix"]), ("sending_stop.set", &shown));
        assert_eq!(set.changes["by"], json!([null, "owner"]));
        owner.send(Method::DELETE, &path(prefix), &[], None).await.expect(204);
        let lifted = Journal::one(journal.take().await);
        assert_eq!((&*lifted.kind, lifted.subject), ("sending_stop.lifted", set.subject));
        owner.send(Method::DELETE, &path(prefix), &[], None).await.expect(204);
        assert_eq!(journal.kinds().await, Vec::<String>::new());
    }
}
