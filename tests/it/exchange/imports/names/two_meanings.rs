//! A name that two entries have is of neither, whichever of them goes by it first.

use chemstock::catalogue::chemicals::Names;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, bottles, chemicals, known, reasons};
use crate::{
    catalogue::chemicals::overrides::{of, put},
    exchange::imports::chemical,
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_name_of_one_and_the_synonym_of_another_are_two_meanings(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let rows = "name,cas,synonyms\nL-asparagine,70-47-3,asparagine\n";
    known(&app, &folder, rows).await;
    let manager = app.client("manager").await;
    manager.post("/v1/chemicals", json!({"name": "asparagine", "cas": "3130-87-8"})).await.created();
    let told =
        bottles(&app, &folder, &["asparagine,", "asparagine,70-47-3", "asparagine,3130-87-8", "L-asparagine,"]).await;
    let first = told[0].as_deref().unwrap_or_default();
    assert!(first.contains("asparagine (3130-87-8)") && first.contains("L-asparagine (70-47-3)"), "{first}");
    assert_eq!(told[1..], [None, None, None]);
    let report = chemicals(&app, &folder, "name,formula\nasparagine,C4H8N2O3\n", Names::default()).await;
    let told = reasons(&report).remove(0);
    assert!(told.contains("3130-87-8") && told.contains("70-47-3") && told.contains("give the CAS number"), "{told}");
    let told = reasons(&chemicals(&app, &folder, "name\nasparagine\n", Names::default()).await).remove(0);
    assert!(
        told.contains("3130-87-8") && told.contains("70-47-3"),
        "a row that brings nothing has two meanings: {told}"
    );
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_synonym_of_two_alone_is_refused_with_both(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas,synonyms\nethanol,64-17-5,spirit\nacetone,67-64-1,spirit\n").await;
    let told = reasons(&chemicals(&app, &folder, "name,cas\nSpirit,\n", Names::default()).await).remove(0);
    assert!(["`ethanol` (64-17-5)", "`acetone` (67-64-1)"].iter().all(|one| told.contains(one)), "{told}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_calls_nothing_by_the_name_of_another_substance(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas,synonyms\nethanol,64-17-5,\nmethanol,67-56-1,carbinol\n").await;
    let manager = app.client("manager").await;
    let ethanol = of(&app, chemical(&app, "64-17-5").await["id"].as_str().expect("an id").parse().expect("a UUID"));
    for name in ["methanol", "METHANOL", "Methanol", "carbinol", "Carbinol"] {
        let problem = put(&manager, &ethanol, None, json!({"name": name})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
        assert!(detail.contains("is the name of another chemical, `methanol` (67-56-1)"), "{detail}");
    }
    put(&manager, &ethanol, None, json!({"name": "Ethanol"})).await.expect(201);
    // As an older version let it in.
    sqlx::query("update chemical_overrides set name = 'methanol', terms = '{methanol}'")
        .execute(&app.db)
        .await
        .expect("a row");
    let told = bottles(&app, &folder, &["methanol,", "methanol,64-17-5", "methanol,67-56-1"]).await;
    assert!(told[0].as_deref().is_some_and(|it| it.contains("64-17-5") && it.contains("67-56-1")), "{told:?}");
    assert_eq!(told[1..], [None, None], "a number decides between two meanings");
}
