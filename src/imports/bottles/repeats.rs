//! A row beside the bottle that an earlier import made of it.

use super::super::{run::Outcome, store::Imported};
use crate::{
    chemistry::{Amount, Factors, Quantity},
    containers::{State, fingerprint},
};

impl Imported {
    pub fn with_fingerprint(mut self) -> Self {
        let row = (&self.code, self.chemical_id, self.location_id, self.unit, self.amount, &self.content);
        self.fingerprint = Some(format!("{:032x}", u128::from_be_bytes(fingerprint(&row))));
        self
    }

    /// 1000 mL is 1 L.
    fn is_as_much_as(&self, old: &Self) -> bool {
        let mine = Quantity { value: self.amount, unit: self.unit };
        mine.in_unit(old.unit, Factors::NONE).is_ok_and(|mine| mine.value == old.amount.get())
    }

    /// With what was received under this code, not with what has become of it since: a second run finds its own rows.
    pub fn compare(&self, old: &Self) -> Outcome {
        if self.fingerprint == old.fingerprint {
            return Outcome::Unchanged;
        }
        let mine = &self.content;
        let theirs = &old.content;
        let same = [
            ("chemical", self.chemical_id == old.chemical_id),
            ("amount", self.is_as_much_as(old)),
            ("location", self.location_id == old.location_id),
            ("state", mine.state == theirs.state),
            ("tare", mine.tare.map(Amount::get) == theirs.tare.map(Amount::get)),
            ("lot", mine.lot == theirs.lot),
            ("supplier", mine.supplier == theirs.supplier),
            ("catalogue number", mine.catalogue_number == theirs.catalogue_number),
            ("note", mine.note == theirs.note),
            ("received", mine.received_on == theirs.received_on),
            // A bottle that was opened since has a day that the file cannot know.
            ("opened", mine.opened_on == theirs.opened_on || mine.state == State::InStock),
            ("expires", mine.expires_on == theirs.expires_on),
        ];
        let other: Vec<_> = same.iter().filter(|(_, same)| !same).map(|(what, _)| *what).collect();
        if other.is_empty() {
            return Outcome::Unchanged;
        }
        Outcome::Failed(format!("the code exists with other values ({})", other.join(", ")))
    }
}
