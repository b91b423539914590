//! Whether a code may be sent, as far as it costs money. Somebody who makes us send to numbers that they earn from ("SMS
//! pumping") shows in one thing: nobody types the codes in. So the codes that strangers asked for and a provider took
//! are counted, and which of them came back, for each block of ten thousand numbers and for each country; where next to
//! none come back, nothing more is sent to strangers. They get the answer that everybody gets. What people who are known
//! asked for, and what failed, is not counted: neither a member whose phone somebody types in nor a provider that is
//! down is a sign of pumping. [`budget`] limits what all codes may cost.
//!
//! How exact that is: a code counts once its provider has taken it, a request looks before, and so does whoever sends
//! what was asked for. So a block or country gets as many too many as are on their way at once.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use self::{
    budget::{Budget, DAY_BUDGET, HOUR_BUDGET},
    store::Known,
};
use super::holder::Holder;
use crate::{
    base::{error::Result, phone::Phone, secrets},
    messages::{
        self, Channel,
        pumping::{BLOCK_FLOOR, COUNTRY_FLOOR, Share},
    },
    people::audit::{EventKind, LoginEvent, Trace},
    platform::app::App,
};

pub mod budget;
pub mod stops;
mod store;

const SHARDS: u8 = 8;
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

const EVERYWHERE: &str = "*";

/// Who asks for a code, as far as it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Stranger,
    /// A stranger like any other, but that whoever comes first owns a development installation.
    First,
    /// Has an account or an invitation, or is logged in.
    Known,
    /// Of the installation, or about to be.
    Owner,
}

impl Standing {
    pub fn is_stranger(self) -> bool {
        matches!(self, Self::Stranger | Self::First)
    }
}

/// Where a code to this phone, and its return, are counted.
pub struct Tally {
    /// The block, the country, and all: every statement takes them in this order, so that no two wait for each other.
    pub scopes: [String; 3],
    pub shard: i16,
    pub hour: DateTime<Utc>,
    pub day: DateTime<Utc>,
}

impl Tally {
    pub fn of(phone: &Phone, now: DateTime<Utc>) -> Self {
        let start = |length| now.duration_trunc(length).unwrap_or(now);
        Self {
            scopes: [block(phone).to_owned(), messages::country_of(phone), EVERYWHERE.to_owned()],
            shard: (secrets::random::<1>()[0] % SHARDS).into(),
            hour: start(TimeDelta::hours(1)),
            day: start(TimeDelta::days(1)),
        }
    }

    fn block(&self) -> &str {
        &self.scopes[0]
    }

    fn country(&self) -> &str {
        &self.scopes[1]
    }
}

/// All but the last four digits, and at most eight: `+1202555` of `+12025550123`.
fn block(phone: &Phone) -> &str {
    let number = phone.as_str();
    &number[..(number.len() - 4).min(9)]
}

/// What is known of a phone before a code goes there.
pub struct Outlook {
    pub known: Known,
    /// Nothing is sent to its block or country but to those who are known.
    pub is_stopped: bool,
    budgets: Vec<Budget>,
    /// What stops and what goes on again with this request.
    changes: Changes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Account {
    None,
    Good,
    Disabled,
}

#[derive(Default)]
struct Changes {
    stopped: Vec<String>,
    resumed: Vec<String>,
}

/// One statement, the same for all phones.
pub async fn look(
    db: &mut PgConnection,
    app: &App,
    holder: &Holder,
    tally: &Tally,
    now: DateTime<Utc>,
) -> Result<Outlook> {
    let prices = &app.config.sms.prices;
    let has_budget = prices.per_hour.is_some() || prices.per_day.is_some();
    let known = store::look(db, holder, &holder.bucket(app), tally, now, has_budget).await?;
    let cost = |of_all, of_strangers| budget::Cost { of_all, of_strangers };
    let spent = budget::Spent {
        hour: cost(known.hour_cost, known.hour_strangers),
        day: cost(known.day_cost, known.day_strangers),
        country: cost(known.country_cost, known.country_strangers),
    };
    let (budgets, price) = (budget::all(app, holder, tally, spent), prices.of(holder.phone.country()));
    let block = Share { sent: known.block_sent, phones: known.block_phones, verified: known.block_verified };
    let country = Share { sent: known.country_sent, phones: known.country_phones, verified: known.country_verified };
    let (block, country) = (block.is_bad(BLOCK_FLOOR), country.is_bad(COUNTRY_FLOOR));
    let mut changes = Changes::default();
    let of_budgets = budgets.iter().map(|budget| (budget.name.as_str(), budget.is_spent(price)));
    for (scope, is_bad) in [(tally.block(), block), (tally.country(), country)].into_iter().chain(of_budgets) {
        match (is_bad, known.stopped.iter().any(|stopped| stopped == scope)) {
            (true, false) => changes.stopped.push(scope.to_owned()),
            (false, true) => changes.resumed.push(scope.to_owned()),
            _ => {}
        }
    }
    let is_stopped = block || country || known.is_set;
    Ok(Outlook { known, is_stopped, budgets, changes })
}

fn stop_event(scope: &str, now: DateTime<Utc>) -> LoginEvent {
    LoginEvent::new(now, EventKind::SendingStopped, "done", &Trace::default()).detail(scope)
}

/// What a stop is called in the metrics.
fn kind_of(scope: &str) -> &'static str {
    match scope {
        scope if scope == HOUR_BUDGET || scope.starts_with(DAY_BUDGET) => "budget",
        scope if scope.starts_with('+') => "block",
        _ => "country",
    }
}

/// Once for each time, on one instance.
fn alert(scope: &str) {
    metrics::counter!("login_sending_stopped_total", "kind" => kind_of(scope)).increment(1);
    tracing::warn!(scope, "sending is stopped: a budget is spent, or hardly any of the codes sent there come back");
}

/// Shows the counter before anything has stopped, so that the first stop is seen as a rise.
pub fn show_metrics() {
    for kind in ["budget", "block", "country"] {
        metrics::counter!("login_sending_stopped_total", "kind" => kind).increment(0);
    }
}

/// Refuses whoever a budget refuses, also those who would get no message.
pub async fn check(
    db: &mut PgConnection,
    app: &App,
    holder: &Holder,
    outlook: &Outlook,
    standing: Standing,
    now: DateTime<Utc>,
) -> Result<()> {
    let price = app.config.sms.prices.of(holder.phone.country());
    let refuses = |budget: &&Budget| budget.refuses(app, standing, price);
    let Some(budget) = outlook.budgets.iter().rev().find(refuses) else { return Ok(()) };
    if outlook.changes.stopped.contains(&budget.name) {
        let event = stop_event(&budget.name, now);
        if store::stop(db, &budget.name, &event, now).await? {
            alert(&budget.name);
        }
    }
    Err(budget.come_back(now))
}

/// A message with a code, and what is to be written with it.
pub struct Code<'a> {
    pub message: messages::Sealed,
    pub phone: &'a Phone,
    pub bucket: &'a [u8; 32],
    pub tally: &'a Tally,
    pub outlook: &'a Outlook,
    pub standing: Standing,
    pub event: LoginEvent,
}

/// One statement queues the message, takes its price from the budgets, and tells the audit. What reaches nobody costs
/// nothing.
pub async fn queue(db: &mut PgConnection, app: &App, code: Code<'_>, now: DateTime<Utc>) -> Result<()> {
    let (changes, budgets) = (&code.outlook.changes, &code.outlook.budgets);
    let names = budgets.iter().map(|budget| budget.name.as_str());
    let scopes = changes.stopped.iter().map(String::as_str);
    let told_anyway = scopes.clone().map(|scope| stop_event(scope, now));
    let if_spent = names.filter(|name| !changes.stopped.iter().any(|scope| scope == name));
    let stops: Vec<_> = told_anyway.chain(if_spent.map(|name| stop_event(name, now))).collect();
    let spending = store::Spending {
        price: match code.message.channel {
            Channel::Email => Decimal::ZERO,
            Channel::Sms | Channel::Whatsapp => app.config.sms.prices.of(code.phone.country()),
        },
        allowances: budgets.iter().map(|budget| budget.allowance(app, code.standing)).collect(),
        stops: &stops,
        stopped: &changes.stopped,
        resumed: &changes.resumed,
    };
    let queued = store::queue(db, &code, &spending, budgets, now).await?;
    queued.stopped.iter().for_each(|scope| alert(scope));
    let over = budgets.iter().rev().find(|budget| queued.over.contains(&budget.name));
    over.map_or(Ok(()), |budget| Err(budget.come_back(now)))
}

/// Drops counts and stops that no rule looks at any more.
pub async fn sweep(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    store::drop_ended_stops(db, now).await?;
    store::drop_tallies(db, now - KEPT_FOR, most).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_ten_thousand_numbers_or_more() {
        let block_of = |phone: &str| block(&Phone::parse(phone, None).unwrap()).to_owned();
        assert_eq!(block_of("+12025550123"), "+1202555");
        assert_eq!(block_of("+4915112345678"), "+49151123");
        assert_eq!(block_of("+821012345678"), "+82101234");
    }
}
