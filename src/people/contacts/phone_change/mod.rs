//! Another phone for the same person: a fresh login, a code to the new number, a notice to the old one, and the end of
//! all other sessions (OWASP ASVS 5.0, 7.5.1; to NIST SP 800-63B-4, section 4.1.2, it is the binding of a new
//! authenticator). Whether somebody has the number already is told to who holds it, and to nobody before.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::Connection as _;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use self::store::{Before, Change};
use crate::{
    auth::{self, Anyone, Auth},
    base::{
        address::ClientAddress,
        error::{Error, OnConstraint, Reason, Result},
        language::AcceptLanguage,
        phone::Phone,
    },
    journal,
    messages::{self, Channel, Content, Kind, NewMessage, Recipient},
    people::{
        audit::{self, EventKind, LoginEvent, Trace},
        codes::{
            channels,
            guess::{self, Shown},
            holder::{self, Aim, Holder},
            otp::{self, CodeRequested},
        },
        sessions::store::EndedBecause,
        users::User,
    },
    platform::app::App,
};

mod http;
mod store;

/// The number that is to be mine.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneChange {
    /// In E.164 form, or as it is dialled in the country of the installation.
    #[schema(example = "+12025550145", max_length = 32)]
    pub phone: String,
}

/// The code that came to the new number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneConfirmation {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    /// Spaces and hyphens between its digits do not count.
    #[schema(example = "123456")]
    pub code: String,
}

const NOTICE_KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// The limits are those of codes for a login, of the phone and of the address.
pub async fn request(
    by: &Auth<Anyone>,
    asked: &PhoneChange,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<CodeRequested> {
    by.check_fresh_login()?;
    let phone = holder::acceptable_phone(by.app(), &asked.phone)?;
    let holder = Holder::new(phone, channels::to_phones(by.app()), Aim::PhoneChange(by.user_id()));
    Ok(otp::send_within_limits(by.app(), holder, None, from, language).await?.answer)
}

pub async fn confirm(
    by: &Auth<Anyone>,
    shown: &PhoneConfirmation,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<User> {
    let (app, user_id, session_id, now) = (by.app(), by.user_id(), by.session_id()?, by.now());
    let code = guess::admit(app, &shown.code, from, now).await?;
    let mut db = app.db().await?;
    let before = store::before(&mut db, user_id, shown.challenge_id, now).await?;
    let shown_code = Shown {
        challenge_id: shown.challenge_id,
        code: &code,
        aim: Aim::PhoneChange(user_id),
        is_blocked: before.is_blocked,
        nonce: by.nonce(),
    };
    let holder = guess::compare(app, &mut db, &shown_code, from, now).await?;
    drop(db);
    let trace = holder.trace(app, from);
    let change = Change {
        user_id,
        session_id,
        old: before.phone.as_ref(),
        new: &holder.phone,
        challenge_id: shown.challenge_id,
        bucket: holder.bucket(app),
        notice: notice(app, &before, &holder.phone, language, now),
        events: events(app, user_id, before.phone.as_ref(), &trace, now),
        now,
    };
    let changed = write(by, &change).await;
    let changed = changed.on_constraint("consumed_challenges_pkey", guess::refused);
    let changed = changed.on_constraint("users_phone_key", || taken(app, user_id, &trace, now));
    let user = guess::unless_broken_off(app, &shown_code, changed, now).await?.ok_or_else(guess::refused)?;
    auth::forget(app, user_id);
    messages::ring(app);
    Ok(user)
}

async fn write(by: &Auth<Anyone>, change: &Change<'_>) -> Result<Option<User>> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let Some(user) = store::change(&mut tx, change).await? else { return Ok(None) };
    let told = journal::Change::new(journal::Kind::UserPhoneChanged, journal::NO_LAB, user.id);
    journal::commit(tx, by, [told.personal("phone", change.old != Some(change.new))]).await?;
    Ok(Some(user))
}

/// Whoever loses a phone to a thief learns of it there.
fn notice(
    app: &App,
    before: &Before,
    new: &Phone,
    language: AcceptLanguage,
    now: DateTime<Utc>,
) -> Option<messages::Sealed> {
    let old = before.phone.clone().filter(|old| old != new)?;
    let is_for_tests = app.config.test_phones.code(old.as_str(), now).is_some();
    let is_nobodys = is_for_tests || app.config.is_production() && old.is_for_examples();
    let withheld = is_nobodys.then(|| "a notice to a phone that nobody has".to_owned());
    let language = before.language.or(language.0).unwrap_or_default();
    let notice = NewMessage {
        challenge_id: None,
        recipient: if channels::to_phones(app) == Channel::Sms {
            Recipient::Sms(old)
        } else {
            Recipient::Whatsapp(old)
        },
        content: Content::notice(Kind::PhoneChanged, language),
        expires_at: now + NOTICE_KEPT_FOR,
        // Nobody holds a number that is for tests.
        withheld,
    };
    Some(messages::seal(app, notice))
}

/// Filed under both numbers.
fn events(app: &App, user_id: Uuid, old: Option<&Phone>, trace: &Trace, now: DateTime<Utc>) -> Vec<LoginEvent> {
    let left = old.map(|old| Trace { phone_hash: Some(audit::phone_hash(app, old)), ..trace.clone() });
    let left = left.map(|trace| LoginEvent::new(now, EventKind::PhoneChanged, "left", &trace));
    let done = LoginEvent::new(now, EventKind::PhoneChanged, "done", trace);
    let ended = EndedBecause::PhoneChanged.event(user_id, None, trace, now).detail("all but one");
    let all = left.into_iter().chain([done, ended]);
    all.map(|event| LoginEvent { user_id: Some(user_id), ..event }).collect()
}

fn taken(app: &App, user_id: Uuid, trace: &Trace, now: DateTime<Utc>) -> Error {
    let event = LoginEvent::new(now, EventKind::PhoneChanged, "taken", trace);
    audit::note(app, LoginEvent { user_id: Some(user_id), ..event });
    Reason::PhoneTaken.because("this is the phone of another account")
}
