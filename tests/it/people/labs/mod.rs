//! Labs; their members and invitations are beside it.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

pub mod invitations;
mod invited_phones;
mod members;
mod model;
mod policies;
mod policy_lines;
mod redeeming;
mod rights_end;

use chemstock::people::labs;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{TestApp, own_id};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_creates_a_lab_and_is_its_first_admin(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let id = own_id();
    let lab = owner.post("/v1/labs", json!({"id": id, "name": "  Organic Synthesis "})).await.created();
    assert_eq!((&lab["id"], &lab["name"], &lab["role"]), (&json!(id), &json!("Organic Synthesis"), &json!("admin")));

    let answer = owner.get(&format!("/v1/labs/{id}")).await.expect(200);
    assert_eq!(answer.etag(), "\"1\"");
    assert_eq!(answer.body, lab);
    let member = owner.get(&format!("/v1/labs/{id}/members/{}", owner.user_id)).await.ok();
    assert_eq!(member["role"], "admin");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_lab_of_a_list_is_got_by_its_id_as_it_stands_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, viewer) = (app.owner().await, app.client("viewer").await);
    owner.post("/v1/labs", json!({"name": "The owner's"})).await.created();
    for (by, many) in [(&owner, 2), (&viewer, 1)] {
        let labs = by.get("/v1/labs").await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(labs.len(), many);
        for lab in labs {
            assert_eq!(by.get(&format!("/v1/labs/{}", lab["id"].as_str().unwrap())).await.ok(), lab);
        }
    }
    // To see that it is there gives no right in it.
    owner.get(&app.path("/members")).await.problem(404, "not-found");
    app.stranger().await.get(&app.path("")).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_but_an_owner_creates_labs(db: PgPool) {
    let app = TestApp::new(db).await;
    let new = json!({"name": "Another"});
    app.nobody().post("/v1/labs", new.clone()).await.problem(401, "no-token");
    app.stranger().await.post("/v1/labs", new.clone()).await.problem(403, "forbidden");
    app.client("admin").await.post("/v1/labs", new).await.problem(403, "forbidden");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_two_labs_have_one_name_or_one_id(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let lab = owner.post("/v1/labs", json!({"name": "A"})).await.created();
    owner.post("/v1/labs", json!({"name": "A"})).await.problem(409, "name-taken");
    owner.post("/v1/labs", json!({"id": lab["id"], "name": "B"})).await.problem(409, "id-taken");
    let path = format!("/v1/labs/{}", lab["id"].as_str().unwrap());
    owner.patch(&path, "\"1\"", json!({"name": "Test lab"})).await.problem(409, "name-taken");
    assert_eq!(owner.get(&path).await.ok()["name"], "A");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn people_list_their_own_labs_and_an_owner_all(db: PgPool) {
    let app = TestApp::new(db).await;
    let (viewer, stranger, owner) = (app.client("viewer").await, app.stranger().await, app.owner().await);
    for name in ["A", "B", "C"] {
        owner.post("/v1/labs", json!({"name": name})).await.created();
    }
    let seen = viewer.get("/v1/labs").await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["role"], "viewer");
    assert_eq!(stranger.get("/v1/labs").await.ok()["items"], json!([]));

    let first = owner.get("/v1/labs?limit=3").await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/v1/labs?limit=3&cursor={cursor}")).await.ok();
    assert_eq!(rest["next_cursor"], json!(null));
    let all = [first["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()].concat();
    let mut names: Vec<_> = all.iter().map(|lab| (lab["name"].as_str().unwrap(), lab["role"].as_str())).collect();
    names.sort_unstable();
    assert_eq!(names, [("A", Some("admin")), ("B", Some("admin")), ("C", Some("admin")), ("Test lab", None)]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_an_admin_who_read_the_latest_version_renames_a_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager, path) = (app.client("admin").await, app.client("manager").await, app.path(""));
    let patch = json!({"name": "New name"});
    manager.patch(&path, "\"1\"", patch.clone()).await.problem(403, "forbidden");
    app.stranger().await.patch(&path, "\"1\"", patch.clone()).await.problem(404, "not-found");
    admin.send(axum::http::Method::PATCH, &path, &[], Some(patch.clone())).await.problem(428, "if-match-required");

    let changed = admin.patch(&path, "\"1\"", patch.clone()).await.expect(200);
    assert_eq!((changed.etag().as_str(), &changed.body["name"]), ("\"2\"", &json!("New name")));
    admin.patch(&path, "\"1\"", patch.clone()).await.problem(412, "stale");
    admin.patch(&path, "*", patch).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bad_name_is_refused_with_a_pointer(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    for name in [json!("a\0b"), json!(""), json!("x".repeat(201)), json!(7), json!(null)] {
        let problem = owner.post("/v1/labs", json!({"name": name})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name", "{name}");
    }
    owner.post("/v1/labs", json!({"name": "A", "colour": "red"})).await.problem(422, "invalid");
    owner.get("/v1/labs?limit=0").await.problem(422, "invalid");
    owner.get("/v1/labs?cursor=%00").await.problem(422, "invalid");
    owner.get("/v1/labs/7").await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn founding_a_lab_numbers_a_name_that_is_taken_also_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (db, user, now) = (app.db.clone(), app.stranger().await.user_id, app.now());
        racing.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            labs::create_for(&mut tx, Uuid::now_v7(), "My lab", user, now).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    racing.join_all().await;
    let names: Vec<String> = sqlx::query_scalar(
        "select l.name from labs l join memberships m on m.lab_id = l.id and m.role = 'admin' order by l.name",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(names[..3], ["My lab", "My lab 2", "My lab 3"]);
    assert_eq!(names.len(), 8);
}
