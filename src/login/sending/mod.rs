//! Whether a code may be sent, seen from the purse. Who makes us send to numbers that he is paid for ("SMS pumping")
//! shows in one thing: nobody types the codes in. So codes sent and verified are counted for each block of ten thousand
//! numbers and for each country, and where next to none come back, nothing more is sent to those whom we do not know.
//! They get the answer that everybody gets. What codes cost is summed up too, and at the budget nobody gets any.
//!
//! How exact that is: a request looks before its phone is counted, and the budget is looked at again by the statement that
//! queues the message. So a budget is exceeded by at most the messages whose statements run at the same moment: one for
//! each connection of the instances together. A block or country gets as many too many as were asked for at once.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::{
    audit::{EventKind, LoginEvent, Trace},
    holder::Holder,
};
use crate::{
    app::App,
    email::Email,
    error::{Error, Result},
    language::Language,
    messages::{self, Channel},
    phone::Phone,
    secrets,
};

mod store;

/// In a day: with less, chance decides.
const BLOCK_FLOOR: i64 = 20;
const COUNTRY_FLOOR: i64 = 100;
/// Of a hundred codes, fewer than this typed in is not what people do.
const LEAST_PERCENT: i64 = 10;
const SEEN_BACK: TimeDelta = TimeDelta::hours(24);
const SHARDS: u8 = 8;
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

pub const HOUR_BUDGET: &str = "hour budget";
pub const DAY_BUDGET: &str = "day budget";
const EVERYWHERE: &str = "*";

/// Under which it is told that what a day may cost in this country is spent.
fn country_budget(country: &str) -> String {
    format!("day budget of {country}")
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
    pub account: Account,
    /// Of whoever is logged in, or else of the account: the language of messages, and the mailbox that was proven.
    pub language: Option<Language>,
    pub email: Option<Email>,
    /// Nobody at all has an account.
    pub nobody_yet: bool,
    /// Wrong codes in a row.
    pub in_a_row: i32,
    pub blocked_until: Option<DateTime<Utc>>,
    /// Nothing is sent to its block or country but to those who are known.
    pub is_stopped: bool,
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

/// Sent and verified in a day.
#[derive(Debug, Clone, Copy)]
struct Share {
    sent: i64,
    verified: i64,
}

impl Share {
    fn is_bad(self, floor: i64) -> bool {
        self.sent >= floor && self.verified * 100 < self.sent * LEAST_PERCENT
    }
}

/// One statement, the same for all phones. At the budget it is an error, also for those who would get no message.
pub async fn look(
    db: &mut PgConnection,
    app: &App,
    holder: &Holder,
    tally: &Tally,
    now: DateTime<Utc>,
) -> Result<Outlook> {
    let prices = &app.config.sms.prices;
    let has_budget = prices.per_hour.is_some() || prices.per_day.is_some();
    let country_budget = country_budget(tally.country());
    let seen =
        store::look(db, holder, &holder.bucket(app), tally, &country_budget, now - SEEN_BACK, has_budget).await?;
    let price = prices.of(holder.phone.country());
    let is_over = |spent: Decimal, budget: Option<Decimal>| budget.is_some_and(|budget| spent + price > budget);
    let mut budgets = vec![
        (HOUR_BUDGET, is_over(seen.hour_cost, prices.per_hour)),
        (&country_budget, is_over(seen.country_cost, prices.budget_of(holder.phone.country()))),
        (DAY_BUDGET, is_over(seen.day_cost, prices.per_day)),
    ];
    // Mail costs nothing: it is the way in when nothing is left for messages.
    budgets.retain(|_| holder.channel != Channel::Email);
    if let Some((budget, _)) = budgets.iter().rev().find(|(_, is_over)| *is_over) {
        if !seen.stopped.iter().any(|scope| scope == budget) {
            stop(db, budget, now).await?;
        }
        return Err(come_back(budget, tally, now));
    }
    let share = |sent, verified| Share { sent, verified };
    let block = share(seen.block_sent, seen.block_verified).is_bad(BLOCK_FLOOR);
    let country = share(seen.country_sent, seen.country_verified).is_bad(COUNTRY_FLOOR);
    let mut changes = Changes::default();
    for (scope, is_bad) in [(tally.block(), block), (tally.country(), country)].into_iter().chain(budgets) {
        match (is_bad, seen.stopped.iter().any(|stopped| stopped == scope)) {
            (true, false) => changes.stopped.push(scope.to_owned()),
            (false, true) => changes.resumed.push(scope.to_owned()),
            _ => {}
        }
    }
    Ok(Outlook {
        account: seen.account,
        language: seen.language,
        email: seen.email,
        nobody_yet: seen.nobody_yet,
        in_a_row: seen.in_a_row,
        blocked_until: seen.blocked_until,
        is_stopped: block || country,
        changes,
    })
}

async fn stop(db: &mut PgConnection, budget: &str, now: DateTime<Utc>) -> Result<()> {
    let event = stop_event(budget, now);
    let stopped = store::stop(db, budget, &event, now).await?;
    if stopped {
        alert(budget);
    }
    Ok(())
}

fn stop_event(scope: &str, now: DateTime<Utc>) -> LoginEvent {
    LoginEvent::new(now, EventKind::SendingStopped, "done", &Trace::default()).detail(scope)
}

/// Once for each time, on one instance.
fn alert(scope: &str) {
    let kind = match scope {
        scope if scope == HOUR_BUDGET || scope.starts_with(DAY_BUDGET) => "budget",
        scope if scope.starts_with('+') => "block",
        _ => "country",
    };
    metrics::counter!("login_sending_stopped_total", "kind" => kind).increment(1);
    tracing::warn!(scope, "sending is stopped: a budget is spent, or hardly any of the codes sent there come back");
}

/// When the hour or the day is over.
fn come_back(budget: &str, tally: &Tally, now: DateTime<Utc>) -> Error {
    let over = if budget == HOUR_BUDGET { tally.hour + TimeDelta::hours(1) } else { tally.day + TimeDelta::days(1) };
    Error::Paused { retry_after: (over - now).to_std().unwrap_or(Duration::from_secs(1)) }
}

/// A message with a code, and what is to be written with it.
pub struct Code<'a> {
    pub message: messages::Sealed,
    pub phone: &'a Phone,
    pub bucket: &'a [u8; 32],
    pub tally: &'a Tally,
    pub outlook: &'a Outlook,
    pub event: LoginEvent,
}

/// One statement queues the message, counts it and its price, and tells the audit. What reaches nobody costs nothing.
pub async fn queue(db: &mut PgConnection, app: &App, code: Code<'_>, now: DateTime<Utc>) -> Result<()> {
    let prices = &app.config.sms.prices;
    let changes = &code.outlook.changes;
    let scopes = changes.stopped.iter().map(String::as_str);
    let country_budget = country_budget(code.tally.country());
    let stops = scopes.chain([HOUR_BUDGET, DAY_BUDGET, &country_budget]).map(|scope| stop_event(scope, now));
    let stops: Vec<_> = stops.collect();
    let costs = code.message.channel != Channel::Email;
    let spending = store::Spending {
        price: if costs { prices.of(code.phone.country()) } else { Decimal::ZERO },
        per_hour: prices.per_hour.filter(|_| costs),
        per_day: prices.per_day.filter(|_| costs),
        of_country: prices.budget_of(code.phone.country()).filter(|_| costs),
        country_budget: &country_budget,
        stops: &stops,
        resumed: &changes.resumed,
    };
    let queued = store::queue(db, &code, &spending, now).await?;
    queued.stopped.iter().for_each(|scope| alert(scope));
    queued.over.last().map_or(Ok(()), |budget| Err(come_back(budget, code.tally, now)))
}

/// Drops counts that no rule looks at any more.
pub async fn sweep(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
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

    #[test]
    fn few_codes_prove_nothing_and_one_in_ten_is_enough() {
        let is_bad = |sent, verified| Share { sent, verified }.is_bad(BLOCK_FLOOR);
        assert!(!is_bad(19, 0) && is_bad(20, 0) && is_bad(20, 1) && !is_bad(20, 2) && is_bad(21, 2));
    }
}
