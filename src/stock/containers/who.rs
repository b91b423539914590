//! Who asks, and when.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::auth::{Auth, InLab, Role};

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    pub user_id: Uuid,
    pub role: Role,
    pub now: DateTime<Utc>,
}

pub fn who<R: InLab>(by: &Auth<R>) -> Who {
    Who { user_id: by.user_id(), role: by.role(), now: by.now() }
}
