//! Which providers send the messages, over which channel, and in which order they are tried.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::mail::{self, SmtpConfig};
use super::prices::{self, SmsPrices};
use super::providers::{self, AwsSnsConfig, BirdConfig, MessageBirdConfig, TwilioConfig, VonageConfig, WhatsAppConfig};
use super::vars::Vars;
use crate::base::enumeration::enumeration;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
// In the order in which they fall back.
pub enum Channel {
    Sms,
    Whatsapp,
    Email,
}

enumeration!(Channel::name in "messages.channel, message_attempts.channel" {
    Sms = "sms",
    Whatsapp = "whatsapp",
    Email = "email",
});

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Prints codes to the terminal.
    Console,
    /// Plays Twilio's magic test numbers without any network.
    Simulator,
    Twilio,
    Vonage,
    AwsSns,
    MessageBird,
    /// `MessageBird`'s successor, which takes its place where both are set up.
    Bird,
    /// Meta's Cloud API.
    WhatsApp,
    TwilioWhatsApp,
    Smtp,
}

impl Provider {
    /// Those that reach somebody, in their default order.
    pub const REAL: [Self; 8] = [
        Self::Twilio,
        Self::Vonage,
        Self::AwsSns,
        Self::MessageBird,
        Self::Bird,
        Self::WhatsApp,
        Self::TwilioWhatsApp,
        Self::Smtp,
    ];

    /// The name in `SMS_PROVIDERS`, in the address of the provider's webhook, and in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Simulator => "simulator",
            Self::Twilio => "twilio",
            Self::Vonage => "vonage",
            Self::AwsSns => "aws_sns",
            Self::MessageBird => "messagebird",
            Self::Bird => "bird",
            Self::WhatsApp => "whatsapp",
            Self::TwilioWhatsApp => "twilio_whatsapp",
            Self::Smtp => "smtp",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        let all = Self::REAL.into_iter().chain([Self::Console, Self::Simulator]);
        all.into_iter().find(|provider| provider.name() == name)
    }

    pub const fn channel(self) -> Channel {
        match self {
            Self::WhatsApp | Self::TwilioWhatsApp => Channel::Whatsapp,
            Self::Smtp => Channel::Email,
            _ => Channel::Sms,
        }
    }

    pub fn is_real(self) -> bool {
        Self::REAL.contains(&self)
    }

    /// What must be set for it, in the usual case.
    pub(super) const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Console | Self::Simulator => &[],
            Self::Twilio => &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER"],
            Self::AwsSns => &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"],
            Self::MessageBird => &["MESSAGEBIRD_ACCESS_KEY", "MESSAGEBIRD_ORIGINATOR"],
            Self::Bird => &["BIRD_ACCESS_KEY", "BIRD_WORKSPACE_ID", "BIRD_CHANNEL_ID"],
            Self::Vonage => &["VONAGE_API_KEY", "VONAGE_API_SECRET", "VONAGE_FROM"],
            Self::WhatsApp => &["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_TEMPLATE"],
            Self::TwilioWhatsApp => &["TWILIO_ACCOUNT_SID", "TWILIO_WHATSAPP_NUMBER", "TWILIO_CONTENT_SID"],
            Self::Smtp => &["SMTP_URL", "EMAIL_FROM"],
        }
    }
}

#[derive(Debug, Clone)]
pub struct SmsConfig {
    /// Of all channels, in the order in which they are tried.
    pub providers: Vec<Provider>,
    pub twilio: Option<TwilioConfig>,
    pub aws_sns: Option<AwsSnsConfig>,
    pub messagebird: Option<MessageBirdConfig>,
    pub bird: Option<BirdConfig>,
    pub vonage: Option<VonageConfig>,
    pub whatsapp: Option<WhatsAppConfig>,
    pub smtp: Option<SmtpConfig>,
    /// The sender that the simulator plays.
    pub simulator_sender: String,
    /// Eleven characters by which Android hands a message to our app alone.
    pub android_app_hash: Option<String>,
    pub prices: SmsPrices,
}

impl SmsConfig {
    pub fn on(&self, channel: Channel) -> impl Iterator<Item = Provider> {
        self.providers.iter().copied().filter(move |provider| provider.channel() == channel)
    }

    /// Whether a message can be asked for over it.
    pub fn has(&self, channel: Channel) -> bool {
        self.on(channel).next().is_some()
    }

    fn is_set_up(&self, provider: Provider) -> bool {
        match provider {
            Provider::Console | Provider::Simulator => true,
            // Twilio may be there for WhatsApp alone.
            Provider::Twilio => self.twilio.as_ref().is_some_and(|twilio| twilio.sender.is_some()),
            Provider::TwilioWhatsApp => self.twilio.as_ref().is_some_and(|twilio| twilio.whatsapp.is_some()),
            Provider::AwsSns => self.aws_sns.is_some(),
            Provider::MessageBird => self.messagebird.is_some(),
            Provider::Bird => self.bird.is_some(),
            Provider::Vonage => self.vonage.is_some(),
            Provider::WhatsApp => self.whatsapp.is_some(),
            Provider::Smtp => self.smtp.is_some(),
        }
    }
}

pub(super) fn read(vars: &mut Vars) -> SmsConfig {
    let simulator_sender = vars.parsed("SIMULATOR_SENDER", "a number like +15005550006", |text| {
        super::phones::is_e164(text).then(|| text.to_owned())
    });
    let android_app_hash = vars.parsed("ANDROID_APP_HASH", "the 11 characters of your app's hash", |text| {
        let is_base64 = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
        (text.len() == 11 && is_base64).then(|| text.to_owned())
    });
    let mut sms = SmsConfig {
        providers: Vec::new(),
        twilio: providers::twilio(vars),
        aws_sns: providers::aws_sns(vars),
        messagebird: providers::messagebird(vars),
        bird: providers::bird(vars),
        vonage: providers::vonage(vars),
        whatsapp: providers::whatsapp(vars),
        smtp: mail::smtp(vars),
        simulator_sender: simulator_sender.unwrap_or_else(|| "+15005550006".to_owned()),
        android_app_hash,
        prices: prices::read(vars),
    };
    sms.providers = order(vars, &sms);
    sms
}

/// `SMS_PROVIDERS` says the order of SMS; WhatsApp and e-mail are on where they are set up, named or not.
fn order(vars: &mut Vars, sms: &SmsConfig) -> Vec<Provider> {
    let expected = "names from twilio, vonage, aws_sns, messagebird, bird, whatsapp, twilio_whatsapp, console, \
        simulator, comma-separated";
    let named = |name: &str| Provider::from_name(name).filter(|provider| *provider != Provider::Smtp);
    let mut chosen = Vec::new();
    let all_named = vars.list("SMS_PROVIDERS", expected, named);
    for (place, name) in all_named.iter().copied().enumerate() {
        let provider = successor(sms, name);
        if all_named[..place].contains(&name) {
            vars.problem("SMS_PROVIDERS", format!("names {} twice", name.name()), "name each provider once");
        } else if chosen.contains(&provider) {
            let wrong = "names messagebird and bird, but bird takes the place of messagebird where both are set up";
            vars.problem("SMS_PROVIDERS", wrong, "name one of the two");
        } else if !sms.is_set_up(provider) && !vars.has_problem_with(provider.required()) {
            let remedy = format!("set {}", provider.required().join(", "));
            vars.problem("SMS_PROVIDERS", format!("names {}, which is not set up", provider.name()), remedy);
        }
        chosen.push(provider);
    }
    let is_ordered = chosen.iter().any(|provider| provider.channel() == Channel::Sms);
    for provider in Provider::REAL.into_iter().filter(|provider| sms.is_set_up(*provider)) {
        let is_wanted = !is_ordered || provider.channel() != Channel::Sms;
        let provider = successor(sms, provider);
        if is_wanted && !chosen.contains(&provider) {
            chosen.push(provider);
        }
    }
    chosen
}

fn successor(sms: &SmsConfig, provider: Provider) -> Provider {
    if provider == Provider::MessageBird && sms.bird.is_some() { Provider::Bird } else { provider }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Channel>();
    }
}
