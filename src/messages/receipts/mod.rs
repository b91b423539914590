//! What providers tell of a message after they took it. It is believed once its signature is right, may come twice,
//! late and in any order, and moves a message forward only. It never says anything of whose phone it is: a delivered
//! code proves nothing until it comes back.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

pub use self::http::routes;
use self::store::{Change, Found};
use super::{
    provider_key,
    providers::providers,
    ring, send,
    state::{self, AttemptState, MessageState},
};
use crate::{
    base::error::{Error, Reason, Result},
    clients::outbound::{Callback, Distrust, Receipt, ReceiptState},
    config::Provider,
    platform::app::App,
};

mod http;
mod store;

/// In one callback.
const MOST: usize = 100;

/// One callback of a provider.
pub async fn hear(app: &App, provider: Provider, callback: &Callback<'_>) -> Result<()> {
    let receipts = providers(app).receipts(provider, callback).await;
    let outcome = receipts.as_ref().map_or_else(|distrust| distrust_name(*distrust), |_| "believed");
    metrics::counter!("message_callbacks_total", "provider" => provider.name(), "outcome" => outcome).increment(1);
    let receipts = receipts.map_err(|distrust| refused(app, provider, distrust))?;
    for receipt in receipts.into_iter().take(MOST) {
        apply(app, provider, receipt).await?;
    }
    Ok(())
}

fn distrust_name(distrust: Distrust) -> &'static str {
    match distrust {
        Distrust::Forged => "forged",
        Distrust::Stale => "stale",
        Distrust::Unreadable => "unreadable",
        Distrust::NotSetUp => "not_set_up",
        Distrust::Away => "away",
    }
}

fn refused(app: &App, provider: Provider, distrust: Distrust) -> Error {
    if let Some(untold) = app.part(|_| Warned::default()).again(provider, app.clock.now()) {
        tracing::warn!(provider = provider.name(), %distrust, untold, "a callback is not believed");
    }
    match distrust {
        Distrust::NotSetUp => Error::NotFound("webhook"),
        Distrust::Away => Error::Unavailable { service: "the provider's key", cause: distrust.to_string() },
        _ => Reason::CallbackRefused.because(distrust.to_string()),
    }
}

/// When the log was last told of a callback that is not believed, and how many it was not told of since: anybody can
/// send as many as they like. The counter has them all.
#[derive(Default)]
struct Warned(Mutex<HashMap<&'static str, (DateTime<Utc>, u64)>>);

const WARN_EVERY: TimeDelta = TimeDelta::minutes(1);

impl Warned {
    /// How many were not told of, if it is time to tell of one.
    fn again(&self, provider: Provider, now: DateTime<Utc>) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = told.get_mut(provider.name());
        if let Some((at, untold)) = known
            && now - *at < WARN_EVERY
        {
            *untold += 1;
            return None;
        }
        told.insert(provider.name(), (now, 0)).map_or(Some(0), |(_, untold)| Some(untold))
    }
}

/// Of a message that is not ours, or long gone, nothing is to be done.
async fn apply(app: &App, provider: Provider, receipt: Receipt) -> Result<()> {
    let now = app.clock.now();
    let mut db = app.db().await?;
    let key = provider_key(app, &receipt.id);
    let Some(found) = store::find(&mut db, provider, receipt.reference, &key).await? else {
        return Ok(());
    };
    let change = change(app, &found, receipt, key);
    let Some(moved) = store::apply(&mut db, &found, &change, now).await? else {
        return Ok(());
    };
    let outcome = change.failure.map_or(state_name(change.state), crate::clients::outbound::Failure::name);
    metrics::counter!("message_receipts_total", "provider" => provider.name(), "outcome" => outcome).increment(1);
    if moved == MessageState::Queued {
        ring(app);
    }
    Ok(())
}

fn state_name(state: AttemptState) -> &'static str {
    if state == AttemptState::Delivered { "delivered" } else { "sent" }
}

/// A message that another provider may still bring goes back into the outbox; `sender` sees whether there is one.
fn change(app: &App, found: &Found, receipt: Receipt, provider_key: [u8; 32]) -> Change {
    let (state, message_state, failure) = match receipt.state {
        ReceiptState::Sent => (AttemptState::Accepted, MessageState::Sent, None),
        ReceiptState::Delivered => (AttemptState::Delivered, MessageState::Delivered, None),
        ReceiptState::Failed(why) if !state::ends(found.provider, why) => {
            (AttemptState::Failed, MessageState::Queued, Some(why))
        }
        ReceiptState::Failed(why) => (AttemptState::Failed, MessageState::Failed, Some(why)),
    };
    let list_price = || send::cost(app, found.provider, &found.country, receipt.price.as_ref());
    let cost = match found.state {
        _ if receipt.price.is_some() => Some(list_price()),
        _ if failure.is_some() => Some(Decimal::ZERO),
        // Nobody has written down yet that it was taken.
        AttemptState::Sending | AttemptState::Unknown => Some(list_price()),
        _ => None,
    };
    Change { state, message_state, failure, code: receipt.code, provider_key, cost }
}
