//! What can change.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::enumeration::enumeration;

/// What has changed: the kind of thing, and what happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = JournalKind)]
pub enum Kind {
    /// Somebody came for the first time.
    #[serde(rename = "user.created")]
    UserCreated,
    /// Somebody changed their name or the language of messages to them.
    #[serde(rename = "user.changed")]
    UserChanged,
    /// Somebody has another phone.
    #[serde(rename = "user.phone_changed")]
    UserPhoneChanged,
    /// Somebody has another mailbox, or none any more.
    #[serde(rename = "user.email_changed")]
    UserEmailChanged,
    /// An owner gave or took a right that holds in no lab.
    #[serde(rename = "user.rights_changed")]
    UserRightsChanged,
    /// An account was closed to its person.
    #[serde(rename = "user.disabled")]
    UserDisabled,
    /// An account that was disabled is open again.
    #[serde(rename = "user.enabled")]
    UserEnabled,
    /// Somebody deleted their account.
    #[serde(rename = "user.deleted")]
    UserDeleted,
    /// There is a new lab.
    #[serde(rename = "lab.created")]
    LabCreated,
    /// A lab has another name, time zone or contact.
    #[serde(rename = "lab.changed")]
    LabChanged,
    /// A policy of the lab has another value, or will have it. The subject is the lab.
    #[serde(rename = "policy.set")]
    PolicySet,
    /// A value that a policy of the lab would have had does not come. The subject is the lab.
    #[serde(rename = "policy.withdrawn")]
    PolicyWithdrawn,
    /// Somebody became a member of the lab, or came back to it. The subject is the person.
    #[serde(rename = "member.joined")]
    MemberJoined,
    /// A member has another role. The subject is the person.
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged,
    /// A membership ended. The subject is the person.
    #[serde(rename = "member.left")]
    MemberLeft,
    /// Somebody invites into the lab.
    #[serde(rename = "invitation.created")]
    InvitationCreated,
    /// An invitation let somebody in.
    #[serde(rename = "invitation.used")]
    InvitationUsed,
    /// An invitation admits nobody any more.
    #[serde(rename = "invitation.revoked")]
    InvitationRevoked,
    /// An invitation that was for a phone has lost it, as the account of its person was deleted.
    #[serde(rename = "invitation.phone_erased")]
    InvitationPhoneErased,
    /// An invitation that expired long ago is no longer kept.
    #[serde(rename = "invitation.dropped")]
    InvitationDropped,
    /// The catalogue has a new chemical.
    #[serde(rename = "chemical.created")]
    ChemicalCreated,
    /// A chemical of the catalogue is told otherwise.
    #[serde(rename = "chemical.changed")]
    ChemicalChanged,
    /// A chemical is gone from the catalogue.
    #[serde(rename = "chemical.deleted")]
    ChemicalDeleted,
    /// A lab sees a chemical differently. The subject is the chemical.
    #[serde(rename = "overrides.set")]
    OverridesSet,
    /// A lab sees a chemical as the catalogue has it again. The subject is the chemical.
    #[serde(rename = "overrides.deleted")]
    OverridesDeleted,
    /// There is a new place.
    #[serde(rename = "location.created")]
    LocationCreated,
    /// A place has another name, code or kind.
    #[serde(rename = "location.changed")]
    LocationChanged,
    /// A place lies in another one; other fields may have changed with it.
    #[serde(rename = "location.moved")]
    LocationMoved,
    /// Others have the key to a location.
    #[serde(rename = "location.keys_changed")]
    LocationKeysChanged,
    /// A place was given up.
    #[serde(rename = "location.closed")]
    LocationClosed,
    /// What no event of the ledger says of a bottle has changed: its code, its notes, where it was bought.
    #[serde(rename = "container.changed")]
    ContainerChanged,
    /// Codes are no longer sent to a country or a block of numbers.
    #[serde(rename = "sending_stop.set")]
    SendingStopSet,
    /// Codes are sent to a country or a block of numbers again.
    #[serde(rename = "sending_stop.lifted")]
    SendingStopLifted,
    /// Somebody uploaded a list, to import it into the lab.
    #[serde(rename = "import.created")]
    ImportCreated,
    /// Somebody had an uploaded list imported. The import itself follows, and its end has a line of its own.
    #[serde(rename = "import.started")]
    ImportStarted,
    /// An uploaded list that nobody used for long is no longer kept.
    #[serde(rename = "import.dropped")]
    ImportDropped,
    /// A list was imported. All lines of the import have its id as their request.
    #[serde(rename = "import.finished")]
    ImportFinished,
}

enumeration!(Kind::as_str in "journal.kind" {
    UserCreated = "user.created",
    UserChanged = "user.changed",
    UserPhoneChanged = "user.phone_changed",
    UserEmailChanged = "user.email_changed",
    UserRightsChanged = "user.rights_changed",
    UserDisabled = "user.disabled",
    UserEnabled = "user.enabled",
    UserDeleted = "user.deleted",
    LabCreated = "lab.created",
    LabChanged = "lab.changed",
    PolicySet = "policy.set",
    PolicyWithdrawn = "policy.withdrawn",
    MemberJoined = "member.joined",
    MemberRoleChanged = "member.role_changed",
    MemberLeft = "member.left",
    InvitationCreated = "invitation.created",
    InvitationUsed = "invitation.used",
    InvitationRevoked = "invitation.revoked",
    InvitationPhoneErased = "invitation.phone_erased",
    InvitationDropped = "invitation.dropped",
    ChemicalCreated = "chemical.created",
    ChemicalChanged = "chemical.changed",
    ChemicalDeleted = "chemical.deleted",
    OverridesSet = "overrides.set",
    OverridesDeleted = "overrides.deleted",
    LocationCreated = "location.created",
    LocationChanged = "location.changed",
    LocationMoved = "location.moved",
    LocationKeysChanged = "location.keys_changed",
    LocationClosed = "location.closed",
    ContainerChanged = "container.changed",
    SendingStopSet = "sending_stop.set",
    SendingStopLifted = "sending_stop.lifted",
    ImportCreated = "import.created",
    ImportStarted = "import.started",
    ImportDropped = "import.dropped",
    ImportFinished = "import.finished",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Kind>();
    }
}
