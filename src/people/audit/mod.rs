//! What happened at the door: who, what, from where, and how it ended (OWASP ASVS 5.0, 16.3.1). Of a phone only its
//! keyed hash is kept, of an address its network, and nothing for longer than half a year.
//!
//! What matters to security (a code sent, a guess, a login, a stolen token, a lock, a stop of sending) is written by
//! the statement that does it: the one is not there without the other. A refusal by a limit changes nothing, and comes
//! in floods: it waits in memory for a step that writes many at once. A crash loses at most what was refused in the two
//! seconds before it; a flood that is faster than the database loses what is too much, and a metric counts that.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use crate::{
    auth::{Auth, Owner},
    base::{
        address::ClientAddress,
        enumeration::enumeration,
        error::Result,
        ids,
        page::{Cursor, Limit, List, Page},
        phone::Phone,
        secrets::hex,
    },
    platform::{app::App, lanes},
};

mod http;
mod installation;
pub mod store;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// `sent`, `suppressed` (the answer was the same, `detail` says why nothing was sent), or `limited`.
    CodeRequested,
    /// `wrong`, `gone` (unknown, expired, used or burnt), `locked`, `malformed`, or `limited`.
    CodeGuessed,
    /// `done`; or it was good, but `locked`: too many codes were wrong before, `replayed`: used before, `disabled`, or
    /// `uninvited`. Of an ID token also `refused`, `detail` says why, and `limited`.
    LoggedIn,
    /// A refresh token came back after its use: its session was `ended`.
    RefreshReused,
    /// `logout`, `ended_by_user`, `ended_by_admin`, `phone_changed`, or `email_changed`.
    SessionEnded,
    /// Strangers get no codes in `detail`, a block of numbers or a country, or a budget is spent: `done` by itself, or
    /// `set` by an owner; or an owner has `lifted` it.
    SendingStopped,
    /// A hundred wrong codes in a row.
    PhoneLocked,
    PhoneUnlocked,
    /// `done`, filed under the new number; `left`, under the old one; or `taken`: somebody has the number.
    PhoneChanged,
    /// `done`: a code came back from the new mailbox; or `removed`. Filed under the phone.
    EmailChanged,
    /// By an owner of the installation, whom `detail` names.
    AccountDisabled,
    AccountEnabled,
    /// By its own person; nothing else of them is kept here from before.
    AccountDeleted,
    /// `owner` or `cataloguer`; `detail` says by whom.
    RightGiven,
    RightTaken,
    /// Somebody became an admin by an owner of the installation; `detail` names the lab and the owner.
    AdminAppointed,
}

enumeration!(EventKind::as_str in "login_events.kind" {
    CodeRequested = "code_requested",
    CodeGuessed = "code_guessed",
    LoggedIn = "logged_in",
    RefreshReused = "refresh_reused",
    SessionEnded = "session_ended",
    SendingStopped = "sending_stopped",
    PhoneLocked = "phone_locked",
    PhoneUnlocked = "phone_unlocked",
    PhoneChanged = "phone_changed",
    EmailChanged = "email_changed",
    AccountDisabled = "account_disabled",
    AccountEnabled = "account_enabled",
    AccountDeleted = "account_deleted",
    RightGiven = "right_given",
    RightTaken = "right_taken",
    AdminAppointed = "admin_appointed",
});

impl EventKind {
    /// What nobody does to themselves by logging in: it is done by an owner, or at the command line.
    const OF_OWNERS: [Self; 5] =
        [Self::AccountDisabled, Self::AccountEnabled, Self::RightGiven, Self::RightTaken, Self::AdminAppointed];
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LoginEvent {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    /// How it ended.
    #[schema(example = "sent")]
    pub outcome: String,
    /// The keyed hash of the phone, in hexadecimal digits: the same phone has the same.
    #[schema(required = true)]
    pub phone_hash: Option<String>,
    #[schema(required = true)]
    pub user_id: Option<Uuid>,
    #[schema(required = true)]
    pub session_id: Option<Uuid>,
    /// The network of the client: a /24, or a /64 of IPv6.
    #[schema(required = true, example = "198.51.100.0/24")]
    pub address: Option<String>,
    /// The device, when it had logged in with this phone before.
    #[schema(required = true)]
    pub device: Option<Uuid>,
    #[schema(required = true)]
    pub detail: Option<String>,
    /// The owner who did it, where that is somebody else than `user_id`.
    #[schema(required = true)]
    pub done_by: Option<Uuid>,
}

/// Whose it was and from where, as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    pub phone_hash: Option<[u8; 32]>,
    pub address: Option<String>,
    pub device: Option<Uuid>,
}

impl Trace {
    pub fn of_address(from: ClientAddress) -> Self {
        Self { address: Some(from.coarse().to_string()), ..Self::default() }
    }
}

impl LoginEvent {
    pub fn new(now: DateTime<Utc>, kind: EventKind, outcome: &str, trace: &Trace) -> Self {
        Self {
            id: ids::new(now),
            at: now,
            kind,
            outcome: outcome.to_owned(),
            // As Postgres reads a `bytea`.
            phone_hash: trace.phone_hash.map(|hash| format!("\\x{}", hex(&hash))),
            user_id: None,
            session_id: None,
            address: trace.address.clone(),
            device: trace.device,
            detail: None,
            done_by: None,
        }
    }

    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// An owner did it to somebody.
    #[must_use]
    pub fn done_by(self, owner: Uuid) -> Self {
        Self { done_by: Some(owner), ..self }
    }
}

/// The keyed hash that stands for a phone wherever the phone itself must not stand.
pub fn phone_hash(app: &App, phone: &Phone) -> [u8; 32] {
    app.secret.mac("phone", &[phone.as_str().as_bytes()])
}

const MOST_WAITING: usize = 10_000;
const BATCH: usize = 500;
const KEPT_FOR: TimeDelta = TimeDelta::days(180);

#[derive(Default)]
struct Waiting(Mutex<VecDeque<LoginEvent>>);

fn waiting(app: &App) -> Arc<Waiting> {
    app.part(|_| Waiting::default())
}

/// Of what a limit refused: written soon.
pub fn note(app: &App, event: LoginEvent) {
    let waiting = waiting(app);
    let mut waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.len() < MOST_WAITING {
        waiting.push_back(event);
    } else {
        metrics::counter!("login_events_dropped_total").increment(1);
    }
}

/// Background step: writes what was noted.
pub async fn write_noted(app: App) -> Result<usize> {
    let waiting = waiting(&app);
    let batch: Vec<_> = {
        let mut waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(BATCH);
        waiting.drain(..count).collect()
    };
    if batch.is_empty() {
        return Ok(0);
    }
    let writing = async { store::insert(&mut *app.db().await?, &batch).await };
    if let Err(cause) = lanes::within(lanes::SILENT_AFTER, writing).await {
        let mut waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.into_iter().rev().for_each(|event| waiting.push_front(event));
        return Err(cause);
    }
    Ok(batch.len())
}

/// Drops what is older than half a year.
pub async fn purge(db: &mut sqlx::PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    store::purge(db, now - KEPT_FOR, most).await
}

pub struct LoginEventFilter {
    pub phone: Option<Phone>,
    pub kind: Option<EventKind>,
    pub before: Option<Cursor<Uuid>>,
    pub limit: Limit,
}

/// The newest first.
pub async fn list(by: &Auth<Owner>, wanted: LoginEventFilter) -> Result<Page<LoginEvent>> {
    let phone_hash = wanted.phone.as_ref().map(|phone| phone_hash(by.app(), phone));
    let phone = wanted.phone.as_ref().map(Phone::as_str);
    let list = List::new("login events", &(phone, wanted.kind));
    let before = list.after(wanted.before)?;
    let mut db = by.reports().await?;
    let who = phone_hash.as_ref().map(<[u8; 32]>::as_slice).zip(phone);
    let filter = store::Filter { kind: wanted.kind, before, ..store::Filter::default() };
    let found = store::list(&mut db, who, &filter, wanted.limit.plus_one()).await?;
    Ok(list.page(found, wanted.limit, |event| event.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<EventKind>();
    }
}
