//! How often a network may do things that need no token and cost little. Each instance counts for itself, in memory, so
//! nothing here waits for Redis or stops while Redis is away. What costs money is limited elsewhere, and exactly.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;

use crate::{
    base::{
        address::ClientAddress,
        error::{Error, Result},
    },
    platform::app::App,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Asks for the state of a challenge.
    LookAtChallenge,
    /// Shows a refresh token that is not good.
    FailToRefresh,
}

impl Deed {
    /// In a minute.
    fn most(self, app: &App) -> u32 {
        let limits = &app.config.otp.address;
        match self {
            Self::LookAtChallenge => limits.looks_per_minute,
            Self::FailToRefresh => limits.failed_refreshes_per_minute,
        }
    }
}

/// With more networks than this in one minute, first the counts of past minutes are dropped, then all.
const MOST_NETWORKS: usize = 100_000;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

#[derive(Default)]
struct Counts(Mutex<HashMap<(Deed, IpNet), Count>>);

struct Count {
    since: DateTime<Utc>,
    deeds: u32,
}

/// Counts one deed, or refuses it.
pub fn take(app: &App, deed: Deed, from: ClientAddress) -> Result<()> {
    check(app, deed, from)?;
    count(app, deed, from);
    Ok(())
}

/// Refuses a network that has done it too often.
pub fn check(app: &App, deed: Deed, from: ClientAddress) -> Result<()> {
    let (most, now) = (deed.most(app), app.clock.now());
    let counts = app.part(|_| Counts::default());
    let counts = counts.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waits = from.networks().into_iter().filter_map(|network| {
        let count = counts.get(&(deed, network.net))?;
        let until = count.since + MINUTE;
        (count.deeds >= network.allowance(most) && now < until).then(|| until - now)
    });
    waits
        .max()
        .map_or(Ok(()), |wait| Err(Error::RateLimited { retry_after: wait.to_std().unwrap_or(Duration::from_mins(1)) }))
}

pub fn count(app: &App, deed: Deed, from: ClientAddress) {
    let now = app.clock.now();
    let counts = app.part(|_| Counts::default());
    let mut counts = counts.0.lock().unwrap_or_else(PoisonError::into_inner);
    if counts.len() >= MOST_NETWORKS {
        counts.retain(|_, count| now < count.since + MINUTE);
    }
    if counts.len() >= MOST_NETWORKS {
        counts.clear();
    }
    for network in from.networks() {
        let count = counts.entry((deed, network.net)).or_insert(Count { since: now, deeds: 0 });
        if now >= count.since + MINUTE {
            *count = Count { since: now, deeds: 0 };
        }
        count.deeds = count.deeds.saturating_add(1);
    }
}
