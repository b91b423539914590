//! What codes cost, and how much may be spent on them.

use std::collections::HashMap;

use phonenumber::country;
use rust_decimal::Decimal;

use super::vars::Vars;

/// All in one currency.
#[derive(Debug, Clone, Default)]
pub struct SmsPrices {
    by_country: HashMap<country::Id, Decimal>,
    /// Of every other country.
    elsewhere: Decimal,
    /// ISO 4217. What a provider says of a price counts if it is in this one.
    pub currency: String,
    /// For an hour of the clock.
    pub per_hour: Option<Decimal>,
    /// For a day in UTC.
    pub per_day: Option<Decimal>,
    /// Of a hundred parts of each budget, those that people who are known have for themselves.
    pub reserved_percent: u32,
    /// Of one country, for a day in UTC.
    country_budgets: HashMap<Option<country::Id>, Decimal>,
}

impl SmsPrices {
    /// Of a message to a number of this country.
    pub fn of(&self, country: Option<country::Id>) -> Decimal {
        country.and_then(|country| self.by_country.get(&country)).copied().unwrap_or(self.elsewhere)
    }

    /// Of the countries that are named, by ISO 3166-1 alpha-2.
    pub fn named_budgets(&self) -> impl Iterator<Item = (&str, Decimal)> {
        self.country_budgets.iter().filter_map(|(country, budget)| Some((country.as_ref()?.as_ref(), *budget)))
    }

    /// For a day in UTC, of the messages to this country.
    pub fn budget_of(&self, country: Option<country::Id>) -> Option<Decimal> {
        let own = country.and_then(|country| self.country_budgets.get(&Some(country)));
        own.or_else(|| self.country_budgets.get(&None)).copied()
    }
}

pub(super) fn read(vars: &mut Vars) -> SmsPrices {
    let expected = "countries with their prices, and * for all others, like US=0.0079,CA=0.0075,*=0.08";
    let entries = vars.list("SMS_PRICES", expected, |entry| of_country(entry, Decimal::from(1_000)));
    let elsewhere = entries.iter().find(|(country, _)| country.is_none()).map(|(_, price)| *price);
    let mut budget = |name| {
        let budget = vars.parsed(name, "a decimal above zero like 12.50", |text| {
            amount(text).filter(|budget| !budget.is_zero() && *budget <= Decimal::from(1_000_000))
        });
        // Else a country without a price would be free, and its messages outside the budget.
        if budget.is_some() && elsewhere.is_none() && !vars.has_problem_with(&["SMS_PRICES"]) {
            let wrong = format!("gives no price for *, though {name} is set");
            vars.problem("SMS_PRICES", wrong, format!("give {expected}"));
        }
        budget
    };
    let (per_hour, per_day) = (budget("SMS_BUDGET_PER_HOUR"), budget("SMS_BUDGET_PER_DAY"));
    let country_budgets = country_budgets(vars, elsewhere.is_some());
    let currency = vars.parsed("SMS_CURRENCY", "a currency of three letters like USD", |text| {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code.then(|| text.to_ascii_uppercase())
    });
    let currency = currency.unwrap_or_else(|| "USD".to_owned());
    let by_country = entries.into_iter().filter_map(|(country, price)| Some((country?, price))).collect();
    let reserved_percent = vars.number("SMS_BUDGET_RESERVED_PERCENT", 0..=90, 10);
    let elsewhere = elsewhere.unwrap_or_default();
    SmsPrices { by_country, elsewhere, currency, per_hour, per_day, reserved_percent, country_budgets }
}

fn country_budgets(vars: &mut Vars, has_price_for_all: bool) -> HashMap<Option<country::Id>, Decimal> {
    const NAME: &str = "SMS_COUNTRY_BUDGETS_PER_DAY";
    let expected = "countries with what a day may cost there, and * for all others, like US=20.00,*=5.00";
    let budgets = vars.list(NAME, expected, |entry| {
        of_country(entry, Decimal::from(1_000_000)).filter(|(_, budget)| !budget.is_zero())
    });
    if !budgets.is_empty() && !has_price_for_all && !vars.has_problem_with(&["SMS_PRICES"]) {
        vars.problem("SMS_PRICES", format!("gives no price for *, though {NAME} is set"), "give *=0.08 or the like");
    }
    budgets.into_iter().collect()
}

fn of_country(entry: &str, most: Decimal) -> Option<(Option<country::Id>, Decimal)> {
    let (country, money) = entry.split_once('=')?;
    let money = amount(money.trim()).filter(|money| *money <= most)?;
    match country.trim() {
        "*" => Some((None, money)),
        country => Some((Some(country.to_ascii_uppercase().parse().ok()?), money)),
    }
}

/// With at most six places, as it is kept.
fn amount(text: &str) -> Option<Decimal> {
    let amount: Decimal = text.parse().ok()?;
    (!amount.is_sign_negative() && amount.scale() <= 6).then_some(amount)
}
