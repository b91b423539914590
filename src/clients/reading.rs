//! What is read of any provider's answer, which may be anything.

use rust_decimal::Decimal;
use serde_json::Value;

use super::outbound::Price;

/// A name that a provider gives to a message, if it looks like one: it goes to tables and logs.
pub(super) fn id(id: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    ((1..=100).contains(&id.len()) && id.chars().all(is_plain)).then_some(id)
}

/// None where it is missing, no number, or none that a message could cost.
pub(super) fn price(amount: &Value, currency: &str) -> Option<Price> {
    let amount = decimal(amount)?;
    let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_plausible = !amount.is_sign_negative() && amount < Decimal::ONE_THOUSAND;
    (is_currency && is_plausible).then(|| Price { amount, currency: currency.to_ascii_uppercase() })
}

/// Of a number, or of a text that is one.
fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A code that is a number in one answer and a text in the next.
pub(super) fn code(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for good in ["6fe65f90454aa61536e6a88b88972670", "567910cd-659e-535d-8ccb-5aaf14679421", "a"] {
            assert_eq!(id(good), Some(good));
        }
        for bad in ["", "a b", "+12025550123", "<id>", "ä", &"x".repeat(101)] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_price_is_a_number_that_a_message_could_cost() {
        let price = |amount| price(&amount, "usd").map(|price| (price.amount.to_string(), price.currency));
        for (amount, read) in
            [(json!(0.00645), "0.00645"), (json!("0.075"), "0.075"), (json!(1e-5), "0.00001"), (json!(0), "0")]
        {
            assert_eq!(price(amount), Some((read.to_owned(), "USD".to_owned())));
        }
        for amount in [json!(null), json!("x"), json!(-1), json!(1e300), json!(1000), json!([1]), json!({"a": 1})] {
            assert_eq!(price(amount.clone()), None, "{amount}");
        }
        assert_eq!(super::price(&json!(1), "dollars"), None);
    }
}
