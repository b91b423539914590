//! A number belongs to one chemical.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{at, ethanol};
use crate::support::TestApp;

const NUMBERS: [(&str, &str, &str); 3] = [
    ("cas", "64-17-5", "cas-taken"),
    ("ec", "200-578-6", "number-taken"),
    ("inchikey", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "number-taken"),
];

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_of_another_chemical_is_refused_and_that_one_is_named(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let made = by.post("/v1/chemicals", ethanol()).await.created();
    let other = by.post("/v1/chemicals", json!({"name": "Something else"})).await.created();
    for (field, number, slug) in NUMBERS {
        let mut new = json!({"name": "Spirit"});
        new[field] = json!(number);
        let changed = json!({field: number});
        for refused in [by.post("/v1/chemicals", new).await, by.patch(&at(&other), "*", changed).await] {
            let refused = refused.problem(409, slug);
            assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"));
            let told = refused["detail"].as_str().unwrap();
            assert!(told.contains("`Ethanol`") && told.contains(made["id"].as_str().unwrap()), "{told}");
        }
    }
    assert_eq!(by.get(&at(&other)).await.ok(), other);
    // What it has already stays its own.
    let all = json!({"cas": made["cas"], "ec": made["ec"], "inchikey": made["inchikey"], "density": "0.79"});
    by.patch(&at(&made), "*", all).await.ok();
    by.patch(&at(&made), "*", json!({"ec": null})).await.ok();
    by.patch(&at(&other), "*", json!({"ec": "200-578-6"})).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_who_give_a_number_at_once_one_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let (one, other) = (app.client("manager").await, app.client("manager").await);
    for (field, number, slug) in NUMBERS {
        let mut new = json!({"name": format!("One with {field}")});
        new[field] = json!(number);
        let there = one.post("/v1/chemicals", json!({"name": format!("Another with {field}")})).await.created();
        let (path, change) = (at(&there), json!({field: number}));
        let (made, changed) = tokio::join!(one.post("/v1/chemicals", new), other.patch(&path, "*", change));
        let (refused, done) = if made.status == 409 { (made, changed) } else { (changed, made) };
        assert!(done.status.is_success(), "{}", done.text);
        refused.problem(409, slug);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn entries_that_share_a_number_from_an_import_can_be_changed_and_taken_apart(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let [quartz, glass] = [("Quartz", None), ("Silica", Some("VYPSYNLAJGMNEJ-UHFFFAOYSA-N"))];
    let made = by.post("/v1/chemicals", json!({"name": quartz.0})).await.created();
    let shared = by.post("/v1/chemicals", json!({"name": glass.0, "inchikey": glass.1})).await.created();
    // As a list of PubChem brings them.
    sqlx::query("update chemicals set inchikey = $1").bind(glass.1).execute(&app.db).await.unwrap();
    by.patch(&at(&made), "*", json!({"density": "2.65"})).await.ok();
    by.patch(&at(&shared), "*", json!({"inchikey": glass.1, "density": "2.2"})).await.ok();
    let taken_apart = by.patch(&at(&made), "*", json!({"inchikey": null})).await.ok();
    assert_eq!(taken_apart["inchikey"], Value::Null);
}
