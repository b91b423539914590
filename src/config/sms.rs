//! Which providers send the one-time codes, and in which order they are tried.

use super::prices::{self, SmsPrices};
use super::providers::{self, AwsSnsConfig, MessageBirdConfig, TwilioConfig, VonageConfig, WhatsAppConfig};
use super::vars::Vars;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmsProvider {
    /// Prints codes to the terminal.
    Console,
    Twilio,
    AwsSns,
    MessageBird,
    Vonage,
    WhatsApp,
    /// Plays Twilio's magic test numbers without any network.
    Simulator,
}

impl SmsProvider {
    /// Providers that reach a phone, in their default order.
    pub const REAL: [Self; 5] = [Self::Twilio, Self::Vonage, Self::AwsSns, Self::MessageBird, Self::WhatsApp];

    /// The name in `SMS_PROVIDERS` and in the address of the provider's webhook.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Twilio => "twilio",
            Self::AwsSns => "aws_sns",
            Self::MessageBird => "messagebird",
            Self::Vonage => "vonage",
            Self::WhatsApp => "whatsapp",
            Self::Simulator => "simulator",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        let all = Self::REAL.into_iter().chain([Self::Console, Self::Simulator]);
        all.into_iter().find(|provider| provider.name() == name)
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
            Self::Vonage => &["VONAGE_API_KEY", "VONAGE_API_SECRET", "VONAGE_FROM"],
            Self::WhatsApp => &["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_TEMPLATE"],
        }
    }
}

#[derive(Debug, Clone)]
pub struct SmsConfig {
    /// In the order in which they are tried.
    pub providers: Vec<SmsProvider>,
    pub twilio: Option<TwilioConfig>,
    pub aws_sns: Option<AwsSnsConfig>,
    pub messagebird: Option<MessageBirdConfig>,
    pub vonage: Option<VonageConfig>,
    pub whatsapp: Option<WhatsAppConfig>,
    pub prices: SmsPrices,
}

pub(super) fn read(vars: &mut Vars) -> SmsConfig {
    let mut sms = SmsConfig {
        providers: Vec::new(),
        twilio: providers::twilio(vars),
        aws_sns: providers::aws_sns(vars),
        messagebird: providers::messagebird(vars),
        vonage: providers::vonage(vars),
        whatsapp: providers::whatsapp(vars),
        prices: prices::read(vars),
    };
    sms.providers = order(vars, &sms);
    sms
}

fn order(vars: &mut Vars, sms: &SmsConfig) -> Vec<SmsProvider> {
    let configured = |provider| match provider {
        SmsProvider::Console | SmsProvider::Simulator => true,
        SmsProvider::Twilio => sms.twilio.is_some(),
        SmsProvider::AwsSns => sms.aws_sns.is_some(),
        SmsProvider::MessageBird => sms.messagebird.is_some(),
        SmsProvider::Vonage => sms.vonage.is_some(),
        SmsProvider::WhatsApp => sms.whatsapp.is_some(),
    };
    let expected = "names from twilio, vonage, aws_sns, messagebird, whatsapp, console, simulator, comma-separated";
    let mut chosen = Vec::new();
    for provider in vars.list("SMS_PROVIDERS", expected, SmsProvider::from_name) {
        if chosen.contains(&provider) {
            vars.problem("SMS_PROVIDERS", format!("names {} twice", provider.name()), "name each provider once");
        } else if !configured(provider) && !vars.has_problem_with(provider.required()) {
            let remedy = format!("set {}", provider.required().join(", "));
            vars.problem("SMS_PROVIDERS", format!("names {}, which is not set up", provider.name()), remedy);
        }
        chosen.push(provider);
    }
    if chosen.is_empty() {
        chosen.extend(SmsProvider::REAL.into_iter().filter(|provider| configured(*provider)));
    }
    chosen
}
