//! Where no codes are sent to strangers: what came by itself, as hardly any code came back, and what an owner has set.
//! An owner sees, sets and lifts them. Whoever is known gets codes there all the same.

use chrono::{DateTime, Utc};
use phonenumber::country;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use super::Trace;
use crate::{
    auth::{Auth, Owner},
    base::{
        dates,
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
        phone::Phone,
    },
    journal::{self, Actor, Change, Journalled, Kind, NO_LAB},
    messages::pumping::SEEN_BACK,
    people::audit::{EventKind, LoginEvent},
    platform::app::App,
};

mod http;
mod store;

/// A block of numbers or a country to which strangers get no codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendingStop {
    /// The beginning of the numbers, such as `+1202555`, or a country, by ISO 3166-1 alpha-2.
    #[schema(example = "+1202555")]
    pub prefix: String,
    pub by: StoppedBy,
    /// The owner who set it; null if it came by itself, or from the command line.
    #[schema(required = true)]
    pub set_by: Option<Uuid>,
    pub since: DateTime<Utc>,
    /// When it ends, at the latest: one that came by itself ends sooner if codes come back. Null: when it is lifted.
    #[schema(required = true)]
    pub until: Option<DateTime<Utc>>,
    /// Of the last 24 hours: codes that strangers asked for and a provider took, the phones that they went to, and the
    /// codes that came back.
    pub sent: i64,
    pub phones: i64,
    pub verified: i64,
}

impl Journalled for SendingStop {
    const PERSONAL: &'static [&'static str] = &["prefix"];
    // What was counted is no part of the stop; who set it, the line itself says.
    const LEFT_OUT: &'static [&'static str] = &["sent", "phones", "verified", "set_by"];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum StoppedBy {
    /// Hardly any of the codes sent there came back.
    Breaker,
    /// An owner, or `chemstock stops set`.
    Owner,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2026-12-01T08:00:00Z"}))]
pub struct NewStop {
    /// When it ends by itself; unless said, it lasts until it is lifted.
    #[serde(default, deserialize_with = "dates::optional")]
    pub until: Option<DateTime<Utc>>,
}

/// What a stop may be over: a country, or numbers that begin so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_number = (1..=14).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_number {
            return Some(Self(text.to_owned()));
        }
        let country: country::Id = text.to_ascii_uppercase().parse().ok()?;
        Some(Self(country.as_ref().to_owned()))
    }

    /// For logs and login events, which have no phones: the beginning of numbers may be a whole one.
    fn in_records(&self) -> String {
        const SHOWN: usize = "+1234".len();
        if self.0.len() <= SHOWN { self.0.clone() } else { format!("{}…", &self.0[..SHOWN]) }
    }
}

/// All prefixes of a phone, and its country.
pub(super) fn prefixes(phone: &Phone, country: &str) -> Vec<String> {
    let number = phone.as_str();
    let all = (2..=number.len()).map(|length| number[..length].to_owned());
    all.chain([country.to_owned()]).collect()
}

/// By prefix.
pub async fn list(by: &Auth<Owner>, after: Option<Cursor<String>>, limit: Limit) -> Result<Page<SendingStop>> {
    let list = List::new("sending stops", &());
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.app().lists().await?;
    let found = store::list(&mut db, &after, None, by.now(), limit.plus_one()).await?;
    Ok(list.page(found, limit, |stop| stop.prefix.clone()))
}

pub async fn set(by: &Auth<Owner>, prefix: &str, new: &NewStop) -> Result<SendingStop> {
    let prefix = Prefix::parse(prefix).ok_or_else(malformed)?;
    if new.until.is_some_and(|until| until <= by.now()) {
        return Err(Error::field("/until", "must be in the future"));
    }
    set_for(by.app(), &prefix, new.until, by.into()).await
}

pub async fn lift(by: &Auth<Owner>, prefix: &str) -> Result<()> {
    let prefix = Prefix::parse(prefix).ok_or_else(malformed)?;
    lift_for(by.app(), &prefix, by.into()).await.map(drop)
}

fn malformed() -> Error {
    Error::field(
        "/prefix",
        "must be a country like DE, or the beginning of numbers like +49151123 (`+` is written %2B)",
    )
}

/// For `chemstock stops`.
pub async fn all(app: &App) -> Result<Vec<SendingStop>> {
    store::list(&mut *app.lists().await?, "", None, app.clock.now(), i64::MAX).await
}

pub async fn set_for(app: &App, prefix: &Prefix, until: Option<DateTime<Utc>>, by: Actor) -> Result<SendingStop> {
    let (now, user_id) = (app.clock.now(), by.user_id());
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    store::lock(&mut tx, prefix).await?;
    let before = find(&mut tx, prefix, now).await?;
    store::set(&mut tx, prefix, until, user_id, &event("set", prefix, user_id, now), now).await?;
    let after = find(&mut tx, prefix, now).await?.ok_or(Error::NotFound("sending stop"))?;
    journal::commit(tx, by, [change(app, Kind::SendingStopSet, prefix, before.as_ref(), Some(&after))?]).await?;
    tracing::warn!(prefix = prefix.in_records(), ?until, "sending is stopped by an owner");
    Ok(after)
}

/// For the journal. The beginning of numbers may be a whole phone: its stop is known there by a keyed hash in the form
/// of a UUID (RFC 9562 section 5.8), and a country's by its name, too.
fn change(
    app: &App,
    kind: Kind,
    prefix: &Prefix,
    before: Option<&SendingStop>,
    after: Option<&SendingStop>,
) -> Result<Change> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&app.secret.mac("sending stop", &[prefix.0.as_bytes()])[..16]);
    let change = Change::new(kind, NO_LAB, uuid::Builder::from_custom_bytes(bytes).into_uuid());
    match (before, after) {
        (Some(before), Some(after)) => change.changed(before, after),
        (Some(before), None) => Ok(named(change.deleted(before)?, before, true)),
        (None, Some(after)) => Ok(named(change.created(after)?, after, false)),
        (None, None) => Ok(change),
    }
}

fn named(change: Change, stop: &SendingStop, is_gone: bool) -> Change {
    let country = Some(stop.prefix.as_str()).filter(|prefix| !prefix.starts_with('+'));
    let (before, after) = if is_gone { (country, None) } else { (None, country) };
    change.field("prefix", before, after)
}

/// Whether there was one. What was counted there is forgotten, or it would stop again at once.
pub async fn lift_for(app: &App, prefix: &Prefix, by: Actor) -> Result<bool> {
    let (now, user_id) = (app.clock.now(), by.user_id());
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    store::lock(&mut tx, prefix).await?;
    let Some(before) = find(&mut tx, prefix, now).await? else { return Ok(false) };
    store::lift(&mut tx, prefix, &event("lifted", prefix, user_id, now), now - SEEN_BACK).await?;
    journal::commit(tx, by, [change(app, Kind::SendingStopLifted, prefix, Some(&before), None)?]).await?;
    tracing::warn!(prefix = prefix.in_records(), "sending goes on: a stop was lifted");
    Ok(true)
}

async fn find(db: &mut PgConnection, prefix: &Prefix, now: DateTime<Utc>) -> Result<Option<SendingStop>> {
    Ok(store::list(db, "", Some(prefix), now, 1).await?.pop())
}

fn event(outcome: &str, prefix: &Prefix, user_id: Option<Uuid>, now: DateTime<Utc>) -> LoginEvent {
    let event = LoginEvent::new(now, EventKind::SendingStopped, outcome, &Trace::default()).detail(prefix.in_records());
    LoginEvent { user_id, ..event }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_country_or_the_beginning_of_numbers() {
        let parsed = |text: &str| Prefix::parse(text).map(|prefix| prefix.0);
        for (text, prefix) in [("+1202555", "+1202555"), ("+49", "+49"), ("DE", "DE"), ("de", "DE")] {
            assert_eq!(parsed(text).as_deref(), Some(prefix));
        }
        for text in ["", "+", "+0", "49", "+49 151", "XX", "Germany", "+123456789012345", "hour budget", "*"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn records_show_of_a_prefix_at_most_four_digits() {
        for (prefix, shown) in [("DE", "DE"), ("+49", "+49"), ("+4791", "+4791"), ("+4791234567", "+4791…")] {
            assert_eq!(Prefix::parse(prefix).unwrap().in_records(), shown);
        }
    }

    #[test]
    fn a_phone_is_under_its_country_and_each_of_its_beginnings() {
        let phone = Phone::parse("+4915112345678", None).unwrap();
        let prefixes = prefixes(&phone, "DE");
        for prefix in ["+4", "+49", "+49151123", "+4915112345678", "DE"] {
            assert!(prefixes.iter().any(|known| known == prefix), "{prefix}");
        }
        assert!(!prefixes.iter().any(|known| known == "+" || known == "US"));
    }
}
