//! A member of a lab, as it is read and written.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Role,
    base::{
        error::{Reason, Result},
        page::Limit,
    },
    journal::{Change, Kind},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    pub lab_id: Uuid,
    pub user_id: Uuid,
    /// Empty until they give one, and once they have deleted their account.
    #[schema(example = "Marie Curie")]
    pub name: String,
    /// Shown to the lab's admins only, while the person is a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+12025550123")]
    pub phone: Option<String>,
    /// Of somebody who has left, the last one; it gives no right any more.
    pub role: Role,
    /// Null while the person is a member.
    #[schema(required = true)]
    pub left_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Member {
    /// For the journal: somebody whose membership was so before, if there was one.
    pub(super) fn joined(&self, before: Option<(Role, Option<DateTime<Utc>>)>) -> Change {
        let (role, left_at) = before.unzip();
        let kind = if left_at == Some(None) { Kind::MemberRoleChanged } else { Kind::MemberJoined };
        let change = Change::new(kind, self.lab_id, self.user_id).field("role", role, Some(self.role));
        change.field("left_at", left_at.flatten(), self.left_at)
    }
}

/// What a list of members shows.
pub(super) struct MemberFilter {
    pub with_phones: bool,
    pub with_left: bool,
    pub after: Uuid,
    pub limit: Limit,
}

/// What was, before a membership changed. The change is judged by it and only then committed.
pub(super) struct Before {
    pub role: Role,
    /// Somebody else in the lab is an admin and can sign in.
    pub another_admin: bool,
}

impl Before {
    pub fn allows(&self, role: Option<Role>) -> Result<()> {
        if self.role == Role::Admin && role != Some(Role::Admin) && !self.another_admin {
            return Err(
                Reason::LastAdmin.because("this is the only admin of the lab; make somebody else an admin first")
            );
        }
        Ok(())
    }
}
