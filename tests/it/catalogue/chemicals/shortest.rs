//! A search for common words ends when it has found enough, the shortest names first.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgPool;

use super::{search::found, slips::import};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_shortest_of_many_names_is_first_also_when_it_has_just_become_so(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let mut last = json!(null);
    for n in 10..90 {
        let name = format!("{n} {}xyzzy oxide", "very ".repeat(n % 7 + 1));
        last = by.post("/v1/chemicals", json!({"name": name})).await.created();
    }
    assert_eq!(found(&by, "oxide xyzzy").await.len(), 20);
    let path = format!("/v1/chemicals/{}", last["id"].as_str().unwrap());
    by.patch(&path, "\"1\"", json!({"name": "1 xyzzy oxide"})).await.ok();
    let names = found(&by, "oxide xyzzy").await;
    assert_eq!((names.len(), names[0].as_str()), (20, "1 xyzzy oxide"));
    assert!(names.is_sorted_by_key(String::len), "{names:?}");

    by.patch(&path, "\"2\"", json!({"name": format!("1 {}xyzzy oxide", "very ".repeat(20))})).await.ok();
    assert!(!found(&by, "oxide xyzzy").await.iter().any(|name| name.starts_with("1 ")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_slip_in_words_that_many_have_finds_the_shortest_names(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    for n in 10..90 {
        let name = format!("{n} {}xyzzyne oxide", "very ".repeat(n % 7 + 1));
        by.post("/v1/chemicals", json!({"name": name})).await.created();
    }
    let names = found(&by, "oxide xyzyne").await;
    assert_eq!(names.len(), 20, "{names:?}");
    assert!(names.is_sorted_by_key(String::len), "{names:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn words_in_any_order_find_the_name_that_has_them_before_any_that_has_them_in_synonyms(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    for n in 10..90 {
        let new = json!({"name": format!("S{n}"), "synonyms": [format!("acetate of ethyl {n}"), format!("x ethyl {n} acetate")]});
        by.post("/v1/chemicals", new).await.created();
    }
    by.post("/v1/chemicals", json!({"name": "Ethyl acetate", "synonyms": ["acetic ether"]})).await.created();
    by.post("/v1/chemicals", json!({"name": "Iso-ethyl 2-acetate"})).await.created();
    assert_eq!(found(&by, "acetate ethyl").await[..2], ["Ethyl acetate", "Iso-ethyl 2-acetate"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_thousands_that_have_both_words_the_shortest_names_are_found_each_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("viewer").await;
    let many = (0..5100).map(|n| format!("{n} xyzzyan oxidane oxidanide"));
    import(&app, many.chain(["Xyzzyne oxide".to_owned()])).await;
    let names = found(&by, "oxid xyzzy").await;
    assert_eq!((names.len(), names[0].as_str()), (20, "Xyzzyne oxide"));
    assert!(names.is_sorted_by_key(String::len), "{names:?}");
    assert!(names.iter().collect::<BTreeSet<_>>().len() == 20, "{names:?}");
}
