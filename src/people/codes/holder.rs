//! Whose a challenge is: what it knows and its store cannot read.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{challenge::Purpose, failures};
use crate::{
    base::{
        address::ClientAddress,
        email::Email,
        error::{Error, Reason, Result},
        language::Language,
        phone::Phone,
    },
    config::Channel,
    messages::{Content, Kind, Recipient},
    people::audit::{self, Trace},
    platform::app::App,
};

#[derive(Serialize, Deserialize)]
pub struct Holder {
    /// Whose limits and failures count: of a code by e-mail, too.
    pub phone: Phone,
    pub invitation: Option<Uuid>,
    /// The known one that asked.
    pub device: Option<Uuid>,
    pub channel: Channel,
    /// Where a code by e-mail goes: for a login the one that the account has proven, else the one to be proven.
    pub mailbox: Option<Email>,
    pub aim: Aim,
}

/// What the code of a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    Login,
    /// The phone is to be this user's.
    PhoneChange(Uuid),
    /// The mailbox is to be this user's.
    EmailChange(Uuid),
}

impl Aim {
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Login => Purpose::LOGIN,
            Self::PhoneChange(_) => Purpose::PHONE_CHANGE,
            Self::EmailChange(_) => Purpose::EMAIL,
        }
    }

    /// Who is logged in already.
    pub fn user_id(self) -> Option<Uuid> {
        match self {
            Self::Login => None,
            Self::PhoneChange(user_id) | Self::EmailChange(user_id) => Some(user_id),
        }
    }
}

const SEALED: &str = "challenge holder";
/// Of nobody (RFC 2606): a message for whom there is no mailbox goes through everything else.
const NO_MAILBOX: &str = "nobody@example.invalid";

impl Holder {
    /// As far as it is known before the database is asked.
    pub fn new(phone: Phone, channel: Channel, aim: Aim) -> Self {
        Self { phone, invitation: None, device: None, channel, mailbox: None, aim }
    }

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
        let (purpose, phone) = (self.aim.purpose().0.as_bytes(), self.phone.as_str().as_bytes());
        app.secret.mac("one-time code", &[purpose, challenge_id.as_bytes(), phone, code.as_bytes()])
    }

    pub fn recipient(&self) -> Recipient {
        match self.channel {
            Channel::Sms => Recipient::Sms(self.phone.clone()),
            Channel::Whatsapp => Recipient::Whatsapp(self.phone.clone()),
            Channel::Email => Recipient::Email(self.mailbox.as_ref().map_or(NO_MAILBOX, Email::as_str).to_owned()),
        }
    }

    pub fn letter(&self, app: &App, code: String, language: Language) -> Content {
        let kind = match self.aim {
            Aim::Login => Kind::LoginCode,
            Aim::PhoneChange(_) => Kind::PhoneChangeCode,
            Aim::EmailChange(_) => Kind::EmailCode,
        };
        Content { kind, language, code: Some(code), minutes: app.config.otp.ttl.as_secs().div_ceil(60) }
    }

    /// Whose limits and failures these are.
    pub fn bucket(&self, app: &App) -> [u8; 32] {
        failures::bucket(app, &self.phone, self.device)
    }

    /// Whose limits a code of this kind counts against. A mailbox that is to be proven has those of its user.
    pub fn limits_key(&self, app: &App) -> [u8; 32] {
        match self.aim {
            Aim::EmailChange(user_id) => app.secret.mac("codes to prove a mailbox", &[user_id.as_bytes()]),
            Aim::Login | Aim::PhoneChange(_) => self.bucket(app),
        }
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
    let has_fixed_code = app.config.test_phones.code(phone.as_str(), app.clock.now()).is_some();
    if app.config.is_production() && phone.is_for_tests() && !has_fixed_code {
        return Err(refused("is a number for tests, which no phone has"));
    }
    let allowed = &rules.allowed_countries;
    if allowed.is_empty() || allowed.iter().any(|country| phone.country() == Some(*country)) {
        return Ok(phone);
    }
    Err(refused("is of a country that this installation does not serve"))
}
