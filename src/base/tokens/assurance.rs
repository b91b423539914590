//! How much a login is worth, by how it was done.

use serde::{Deserialize, Serialize};

/// In `amr`, beside `otp`: the code came by e-mail. RFC 8176 has no word for a mailbox, so this one is ours.
pub const BY_EMAIL: &str = "email";

/// The claim `acr` (RFC 9068 section 2.2.1), with the values that `OpenID` Connect Core section 2 gives a meaning to:
/// `0` is less than any level of ISO/IEC 29115, as a mailbox is no out-of-band authenticator (NIST SP 800-63B-4 section
/// 3.1.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assurance {
    #[serde(rename = "0")]
    Mailbox,
    /// A phone, or an identity provider that answers for its own way.
    #[serde(rename = "1")]
    Phone,
}

impl Assurance {
    /// The session keeps `amr`, so what it is worth stays the same however often it is refreshed.
    pub fn of(amr: &[String]) -> Self {
        if amr.iter().any(|method| method == BY_EMAIL) { Self::Mailbox } else { Self::Phone }
    }
}
