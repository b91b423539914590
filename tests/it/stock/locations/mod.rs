//! Locations one by one; moves, rings and races are beside it.

mod closing;
mod closing_races;
pub mod keys;
mod keys_kept;
mod keys_of_who_left;
mod keys_races;
mod lists;
mod moves;
mod told_of_hidden;

use chemstock::stock::locations;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Client, TestApp};

pub async fn place(app: &TestApp, by: &Client, kind: &str, name: &str, parent: Option<&Value>) -> Value {
    let new = json!({"kind": kind, "name": name, "parent_id": parent.map(|parent| &parent["id"])});
    by.post(&app.path("/locations"), new).await.created()
}

pub fn path_of(app: &TestApp, location: &Value) -> String {
    app.path(&format!("/locations/{}", location["id"].as_str().expect("an id")))
}

/// In order: ids made within one millisecond have none.
fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("a page").iter();
    let mut names: Vec<_> = items.map(|location| location["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_location_has_a_code_a_version_and_its_path_from_the_root(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let house = place(&app, &manager, "building", "Main", None).await;
    let room = place(&app, &manager, "room", "214", Some(&house)).await;
    let boxed = place(&app, &manager, "box", "B", Some(&room)).await;
    assert_eq!(boxed["path"], json!(["Main", "214", "B"]));
    assert_eq!(boxed["code"].as_str().unwrap().len(), 9);
    assert_ne!(boxed["code"], room["code"]);

    let read = app.client("viewer").await.get(&path_of(&app, &boxed)).await.expect(200);
    assert_eq!(read.etag(), "\"1\"");
    assert_eq!(read.body, boxed);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_lies_inside_is_of_a_deeper_kind(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let kinds = ["building", "room", "cabinet", "shelf", "box"];
    for (outer, parent_kind) in kinds.iter().enumerate() {
        let parent = place(&app, &manager, parent_kind, parent_kind, None).await;
        for (inner, kind) in kinds.iter().enumerate() {
            let new = json!({"kind": kind, "name": kind, "parent_id": parent["id"]});
            let answer = manager.post(&app.path("/locations"), new).await;
            if inner > outer {
                answer.created();
            } else {
                answer.problem(422, "location-kind");
            }
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn names_are_taken_among_siblings_only_in_capitals_or_not(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (a, b) = (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "room", "B", None).await);
    place(&app, &manager, "shelf", "Acids", Some(&a)).await;
    let other = place(&app, &manager, "shelf", "Acids", Some(&b)).await;

    let taken = json!({"kind": "box", "name": "aCIDS", "parent_id": a["id"]});
    manager.post(&app.path("/locations"), taken).await.problem(409, "name-taken");
    manager.post(&app.path("/locations"), json!({"kind": "shelf", "name": "a"})).await.problem(409, "name-taken");
    manager.patch(&path_of(&app, &other), "*", json!({"parent_id": a["id"]})).await.problem(409, "name-taken");
    manager.patch(&path_of(&app, &b), "*", json!({"name": "a"})).await.problem(409, "name-taken");
    manager.patch(&path_of(&app, &b), "*", json!({"name": "b"})).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_two_locations_of_a_lab_have_one_code_or_one_id(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = app.path("/locations");
    let a = manager.post(&path, json!({"kind": "room", "name": "A", "code": "R-214"})).await.created();
    let again = json!({"kind": "room", "name": "B", "code": "R-214"});
    manager.post(&path, again).await.problem(409, "code-taken");
    manager.post(&path, json!({"kind": "room", "name": "B", "id": a["id"]})).await.problem(409, "id-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_found_in_any_spelling_and_in_its_own_lab_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ours = place(&app, &manager, "room", "A", None).await;
    let new = json!({"kind": "room", "name": "B", "code": "R-214"});
    let foreign = manager.post(&app.path("/locations"), new).await.created();

    let mut db = app.db.acquire().await.unwrap();
    let mut found = async |lab, code: &str| {
        let found = locations::find_by_code(&mut db, lab, &[code], &[]).await.unwrap();
        found.first().map_or(Value::Null, |location| json!(location.id))
    };
    assert_eq!(found(app.lab, &ours["code"].as_str().unwrap().to_lowercase()).await, ours["id"]);
    assert_eq!(found(app.lab, "R-214").await, foreign["id"]);
    assert_eq!(found(app.lab, "r-215").await, Value::Null);
    assert_eq!(found(Uuid::now_v7(), "R-214").await, Value::Null);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_location_that_is_not_empty_is_not_deleted(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let room = place(&app, &manager, "room", "A", None).await;
    let shelf = place(&app, &manager, "shelf", "B", Some(&room)).await;
    manager.delete(&path_of(&app, &room), "*").await.problem(409, "location-in-use");

    sqlx::query("insert into chemicals (id, name, created_at, updated_at) values ($1, 'Water', now(), now())")
        .bind(app.lab)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query(
        "insert into containers (id, lab_id, chemical_id, location_id, code, state, unit, amount, initial_amount,
            created_at, updated_at) values ($1, $1, $1, $2, 'c', 'in_stock', 'mL', 1, 1, now(), now())",
    )
    .bind(app.lab)
    .bind(shelf["id"].as_str().unwrap().parse::<Uuid>().unwrap())
    .execute(&app.db)
    .await
    .unwrap();
    manager.delete(&path_of(&app, &shelf), "*").await.problem(409, "location-in-use");

    sqlx::query("delete from containers").execute(&app.db).await.unwrap();
    manager.delete(&path_of(&app, &shelf), "\"2\"").await.problem(412, "stale");
    manager.delete(&path_of(&app, &shelf), "\"1\"").await.expect(204);
    manager.delete(&path_of(&app, &shelf), "\"1\"").await.problem(404, "not-found");
    manager.delete(&path_of(&app, &room), "*").await.expect(204);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn managers_edit_viewers_read_and_others_see_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member, stranger) = (app.client("manager").await, app.client("member").await, app.stranger().await);
    let room = place(&app, &manager, "room", "A", None).await;
    let (path, new) = (path_of(&app, &room), json!({"kind": "room", "name": "B"}));
    member.get(&path).await.ok();
    member.post(&app.path("/locations"), new.clone()).await.problem(403, "forbidden");
    member.patch(&path, "*", json!({"name": "B"})).await.problem(403, "forbidden");
    member.delete(&path, "*").await.problem(403, "forbidden");
    stranger.get(&path).await.problem(404, "not-found");
    stranger.post(&app.path("/locations"), new.clone()).await.problem(404, "not-found");
    app.nobody().get(&path).await.problem(401, "no-token");

    // The lab of the path is the caller's, the location is not.
    let owner = app.owner().await;
    let lab = owner.post("/v1/labs", json!({"name": "Other"})).await.created();
    let elsewhere = format!("/v1/labs/{}/locations", lab["id"].as_str().unwrap());
    let foreign = format!("{elsewhere}/{}", room["id"].as_str().unwrap());
    owner.get(&foreign).await.problem(404, "not-found");
    owner.patch(&foreign, "*", json!({"name": "Mine"})).await.problem(404, "not-found");
    owner.delete(&foreign, "*").await.problem(404, "not-found");
    let inside = json!({"kind": "shelf", "name": "B", "parent_id": room["id"]});
    let problem = owner.post(&elsewhere, inside).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/parent_id");
    assert_eq!(names(&owner.get(&elsewhere).await.ok()), Vec::<&str>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bad_location_is_refused_with_a_pointer(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let bad = [
        ("name", json!("a\0b")),
        ("name", json!("x".repeat(10_000))),
        ("code", json!("x".repeat(65))),
        ("code", json!("")),
        ("kind", json!("cave")),
        ("parent_id", json!(7)),
        ("id", json!("7")),
    ];
    for (field, value) in bad {
        let mut new = json!({"kind": "room", "name": "A"});
        new[field] = value.clone();
        let problem = manager.post(&app.path("/locations"), new).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], json!(format!("/{field}")), "{value}");
    }
    for query in ["q=%00", "root=maybe", "parent_id=7", "limit=201", "colour=red"] {
        manager.get(&app.path(&format!("/locations?{query}"))).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_with_the_same_idempotency_key_makes_one_location(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (path, new) = (app.path("/locations"), json!({"kind": "room", "name": "A"}));
    let first = manager.post_with_key(&path, "k", new.clone()).await.created();
    assert_eq!(manager.post_with_key(&path, "k", new).await.created(), first);
    assert_eq!(names(&manager.get(&path).await.ok()), ["A"]);
}
