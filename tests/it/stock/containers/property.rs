//! Whatever is posted by whomever in whatever order: what holds of every bottle, holds.

use std::collections::HashSet;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{assert_ledger_adds_up, bottle, bottle_of, chemical, events_of, location, path_of};
use crate::support::{Client, TestApp};

/// What an event can change, by its name in `changes` and in the container.
const CHANGED: [&str; 9] =
    ["amount", "state", "location_id", "opened_on", "holder_id", "tare", "density", "received_on", "expires_on"];

fn amount() -> impl Strategy<Value = Value> {
    let value = prop_oneof![3 => "[0-9]{1,2}", 2 => "[0-9]{1,3}\\.[0-9]{1,12}", 1 => "[0-9]{1,12}"];
    let unit =
        prop::sample::select(vec!["mL", "mL", "L", "uL", "g", "g", "kg", "mg", "[gal_us]", "[lb_av]", "mol", "1"]);
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
        4 => (prop::sample::select(vec!["withdraw", "withdraw", "return", "receive", "adjust"]), amount())
            .prop_map(|(kind, amount)| json!({"type": kind, "amount": amount, "reason": "test"})),
        1 => (amount(), prop::option::of(amount()))
            .prop_map(|(gross, tare)| json!({"type": "weigh", "gross": gross, "tare": tare})),
        5 => plain.prop_map(|kind| json!({"type": kind, "reason": "test"})),
        1 => Just(json!({"type": "move", "location_id": place})),
        1 => prop::sample::select(vec![json!({"tare": {"value": "5", "unit": "g"}}), json!({"tare": null}),
            json!({"density": "0.8"}), json!({"density": null}), json!({"expires_on": "2028-01-01"})])
            .prop_map(|patch| json!({"patch": patch})),
        // Which event to undo: its place in the ledger, counted from the newest.
        4 => (0..6_usize).prop_map(|back| json!({"type": "reverse", "back": back})),
    ]
}

struct Lab {
    app: TestApp,
    people: Vec<Client>,
    place: String,
    runner: TestRunner,
}

impl Lab {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db).await;
        let mut people = Vec::new();
        for role in ["member", "member", "manager", "admin"] {
            people.push(app.client(role).await);
        }
        let place = location(&app, None, "room", "R").await.to_string();
        Self { app, people, place, runner: TestRunner::new(Config::default()) }
    }

    fn draw<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    /// Posts what was drawn; whether it was booked.
    async fn post(&self, by: &Client, made: &Value, mut event: Value) -> bool {
        let path = events_of(&self.app, made);
        if let Some(patch) = event.get("patch") {
            let answer = by.patch(&path_of(&self.app, made), "*", patch.clone()).await;
            assert!([200, 403, 409].contains(&answer.status.as_u16()), "{}", answer.text);
            return answer.status == 200;
        }
        if let Some(back) = event.as_object_mut().unwrap().remove("back") {
            let ledger = by.get(&path).await.ok();
            let undone = &ledger["items"][usize::try_from(back.as_u64().unwrap()).unwrap()];
            event["event_id"] = if undone.is_null() { json!(Uuid::nil()) } else { undone["id"].clone() };
            let answer = by.post(&path, event.clone()).await;
            assert_eq!(
                answer.status == 201,
                undone["undoable"] == true,
                "{undone} was undone by {event}: {}",
                answer.text
            );
            return answer.status == 201;
        }
        let answer = by.post(&path, event.clone()).await;
        let status = answer.status.as_u16();
        assert!([201, 403, 409, 422].contains(&status), "{event} was answered {status}: {}", answer.text);
        status == 201
    }
}

/// What holds of every bottle at every time.
fn assert_invariants(bottle: &Value) {
    let state = bottle["state"].as_str().unwrap();
    let amount: Decimal = bottle["amount"]["value"].as_str().unwrap().parse().unwrap();
    assert_eq!(state == "on_loan", !bottle["holder_id"].is_null(), "on loan is with a holder: {bottle}");
    assert!(amount >= Decimal::ZERO);
    assert!(!["empty", "disposed", "voided"].contains(&state) || amount.is_zero(), "gone is without content: {bottle}");
    assert!(state != "in_stock" || bottle["opened_on"].is_null(), "in stock is unopened: {bottle}");
    assert!(state != "opened" || !bottle["opened_on"].is_null(), "opened on a day: {bottle}");
    let text = bottle["amount"]["value"].as_str().unwrap();
    assert!(!text.contains('.') || !text.ends_with('0'), "no zeros that mean nothing: {bottle}");
}

/// Every field that an event can change follows from the ledger.
fn assert_replay(ledger: &Value, bottle: &Value) {
    let mut replayed = Map::new();
    for line in ledger["items"].as_array().unwrap().iter().rev() {
        for (field, change) in line["changes"].as_object().unwrap() {
            let before = replayed.insert(field.clone(), change[1].clone()).unwrap_or(Value::Null);
            assert_eq!(before, change[0], "{field} was something else before {line}");
        }
    }
    for field in CHANGED {
        assert_eq!(replayed.get(field).unwrap_or(&Value::Null), &bottle[field], "{field} of {bottle}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_life_keeps_what_holds_of_every_bottle_and_follows_from_its_ledger(db: PgPool) {
    let mut lab = Lab::new(db).await;
    let manager = lab.people[2].clone();
    let ethanol = chemical(&lab.app, "ethanol", None, Some("0.7893")).await;
    let mut booked = 0;
    for _ in 0..40 {
        let made = bottle_of(&lab.app, &manager, ethanol, "100", "mL", json!({})).await;
        let events = prop::collection::vec((event(&lab.place), 0..lab.people.len()), 1..20);
        for (event, who) in lab.draw(events) {
            booked += usize::from(lab.post(&lab.people[who], &made, event).await);
            assert_invariants(&manager.get(&path_of(&lab.app, &made)).await.ok());
        }
        let ledger = manager.get(&format!("{}?limit=200", events_of(&lab.app, &made))).await.ok();
        assert_replay(&ledger, &manager.get(&path_of(&lab.app, &made)).await.ok());
    }
    assert!(booked > 100, "only {booked} events were accepted: the test has lost its teeth");
    assert_ledger_adds_up(&lab.app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_undo_of_the_newest_event_gives_back_every_field(db: PgPool) {
    let mut lab = Lab::new(db).await;
    let (manager, admin) = (lab.people[2].clone(), lab.people[3].clone());
    let ethanol = chemical(&lab.app, "ethanol", None, Some("0.7893")).await;
    let mut undone = 0;
    for _ in 0..30 {
        let made = bottle_of(&lab.app, &manager, ethanol, "100", "mL", json!({})).await;
        let (bottle, path) = (path_of(&lab.app, &made), events_of(&lab.app, &made));
        let events = prop::collection::vec((event(&lab.place), 0..lab.people.len()), 1..12);
        for (event, who) in lab.draw(events) {
            let before = admin.get(&bottle).await.ok();
            if !lab.post(&lab.people[who], &made, event.clone()).await
                || event.get("back").is_some()
                || event.get("patch").is_some()
            {
                continue;
            }
            let newest = admin.get(&path).await.ok()["items"][0].clone();
            let undo = json!({"type": "reverse", "event_id": newest["id"]});
            let after = admin.post(&path, undo).await.created()["container"].clone();
            for field in CHANGED {
                assert_eq!(after[field], before[field], "{field} after the undo of {newest}");
            }
            undone += 1;
            lab.post(&lab.people[who], &made, event).await;
        }
    }
    assert!(undone > 15, "only {undone} events were undone: the test has lost its teeth");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_offered_succeeds_and_what_is_not_offered_fails(db: PgPool) {
    let mut lab = Lab::new(db).await;
    let manager = lab.people[2].clone();
    let ethanol = chemical(&lab.app, "ethanol", None, Some("0.7893")).await;
    let types: HashSet<&str> = [
        "receive",
        "open",
        "withdraw",
        "return",
        "weigh",
        "adjust",
        "move",
        "check_out",
        "check_in",
        "quarantine",
        "release",
        "lose",
        "find",
        "empty",
        "discard",
        "dispose",
        "reverse",
    ]
    .into();
    for _ in 0..12 {
        let made = bottle_of(&lab.app, &manager, ethanol, "100", "mL", json!({})).await;
        let path = events_of(&lab.app, &made);
        let events = prop::collection::vec((event(&lab.place), 0..lab.people.len()), 0..6);
        let events = lab.draw(events);
        for (event, who) in &events {
            lab.post(&lab.people[*who], &made, event.clone()).await;
        }
        for kind in &types {
            for by in &lab.people[1..3] {
                let scanned = by.get(&lab.app.path(&format!("/scan/{}", made["code"].as_str().unwrap()))).await.ok();
                if scanned["type"] != "container" {
                    continue;
                }
                let offered = scanned["allowed_actions"].as_array().unwrap().contains(&json!(kind));
                let ledger = by.get(&path).await.ok();
                let lines = ledger["items"].as_array().unwrap();
                let undone: HashSet<_> = lines.iter().map(|line| &line["reverses"]).collect();
                let may_be_undone = |line: &&Value| line["type"] != "reverse" && line["type"] != "edit";
                let newest = lines.iter().filter(may_be_undone).find(|line| !undone.contains(&line["id"]));
                let answer = by.post(&path, valid(kind, &lab.place, newest)).await;
                assert_eq!(answer.status == 201, offered, "{kind} by {} of {events:?}: {}", by.user_id, answer.text);
            }
        }
    }
}

fn valid(kind: &str, place: &str, newest: Option<&Value>) -> Value {
    let mut event = json!({"type": kind, "reason": "test"});
    match kind {
        "withdraw" => event["amount"] = json!({"value": "0.000000000001", "unit": "mL"}),
        "receive" | "return" | "adjust" => event["amount"] = json!({"value": "1", "unit": "mL"}),
        "weigh" => {
            event["gross"] = json!({"value": "9", "unit": "g"});
            event["tare"] = json!({"value": "2", "unit": "g"});
        }
        "move" => event["location_id"] = json!(place),
        "reverse" => event["event_id"] = newest.map_or(json!(Uuid::now_v7()), |line| line["id"].clone()),
        _ => {}
    }
    event
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn random_events_from_many_phones_at_once_leave_a_ledger_that_adds_up(db: PgPool) {
    let mut lab = Lab::new(db).await;
    let manager = lab.people[2].clone();
    let made = bottle(&lab.app, &manager, "100", "mL").await;
    let mut phones = Vec::new();
    for _ in 0..8 {
        let place = lab.place.clone();
        let events = lab.draw(prop::collection::vec(event(&place), 15));
        let (by, path) = (manager.clone(), events_of(&lab.app, &made));
        phones.push(tokio::spawn(async move {
            for event in events.into_iter().filter(|event| event.get("back").is_none() && event.get("patch").is_none())
            {
                let answer = by.post(&path, event.clone()).await;
                assert!([201, 409, 422].contains(&answer.status.as_u16()), "{event}: {}", answer.text);
            }
        }));
    }
    for phone in phones {
        phone.await.unwrap();
    }
    let bottle = manager.get(&path_of(&lab.app, &made)).await.ok();
    assert_invariants(&bottle);
    let ledger = manager.get(&format!("{}?limit=200", events_of(&lab.app, &made))).await.ok();
    assert_replay(&ledger, &bottle);
    assert_ledger_adds_up(&lab.app).await;
}
