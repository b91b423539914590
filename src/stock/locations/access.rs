//! Who sees a place and uses what is in it, and the one rule on who changes it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Keys,
    base::{
        enumeration::enumeration,
        error::{Error, Result},
    },
};

/// Who sees a location and uses what is in it, and in all below it. `open`: everybody in the lab. `closed`: everybody
/// sees it; only who has a key takes something out, puts something in, or books anything on what is in it. `hidden`:
/// only who has a key sees it and what is in it. Admins of the lab need no key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LocationAccess)]
pub enum Access {
    #[default]
    Open,
    Closed,
    Hidden,
}

enumeration!(Access::as_str in "locations.access" {
    Open = "open",
    Closed = "closed",
    Hidden = "hidden",
});

/// Whether somebody with these keys may change a place, say who has its keys, or put a place into it.
pub fn check(keys: &Keys, place: Uuid) -> Result<()> {
    if !keys.sees(Some(place)) {
        return Err(Error::NotFound("location"));
    }
    if !keys.opens(Some(place)) {
        return Err(Error::Forbidden("the location is closed to you; ask somebody who has its key"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Access>();
    }

    #[test]
    fn who_has_no_key_changes_no_closed_place_and_finds_no_hidden_one() {
        let [open, closed, hidden] = [1, 2, 3].map(Uuid::from_u128);
        let keys = Keys::without(vec![hidden], vec![closed]);
        assert!(check(&keys, open).is_ok());
        assert!(matches!(check(&keys, closed), Err(Error::Forbidden(_))));
        assert!(matches!(check(&keys, hidden), Err(Error::NotFound("location"))));
    }
}
