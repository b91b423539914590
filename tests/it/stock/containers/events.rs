use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{assert_ledger_adds_up, bottle, bottle_of, chemical, events_of, location, path_of, withdraw};
use crate::support::{TestApp, own_id};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_withdrawal_opens_the_bottle_and_takes_what_it_says(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "500", "mL").await;
    let member = app.client("member").await;

    let posted = member.post(&events_of(&app, &made), withdraw("12.5", "mL")).await.created();

    assert_eq!(posted["event"]["delta"], "-12.5");
    assert_eq!(posted["container"]["amount"], json!({"value": "487.5", "unit": "mL"}));
    assert_eq!(posted["container"]["state"], "opened");
    assert_eq!(posted["container"]["opened_on"], app.now().date_naive().to_string());
    let read = member.get(&path_of(&app, &made)).await.ok();
    assert_eq!(read, posted["container"], "what was answered is what is there");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn amounts_come_in_any_unit_of_the_dimension_or_in_mass_with_a_density(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "1", "L").await;
    for (value, unit, left) in [("100", "mL", "0.9"), ("78.93", "g", "0.8"), ("5000", "uL", "0.795")] {
        let posted = manager.post(&events_of(&app, &made), withdraw(value, unit)).await.created();
        assert_eq!(posted["container"]["amount"]["value"], left, "{value} {unit}");
        assert_eq!(posted["event"]["typed"], json!({"value": value, "unit": unit}));
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn mass_against_volume_without_a_density_is_refused_not_guessed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let unknown = chemical(&app, "something", None, None).await;
    let made = bottle_of(&app, &manager, unknown, "1", "L", json!({})).await;
    let problem = manager.post(&events_of(&app, &made), withdraw("1", "g")).await.problem(422, "inconvertible");
    assert!(problem["detail"].as_str().unwrap().contains("density"), "{problem}");
    assert_eq!(problem["missing"], json!(["density"]));
    let problem = manager.post(&events_of(&app, &made), withdraw("1", "mol")).await.problem(422, "inconvertible");
    assert_eq!(problem["missing"], json!(["density", "molar_mass"]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn more_than_there_is_cannot_be_withdrawn(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let problem =
        manager.post(&events_of(&app, &made), withdraw("10.000000000001", "mL")).await.problem(409, "not-enough");
    assert_eq!(problem["detail"], "there is 10 mL in the container");
    assert_eq!(problem["left"], json!({"value": "10", "unit": "mL"}));
    manager.post(&events_of(&app, &made), withdraw("10", "mL")).await.created();
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_hundred_concurrent_withdrawals_lose_none_and_never_overdraw(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "150", "mL").await;
    let path = events_of(&app, &made);

    let phones = (0..200).map(|_| {
        let (member, path) = (manager.clone(), path.clone());
        tokio::spawn(async move { member.post(&path, withdraw("1", "mL")).await.status.as_u16() })
    });
    let mut answers = Vec::new();
    for phone in phones.collect::<Vec<_>>() {
        answers.push(phone.await.unwrap());
    }

    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 150, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 50);
    let read = manager.get(&path_of(&app, &made)).await.ok();
    assert_eq!(read["amount"]["value"], "0");
    assert_eq!(read["version"], 151);
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_with_the_same_id_is_booked_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let mut event = withdraw("1", "mL");
    event["id"] = json!(own_id());

    let first = manager.post(&events_of(&app, &made), event.clone()).await.created();
    let again = manager.post(&events_of(&app, &made), event.clone()).await.ok();
    assert_eq!(again["event"], first["event"]);
    assert_eq!(again["container"]["amount"]["value"], "9");

    event["amount"]["value"] = json!("2");
    manager.post(&events_of(&app, &made), event).await.problem(409, "id-taken");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn weighing_takes_off_the_tare_and_converts(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "500", "mL").await;
    let path = events_of(&app, &made);

    let problem = manager.post(&path, json!({"type": "weigh", "gross": {"value": "500", "unit": "g"}})).await;
    assert_eq!(problem.problem(422, "invalid")["errors"][0]["pointer"], "/tare");

    let weigh =
        json!({"type": "weigh", "gross": {"value": "378.93", "unit": "g"}, "tare": {"value": "0.3", "unit": "kg"}});
    let posted = manager.post(&path, weigh).await.created();
    assert_eq!(posted["container"]["amount"], json!({"value": "100", "unit": "mL"}));
    assert_eq!(posted["container"]["tare"]["unit"], "g");

    let light = json!({"type": "weigh", "gross": {"value": "299", "unit": "g"}});
    let problem = manager.post(&path, light).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/gross/value");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_refused_event_says_what_is_allowed(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    location(&app, None, "shelf", "A").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    manager.post(&path, json!({"type": "quarantine", "reason": "label unreadable"})).await.created();

    let member = app.client("member").await;
    let problem = member.post(&path, withdraw("1", "mL")).await.problem(409, "event-not-allowed");
    assert_eq!(problem["allowed_actions"], json!(["adjust", "move", "lose", "discard"]));

    member.post(&path, json!({"type": "release"})).await.problem(403, "forbidden");
    let released = manager.post(&path, json!({"type": "release"})).await.created();
    assert_eq!(released["container"]["state"], "in_stock");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn only_who_has_it_on_loan_may_use_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, borrower, other) =
        (app.client("manager").await, app.client("member").await, app.client("member").await);
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    let lent = borrower.post(&path, json!({"type": "check_out"})).await.created();
    assert_eq!(lent["container"]["holder_id"], json!(borrower.user_id));
    other.post(&path, withdraw("1", "mL")).await.problem(409, "event-not-allowed");
    borrower.post(&path, withdraw("1", "mL")).await.created();
    for event in ["check_in", "weigh", "adjust"] {
        let event = json!({"type": event, "reason": "x", "amount": (event == "adjust").then_some(json!({"value": "1", "unit": "mL"})),
            "gross": (event == "weigh").then_some(json!({"value": "9", "unit": "g"}))});
        other.post(&path, event).await.problem(409, "event-not-allowed");
    }
    let back = manager.post(&path, json!({"type": "check_in"})).await.created();
    assert_eq!((&back["container"]["state"], &back["container"]["holder_id"]), (&json!("opened"), &Value::Null));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_is_checked_out_to_another_member_and_to_nobody_else(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, borrower, stranger) = (app.client("manager").await, app.client("member").await, app.stranger().await);
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    let to = |person: Uuid| json!({"type": "check_out", "holder_id": person});
    let problem = manager.post(&path, to(stranger.user_id)).await.problem(422, "holder-refused");
    assert_eq!(problem["errors"][0]["pointer"], "/holder_id");
    let lent = manager.post(&path, to(borrower.user_id)).await.created();
    assert_eq!(lent["container"]["holder_id"], json!(borrower.user_id));
    assert_eq!(lent["event"]["changes"]["holder_id"], json!([null, borrower.user_id]));
    borrower.post(&path, withdraw("1", "mL")).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_life_from_receipt_to_disposal_stands_in_the_ledger(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let shelf = location(&app, None, "shelf", "A").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    for event in [
        json!({"type": "open"}),
        json!({"type": "move", "location_id": shelf}),
        withdraw("4", "mL"),
        json!({"type": "return", "amount": {"value": "1", "unit": "mL"}}),
        json!({"type": "adjust", "amount": {"value": "6.5", "unit": "mL"}, "reason": "evaporated"}),
        json!({"type": "lose"}),
        json!({"type": "find"}),
        json!({"type": "discard"}),
        json!({"type": "dispose"}),
    ] {
        app.advance(TimeDelta::seconds(1));
        manager.post(&path, event).await.created();
    }
    let ledger = manager.get(&path).await.ok();
    let lines = ledger["items"].as_array().unwrap();
    let types: Vec<_> = lines.iter().rev().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["receive", "open", "move", "withdraw", "return", "adjust", "lose", "find", "discard", "dispose"]
    );
    assert_eq!(lines[0]["delta"], "-6.5");
    assert_eq!(lines[0]["state_after"], "disposed");
    assert_eq!(lines[7]["location_after"], json!(shelf));
    manager.post(&path, withdraw("1", "mL")).await.problem(409, "event-not-allowed");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_reversal_books_the_opposite_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    let wrong = manager.post(&path, withdraw("4", "mL")).await.created();
    let undo = json!({"type": "reverse", "event_id": wrong["event"]["id"]});

    let undone = manager.post(&path, undo.clone()).await.created();
    assert_eq!(undone["event"]["delta"], "4");
    assert_eq!(undone["event"]["reverses"], wrong["event"]["id"]);
    assert_eq!(undone["container"]["amount"]["value"], "10");
    assert_eq!(undone["container"]["state"], "in_stock", "the withdrawal had opened it");
    assert_eq!(undone["container"]["opened_on"], Value::Null);

    manager.post(&path, undo).await.problem(409, "not-reversible");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_cannot_be_undone_says_why(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    let path = events_of(&app, &made);
    let used = manager.post(&path, withdraw("1", "mL")).await.created();
    manager.post(&path, json!({"type": "empty"})).await.created();
    let undo = |event: &Value| json!({"type": "reverse", "event_id": event});
    manager.post(&path, undo(&used["event"]["id"])).await.problem(409, "not-reversible");

    let ledger = manager.get(&path).await.ok();
    let receipt = &ledger["items"][2]["id"];
    manager.post(&path, undo(receipt)).await.problem(409, "not-reversible");

    let nothing = manager.post(&path, undo(&json!(Uuid::now_v7()))).await.problem(422, "invalid");
    assert_eq!(nothing["errors"][0]["pointer"], "/event_id");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_with_missing_or_foreign_fields_is_pointed_at(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    for (event, pointer) in [
        (json!({"type": "withdraw"}), "/amount"),
        (withdraw("0", "mL"), "/amount/value"),
        (withdraw("-1", "mL"), "/amount/value"),
        (withdraw("1e400", "mL"), "/amount/value"),
        (withdraw("1", "furlong"), "/amount/unit"),
        (json!({"type": "withdraw", "amount": {"value": 1, "unit": "mL"}}), "/amount/value"),
        (json!({"type": "open", "location_id": Uuid::nil()}), "/location_id"),
        (json!({"type": "move", "location_id": Uuid::now_v7()}), "/location_id"),
        (json!({"type": "explode"}), "/type"),
        (json!({"type": "open", "reason": "a\u{0}b"}), "/reason"),
        (json!({"type": "open", "reason": "x".repeat(10_000)}), "/reason"),
        (json!({"type": "adjust", "amount": {"value": "1", "unit": "mL"}}), "/reason"),
    ] {
        let problem = manager.post(&events_of(&app, &made), event.clone()).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{event}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_ledger_is_append_only_also_for_the_database(db: PgPool) {
    let app = TestApp::new(db).await;
    bottle(&app, &app.client("manager").await, "10", "mL").await;
    for statement in ["update stock_events set delta = 0", "delete from stock_events", "truncate stock_events"] {
        let refused = sqlx::query(statement).execute(&app.db).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}
