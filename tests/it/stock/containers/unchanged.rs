//! Equal values are equal however they are written, and to write them again changes nothing.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle_of, chemical, events_of, path_of};
use crate::{
    catalogue::chemicals::overrides::{of, put},
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_patch_that_changes_nothing_books_no_edit_and_makes_no_version(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let bare = bottle_of(&app, &manager, water, "1", "L", json!({})).await;
    let more = json!({"tare": {"value": "5", "unit": "g"}, "low_at": {"value": "0.5", "unit": "L"}, "density": "0.8",
        "note": "x", "lot": "L", "supplier": "S", "catalogue_number": "C", "gtin": "4006381333931",
        "received_on": "2026-01-01", "expires_on": "2030-01-01", "code": "W-1"});
    let full = bottle_of(&app, &manager, water, "1", "L", more.clone()).await;
    let nulls = json!({"tare": null, "low_at": null, "density": null, "note": null, "lot": null, "supplier": null,
        "catalogue_number": null, "gtin": null, "received_on": null, "expires_on": null});
    let otherwise = json!({"tare": {"value": "0.0050", "unit": "kg"}, "low_at": {"value": "500.0", "unit": "mL"},
        "density": "0.80", "note": " x ", "gtin": "04006381333931"});
    for (made, patch) in [(&bare, nulls), (&bare, json!({})), (&full, more), (&full, otherwise)] {
        for etag in ["*", "\"1\""] {
            app.advance(TimeDelta::seconds(1));
            let answer = manager.patch(&path_of(&app, made), etag, patch.clone()).await;
            assert_eq!((answer.etag(), &answer.body), ("\"1\"".to_owned(), made), "{patch}");
        }
        let ledger = manager.get(&events_of(&app, made)).await.ok();
        assert_eq!(ledger["items"].as_array().unwrap().len(), 1, "{patch}");
    }
    manager.patch(&path_of(&app, &full), "\"2\"", json!({})).await.problem(412, "stale");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn numbers_are_shown_without_zeros_that_say_nothing_whoever_wrote_them(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, cataloguer) = (app.client("manager").await, app.cataloguer().await);
    let numbers = json!({"name": "ethanol", "density": "0.80", "molar_mass": "46.0700"});
    let ethanol = cataloguer.post("/v1/chemicals", numbers.clone()).await.created();
    let path = format!("/v1/chemicals/{}", ethanol["id"].as_str().unwrap());
    let shown = |it: &Value| (it["density"].clone(), it["molar_mass"].clone());
    assert_eq!(shown(&ethanol), (json!("0.8"), json!("46.07")));
    assert_eq!(shown(&cataloguer.get(&path).await.ok()), (json!("0.8"), json!("46.07")));
    let patched = cataloguer.patch(&path, "*", json!({"density": "0.790", "molar_mass": "46.10"})).await.ok();
    assert_eq!(shown(&patched), (json!("0.79"), json!("46.1")));

    let id = ethanol["id"].as_str().unwrap().parse().unwrap();
    let set = json!({"density": "0.80", "molar_mass": "46.0700"});
    assert_eq!(shown(&put(&manager, &of(&app, id), None, set).await.created()), (json!("0.8"), json!("46.07")));
    assert_eq!(shown(&manager.get(&of(&app, id)).await.ok()), (json!("0.8"), json!("46.07")));

    let made = bottle_of(&app, &manager, id, "1", "L", json!({"density": "0.90"})).await;
    let patched = manager.patch(&path_of(&app, &made), "*", json!({"density": "0.70"})).await.ok();
    assert_eq!((&made["density"], &patched["density"]), (&json!("0.9"), &json!("0.7")));
    let ledger = manager.get(&events_of(&app, &made)).await.ok();
    assert_eq!(ledger["items"][0]["changes"]["density"], json!(["0.9", "0.7"]));
    assert_eq!(ledger["items"][1]["changes"]["density"], json!([null, "0.9"]));
}
