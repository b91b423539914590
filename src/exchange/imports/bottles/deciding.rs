//! What becomes of a row: the bottle that it brings, none where it is there already, or why it is refused.

use chemistry::Amount;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Bottle, Bottles,
    catalogue::{Catalogue, Meant},
    known::{self, Verdict, verdict},
};
use crate::{
    base::ids,
    exchange::imports::{
        faults::OrReason,
        places::{Places, TAKEN},
    },
    stock::containers::imported::{Imported, Known},
};

/// The bottles that have the code of a row, or came in under it.
pub struct Beside<'k> {
    pub known: Vec<&'k Known>,
    /// Those in places that whoever imports may not see.
    pub unseen: Vec<&'k Known>,
}

impl Bottles {
    /// The bottle that the row brings, if it brings one, and what whoever imports should look at.
    pub fn decide(
        &self,
        named: &Catalogue,
        places: &mut Places,
        item: &Bottle,
        beside: &Beside<'_>,
        now: DateTime<Utc>,
    ) -> OrReason<(Option<Imported>, Vec<String>)> {
        let Beside { known, unseen } = beside;
        let doubt = self.codes.as_ref().filter(|_| item.cells.is_some());
        let is_there = !known.is_empty() || !unseen.is_empty();
        doubt.and_then(|codes| codes.doubt(&item.code, is_there)).map_or(Ok(()), Err)?;
        // Whatever its place and its chemical are called now.
        if let Some(warnings) = known::brought_by(&item.fingerprint, &item.code, known) {
            return Ok((None, warnings));
        }
        // It was brought by just this row, and nothing more is said of it.
        if known::brought_by(&item.fingerprint, &item.code, unseen).is_some() {
            return Ok((None, Vec::new()));
        }
        if unseen.iter().any(|it| known::has_code(it, &item.code)) {
            return Err(TAKEN.to_owned());
        }
        item.doubt.clone().map_or(Ok(()), Err)?;
        let (mut row, mut warnings) = self.resolve(named, item, now)?;
        let wanted = item.location.as_ref();
        if !known.is_empty() {
            // No bottle came into a place that is not there.
            row.location_id = wanted.map(|wanted| places.find(wanted).unwrap_or_else(|_| Uuid::nil()));
            match verdict(&row, known) {
                Verdict::There(told) => {
                    warnings.extend(told);
                    return Ok((None, warnings));
                }
                Verdict::Refused(why) => return Err(why),
                Verdict::Anew(told) => warnings.push(told),
            }
        }
        places.check_code(&item.code)?;
        // Last: a row that is refused makes no place.
        row.location_id = match wanted {
            Some(wanted) if self.create_locations => Some(places.find_or_make(wanted, now)?),
            Some(wanted) => Some(places.find(wanted)?),
            None => None,
        };
        places.check_opens(row.location_id)?;
        Ok((Some(row), warnings))
    }

    /// As it is to be stored, but for its place, with a warning where one is due.
    fn resolve(&self, named: &Catalogue, item: &Bottle, now: DateTime<Utc>) -> OrReason<(Imported, Vec<String>)> {
        let Meant { id: chemical_id, label, warning } = named.find(&item.chemical, self.number_decides)?;
        named.check(chemical_id, &item.stated)?;
        let mut content = item.content.clone();
        if let Some(label) = label {
            content.note =
                Some(content.note.map_or_else(|| format!("label: {label}"), |note| format!("label: {label} / {note}")));
        }
        let row = Imported {
            id: ids::new(now),
            event_id: ids::new(now),
            code: item.code.clone(),
            chemical_id,
            location_id: None,
            unit: item.amount.unit,
            amount: Amount::try_from(item.amount.value.get().normalize()).unwrap_or(item.amount.value),
            content,
            fingerprint: item.fingerprint,
        };
        let warnings = [warning, item.warning.clone(), item.stated.unread.clone()];
        Ok((row, warnings.into_iter().flatten().collect()))
    }
}
