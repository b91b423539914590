//! `MessageBird`'s REST API (<https://developers.messagebird.com/api/sms-messaging/>). Bird has taken its place and
//! sends by the same SMS platform, whose reasons of failure are read here for both.

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{RequestBuilder, StatusCode, header::AUTHORIZATION};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    http::{Answer, Http},
    outbound::{Accepted, Callback, Distrust, Failure, Outgoing, Receipt, ReceiptState, Refused, Sending},
    reading,
};
use crate::config::MessageBirdConfig;

const LEEWAY_SECONDS: i64 = 1;

pub struct MessageBird {
    config: MessageBirdConfig,
    http: Http,
}

/// Of the token that signs a status report.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    nbf: i64,
    exp: i64,
    url_hash: String,
    payload_hash: Option<String>,
}

impl MessageBird {
    pub fn new(config: &MessageBirdConfig, http: &Http) -> Self {
        Self { config: config.clone(), http: http.clone() }
    }

    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let mut body = json!({
            "originator": digits(&self.config.originator),
            "recipients": [digits(message.to)],
            "body": message.text,
            "type": "sms",
            "datacoding": "auto",
            "validity": message.valid_for.as_secs().max(1),
            // Without one there are no status reports.
            "reference": message.reference,
        });
        if let Some(url) = message.receipts_at {
            body["reportUrl"] = url.into();
        }
        let url = format!("{}/messages", self.config.base_url);
        let answer = self.http.send(|http| self.authorized(http.post(url)).json(&body)).await?;
        accepted(&read(&answer)?)
    }

    /// The balance can be asked for free.
    pub async fn check(&self) -> Result<(), Refused> {
        let url = format!("{}/balance", self.config.base_url);
        let answer = self.http.send(|http| self.authorized(http.get(url))).await?;
        if read(&answer)?["amount"].is_number() { Ok(()) } else { Err(Refused::garbled()) }
    }

    /// A status report is a GET: it says everything in the query, which is part of the signed address.
    pub fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        self.verify(callback)?;
        // The first of each name: `reference` is in our own query and comes once more at the end.
        let fields: Vec<_> = form_urlencoded::parse(callback.query.as_bytes()).collect();
        let field = |name| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        let id = reading::id(field("id")).ok_or(Distrust::Unreadable)?;
        let code = field("statusErrorCode");
        let state = match field("status") {
            "sent" | "buffered" => ReceiptState::Sent,
            "delivered" => ReceiptState::Delivered,
            "expired" => ReceiptState::Failed(expired(field("statusReason"), code)),
            // It has not arrived, and nothing says that it never could.
            "delivery_failed" => {
                ReceiptState::Failed(failure(field("statusReason"), code).unwrap_or(Failure::TryLater))
            }
            _ => return Ok(Vec::new()),
        };
        let failed = matches!(state, ReceiptState::Failed(_));
        Ok(vec![Receipt {
            id: id.to_owned(),
            reference: Uuid::parse_str(field("reference")).ok(),
            state,
            price: reading::price(&field("price[amount]").into(), field("price[currency]")),
            code: failed.then(|| failure_code(field("statusReason"), code)),
        }])
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, format!("AccessKey {}", self.config.access_key.expose_secret()))
    }

    /// <https://developers.messagebird.com/api/#verifying-http-requests>
    fn verify(&self, callback: &Callback<'_>) -> Result<(), Distrust> {
        let key = self.config.signing_key.as_ref().ok_or(Distrust::NotSetUp)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        // Its times are those of the system's clock; ours are checked below.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        let key = DecodingKey::from_secret(key.expose_secret().as_bytes());
        let token = callback.header("messagebird-signature-jwt");
        let token = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| Distrust::Forged)?;
        let claims = token.claims;
        let payload_hash = (!callback.body.is_empty()).then(|| hash(callback.body));
        let is_of_this = claims.iss == "MessageBird"
            && claims.url_hash == hash(callback.url.as_bytes())
            && claims.payload_hash == payload_hash;
        let now = callback.now.timestamp();
        if !is_of_this || claims.nbf > now.saturating_add(LEEWAY_SECONDS) {
            return Err(Distrust::Forged);
        }
        if claims.exp < now.saturating_sub(LEEWAY_SECONDS) { Err(Distrust::Stale) } else { Ok(()) }
    }
}

/// Numbers go without the plus; names have none.
fn digits(address: &str) -> &str {
    address.strip_prefix('+').unwrap_or(address)
}

/// The body of an answer of status 2xx.
fn read(answer: &Answer) -> Result<Value, Refused> {
    let body = serde_json::from_slice(&answer.body).ok();
    if answer.status.is_success() {
        return body.ok_or_else(Refused::garbled);
    }
    Err(refused(answer.status, &body.unwrap_or_default()))
}

fn accepted(body: &Value) -> Sending {
    let id = body["id"].as_str().and_then(reading::id).ok_or_else(Refused::garbled)?;
    let recipient = &body["recipients"]["items"][0];
    let reason = recipient["statusReason"].as_str().unwrap_or_default();
    let code = reading::code(&recipient["statusErrorCode"]).unwrap_or_default();
    match recipient["status"].as_str() {
        Some("delivery_failed") => {
            let why = failure(reason, &code).unwrap_or(Failure::TryLater);
            return Err(Refused::new(why, &failure_code(reason, &code)));
        }
        Some("expired") => return Err(Refused::new(expired(reason, &code), &failure_code(reason, &code))),
        _ => {}
    }
    let price = &recipient["price"];
    Ok(Accepted {
        price: reading::price(&price["amount"], price["currency"].as_str().unwrap_or_default()),
        delivered: recipient["status"] == "delivered",
        ..Accepted::new(id)
    })
}

/// `MessageBird` REST API, "Errors".
fn refused(status: StatusCode, body: &Value) -> Refused {
    let by_status = Refused::by_status(status);
    let error = &body["errors"][0];
    let Some(code) = error["code"].as_u64() else { return by_status };
    let names_the_phone = error["parameter"].as_str().is_some_and(|parameter| parameter.starts_with("recipient"));
    let why = match code {
        _ if by_status.why == Failure::TryLater => Failure::TryLater,
        9 | 10 | 21 if names_the_phone => Failure::NumberRefused,
        // The key, a field, the address of the API, the balance: all ours.
        2 | 9 | 10 | 20 | 21 | 25 => Failure::Misconfigured,
        98 | 99 => Failure::TryLater,
        _ => by_status.why,
    };
    Refused::new(why, &code.to_string())
}

/// Why the SMS platform has failed to deliver, if it says. Bird documentation, "SMS Platform Extended Error Codes".
pub(super) fn failure(reason: &str, code: &str) -> Option<Failure> {
    let why = match reason.to_ascii_lowercase().replace(' ', "_").as_str() {
        "unknown_subscriber" | "incorrect_number" => Failure::NumberRefused,
        "opted_out" => Failure::ConsentWithdrawn,
        "carrier_rejected" => Failure::Blocked,
        "insufficient_balance" => Failure::Misconfigured,
        "unavailable_subscriber" | "expired" | "received_network_error" | "capacity_limit_reached" => Failure::TryLater,
        _ => match code {
            "1" | "2" | "3" | "5" | "9" | "10" | "11" | "12" => Failure::NumberRefused,
            "8" | "26" | "27" | "31" | "34" => Failure::TryLater,
            _ => return None,
        },
    };
    Some(why)
}

/// Nobody has taken it in time, unless the reason says more.
fn expired(reason: &str, code: &str) -> Failure {
    // Without a word of the carrier it may have arrived.
    let is_unheard = reason.to_ascii_lowercase().starts_with("dlr");
    failure(reason, code).unwrap_or(if is_unheard { Failure::Unknown } else { Failure::TryLater })
}

/// The number where there is one, else the reason.
fn failure_code(reason: &str, code: &str) -> String {
    let code = if code.is_empty() { reason.replace(' ', "_") } else { code.to_owned() };
    super::outbound::plain_code(&code)
}

fn hash(bytes: &[u8]) -> String {
    crate::base::secrets::hex(digest(&SHA256, bytes).as_ref())
}
