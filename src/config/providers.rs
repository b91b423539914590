//! The account at each provider of SMS and WhatsApp.

use rust_decimal::Decimal;
use secrecy::SecretString;

use super::phones::is_e164;
use super::urls;
use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct TwilioConfig {
    pub account_sid: String,
    pub auth_token: SecretString,
    /// Of SMS.
    pub sender: Option<TwilioSender>,
    pub whatsapp: Option<TwilioWhatsApp>,
    pub base_url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TwilioSender {
    PhoneNumber(String),
    /// Picks a sender per country; wins when both are set.
    MessagingService(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioWhatsApp {
    /// In E.164, without Twilio's `whatsapp:` prefix.
    pub number: String,
    /// Of the approved template, whose one variable is the code.
    pub content_sid: String,
}

#[derive(Debug, Clone)]
pub struct AwsSnsConfig {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    pub session_token: Option<SecretString>,
    pub region: String,
    pub endpoint_url: String,
    /// A name or a number of one's own, where the country allows it.
    pub sender_id: Option<String>,
    /// In US dollars, for one message.
    pub max_price: Option<Decimal>,
    /// Where delivery reports are published; only of this topic is anything believed.
    pub topic_arn: Option<String>,
}

#[derive(Debug, Clone)]
pub struct MessageBirdConfig {
    pub access_key: SecretString,
    pub originator: String,
    pub signing_key: Option<SecretString>,
    pub base_url: String,
}

#[derive(Debug, Clone)]
pub struct BirdConfig {
    pub access_key: SecretString,
    pub workspace_id: String,
    pub channel_id: String,
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
    /// In which the template is there; the first serves everybody else.
    pub languages: Vec<String>,
    pub app_secret: Option<SecretString>,
    /// What Meta shows when the webhook is set up.
    pub verify_token: Option<SecretString>,
    pub base_url: String,
}

pub(super) fn twilio(vars: &mut Vars) -> Option<TwilioConfig> {
    let account_sid = vars.text("TWILIO_ACCOUNT_SID");
    let auth_token = vars.secret("TWILIO_AUTH_TOKEN");
    let service = vars.text("TWILIO_MESSAGING_SERVICE_SID");
    let content_sid = vars.text("TWILIO_CONTENT_SID");
    let has_whatsapp = [
        ("TWILIO_WHATSAPP_NUMBER", vars.text("TWILIO_WHATSAPP_NUMBER").is_some()),
        ("TWILIO_CONTENT_SID", content_sid.is_some()),
    ];
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
        ("TWILIO_PHONE_NUMBER", has_sender || has_whatsapp.iter().all(|(_, is_set)| *is_set)),
    ];
    vars.all_or_none("Twilio (TWILIO_MESSAGING_SERVICE_SID does for the number)", &needed);
    if !vars.has_problem_with(&["TWILIO_WHATSAPP_NUMBER"]) {
        vars.all_or_none("WhatsApp through Twilio", &has_whatsapp);
    }
    let sender = service.map(TwilioSender::MessagingService).or(number.map(TwilioSender::PhoneNumber));
    let whatsapp = whatsapp_number.zip(content_sid).map(|(number, content_sid)| TwilioWhatsApp { number, content_sid });
    Some(TwilioConfig { account_sid: account_sid?, auth_token: auth_token?, sender, whatsapp, base_url })
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
    let sender_id = vars.parsed("AWS_SNS_SENDER_ID", SENDER, sender);
    let max_price = vars.parsed("AWS_SNS_MAX_PRICE", "US dollars like 0.50", |text| {
        text.parse().ok().filter(|price: &Decimal| price.is_sign_positive() && !price.is_zero() && price.scale() <= 5)
    });
    let topic_arn = vars.parsed("AWS_SNS_TOPIC_ARN", "the ARN of a topic like arn:aws:sns:us-east-1:1:name", |text| {
        (text.starts_with("arn:") && text.contains(":sns:")).then(|| text.to_owned())
    });
    let (has_id, has_secret) = (id.is_some(), secret.is_some());
    // Hosts on AWS set AWS_REGION by themselves: alone it says nothing about SMS.
    if has_id || has_secret {
        let needed = [("AWS_ACCESS_KEY_ID", has_id), ("AWS_SECRET_ACCESS_KEY", has_secret), ("AWS_REGION", has_region)];
        vars.all_or_none("AWS SNS", &needed);
    }
    let (access_key_id, secret_access_key, region) = (id?, secret?, region?);
    Some(AwsSnsConfig {
        access_key_id,
        secret_access_key,
        session_token,
        region,
        endpoint_url,
        sender_id,
        max_price,
        topic_arn,
    })
}

pub(super) fn messagebird(vars: &mut Vars) -> Option<MessageBirdConfig> {
    let account = vars.together("MessageBird", ["MESSAGEBIRD_ACCESS_KEY", "MESSAGEBIRD_ORIGINATOR"]);
    let originator = vars.parsed("MESSAGEBIRD_ORIGINATOR", SENDER, sender);
    let signing_key = vars.secret("MESSAGEBIRD_SIGNING_KEY");
    let base_url = urls::outside(vars, "MESSAGEBIRD_BASE_URL", "https://rest.messagebird.com");
    let [access_key, _] = account?;
    Some(MessageBirdConfig { access_key: access_key.into(), originator: originator?, signing_key, base_url })
}

pub(super) fn bird(vars: &mut Vars) -> Option<BirdConfig> {
    let account = vars.together("Bird", ["BIRD_ACCESS_KEY", "BIRD_WORKSPACE_ID", "BIRD_CHANNEL_ID"]);
    let mut id = |name| {
        let is_id =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)).then(|| text.to_owned());
        vars.parsed(name, "an id as Bird shows it", is_id)
    };
    let (workspace_id, channel_id) = (id("BIRD_WORKSPACE_ID"), id("BIRD_CHANNEL_ID"));
    let signing_key = vars.secret("BIRD_SIGNING_KEY");
    let base_url = urls::outside(vars, "BIRD_BASE_URL", "https://api.bird.com");
    let [access_key, ..] = account?;
    let (workspace_id, channel_id) = (workspace_id?, channel_id?);
    Some(BirdConfig { access_key: access_key.into(), workspace_id, channel_id, signing_key, base_url })
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
    let expected = "codes of languages as Meta has them, comma-separated, like en,pt_BR";
    let mut languages = vars.list("WHATSAPP_LANGUAGES", expected, |text| {
        let (language, country) = text.split_once('_').map_or((text, None), |(first, rest)| (first, Some(rest)));
        let is_language = matches!(language.len(), 2..=3) && language.bytes().all(|b| b.is_ascii_lowercase());
        let is_country = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        (is_language && country.is_none_or(is_country)).then(|| text.to_owned())
    });
    if languages.is_empty() {
        languages.push("en".to_owned());
    }
    let app_secret = vars.secret("WHATSAPP_APP_SECRET");
    let verify_token = vars.secret("WHATSAPP_VERIFY_TOKEN");
    let base_url = urls::outside(vars, "WHATSAPP_BASE_URL", "https://graph.facebook.com");
    let [phone_number_id, access_token, template] = account?;
    Some(WhatsAppConfig {
        phone_number_id,
        access_token: access_token.into(),
        template,
        languages,
        app_secret,
        verify_token,
        base_url,
    })
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
