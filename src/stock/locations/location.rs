//! A place as people see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::Access;
use crate::{
    base::{
        enumeration::enumeration,
        ids::OwnId,
        patch::{self, Change},
        text::Name,
    },
    journal::Journalled,
    stock::codes::Code,
};

/// From outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LocationKind)]
pub enum Kind {
    Building,
    Room,
    Cabinet,
    Shelf,
    Box,
}

enumeration!(Kind::as_str in "locations.kind" {
    Building = "building",
    Room = "room",
    Cabinet = "cabinet",
    Shelf = "shelf",
    Box = "box",
});

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Location {
    pub id: Uuid,
    /// What it lies in; null for a root.
    #[schema(required = true)]
    pub parent_id: Option<Uuid>,
    pub kind: Kind,
    #[schema(example = "Cabinet 3")]
    pub name: String,
    #[schema(example = "7ZK3M9QXN")]
    pub code: String,
    /// The names from the root to itself.
    #[schema(example = json!(["Main building", "Room 214", "Cabinet 3"]))]
    pub path: Vec<String>,
    pub access: Access,
    /// Null until it is deleted.
    #[schema(required = true)]
    pub closed_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Journalled for Location {
    // That of what it lies in, and its name.
    const LEFT_OUT: &'static [&'static str] = &["path"];
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "room", "name": "Room 214"}))]
pub struct NewLocation {
    /// Your own UUIDv7, if you like.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    /// What it lies in; none makes a root.
    pub parent_id: Option<Uuid>,
    pub kind: Kind,
    pub name: Name,
    /// What its label says, if it has one already; else a code is made.
    pub code: Option<Code>,
    /// Left out, `open`.
    #[serde(default)]
    #[schema(value_type = Option<Access>)]
    pub access: Access,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Room 215", "parent_id": null}))]
pub struct LocationPatch {
    /// Moves it, with all that lies in it; null makes it a root.
    #[serde(default, deserialize_with = "patch::change")]
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Change<Uuid>,
    pub kind: Option<Kind>,
    pub name: Option<Name>,
    pub code: Option<Code>,
    pub access: Option<Access>,
}

/// An open place, as far as an import looks at it.
#[derive(Debug, Clone)]
pub struct OpenPlace {
    pub id: Uuid,
    pub parent_id: Option<Uuid>,
    pub kind: Kind,
    pub name: String,
    pub code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Kind>();
    }
}
