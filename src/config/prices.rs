//! What codes cost, and how much may be spent on them.

use std::collections::HashMap;

use phonenumber::country;
use rust_decimal::Decimal;

use super::vars::Vars;

/// All in one currency, whichever: only sums are compared.
#[derive(Debug, Clone, Default)]
pub struct SmsPrices {
    by_country: HashMap<country::Id, Decimal>,
    /// Of every other country.
    elsewhere: Decimal,
    /// For an hour of the clock.
    pub per_hour: Option<Decimal>,
    /// For a day in UTC.
    pub per_day: Option<Decimal>,
}

impl SmsPrices {
    /// Of a message to a number of this country.
    pub fn of(&self, country: Option<country::Id>) -> Decimal {
        country.and_then(|country| self.by_country.get(&country)).copied().unwrap_or(self.elsewhere)
    }
}

pub(super) fn read(vars: &mut Vars) -> SmsPrices {
    let expected = "countries with their prices, and * for all others, like US=0.0079,CA=0.0075,*=0.08";
    let entries = vars.list("SMS_PRICES", expected, |entry| {
        let (country, price) = entry.split_once('=')?;
        let price = amount(price.trim()).filter(|price| *price <= Decimal::from(1_000))?;
        match country.trim() {
            "*" => Some((None, price)),
            country => Some((Some(country.to_ascii_uppercase().parse::<country::Id>().ok()?), price)),
        }
    });
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
    let by_country = entries.into_iter().filter_map(|(country, price)| Some((country?, price))).collect();
    SmsPrices { by_country, elsewhere: elsewhere.unwrap_or_default(), per_hour, per_day }
}

/// With at most six places, as it is kept.
fn amount(text: &str) -> Option<Decimal> {
    let amount: Decimal = text.parse().ok()?;
    (!amount.is_sign_negative() && amount.scale() <= 6).then_some(amount)
}
