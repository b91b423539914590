//! What a place may lie in, and when it may be given up.

use super::location::Kind;
use crate::{
    auth::{self, Auth, Manager},
    base::error::{Reason, Result},
};

/// What a location that is to be closed holds. What was disposed of there is gone for good.
#[derive(Debug, Clone, Copy)]
pub struct Contents {
    pub locations: bool,
    pub containers: bool,
}

impl Contents {
    pub fn allows_closing(self) -> Result<()> {
        if self.locations {
            return Err(Reason::LocationInUse.because("there are locations in it"));
        }
        if self.containers {
            let why = "there are containers in it; the list with include=gone shows lost and empty ones, too";
            return Err(Reason::LocationInUse.because(why));
        }
        Ok(())
    }
}

/// What stands around a location as it is written. The write is judged by it and only then committed.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours {
    pub parent: Option<Kind>,
    /// The outermost kind of what the caller sees in it.
    pub child: Option<Kind>,
    /// It has become of a deeper kind, and has something in it that the caller may not see.
    pub may_not_hold: bool,
    /// The parent is the location itself or lies in it.
    pub in_itself: bool,
    /// Some place of the lab is not open.
    pub is_guarded: bool,
}

impl Neighbours {
    /// The places that somebody has no key to are kept with their standing.
    pub fn forget_keys(self, by: &Auth<Manager>) {
        if self.is_guarded {
            auth::forget_all(by.app());
        }
    }

    /// The pointer is that of the field which brought them together.
    pub fn allows(self, kind: Kind, pointer: &'static str) -> Result<()> {
        let name = kind.as_str();
        if self.in_itself {
            return Err(Reason::LocationCycle.because("the new parent lies inside this location"));
        }
        if let Some(parent) = self.parent.filter(|parent| *parent >= kind) {
            return Err(Reason::LocationKind.at(pointer, format!("a {name} cannot lie in a {}", parent.as_str())));
        }
        if let Some(child) = self.child.filter(|child| *child <= kind) {
            return Err(Reason::LocationKind
                .at("/kind", format!("there is a {} in it, so it cannot be a {name}", child.as_str())));
        }
        // Whether that would fit is not looked at: by trying one kind after the other its own could be told.
        if self.may_not_hold {
            return Err(
                Reason::LocationKind.at("/kind", format!("what is in it may not fit into a {name}: ask an admin"))
            );
        }
        Ok(())
    }
}
