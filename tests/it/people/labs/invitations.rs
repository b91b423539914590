//! Invitations: who may make them, whom they admit, and that no use is taken twice.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::support::{Client, TestApp};

pub const ACCEPT: &str = "/v1/invitations/accept";

pub async fn invite(app: &TestApp, admin: &Client, new: Value) -> Value {
    admin.post(&app.path("/invitations"), new).await.created()
}

pub fn path_of(app: &TestApp, invitation: &Value) -> String {
    app.path(&format!("/invitations/{}", invitation["id"].as_str().expect("an id")))
}

pub async fn with_phone(app: &TestApp, phone: &str) -> Client {
    let client = app.stranger().await;
    let set =
        sqlx::query("update users set phone = $2 where id = $1").bind(client.user_id).bind(phone).execute(&app.db);
    set.await.expect("a phone");
    client
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_code_of_an_invitation_is_told_once_and_not_kept(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member"})).await;
    let code = made["code"].as_str().unwrap();
    assert_eq!((&made["max_uses"], &made["uses"], code.len()), (&json!(1), &json!(0), 26));
    assert_eq!(made["expires_at"], json!(app.now() + TimeDelta::hours(168)));

    let read = admin.get(&path_of(&app, &made)).await.expect(200);
    assert_eq!(read.etag(), "\"1\"");
    let list = admin.get(&app.path("/invitations")).await.expect(200);
    assert!(!read.text.contains(code) && !list.text.contains(code));
    let row: String = sqlx::query_scalar("select invitations::text from invitations").fetch_one(&app.db).await.unwrap();
    assert!(!row.contains(code));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_has_the_code_joins_with_its_role(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, guest, late) = (app.client("admin").await, app.stranger().await, app.stranger().await);
    let made = invite(&app, &admin, json!({"role": "manager"})).await;
    guest.get(&app.path("")).await.problem(404, "not-found");

    let typed = made["code"].as_str().unwrap().to_lowercase();
    let member = guest.post(ACCEPT, json!({"code": format!("{}-{}", &typed[..13], &typed[13..])})).await.ok();
    assert_eq!((&member["lab_id"], &member["role"]), (&json!(app.lab), &json!("manager")));
    assert_eq!(guest.get(&app.path("")).await.ok()["role"], "manager");

    guest.post(ACCEPT, json!({"code": made["code"]})).await.problem(409, "already-member");
    late.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
    assert_eq!(admin.get(&path_of(&app, &made)).await.ok()["uses"], 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_that_are_unknown_expired_or_revoked_are_refused_alike(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let expiring = invite(&app, &admin, json!({"role": "viewer", "expires_in_hours": 1})).await;
    let revoked = invite(&app, &admin, json!({"role": "viewer"})).await;
    admin.delete(&path_of(&app, &revoked), "\"1\"").await.expect(204);
    assert!(admin.get(&path_of(&app, &revoked)).await.ok()["revoked_at"].is_string());
    app.advance(TimeDelta::hours(1));

    let guest = app.stranger().await;
    let mut refusals = Vec::new();
    for code in [&json!("0000"), &expiring["code"], &revoked["code"]] {
        refusals
            .push(guest.post(ACCEPT, json!({"code": code})).await.problem(422, "invitation-refused")["detail"].clone());
    }
    assert!(refusals.iter().all(|detail| *detail == refusals[0]));
    app.nobody().post(ACCEPT, json!({"code": "0000"})).await.problem(401, "no-token");
    guest.post(ACCEPT, json!({"code": "a\0b"})).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_for_a_phone_admits_that_phone_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member", "phone": "+1 202 555-0123"})).await;
    assert_eq!(made["phone"], "+12025550123");
    let accept = json!({"code": made["code"]});
    app.stranger().await.post(ACCEPT, accept.clone()).await.problem(422, "invitation-refused");
    with_phone(&app, "+12025550124").await.post(ACCEPT, accept.clone()).await.problem(422, "invitation-refused");
    with_phone(&app, "+12025550123").await.post(ACCEPT, accept).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_twenty_who_come_at_once_five_get_in_by_five_uses(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member", "max_uses": 5})).await;
    let mut racing = JoinSet::new();
    for _ in 0..20 {
        let (guest, accept) = (app.stranger().await, json!({"code": made["code"]}));
        racing.spawn(async move { guest.post(ACCEPT, accept).await.status.as_u16() });
    }
    let mut answers = racing.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [[200; 5].as_slice(), &[422; 15]].concat());
    let members = admin.get(&app.path("/members")).await.ok();
    assert_eq!(members["items"].as_array().unwrap().len(), 6);
    assert_eq!(admin.get(&path_of(&app, &made)).await.ok()["uses"], 5);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_person_who_comes_many_times_at_once_takes_one_use(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, guest) = (app.client("admin").await, app.stranger().await);
    let made = invite(&app, &admin, json!({"role": "member", "max_uses": 5})).await;
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (guest, accept) = (guest.clone(), json!({"code": made["code"]}));
        racing.spawn(async move { guest.post(ACCEPT, accept).await.status.as_u16() });
    }
    let mut answers = racing.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [[200].as_slice(), &[409; 7]].concat());
    assert_eq!(admin.get(&path_of(&app, &made)).await.ok()["uses"], 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn invitations_are_the_business_of_the_labs_admins(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager, stranger) = (app.client("admin").await, app.client("manager").await, app.stranger().await);
    let made = invite(&app, &admin, json!({"role": "member"})).await;
    let new = json!({"role": "viewer"});
    manager.post(&app.path("/invitations"), new.clone()).await.problem(403, "forbidden");
    manager.get(&app.path("/invitations")).await.problem(403, "forbidden");
    manager.delete(&path_of(&app, &made), "*").await.problem(403, "forbidden");
    stranger.post(&app.path("/invitations"), new).await.problem(404, "not-found");

    let owner = app.owner().await;
    let other = owner.post("/v1/labs", json!({"name": "Other"})).await.created();
    let elsewhere = format!("/v1/labs/{}/invitations/{}", other["id"].as_str().unwrap(), made["id"].as_str().unwrap());
    owner.get(&elsewhere).await.problem(404, "not-found");
    owner.delete(&elsewhere, "*").await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_used_since_it_was_read_is_not_revoked_unseen(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "member", "max_uses": 2})).await;
    app.stranger().await.post(ACCEPT, json!({"code": made["code"]})).await.ok();
    admin.delete(&path_of(&app, &made), "\"1\"").await.problem(412, "stale");
    let path = path_of(&app, &made);
    admin.send(axum::http::Method::DELETE, &path, &[], None).await.problem(428, "if-match-required");
    admin.delete(&path, "\"2\"").await.expect(204);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bad_invitation_is_refused_with_a_pointer(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let bad = [
        ("role", json!("owner")),
        ("max_uses", json!(0)),
        ("max_uses", json!(1001)),
        ("max_uses", json!(1.5)),
        ("max_uses", json!(u64::MAX)),
        ("expires_in_hours", json!(721)),
        ("expires_in_hours", json!(-1)),
        ("phone", json!("+1900CHEMIST")),
        ("id", json!("7")),
    ];
    for (field, value) in bad {
        let mut new = json!({"role": "member"});
        new[field] = value.clone();
        let problem = admin.post(&app.path("/invitations"), new).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], json!(format!("/{field}")), "{value}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_leaves_the_list_thirty_days_after_it_has_expired_and_only_the_journal_names_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let one_hour = json!({"role": "viewer", "expires_in_hours": 1, "phone": "+12025550123"});
    let made = invite(&app, &admin, one_hour).await;
    with_phone(&app, "+12025550123").await.post(ACCEPT, json!({"code": made["code"]})).await.ok();
    let stays = invite(&app, &admin, json!({"role": "viewer", "expires_in_hours": 2})).await;
    app.advance(TimeDelta::hours(1) + TimeDelta::days(30));
    app.drain().await;
    let admin = app.signed_in(&admin).await;
    let left = async || {
        let list = admin.get(&app.path("/invitations")).await.ok();
        let ids = list["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
        ids.collect::<BTreeSet<_>>()
    };
    let ids = |of: &[&Value]| of.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(left().await, ids(&[&made, &stays]));
    app.advance(TimeDelta::seconds(1));
    app.drain().await;
    assert_eq!(left().await, ids(&[&stays]));
    admin.get(&path_of(&app, &made)).await.problem(404, "not-found");
    admin.delete(&path_of(&app, &made), "*").await.problem(404, "not-found");
    app.stranger().await.post(ACCEPT, json!({"code": made["code"]})).await.problem(422, "invitation-refused");
    // What history names stays, without a word of whom it was for and who came by it.
    let kept = "select invitations::text from invitations where dropped_at is not null";
    let kept: Vec<String> = sqlx::query_scalar(kept).fetch_all(&app.db).await.unwrap();
    assert!(kept.len() == 1 && kept[0].contains(made["id"].as_str().unwrap()), "{kept:?}");
    let said = "select phone is null and phone_ending is null and not exists (select from invitation_uses)
        from invitations where dropped_at is not null";
    assert!(sqlx::query_scalar::<_, bool>(said).fetch_one(&app.db).await.unwrap());
    app.drain().await;
    let lines = "select count(*) from journal where kind = 'invitation.dropped'";
    assert_eq!(sqlx::query_scalar::<_, i64>(lines).fetch_one(&app.db).await.unwrap(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_invitation_that_is_revoked_again_stays_as_it_was(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let made = invite(&app, &admin, json!({"role": "viewer", "phone": "+12025550160"})).await;
    admin.delete(&path_of(&app, &made), "*").await.expect(204);
    let revoked = admin.get(&path_of(&app, &made)).await.ok();
    app.advance(TimeDelta::minutes(5));
    admin.delete(&path_of(&app, &made), "*").await.expect(204);
    assert_eq!(admin.get(&path_of(&app, &made)).await.ok(), revoked);
}
