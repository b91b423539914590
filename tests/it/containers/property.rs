//! Whatever is posted in whatever order: the deltas sum up to the amount, which is never below zero.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{assert_ledger_adds_up, bottle, bottle_of, chemical, events_of, location, path_of};
use crate::support::TestApp;

fn amount() -> impl Strategy<Value = Value> {
    let value = prop_oneof!["[0-9]{1,3}", "[0-9]{1,3}\\.[0-9]{1,12}", "[0-9]{1,12}"];
    let unit = prop::sample::select(vec!["mL", "L", "uL", "g", "kg", "mg", "[gal_us]", "[lb_av]", "mol", "1"]);
    (value, unit).prop_map(|(value, unit)| json!({"value": value, "unit": unit}))
}

fn event(place: &str) -> impl Strategy<Value = Value> + use<> {
    let plain = prop::sample::select(vec![
        "open",
        "check_out",
        "check_in",
        "quarantine",
        "release",
        "lose",
        "find",
        "empty",
        "discard",
        "dispose",
    ]);
    prop_oneof![
        4 => (prop::sample::select(vec!["withdraw", "return", "receive", "adjust"]), amount())
            .prop_map(|(kind, amount)| json!({"type": kind, "amount": amount, "reason": "test"})),
        1 => (amount(), prop::option::of(amount()))
            .prop_map(|(gross, tare)| json!({"type": "weigh", "gross": gross, "tare": tare})),
        2 => plain.prop_map(|kind| json!({"type": kind, "reason": "test"})),
        1 => Just(json!({"type": "move", "location_id": place})),
        // Which event to undo: its place in the ledger, counted from the newest.
        2 => (0..6_usize).prop_map(|back| json!({"type": "reverse", "back": back})),
    ]
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn any_sequence_of_events_leaves_a_ledger_that_adds_up(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, Some("0.7893")).await;
    let place = location(&app, None, "room", "R").await.to_string();
    let mut runner = TestRunner::new(Config::default());
    let mut booked = 0;
    for _ in 0..40 {
        let events = prop::collection::vec(event(&place), 1..25).new_tree(&mut runner).unwrap().current();
        let made = bottle_of(&app, &manager, ethanol, "100", "mL", json!({})).await;
        let path = events_of(&app, &made);
        for mut event in events {
            if let Some(back) = event.as_object_mut().unwrap().remove("back") {
                let ledger = manager.get(&path).await.ok();
                let back = usize::try_from(back.as_u64().unwrap()).unwrap();
                let undone = &ledger["items"][back]["id"];
                event["event_id"] = if undone.is_null() { json!(uuid::Uuid::nil()) } else { undone.clone() };
            }
            let answer = manager.post(&path, event.clone()).await;
            let status = answer.status.as_u16();
            assert!([201, 409, 422].contains(&status), "{event} was answered {status}: {}", answer.text);
            booked += usize::from(status == 201);
        }
        let read = manager.get(&path_of(&app, &made)).await.ok();
        let amount: Decimal = read["amount"]["value"].as_str().unwrap().parse().unwrap();
        assert!(amount >= Decimal::ZERO);
    }
    assert!(booked > 100, "only {booked} events were accepted: the test has lost its teeth");
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn random_events_from_many_phones_at_once_leave_a_ledger_that_adds_up(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let place = location(&app, None, "room", "R").await.to_string();
    let mut runner = TestRunner::new(Config::default());
    let phones = (0..8).map(|_| {
        let strategy = prop::collection::vec(event(&place), 15);
        let events = strategy.new_tree(&mut runner).unwrap().current();
        let (by, path) = (manager.clone(), events_of(&app, &made));
        tokio::spawn(async move {
            for event in events.into_iter().filter(|event| event.get("back").is_none()) {
                let answer = by.post(&path, event.clone()).await;
                assert!([201, 409, 422].contains(&answer.status.as_u16()), "{event}: {}", answer.text);
            }
        })
    });
    for phone in phones.collect::<Vec<_>>() {
        phone.await.unwrap();
    }
    assert_ledger_adds_up(&app).await;
}
