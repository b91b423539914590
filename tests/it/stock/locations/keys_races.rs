//! Keys are set while the membership of somebody ends, on connections of their own.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{keys::put_keys, path_of, place};
use crate::support::{Answer, Client, TestApp, until_wait};

/// The users of the place's keys, as each line of the journal says that they were before and after.
async fn told(app: &TestApp, room: &Value) -> Vec<[Vec<Uuid>; 2]> {
    let id: Uuid = room["id"].as_str().expect("an id").parse().expect("an id");
    let lines = "select changes -> 'users' from journal where kind = 'location.keys_changed' and subject = $1
        and changes ? 'users' order by at, xid, id";
    let lines: Vec<Value> = sqlx::query_scalar(lines).bind(id).fetch_all(&app.db).await.expect("lines");
    lines.into_iter().map(|users| serde_json::from_value(users).expect("before and after")).collect()
}

/// Every change of the keys has a line, so each begins where the one before has ended.
async fn assert_all_is_told(app: &TestApp, admin: &Client, room: &Value) {
    let now = admin.get(&format!("{}/keys", path_of(app, room))).await.ok();
    let mut users: Vec<Uuid> = Vec::new();
    let lines = told(app, room).await;
    for [before, after] in &lines {
        assert_eq!(*before, users, "{lines:?}");
        users.clone_from(after);
    }
    assert_eq!(now["users"], json!(users), "{lines:?}");
}

fn spawn_put(app: &TestApp, by: &Client, room: &Value, users: &Value) -> tokio::task::JoinHandle<Answer> {
    let (by, path) = (by.clone(), format!("{}/keys", path_of(app, room)));
    let keys = json!({"users": users, "roles": []});
    tokio::spawn(async move { by.send(axum::http::Method::PUT, &path, &[("if-match", "*")], Some(keys)).await })
}

/// The account is deleted up to its memberships; then somebody sets the keys; then the deletion goes on.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_account_that_ends_while_keys_are_set_waits_in_no_ring_and_each_key_that_ends_has_a_line(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let admin = app.client("admin").await;
    for has_key in [true, false] {
        let leaves = app.client("member").await;
        let room = place(&app, &admin, "room", &format!("{has_key}"), None).await;
        if has_key {
            put_keys(&app, &admin, &room, "*", json!({"users": [leaves.user_id], "roles": []})).await.ok();
            app.advance(chrono::TimeDelta::milliseconds(1));
        }
        let mut busy = db.begin().await.expect("begun");
        let held = sqlx::query("select from memberships where user_id = $1 for share").bind(leaves.user_id);
        held.execute(&mut *busy).await.expect("held");
        let ended = tokio::spawn({
            let leaves = leaves.clone();
            async move { leaves.delete("/v1/me", "*").await }
        });
        until_wait(&db, 1, "update memberships").await;
        let set = spawn_put(&app, &admin, &room, &json!([admin.user_id, leaves.user_id]));
        while !set.is_finished() && waiting(&db).await < 2 {
            tokio::task::yield_now().await;
        }
        busy.rollback().await.expect("let go");
        ended.await.expect("an answer").expect(204);
        let set = set.await.expect("an answer");
        assert!([200, 422].contains(&set.status.as_u16()), "{}", set.text);
        assert_all_is_told(&app, &admin, &room).await;
        let now = admin.get(&format!("{}/keys", path_of(&app, &room))).await.ok();
        assert!(!now["users"].as_array().expect("users").contains(&json!(leaves.user_id)), "{now}");
    }
}

async fn waiting(db: &PgPool) -> i64 {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(db).await.expect("a number")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_leaves_while_keys_are_set_stands_in_no_list_and_all_is_told(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    for n in 0..20 {
        let leaves = app.client("member").await;
        let room = place(&app, &admin, "room", &format!("R{n}"), None).await;
        if n % 2 == 0 {
            put_keys(&app, &admin, &room, "*", json!({"users": [leaves.user_id], "roles": []})).await.ok();
        }
        app.advance(chrono::TimeDelta::milliseconds(1));
        let both = json!([admin.user_id, leaves.user_id]);
        let end = async {
            if n % 4 < 2 {
                leaves.delete("/v1/me", "*").await
            } else {
                leaves.delete(&app.path(&format!("/members/{}", leaves.user_id)), "*").await
            }
        };
        let (ended, set) = tokio::join!(end, spawn_put(&app, &admin, &room, &both));
        ended.expect(204);
        let set = set.expect("an answer");
        assert!([200, 422].contains(&set.status.as_u16()), "{}", set.text);
        let now = admin.get(&format!("{}/keys", path_of(&app, &room))).await.ok();
        assert!(!now["users"].as_array().expect("users").contains(&json!(leaves.user_id)), "round {n}: {now}");
    }
}
