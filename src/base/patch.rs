//! Fields of a PATCH (RFC 7396): absent stays, `null` clears, a value sets. A client that
//! cannot send null names the field in `clear` instead.

use serde::{Deserialize, Deserializer};

/// `None`: not in the body. `Some(None)`: null. Use with `#[serde(default, deserialize_with = "patch::change")]`.
pub type Change<T> = Option<Option<T>>;

pub fn change<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Change<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Fields of a PATCH that always have a value: they are set anew, and never cleared.
pub const KEPT: [&str; 8] = ["name", "kind", "code", "access", "disabled", "time_zone", "is_owner", "is_cataloguer"];
