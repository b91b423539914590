//! Asks the providers how they are, and sends a test message, for `chemstock doctor`. Past the outbox: whoever asks
//! waits for the answer.

use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    content::{Content, Kind},
    providers::Providers,
    texts,
};
use crate::{
    base::{clock::Clock, language::Language, phone::Phone},
    clients::{
        console::Console,
        outbound::{Accepted, Failure, Outgoing, Refused},
    },
    config::{Config, Provider},
};

/// Whether each knows our credentials, in the configured order. None of them sends anything for it.
pub async fn check(config: &Config) -> Vec<(Provider, Result<(), Refused>)> {
    let mut asked = JoinSet::new();
    for (place, provider) in config.sms.providers.iter().copied().enumerate() {
        let providers = Providers::new(config, &Console::terminal(), &Clock::real());
        asked.spawn(async move { (place, provider, providers.check(provider).await) });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(place, ..)| *place);
    answers.into_iter().map(|(_, provider, answer)| (provider, answer)).collect()
}

/// A real message, from the first provider that takes it; with what those before it said.
pub async fn send(config: &Config, to: &Phone) -> Vec<(Provider, Result<Accepted, Refused>)> {
    let providers = Providers::new(config, &Console::terminal(), &Clock::real());
    let content = Content::notice(Kind::Test, Language::English);
    let text = texts::sms(&content, texts::Origin::default());
    let mut tried = Vec::new();
    for provider in config.sms.on(super::Channel::Sms) {
        let message = Outgoing {
            reference: Uuid::new_v4(),
            to: to.as_str(),
            subject: "",
            text: &text,
            code: None,
            language: content.language,
            valid_for: Duration::from_mins(10),
            receipts_at: None,
        };
        let sending = providers.send(provider, &message).await;
        let may_be_over = |why: Failure| why == Failure::Unknown || !why.passes_on();
        let is_over = sending.as_ref().map_or_else(|refused| may_be_over(refused.why), |_| true);
        tried.push((provider, sending));
        if is_over {
            break;
        }
    }
    tried
}
