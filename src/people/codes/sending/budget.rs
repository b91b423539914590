//! What may be spent on codes. A message is paid from its budgets by the statement that queues it, one after the other
//! over all instances, and what fails is given back: so a budget is not exceeded by what messages are expected to cost.
//!
//! Strangers cannot spend what is for people who are known: those have a part of each budget for themselves, whatever
//! strangers have spent, so that a budget may be exceeded by that part. An owner of the installation is never refused:
//! somebody has to be able to come in and mend things, and a phone gets few codes a day.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::{Standing, Tally};
use crate::{base::error::Error, config::SignUp, messages::Channel, people::codes::holder::Holder, platform::app::App};

pub const HOUR_BUDGET: &str = "hour budget";
pub const DAY_BUDGET: &str = "day budget";

/// What was spent so far, of this hour, this day, and this day in the country of the phone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub hour: Cost,
    pub day: Cost,
    pub country: Cost,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub of_all: Decimal,
    pub of_strangers: Decimal,
}

/// A budget that bounds a message.
pub struct Budget {
    /// Under which it is told that it is spent.
    pub name: String,
    /// What counts against it, and since when.
    pub scope: String,
    pub start: DateTime<Utc>,
    /// When there is money again.
    pub end: DateTime<Utc>,
    most: Decimal,
    /// What strangers spent beyond this takes nothing from people who are known.
    share_of_strangers: Decimal,
    spent: Cost,
}

/// What a budget allows whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// None bounds nothing.
    pub most: Option<Decimal>,
    /// None if all that strangers spent counts.
    pub share_of_strangers: Option<Decimal>,
}

/// Of the country of this phone.
pub fn of_country(country: &str) -> String {
    format!("day budget of {country}")
}

/// Those that are set, the one that ends last at the end. Mail costs nothing: it is the way in when nothing is left.
pub fn all(app: &App, holder: &Holder, tally: &Tally, spent: Spent) -> Vec<Budget> {
    let prices = &app.config.sms.prices;
    let (hour, day) = (tally.hour + TimeDelta::hours(1), tally.day + TimeDelta::days(1));
    let country = (of_country(tally.country()), tally.country().to_owned());
    let everywhere = |name: &str| (name.to_owned(), super::EVERYWHERE.to_owned());
    let all = [
        (everywhere(HOUR_BUDGET), (tally.hour, hour), prices.per_hour, spent.hour),
        (country, (tally.day, day), prices.budget_of(holder.phone.country()), spent.country),
        (everywhere(DAY_BUDGET), (tally.day, day), prices.per_day, spent.day),
    ];
    let all = all.into_iter().filter(|_| holder.channel != Channel::Email);
    all.filter_map(|((name, scope), (start, end), most, spent)| {
        let most = most?;
        let share_of_strangers = most * Decimal::from(100 - prices.reserved_percent) / Decimal::from(100);
        Some(Budget { name, scope, start, end, most, share_of_strangers, spent })
    })
    .collect()
}

impl Budget {
    /// Where strangers get no code, they are told what members are told.
    pub fn allowance(&self, app: &App, standing: Standing) -> Allowance {
        let is_stranger = standing.is_stranger() && app.config.sign_up == SignUp::Open;
        Allowance {
            most: (standing != Standing::Owner).then_some(self.most),
            share_of_strangers: (!is_stranger).then_some(self.share_of_strangers),
        }
    }

    pub fn refuses(&self, app: &App, standing: Standing, price: Decimal) -> bool {
        let allowance = self.allowance(app, standing);
        let Cost { of_all, of_strangers } = self.spent;
        let beyond =
            allowance.share_of_strangers.map_or(Decimal::ZERO, |share| (of_strangers - share).max(Decimal::ZERO));
        allowance.most.is_some_and(|most| price + of_all - beyond > most)
    }

    /// Whether strangers are refused by it: then it is told to who watches.
    pub fn is_spent(&self, price: Decimal) -> bool {
        self.spent.of_all + price > self.most
    }

    /// When it begins anew.
    pub fn come_back(&self, now: DateTime<Utc>) -> Error {
        Error::BudgetSpent { retry_after: (self.end - now).to_std().unwrap_or(Duration::from_secs(1)) }
    }
}
