//! A line of the ledger.

use chemistry::{Quantity, Unit};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    actor::Actor,
    changes::{Changes, Rest, change},
    counting::CountedWith,
    state::{EventType, State},
};
use crate::auth::Keys;

/// A line of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockEvent {
    pub id: Uuid,
    pub container_id: Uuid,
    /// Its place in the container's ledger: later is higher, with gaps.
    pub seq: i32,
    pub r#type: EventType,
    /// What it added (or, negative, took), in the container's unit. The deltas of a container sum up to its amount.
    #[schema(value_type = String, example = "-12.5")]
    pub delta: Decimal,
    pub amount_after: Quantity,
    /// The amount as it was typed.
    pub typed: Option<Quantity>,
    /// The density or molar mass that the amount was converted with, where one was needed.
    pub counted_with: Option<CountedWith>,
    pub state_before: Option<State>,
    pub state_after: State,
    /// Where the container stood. A location that was deleted since can be got by its id, too. Null also for a location
    /// that you may not see, here and in `changes`.
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    /// Everything that it changed.
    pub changes: Changes,
    /// The event that this one undoes.
    pub reverses: Option<Uuid>,
    pub reason: Option<String>,
    pub by: Actor,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    /// Whether you can undo it now. In lists only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoable: Option<bool>,
}

impl StockEvent {
    /// Leaves out the places that its reader may not see.
    pub fn conceal(&mut self, keys: &Keys) {
        let seen = |place: Option<Uuid>| place.filter(|_| keys.sees(place));
        self.location_before = seen(self.location_before);
        self.location_after = seen(self.location_after);
        if self.changes.location_id.is_some() {
            self.changes.location_id = change(self.location_before, self.location_after);
        }
    }

    /// Fills `changes` from the columns and the rest of them.
    #[must_use]
    pub fn with_changes(mut self, rest: &Rest) -> Self {
        let unit = self.amount_after.unit;
        let before = self.state_before.map(|_| self.amount_after.value.get() - self.delta);
        let before = before.and_then(|value| Quantity::new(value.normalize(), unit).ok());
        let is_changed = self.state_before.is_none() || !self.delta.is_zero();
        self.changes = Changes {
            amount: is_changed.then_some([before, Some(self.amount_after)]),
            state: change(self.state_before, Some(self.state_after)),
            location_id: change(self.location_before, self.location_after),
            opened_on: rest.opened_on,
            holder_id: rest.holder_id,
            tare: rest.tare.map(|tares| tares.map(|grams| Quantity::new(grams?, Unit::Gram).ok())),
            density: rest.density,
            received_on: rest.received_on,
            expires_on: rest.expires_on,
            chemical_id: rest.chemical_id,
            code: rest.code.clone(),
            low_at: rest.low_at,
            lot: rest.lot.clone(),
            supplier: rest.supplier.clone(),
            catalogue_number: rest.catalogue_number.clone(),
            gtin: rest.gtin.clone(),
            note: rest.note.clone(),
        };
        self
    }
}
