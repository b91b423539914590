//! Bottles of a list: as its rows have them, and as they are known.

use chemistry::{Amount, Factors, Quantity, Unit};
use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::{content::Fingerprint, state::State};

/// What a row says of a bottle beside what is in it and where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Content {
    pub state: State,
    /// Grams.
    pub tare: Option<Amount>,
    pub lot: Option<String>,
    pub supplier: Option<String>,
    pub catalogue_number: Option<String>,
    pub note: Option<String>,
    pub received_on: Option<NaiveDate>,
    pub opened_on: Option<NaiveDate>,
    pub expires_on: Option<NaiveDate>,
}

/// A bottle as a list has it.
#[derive(Debug, Serialize)]
pub struct Imported {
    pub id: Uuid,
    pub event_id: Uuid,
    pub code: String,
    pub chemical_id: Uuid,
    pub location_id: Option<Uuid>,
    pub unit: Unit,
    pub amount: Amount,
    #[serde(flatten)]
    pub content: Content,
    /// Of all that the row says, as it says it.
    #[serde(skip)]
    pub fingerprint: Fingerprint,
}

/// A bottle that is there: it has a code of the list, or came in under one.
#[derive(Debug)]
pub struct Known {
    /// The one that it has now.
    pub code: String,
    /// The one under which an import brought it.
    pub imported_as: Option<String>,
    pub is_voided: bool,
    /// Of the row that brought it.
    pub fingerprint: Option<Vec<u8>>,
    pub chemical_id: Uuid,
    /// Where it is now.
    pub lies_in: Option<Uuid>,
    /// Where it stood when it came.
    pub location_id: Option<Uuid>,
    pub received: Quantity,
    /// What it came with, whatever people have written since.
    pub content: Content,
}

impl Known {
    /// Whether this row brought it.
    pub fn is_of(&self, row: &Fingerprint) -> bool {
        self.imported_as.is_some() && self.fingerprint.as_deref() == Some(row)
    }

    /// In which values the row differs from what was received, not from what has become of it since.
    pub fn differences(&self, row: &Imported) -> Vec<&'static str> {
        let (mine, theirs) = (&row.content, &self.content);
        let amount = Quantity { value: row.amount, unit: row.unit }.in_unit(self.received.unit, Factors::NONE);
        let same = [
            ("chemical", row.chemical_id == self.chemical_id),
            ("amount", amount.is_ok_and(|it| it.value == self.received.value.get())),
            ("location", row.location_id == self.location_id),
            ("state", mine.state == theirs.state),
            ("tare", mine.tare.map(Amount::get) == theirs.tare.map(Amount::get)),
            ("lot", mine.lot == theirs.lot),
            ("supplier", mine.supplier == theirs.supplier),
            ("catalogue number", mine.catalogue_number == theirs.catalogue_number),
            ("note", mine.note == theirs.note),
            ("received", mine.received_on == theirs.received_on),
            ("opened", mine.opened_on == theirs.opened_on),
            ("expires", mine.expires_on == theirs.expires_on),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
    }
}
