//! An invitation into a lab.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Role, journal::Journalled};

#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    pub id: Uuid,
    pub lab_id: Uuid,
    /// What to hand to the person invited. Told at the creation only: it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0A1B2C3D4E5F6G7H8J9K0M1N2P")]
    pub code: Option<String>,
    pub role: Role,
    /// The only phone that it admits; null for any. Of one that admits nobody any more, as it is used, revoked or too
    /// old, only the last two digits are left: `…23`.
    #[schema(required = true, example = "+12025550123")]
    pub phone: Option<String>,
    pub max_uses: i32,
    pub uses: i32,
    pub expires_at: DateTime<Utc>,
    #[schema(required = true)]
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_by: Uuid,
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

impl Invitation {
    /// Whether it is for this phone, as far as it is still known.
    pub(super) fn may_be_for(&self, phone: Option<&str>) -> bool {
        match (self.phone.as_deref(), phone) {
            (Some(own), Some(phone)) => own == phone || own.strip_prefix('…').is_some_and(|end| phone.ends_with(end)),
            (own, phone) => own == phone,
        }
    }
}

impl Journalled for Invitation {
    const PERSONAL: &'static [&'static str] = &["phone"];
    const LEFT_OUT: &'static [&'static str] = &["code"];
}
