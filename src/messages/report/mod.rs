//! What messages do and cost, for who runs the installation.

use chrono::{DateTime, Days, DurationRound, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::http::routes;
use super::Channel;
use crate::{
    auth::{Auth, Owner},
    base::{
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
    },
    platform::app::App,
};

mod http;
mod store;

/// The messages of a day, to one country, through one provider and channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageDay {
    /// In UTC.
    #[schema(example = "2026-11-24")]
    pub day: NaiveDate,
    /// ISO 3166-1 alpha-2, or `no country`.
    #[schema(example = "US")]
    pub country: String,
    /// `none` for messages that were never tried.
    #[schema(example = "twilio")]
    pub provider: String,
    pub channel: Channel,
    /// Taken by the provider.
    pub sent: i64,
    /// By the provider's receipts.
    pub delivered: i64,
    /// The code came back.
    pub verified: i64,
    pub failed: FailedMessages,
    /// As providers said, in the currency of the budgets, else by `SMS_PRICES`.
    #[schema(value_type = String, example = "1.58")]
    pub cost: Decimal,
    /// Null if no code came back.
    #[schema(value_type = Option<String>, required = true, example = "0.0088")]
    pub cost_per_login: Option<Decimal>,
}

/// At once or by a receipt; a message counts at each provider that was asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedMessages {
    pub number_refused: i64,
    pub consent_withdrawn: i64,
    pub blocked: i64,
    pub misconfigured: i64,
    pub try_later: i64,
    pub unknown: i64,
    /// Never tried, under the provider `none`: each was being left alone, or it was too late, or a newer code came
    /// first, or sending was stopped meanwhile.
    pub untried: i64,
}

/// What may still be spent.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageBudget {
    #[schema(example = "USD")]
    pub currency: String,
    /// Of this hour of the clock; null without a budget.
    #[schema(required = true)]
    pub hour: Option<BudgetUse>,
    /// Of this day in UTC; null without a budget.
    #[schema(required = true)]
    pub day: Option<BudgetUse>,
    /// Of this day, the countries that have a budget and a message.
    pub countries: Vec<CountryBudget>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetUse {
    #[schema(value_type = String, example = "40.00")]
    pub budget: Decimal,
    #[schema(value_type = String, example = "1.58")]
    pub spent: Decimal,
    #[schema(value_type = String, example = "38.42")]
    pub left: Decimal,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CountryBudget {
    #[schema(example = "US")]
    pub country: String,
    #[serde(flatten)]
    pub budget: BudgetUse,
}

impl BudgetUse {
    fn new(budget: Decimal, spent: Decimal) -> Self {
        let left = (budget - spent).max(Decimal::ZERO);
        Self { budget, spent: spent.normalize(), left: left.normalize() }
    }
}

/// Day, country, provider and channel of the last row of a page.
#[derive(Debug, Serialize, Deserialize)]
pub struct Key(pub NaiveDate, pub String, pub String, pub Channel);

pub struct MessageDayFilter {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub after: Option<Cursor<Key>>,
    pub limit: Limit,
}

const SHOWN: Days = Days::new(30);
/// A year and a day: more is for an export.
const MOST: TimeDelta = TimeDelta::days(366);

/// The newest day first.
pub async fn list(by: &Auth<Owner>, filter: MessageDayFilter) -> Result<Page<MessageDay>> {
    let to = filter.to.unwrap_or_else(|| by.now().date_naive());
    let from = filter.from.or_else(|| to.checked_sub_days(SHOWN)).unwrap_or(to);
    if from > to || to - from > MOST {
        return Err(Error::field("?from", "must be a day up to a year before `to`"));
    }
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let until = to.checked_add_days(Days::new(1)).ok_or_else(|| Error::field("?to", "is too late"))?;
    let list = List::new("message days", &(filter.from, filter.to));
    let after = list.after(filter.after)?;
    let mut db = by.lists().await?;
    let days = store::list(&mut db, midnight(from), midnight(until), after.as_ref(), filter.limit.plus_one()).await?;
    Ok(list.page(days, filter.limit, |day| Key(day.day, day.country.clone(), day.provider.clone(), day.channel)))
}

pub async fn budget(by: &Auth<Owner>) -> Result<MessageBudget> {
    left(by.app(), by.now()).await
}

async fn left(app: &App, now: DateTime<Utc>) -> Result<MessageBudget> {
    let prices = &app.config.sms.prices;
    let start = |length| now.duration_trunc(length).unwrap_or(now);
    let (hour, day) = (start(TimeDelta::hours(1)), start(TimeDelta::days(1)));
    let spent = store::spent(&mut *app.lists().await?, hour, day).await?;
    let mut budget = MessageBudget { currency: prices.currency.clone(), hour: None, day: None, countries: Vec::new() };
    for of in spent {
        if of.scope == "*" {
            budget.hour = prices.per_hour.map(|most| BudgetUse::new(most, of.hour));
            budget.day = prices.per_day.map(|most| BudgetUse::new(most, of.day));
        } else if let Some(most) = prices.budget_of(of.scope.parse().ok()) {
            budget.countries.push(CountryBudget { country: of.scope, budget: BudgetUse::new(most, of.day) });
        }
    }
    Ok(budget)
}

/// Background step: what is left, for whoever watches the metrics.
pub async fn measure(app: App) -> Result<usize> {
    let left = left(&app, app.clock.now()).await?;
    let show = |scope: &str, budget: &BudgetUse| {
        let value = f64::try_from(budget.left).unwrap_or_default();
        metrics::gauge!("message_budget_left", "scope" => scope.to_owned()).set(value);
    };
    // Those that had no message yet today are whole.
    for (country, budget) in app.config.sms.prices.named_budgets() {
        if !left.countries.iter().any(|of| of.country == country) {
            show(country, &BudgetUse::new(budget, Decimal::ZERO));
        }
    }
    left.hour.iter().for_each(|budget| show("hour", budget));
    left.day.iter().for_each(|budget| show("day", budget));
    left.countries.iter().for_each(|of| show(&of.country, &of.budget));
    Ok(0)
}
