//! Which places of a lab somebody has no key to. A place that is closed or hidden has keys of its own, and they hold
//! for everything below it; what lies in two such places takes both keys.

use serde_json::Value;
use uuid::Uuid;

/// The keys of somebody in a lab, told by the places that they do not open: usually none.
#[derive(Debug, Default)]
pub struct Keys {
    /// Sorted.
    unseen: Vec<Uuid>,
    /// Sorted, with those that are not seen.
    not_opened: Vec<Uuid>,
    /// Sorted: of an admin, who passes everywhere, the places to which they have no key.
    passed: Vec<Uuid>,
}

/// Of somebody who has every key.
pub static ALL_KEYS: Keys = Keys { unseen: Vec::new(), not_opened: Vec::new(), passed: Vec::new() };

impl Keys {
    /// Without those to these places, of which the hidden ones are not seen either.
    pub fn without(hidden: Vec<Uuid>, closed: Vec<Uuid>) -> Self {
        let not_opened = sorted(hidden.iter().copied().chain(closed).collect());
        Self { unseen: sorted(hidden), not_opened, passed: Vec::new() }
    }

    /// Of an admin who has no key to these places.
    pub fn of_admin_without(places: Vec<Uuid>) -> Self {
        Self { passed: sorted(places), ..Self::default() }
    }

    /// The places that somebody may not see: every query on places and on what is in them leaves these out.
    pub fn unseen(&self) -> &[Uuid] {
        &self.unseen
    }

    /// The places that somebody may not see or not open.
    pub fn not_opened(&self) -> &[Uuid] {
        &self.not_opened
    }

    pub fn sees(&self, place: Option<Uuid>) -> bool {
        place.is_none_or(|place| self.unseen.binary_search(&place).is_err())
    }

    /// Whether somebody may take out what is in the place, and put something in.
    pub fn opens(&self, place: Option<Uuid>) -> bool {
        place.is_none_or(|place| self.not_opened.binary_search(&place).is_err())
    }

    /// Whether somebody acts in one of these places as an admin, without its key: the audit marks that.
    pub fn acts_without(&self, places: [Option<Uuid>; 2]) -> bool {
        places.into_iter().flatten().any(|place| self.passed.binary_search(&place).is_ok())
    }

    /// Of `{field: [before, after]}`: a place that somebody may not see is null, and a field that has two such places
    /// is not there.
    pub fn conceal(&self, changes: &mut Value) {
        if self.unseen.is_empty() {
            return;
        }
        let Some(fields) = changes.as_object_mut() else { return };
        fields.retain(|_, values| {
            let Some(values) = values.as_array_mut() else { return true };
            let mut is_concealed = false;
            for value in values.iter_mut() {
                if !self.sees(value.as_str().and_then(|text| text.parse().ok())) {
                    (*value, is_concealed) = (Value::Null, true);
                }
            }
            !is_concealed || values.iter().any(|value| !value.is_null())
        });
    }

    /// The place that somebody named, or for one that they may not see the nil UUID, which no place has. So the
    /// database refuses it as it refuses any unknown place.
    pub fn or_unknown(&self, place: Option<Uuid>) -> Option<Uuid> {
        if self.sees(place) { place } else { Some(Uuid::nil()) }
    }
}

fn sorted(mut places: Vec<Uuid>) -> Vec<Uuid> {
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_that_is_not_seen_is_null_in_changes_and_two_of_them_are_no_change() {
        let [open, one, other] = [7, 3, 5].map(Uuid::from_u128);
        let keys = Keys::without(vec![one, other], Vec::new());
        let mut changes = json!({
            "location_id": [one, other], "parent_id": [open, one], "name": ["a", null], "phone": null,
            "holder_id": [null, null], "users": [[open], [one]]
        });
        let mut same = changes.clone();
        ALL_KEYS.conceal(&mut same);
        assert_eq!(same, changes);
        keys.conceal(&mut changes);
        let left = json!({
            "parent_id": [open, null], "name": ["a", null], "phone": null, "holder_id": [null, null],
            "users": [[open], [one]]
        });
        assert_eq!(changes, left);
        let mut moved_out = json!({"location_id": [one, null]});
        keys.conceal(&mut moved_out);
        assert_eq!(moved_out, json!({}));
    }

    #[test]
    fn keys_tell_what_is_seen_what_is_opened_and_what_counts_as_unknown() {
        let [open, closed, hidden] = [7, 3, 5].map(Uuid::from_u128);
        let keys = Keys::without(vec![hidden, hidden], vec![closed]);
        for (place, sees, opens, named) in [
            (None, true, true, None),
            (Some(open), true, true, Some(open)),
            (Some(closed), true, false, Some(closed)),
            (Some(hidden), false, false, Some(Uuid::nil())),
        ] {
            assert_eq!(
                (keys.sees(place), keys.opens(place), keys.or_unknown(place)),
                (sees, opens, named),
                "{place:?}"
            );
            assert!(ALL_KEYS.sees(place) && ALL_KEYS.opens(place));
        }
        assert_eq!(keys.unseen(), [hidden]);
    }

    #[test]
    fn an_admin_sees_and_opens_every_place_and_acts_in_some_without_a_key() {
        let [open, closed, other] = [7, 3, 5].map(Uuid::from_u128);
        let keys = Keys::of_admin_without(vec![other, closed, closed]);
        for place in [open, closed, other].map(Some) {
            assert!(keys.sees(place) && keys.opens(place) && keys.or_unknown(place) == place);
        }
        for (places, without) in [
            ([None, None], false),
            ([Some(open), None], false),
            ([Some(open), Some(closed)], true),
            ([Some(other), Some(open)], true),
        ] {
            assert_eq!(keys.acts_without(places), without, "{places:?}");
            assert!(!ALL_KEYS.acts_without(places));
        }
    }
}
