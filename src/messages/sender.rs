//! Takes what is due out of the outbox and sends it, many at a time. A message is taken by moving its time into the
//! future, so that no two instances send it, and each attempt is written down before it is made: after a crash in
//! between nobody knows whether the message left, and nobody sends it again before its receipt had time to come.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    BODY, Body, RECIPIENT,
    breaker::breakers,
    routing,
    send::{self, OpenedMessage},
    state::{AttemptState, MessageState, Tried},
    store::{self, Attempted, Done, Due},
};
use crate::{
    base::{error::Result, ids},
    config::{Channel, Provider},
    platform::{app::App, lanes},
};

/// How long a message that is being sent is left alone; then whoever took it is taken for dead. All providers together
/// answer, or do not, in less.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// On their way at once.
const MOST_AT_ONCE: usize = 256;
const PERIOD: Duration = Duration::from_secs(2);

/// Sends until `stop`; what has begun is finished.
pub async fn send_until_stopped(app: App, stop: CancellationToken) {
    let mut sender = Sender { app: app.clone(), under_way: JoinSet::new() };
    while !stop.is_cancelled() {
        let is_full = match lanes::within(lanes::SILENT_AFTER, sender.start_due()).await {
            Ok(started) => started > 0 && sender.room() == 0,
            Err(cause) => {
                tracing::warn!(cause = &cause as &dyn std::error::Error, "the outbox cannot be read");
                false
            }
        };
        tokio::select! {
            Some(first) = sender.under_way.join_next() => sender.settle(first).await,
            () = app.messages_queued.notified(), if !is_full => {}
            () = tokio::time::sleep(PERIOD), if !is_full => {}
            () = stop.cancelled() => {}
        }
    }
    while let Some(first) = sender.under_way.join_next().await {
        sender.settle(first).await;
    }
}

/// Sends what is due now, and says how many that were.
pub async fn send_due(app: App) -> Result<usize> {
    let mut sender = Sender { app, under_way: JoinSet::new() };
    let mut count = 0;
    loop {
        count += sender.start_due().await?;
        match sender.under_way.join_next().await {
            Some(first) => sender.settle(first).await,
            None => return Ok(count),
        }
    }
}

struct Sender {
    app: App,
    under_way: JoinSet<Done>,
}

/// What is to be done with a message that was taken.
enum Plan {
    /// Nothing is sent, or not now.
    Settle(Done),
    Send(Box<OpenedMessage>),
}

impl Sender {
    fn room(&self) -> usize {
        MOST_AT_ONCE - self.under_way.len()
    }

    async fn start_due(&mut self) -> Result<usize> {
        let (app, now) = (&self.app, self.app.clock.now());
        if self.room() == 0 {
            return Ok(0);
        }
        let mut db = app.db().await?;
        let due = store::lease(&mut db, now, now + LEASE, self.room()).await?;
        let count = due.len();
        if count == 0 {
            return Ok(0);
        }
        routing::conversions(app).refresh(&mut db, now).await?;
        let (mut settled, mut opened) = (Vec::new(), Vec::new());
        for due in due {
            match plan(app, due, now) {
                Plan::Settle(done) => settled.push(done),
                Plan::Send(message) => opened.push(message),
            }
        }
        let attempts: Vec<_> = opened.iter().map(|one| one.attempt(one.first, one.providers[0])).collect();
        if !attempts.is_empty() {
            store::begin(&mut db, &attempts, now).await?;
        }
        if !settled.is_empty() {
            store::settle(&mut db, &settled, now).await?;
        }
        drop(db);
        for message in opened {
            self.under_way.spawn(send::send(app.clone(), *message));
        }
        Ok(count)
    }

    /// Together with all others that are ready: one statement for many.
    async fn settle(&mut self, first: std::result::Result<Done, JoinError>) {
        let mut done = Vec::new();
        let mut next = Some(first);
        while let Some(ended) = next {
            match ended {
                Ok(ended) => done.push(ended),
                // Its lease runs out, and then its attempt counts as one of which nobody knows.
                Err(cause) => tracing::error!(%cause, "sending a message broke off"),
            }
            next = self.under_way.try_join_next();
        }
        done.iter().for_each(count);
        for pause in [0, 1, 2] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            match lanes::within(lanes::SILENT_AFTER, write(&self.app, &done)).await {
                Ok(()) => {
                    done.iter().filter_map(|done| done.due_at).min().iter().for_each(|at| wake_at(&self.app, *at));
                    return;
                }
                Err(cause) => {
                    tracing::error!(cause = &cause as &dyn std::error::Error, "cannot write down what was sent");
                }
            }
        }
    }
}

async fn write(app: &App, done: &[Done]) -> Result<()> {
    store::settle(&mut *app.db().await?, done, app.clock.now()).await
}

fn count(done: &Done) {
    let (provider, outcome) = match &done.attempt {
        None => ("none", "dropped"),
        Some(Attempted { provider, failure: Some(failure), .. }) => (provider.name(), failure.name()),
        Some(Attempted { provider, state: AttemptState::Delivered, .. }) => (provider.name(), "delivered"),
        Some(Attempted { provider, .. }) => (provider.name(), "accepted"),
    };
    metrics::counter!("messages_total", "provider" => provider, "outcome" => outcome).increment(1);
}

fn plan(app: &App, due: Due, now: DateTime<Utc>) -> Plan {
    let open = |purpose, sealed| app.secret.open(purpose, sealed, due.id.as_bytes());
    let to = open(RECIPIENT, &due.recipient).and_then(|plain| String::from_utf8(plain).ok());
    let body = open(BODY, &due.body).and_then(|plain| serde_json::from_slice::<Body>(&plain).ok());
    let (Some(to), Some(body)) = (to, body) else {
        tracing::error!(message = %due.id, "a queued message cannot be opened; has SECRET_KEY changed?");
        return Plan::Settle(Done::now(&due, MessageState::Failed));
    };
    if let Some(why) = &body.withheld {
        super::remark(app, why);
        return Plan::Settle(Done::now(&due, MessageState::Sent));
    }
    // A flood is asked for before its first code has come to anybody.
    if due.is_stopped {
        super::remark(app, "a code is not sent: sending was stopped to its numbers since it was asked for");
        return Plan::Settle(Done::now(&due, MessageState::Failed));
    }
    if due.expires_at <= now || due.is_void || due.tried.iter().any(Tried::is_final) {
        return Plan::Settle(Done::now(&due, MessageState::Failed));
    }
    // Whoever sent it has died, and nobody heard any answer: its receipt has until its holder may ask for another code.
    let resend_at = due.created_at + app.config.otp.resend;
    let is_orphaned = due.tried.last().is_some_and(|tried| tried.state == AttemptState::Sending);
    if is_orphaned && now < resend_at && resend_at < due.expires_at {
        return Plan::Settle(Done::later(&due, resend_at));
    }
    let left = left(app, &due, body.content.code.is_some());
    let first = left.iter().position(|provider| breakers(app).lets_through(*provider, now));
    if let Some(first) = first {
        let providers = left[first..].to_vec();
        return Plan::Send(Box::new(OpenedMessage { first: ids::new(now), to, content: body.content, providers, due }));
    }
    let has_gone = due.tried.iter().any(|tried| tried.is_open() || tried.state == AttemptState::Accepted);
    Plan::Settle(match send::retry_at(&due, now) {
        Some(due_at) if !left.is_empty() => Done::later(&due, due_at),
        _ if has_gone => Done::now(&due, MessageState::Sent),
        _ => Done::now(&due, MessageState::Failed),
    })
}

/// The providers that may have it. SMS and WhatsApp stand in for each other, as they reach the same phone; a mailbox is
/// another thing, and only who asks for it gets a code there. WhatsApp takes nothing but codes.
fn left(app: &App, due: &Due, has_code: bool) -> Vec<Provider> {
    let conversions = routing::conversions(app);
    let of = |channel| conversions.order(app, channel, &due.country);
    let mut order = of(due.channel);
    match due.channel {
        Channel::Sms if has_code => order.extend(of(Channel::Whatsapp)),
        Channel::Whatsapp => order.extend(of(Channel::Sms)),
        _ => {}
    }
    routing::left(order, &due.tried)
}

/// Wakes the task that sends when a message comes due sooner than it would look.
fn wake_at(app: &App, at: DateTime<Utc>) {
    let (wait, app) = ((at - app.clock.now()).to_std().unwrap_or_default(), app.downgrade());
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        if let Some(app) = app.upgrade() {
            super::ring(&app);
        }
    });
}
