//! Who answers for a change.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Auth, Origin},
    base::{enumeration::enumeration, ids::RequestId},
    platform::app::App,
};

/// A machine that changes something without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalSystem)]
pub enum System {
    /// `chemstock owner`, `chemstock stops` and the like: somebody at the machine itself, who is not signed in.
    CommandLine,
    /// `chemstock import`, and imports of uploaded lists.
    Import,
    /// The background steps that drop what is kept no longer.
    Sweep,
}

enumeration!(System::as_str in "journal.by_system" {
    CommandLine = "command_line",
    Import = "import",
    Sweep = "sweep",
});

/// Who changes something, by which session and request, and when.
#[derive(Debug, Clone, Copy)]
pub struct Actor {
    pub(super) who: Who,
    pub(super) origin: Origin,
    pub(super) at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Person(Uuid),
    System { system: System, r#for: Option<Uuid> },
}

impl<R> From<&Auth<R>> for Actor {
    fn from(by: &Auth<R>) -> Self {
        Self::person(by.user_id(), by.origin(), by.now())
    }
}

/// Who ends a use case.
pub trait Committer {
    fn actor(&self) -> Actor;

    /// Whose notary looks at once; without one it looks within a second.
    fn app(&self) -> Option<&App>;
}

impl<R> Committer for &Auth<R> {
    fn actor(&self) -> Actor {
        (*self).into()
    }

    fn app(&self) -> Option<&App> {
        Some(Auth::app(self))
    }
}

/// A command, an import, a background step, or somebody who is about to be signed in.
impl Committer for Actor {
    fn actor(&self) -> Actor {
        *self
    }

    fn app(&self) -> Option<&App> {
        None
    }
}

impl Actor {
    /// For who becomes somebody by this very request; else `&Auth<R>` is an actor.
    pub fn person(user_id: Uuid, origin: Origin, at: DateTime<Utc>) -> Self {
        Self { who: Who::Person(user_id), origin, at }
    }

    pub fn system(system: System, at: DateTime<Utc>) -> Self {
        Self { who: Who::System { system, r#for: None }, origin: Origin::default(), at }
    }

    /// The person, if it is one.
    pub fn user_id(&self) -> Option<Uuid> {
        if let Who::Person(id) = self.who { Some(id) } else { None }
    }

    /// An import for the person who had it run, where that is known. All that one run changes has its id as the
    /// request.
    pub fn import(run: RequestId, r#for: Option<Uuid>, at: DateTime<Utc>) -> Self {
        let origin = Origin { session_id: None, request_id: Some(run) };
        Self { who: Who::System { system: System::Import, r#for }, origin, at }
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
