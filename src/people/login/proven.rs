//! Who somebody is, and what shows it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    base::{email::Email, error::Error, ids::RequestId},
    people::{audit::Trace, codes::sending::Tally, users::KnownBy},
};

/// Who somebody is, and what shows it: the code that was sent to the phone came back, or another identity provider
/// vouches for them.
pub struct Proven {
    /// What shows it is good for one login, and this is its name.
    pub challenge_id: Uuid,
    /// What is said to whoever shows it in vain.
    pub refused: fn(InVain) -> Error,
    pub who: KnownBy,
    /// To which the code went, if not to the phone. It must still be the account's, and no account begins with it.
    pub mailbox: Option<Email>,
    pub invitation: Option<Uuid>,
    /// RFC 8176.
    pub amr: Vec<String>,
    pub auth_time: DateTime<Utc>,
    pub attempt: Attempt,
    /// That shows it.
    pub request_id: Option<RequestId>,
}

/// Why somebody who shows what is good does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InVain {
    /// It has let somebody in already.
    Replayed,
    /// Too many codes of this phone were wrong before.
    Locked,
}

/// What a login ends beside making a session: the failures before it, and the wait for a code to come back.
pub struct Attempt {
    /// None without a phone.
    pub bucket: Option<[u8; 32]>,
    /// A bucket that is blocked beyond this time lets nobody in.
    pub blocked_beyond: DateTime<Utc>,
    /// None without a code.
    pub tally: Option<Tally>,
    pub trace: Trace,
}
