//! Moves of locations: what moves along, and that no sequence and no race of them makes a ring.

use std::collections::HashMap;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{path_of, place};
use crate::support::TestApp;

const KINDS: [&str; 5] = ["building", "room", "cabinet", "shelf", "box"];

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_lies_in_a_location_moves_with_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (a, b) = (place(&app, &manager, "room", "A", None).await, place(&app, &manager, "room", "B", None).await);
    let cabinet = place(&app, &manager, "cabinet", "C", Some(&a)).await;
    let boxed = place(&app, &manager, "box", "D", Some(&cabinet)).await;

    let moved = manager.patch(&path_of(&app, &cabinet), "\"1\"", json!({"parent_id": b["id"]})).await.expect(200);
    assert_eq!((moved.etag().as_str(), &moved.body["path"]), ("\"2\"", &json!(["B", "C"])));
    assert_eq!(manager.get(&path_of(&app, &boxed)).await.ok()["path"], json!(["B", "C", "D"]));
    manager.patch(&path_of(&app, &cabinet), "\"1\"", json!({"name": "E"})).await.problem(412, "stale");

    let renamed = manager.patch(&path_of(&app, &cabinet), "\"2\"", json!({"name": "E"})).await.ok();
    assert_eq!(renamed["path"], json!(["B", "E"]));
    let root = manager.patch(&path_of(&app, &cabinet), "*", json!({"parent_id": null})).await.ok();
    assert_eq!((&root["parent_id"], &root["path"]), (&Value::Null, &json!(["E"])));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_location_moves_neither_into_itself_nor_where_its_kind_does_not_fit(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let room = place(&app, &manager, "room", "A", None).await;
    let cabinet = place(&app, &manager, "cabinet", "B", Some(&room)).await;
    let shelf = place(&app, &manager, "shelf", "C", Some(&cabinet)).await;
    let (room_path, cabinet_path) = (path_of(&app, &room), path_of(&app, &cabinet));
    for inside in [&room, &cabinet, &shelf] {
        manager.patch(&room_path, "*", json!({"parent_id": inside["id"]})).await.problem(409, "location-cycle");
    }
    let other = place(&app, &manager, "shelf", "D", None).await;
    manager.patch(&room_path, "*", json!({"parent_id": other["id"]})).await.problem(422, "location-kind");
    manager.patch(&cabinet_path, "*", json!({"kind": "shelf"})).await.problem(422, "location-kind");
    manager.patch(&cabinet_path, "*", json!({"kind": "room"})).await.problem(422, "location-kind");
    let problem = manager.patch(&room_path, "*", json!({"parent_id": Uuid::now_v7()})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/parent_id");

    // Nothing of what was refused has stayed.
    assert_eq!(manager.get(&room_path).await.ok(), room);
    assert_eq!(manager.get(&path_of(&app, &shelf)).await.ok()["path"], json!(["A", "B", "C"]));
    manager.patch(&room_path, "\"1\"", json!({"kind": "building"})).await.ok();
}

/// Each of the two is fine alone: a room that becomes a shelf fits in the cabinet, and the cabinet fits in the room.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_that_move_into_each_other_at_once_make_no_ring(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for round in 0..20 {
        let a = place(&app, &manager, "room", &format!("A{round}"), None).await;
        let b = place(&app, &manager, "cabinet", &format!("B{round}"), None).await;
        let mut racing = JoinSet::new();
        for (what, patch) in [(&a, json!({"parent_id": b["id"], "kind": "shelf"})), (&b, json!({"parent_id": a["id"]}))]
        {
            let (manager, path) = (manager.clone(), path_of(&app, what));
            racing.spawn(async move { manager.patch(&path, "\"1\"", patch).await });
        }
        let mut answers = racing.join_all().await;
        answers.sort_by_key(|answer| answer.status);
        let refused = answers.pop().unwrap();
        refused.problem(409, "location-cycle");
        answers.pop().unwrap().ok();
    }
    assert_eq!(rings(&app).await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_put_in_while_its_place_changes_kind_still_fits(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for round in 0..10 {
        let room = place(&app, &manager, "room", &format!("R{round}"), None).await;
        let mut racing = JoinSet::new();
        let (by, path) = (manager.clone(), path_of(&app, &room));
        racing.spawn(async move { by.patch(&path, "*", json!({"kind": "box"})).await.status.as_u16() });
        let (by, path) = (manager.clone(), app.path("/locations"));
        let new = json!({"kind": "shelf", "name": "S", "parent_id": room["id"]});
        racing.spawn(async move { by.post(&path, new).await.status.as_u16() });
        let mut answers = racing.join_all().await;
        answers.sort_unstable();
        assert!([[200, 422], [201, 422]].contains(&answers[..].try_into().unwrap()), "{answers:?}");
    }
    assert_eq!(misfits(&app).await, 0);
}

/// A move: which, into which (none, or one of them), and to what kind (none, or one of five).
fn moves(count: usize) -> Vec<(usize, Option<usize>, Option<usize>)> {
    let one = (0..10_usize, prop::option::weighted(0.9, 0..10_usize), prop::option::weighted(0.5, 0..5_usize));
    prop::collection::vec(one, count).new_tree(&mut TestRunner::deterministic()).expect("moves").current()
}

/// The rules, said a second time.
fn is_allowed(tree: &HashMap<usize, (Option<usize>, usize)>, what: usize, into: Option<usize>, kind: usize) -> bool {
    let mut above = into;
    while let Some(place) = above {
        if place == what {
            return false;
        }
        above = tree[&place].0;
    }
    into.is_none_or(|into| tree[&into].1 < kind)
        && tree.values().filter(|(parent, _)| *parent == Some(what)).all(|(_, child)| *child > kind)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn random_moves_do_what_the_rules_say_and_never_make_a_ring(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (mut places, mut tree) = (Vec::new(), HashMap::new());
    for n in 0..10 {
        places.push(place(&app, &manager, KINDS[n % 5], &format!("P{n}"), None).await);
        tree.insert(n, (None, n % 5));
    }
    let mut accepted = 0;
    for (what, into, kind) in moves(200) {
        let patch = match kind {
            Some(kind) => json!({"parent_id": into.map(|into| &places[into]["id"]), "kind": KINDS[kind]}),
            None => json!({"parent_id": into.map(|into| &places[into]["id"])}),
        };
        let kind = kind.unwrap_or(tree[&what].1);
        let answer = manager.patch(&path_of(&app, &places[what]), "*", patch).await;
        if !is_allowed(&tree, what, into, kind) {
            assert!([409, 422].contains(&answer.status.as_u16()), "{}", answer.text);
            continue;
        }
        let moved = answer.ok();
        tree.insert(what, (into, kind));
        let mut path = vec![what];
        while let Some(above) = tree[&path[path.len() - 1]].0 {
            path.push(above);
        }
        let names: Vec<_> = path.iter().rev().map(|n| format!("P{n}")).collect();
        assert_eq!(moved["path"], json!(names));
        accepted += 1;
    }
    assert!(accepted > 20, "{accepted}");
    assert_eq!((rings(&app).await, misfits(&app).await), (0, 0));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn random_moves_at_once_never_make_a_ring(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let mut places = Vec::new();
    for n in 0..10 {
        places.push(place(&app, &manager, KINDS[n % 5], &format!("P{n}"), None).await);
    }
    for batch in moves(120).chunks(6) {
        let mut racing = JoinSet::new();
        for (what, into, kind) in batch {
            let mut patch = json!({"parent_id": into.map(|into| &places[into]["id"])});
            if let Some(kind) = kind {
                patch["kind"] = json!(KINDS[*kind]);
            }
            let (manager, path) = (manager.clone(), path_of(&app, &places[*what]));
            racing.spawn(async move { manager.patch(&path, "*", patch).await.status.as_u16() });
        }
        let answers = racing.join_all().await;
        assert!(answers.iter().all(|status| [200, 409, 422].contains(status)), "{answers:?}");
        assert_eq!((rings(&app).await, misfits(&app).await), (0, 0));
    }
}

/// How many locations are not reached from a root.
async fn rings(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "with recursive reached as (
            select id from locations where parent_id is null
            union all
            select l.id from reached r join locations l on l.parent_id = r.id
        )
        select (select count(*) from locations) - (select count(*) from reached)",
    )
    .fetch_one(&app.db)
    .await
    .expect("a count")
}

/// How many lie in something of a kind that is not further out.
async fn misfits(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "select count(*) from locations l join locations p on p.id = l.parent_id
        where array_position($1, l.kind) <= array_position($1, p.kind)",
    )
    .bind(KINDS)
    .fetch_one(&app.db)
    .await
    .expect("a count")
}
