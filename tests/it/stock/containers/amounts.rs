//! What people read as numbers: exact, without zeros that mean nothing, and no more digits than a density is worth.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{assert_ledger_adds_up, bottle, bottle_of, chemical, events_of, path_of, withdraw};
use crate::support::{Client, TestApp};

fn quantity(text: &str) -> Value {
    let (value, unit) = text.split_once(' ').unwrap();
    json!({"value": value, "unit": unit})
}

/// Posts the events of a case; how many were refused, and the bottle.
async fn lead(app: &TestApp, by: &Client, case: &Value) -> (u64, Value, u64) {
    let density = case["bottle"]["density"].as_str();
    let of = chemical(app, &format!("substance {}", uuid::Uuid::now_v7()), None, density).await;
    let amount = quantity(case["bottle"]["amount"].as_str().unwrap());
    let made =
        bottle_of(app, by, of, amount["value"].as_str().unwrap(), amount["unit"].as_str().unwrap(), json!({})).await;
    let (mut refused, mut undone, mut booked) = (0, 0, Vec::new());
    let mut by = by.clone();
    for event in case["events"].as_array().unwrap() {
        app.advance(chrono::TimeDelta::days(1));
        by = app.signed_in(&by).await;
        let mut body = json!({"type": event["type"]});
        if let Some(amount) = event["amount"].as_str() {
            body["amount"] = quantity(amount);
        }
        if let Some(of) = event["of"].as_u64() {
            body["event_id"] = Value::clone(&booked[usize::try_from(of).unwrap()]);
            undone += 1;
        }
        let answer = by.post(&events_of(app, &made), body).await;
        refused += u64::from(answer.status != 201);
        booked.push(answer.body["event"]["id"].clone());
    }
    (refused, by.get(&path_of(app, &made)).await.ok(), undone)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_is_used_up_by_mass_and_undone_as_the_cases_say(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../data/cases/ledger.json")).unwrap();
    for case in &cases {
        let manager = app.signed_in(&manager).await;
        let (refused, bottle, undone) = lead(&app, &manager, case).await;
        let expected = &case["expect"];
        if let Some(amount) = expected["amount"].as_str() {
            assert_eq!(bottle["amount"], quantity(amount), "{case}");
        }
        if let Some(count) = expected["refused"].as_u64() {
            assert_eq!(refused, count, "{case}");
        }
        if let Some(state) = expected["state"].as_str() {
            assert_eq!(bottle["state"], state, "{case}");
        }
        match &expected["opened_on"] {
            Value::String(_) => {
                let days = case["events"].as_array().unwrap().len() - usize::try_from(undone).unwrap();
                let second = app.now() - chrono::TimeDelta::days(i64::try_from(undone).unwrap());
                assert_eq!((days, &bottle["opened_on"]), (2, &json!(second.date_naive())), "{case}");
            }
            none if expected.get("opened_on").is_some() => assert_eq!(&bottle["opened_on"], none, "{case}"),
            _ => {}
        }
        if expected.is_string() {
            let second = json!((app.now() - chrono::TimeDelta::days(1)).date_naive());
            assert!(refused == 1 || (bottle["state"] == "opened" && bottle["opened_on"] == second), "{bottle}");
        }
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn amounts_have_no_zeros_that_mean_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetonitrile = chemical(&app, "acetonitrile", None, Some("0.786")).await;
    let made = bottle_of(&app, &manager, acetonitrile, "500.00", "mL", json!({})).await;
    for (event, delta, left) in [
        (withdraw("10", "g"), "-12.7226", "487.2774"),
        (withdraw("1.000", "mL"), "-1", "486.2774"),
        (json!({"type": "return", "amount": {"value": "1.0", "unit": "mL"}}), "1", "487.2774"),
        (withdraw("1", "[foz_us]"), "-29.5735295625", "457.7038704375"),
        (json!({"type": "adjust", "amount": {"value": "400.0", "unit": "mL"}, "reason": "x"}), "-57.7038704375", "400"),
    ] {
        let posted = manager.post(&events_of(&app, &made), event).await.created();
        assert_eq!((&posted["event"]["delta"], &posted["container"]["amount"]["value"]), (&json!(delta), &json!(left)));
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn mass_converts_to_amount_of_substance_with_the_molar_mass(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let salt = manager.post("/v1/chemicals", json!({"name": "sodium chloride", "formula": "NaCl"})).await.created();
    let made = bottle_of(&app, &manager, salt["id"].as_str().unwrap().parse().unwrap(), "100", "g", json!({})).await;
    let posted = manager.post(&events_of(&app, &made), withdraw("1", "mol")).await.created();
    assert_eq!(posted["event"]["delta"], "-58.44", "{posted}");
    let problem = manager.post(&events_of(&app, &made), withdraw("1", "mol")).await.problem(409, "not-enough");
    assert_eq!(problem["left"]["unit"], "mol");
    let problem = manager.post(&events_of(&app, &made), withdraw("1", "mL")).await.problem(422, "inconvertible");
    assert_eq!(problem["missing"], json!(["density"]));
    assert_eq!(problem["errors"][0]["pointer"], "/amount/unit");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_comes_to_nothing_moves_nothing_and_opens_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle_of(&app, &manager, chemical(&app, "water", None, None).await, "1", "kg", json!({})).await;
    for kind in ["withdraw", "return", "receive"] {
        for (value, unit) in [("0", "g"), ("0.000", "kg"), ("0.4", "ng")] {
            let event = json!({"type": kind, "amount": {"value": value, "unit": unit}});
            let problem = manager.post(&events_of(&app, &made), event).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "/amount/value", "{kind} {value} {unit}");
        }
    }
    assert_eq!(manager.get(&path_of(&app, &made)).await.ok(), made, "nothing has changed");
    let nothing = json!({"type": "adjust", "amount": {"value": "0", "unit": "kg"}, "reason": "spilt"});
    manager.post(&events_of(&app, &made), nothing).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn low_at_converts_alike_when_a_bottle_is_made_and_when_it_is_changed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, Some("0.7893")).await;
    let low = json!({"low_at": {"value": "78.93", "unit": "g"}});
    let made = bottle_of(&app, &manager, ethanol, "500", "mL", low.clone()).await;
    assert_eq!(made["low_at"], json!({"value": "100", "unit": "mL"}));
    let other = bottle_of(&app, &manager, ethanol, "500", "mL", json!({})).await;
    assert_eq!(manager.patch(&path_of(&app, &other), "*", low).await.ok()["low_at"], made["low_at"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_refusal_names_as_left_can_be_taken_and_leaves_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for (amount, unit, typed) in
        [("0.3", "mL", "[gal_us]"), ("0.5", "mL", "[gal_us]"), ("73.1", "[pt_us]", "mL"), ("0.7", "[lb_av]", "g")]
    {
        let made = bottle(&app, &manager, amount, unit).await;
        let path = events_of(&app, &made);
        let refused = manager.post(&path, withdraw("900000", typed)).await.problem(409, "not-enough");
        assert_eq!(refused["left"]["unit"], typed);
        let taken = manager.post(&path, json!({"type": "withdraw", "amount": refused["left"]})).await.created();
        assert_eq!(taken["container"]["amount"]["value"], "0", "{amount} {unit} by {typed}");
    }
    assert_ledger_adds_up(&app).await;
}
