//! The clients of the providers that are set up, behind their names.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    base::clock::Clock,
    clients::{
        aws_sns::AwsSns,
        bird::Bird,
        console::Console,
        http::Http,
        messagebird::MessageBird,
        outbound::{Accepted, Callback, Distrust, Failure, Outgoing, Receipt, Refused, Sending},
        simulator::Simulator,
        smtp::Smtp,
        twilio::Twilio,
        vonage::Vonage,
        whatsapp::WhatsApp,
    },
    config::{Config, Provider},
    platform::app::App,
};

pub struct Providers {
    console: Console,
    simulator: Simulator,
    twilio: Option<Twilio>,
    vonage: Option<Vonage>,
    aws_sns: Option<AwsSns>,
    messagebird: Option<MessageBird>,
    bird: Option<Bird>,
    whatsapp: Option<WhatsApp>,
    smtp: Option<Smtp>,
}

pub fn providers(app: &App) -> Arc<Providers> {
    app.part(|app| Providers::new(&app.config, &app.console, &app.clock))
}

impl Providers {
    pub fn new(config: &Config, console: &Console, clock: &Clock) -> Self {
        let authorities = config.authorities.as_ref();
        let (config, http) = (&config.sms, Http::new(authorities));
        Self {
            console: console.clone(),
            simulator: Simulator::new(&config.simulator_sender),
            twilio: config.twilio.as_ref().map(|config| Twilio::new(config, &http)),
            vonage: config.vonage.as_ref().map(|config| Vonage::new(config, &http)),
            aws_sns: config.aws_sns.as_ref().map(|config| AwsSns::new(config, &http, clock)),
            messagebird: config.messagebird.as_ref().map(|config| MessageBird::new(config, &http)),
            bird: config.bird.as_ref().map(|config| Bird::new(config, &http)),
            whatsapp: config.whatsapp.as_ref().map(|config| WhatsApp::new(config, &http)),
            smtp: config.smtp.as_ref().map(|config| Smtp::new(config, authorities)),
        }
    }

    pub async fn send(&self, provider: Provider, message: &Outgoing<'_>) -> Sending {
        match provider {
            Provider::Console => print(&self.console, message),
            Provider::Simulator => self.simulator.send(message),
            Provider::Twilio => client(self.twilio.as_ref())?.send_sms(message).await,
            Provider::Vonage => client(self.vonage.as_ref())?.send(message).await,
            Provider::AwsSns => client(self.aws_sns.as_ref())?.send(message).await,
            Provider::MessageBird => client(self.messagebird.as_ref())?.send(message).await,
            Provider::Bird => client(self.bird.as_ref())?.send(message).await,
            Provider::WhatsApp => client(self.whatsapp.as_ref())?.send(message).await,
            Provider::TwilioWhatsApp => client(self.twilio.as_ref())?.send_whatsapp(message).await,
            Provider::Smtp => client(self.smtp.as_ref())?.send(message).await,
        }
    }

    /// Whether it knows our credentials.
    pub async fn check(&self, provider: Provider) -> Result<(), Refused> {
        match provider {
            Provider::Console | Provider::Simulator => Ok(()),
            Provider::Twilio | Provider::TwilioWhatsApp => client(self.twilio.as_ref())?.check().await,
            Provider::Vonage => client(self.vonage.as_ref())?.check().await,
            Provider::AwsSns => client(self.aws_sns.as_ref())?.check().await,
            Provider::MessageBird => client(self.messagebird.as_ref())?.check().await,
            Provider::Bird => client(self.bird.as_ref())?.check().await,
            Provider::WhatsApp => client(self.whatsapp.as_ref())?.check().await,
            Provider::Smtp => client(self.smtp.as_ref())?.check().await,
        }
    }

    pub async fn receipts(&self, provider: Provider, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        match provider {
            Provider::Twilio | Provider::TwilioWhatsApp => heard(self.twilio.as_ref())?.receipts(callback),
            Provider::Vonage => heard(self.vonage.as_ref())?.receipts(callback),
            Provider::AwsSns => heard(self.aws_sns.as_ref())?.receipts(callback).await,
            Provider::MessageBird => heard(self.messagebird.as_ref())?.receipts(callback),
            Provider::Bird => heard(self.bird.as_ref())?.receipts(callback),
            Provider::WhatsApp => heard(self.whatsapp.as_ref())?.receipts(callback),
            // Mail comes back as mail, and the others have told at once.
            Provider::Smtp | Provider::Console | Provider::Simulator => Err(Distrust::NotSetUp),
        }
    }

    /// The answer to Meta, which asks whether this is the webhook that was set up.
    pub fn subscription(&self, provider: &str, query: &str) -> Option<String> {
        let whatsapp = self.whatsapp.as_ref().filter(|_| provider == Provider::WhatsApp.name());
        whatsapp.and_then(|whatsapp| whatsapp.subscription(query))
    }
}

/// Where a provider's receipts for this attempt are to go: none where we have no address that it could reach.
pub fn receipts_address(app: &App, provider: Provider, attempt: Uuid) -> Option<String> {
    let public_url = app.config.public_url.as_deref()?;
    // Twilio has one webhook for its two channels.
    let name = if provider == Provider::TwilioWhatsApp { Provider::Twilio.name() } else { provider.name() };
    Some(format!("{public_url}/v1/webhooks/{name}?reference={attempt}"))
}

fn client<C>(client: Option<&C>) -> Result<&C, Refused> {
    client.ok_or_else(not_set_up)
}

fn heard<C>(client: Option<&C>) -> Result<&C, Distrust> {
    client.ok_or(Distrust::NotSetUp)
}

fn not_set_up() -> Refused {
    Refused::new(Failure::Misconfigured, "not-set-up")
}

fn print(console: &Console, message: &Outgoing<'_>) -> Sending {
    match console.send(message.to, message.text) {
        Ok(()) => Ok(Accepted::new(message.reference.to_string())),
        Err(_) => Err(Refused::new(Failure::TryLater, "terminal")),
    }
}
