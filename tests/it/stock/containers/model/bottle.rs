//! A bottle as the contract of its ledger describes it: what it is, and what each event makes of it.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

/// `InUse` is shown as `in_stock` or `opened`, which follows from what has opened the bottle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    InUse,
    OnLoan,
    Quarantined,
    Lost,
    Waste,
    Empty,
    Disposed,
    Voided,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub state: State,
    pub amount: Decimal,
    pub place: Option<Uuid>,
    pub holder: Option<Uuid>,
    pub tare: Option<Decimal>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub id: Uuid,
    pub manager: bool,
}

/// What somebody posts: `body` is the JSON of it, as it is sent.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: &'static str,
    pub body: Value,
}

impl Event {
    /// In grams: exact, or at 12 decimals.
    pub fn number(&self, field: &str) -> Option<Decimal> {
        let value: Decimal = self.body[field]["value"].as_str()?.parse().unwrap();
        Some(match self.body[field]["unit"].as_str().unwrap() {
            "kg" => value * Decimal::from(1_000),
            "mg" => (value / Decimal::from(1_000)).round_dp(12),
            _ => value,
        })
    }

    pub fn id_of(&self, field: &str) -> Option<Uuid> {
        self.body[field].as_str().map(|text| text.parse().unwrap())
    }
}

#[derive(Clone, Debug)]
pub struct Line {
    pub id: Uuid,
    pub kind: &'static str,
    pub by: Uuid,
    pub day: NaiveDate,
    pub recorded: DateTime<Utc>,
    pub before: Fields,
    pub after: Fields,
    pub undone: bool,
}

impl Line {
    pub fn delta(&self) -> Decimal {
        self.after.amount - self.before.amount
    }

    pub fn stands(&self) -> bool {
        !self.undone && self.kind != "reverse"
    }
}

#[derive(Debug, PartialEq)]
pub struct Refusal(pub u16, pub &'static str, pub Vec<Uuid>);

pub fn refused<T>(status: u16, slug: &'static str) -> Result<T, Refusal> {
    Err(Refusal(status, slug, vec![]))
}

#[derive(Clone, Debug)]
pub struct Bottle {
    pub now: Fields,
    pub came_opened: Option<NaiveDate>,
    pub first: DateTime<Utc>,
    /// Oldest first, with the creation.
    pub lines: Vec<Line>,
}

/// Which states each event may start from, by what is shown.
fn starts(kind: &str) -> &'static [&'static str] {
    match kind {
        "receive" => &["in_stock", "opened", "empty"],
        "open" => &["in_stock"],
        "withdraw" | "return" | "weigh" | "quarantine" => &["in_stock", "opened", "on_loan"],
        "adjust" => &["in_stock", "opened", "on_loan", "quarantined", "lost", "waste_pending"],
        "move" => &["in_stock", "opened", "quarantined", "waste_pending", "empty"],
        "check_out" | "empty" => &["in_stock", "opened"],
        "check_in" => &["on_loan"],
        "release" => &["quarantined"],
        "lose" => &["in_stock", "opened", "on_loan", "quarantined", "waste_pending"],
        "find" => &["lost"],
        "discard" => &["in_stock", "opened", "quarantined", "empty"],
        "dispose" => &["waste_pending", "empty", "lost"],
        other => panic!("{other} has no row"),
    }
}

pub const KINDS: [&str; 16] = [
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
];

impl Bottle {
    pub fn opened_on(&self) -> Option<NaiveDate> {
        // The contract says nothing of the day in a voided bottle: it stays.
        let uses = self.lines.iter().filter(|line| !line.undone && ["open", "withdraw"].contains(&line.kind));
        uses.map(|line| line.day).chain(self.came_opened).min()
    }

    pub fn shown_state(&self) -> &'static str {
        match self.now.state {
            State::InUse if self.opened_on().is_some() => "opened",
            State::InUse => "in_stock",
            State::OnLoan => "on_loan",
            State::Quarantined => "quarantined",
            State::Lost => "lost",
            State::Waste => "waste_pending",
            State::Empty => "empty",
            State::Disposed => "disposed",
            State::Voided => "voided",
        }
    }

    /// What the API shows of the fields that an event can change.
    pub fn shown(&self) -> Value {
        let quantity = |value: Decimal| json!({"value": value.normalize().to_string(), "unit": "g"});
        json!({
            "state": self.shown_state(),
            "amount": quantity(self.now.amount),
            "location_id": self.now.place,
            "opened_on": self.opened_on(),
            "holder_id": self.now.holder,
            "tare": self.now.tare.map(quantity),
        })
    }

    /// Whether state and loan let this person do it, with some input.
    pub fn allows(&self, kind: &str, by: &Person) -> bool {
        let holds = self.now.holder == Some(by.id);
        let lent = match kind {
            "quarantine" | "lose" => true,
            "check_in" | "withdraw" | "adjust" => holds || by.manager,
            _ => holds,
        };
        starts(kind).contains(&self.shown_state()) && (self.now.state != State::OnLoan || lent)
    }

    /// The contract says nothing of which refusal comes first: what is seen without the bottle, as it turns out.
    fn check(&self, event: &Event, by: &Person) -> Result<(), Refusal> {
        let moves = ["receive", "withdraw", "return"].contains(&event.kind);
        let typed = event.body["amount"]["value"].as_str();
        if moves && typed.is_some_and(|text| text.parse::<Decimal>().unwrap().is_zero()) {
            return refused(422, "invalid");
        }
        if event.kind == "release" && !by.manager {
            return refused(403, "forbidden");
        }
        if !self.allows(event.kind, by) {
            return refused(409, "event-not-allowed");
        }
        if moves && event.number("amount").is_some_and(|amount| amount.is_zero()) {
            return refused(422, "invalid");
        }
        Ok(())
    }

    /// What an event makes of the bottle.
    pub fn after(&self, event: &Event, by: &Person) -> Result<Fields, Refusal> {
        self.check(event, by)?;
        let mut next = self.now.clone();
        let amount = event.number("amount").unwrap_or_default();
        match event.kind {
            "receive" => {
                next.amount += amount;
                next.state = State::InUse;
            }
            "return" => next.amount += amount,
            "withdraw" if amount > next.amount => return refused(409, "not-enough"),
            "withdraw" => next.amount -= amount,
            "weigh" => {
                next.tare = event.number("tare").or(next.tare);
                let (gross, Some(tare)) = (event.number("gross").unwrap(), next.tare) else {
                    return refused(422, "invalid");
                };
                if gross < tare {
                    return refused(422, "invalid");
                }
                next.amount = gross - tare;
            }
            "adjust" => next.amount = amount,
            "check_out" => {
                next.state = State::OnLoan;
                next.holder = event.id_of("holder_id").or(Some(by.id));
            }
            "empty" => (next.state, next.amount) = (State::Empty, Decimal::ZERO),
            "dispose" => (next.state, next.amount) = (State::Disposed, Decimal::ZERO),
            "discard" => next.state = State::Waste,
            "quarantine" => next.state = State::Quarantined,
            "lose" => next.state = State::Lost,
            "check_in" | "release" => next.state = State::InUse,
            "find" => next.state = self.before_loss(),
            _ => {}
        }
        if next.state != State::OnLoan {
            next.holder = None;
        }
        next.place = event.id_of("location_id").or(next.place);
        Ok(next)
    }

    /// A loan ends with the loss.
    fn before_loss(&self) -> State {
        let loss = self.lines.iter().rfind(|line| line.kind == "lose" && line.stands());
        match loss.unwrap().before.state {
            State::OnLoan => State::InUse,
            state => state,
        }
    }
}
