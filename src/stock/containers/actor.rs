//! Who answers for an event.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::enumeration::enumeration;

/// Who answers for an event: a person, or a machine and the person that it worked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"user_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f", "system": null, "for": null}))]
pub struct Actor {
    /// The person who posted it; null where a machine did.
    #[schema(required = true)]
    pub user_id: Option<Uuid>,
    #[schema(required = true)]
    pub system: Option<System>,
    /// Who had the machine do it, where that is known.
    #[schema(required = true)]
    pub r#for: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum System {
    Import,
}

enumeration!(System::as_str in "stock_events.by_system" {
    Import = "import",
});

impl Actor {
    pub fn person(user_id: Uuid) -> Self {
        Self { user_id: Some(user_id), system: None, r#for: None }
    }

    /// Whether it is this person, or a machine that worked for them.
    pub fn is(self, user_id: Uuid) -> bool {
        self.user_id.or(self.r#for) == Some(user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<System>();
    }
}
