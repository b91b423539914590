//! The account at each provider: SMS, WhatsApp, and e-mail beside them.

use secrecy::SecretString;

use super::phones::is_e164;
use super::urls::{self, has_scheme};
use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct TwilioConfig {
    pub account_sid: String,
    pub auth_token: SecretString,
    pub sender: TwilioSender,
    /// In E.164, without Twilio's `whatsapp:` prefix.
    pub whatsapp_number: Option<String>,
    pub base_url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TwilioSender {
    PhoneNumber(String),
    /// Picks a sender per country; wins when both are set.
    MessagingService(String),
}

#[derive(Debug, Clone)]
pub struct AwsSnsConfig {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    pub session_token: Option<SecretString>,
    pub region: String,
    pub endpoint_url: String,
}

#[derive(Debug, Clone)]
pub struct MessageBirdConfig {
    pub access_key: SecretString,
    pub originator: String,
    pub signing_key: Option<SecretString>,
    pub base_url: String,
}

#[derive(Debug, Clone)]
pub struct VonageConfig {
    pub api_key: String,
    pub api_secret: SecretString,
    pub from: String,
    pub signature_secret: Option<SecretString>,
    pub base_url: String,
}

#[derive(Debug, Clone)]
pub struct WhatsAppConfig {
    pub phone_number_id: String,
    pub access_token: SecretString,
    pub template: String,
    pub app_secret: Option<SecretString>,
    pub base_url: String,
}

#[derive(Debug, Clone)]
pub struct SmtpConfig {
    pub url: SecretString,
    pub from: String,
}

pub(super) fn twilio(vars: &mut Vars) -> Option<TwilioConfig> {
    let account_sid = vars.text("TWILIO_ACCOUNT_SID");
    let auth_token = vars.secret("TWILIO_AUTH_TOKEN");
    let service = vars.text("TWILIO_MESSAGING_SERVICE_SID");
    let has_sender = service.is_some() || vars.text("TWILIO_PHONE_NUMBER").is_some();
    let number = vars.parsed("TWILIO_PHONE_NUMBER", SENDER, sender);
    let whatsapp_number = vars.parsed("TWILIO_WHATSAPP_NUMBER", "a number like +12025550123", |text| {
        let number = text.strip_prefix("whatsapp:").unwrap_or(text);
        is_e164(number).then(|| number.to_owned())
    });
    let base_url = urls::outside(vars, "TWILIO_BASE_URL", "https://api.twilio.com");
    let needed = [
        ("TWILIO_ACCOUNT_SID", account_sid.is_some()),
        ("TWILIO_AUTH_TOKEN", auth_token.is_some()),
        ("TWILIO_PHONE_NUMBER", has_sender),
    ];
    vars.all_or_none("Twilio (TWILIO_MESSAGING_SERVICE_SID does for the number)", &needed);
    let sender = service.map(TwilioSender::MessagingService).or(number.map(TwilioSender::PhoneNumber))?;
    Some(TwilioConfig { account_sid: account_sid?, auth_token: auth_token?, sender, whatsapp_number, base_url })
}

pub(super) fn aws_sns(vars: &mut Vars) -> Option<AwsSnsConfig> {
    let id = vars.text("AWS_ACCESS_KEY_ID");
    let secret = vars.secret("AWS_SECRET_ACCESS_KEY");
    let session_token = vars.secret("AWS_SESSION_TOKEN");
    let has_region = vars.text("AWS_REGION").is_some();
    let region = vars.parsed("AWS_REGION", "a region like us-east-1", |text| {
        let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        plain.then(|| text.to_owned())
    });
    let default = format!("https://sns.{}.amazonaws.com", region.as_deref().unwrap_or("us-east-1"));
    let endpoint_url = urls::outside(vars, "AWS_SNS_ENDPOINT_URL", &default);
    let (has_id, has_secret) = (id.is_some(), secret.is_some());
    // Hosts on AWS set AWS_REGION by themselves: alone it says nothing about SMS.
    if has_id || has_secret {
        let needed = [("AWS_ACCESS_KEY_ID", has_id), ("AWS_SECRET_ACCESS_KEY", has_secret), ("AWS_REGION", has_region)];
        vars.all_or_none("AWS SNS", &needed);
    }
    let (access_key_id, secret_access_key, region) = (id?, secret?, region?);
    Some(AwsSnsConfig { access_key_id, secret_access_key, session_token, region, endpoint_url })
}

pub(super) fn messagebird(vars: &mut Vars) -> Option<MessageBirdConfig> {
    let account = vars.together("MessageBird", ["MESSAGEBIRD_ACCESS_KEY", "MESSAGEBIRD_ORIGINATOR"]);
    let originator = vars.parsed("MESSAGEBIRD_ORIGINATOR", SENDER, sender);
    let signing_key = vars.secret("MESSAGEBIRD_SIGNING_KEY");
    let base_url = urls::outside(vars, "MESSAGEBIRD_BASE_URL", "https://rest.messagebird.com");
    let [access_key, _] = account?;
    Some(MessageBirdConfig { access_key: access_key.into(), originator: originator?, signing_key, base_url })
}

pub(super) fn vonage(vars: &mut Vars) -> Option<VonageConfig> {
    let account = vars.together("Vonage", ["VONAGE_API_KEY", "VONAGE_API_SECRET", "VONAGE_FROM"]);
    let from = vars.parsed("VONAGE_FROM", SENDER, sender);
    let signature_secret = vars.secret("VONAGE_SIGNATURE_SECRET");
    let base_url = urls::outside(vars, "VONAGE_BASE_URL", "https://rest.nexmo.com");
    let [api_key, api_secret, _] = account?;
    Some(VonageConfig { api_key, api_secret: api_secret.into(), from: from?, signature_secret, base_url })
}

pub(super) fn whatsapp(vars: &mut Vars) -> Option<WhatsAppConfig> {
    let names = ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_TEMPLATE"];
    let account = vars.together("WhatsApp", names);
    let app_secret = vars.secret("WHATSAPP_APP_SECRET");
    let base_url = urls::outside(vars, "WHATSAPP_BASE_URL", "https://graph.facebook.com");
    let [phone_number_id, access_token, template] = account?;
    Some(WhatsAppConfig { phone_number_id, access_token: access_token.into(), template, app_secret, base_url })
}

pub(super) fn smtp(vars: &mut Vars) -> Option<SmtpConfig> {
    let both = vars.together("e-mail", ["SMTP_URL", "EMAIL_FROM"]);
    let url = vars.parsed("SMTP_URL", "an smtp:// or smtps:// URL", |text| {
        has_scheme(text, &["smtp", "smtps"]).then(|| SecretString::from(text))
    });
    let from = vars.parsed("EMAIL_FROM", "an address like Chemstock <codes@example.org>", |text| {
        let address = text.rsplit_once('<').map_or(text, |(_, address)| address.trim_end_matches('>'));
        let (user, host) = address.split_once('@')?;
        (!user.is_empty() && host.contains('.') && !address.contains(char::is_whitespace)).then(|| text.to_owned())
    });
    both.and(Some(SmtpConfig { url: url?, from: from? }))
}

const SENDER: &str = "a number like +12025550123, a short code, or a name of up to 11 letters and digits";

fn sender(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let number = (3..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    let name = text.len() <= 11
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
        && text.contains(|c: char| c.is_ascii_alphabetic());
    (number || name).then(|| text.to_owned())
}
