//! A person deletes the account: what goes, what stays, and who may not.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{MAILBOX, OTHER_PHONE, PHONE, holder, log_in, log_in_by_email, open_doors, refresh, with_email};
use crate::{
    people::labs::invitations::invite,
    stock::containers::{bottle_of, chemical},
    support::{Client, TestApp},
};

fn user_id(pair: &Value) -> Uuid {
    pair["user"]["id"].as_str().unwrap().parse().unwrap()
}

/// Every table that any migration has made, row by row, as text.
async fn everything(app: &TestApp) -> Vec<(String, String)> {
    let tables = "select table_name::text from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like '\\_sqlx%'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&app.db).await.unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let all = sqlx::AssertSqlSafe(format!("select t::text from {table} t"));
        let found: Vec<String> = sqlx::query_scalar(all).fetch_all(&app.db).await.unwrap();
        rows.extend(found.into_iter().map(|row| (table.clone(), row)));
    }
    rows
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_personal_of_a_deleted_account_stays_in_any_table(db: PgPool) {
    let app = with_email(db).await;
    let admin = app.client("admin").await;
    invite(&app, &admin, json!({"role": "member", "phone": PHONE, "max_uses": 2})).await;
    let pair = log_in(&app, PHONE).await;
    let user = holder(&app, &pair);
    user.patch("/v1/me", "*", json!({"name": "Rosalind", "language": "de"})).await.ok();
    app.advance(TimeDelta::seconds(30));
    let (challenge, code) = super::email_change::code_for(&app, &user, MAILBOX).await;
    let shown = json!({"challenge_id": challenge, "code": code});
    user.post("/v1/me/email/confirm", shown).await.ok();
    let identity = "insert into identities values ('https://issuer.example', 'subject-of-hers', $1, now())";
    sqlx::query(identity).bind(user_id(&pair)).execute(&app.db).await.unwrap();
    // One that nobody waits for any more, and a guess that was wrong.
    app.advance(TimeDelta::seconds(30));
    let (asked, code) = super::challenge(&app, PHONE).await;
    super::verify(&app, &asked, &super::wrong(&code)).await.problem(401, "code-refused");

    user.delete("/v1/me", "*").await.expect(204);
    app.drain().await;
    let phone = chemstock::base::phone::Phone::parse(PHONE, None).unwrap();
    let hash = crate::support::hex(app.app.secret.mac("phone", &[phone.as_str().as_bytes()]));
    let personal = ["12025550123", "Rosalind", MAILBOX, "subject-of-hers", &hash];
    for (table, row) in everything(&app).await {
        for value in personal {
            assert!(!row.contains(value), "{table} keeps {value}: {row}");
        }
        let id = user_id(&pair).to_string();
        let history = ["users", "memberships", "login_events", "invitation_uses", "journal"];
        assert!(!row.contains(&id) || history.contains(&&*table), "{row}");
    }
    let traces: i64 = sqlx::query_scalar(
        "select count(*) from login_events where user_id = $1 and (address is not null or device is not null)",
    )
    .bind(user_id(&pair))
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(traces, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_filed_under_a_former_phone_goes_as_far_as_the_person_had_it(db: PgPool) {
    let app = open_doors(db).await;
    let (asked, code) = super::challenge(&app, PHONE).await;
    super::verify(&app, &asked, &super::wrong(&code)).await.problem(401, "code-refused");
    app.advance(TimeDelta::minutes(1));
    let pair = log_in(&app, PHONE).await;
    let user = holder(&app, &pair);
    let (challenge, code) = super::phone_change::code_for(&app, &user, OTHER_PHONE).await;
    user.post("/v1/me/phone/confirm", json!({"challenge_id": challenge, "code": code})).await.ok();
    // The number is somebody else's by now.
    app.advance(TimeDelta::minutes(1));
    let next = log_in(&app, PHONE).await;
    let since = app.now() - TimeDelta::seconds(30);
    let phone = chemstock::base::phone::Phone::parse(PHONE, None).unwrap();
    let hash = app.app.secret.mac("phone", &[phone.as_str().as_bytes()]).to_vec();
    let filed = async |also: &str| {
        let count = format!("select count(*) from login_events where phone_hash = $1 and {also}");
        let count = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count)).bind(&hash).bind(since);
        count.fetch_one(&app.db).await.unwrap()
    };
    let (before, after) = (filed("at < $2").await, filed("at >= $2").await);
    assert!(before >= 4 && after >= 2, "{before} events of the one, {after} of the other");
    user.delete("/v1/me", "*").await.expect(204);
    assert_eq!((filed("at < $2").await, filed("at >= $2").await), (0, after));
    let log_ins = format!("user_id = '{}' and kind = 'logged_in' and at >= $2", user_id(&next));
    assert_eq!(filed(&log_ins).await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_deleted_account_is_out_at_once_and_its_phone_signs_up_as_somebody_else(db: PgPool) {
    let app = open_doors(db).await;
    let (here, elsewhere) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    let user = holder(&app, &elsewhere);
    holder(&app, &here).get("/v1/me").await.ok();
    user.delete("/v1/me", "\"9\"").await.problem(412, "stale");
    user.delete("/v1/me", "\"1\"").await.expect(204);
    for pair in [&here, &elsewhere] {
        holder(&app, pair).get("/v1/me").await.problem(401, "bad-token");
        refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    }
    user.delete("/v1/me", "*").await.problem(401, "bad-token");
    let owner = app.owner().await;
    let gone = format!("/v1/admin/users/{}", user_id(&here));
    owner.patch(&gone, "*", json!({"disabled": false})).await.problem(404, "not-found");
    assert_eq!(owner.get("/v1/admin/users?phone=%2B12025550123").await.ok()["items"], json!([]));

    let anew = log_in(&app, PHONE).await;
    assert_ne!(anew["user"]["id"], here["user"]["id"]);
    assert_eq!((&anew["user"]["name"], &anew["user"]["labs"]), (&json!(""), &json!([])));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn to_delete_an_account_needs_a_fresh_login_by_phone(db: PgPool) {
    let app = with_email(db).await;
    let pair = log_in(&app, PHONE).await;
    let user = holder(&app, &pair);
    app.advance(TimeDelta::seconds(30));
    let (challenge, code) = super::email_change::code_for(&app, &user, MAILBOX).await;
    user.post("/v1/me/email/confirm", json!({"challenge_id": challenge, "code": code})).await.ok();
    let by_email = log_in_by_email(&app, PHONE).await;
    holder(&app, &by_email).delete("/v1/me", "*").await.problem(403, "fresh-login-required");
    app.advance(TimeDelta::minutes(6));
    let refreshed = refresh(&app, &pair["refresh_token"]).await.ok();
    holder(&app, &refreshed).delete("/v1/me", "*").await.problem(403, "fresh-login-required");
    holder(&app, &log_in(&app, PHONE).await).delete("/v1/me", "*").await.expect(204);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_who_delete_one_account_at_once_both_are_done(db: PgPool) {
    let app = open_doors(db).await;
    let user = app.stranger().await;
    user.get("/v1/me").await.ok();
    let (one, other) = tokio::join!(user.delete("/v1/me", "*"), user.delete("/v1/me", "*"));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert!([[204, 204], [204, 401]].contains(&statuses), "{statuses:?}");
    let told = "select count(*) from login_events where kind = 'account_deleted' and user_id = $1";
    let told: i64 = sqlx::query_scalar(told).bind(user.user_id).fetch_one(&app.db).await.unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_only_admin_of_a_lab_first_makes_another(db: PgPool) {
    let app = open_doors(db).await;
    let admin = app.client("admin").await;
    let refused = admin.delete("/v1/me", "*").await.problem(409, "last-admin");
    assert!(refused["detail"].as_str().unwrap().contains("\"Test lab\""), "{refused}");
    admin.get("/v1/me").await.ok();
    let heir = app.client("admin").await;
    let link = invite(&app, &admin, json!({"role": "admin"})).await;
    admin.delete("/v1/me", "*").await.expect(204);
    let guest = app.stranger().await;
    guest.post("/v1/invitations/accept", json!({"code": link["code"]})).await.problem(422, "invitation-refused");
    heir.delete("/v1/me", "*").await.problem(409, "last-admin");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_admins_who_delete_themselves_at_once_one_stays(db: PgPool) {
    let mut app = open_doors(db).await;
    for round in 0..5 {
        app.new_lab(&format!("Lab {round}")).await;
        let (one, other) = (app.client("admin").await, app.client("admin").await);
        let (first, second) = tokio::join!(one.delete("/v1/me", "*"), other.delete("/v1/me", "*"));
        let refused = if first.status == 204 { second } else { first };
        refused.problem(409, "last-admin");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn history_keeps_the_id_of_a_deleted_account_and_a_loan_stays_until_it_is_checked_in(db: PgPool) {
    let app = open_doors(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let solvent = chemical(&app, "acetone", None, None).await;
    let bottle = bottle_of(&app, &manager, solvent, "500", "mL", json!({})).await;
    let path = app.path(&format!("/containers/{}", bottle["id"].as_str().unwrap()));
    let post = async |by: &Client, event: Value| by.post(&format!("{path}/events"), event).await;
    post(&member, json!({"type": "check_out"})).await.created();
    member.delete("/v1/me", "*").await.expect(204);

    assert_eq!(manager.get(&path).await.ok()["holder_id"], json!(member.user_id));
    let events = manager.get(&format!("{path}/events")).await.expect(200);
    assert!(events.text.contains(&member.user_id.to_string()));
    let left = manager.get(&app.path(&format!("/members/{}", member.user_id))).await.ok();
    assert_eq!((&left["name"], &left["left_at"]), (&json!(""), &json!(app.now())));
    post(&manager, json!({"type": "check_in"})).await.created();
    assert_eq!(manager.get(&path).await.ok()["holder_id"], Value::Null);
}
