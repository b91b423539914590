//! Whose a challenge is: what it knows and its store cannot read.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    audit::{self, Trace},
    challenge::Purpose,
    failures,
};
use crate::{
    app::App,
    error::{Error, Result},
    phone::Phone,
    web::ClientAddress,
};

#[derive(Serialize, Deserialize)]
pub struct Holder {
    pub phone: Phone,
    pub invitation: Option<Uuid>,
    /// The known one that asked.
    pub device: Option<Uuid>,
}

const SEALED: &str = "challenge holder";

impl Holder {
    pub fn seal(&self, app: &App, challenge_id: Uuid) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(self).map_err(|cause| Error::Internal(cause.into()))?;
        Ok(app.secret.seal(SEALED, &plain, challenge_id.as_bytes()))
    }

    pub fn open(app: &App, challenge_id: Uuid, sealed: &[u8]) -> Option<Self> {
        let plain = app.secret.open(SEALED, sealed, challenge_id.as_bytes())?;
        serde_json::from_slice(&plain).ok()
    }

    /// A code is good for one purpose, challenge and phone.
    pub fn code_mac(&self, app: &App, challenge_id: Uuid, code: &str) -> [u8; 32] {
        let (purpose, phone) = (Purpose::LOGIN.0.as_bytes(), self.phone.as_str().as_bytes());
        app.secret.mac("one-time code", &[purpose, challenge_id.as_bytes(), phone, code.as_bytes()])
    }

    /// Whose limits and failures these are.
    pub fn bucket(&self, app: &App) -> [u8; 32] {
        failures::bucket(app, &self.phone, self.device)
    }

    pub fn trace(&self, app: &App, from: ClientAddress) -> Trace {
        let phone_hash = Some(audit::phone_hash(app, &self.phone));
        Trace { phone_hash, device: self.device, ..Trace::of_address(from) }
    }
}
