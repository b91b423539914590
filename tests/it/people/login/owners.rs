//! What an owner gives and takes, and that no lab loses its last admin by it nor the installation its last owner.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{PHONE, log_in, open_doors};
use crate::support::{Client, TestApp};

fn account(of: &Client) -> String {
    format!("/v1/admin/users/{}", of.user_id)
}

fn appointing(app: &TestApp) -> String {
    format!("/v1/admin/labs/{}/admins", app.lab)
}

async fn told(app: &TestApp, kind: &str) -> Vec<(String, Option<Uuid>, Option<String>)> {
    let told = "select outcome, user_id, detail from login_events where kind = $1 order by outcome, id";
    sqlx::query_as(told).bind(kind).fetch_all(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_gives_and_takes_the_rights_of_owner_and_cataloguer_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, other) = (app.owner().await, app.stranger().await);
    let chemical = |name: &str| json!({ "name": name });
    other.get("/v1/admin/users").await.problem(403, "forbidden");
    other.post("/v1/chemicals", chemical("one")).await.problem(403, "forbidden");
    let given = owner.patch(&account(&other), "\"1\"", json!({"is_cataloguer": true})).await.expect(200);
    assert_eq!((&given.body["is_cataloguer"], &given.body["is_owner"]), (&json!(true), &json!(false)));
    assert_eq!(given.etag(), "\"2\"");
    other.post("/v1/chemicals", chemical("one")).await.created();
    assert_eq!(other.get("/v1/me").await.ok()["is_cataloguer"], true);
    let taken = json!({"is_cataloguer": false, "is_owner": true});
    owner.patch(&account(&other), "\"2\"", taken).await.ok();
    other.get("/v1/admin/users").await.ok();
    // An owner has the right, too.
    other.post("/v1/chemicals", chemical("two")).await.created();
    owner.patch(&account(&other), "\"3\"", json!({"is_owner": false})).await.ok();
    other.get("/v1/admin/users").await.problem(403, "forbidden");
    other.post("/v1/chemicals", chemical("three")).await.problem(403, "forbidden");
    owner.patch(&account(&other), "\"3\"", json!({"is_owner": true})).await.problem(412, "stale");

    let by = Some(format!("by {}", owner.user_id));
    let of = |outcome: &str| (outcome.to_owned(), Some(other.user_id), by.clone());
    assert_eq!(told(&app, "right_given").await, [of("cataloguer"), of("owner")]);
    assert_eq!(told(&app, "right_taken").await, [of("cataloguer"), of("owner")]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_last_owner_stays_one_and_stays_enabled(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, gone) = (app.owner().await, app.owner().await);
    owner.patch(&account(&gone), "*", json!({"disabled": true})).await.ok();
    for patch in [json!({"is_owner": false}), json!({"disabled": true}), json!({"is_owner": false, "disabled": true})] {
        owner.patch(&account(&owner), "*", patch).await.problem(409, "last-owner");
    }
    owner.delete("/v1/me", "*").await.problem(409, "last-owner");
    owner.get("/v1/admin/users").await.ok();
    let heir = app.stranger().await;
    owner.patch(&account(&heir), "*", json!({"is_owner": true})).await.ok();
    owner.patch(&account(&owner), "*", json!({"is_owner": false})).await.ok();
    owner.get("/v1/admin/users").await.problem(403, "forbidden");
    heir.get("/v1/admin/users").await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_owners_who_shut_each_other_out_at_once_one_stays(db: PgPool) {
    let app = TestApp::new(db).await;
    for patch in [json!({"disabled": true}), json!({"is_owner": false})] {
        for _ in 0..5 {
            sqlx::query("update users set is_owner = false").execute(&app.db).await.unwrap();
            let (one, other) = (app.owner().await, app.owner().await);
            one.get("/v1/admin/users").await.ok();
            other.get("/v1/admin/users").await.ok();
            let (first, second) = (account(&one), account(&other));
            let (first, second) =
                tokio::join!(one.patch(&second, "*", patch.clone()), other.patch(&first, "*", patch.clone()));
            let refused = if first.status == 200 { second } else { first };
            // Who comes late enough is no owner any more, or not even somebody.
            if ![401, 403].contains(&refused.status.as_u16()) {
                refused.problem(409, "last-owner");
            }
            let left = "select count(*) from users where is_owner and disabled_at is null";
            let left: i64 = sqlx::query_scalar(left).fetch_one(&app.db).await.unwrap();
            assert_eq!(left, 1);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn disabling_and_leaving_at_once_leave_a_lab_one_admin(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    for _ in 0..10 {
        let (one, other) = (app.client("admin").await, app.client("admin").await);
        let own = app.path(&format!("/members/{}", one.user_id));
        let disabled = account(&other);
        let (left, disabled) =
            tokio::join!(one.delete(&own, "*"), owner.patch(&disabled, "*", json!({"disabled": true})));
        let refused = if left.status == 204 { disabled } else { left };
        refused.problem(409, "last-admin");
        sqlx::query("delete from memberships where lab_id = $1").bind(app.lab).execute(&app.db).await.unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_last_admin_of_a_lab_is_not_disabled_until_an_owner_appoints_another(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, admin, member) = (app.owner().await, app.client("admin").await, app.client("member").await);
    let refused = owner.patch(&account(&admin), "*", json!({"disabled": true})).await.problem(409, "last-admin");
    assert!(refused["detail"].as_str().unwrap().contains("\"Test lab\""), "{refused}");
    admin.get(&app.path("/invitations")).await.ok();

    let appointed = owner.post(&appointing(&app), json!({"user_id": member.user_id})).await.expect(201);
    assert_eq!((&appointed.body["role"], appointed.etag().as_str()), (&json!("admin"), "\"2\""));
    member.get(&app.path("/invitations")).await.ok();
    let again = owner.post(&appointing(&app), json!({"user_id": member.user_id})).await.ok();
    assert_eq!(again["version"], 2);
    owner.patch(&account(&admin), "*", json!({"disabled": true})).await.ok();
    admin.get(&app.path("")).await.problem(401, "bad-token");
    let detail = Some(format!("of lab {}, by {}", app.lab, owner.user_id));
    assert_eq!(told(&app, "admin_appointed").await, [("done".to_owned(), Some(member.user_id), detail)]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_gives_a_lab_that_has_nobody_an_admin(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, guest, left) = (app.owner().await, app.stranger().await, app.client("viewer").await);
    let new = |id: Uuid| json!({ "user_id": id });
    owner.post(&appointing(&app), new(guest.user_id)).await.created();
    guest.get(&app.path("/invitations")).await.ok();
    let own = app.path(&format!("/members/{}", left.user_id));
    left.delete(&own, "*").await.expect(204);
    owner.post(&appointing(&app), new(left.user_id)).await.created();
    left.get(&app.path("/invitations")).await.ok();

    guest.post(&appointing(&app), new(guest.user_id)).await.problem(403, "forbidden");
    let unknown = owner.post(&appointing(&app), new(Uuid::now_v7())).await.problem(422, "invalid");
    assert_eq!(unknown["errors"][0]["pointer"], "/user_id");
    let nowhere = format!("/v1/admin/labs/{}/admins", Uuid::now_v7());
    owner.post(&nowhere, new(guest.user_id)).await.problem(404, "not-found");
    let disabled = app.stranger().await;
    owner.patch(&account(&disabled), "*", json!({"disabled": true})).await.ok();
    owner.post(&appointing(&app), new(disabled.user_id)).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_command_makes_an_owner_also_of_somebody_who_was_disabled(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let owner = app.owner().await;
    let path = format!("/v1/admin/users/{}", pair["user"]["id"].as_str().unwrap());
    owner.patch(&path, "*", json!({"is_owner": true})).await.ok();
    owner.patch(&path, "*", json!({"disabled": true})).await.ok();
    let phone = chemstock::base::phone::Phone::parse(PHONE, None).unwrap();
    chemstock::people::accounts::make_owner(&app.app, &phone).await.unwrap();
    app.advance(TimeDelta::seconds(30));
    let back = log_in(&app, PHONE).await;
    assert_eq!((&back["user"]["id"], &back["user"]["is_owner"]), (&pair["user"]["id"], &json!(true)));
    let found = owner.get("/v1/admin/users?phone=%2B12025550123").await.ok();
    assert_eq!(found["items"][0]["disabled_at"], Value::Null);
    let given = told(&app, "right_given").await;
    assert!(given.iter().any(|(_, _, detail)| detail.as_deref() == Some("by the command line")), "{given:?}");
}

/// The lines of logins of this kind: who did it, their name, and the machine.
async fn doers(owner: &Client, query: &str) -> Vec<[Value; 3]> {
    let page = owner.get(&format!("/v1/admin/audit?source=login{query}")).await.ok();
    let lines = page["items"].as_array().unwrap().iter();
    lines.map(|line| ["user_id", "name", "system"].map(|name| line["by"][name].clone())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_audit_of_logins_names_who_did_it_to_an_account(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, other) = (app.owner().await, app.stranger().await);
    for patch in [json!({"is_cataloguer": true}), json!({"disabled": true}), json!({"disabled": false})] {
        owner.patch(&account(&other), "*", patch).await.ok();
    }
    owner.post(&appointing(&app), json!({"user_id": other.user_id})).await.expect(201);
    let done = [json!(owner.user_id), json!("Somebody"), Value::Null];
    for kind in ["right_given", "account_disabled", "account_enabled", "admin_appointed"] {
        let query = format!("&kind=login.{kind}");
        assert_eq!(doers(&owner, &query).await, std::slice::from_ref(&done), "{kind}");
        assert_eq!(doers(&owner, &format!("{query}&by={}", owner.user_id)).await.len(), 1, "{kind}");
        assert_eq!(doers(&owner, &format!("{query}&by={}", other.user_id)).await.len(), 0, "{kind}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn pages_of_the_audit_of_a_person_hold_what_they_did_to_others_and_to_themselves_newest_first(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, other) = (app.owner().await, app.stranger().await);
    let insert = "insert into login_events (id, at, kind, outcome, user_id, done_by) values ($1, $2, $3, $4, $5, $6)";
    let mut wanted = Vec::new();
    for n in 0..20_u32 {
        app.advance(TimeDelta::seconds(1));
        // A right that the command line gave is not done by its person.
        let (kind, of, by) = match n % 4 {
            0 | 1 => ("right_given", other.user_id, Some(owner.user_id)),
            2 => ("logged_in", owner.user_id, None),
            _ => ("right_given", owner.user_id, None),
        };
        if n % 4 < 3 {
            wanted.insert(0, n.to_string());
        }
        let id = chemstock::base::ids::new(app.now());
        let event = sqlx::query(insert).bind(id).bind(app.now()).bind(kind).bind(n.to_string()).bind(of).bind(by);
        event.execute(&app.db).await.unwrap();
    }
    let (mut told, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/admin/audit?source=login&by={}&limit=2{cursor}", owner.user_id);
        let page = owner.get(&path).await.ok();
        let items = page["items"].as_array().unwrap().iter();
        told.extend(items.map(|it| it["changes"]["outcome"][1].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(told, wanted);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_command_that_makes_an_owner_of_an_account_leaves_a_line_of_what_it_changed(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let owner = app.owner().await;
    let path = format!("/v1/admin/users/{}", pair["user"]["id"].as_str().unwrap());
    let disabled = owner.patch(&path, "*", json!({"disabled": true})).await.ok();
    let phone = chemstock::base::phone::Phone::parse(PHONE, None).unwrap();
    chemstock::people::accounts::make_owner(&app.app, &phone).await.unwrap();
    let lines = "select kind, changes from journal where by_system = 'command_line' order by kind desc";
    let lines: Vec<(String, Value)> = sqlx::query_as(lines).fetch_all(&app.db).await.unwrap();
    let expected = [
        ("user.rights_changed", json!({"is_owner": [false, true]})),
        ("user.enabled", json!({"disabled_at": [disabled["disabled_at"], null]})),
    ];
    assert_eq!(lines, expected.map(|(kind, changes)| (kind.to_owned(), changes)));
    let given = doers(&owner, "&kind=login.right_given").await;
    assert_eq!(given, [[Value::Null, Value::Null, json!("command_line")]]);
}
