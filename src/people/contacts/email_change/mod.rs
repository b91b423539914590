//! A mailbox of one's own, for codes when the phone is out of reach. It is no equal of the phone (NIST SP 800-63B-4
//! section 3.1.3.1): it is proven by who is logged in by phone, lets in whoever has an account already, and never leads
//! to another phone or mailbox. An address that nobody has proven is kept nowhere but in the sealed challenge.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::Connection as _;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use self::store::{Change, Removal};
use crate::{
    auth::{self, Anyone, Auth},
    base::{
        address::ClientAddress,
        email::Email,
        error::{Error, OnConstraint, Reason, Result},
        language::AcceptLanguage,
        phone::Phone,
    },
    config::Channel,
    journal,
    people::{
        audit::{self, EventKind, LoginEvent, Trace},
        codes::{
            failures,
            guess::{self, Shown},
            holder::{Aim, Holder},
            otp::{self, CodeRequested},
        },
        sessions::store::EndedBecause,
        users::User,
    },
    platform::app::App,
};

mod http;
mod store;

/// The mailbox that is to be mine.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    /// A plain address; its host is kept in small letters.
    #[schema(value_type = String, example = "rosalind@example.org", max_length = 254)]
    pub email: Email,
}

/// The code that came to the mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailConfirmation {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    /// Spaces and hyphens between its digits do not count.
    #[schema(example = "123456")]
    pub code: String,
}

/// As many codes as to a phone, counted for this user by themselves: who has just logged in by a code need not wait.
pub async fn request(
    by: &Auth<Anyone>,
    asked: EmailChange,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<CodeRequested> {
    let phone = entitled(by)?.clone();
    let aim = Aim::EmailChange(by.user_id());
    let holder = Holder { mailbox: Some(asked.email), ..Holder::new(phone, Channel::Email, aim) };
    Ok(otp::send_within_limits(by.app(), holder, None, from, language).await?.answer)
}

/// The phone of somebody who may choose a mailbox.
fn entitled(by: &Auth<Anyone>) -> Result<&Phone> {
    if !by.app().config.sms.has(Channel::Email) {
        return Err(Reason::EmailOff.because("e-mail needs SMTP_URL and EMAIL_FROM"));
    }
    by.check_fresh_login()?;
    by.phone().ok_or_else(|| Reason::PhoneRequired.because("add a phone first, at /v1/me/phone"))
}

pub async fn confirm(by: &Auth<Anyone>, shown: &EmailConfirmation, from: ClientAddress) -> Result<User> {
    entitled(by)?;
    let (app, user_id, now) = (by.app(), by.user_id(), by.now());
    let code = guess::admit(app, &shown.code, from, now).await?;
    let mut db = app.db().await?;
    let is_blocked = failures::is_blocked(&mut db, shown.challenge_id, now).await?;
    let shown_code = Shown {
        challenge_id: shown.challenge_id,
        code: &code,
        aim: Aim::EmailChange(user_id),
        is_blocked,
        nonce: by.nonce(),
    };
    let holder = guess::compare(app, &mut db, &shown_code, from, now).await?;
    drop(db);
    let trace = holder.trace(app, from);
    let change = Change {
        user_id,
        phone: &holder.phone,
        email: holder.mailbox.as_ref().ok_or_else(guess::refused)?,
        challenge_id: shown.challenge_id,
        events: events(user_id, "done", &trace, now),
        now,
    };
    let changed = write(by, &change).await;
    let changed = changed.on_constraint("consumed_challenges_pkey", guess::refused);
    let user = guess::unless_broken_off(app, &shown_code, changed, now).await?.ok_or_else(guess::refused)?;
    auth::forget(app, user_id);
    Ok(user)
}

async fn write(by: &Auth<Anyone>, change: &Change<'_>) -> Result<Option<User>> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let Some((user, is_other)) = store::change(&mut tx, change).await? else { return Ok(None) };
    journal::commit(tx, by, [changed(user.id, is_other)]).await?;
    Ok(Some(user))
}

/// For the journal.
fn changed(user_id: Uuid, is_other: bool) -> journal::Change {
    journal::Change::new(journal::Kind::UserEmailChanged, journal::NO_LAB, user_id).personal("email", is_other)
}

pub async fn remove(by: &Auth<Anyone>, version: Option<i32>, from: ClientAddress) -> Result<()> {
    by.check_fresh_login()?;
    let (app, user_id, now) = (by.app(), by.user_id(), by.now());
    let events = events(user_id, "removed", &trace(app, by.phone(), from), now);
    let removal = Removal { user_id, version, events, now };
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    let removed = store::remove(&mut tx, &removal).await?;
    journal::commit(tx, by, [changed(user_id, removed.was_there)]).await?;
    auth::forget(app, user_id);
    if removed.is_gone { Ok(()) } else { Err(Error::Stale) }
}

fn trace(app: &App, phone: Option<&Phone>, from: ClientAddress) -> Trace {
    Trace { phone_hash: phone.map(|phone| audit::phone_hash(app, phone)), ..Trace::of_address(from) }
}

fn events(user_id: Uuid, outcome: &str, trace: &Trace, now: DateTime<Utc>) -> [LoginEvent; 2] {
    let changed = LoginEvent::new(now, EventKind::EmailChanged, outcome, trace);
    let ended = EndedBecause::EmailChanged.event(user_id, None, trace, now).detail("all by e-mail");
    [LoginEvent { user_id: Some(user_id), ..changed }, ended]
}
