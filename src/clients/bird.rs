//! Bird's Channels API
//! (<https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/sending-sms-messages>).

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::{DateTime, TimeDelta};
use reqwest::{RequestBuilder, header::AUTHORIZATION};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    http::{Answer, Http},
    messagebird,
    outbound::{Accepted, Callback, Distrust, Failure, Outgoing, Receipt, ReceiptState, Refused, Sending, plain_code},
    reading,
};
use crate::config::BirdConfig;

/// Into the past and, as clocks differ, into the future. Bird repeats a callback that failed for hours, and with the
/// time of its first try; what comes twice changes nothing.
const BELIEVED_FOR: TimeDelta = TimeDelta::hours(24);

pub struct Bird {
    config: BirdConfig,
    http: Http,
}

impl Bird {
    pub fn new(config: &BirdConfig, http: &Http) -> Self {
        Self { config: config.clone(), http: http.clone() }
    }

    /// Bird knows no expiry of a message, and sends receipts to webhooks that are set up once for the channel.
    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let body = json!({
            "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": message.to}]},
            "body": {"type": "text", "text": {"text": message.text}},
            "reference": message.reference,
        });
        let url = format!("{}/messages", self.channel());
        let answer = read(&self.http.send(|http| self.authorized(http.post(url)).json(&body)).await?)?;
        let id = answer["id"].as_str().and_then(reading::id).ok_or_else(Refused::garbled)?;
        match answer["status"].as_str() {
            Some("sending_failed" | "delivery_failed") => {
                let (why, code) = failure(&answer);
                Err(Refused::new(why, &code))
            }
            status => Ok(Accepted { delivered: status == Some("delivered"), ..Accepted::new(id) }),
        }
    }

    /// The channel can be asked for free.
    pub async fn check(&self) -> Result<(), Refused> {
        let channel = read(&self.http.send(|http| self.authorized(http.get(self.channel()))).await?)?;
        if channel["id"] == *self.config.channel_id { Ok(()) } else { Err(Refused::garbled()) }
    }

    /// Bird API documentation, "Webhook subscriptions": one message in one of its states.
    pub fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        self.verify(callback)?;
        let event: Value = serde_json::from_slice(callback.body).map_err(|_| Distrust::Unreadable)?;
        let message = &event["payload"];
        let is_ours = event["event"] == "sms.outbound" && message["channelId"] == *self.config.channel_id;
        let failed = failure(message);
        let state = match message["status"].as_str() {
            _ if !is_ours => return Ok(Vec::new()),
            Some("sent") => ReceiptState::Sent,
            Some("delivered") => ReceiptState::Delivered,
            Some("sending_failed" | "delivery_failed") => ReceiptState::Failed(failed.0),
            _ => return Ok(Vec::new()),
        };
        let id = message["id"].as_str().and_then(reading::id).ok_or(Distrust::Unreadable)?;
        let reference = message["reference"].as_str().and_then(|text| Uuid::parse_str(text).ok());
        let code = matches!(state, ReceiptState::Failed(_)).then_some(failed.1);
        Ok(vec![Receipt { id: id.to_owned(), reference, state, price: None, code }])
    }

    fn channel(&self) -> String {
        let BirdConfig { base_url, workspace_id, channel_id, .. } = &self.config;
        format!("{base_url}/workspaces/{workspace_id}/channels/{channel_id}")
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, format!("AccessKey {}", self.config.access_key.expose_secret()))
    }

    /// <https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/verifying-a-webhook-subscription>
    fn verify(&self, callback: &Callback<'_>) -> Result<(), Distrust> {
        let key = self.config.signing_key.as_ref().ok_or(Distrust::NotSetUp)?;
        let timestamp = callback.header("messagebird-request-timestamp");
        let signature = BASE64_STANDARD.decode(callback.header("messagebird-signature"));
        let signature = signature.map_err(|_| Distrust::Forged)?;
        let body = digest(&SHA256, callback.body);
        let signed = [timestamp.as_bytes(), b"\n", callback.url.as_bytes(), b"\n", body.as_ref()].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
        hmac::verify(&key, &signed, &signature).map_err(|_| Distrust::Forged)?;
        let at = timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let age = callback.now.signed_duration_since(at.ok_or(Distrust::Unreadable)?);
        if age.abs() > BELIEVED_FOR { Err(Distrust::Stale) } else { Ok(()) }
    }
}

/// The body of an answer of status 2xx.
fn read(answer: &Answer) -> Result<Value, Refused> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.status.is_success() {
        return body.ok_or_else(Refused::garbled);
    }
    let by_status = Refused::by_status(answer.status);
    let body = body.unwrap_or_default();
    // What is wrong with a payload is told by the paths of its fields.
    let is_of_the_phone = |path: &String| path.contains("identifierValue");
    let names_the_phone = body["details"].as_object().is_some_and(|details| details.keys().any(is_of_the_phone));
    let why = if answer.status.as_u16() == 422 && names_the_phone { Failure::NumberRefused } else { by_status.why };
    Err(Refused { why, code: body["code"].as_str().map_or(by_status.code, plain_code) })
}

/// Bird documentation, "Message Failure Codes" and "Message Failure Sources".
fn failure(message: &Value) -> (Failure, String) {
    let failure = &message["failure"];
    let (code, source) = (reading::code(&failure["code"]).unwrap_or_default(), &failure["source"]);
    let of_the_platform = if source["name"] == "sms-messagebird" { reading::code(&source["code"]) } else { None };
    let reason = message["details"].as_str().unwrap_or_default();
    let why = messagebird::failure(reason, of_the_platform.as_deref().unwrap_or_default());
    let why = why.unwrap_or_else(|| match code.as_str() {
        _ if source["name"] == "accounting" => Failure::Misconfigured,
        // A source and a destination that do not go together.
        "12003" => Failure::Blocked,
        // The channel, the input, a content that SMS has not.
        "11001" | "11002" | "12002" => Failure::Misconfigured,
        "15005" => Failure::NumberRefused,
        code if code.starts_with("14") => Failure::Misconfigured,
        // It has not arrived, and nothing says that it never could.
        _ => Failure::TryLater,
    });
    (why, plain_code(&code))
}
