//! A name that means another chemical is no name: neither its numbers nor, in a lab, what the catalogue calls it.

use serde_json::json;
use sqlx::PgPool;

use super::{overrides, search::add};
use crate::{stock::containers::chemical, support::TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_of_another_chemical_is_no_name_however_it_is_written(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    add(&by, json!({"name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6"})).await;
    add(&by, json!({"name": "Acetonitrile", "cas": "75-05-8"})).await;
    let wide = "\u{ff16}\u{ff14}-\u{ff11}\u{ff17}-\u{ff15}";
    for name in ["64-17-5", "64 17 5", "64-17-5.", "(64/17/5)", "CAS 64 17 5", "200 578 6", wide] {
        by.post("/v1/chemicals", json!({"name": name})).await.problem(422, "invalid");
        let new = json!({"name": "Spirit", "synonyms": ["brandy", name]});
        by.post("/v1/chemicals", new).await.problem(422, "invalid");
    }
    let new = json!({"name": "Methyl cyanide, old", "synonyms": ["75 05 8"]});
    by.post("/v1/chemicals", new).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_override_takes_a_synonym_of_another_chemical(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    add(&by, json!({"name": "Ethanol", "synonyms": ["Ethyl alcohol", "β-Spirit", "Éthol"]})).await;
    let path = overrides::of(&app, chemical(&app, "acetone", None, None).await);
    for name in ["Ethanol", "ETHYL ALCOHOL", "ethyl  alcohol", "Ethyl\u{a0}alcohol", "beta-spirit", "ethol"] {
        let said = overrides::put(&by, &path, None, json!({"name": name})).await.problem(422, "invalid");
        assert!(said.to_string().contains("is the name of another chemical, `Ethanol`"), "{name}: {said}");
    }
    overrides::put(&by, &path, None, json!({"name": "Acetone, denatured with ethanol"})).await.expect(201);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_calls_a_chemical_by_a_synonym_of_its_own(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let new = json!({"name": "Ethanol", "synonyms": ["Ethyl alcohol"]});
    let made = by.post("/v1/chemicals", new).await.created();
    let path = overrides::of(&app, made["id"].as_str().unwrap().parse().unwrap());
    overrides::put(&by, &path, None, json!({"name": "ethyl alcohol"})).await.expect(201);
}
