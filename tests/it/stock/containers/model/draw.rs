//! What somebody might post next, drawn.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bottle::{Bottle, Event, KINDS, Person};
use crate::support::own_id;

/// The same seed, the same life.
pub struct Dice(pub u64);

impl Dice {
    /// `SplitMix64`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap() % n
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// 0 to 39.75 g, in quarters; now and then so little that it is none in grams.
    pub fn amount(&mut self) -> Value {
        let value = Decimal::from(self.below(160)) / Decimal::from(4);
        match self.below(16) {
            0 => json!({"value": "0", "unit": "g"}),
            1 => json!({"value": "0.0000000001", "unit": "mg"}),
            2 | 3 => json!({"value": (value * Decimal::from(1_000)).to_string(), "unit": "mg"}),
            4 => json!({"value": (value / Decimal::from(1_000)).to_string(), "unit": "kg"}),
            _ => json!({"value": value.to_string(), "unit": "g"}),
        }
    }

    /// How far the clock goes on.
    pub fn step(&mut self) -> TimeDelta {
        match self.below(14) {
            0 => TimeDelta::hours(13),
            1 => TimeDelta::hours(25),
            2 => TimeDelta::days(29),
            _ => TimeDelta::seconds(1),
        }
    }

    /// Three of four times a type that is allowed.
    pub fn event(
        &mut self,
        bottle: &Bottle,
        by: &Person,
        people: &[Person],
        places: &[Uuid],
        now: DateTime<Utc>,
    ) -> Event {
        let mut kind = *self.pick(&KINDS);
        while !bottle.allows(kind, by) && !self.one_in(5) {
            kind = *self.pick(&KINDS);
        }
        let mut body = json!({"type": kind, "id": own_id(), "reason": "a test"});
        match kind {
            "receive" | "withdraw" | "return" | "adjust" => body["amount"] = self.amount(),
            "weigh" => {
                body["gross"] = self.amount();
                if self.one_in(2) {
                    body["tare"] = json!({"value": (1 + self.below(3)).to_string(), "unit": "g"});
                }
            }
            "move" => body["location_id"] = json!(self.pick(places)),
            "check_in" | "find" if self.one_in(2) => body["location_id"] = json!(self.pick(places)),
            "check_out" if self.one_in(2) => body["holder_id"] = json!(self.pick(people).id),
            _ => {}
        }
        self.date(&mut body, now);
        Event { kind, body }
    }

    pub fn date(&mut self, body: &mut Value, now: DateTime<Utc>) {
        match self.below(16) {
            0 => body["occurred_at"] = json!(now - TimeDelta::hours(30)),
            1 => body["occurred_at"] = json!(now - TimeDelta::days(3)),
            2 => body["occurred_at"] = json!(now + TimeDelta::seconds(100)),
            3 if self.one_in(3) => body["occurred_at"] = json!(now + TimeDelta::seconds(200)),
            _ => {}
        }
    }
}
