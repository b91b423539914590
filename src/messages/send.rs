//! One message on its way: the providers that may have it, one after the other, until one takes it or says what ends
//! it. All of them get the same code.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Content,
    breaker::breakers,
    providers::providers,
    state::{self, AttemptState, MessageState, Tried},
    store::{self, Attempted, Done, Due, NewAttempt},
    texts,
};
use crate::{
    base::{error::Result, ids, secrets::hex},
    clients::{
        http::ANSWER_WITHIN,
        outbound::{Accepted, Failure, Outgoing, Price, Refused, Sending},
    },
    config::{Channel, Provider},
    platform::app::App,
};

/// How often one is taken up again before it is given up.
const MOST_ROUNDS: i32 = 5;

/// A message, opened, with the providers that may have it.
pub struct OpenedMessage {
    pub due: Due,
    pub to: String,
    pub content: Content,
    /// The first of `providers`, which is written down already.
    pub first: Uuid,
    pub providers: Vec<Provider>,
}

impl OpenedMessage {
    pub fn attempt(&self, id: Uuid, provider: Provider) -> NewAttempt {
        NewAttempt { id, message_id: self.due.id, provider: provider.name(), channel: provider.channel() }
    }
}

/// Sends it, and says what is to be written down. Attempts that end on the way are written down here.
pub async fn send(app: App, message: OpenedMessage) -> Done {
    let mut rest = message.providers.iter().copied();
    let (mut attempt, mut provider) = (message.first, rest.next());
    // When at least one provider asked to come later, the message is tried again.
    let mut asked_to_come_later = false;
    while let Some(at) = provider {
        let began = Instant::now();
        let sending = hand_over(&app, &message, attempt, at).await;
        let now = app.clock.now();
        breakers(&app).learn(at, sending.as_ref().err().map(|refused| refused.why), now);
        let refused = match sending {
            Ok(answer) => return accepted(&app, &message.due, attempt, at, &answer),
            Err(refused) => refused,
        };
        log_refusal(at, &message.due, &refused);
        let why = refused.why;
        let failed = failed(attempt, at, refused);
        asked_to_come_later |= why == Failure::TryLater;
        let wait = ANSWER_WITHIN.saturating_sub(began.elapsed());
        if why == Failure::Unknown && !wait.is_zero() {
            return unanswered(&message.due, failed, now, wait);
        }
        // Past its end a code is of no use.
        let may_go_on = !state::ends(at, why) && now < message.due.expires_at;
        let may_have_it = |next: Provider| why != Failure::NumberRefused || next.channel() != at.channel();
        provider = rest.find(|next| may_go_on && may_have_it(*next) && breakers(&app).lets_through(*next, now));
        let Some(next) = provider else {
            return ended(&message.due, failed, asked_to_come_later, now);
        };
        attempt = ids::new(now);
        if let Err(cause) = begin_next(&app, &message, failed, message.attempt(attempt, next), now).await {
            tracing::error!(message = %message.due.id, cause = &cause as &dyn std::error::Error, "an attempt is not written down");
            break;
        }
    }
    Done::later(&message.due, retry_at(&message.due, app.clock.now()).unwrap_or(message.due.expires_at))
}

async fn begin_next(
    app: &App,
    message: &OpenedMessage,
    failed: Attempted,
    next: NewAttempt,
    now: DateTime<Utc>,
) -> Result<()> {
    let done = Done { message_state: None, attempt: Some(failed), ..Done::now(&message.due, MessageState::Queued) };
    let mut db = app.db().await?;
    store::settle(&mut db, &[done], now).await?;
    store::begin(&mut db, &[next], now).await
}

async fn hand_over(app: &App, message: &OpenedMessage, attempt: Uuid, provider: Provider) -> Sending {
    let valid_for = (message.due.expires_at - app.clock.now()).to_std().unwrap_or_default();
    let origin = super::origin(app);
    let mail = (provider.channel() == Channel::Email).then(|| texts::mail(&message.content));
    let (subject, text) = match mail {
        Some(mail) => (mail.subject, mail.body),
        None => (String::new(), texts::sms(&message.content, origin)),
    };
    let receipts_at = super::providers::receipts_address(app, provider, attempt);
    let outgoing = Outgoing {
        reference: attempt,
        to: &message.to,
        subject: &subject,
        text: &text,
        code: message.content.code.as_deref(),
        language: message.content.language,
        valid_for,
        receipts_at: receipts_at.as_deref(),
    };
    let began = tokio::time::Instant::now();
    let sending = providers(app).send(provider, &outgoing).await;
    metrics::histogram!("message_provider_seconds", "provider" => provider.name()).record(began.elapsed());
    sending
}

fn log_refusal(provider: Provider, due: &Due, refused: &Refused) {
    let (why, code, country) = (refused.why, &refused.code, &due.country);
    tracing::warn!(message = %due.id, provider = provider.name(), country, ?why, code, "a message was not taken");
}

fn accepted(app: &App, due: &Due, attempt_id: Uuid, provider: Provider, accepted: &Accepted) -> Done {
    let (state, message_state) = if accepted.delivered {
        (AttemptState::Delivered, MessageState::Delivered)
    } else {
        (AttemptState::Accepted, MessageState::Sent)
    };
    let attempt = Attempted {
        attempt_id,
        provider,
        channel: provider.channel(),
        state,
        failure: None,
        code: None,
        provider_key: Some(super::provider_key(app, &accepted.id)).map(|key| format!("\\x{}", hex(&key))),
        cost: cost(app, provider, &due.country, accepted.price.as_ref()),
    };
    Done { attempt: Some(attempt), ..Done::now(due, message_state) }
}

fn failed(attempt_id: Uuid, provider: Provider, refused: Refused) -> Attempted {
    Attempted {
        attempt_id,
        provider,
        channel: provider.channel(),
        state: if refused.why == Failure::Unknown { AttemptState::Unknown } else { AttemptState::Failed },
        failure: Some(refused.why),
        code: Some(refused.code),
        provider_key: None,
        cost: Decimal::ZERO,
    }
}

/// It may have been sent. Whatever cut the answer off, the next provider is asked when a silent one would be given up:
/// until then a receipt may say that it has arrived.
fn unanswered(due: &Due, last: Attempted, now: DateTime<Utc>, wait: Duration) -> Done {
    let due_at = now + wait;
    let done = if due_at < due.expires_at { Done::later(due, due_at) } else { Done::now(due, MessageState::Sent) };
    Done { attempt: Some(last), ..done }
}

/// What becomes of the message when no other provider is asked now.
fn ended(due: &Due, last: Attempted, asked_to_come_later: bool, now: DateTime<Utc>) -> Done {
    let may_have_gone = last.failure == Some(Failure::Unknown) || due.tried.iter().any(Tried::is_open);
    let again = match last.failure {
        // The sender sees whether anybody is left.
        Some(Failure::Unknown) => Some(now).filter(|now| *now < due.expires_at),
        Some(why) if asked_to_come_later && !state::ends(last.provider, why) => retry_at(due, now),
        _ => None,
    };
    let state = if may_have_gone { MessageState::Sent } else { MessageState::Failed };
    let done = again.map_or_else(|| Done::now(due, state), |due_at| Done::later(due, due_at));
    Done { attempt: Some(last), ..done }
}

/// In 2, 4, 8, 16 seconds, while the message is of use.
pub fn retry_at(due: &Due, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = now + TimeDelta::seconds(1 << due.lease.clamp(1, MOST_ROUNDS));
    (due.lease < MOST_ROUNDS && at < due.expires_at).then_some(at)
}

/// What the provider says, if it is in the currency of the budgets; else what the table says. Mail costs nothing.
pub fn cost(app: &App, provider: Provider, country: &str, said: Option<&Price>) -> Decimal {
    if provider.channel() == Channel::Email {
        return Decimal::ZERO;
    }
    let prices = &app.config.sms.prices;
    let most = Decimal::from(1_000_000);
    let said = said.filter(|price| price.currency == prices.currency && (Decimal::ZERO..most).contains(&price.amount));
    said.map_or_else(|| prices.of(country.parse().ok()), |price| price.amount.round_dp(6))
}
