//! How the two lives are held against each other.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Difference, Life,
    bottle::{Bottle, Event, Person, Refusal, State},
};
use crate::{
    stock::containers::{events_of, path_of},
    support::{Answer, Client},
};

macro_rules! same {
    ($got:expr, $wanted:expr, $($what:tt)+) => {
        if $got != $wanted {
            return Err(format!("{}: {:?} instead of {:?}", format_args!($($what)+), $got, $wanted));
        }
    };
}

impl Life<'_> {
    pub fn check_line(&self, line: &Value, event: &Event, by: &Person, before: &Value) -> Result<(), Difference> {
        let after = self.bottle.shown();
        same!(line["changes"], changes(before, &after), "changes of {}", event.kind);
        same!(line["by"], json!({"user_id": by.id, "system": null, "for": null}), "by");
        same!(
            line["occurred_at"].as_str().unwrap().parse::<DateTime<Utc>>().ok(),
            Some(self.occurred(event).min(self.app.now())),
            "time"
        );
        same!(line["amount_after"], after["amount"], "amount_after");
        same!(line["state_before"], before["state"], "state_before");
        same!(line["state_after"], after["state"], "state_after");
        same!(line["location_before"], before["location_id"], "location_before");
        same!(line["location_after"], after["location_id"], "location_after");
        same!(line["reverses"], event.body["event_id"], "reverses");
        let delta = self.bottle.lines.last().unwrap().delta().normalize().to_string();
        same!(line["delta"], json!(delta), "delta");
        Ok(())
    }

    pub fn refused(&self, by: &Person, answer: &Answer, refusal: &Refusal) -> Result<(), Difference> {
        let Refusal(status, slug, blocking) = refusal;
        same!(answer.body["type"], format!("/problems/{slug}"), "refusal, {}", answer.body["detail"]);
        same!(answer.status.as_u16(), *status, "status");
        let blocker = answer.body["blocked_by"].as_str().and_then(|id| id.parse().ok());
        if !blocking.is_empty() && !blocker.is_some_and(|id| blocking.contains(&id)) {
            return Err(format!("blocked by {blocker:?} instead of one of {blocking:?}"));
        }
        if *slug == "event-not-allowed" {
            return self.check_offer(&answer.body["allowed_actions"], by);
        }
        Ok(())
    }

    pub async fn compare(&self, by: &Person, client: &Client) -> Result<(), Difference> {
        self.invariants()?;
        let bottle = client.get(&path_of(self.app, &self.made)).await.ok();
        let shown = self.bottle.shown();
        for (field, wanted) in shown.as_object().unwrap() {
            same!(bottle[field], *wanted, "{field}");
        }
        let ledger = client.get(&format!("{}?limit=200", events_of(self.app, &self.made))).await.ok();
        let lines: Vec<_> = ledger["items"].as_array().unwrap().iter().rev().collect();
        same!(lines.len(), self.bottle.lines.len(), "lines");
        let mut replayed = Map::new();
        for (at, line) in lines.iter().enumerate() {
            let modelled = &self.bottle.lines[at];
            same!(line["id"], json!(modelled.id), "the order of the ledger");
            let undo = self.bottle.undo(at, by, self.app.now());
            same!(line["undoable"], json!(undo.is_ok()), "undoable of {} ({undo:?}, {})", line["type"], modelled.id);
            for (field, change) in line["changes"].as_object().unwrap() {
                let before = replayed.insert(field.clone(), change[1].clone()).unwrap_or(Value::Null);
                same!(before, change[0], "{field} before {line}");
            }
        }
        for (field, wanted) in shown.as_object().unwrap() {
            same!(*replayed.get(field).unwrap_or(&Value::Null), *wanted, "{field} by replay");
        }
        Ok(())
    }

    /// What the contract says of every bottle, whatever the two agree on.
    fn invariants(&self) -> Result<(), Difference> {
        let Bottle { now, lines, .. } = &self.bottle;
        let gone = matches!(now.state, State::Empty | State::Disposed | State::Voided);
        same!(now.holder.is_some(), now.state == State::OnLoan, "on loan is with somebody");
        same!(gone && !now.amount.is_zero(), false, "gone with something in it");
        let newest = |kind| lines.iter().rposition(|line| line.stands() && line.kind == kind);
        let held = newest("quarantine").is_some_and(|held| newest("release").is_none_or(|release| release < held));
        let used = matches!(now.state, State::InUse | State::OnLoan);
        same!(held && used, false, "in use while a quarantine stands");
        Ok(())
    }

    /// What a scan offers is what would succeed.
    pub async fn scan(&self, by: &Person, client: &Client) -> Result<(), Difference> {
        let code = self.made["code"].as_str().unwrap();
        let scanned = client.get(&self.app.path(&format!("/scan/{code}"))).await.ok();
        if self.bottle.now.state == State::Voided {
            same!(scanned["type"], "unknown", "the code of a voided bottle");
            return Ok(());
        }
        self.check_offer(&scanned["allowed_actions"], by)
    }

    fn check_offer(&self, told: &Value, by: &Person) -> Result<(), Difference> {
        let mut told: Vec<_> = told.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut wanted = self.bottle.allowed_actions(by, self.app.now());
        told.sort_unstable();
        wanted.sort_unstable();
        same!(told, wanted, "allowed_actions in {}", self.bottle.shown_state());
        Ok(())
    }
}

fn changes(before: &Value, after: &Value) -> Value {
    let fields = after.as_object().unwrap().iter().filter(|(field, value)| before[*field] != **value);
    fields.map(|(field, value)| (field.clone(), json!([before[field], value]))).collect::<Map<_, _>>().into()
}
