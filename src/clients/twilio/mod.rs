//! Twilio's Programmable Messaging: SMS, and WhatsApp by a template
//! (<https://www.twilio.com/docs/messaging/api/message-resource>).

use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    http::{Answer, Http},
    outbound::{Accepted, Failure, Outgoing, Price, Refused, Sending},
    reading,
};
use crate::config::{TwilioConfig, TwilioSender};

mod codes;
mod receipts;

/// How long Twilio may hold a message, in seconds.
const LONGEST: u64 = 36_000;

pub struct Twilio {
    config: TwilioConfig,
    http: Http,
}

#[derive(Deserialize)]
struct Sent {
    sid: String,
    status: String,
    #[serde(default)]
    error_code: Value,
    #[serde(default)]
    price: Value,
    #[serde(default)]
    price_unit: Value,
}

#[derive(Deserialize)]
struct Problem {
    code: Value,
}

#[derive(Deserialize)]
struct Account {
    status: String,
}

impl Twilio {
    pub fn new(config: &TwilioConfig, http: &Http) -> Self {
        Self { config: config.clone(), http: http.clone() }
    }

    pub async fn send_sms(&self, message: &Outgoing<'_>) -> Sending {
        let sender = match self.config.sender.as_ref().ok_or_else(no_sender)? {
            TwilioSender::PhoneNumber(number) => ("From", number.as_str()),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        let mut fields = vec![
            ("To", message.to),
            sender,
            ("Body", message.text),
            // Quotes and dashes of the typographer would make it a message of UCS-2.
            ("SmartEncoded", "true"),
            ("RiskCheck", "enable"),
        ];
        if message.code.is_some() {
            fields.push(("MessageIntent", "otp"));
        }
        self.send(message, &fields).await
    }

    /// WhatsApp takes a message that nobody has asked for by a template only, and ours has room for a code alone.
    pub async fn send_whatsapp(&self, message: &Outgoing<'_>) -> Sending {
        let whatsapp = self.config.whatsapp.as_ref().ok_or_else(no_sender)?;
        let code = message.code.ok_or_else(|| Refused::new(Failure::Blocked, "no-template"))?;
        let (to, from) = (format!("whatsapp:{}", message.to), format!("whatsapp:{}", whatsapp.number));
        let variables = json!({ "1": code }).to_string();
        let template = [("ContentSid", whatsapp.content_sid.as_str()), ("ContentVariables", &variables)];
        let fields = [&[("To", to.as_str()), ("From", &from)], template.as_slice()].concat();
        self.send(message, &fields).await
    }

    /// Whether the credentials are good, and those of an account that may send.
    pub async fn check(&self) -> Result<(), Refused> {
        let (user, password) = self.credentials();
        let url = format!("{}.json", self.url());
        let answer = self.http.send(|http| http.get(url).basic_auth(user, Some(password))).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let account: Account = serde_json::from_slice(&answer.body).map_err(|_| Refused::garbled())?;
        match account.status.as_str() {
            "active" => Ok(()),
            status => Err(Refused::new(Failure::Misconfigured, &format!("account-{status}"))),
        }
    }

    async fn send(&self, message: &Outgoing<'_>, fields: &[(&str, &str)]) -> Sending {
        let life = message.valid_for.as_secs().clamp(1, LONGEST).to_string();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("ValidityPeriod", &life)
            .extend_pairs(message.receipts_at.map(|url| ("StatusCallback", url)))
            .finish();
        let (user, password) = self.credentials();
        let url = format!("{}/Messages.json", self.url());
        let answer = self.http.send(|http| {
            let request = http.post(url).basic_auth(user, Some(password));
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
        });
        accepted(&answer.await?)
    }

    fn url(&self) -> String {
        format!("{}/2010-04-01/Accounts/{}", self.config.base_url, self.config.account_sid)
    }

    fn credentials(&self) -> (&str, &str) {
        (&self.config.account_sid, self.config.auth_token.expose_secret())
    }
}

fn no_sender() -> Refused {
    Refused::new(Failure::Misconfigured, "no-sender")
}

fn accepted(answer: &Answer) -> Sending {
    if !answer.status.is_success() {
        return Err(refused(answer));
    }
    let sent: Sent = serde_json::from_slice(&answer.body).map_err(|_| Refused::garbled())?;
    if matches!(sent.status.as_str(), "failed" | "undelivered") {
        let code = reading::code(&sent.error_code);
        return Err(Refused::new(codes::meaning_or_later(code.as_deref()), code.as_deref().unwrap_or(&sent.status)));
    }
    let id = reading::id(&sent.sid).ok_or_else(Refused::garbled)?;
    let unit = sent.price_unit.as_str().unwrap_or_default();
    Ok(Accepted { price: sent.price.as_str().and_then(|amount| price(amount, unit)), ..Accepted::new(id) })
}

fn refused(answer: &Answer) -> Refused {
    let by_status = Refused::by_status(answer.status);
    let problem = serde_json::from_slice::<Problem>(&answer.body).ok();
    match problem.and_then(|problem| reading::code(&problem.code)) {
        Some(code) => Refused::new(codes::meaning(&code).unwrap_or(by_status.why), &code),
        None => by_status,
    }
}

/// What is taken from the account has a minus.
fn price(amount: &str, unit: &str) -> Option<Price> {
    reading::price(&Value::from(amount.strip_prefix('-').unwrap_or(amount)), unit)
}
