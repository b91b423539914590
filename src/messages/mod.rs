//! The outbox: what is to be sent waits in the database, sealed, until a background task sends it. So a request never
//! waits for a provider, and what it promised outlives a crash.
//!
//! [`sender`] takes what is due and hands it to a provider, in the order of [`routing`]; [`receipts`] hear what became
//! of it; [`report`] shows it to who runs the installation.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

pub use self::{
    breaker::provider_states,
    code_status::CodeStatus,
    content::{Content, Kind},
    report::measure,
    sender::{send_due, send_until_stopped},
    verified::tally as tally_verified,
};
pub use crate::config::Channel;
use crate::{
    base::{error::Result, ids, phone::Phone},
    platform::app::App,
};

mod breaker;
mod code_status;
mod content;
mod http;
pub mod probe;
mod providers;
pub mod pumping;
mod receipts;
mod report;
mod routing;
mod send;
mod sender;
mod state;
mod store;
pub mod texts;
mod verified;

pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(receipts::routes()).merge(report::routes())
}

/// Drops the messages that are filed under these buckets, sent or not.
pub async fn forget(db: &mut PgConnection, buckets: &[Vec<u8>]) -> Result<()> {
    store::forget(db, buckets).await
}

/// Whom a message goes to, and how.
#[derive(Clone)]
pub enum Recipient {
    Sms(Phone),
    Whatsapp(Phone),
    /// A mailbox that its owner has proven.
    Email(String),
}

impl Recipient {
    pub fn channel(&self) -> Channel {
        match self {
            Self::Sms(_) => Channel::Sms,
            Self::Whatsapp(_) => Channel::Whatsapp,
            Self::Email(_) => Channel::Email,
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Sms(phone) | Self::Whatsapp(phone) => phone.as_str(),
            Self::Email(address) => address,
        }
    }

    fn country(&self) -> String {
        match self {
            Self::Sms(phone) | Self::Whatsapp(phone) => country_of(phone),
            Self::Email(_) => NO_COUNTRY.to_owned(),
        }
    }
}

const NO_COUNTRY: &str = "no country";

/// Under which a phone's messages are counted: ISO 3166-1 alpha-2, or `no country`.
pub fn country_of(phone: &Phone) -> String {
    phone.country().map_or_else(|| NO_COUNTRY.to_owned(), |country| country.as_ref().to_owned())
}

pub struct NewMessage {
    /// None for one without a code.
    pub challenge_id: Option<Uuid>,
    pub recipient: Recipient,
    pub content: Content,
    /// After this it is of no use, and is dropped.
    pub expires_at: DateTime<Utc>,
    /// Why it goes through everything but reaches nobody, if so. In development the terminal shows it as a remark.
    pub withheld: Option<String>,
}

const RECIPIENT: &str = "message recipient";
const BODY: &str = "message body";
const BATCH: usize = 500;
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// What is sealed in `messages.body`.
#[derive(Serialize, Deserialize)]
struct Body {
    content: Content,
    withheld: Option<String>,
}

/// A message as the database keeps it.
pub struct Sealed {
    pub id: Uuid,
    pub challenge_id: Option<Uuid>,
    pub kind: Kind,
    pub channel: Channel,
    pub country: String,
    pub recipient: Vec<u8>,
    pub body: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    pub suppressed: bool,
}

/// For whoever queues it together with what it costs (`people::codes::sending`), in one statement.
pub fn seal(app: &App, new: NewMessage) -> Sealed {
    let id = ids::new(app.clock.now());
    let (kind, suppressed) = (new.content.kind, new.withheld.is_some());
    let body = Body { content: new.content, withheld: new.withheld };
    let body = serde_json::to_vec(&body).expect("plain data");
    Sealed {
        id,
        challenge_id: new.challenge_id,
        kind,
        channel: new.recipient.channel(),
        country: new.recipient.country(),
        recipient: app.secret.seal(RECIPIENT, new.recipient.address().as_bytes(), id.as_bytes()),
        body: app.secret.seal(BODY, &body, id.as_bytes()),
        expires_at: new.expires_at,
        suppressed,
    }
}

/// To be followed by [`ring`] once it is committed.
pub async fn queue(db: &mut PgConnection, app: &App, new: NewMessage) -> Result<()> {
    store::insert(db, &seal(app, new), app.clock.now()).await
}

/// Wakes the task that sends.
pub fn ring(app: &App) {
    app.messages_queued.notify_one();
}

/// To whoever develops: never in production, where nobody looks at a terminal.
pub fn remark(app: &App, text: &str) {
    if !app.config.is_production()
        && let Err(error) = app.console.note(text)
    {
        tracing::warn!(%error, "the terminal shows nothing");
    }
}

/// Under which a receipt finds its attempt: what a provider calls a message may have a phone in it.
fn provider_key(app: &App, id: &str) -> [u8; 32] {
    app.secret.mac("name that a provider gives to a message", &[id.as_bytes()])
}

/// By what phones know our codes.
fn origin(app: &App) -> texts::Origin<'_> {
    let public_url = app.config.public_url.as_deref();
    let domain = public_url.and_then(|url| url.split("://").nth(1)).and_then(|rest| rest.split(['/', ':']).next());
    texts::Origin { domain, android_app_hash: app.config.sms.android_app_hash.as_deref() }
}

/// Background step: drops what is older than thirty days, and the texts of what is over.
pub async fn sweep(app: App) -> Result<usize> {
    let now = app.clock.now();
    let mut db = app.db().await?;
    let emptied = store::empty_expired(&mut db, now, BATCH).await?;
    Ok(emptied.max(store::sweep(&mut db, now - KEPT_FOR, BATCH).await?))
}
