//! Vonage's SMS API (<https://developer.vonage.com/en/api/sms>).

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::{
    gsm,
    http::{Answer, Http},
    outbound::{Accepted, Failure, Outgoing, Price, Refused, Sending},
    reading,
};
use crate::config::VonageConfig;

mod codes;
mod receipts;

/// How long Vonage may hold a message, in milliseconds.
const LIVES: [u128; 2] = [20_000, 604_800_000];
const LONGEST_CALLBACK: usize = 100;
/// In which accounts of Vonage are kept.
const CURRENCY: &str = "EUR";

pub struct Vonage {
    config: VonageConfig,
    http: Http,
}

#[derive(Deserialize)]
struct Answered {
    messages: Vec<Part>,
}

/// Of a text that is too long for one message.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    status: Value,
    #[serde(default, rename = "message-id")]
    id: Value,
    #[serde(default, rename = "message-price")]
    price: Value,
}

#[derive(Deserialize)]
struct Balance {
    value: f64,
    #[serde(default, rename = "autoReload")]
    reloads: Value,
}

impl Vonage {
    pub fn new(config: &VonageConfig, http: &Http) -> Self {
        Self { config: config.clone(), http: http.clone() }
    }

    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let life = message.valid_for.as_millis().clamp(LIVES[0], LIVES[1]);
        // The receipt brings `client-ref` back: what the query says would be said twice, and would not fit.
        let callback = message.receipts_at.map(|url| url.split_once('?').map_or(url, |(url, _)| url));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("api_key", &self.config.api_key)
            .append_pair("api_secret", self.config.api_secret.expose_secret())
            .append_pair("from", without_plus(&self.config.from))
            .append_pair("to", without_plus(message.to))
            .append_pair("text", message.text)
            .extend_pairs((!gsm::is_gsm7(message.text)).then_some(("type", "unicode")))
            .append_pair("ttl", &life.to_string())
            .append_pair("status-report-req", "true")
            .extend_pairs(callback.filter(|url| url.len() <= LONGEST_CALLBACK).map(|url| ("callback", url)))
            .append_pair("client-ref", &message.reference.to_string())
            .finish();
        let url = format!("{}/sms/json", self.config.base_url);
        let form_type = "application/x-www-form-urlencoded";
        let answer = self.http.send(|http| http.post(url).header(CONTENT_TYPE, form_type).body(form));
        accepted(&answer.await?)
    }

    /// Whether the credentials are good, and there is money.
    pub async fn check(&self) -> Result<(), Refused> {
        let url = format!("{}/account/get-balance", self.config.base_url);
        let (user, password) = (&self.config.api_key, self.config.api_secret.expose_secret());
        let request =
            self.http.send(|http| http.get(url).basic_auth(user, Some(password)).header(ACCEPT, "application/json"));
        let answer = request.await?;
        if !answer.status.is_success() {
            return Err(Refused::by_status(answer.status));
        }
        let balance: Balance = serde_json::from_slice(&answer.body).map_err(|_| Refused::garbled())?;
        if balance.value <= 0.0 && balance.reloads != true {
            return Err(Refused::new(Failure::Misconfigured, "no-credit"));
        }
        Ok(())
    }
}

/// The API has numbers without it, and no name has one.
fn without_plus(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// Status 200 says nothing: each part has a status of its own. If but one part was taken, there is a message on its
/// way.
fn accepted(answer: &Answer) -> Sending {
    if !answer.status.is_success() {
        return Err(Refused::by_status(answer.status));
    }
    let answered: Answered = serde_json::from_slice(&answer.body).map_err(|_| Refused::garbled())?;
    let statuses: Vec<_> = answered.messages.iter().map(|part| reading::code(&part.status)).collect();
    let taken: Vec<_> = answered.messages.iter().zip(&statuses).filter(|(_, s)| s.as_deref() == Some("0")).collect();
    if let Some((first, _)) = taken.first() {
        let id = first.id.as_str().and_then(reading::id).ok_or_else(Refused::garbled)?;
        return Ok(Accepted { price: sum(taken.iter().map(|(part, _)| &part.price)), ..Accepted::new(id) });
    }
    let statuses: Option<Vec<_>> = statuses.into_iter().collect();
    let status = statuses.and_then(|statuses| statuses.into_iter().next()).ok_or_else(Refused::garbled)?;
    Err(Refused::new(codes::of_status(&status), &status))
}

/// None if that of any part is missing.
fn sum<'a>(prices: impl Iterator<Item = &'a Value>) -> Option<Price> {
    let mut amounts = prices.map(|price| Some(reading::price(price, CURRENCY)?.amount));
    let amount = amounts.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?))?;
    Some(Price { amount, currency: CURRENCY.to_owned() })
}
