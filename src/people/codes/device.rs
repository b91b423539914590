//! Devices that have logged in before. Such a device asks and guesses in a bucket of its own, so that a stranger who
//! knows the phone's number can neither lock its owner out, nor use up their codes, nor void the one that they wait for.
//!
//! The token is kept nowhere: an id and its MAC, bound to the phone. It opens nothing by itself.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    base::{phone::Phone, secrets},
    platform::app::App,
};

const ID: usize = 16;
/// After this time the device counts as a stranger until its next login, which makes it known again.
const KNOWN_FOR: TimeDelta = TimeDelta::days(180);

pub fn token(app: &App, phone: &Phone, device: Uuid) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([device.as_bytes().as_slice(), &mac(app, phone, device)].concat())
}

/// The device, if this is its token for this phone, and it is not long since it first logged in.
pub fn recognize(app: &App, phone: &Phone, token: &str, now: DateTime<Utc>) -> Option<Uuid> {
    let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, shown) = token.split_first_chunk::<ID>()?;
    let device = Uuid::from_bytes(*id);
    let first_login = i64::try_from(device.get_timestamp()?.to_unix().0).ok()?;
    let is_known = secrets::constant_time_eq(shown, &mac(app, phone, device));
    (is_known && now.timestamp() - first_login < KNOWN_FOR.num_seconds()).then_some(device)
}

fn mac(app: &App, phone: &Phone, device: Uuid) -> [u8; 32] {
    app.secret.mac("device token", &[phone.as_str().as_bytes(), device.as_bytes()])
}
