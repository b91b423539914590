//! What stays of a chemical that is deleted, and what is free for another.

use chemstock::catalogue::chemicals::refresh_all_terms;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{at, ethanol, overrides};
use crate::{journal::number, support::TestApp};

async fn row(app: &TestApp, made: &Value) -> Value {
    let rows = sqlx::query_scalar("select to_jsonb(c) from chemicals c where id::text = $1");
    rows.bind(made["id"].as_str().expect("an id")).fetch_one(&app.db).await.expect("its row")
}

async fn entries(app: &TestApp) -> i64 {
    let count = "select (select count(*) from chemical_terms) + (select count(*) from chemical_words)";
    sqlx::query_scalar(count).fetch_one(&app.db).await.expect("a number")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn its_row_stays_and_its_lines_tell_what_it_was(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, owner) = (app.client("manager").await, app.owner().await);
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    manager.delete(&at(&made), "\"2\"").await.problem(412, "stale");
    manager.delete(&at(&made), "\"1\"").await.expect(204);
    let row = row(&app, &made).await;
    assert_eq!((&row["name"], &row["cas"], &row["version"]), (&json!("Ethanol"), &json!("64-17-5"), &json!(2)));
    assert!(row["deleted_at"].is_string() && row["live_id"].is_null(), "{row}");
    assert_eq!(entries(&app).await, 0);
    number(&app).await;
    let lines = owner.get(&format!("/v1/admin/audit?subject={}", made["id"].as_str().unwrap())).await.ok();
    let told: Vec<_> = lines["items"].as_array().unwrap().iter().map(|it| it["changes"]["name"].clone()).collect();
    assert_eq!(told, [json!(["Ethanol", null]), json!([null, "Ethanol"])]);
    for _ in 0..2 {
        manager.delete(&at(&made), "*").await.problem(404, "not-found");
        manager.patch(&at(&made), "*", json!({"name": "Spirit"})).await.problem(404, "not-found");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn its_names_and_numbers_are_free_and_its_id_is_not(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let first = manager.post("/v1/chemicals", ethanol()).await.created();
    manager.delete(&at(&first), "*").await.expect(204);
    let mut same = ethanol();
    same["id"] = first["id"].clone();
    manager.post("/v1/chemicals", same).await.problem(409, "id-taken");
    let second = manager.post("/v1/chemicals", ethanol()).await.created();
    assert_ne!(first["id"], second["id"]);
    manager.post("/v1/chemicals", ethanol()).await.problem(409, "cas-taken");
    assert_eq!(manager.get("/v1/chemicals/lookup?cas=64-17-5").await.ok(), second);
    // Each may be deleted, whatever went before under its number.
    manager.delete(&at(&second), "*").await.expect(204);
    let numbers = json!({"name": "Brandy", "ec": "200-578-6", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"});
    let third = manager.post("/v1/chemicals", numbers).await.created();
    let renamed = json!({"name": "Ethanol", "cas": "64-17-5", "synonyms": ["EtOH"]});
    assert_eq!(manager.patch(&at(&third), "*", renamed).await.ok()["cas"], "64-17-5");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn terms_of_an_older_fold_do_not_bring_it_back(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    manager.delete(&at(&made), "*").await.expect(204);
    sqlx::query("update chemicals set terms_version = 0").execute(&app.db).await.unwrap();
    refresh_all_terms(&app.app).await.expect("nothing to do");
    assert_eq!(entries(&app).await, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_and_the_deletion_of_its_chemical_at_once_are_never_both_done(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let mut bottles = 0;
    for _ in 0..20 {
        let made = manager.post("/v1/chemicals", json!({"name": "Raced"})).await.created();
        let (path, containers) = (at(&made), app.path("/containers"));
        let bottle = json!({"chemical_id": made["id"], "amount": {"value": "1", "unit": "L"}});
        let (bottle, deleted) = tokio::join!(member.post(&containers, bottle), manager.delete(&path, "*"));
        if bottle.status.is_success() {
            deleted.problem(409, "chemical-in-use");
            assert_eq!(manager.get(&path).await.ok(), made);
            bottles += 1;
        } else {
            assert_eq!(bottle.problem(422, "invalid")["errors"][0]["pointer"], "/chemical_id");
            deleted.expect(204);
        }
    }
    let shown = member.get(&app.path("/containers?limit=200")).await.ok();
    assert_eq!(shown["items"].as_array().unwrap().len(), bottles);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_override_outlives_the_deletion_that_came_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let (one, other) = (app.client("manager").await, app.client("manager").await);
    for _ in 0..20 {
        let made = one.post("/v1/chemicals", json!({"name": "Raced"})).await.created();
        let (path, entry) = (overrides::of(&app, made["id"].as_str().unwrap().parse().unwrap()), at(&made));
        let (set, deleted) =
            tokio::join!(overrides::put(&other, &path, None, json!({"density": "0.8"})), one.delete(&entry, "*"));
        deleted.expect(204);
        assert!([201, 404].contains(&set.status.as_u16()), "{}", set.text);
        other.get(&path).await.problem(404, "not-found");
        overrides::put(&other, &path, Some("*"), json!({"density": "0.8"})).await.problem(404, "not-found");
    }
    let left = "select count(*) from chemical_overrides where num_nonnulls(name, density, molar_mass) > 0";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&app.db).await.unwrap(), 0);
}
