//! Who asks, and when.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::auth::{Auth, InLab, Keys, Role};

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Who<'k> {
    pub user_id: Uuid,
    pub role: Role,
    pub keys: &'k Keys,
    pub now: DateTime<Utc>,
}

pub fn who<R: InLab>(by: &Auth<R>) -> Who<'_> {
    Who { user_id: by.user_id(), role: by.role(), keys: by.keys(), now: by.now() }
}
