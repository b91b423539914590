//! Who has the keys to a place, and what a place is for who has none.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{names, path_of, place};
use crate::support::{Answer, Client, TestApp};

fn keys_of(app: &TestApp, location: &Value) -> String {
    format!("{}/keys", path_of(app, location))
}

pub async fn put_keys(app: &TestApp, by: &Client, location: &Value, etag: &str, keys: Value) -> Answer {
    by.send(Method::PUT, &keys_of(app, location), &[("if-match", etag)], Some(keys)).await
}

/// Makes a place closed or hidden, with these keys.
pub async fn shut(app: &TestApp, location: &Value, access: &str, keys: Value) {
    let admin = app.client("admin").await;
    put_keys(app, &admin, location, "*", keys).await.ok();
    admin.patch(&path_of(app, location), "*", json!({"access": access})).await.ok();
}

fn nobody() -> Value {
    json!({"users": [], "roles": []})
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_place_is_open_until_somebody_closes_or_hides_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let room = place(&app, &admin, "room", "R", None).await;
    assert_eq!(room["access"], "open");
    for (access, version) in [("closed", 2), ("hidden", 3), ("hidden", 3), ("open", 4)] {
        let changed = admin.patch(&path_of(&app, &room), "*", json!({"access": access})).await.ok();
        assert_eq!((&changed["access"], &changed["version"]), (&json!(access), &json!(version)));
    }
    let made = json!({"kind": "room", "name": "S", "access": "hidden"});
    assert_eq!(admin.post(&app.path("/locations"), made).await.created()["access"], "hidden");
    admin.patch(&path_of(&app, &room), "*", json!({"access": "locked"})).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_are_read_with_a_version_and_set_only_by_who_has_read_the_newest(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let room = place(&app, &manager, "room", "R", None).await;
    let path = keys_of(&app, &room);
    let first = member.get(&path).await.expect(200);
    assert_eq!(first.etag(), "\"0\"");
    assert_eq!((&first.body["users"], &first.body["roles"]), (&json!([]), &json!([])));
    let keys = json!({"users": [member.user_id, member.user_id], "roles": ["manager", "viewer", "manager"]});
    put_keys(&app, &manager, &room, "\"1\"", keys.clone()).await.problem(412, "stale");
    let set = put_keys(&app, &manager, &room, "\"0\"", keys.clone()).await.expect(200);
    assert_eq!(set.etag(), "\"1\"");
    assert_eq!((&set.body["users"], &set.body["roles"]), (&json!([member.user_id]), &json!(["viewer", "manager"])));
    assert_eq!(set.body["updated_by"], json!(manager.user_id));
    assert_eq!(member.get(&path).await.ok(), set.body);
    put_keys(&app, &manager, &room, "\"0\"", nobody()).await.problem(412, "stale");
    assert_eq!(put_keys(&app, &manager, &room, "\"1\"", keys).await.ok()["version"], 1);
    assert_eq!(put_keys(&app, &manager, &room, "*", nobody()).await.ok()["version"], 2);
    manager.send(Method::PUT, &path, &[], Some(nobody())).await.problem(428, "if-match-required");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_are_given_to_members_of_the_lab_and_to_places_that_are_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, stranger) = (app.client("manager").await, app.stranger().await);
    let room = place(&app, &manager, "room", "R", None).await;
    let keys = json!({"users": [manager.user_id, stranger.user_id], "roles": []});
    let refused = put_keys(&app, &manager, &room, "*", keys).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/users/1");
    let many = json!({"users": vec![manager.user_id; 1001], "roles": []});
    put_keys(&app, &manager, &room, "*", many).await.problem(422, "invalid");
    put_keys(&app, &manager, &room, "*", json!({"users": [], "roles": ["owner"]})).await.problem(422, "invalid");
    put_keys(&app, &manager, &json!({"id": Uuid::now_v7()}), "*", nobody()).await.problem(404, "not-found");
    manager.delete(&path_of(&app, &room), "*").await.expect(204);
    put_keys(&app, &manager, &room, "*", nobody()).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_manager_changes_a_closed_place_and_its_keys_with_its_key_alone_and_an_admin_without(db: PgPool) {
    let app = TestApp::new(db).await;
    let (with, without) = (app.client("manager").await, app.client("manager").await);
    let admin = app.client("admin").await;
    let room = place(&app, &admin, "room", "R", None).await;
    let shelf = place(&app, &admin, "shelf", "S", Some(&room)).await;
    let other = place(&app, &admin, "shelf", "T", None).await;
    shut(&app, &room, "closed", json!({"users": [with.user_id], "roles": []})).await;
    for by in [&with, &admin] {
        by.patch(&path_of(&app, &shelf), "*", json!({"name": "S"})).await.ok();
        put_keys(&app, by, &shelf, "*", nobody()).await.ok();
    }
    for closed in [&room, &shelf] {
        for change in [json!({"name": "X"}), json!({"access": "open"}), json!({"parent_id": null})] {
            without.patch(&path_of(&app, closed), "*", change).await.problem(403, "forbidden");
        }
        without.delete(&path_of(&app, closed), "*").await.problem(403, "forbidden");
        put_keys(&app, &without, closed, "*", nobody()).await.problem(403, "forbidden");
        without.get(&path_of(&app, closed)).await.ok();
        without.get(&keys_of(&app, closed)).await.ok();
    }
    let into = json!({"parent_id": room["id"]});
    without.patch(&path_of(&app, &other), "*", into.clone()).await.problem(403, "forbidden");
    let new = json!({"kind": "box", "name": "B", "parent_id": shelf["id"]});
    without.post(&app.path("/locations"), new.clone()).await.problem(403, "forbidden");
    with.post(&app.path("/locations"), new).await.created();
    with.patch(&path_of(&app, &other), "*", into).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_hidden_place_and_all_below_it_is_as_one_that_is_not_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let house = place(&app, &admin, "building", "House", None).await;
    let room = place(&app, &admin, "room", "Secret", Some(&house)).await;
    let shelf = place(&app, &admin, "shelf", "Shelf", Some(&room)).await;
    shut(&app, &room, "hidden", nobody()).await;
    // One that is made in it afterwards, too.
    let boxed = place(&app, &admin, "box", "Box", Some(&shelf)).await;
    let unknown = json!({"id": Uuid::now_v7()});
    let same = |one: &Answer, other: &Answer| {
        let body = |it: &Answer| {
            let mut body = it.body.clone();
            if let Some(body) = body.as_object_mut() {
                body.remove("instance");
            }
            body
        };
        assert_eq!((one.status, body(one)), (other.status, body(other)));
    };
    for hidden in [&room, &shelf, &boxed] {
        for path in [path_of, keys_of] {
            same(&manager.get(&path(&app, hidden)).await, &manager.get(&path(&app, &unknown)).await);
        }
        let patch = json!({"name": "X"});
        let (one, other) = (path_of(&app, hidden), path_of(&app, &unknown));
        same(&manager.patch(&one, "*", patch.clone()).await, &manager.patch(&other, "*", patch).await);
        same(&manager.delete(&one, "\"9\"").await, &manager.delete(&other, "\"9\"").await);
        let keys = async |of| put_keys(&app, &manager, of, "*", nobody()).await;
        same(&keys(hidden).await, &keys(&unknown).await);
        let made = async |of: &Value| {
            let new = json!({"kind": "box", "name": "New", "parent_id": of["id"]});
            manager.post(&app.path("/locations"), new).await
        };
        same(&made(hidden).await, &made(&unknown).await);
        let moved = async |of: &Value| manager.patch(&path_of(&app, &house), "*", json!({"parent_id": of["id"]})).await;
        same(&moved(hidden).await, &moved(&unknown).await);
        let list = async |of: &Value| {
            manager.get(&app.path(&format!("/locations?parent_id={}", of["id"].as_str().unwrap()))).await
        };
        same(&list(hidden).await, &list(&unknown).await);
    }
    let list = async |by: &Client, query: &str| {
        let page = by.get(&app.path(&format!("/locations?include=closed&{query}"))).await.ok();
        names(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let below = format!("parent_id={}", house["id"].as_str().unwrap());
    for (query, visible, all) in [
        ("root=false", &["House"][..], &["Box", "House", "Secret", "Shelf"][..]),
        ("root=true", &["House"], &["House"]),
        ("q=s", &[], &["Secret", "Shelf"]),
        (below.as_str(), &[], &["Secret"]),
    ] {
        assert_eq!(list(&manager, query).await, visible, "{query}");
        assert_eq!(list(&admin, query).await, all, "{query}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_lies_in_two_hidden_places_takes_both_keys_and_the_key_of_a_role_is_its_superiors_too(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let outer = place(&app, &admin, "room", "Outer", None).await;
    let inner = place(&app, &admin, "shelf", "Inner", Some(&outer)).await;
    let (one, both) = (app.client("viewer").await, app.client("member").await);
    let (viewer, manager) = (app.client("viewer").await, app.client("manager").await);
    shut(&app, &outer, "hidden", json!({"users": [one.user_id], "roles": ["member"]})).await;
    shut(&app, &inner, "hidden", json!({"users": [viewer.user_id, both.user_id], "roles": []})).await;
    for (by, outer_is, inner_is) in
        [(&one, 200, 404), (&both, 200, 200), (&viewer, 404, 404), (&manager, 200, 404), (&admin, 200, 200)]
    {
        let status = async |of| by.get(&path_of(&app, of)).await.status.as_u16();
        assert_eq!((status(&outer).await, status(&inner).await), (outer_is, inner_is));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_key_counts_and_ends_at_once_on_the_instance_that_sets_it_and_elsewhere_when_the_standing_is_read(
    db: PgPool,
) {
    let app = TestApp::new(db).await;
    let (admin, viewer) = (app.client("admin").await, app.client("viewer").await);
    let room = place(&app, &admin, "room", "R", None).await;
    let path = path_of(&app, &room);
    let other = app.restarted_as(app.app.config.clone());
    let elsewhere = viewer.with_router(other.router.clone()).with_token(&other.signed_in(&viewer).await.token.unwrap());
    elsewhere.get(&path).await.ok();
    shut(&app, &room, "hidden", nobody()).await;
    viewer.get(&path).await.problem(404, "not-found");
    // As it is after five seconds.
    chemstock::auth::forget(&other.app, viewer.user_id);
    elsewhere.get(&path).await.problem(404, "not-found");
    put_keys(&app, &admin, &room, "*", json!({"users": [viewer.user_id], "roles": []})).await.ok();
    viewer.get(&path).await.ok();
    put_keys(&app, &admin, &room, "*", nobody()).await.ok();
    viewer.get(&path).await.problem(404, "not-found");
    // Who becomes an admin needs no key.
    admin.patch(&app.path(&format!("/members/{}", viewer.user_id)), "*", json!({"role": "admin"})).await.ok();
    viewer.get(&path).await.ok();
}
