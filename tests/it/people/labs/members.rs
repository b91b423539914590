//! Members and their roles; a lab keeps at least one admin.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Client, TestApp};

async fn set_phone(app: &TestApp, of: &Client, phone: &str) {
    let set = sqlx::query("update users set phone = $2 where id = $1").bind(of.user_id).bind(phone).execute(&app.db);
    set.await.expect("a phone");
}

fn member_path(app: &TestApp, of: &Client) -> String {
    app.path(&format!("/members/{}", of.user_id))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn phones_of_members_are_shown_to_admins_only(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    set_phone(&app, &manager, "+12025550123").await;

    assert_eq!(admin.get(&member_path(&app, &manager)).await.ok()["phone"], "+12025550123");
    assert!(admin.get(&app.path("/members")).await.expect(200).text.contains("+12025550123"));
    let seen = manager.get(&member_path(&app, &manager)).await.ok();
    assert!(seen.get("phone").is_none(), "{seen}");
    assert!(!manager.get(&app.path("/members")).await.expect(200).text.contains("2025550123"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn members_come_in_pages_and_from_their_own_lab_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let (viewer, stranger) = (app.client("viewer").await, app.stranger().await);
    let mut expected = vec![viewer.user_id];
    for _ in 0..4 {
        expected.push(app.client("member").await.user_id);
    }
    let (mut seen, mut path) = (Vec::<Uuid>::new(), app.path("/members?limit=2"));
    loop {
        let page = viewer.get(&path).await.ok();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|m| m["user_id"].as_str().unwrap().parse::<Uuid>().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = app.path(&format!("/members?limit=2&cursor={cursor}"));
    }
    expected.sort_unstable();
    assert_eq!(seen, expected);

    viewer.get(&member_path(&app, &stranger)).await.problem(404, "not-found");
    stranger.get(&app.path("/members")).await.problem(404, "not-found");
    app.owner().await.get(&app.path("/members")).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_role_holds_from_the_next_request_on(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, member) = (app.client("admin").await, app.client("member").await);
    let (path, room) = (member_path(&app, &member), json!({"kind": "room", "name": "Room"}));
    member.post(&app.path("/locations"), room.clone()).await.problem(403, "forbidden");
    let promoted = admin.patch(&path, "\"1\"", json!({"role": "manager"})).await.expect(200);
    assert_eq!((promoted.etag().as_str(), &promoted.body["role"]), ("\"2\"", &json!("manager")));
    member.post(&app.path("/locations"), room.clone()).await.created();

    admin.patch(&path, "\"1\"", json!({"role": "viewer"})).await.problem(412, "stale");
    admin.patch(&path, "\"2\"", json!({"role": "viewer"})).await.ok();
    member.post(&app.path("/locations"), room).await.problem(403, "forbidden");
    admin.delete(&path, "\"3\"").await.expect(204);
    member.get(&app.path("")).await.problem(404, "not-found");
    admin.delete(&path, "*").await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn roles_are_changed_by_admins_to_roles_that_exist(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    manager.patch(&member_path(&app, &manager), "*", json!({"role": "admin"})).await.problem(403, "forbidden");
    let problem = admin.patch(&member_path(&app, &manager), "*", json!({"role": "king"})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/role");
    admin
        .patch(&member_path(&app, &app.stranger().await), "*", json!({"role": "viewer"}))
        .await
        .problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn anybody_leaves_but_only_an_admin_removes_others(db: PgPool) {
    let app = TestApp::new(db).await;
    let (viewer, manager) = (app.client("viewer").await, app.client("manager").await);
    manager.delete(&member_path(&app, &viewer), "*").await.problem(403, "forbidden");
    viewer.delete(&member_path(&app, &viewer), "\"9\"").await.problem(412, "stale");
    viewer.delete(&member_path(&app, &viewer), "\"1\"").await.expect(204);
    viewer.get(&app.path("")).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_last_admin_is_neither_demoted_nor_removed_nor_leaves(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, gone) = (app.client("admin").await, app.client("admin").await);
    let path = member_path(&app, &admin);
    // An admin who cannot sign in runs no lab.
    sqlx::query("update users set disabled_at = now() where id = $1")
        .bind(gone.user_id)
        .execute(&app.db)
        .await
        .unwrap();
    admin.patch(&path, "\"1\"", json!({"role": "manager"})).await.problem(409, "last-admin");
    admin.delete(&path, "\"1\"").await.problem(409, "last-admin");
    admin.patch(&path, "\"1\"", json!({"role": "admin"})).await.ok();

    let other = app.client("admin").await;
    other.delete(&path, "\"1\"").await.expect(204);
    other.delete(&member_path(&app, &other), "*").await.problem(409, "last-admin");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_admins_who_demote_each_other_at_once_one_stays(db: PgPool) {
    let app = TestApp::new(db).await;
    for round in 0..10 {
        let admins = [app.client("admin").await, app.client("admin").await, app.client("admin").await];
        let mut racing = JoinSet::new();
        for n in 0..admins.len() {
            let (by, path) = (admins[n].clone(), member_path(&app, &admins[(n + 1) % admins.len()]));
            racing.spawn(async move {
                match round % 2 {
                    0 => by.patch(&path, "\"1\"", json!({"role": "viewer"})).await.status,
                    _ => by.delete(&path, "\"1\"").await.status,
                }
            });
        }
        let answers = racing.join_all().await;
        let left: Vec<Uuid> = sqlx::query_scalar(
            "select user_id from memberships where lab_id = $1 and role = 'admin' and left_at is null",
        )
        .bind(app.lab)
        .fetch_all(&app.db)
        .await
        .unwrap();
        assert_eq!(left.len(), 1, "{answers:?}");
        sqlx::query("delete from memberships where lab_id = $1").bind(app.lab).execute(&app.db).await.unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_admins_who_demote_each_other_at_once_one_gets_409(db: PgPool) {
    let app = TestApp::new(db).await;
    for _ in 0..10 {
        let (one, other) = (app.client("admin").await, app.client("admin").await);
        let (first, second) = (member_path(&app, &one), member_path(&app, &other));
        let viewer = json!({"role": "viewer"});
        let (first, second) =
            tokio::join!(one.patch(&second, "\"1\"", viewer.clone()), other.patch(&first, "\"1\"", viewer.clone()));
        let refused = if first.status == 200 { second } else { first };
        // Who comes late enough is no admin any more.
        if refused.status != 403 {
            refused.problem(409, "last-admin");
        }
        sqlx::query("delete from memberships where lab_id = $1").bind(app.lab).execute(&app.db).await.unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_has_left_keeps_a_name_in_the_lab_and_no_right(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, viewer, manager) = (app.client("admin").await, app.client("viewer").await, app.client("manager").await);
    set_phone(&app, &manager, "+12025550123").await;
    let path = member_path(&app, &manager);
    assert_eq!(viewer.get(&path).await.ok()["left_at"], json!(null));
    app.advance(TimeDelta::seconds(1));
    admin.delete(&path, "\"1\"").await.expect(204);

    let left = admin.get(&path).await.expect(200);
    assert_eq!(left.etag(), "\"2\"");
    let left = left.body;
    assert_eq!((&left["name"], &left["role"]), (&json!("Somebody"), &json!("manager")));
    assert_eq!(left["left_at"], json!(app.now()));
    assert!(left.get("phone").is_none(), "{left}");
    viewer.get(&path).await.ok();
    let ids = async |query: &str| {
        let list = viewer.get(&app.path(&format!("/members{query}"))).await.ok();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|it| it["user_id"].as_str().unwrap().parse::<Uuid>().unwrap()).collect::<Vec<_>>()
    };
    let sorted = |mut ids: Vec<Uuid>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids("").await, sorted(vec![admin.user_id, viewer.user_id]));
    assert_eq!(ids("?include=left").await, sorted(vec![admin.user_id, viewer.user_id, manager.user_id]));
    viewer.get(&app.path("/members?include=right")).await.problem(422, "invalid");

    manager.get(&app.path("")).await.problem(404, "not-found");
    assert_eq!(manager.get("/v1/labs").await.ok()["items"], json!([]));
    assert_eq!(manager.get("/v1/me").await.ok()["labs"], json!([]));
    admin.patch(&path, "*", json!({"role": "admin"})).await.problem(404, "not-found");
    admin.delete(&path, "*").await.problem(404, "not-found");
    // A name that changes later is the name here, too.
    manager.patch("/v1/me", "*", json!({"name": "Dorothy"})).await.ok();
    assert_eq!(viewer.get(&path).await.ok()["name"], "Dorothy");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_admin_who_has_left_is_not_counted_as_one(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, other) = (app.client("admin").await, app.client("admin").await);
    other.delete(&member_path(&app, &other), "\"1\"").await.expect(204);
    admin.patch(&member_path(&app, &admin), "*", json!({"role": "viewer"})).await.problem(409, "last-admin");
    admin.delete(&member_path(&app, &admin), "*").await.problem(409, "last-admin");
}
