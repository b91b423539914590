//! A chemical that was deleted keeps its row, and is in no answer: whatever names it is answered as if it named nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    hidden::{is_refused, plain, requests},
    world::{World, encode, said},
};
use crate::{catalogue::chemicals::overrides::put, support::Client};

/// What finds it before: each a text of its own.
const TEXTS: [&str; 8] = [
    "xylotol 7q1z",
    "XYLOTOL-7Q1Z",
    "alias of 7q1z",
    "7q1z alias",
    "aliaz of 7q1z",
    "58-08-2",
    "200-362-1",
    "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
];
/// The lab's own name, by which its bottles are found.
const OWN: &str = "own word 7q1z";

/// Somebody who may do everything in the lab and in the catalogue.
async fn anybody(world: &World) -> Client {
    let by = world.app.client("admin").await;
    let made = sqlx::query("update users set is_cataloguer = true where id = $1").bind(by.user_id);
    made.execute(&world.app.db).await.expect("a cataloguer");
    chemstock::auth::forget(&world.app.app, by.user_id);
    by
}

async fn make(world: &World, by: &Client) -> Value {
    let new = json!({"name": "Xylotol 7q1z", "cas": "58-08-2", "ec": "200-362-1", "density": "1.23",
        "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "synonyms": ["alias of 7q1z"]});
    let made = by.post("/v1/chemicals", new).await.created();
    let overrides = world.app.path(&format!("/chemicals/{}/overrides", said(&made["id"])));
    put(by, &overrides, None, json!({"name": OWN, "density": "1.5"})).await.created();
    made
}

async fn delete(by: &Client, chemical: &Value) {
    by.delete(&format!("/v1/chemicals/{}", said(&chemical["id"])), "*").await.expect(204);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whatever_names_a_deleted_chemical_is_answered_as_if_it_named_nothing(db: PgPool) {
    let world = World::new(db).await;
    let by = anybody(&world).await;
    let made = make(&world, &by).await;
    delete(&by, &made).await;
    let (deleted, unknown) = (&made["id"], json!(Uuid::now_v7()));
    let mut walked = BTreeSet::new();
    for operation in world.api.operations.iter().filter(|it| it.in_lab() || it.path.starts_with("/v1/chemicals")) {
        let pairs = requests(&world, operation, "chemical_id", deleted);
        for (one, other) in pairs.into_iter().zip(requests(&world, operation, "chemical_id", &unknown)) {
            let answers = (one.send(&by).await, other.send(&by).await);
            let seen = (plain(&answers.0, &said(deleted)), plain(&answers.1, &said(&unknown)));
            assert_eq!(seen.0, seen.1, "{}: {one:?}", operation.id);
            // An export has the line of its columns alone.
            let is_empty = answers.0.body["items"] == json!([]) || answers.0.text.lines().count() == 1;
            assert!(is_refused(&answers.0) || is_empty, "{}: {one:?}", operation.id);
            assert!(!answers.0.text.contains("7q1z"), "{}: {}", operation.id, answers.0.text);
            walked.insert(operation.id.as_str());
        }
    }
    let known = [
        "create_container",
        "delete_chemical",
        "delete_chemical_overrides",
        "export_containers",
        "get_chemical",
        "get_chemical_overrides",
        "list_availability",
        "list_containers",
        "set_chemical_overrides",
        "update_chemical",
    ];
    let missed: Vec<_> = known.into_iter().filter(|id| !walked.contains(id)).collect();
    assert!(missed.is_empty(), "{missed:?} were not asked, of {walked:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_search_list_or_scan_finds_a_deleted_chemical(db: PgPool) {
    let world = World::new(db).await;
    let by = anybody(&world).await;
    let made = make(&world, &by).await;
    let mut asked = vec!["/v1/chemicals?limit=200".to_owned(), "/v1/chemicals/lookup?cas=58-08-2".to_owned()];
    asked.extend(TEXTS.iter().map(|text| format!("/v1/chemicals?q={}", encode(text))));
    asked.push(world.app.path("/scan/58-08-2"));
    let finds = async |path: &String| by.get(path).await.text.contains(&said(&made["id"]));
    for path in &asked {
        assert!(finds(path).await, "{path} before");
    }
    delete(&by, &made).await;
    for path in &asked {
        assert!(!finds(path).await, "{path}");
    }
    for text in TEXTS.into_iter().chain([OWN]) {
        for path in ["/containers?q=", "/containers?include=gone&q="] {
            let found = by.get(&world.app.path(&format!("{path}{}", encode(text)))).await.ok();
            assert_eq!(found["items"], json!([]), "{path}{text}");
        }
    }
}
