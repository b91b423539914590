//! By which channel a code goes, and what a login by it is called.

use crate::{
    base::{
        error::{Error, Result},
        tokens::BY_EMAIL,
    },
    config::Channel,
    platform::app::App,
};

/// The one that was asked for, if it is set up here.
pub fn choose(app: &App, asked: Option<Channel>) -> Result<Channel> {
    let channel = asked.unwrap_or_else(|| to_phones(app));
    if app.config.sms.has(channel) {
        return Ok(channel);
    }
    let there = Channel::ALL.into_iter().filter(|channel| app.config.sms.has(*channel));
    let there = there.map(Channel::name).collect::<Vec<_>>().join(" or ");
    Err(Error::field("/channel", format!("is not available here; use {there}")))
}

/// What reaches a phone when nobody says how.
pub fn to_phones(app: &App) -> Channel {
    let has = |channel: &Channel| app.config.sms.has(*channel);
    [Channel::Sms, Channel::Whatsapp].into_iter().find(has).unwrap_or(Channel::Sms)
}

/// For `amr`. RFC 8176 has `sms`, and `otp` for any other one-time code; the word beside it is ours.
pub fn methods(channel: Channel) -> Vec<String> {
    let all = match channel {
        Channel::Sms => &["sms"][..],
        Channel::Whatsapp => &["otp", "whatsapp"],
        Channel::Email => &["otp", BY_EMAIL],
    };
    all.iter().map(|method| (*method).to_owned()).collect()
}
