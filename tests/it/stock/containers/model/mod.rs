//! Random lives of a bottle, lived twice: over HTTP and in a model that was written from the contract alone. After each
//! step the two agree on what was booked or refused and why, on every field, and on what each person could undo.

#[macro_use]
mod compare;
mod bottle;
mod draw;
mod undo;

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use self::{
    bottle::{Bottle, Event, Fields, Line, Person, Refusal, State},
    draw::Dice,
};
use super::{bottle_of, chemical, events_of, location, path_of};
use crate::support::{Client, TestApp, own_id};

/// Of the lab's clocks.
const AHEAD: TimeDelta = TimeDelta::minutes(345);

/// What the two do not agree on.
type Difference = String;

struct Life<'a> {
    app: &'a TestApp,
    dice: Dice,
    people: &'a [(Person, Client)],
    places: &'a [Uuid],
    made: Value,
    bottle: Bottle,
    /// What was posted and booked: by whom, and the answered event.
    booked: Vec<(usize, Value, Value)>,
    story: String,
}

impl<'a> Life<'a> {
    async fn begin(
        app: &'a TestApp,
        mut dice: Dice,
        people: &'a [(Person, Client)],
        places: &'a [Uuid],
        what: Uuid,
    ) -> Self {
        let (person, client) = &people[0];
        let client = app.signed_in(client).await;
        let came = if dice.one_in(2) { app.now() - TimeDelta::days(2) } else { app.now() };
        let place = dice.one_in(2).then(|| places[0]);
        let tare = dice.one_in(2).then_some(2);
        let came_opened = dice.one_in(4).then(|| Self::day(came - TimeDelta::days(1)));
        let more = json!({"location_id": place, "opened_on": came_opened, "occurred_at": came,
            "tare": tare.map(|tare| json!({"value": tare.to_string(), "unit": "g"}))});
        let made = bottle_of(app, &client, what, "20", "g", more).await;
        let now = Fields { state: State::InUse, amount: 20.into(), place, holder: None, tare: tare.map(Into::into) };
        let ledger = client.get(&events_of(app, &made)).await.ok();
        let nothing = Fields { amount: 0.into(), place: None, tare: None, ..now.clone() };
        let creation = Line {
            id: ledger["items"][0]["id"].as_str().unwrap().parse().unwrap(),
            kind: "receive",
            by: person.id,
            day: Self::day(came),
            recorded: app.now(),
            before: nothing,
            after: now.clone(),
            undone: false,
        };
        let bottle = Bottle { now, came_opened, first: came, lines: vec![creation] };
        let story = format!("came {came}, opened {came_opened:?}, tare {tare:?}, place {place:?}\n");
        Self { app, dice, people, places, made, bottle, booked: vec![], story }
    }

    async fn step(&mut self) -> Result<(), Difference> {
        let step = self.dice.step();
        self.app.advance(step);
        let who = self.dice.below(self.people.len());
        let (person, client) = &self.people[who];
        let client = self.app.signed_in(client).await;
        let _ = write!(self.story, "+{}s {who}: ", step.num_seconds());
        match self.dice.below(10) {
            0 if !self.booked.is_empty() => self.repeat(who).await?,
            1..=3 => self.undo(person, &client).await?,
            4 if self.dice.one_in(3) => self.edit(person, &client).await?,
            _ => self.post(person, &client).await?,
        }
        self.compare(person, &client).await?;
        self.scan(person, &client).await
    }

    async fn post(&mut self, by: &Person, client: &Client) -> Result<(), Difference> {
        let people: Vec<_> = self.people.iter().map(|(person, _)| person.clone()).collect();
        let now = self.app.now();
        let event = self.dice.event(&self.bottle, by, &people, self.places, now);
        let verdict = self.in_time(&event).and_then(|()| self.bottle.after(&event, by));
        self.send(by, client, event, verdict, None).await
    }

    async fn undo(&mut self, by: &Person, client: &Client) -> Result<(), Difference> {
        let back = self.dice.below(self.bottle.lines.len().min(7));
        let at = self.bottle.lines.len() - 1 - back;
        let undone = self.bottle.lines[at].id;
        let mut body = json!({"type": "reverse", "event_id": undone, "id": own_id()});
        self.dice.date(&mut body, self.app.now());
        let event = Event { kind: "reverse", body };
        let verdict = self.in_time(&event).and_then(|()| self.bottle.undo(at, by, self.app.now()));
        self.send(by, client, event, verdict, Some(at)).await
    }

    /// When it happened: a clock a little ahead is taken as now.
    fn occurred(&self, event: &Event) -> DateTime<Utc> {
        event.body["occurred_at"].as_str().map_or(self.app.now(), |text| text.parse().unwrap())
    }

    /// The day in the lab.
    fn day(at: DateTime<Utc>) -> NaiveDate {
        (at + AHEAD).date_naive()
    }

    fn in_time(&self, event: &Event) -> Result<(), Refusal> {
        let at = self.occurred(event);
        if at > self.app.now() + TimeDelta::minutes(2) || at < self.bottle.first {
            return bottle::refused(422, "invalid");
        }
        Ok(())
    }

    async fn send(
        &mut self,
        by: &Person,
        client: &Client,
        event: Event,
        verdict: Result<Fields, Refusal>,
        undone: Option<usize>,
    ) -> Result<(), Difference> {
        let answer = client.post(&events_of(self.app, &self.made), event.body.clone()).await;
        let _ = writeln!(self.story, "{} -> {} {}", event.body, answer.status, answer.body["type"]);
        let after = match verdict {
            Err(refusal) => return self.refused(by, &answer, &refusal),
            Ok(after) => after,
        };
        same!(answer.status.as_u16(), 201, "{} refused: {}", event.kind, answer.body["detail"]);
        let shown = self.bottle.shown();
        let line = Line {
            id: event.id_of("id").unwrap(),
            kind: event.kind,
            by: by.id,
            day: Self::day(self.occurred(&event).min(self.app.now())),
            recorded: self.app.now(),
            before: self.bottle.now.clone(),
            after: after.clone(),
            undone: false,
        };
        self.bottle.lines.push(line);
        if let Some(at) = undone {
            self.bottle.lines[at].undone = true;
        }
        self.bottle.now = after;
        self.check_line(&answer.body["event"], &event, by, &shown)?;
        let who = self.people.iter().position(|(person, _)| person == by).unwrap();
        self.booked.push((who, event.body, answer.body["event"].clone()));
        Ok(())
    }

    /// The same again, by the same person with the same content, or not.
    async fn repeat(&mut self, who: usize) -> Result<(), Difference> {
        let (first, mut body, event) = self.dice.pick(&self.booked).clone();
        let mut same = first == who;
        match self.dice.below(9) {
            0 => body["holder_id"] = body["holder_id"].clone(),
            1 if body["amount"]["value"].is_string() => {
                let text = body["amount"]["value"].as_str().unwrap();
                let more = if text.contains('.') { "0" } else { ".0" };
                body["amount"]["value"] = json!(format!("{text}{more}"));
            }
            2 => (body["reason"], same) = (json!("another"), false),
            4 if body["type"] == "check_out" && body["holder_id"].is_null() => {
                (body["holder_id"], same) = (json!(self.people[who].0.id), false);
            }
            5 if body["location_id"].is_string() => {
                (body["location_id"], same) = (json!(self.made["id"]), false);
            }
            6 if body["amount"]["value"].is_string() => (body["amount"]["value"], same) = (json!("41"), false),
            7 if body["occurred_at"].is_string() => {
                body["occurred_at"] = json!(body["occurred_at"].as_str().unwrap().replace('Z', "+00:00"));
            }
            3 => (body["occurred_at"], same) = (json!(self.app.now() - TimeDelta::seconds(77)), false),
            _ => {}
        }
        let client = self.app.signed_in(&self.people[who].1).await;
        let answer = client.post(&events_of(self.app, &self.made), body.clone()).await;
        let _ = writeln!(self.story, "again {body} -> {}", answer.status);
        if !same {
            same!(answer.body["type"], "/problems/id-taken", "another event under the id");
            return Ok(());
        }
        same!(answer.status.as_u16(), 200, "a repeat is a success, {}", answer.body["detail"]);
        same!(answer.body["event"], event, "the repeated event");
        Ok(())
    }

    async fn edit(&mut self, by: &Person, client: &Client) -> Result<(), Difference> {
        let tare = *self.dice.pick(&[1_i64, 2, 3]);
        let body = json!({"tare": {"value": tare.to_string(), "unit": "g"}});
        let answer = client.patch(&path_of(self.app, &self.made), "*", body).await;
        let _ = writeln!(self.story, "tare {tare} -> {} {}", answer.status, answer.body["type"]);
        if answer.status != 200 || self.bottle.now.tare == Some(tare.into()) {
            return Ok(());
        }
        let ledger = client.get(&events_of(self.app, &self.made)).await.ok();
        let after = Fields { tare: Some(tare.into()), ..self.bottle.now.clone() };
        self.bottle.lines.push(Line {
            id: ledger["items"][0]["id"].as_str().unwrap().parse().unwrap(),
            kind: "edit",
            by: by.id,
            day: Self::day(self.app.now()),
            recorded: self.app.now(),
            before: self.bottle.now.clone(),
            after: after.clone(),
            undone: false,
        });
        self.bottle.now = after;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to search is the caller's choice")]
fn lives() -> usize {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_lives_as_the_contract_of_its_ledger_says(db: PgPool) {
    let app = TestApp::new(db).await;
    let zone = sqlx::query("update labs set time_zone = 'Asia/Kathmandu' where id = $1").bind(app.lab);
    zone.execute(&app.db).await.unwrap();
    let mut people = Vec::new();
    for role in ["manager", "member", "member"] {
        let client = app.client(role).await;
        people.push((Person { id: client.user_id, manager: role == "manager" }, client));
    }
    let places = [location(&app, None, "room", "R").await, location(&app, None, "room", "S").await];
    let what = chemical(&app, "sodium chloride", None, None).await;
    let mut differences = Vec::new();
    for _ in 0..lives() {
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        let mut life = Life::begin(&app, Dice(seed), &people, &places, what).await;
        for _ in 0..25 {
            if let Err(difference) = life.step().await {
                differences.push(format!("{difference}\n{}", life.story));
                break;
            }
        }
    }
    // The shortest are the easiest to understand.
    differences.sort_by_key(String::len);
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(8)].join("\n")
    );
}
