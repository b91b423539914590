//! The keys of somebody whose membership ends.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    keys::{put_keys, shut},
    path_of, place,
};
use crate::support::{Client, TestApp};

struct Scene {
    app: TestApp,
    admin: Client,
    stays: Client,
    leaves: Client,
    rooms: [Value; 2],
}

/// Two hidden rooms: both people have the keys to the first, and one of them alone to the second.
async fn scene(db: PgPool) -> Scene {
    let app = TestApp::new(db).await;
    let (admin, stays, leaves) = (app.client("admin").await, app.client("member").await, app.client("member").await);
    let rooms = [place(&app, &admin, "room", "A", None).await, place(&app, &admin, "room", "B", None).await];
    let both = json!({"users": [stays.user_id, leaves.user_id], "roles": ["manager"]});
    shut(&app, &rooms[0], "hidden", both).await;
    shut(&app, &rooms[1], "hidden", json!({"users": [leaves.user_id], "roles": []})).await;
    Scene { app, admin, stays, leaves, rooms }
}

async fn lines(app: &TestApp, since: &[Uuid]) -> Vec<(String, Uuid, Value)> {
    let new = "select kind, subject, changes from journal where id <> all ($1) order by xid, id";
    sqlx::query_as(new).bind(since).fetch_all(&app.db).await.expect("lines")
}

async fn ids(app: &TestApp) -> Vec<Uuid> {
    sqlx::query_scalar("select id from journal").fetch_all(&app.db).await.expect("lines")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_is_removed_stands_in_no_list_of_keys_and_each_list_has_its_line(db: PgPool) {
    let Scene { app, admin, stays, leaves, rooms } = scene(db).await;
    let before = ids(&app).await;
    admin.delete(&app.path(&format!("/members/{}", leaves.user_id)), "*").await.expect(204);
    let mut told = lines(&app, &before).await;
    assert_eq!(told.remove(0).0, "member.left");
    told.sort_by_key(|line| line.1);
    let mut both = [stays.user_id, leaves.user_id];
    both.sort_unstable();
    let line = |room: &Value, before: &[Uuid], after: &[Uuid]| {
        let id: Uuid = room["id"].as_str().unwrap().parse().unwrap();
        ("location.keys_changed".to_owned(), id, json!({"users": [before, after]}))
    };
    let mut expected = [line(&rooms[0], &both, &[stays.user_id]), line(&rooms[1], &[leaves.user_id], &[])];
    expected.sort_by_key(|line| line.1);
    assert_eq!(told, expected);
    // What was read is written back with one more.
    let read = admin.get(&format!("{}/keys", path_of(&app, &rooms[0]))).await.expect(200);
    assert_eq!((&read.body["users"], &read.body["version"]), (&json!([stays.user_id]), &json!(2)));
    let more = json!({"users": [stays.user_id, admin.user_id], "roles": read.body["roles"]});
    put_keys(&app, &admin, &rooms[0], &read.etag(), more).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_deletes_the_account_stands_in_no_list_of_keys_either(db: PgPool) {
    let Scene { app, admin, leaves, rooms, .. } = scene(db).await;
    let before = ids(&app).await;
    leaves.delete("/v1/me", "*").await.expect(204);
    let keys = lines(&app, &before).await.into_iter().filter(|line| line.0 == "location.keys_changed").count();
    assert_eq!(keys, 2);
    let read = admin.get(&format!("{}/keys", path_of(&app, &rooms[1]))).await.ok();
    assert_eq!(read["users"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_comes_back_has_no_key_from_before(db: PgPool) {
    let Scene { app, admin, leaves, rooms, .. } = scene(db).await;
    leaves.get(&path_of(&app, &rooms[0])).await.ok();
    leaves.delete(&app.path(&format!("/members/{}", leaves.user_id)), "*").await.expect(204);
    app.advance(TimeDelta::seconds(1));
    let made = admin.post(&app.path("/invitations"), json!({"role": "member"})).await.created();
    leaves.post("/v1/invitations/accept", json!({"code": made["code"]})).await.ok();
    leaves.get(&app.path("/locations")).await.ok();
    for room in &rooms {
        leaves.get(&path_of(&app, room)).await.problem(404, "not-found");
    }
}
