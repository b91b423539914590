//! The catalogue of chemicals.

mod alike;
mod deleted;
mod numbers;
mod older_fold;
mod overridden;
pub mod overrides;
mod search;
mod shortest;
mod slips;
mod taken;
mod words;

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{TestApp, own_id};

fn ethanol() -> Value {
    json!({
        "name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
        "formula": "C2H5OH", "density": "0.7893", "synonyms": ["ethyl alcohol", "EtOH"],
    })
}

fn at(chemical: &Value) -> String {
    format!("/v1/chemicals/{}", chemical["id"].as_str().expect("an id"))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_was_added_is_read_back_with_its_formula_in_hill_order_and_its_molar_mass(db: PgPool) {
    let app = TestApp::new(db).await;
    let answer = app.client("manager").await.post("/v1/chemicals", ethanol()).await.expect(201);
    assert_eq!(answer.etag(), "\"1\"");
    let made = answer.created();
    assert_eq!(made["formula"], "C2H6O");
    assert_eq!(made["molar_mass"], "46.069");
    assert_eq!(made["density"], "0.7893");
    let read = app.client("viewer").await.get(&at(&made)).await;
    assert_eq!(read.etag(), "\"1\"");
    assert_eq!(read.ok(), made);
    let looked_up = app.stranger().await.get("/v1/chemicals/lookup?cas=64-17-5").await.ok();
    assert_eq!(looked_up, made);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_molar_mass_may_round_the_formulas_but_not_contradict_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let rounded = json!({"name": "water", "formula": "H2O", "molar_mass": "18.02"});
    assert_eq!(manager.post("/v1/chemicals", rounded).await.created()["molar_mass"], "18.02");
    let wrong = json!({"name": "heavy water", "formula": "H2O", "molar_mass": "20.03"});
    let problem = manager.post("/v1/chemicals", wrong).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/molar_mass");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("20.03") && detail.contains("18.015"), "{detail}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn synonyms_are_kept_once_and_the_name_is_none(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let new = json!({"name": "Acetone", "synonyms": ["propanone", "ACETONE", "Propanone", "2-propanone"]});
    let made = manager.post("/v1/chemicals", new).await.created();
    assert_eq!(made["synonyms"], json!(["propanone", "2-propanone"]));
    let renamed = manager.patch(&at(&made), "\"1\"", json!({"name": "propanone"})).await.ok();
    assert_eq!(renamed["synonyms"], json!(["2-propanone"]));
    let many = vec!["x"; 1_001];
    let problem = manager.post("/v1/chemicals", json!({"name": "y", "synonyms": many})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/synonyms");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cas_number_stands_for_one_chemical_also_when_two_add_it_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let (one, other) = (app.client("manager").await, app.client("manager").await);
    let (first, second) = tokio::join!(one.post("/v1/chemicals", ethanol()), other.post("/v1/chemicals", ethanol()));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let refused = if first.status.as_u16() == 409 { first } else { second };
    refused.problem(409, "cas-taken");
    let acetone = one.post("/v1/chemicals", json!({"name": "acetone"})).await.created();
    one.patch(&at(&acetone), "\"1\"", json!({"cas": "64-17-5"})).await.problem(409, "cas-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_id_of_the_clients_own_is_taken_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let id = own_id();
    let mut new = ethanol();
    new["id"] = json!(id);
    assert_eq!(manager.post("/v1/chemicals", new.clone()).await.created()["id"], json!(id));
    new["cas"] = Value::Null;
    manager.post("/v1/chemicals", new).await.problem(409, "id-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_patch_leaves_what_it_does_not_name_and_clears_what_is_null(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    let patch = json!({"ec": null, "synonyms": null, "density": "0.79"});
    let changed = manager.patch(&at(&made), "\"1\"", patch).await.ok();
    let mut expected = made.clone();
    expected["ec"] = Value::Null;
    expected["synonyms"] = json!([]);
    expected["density"] = json!("0.79");
    expected["version"] = json!(2);
    assert_eq!(changed, expected);
    assert_eq!(manager.get(&at(&made)).await.ok(), expected);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_new_formula_brings_its_molar_mass_and_a_molar_mass_must_fit_the_formula(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    let wrong = manager.patch(&at(&made), "\"1\"", json!({"molar_mass": "32.04"})).await.problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["pointer"], "/molar_mass");
    let methanol = manager.patch(&at(&made), "\"1\"", json!({"formula": "CH3OH"})).await.ok();
    assert_eq!((&methanol["formula"], &methanol["molar_mass"]), (&json!("CH4O"), &json!("32.042")));
    let rounded = manager.patch(&at(&made), "\"2\"", json!({"molar_mass": "32.04"})).await.ok();
    assert_eq!(rounded["molar_mass"], "32.04");
    let without = manager.patch(&at(&made), "\"3\"", json!({"formula": null})).await.ok();
    assert_eq!((&without["formula"], &without["molar_mass"]), (&Value::Null, &json!("32.04")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn changes_need_the_version_that_was_read(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    let patch = json!({"density": "0.8"});
    manager.send(Method::PATCH, &at(&made), &[], Some(patch.clone())).await.problem(428, "if-match-required");
    let path = at(&made);
    let (one, other) =
        tokio::join!(manager.patch(&path, "\"1\"", patch.clone()), manager.patch(&path, "\"1\"", patch.clone()));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "one of two changes of the same version");
    manager.delete(&at(&made), "\"1\"").await.problem(412, "stale");
    manager.delete(&at(&made), "\"2\"").await.expect(204);
    manager.get(&at(&made)).await.problem(404, "not-found");
    manager.delete(&at(&made), "*").await.problem(404, "not-found");
    manager.patch(&at(&made), "*", patch).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_chemical_of_which_there_are_bottles_stays(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    let bottle = json!({"chemical_id": made["id"], "amount": {"value": "1", "unit": "L"}});
    manager.post(&app.path("/containers"), bottle).await.created();
    manager.delete(&at(&made), "\"1\"").await.problem(409, "chemical-in-use");
    manager.get(&at(&made)).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn everybody_reads_and_managers_and_owners_write(db: PgPool) {
    let app = TestApp::new(db).await;
    app.nobody().get("/v1/chemicals").await.problem(401, "no-token");
    let made = app.owner().await.post("/v1/chemicals", ethanol()).await.created();
    for role in ["viewer", "member"] {
        let client = app.client(role).await;
        client.get("/v1/chemicals").await.ok();
        client.post("/v1/chemicals", ethanol()).await.problem(403, "forbidden");
        client.patch(&at(&made), "\"1\"", json!({"density": "1"})).await.problem(403, "forbidden");
        client.delete(&at(&made), "\"1\"").await.problem(403, "forbidden");
    }
    app.client("admin").await.delete(&at(&made), "\"1\"").await.expect(204);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn with_a_second_lab_the_managers_of_the_first_lose_the_catalogue_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, manager) = (app.owner().await, app.client("manager").await);
    let made = manager.post("/v1/chemicals", ethanol()).await.created();
    assert_eq!(manager.get("/v1/me").await.ok()["is_cataloguer"], true);
    owner.post("/v1/labs", json!({"name": "Lab B"})).await.created();
    assert_eq!(manager.get("/v1/me").await.ok()["is_cataloguer"], false);
    manager.post("/v1/chemicals", json!({"name": "x"})).await.problem(403, "forbidden");
    manager.patch(&at(&made), "*", json!({"density": "7.893"})).await.problem(403, "forbidden");
    manager.delete(&at(&made), "*").await.problem(403, "forbidden");
    let account = format!("/v1/admin/users/{}", manager.user_id);
    owner.patch(&account, "*", json!({"is_cataloguer": true})).await.ok();
    manager.patch(&at(&made), "\"1\"", json!({"density": "0.79"})).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_damaged_cas_number_is_refused_with_the_one_that_it_must_have_been(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    for damaged in ["64175", "CAS:%2064-17-5", "0000064175"] {
        let problem = viewer.get(&format!("/v1/chemicals/lookup?cas={damaged}")).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "?cas");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.ends_with("did you mean 64-17-5?"), "{detail}");
    }
    // Any digit may be the wrong one, so no number is proposed.
    let problem = viewer.get("/v1/chemicals/lookup?cas=64-17-6").await.problem(422, "invalid");
    assert!(!problem.to_string().contains("did you mean"), "{problem}");
    viewer.get("/v1/chemicals/lookup").await.problem(422, "invalid");
    viewer.get("/v1/chemicals/lookup?cas=64-17-5").await.problem(404, "not-found");
    viewer.get("/v1/chemicals/not-an-id").await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bad_fields_are_refused_where_they_stand(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for (field, value) in [
        ("name", json!("a\0b")),
        ("name", json!("x".repeat(201))),
        ("name", json!("")),
        ("cas", json!("64-17-6")),
        ("ec", json!("200-578-7")),
        ("inchikey", json!("LFQSCWFLJHTTHZ")),
        ("formula", json!("Xx2")),
        ("formula", json!("C99999999999999999999")),
        ("molar_mass", json!("1e400")),
        ("molar_mass", json!("-1")),
        ("molar_mass", json!(46)),
        ("density", json!("26")),
        ("density", json!("0")),
        ("synonyms", json!(["x".repeat(501)])),
        ("colour", json!("red")),
    ] {
        let mut new = json!({"name": "x"});
        new[field] = value.clone();
        let problem = manager.post("/v1/chemicals", new).await.problem(422, "invalid");
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.starts_with(&format!("/{field}")), "{field} {value}: {problem}");
    }
}
