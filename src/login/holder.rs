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
    error::{Error, Reason, Result},
    phone::Phone,
    web::ClientAddress,
};

#[derive(Serialize, Deserialize)]
pub struct Holder {
    pub phone: Phone,
    pub invitation: Option<Uuid>,
    /// The known one that asked.
    pub device: Option<Uuid>,
    /// The user who wants this phone; none for a login.
    pub changes_for: Option<Uuid>,
}

/// What the code of a challenge is for, by whom it would change.
pub fn purpose_of(changes_for: Option<Uuid>) -> Purpose {
    if changes_for.is_some() { Purpose::PHONE_CHANGE } else { Purpose::LOGIN }
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

    pub fn purpose(&self) -> Purpose {
        purpose_of(self.changes_for)
    }

    /// A code is good for one purpose, challenge and phone.
    pub fn code_mac(&self, app: &App, challenge_id: Uuid, code: &str) -> [u8; 32] {
        let (purpose, phone) = (self.purpose().0.as_bytes(), self.phone.as_str().as_bytes());
        app.secret.mac("one-time code", &[purpose, challenge_id.as_bytes(), phone, code.as_bytes()])
    }

    /// Fits one message of 140 bytes; the code stands early, where a notification shows it and a phone offers to fill it
    /// in.
    pub fn letter(&self, app: &App, code: &str) -> String {
        let minutes = app.config.otp.ttl.as_secs().div_ceil(60);
        let what = if self.changes_for.is_some() { "It makes this your new phone number. " } else { "" };
        format!("Your Chemstock code is {code}. {what}It is good for {minutes} min. Never tell it to anybody.")
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

/// One that can hold a challenge here.
pub fn acceptable_phone(app: &App, raw: &str) -> Result<Phone> {
    let rules = &app.config.phone;
    let refused = |why: &str| Reason::PhoneRefused.at("/phone", why);
    let phone = Phone::parse(raw, Some(rules.default_region.as_ref())).map_err(refused)?;
    let allowed = &rules.allowed_countries;
    if allowed.is_empty() || allowed.iter().any(|country| phone.country() == Some(*country)) {
        return Ok(phone);
    }
    Err(refused("is of a country that this installation does not serve"))
}
