//! The outbox: what is to be sent waits in the database, sealed, until a background step sends it. So a request never
//! waits for a provider, and what it promised outlives a crash.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use self::store::{Due, Outcome};
use crate::{
    app::App,
    config::SmsProvider,
    error::{Error, Result},
    ids,
    phone::Phone,
};

mod http;
mod store;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Whatsapp,
    Email,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its turn.
    Queued,
    /// A provider has taken it.
    Sent,
    /// It has arrived.
    Delivered,
    /// It will not arrive.
    Failed,
}

pub struct NewMessage {
    /// None for one without a code.
    pub challenge_id: Option<Uuid>,
    pub recipient: Phone,
    pub text: String,
    /// After this it is of no use, and is dropped.
    pub expires_at: DateTime<Utc>,
    /// Goes through everything but reaches nobody. In development the terminal shows its text as a remark.
    pub suppressed: bool,
}

/// How far the message with a code has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    pub channel: Channel,
    pub state: DeliveryState,
    /// The channel to ask for if the code does not come; null if there is no other.
    #[schema(required = true)]
    pub next_channel: Option<Channel>,
    /// Not before this may another code be asked for.
    pub resend_at: DateTime<Utc>,
}

const RECIPIENT: &str = "message recipient";
const BODY: &str = "message body";
/// How long a message that is being sent is left alone; then whoever took it is taken for dead.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const MOST_ATTEMPTS: i32 = 5;
const BATCH: usize = 500;
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// A message as the database keeps it.
pub struct Sealed {
    pub id: Uuid,
    pub challenge_id: Option<Uuid>,
    pub recipient: Vec<u8>,
    pub body: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    pub suppressed: bool,
}

/// For whoever queues it together with what it costs (`login::sending`), in one statement.
pub fn seal(app: &App, new: &NewMessage) -> Sealed {
    let id = ids::new(app.clock.now());
    Sealed {
        id,
        challenge_id: new.challenge_id,
        recipient: app.secret.seal(RECIPIENT, new.recipient.as_str().as_bytes(), id.as_bytes()),
        body: app.secret.seal(BODY, new.text.as_bytes(), id.as_bytes()),
        expires_at: new.expires_at,
        suppressed: new.suppressed,
    }
}

/// To be followed by [`ring`] once it is committed.
pub async fn queue(db: &mut PgConnection, app: &App, new: &NewMessage) -> Result<()> {
    store::insert(db, &seal(app, new), app.clock.now()).await
}

/// Wakes the step that sends.
pub fn ring(app: &App) {
    app.messages_queued.notify_one();
}

/// Of the message of a challenge.
pub async fn delivery(app: &App, challenge_id: Uuid) -> Result<Delivery> {
    let sent = store::find_sent(&mut *app.lookups().await?, challenge_id).await?.ok_or(Error::NotFound("challenge"))?;
    Ok(Delivery {
        challenge_id,
        channel: sent.channel,
        state: sent.state,
        next_channel: None,
        resend_at: sent.queued_at + app.config.otp.resend,
    })
}

/// Background step: sends what is due. No transaction is open meanwhile: a message is taken by moving its time into the
/// future, sent, and marked.
pub async fn deliver_due(app: App) -> Result<usize> {
    let now = app.clock.now();
    let leased_until = now + LEASE;
    let taken = store::take(&mut *app.db().await?, now, leased_until, BATCH).await?;
    let count = taken.len();
    for message in taken {
        let now = app.clock.now();
        if now >= leased_until {
            break;
        }
        let outcome = if message.expires_at <= now { Outcome::Failed } else { send(&app, &message, now) };
        store::settle(&mut *app.db().await?, &message, &outcome, now).await?;
    }
    Ok(count)
}

fn send(app: &App, message: &Due, now: DateTime<Utc>) -> Outcome {
    let open = |purpose, sealed| {
        let plain = app.secret.open(purpose, sealed, message.id.as_bytes());
        plain.and_then(|plain| String::from_utf8(plain).ok())
    };
    let (Some(recipient), Some(text)) = (open(RECIPIENT, &message.recipient), open(BODY, &message.body)) else {
        tracing::error!(message = %message.id, "a queued message cannot be opened; has SECRET_KEY changed?");
        return Outcome::Failed;
    };
    let in_the_terminal = app.config.sms.providers.contains(&SmsProvider::Console);
    let printed = match (message.suppressed, in_the_terminal) {
        (true, true) => app.console.note(&text),
        (true, false) => Ok(()),
        (false, true) => app.console.send(&recipient, &text),
        (false, false) => Err(std::io::Error::other("no provider of SMS_PROVIDERS can send it")),
    };
    match printed {
        Ok(()) => Outcome::Sent { provider: "console" },
        Err(cause) => later_or_never(message, &cause, now),
    }
}

/// Tries again in 2, 4, 8, 16 seconds, while the message is of use.
fn later_or_never(message: &Due, cause: &std::io::Error, now: DateTime<Utc>) -> Outcome {
    let due_at = now + TimeDelta::seconds(1 << message.attempts.clamp(1, MOST_ATTEMPTS));
    let again = message.attempts < MOST_ATTEMPTS && due_at < message.expires_at;
    tracing::warn!(message = %message.id, attempts = message.attempts, again, %cause, "a message was not sent");
    if again { Outcome::Again { due_at } } else { Outcome::Failed }
}

/// Background step: drops what is older than thirty days.
pub async fn sweep(app: App) -> Result<usize> {
    let before = app.clock.now() - KEPT_FOR;
    store::sweep(&mut *app.db().await?, before, BATCH).await
}
