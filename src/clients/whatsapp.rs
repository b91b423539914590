//! WhatsApp by Meta's Cloud API: a template of the category authentication, with the code in its text and in its
//! button.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    http::{Answer, Http},
    outbound::{Accepted, Callback, Distrust, Failure, Outgoing, Receipt, ReceiptState, Refused, Sending},
};
use crate::{base::language::Language, config::WhatsAppConfig};

const VERSION: &str = "v23.0";
const SIGNATURE: &str = "x-hub-signature-256";
/// Meta's challenges are ten digits; what we say after it must not be a page of somebody else's.
const MAX_CHALLENGE: usize = 128;

pub struct WhatsApp {
    config: WhatsAppConfig,
    http: Http,
}

impl WhatsApp {
    pub fn new(config: &WhatsAppConfig, http: &Http) -> Self {
        Self { config: config.clone(), http: http.clone() }
    }

    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let Some(code) = message.code else { return Err(Refused::new(Failure::Blocked, "no-template")) };
        let parameters = json!([{ "type": "text", "text": code }]);
        let request = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to,
            "type": "template",
            "template": {
                "name": self.config.template,
                "language": { "code": self.language(message.language) },
                "components": [
                    { "type": "body", "parameters": parameters },
                    { "type": "button", "sub_type": "url", "index": "0", "parameters": parameters },
                ],
            },
            // Comes back in receipts.
            "biz_opaque_callback_data": message.reference,
        });
        let url = format!("{}/messages", self.number_url());
        let token = self.config.access_token.expose_secret();
        let answer = self.http.send(|http| http.post(url).bearer_auth(token).json(&request)).await?;
        let answer = read(&answer)?;
        let id = answer["messages"][0]["id"].as_str().filter(|id| is_id(id));
        id.map(Accepted::new).ok_or_else(Refused::garbled)
    }

    /// Whether the token may see the number that messages come from.
    pub async fn check(&self) -> Result<(), Refused> {
        let url = format!("{}?fields=id", self.number_url());
        let token = self.config.access_token.expose_secret();
        let answer = self.http.send(|http| http.get(url).bearer_auth(token)).await?;
        let answer = read(&answer)?;
        if answer["id"] == *self.config.phone_number_id { Ok(()) } else { Err(Refused::garbled()) }
    }

    pub fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        let secret = self.config.app_secret.as_ref().ok_or(Distrust::NotSetUp)?;
        let expected = signature(secret, callback.body);
        verify_slices_are_equal(expected.as_bytes(), callback.header(SIGNATURE).as_bytes())
            .map_err(|_| Distrust::Forged)?;
        let body: Value = serde_json::from_slice(callback.body).map_err(|_| Distrust::Unreadable)?;
        let entries = body["entry"].as_array().ok_or(Distrust::Unreadable)?;
        let changes = entries.iter().filter_map(|entry| entry["changes"].as_array()).flatten();
        // The other fields tell of templates, accounts and the like; and what people write to us has no statuses.
        let messages = changes.filter(|change| change["field"] == "messages");
        let statuses = messages.filter_map(|change| change["value"]["statuses"].as_array()).flatten();
        Ok(statuses.filter_map(receipt).collect())
    }

    /// What Meta's question, asked when the webhook is set up, is to be answered with; None for anybody else's.
    pub fn subscription(&self, query: &str) -> Option<String> {
        let expected = self.config.verify_token.as_ref()?.expose_secret();
        let value = |name: &str| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, v)| v);
        let token = value("hub.verify_token")?;
        verify_slices_are_equal(expected.as_bytes(), token.as_bytes()).ok()?;
        let challenge = value("hub.challenge").filter(|_| value("hub.mode").as_deref() == Some("subscribe"))?;
        let is_plain = challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        (is_plain && (1..=MAX_CHALLENGE).contains(&challenge.len())).then(|| challenge.into_owned())
    }

    fn number_url(&self) -> String {
        format!("{}/{VERSION}/{}", self.config.base_url, self.config.phone_number_id)
    }

    /// Meta's code of a language in which the template is there: `pt_BR` does for Portuguese.
    fn language(&self, wanted: Language) -> &str {
        let languages = &self.config.languages;
        let is_wanted =
            |code: &&String| code.split('_').next().is_some_and(|tag| tag.eq_ignore_ascii_case(wanted.tag()));
        languages.iter().find(is_wanted).or(languages.first()).map_or("en", String::as_str)
    }
}

fn signature(secret: &SecretString, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    format!("sha256={}", crate::base::secrets::hex(hmac::sign(&key, body).as_ref()))
}

/// The body of a success.
fn read(answer: &Answer) -> Result<Value, Refused> {
    let body = serde_json::from_slice::<Value>(&answer.body);
    if answer.status.is_success() {
        return body.map_err(|_| Refused::garbled());
    }
    let code = body.ok().and_then(|body| body["error"]["code"].as_u64());
    Err(code.map_or_else(|| Refused::by_status(answer.status), |code| refused(code, answer.status)))
}

fn refused(code: u64, status: StatusCode) -> Refused {
    let why = meaning(code).unwrap_or_else(|| Refused::by_status(status).why);
    Refused::new(why, &code.to_string())
}

/// WhatsApp Cloud API, error codes.
fn meaning(code: u64) -> Option<Failure> {
    let why = match code {
        // Undeliverable, above all: not on WhatsApp; and our own number.
        131_021 | 131_026 => Failure::NumberRefused,
        131_050 => Failure::ConsentWithdrawn,
        // Policy, country, experiment, spam, age of the conversation, and Meta's choice for the recipient's sake.
        368 | 130_472 | 130_497 | 131_047 | 131_048 | 131_049 => Failure::Blocked,
        // Token, permission, number, parameter.
        0 | 3 | 10 | 33 | 100 | 190 | 200..=299 | 131_005 | 131_008 | 131_009 | 131_030 | 131_051 => {
            Failure::Misconfigured
        }
        // Account locked, name not approved, billing, certificate, template, registration.
        131_031 | 131_037 | 131_042 | 131_045 | 132_000..=132_999 | 133_005 | 133_006 | 133_010 => {
            Failure::Misconfigured
        }
        // Throttled: the app, the account, the number, the pair.
        4 | 80_007 | 130_429 | 131_056 | 133_016 => Failure::TryLater,
        // Out of order, overloaded, under maintenance.
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => Failure::TryLater,
        _ => return None,
    };
    Some(why)
}

/// None for a state that means nothing to us, such as that of a message that its sender has deleted.
fn receipt(status: &Value) -> Option<Receipt> {
    let id = status["id"].as_str().filter(|id| is_id(id))?;
    let code = status["errors"][0]["code"].as_u64();
    let state = match status["status"].as_str()? {
        "sent" => ReceiptState::Sent,
        "delivered" | "read" => ReceiptState::Delivered,
        // It has not arrived, and nothing says that it never could.
        "failed" => ReceiptState::Failed(code.and_then(meaning).unwrap_or(Failure::TryLater)),
        _ => return None,
    };
    let code = code.filter(|_| matches!(state, ReceiptState::Failed(_)));
    Some(Receipt {
        id: id.to_owned(),
        reference: status["biz_opaque_callback_data"].as_str().and_then(|reference| reference.parse().ok()),
        state,
        price: None,
        code: code.map(|code| super::outbound::plain_code(&code.to_string())),
    })
}

/// Such as `wamid.HBgL...`.
fn is_id(id: &str) -> bool {
    (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
