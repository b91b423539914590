//! A line of the ledger says everything that its event changed, and what it counted with.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle, bottle_of, chemical, events_of, location, path_of, withdraw};
use crate::{journal::number, support::TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_says_what_changed_before_and_after(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let (water, shelf) = (chemical(&app, "water", None, Some("1")).await, location(&app, None, "room", "R").await);
    let more = json!({"density": "0.99", "tare": {"value": "30", "unit": "g"}, "expires_on": "2028-01-01"});
    let made = bottle_of(&app, &manager, water, "100", "mL", more).await;
    let (path, today) = (events_of(&app, &made), app.now().date_naive());
    let millilitres = |value: &str| json!({"value": value, "unit": "mL"});
    let grams = |value: &str| json!({"value": value, "unit": "g"});

    let receipt = manager.get(&path).await.ok()["items"][0].clone();
    let came = json!({"amount": [null, millilitres("100")], "state": [null, "in_stock"], "tare": [null, grams("30")],
        "density": [null, "0.99"], "expires_on": [null, "2028-01-01"], "chemical_id": [null, water],
        "code": [null, made["code"]]});
    assert_eq!(receipt["changes"], came);
    assert_eq!(receipt["by"], json!({"user_id": manager.user_id, "system": null, "for": null}));

    for (event, changes) in [
        (
            withdraw("12.50", "mL"),
            json!({"amount": [millilitres("100"), millilitres("87.5")],
            "state": ["in_stock", "opened"], "opened_on": [null, today]}),
        ),
        (withdraw("0.5", "mL"), json!({"amount": [millilitres("87.5"), millilitres("87")]})),
        (json!({"type": "move", "location_id": shelf}), json!({"location_id": [null, shelf]})),
        (
            json!({"type": "weigh", "gross": grams("79.5"), "tare": grams("30.0")}),
            json!({"amount": [millilitres("87"), millilitres("50")]}),
        ),
        (
            json!({"type": "weigh", "gross": grams("79.5"), "tare": grams("29.01")}),
            json!({"amount": [millilitres("50"), millilitres("51")], "tare": [grams("30"), grams("29.01")]}),
        ),
        (json!({"type": "check_out"}), json!({"state": ["opened", "on_loan"], "holder_id": [null, member.user_id]})),
        (
            json!({"type": "quarantine", "reason": "x"}),
            json!({"state": ["on_loan", "quarantined"], "holder_id": [member.user_id, null]}),
        ),
    ] {
        let posted = member.post(&path, event.clone()).await.created();
        assert_eq!(posted["event"]["changes"], changes, "{event}");
        let listed = member.get(&path).await.ok()["items"][0].clone();
        assert_eq!(listed["changes"], changes, "{event}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_says_all_that_the_container_came_with_in_the_ledger_and_in_the_audit(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, Some("1")).await;
    let shelf = location(&app, None, "room", "R").await;
    let sent = json!({"chemical_id": water, "location_id": shelf, "code": "B-1", "low_at": {"value": "0.05", "unit": "L"},
        "amount": {"value": "100", "unit": "mL"}, "tare": {"value": "0.03", "unit": "kg"}, "density": "0.99", "lot": "L7",
        "supplier": "Sigma", "catalogue_number": "E7023", "gtin": "4006381333931", "note": "for HPLC",
        "received_on": "2026-01-01", "opened_on": "2026-01-02", "expires_on": "2028-01-01"});
    let made = manager.post(&app.path("/containers"), sent.clone()).await.created();
    let mut came = json!({"state": [null, "opened"]});
    for field in sent.as_object().unwrap().keys() {
        came[field] = json!([null, made.get(field).unwrap_or(&sent[field])]);
    }
    let line = manager.get(&events_of(&app, &made)).await.ok()["items"][0].clone();
    assert_eq!(line["changes"], came);
    number(&app).await;
    let audit = manager.get(&app.path("/audit?kind=container.receive")).await.ok();
    let told = audit["items"][0]["changes"].as_object().unwrap();
    let named: Vec<_> = came.as_object().unwrap().keys().collect();
    assert_eq!(told.keys().collect::<Vec<_>>(), named, "{told:?}");
    for field in ["code", "lot", "supplier", "note", "low_at", "gtin", "catalogue_number", "chemical_id"] {
        assert_eq!(told[field], came[field], "{field}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_receipt_has_no_field_that_was_not_sent(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let line = manager.get(&events_of(&app, &made)).await.ok()["items"][0].clone();
    let named: Vec<_> = line["changes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(named, ["amount", "chemical_id", "code", "state"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_says_what_it_counted_with_and_whose_it_was(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager
        .post("/v1/chemicals", json!({"name": "acetonitrile", "formula": "C2H3N", "density": "0.786"}))
        .await
        .created();
    let acetonitrile = made["id"].as_str().unwrap().parse().unwrap();
    let common = bottle_of(&app, &manager, acetonitrile, "500", "mL", json!({})).await;
    let own = bottle_of(&app, &manager, acetonitrile, "500", "mL", json!({"density": "0.8"})).await;

    let event = manager.post(&events_of(&app, &common), withdraw("10", "g")).await.created()["event"].clone();
    assert_eq!(event["counted_with"], json!({"density": "0.786", "density_of": "chemical"}));
    assert_eq!((&event["delta"], &event["amount_after"]["value"]), (&json!("-12.7226"), &json!("487.2774")));
    let event = manager.post(&events_of(&app, &own), withdraw("10", "g")).await.created()["event"].clone();
    assert_eq!(event["counted_with"], json!({"density": "0.8", "density_of": "container"}));
    assert_eq!(event["delta"], "-12.5");
    let event = manager.post(&events_of(&app, &own), withdraw("1", "mmol")).await.created()["event"].clone();
    assert_eq!(event["counted_with"]["molar_mass_of"], "chemical");
    assert_eq!(event["typed"], json!({"value": "1", "unit": "mmol"}));
    let event = manager.post(&events_of(&app, &common), withdraw("1", "[foz_us]")).await.created()["event"].clone();
    assert_eq!((&event["counted_with"], &event["delta"]), (&Value::Null, &json!("-29.5735295625")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_patch_of_what_amounts_are_counted_with_is_an_edit_in_the_ledger_and_any_other_is_not(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let (path, ledger) = (path_of(&app, &made), events_of(&app, &made));
    for (patch, changes) in [
        (json!({"tare": {"value": "0.03", "unit": "kg"}}), json!({"tare": [null, {"value": "30", "unit": "g"}]})),
        (json!({"density": "0.8", "note": "x"}), json!({"density": [null, "0.8"]})),
        (json!({"expires_on": "2028-01-01"}), json!({"expires_on": [null, "2028-01-01"]})),
        (
            json!({"density": null, "received_on": "2026-01-01"}),
            json!({"density": ["0.8", null], "received_on": [null, "2026-01-01"]}),
        ),
    ] {
        let changed = manager.patch(&path, "*", patch).await.ok();
        let line = manager.get(&ledger).await.ok()["items"][0].clone();
        assert_eq!((&line["type"], &line["delta"], &line["changes"]), (&json!("edit"), &json!("0"), &changes));
        assert_eq!(line["seq"], changed["version"]);
        assert_eq!((&line["undoable"], &line["by"]["user_id"]), (&json!(false), &json!(manager.user_id)));
        let undo = json!({"type": "reverse", "event_id": line["id"]});
        manager.post(&ledger, undo).await.problem(409, "not-reversible");
    }
    let lines = manager.get(&ledger).await.ok()["items"].as_array().unwrap().len();
    for patch in [json!({"note": "y"}), json!({"tare": {"value": "30.0", "unit": "g"}}), json!({"lot": "L"}), json!({})]
    {
        manager.patch(&path, "*", patch).await.ok();
    }
    assert_eq!(manager.get(&ledger).await.ok()["items"].as_array().unwrap().len(), lines);
    let problem = manager.post(&ledger, json!({"type": "edit"})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/type");
}
