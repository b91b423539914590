//! Which provider a message goes to: the configured order, but those from which codes hardly ever come back, of late
//! and from this country, come last. What counts is the code that somebody typed in, not what a provider says of
//! itself.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{
    Channel,
    state::{AttemptState, Tried},
    store,
};
use crate::{
    base::{enumeration::enumeration, error::Result},
    config::Provider,
    platform::app::App,
};

const LOOKED_AT_EVERY: TimeDelta = TimeDelta::seconds(30);
const SEEN_BACK: TimeDelta = TimeDelta::hours(6);
/// With fewer messages chance decides.
const FLOOR: i64 = 20;

/// By country and provider, what was sent and what came back.
#[derive(Default)]
pub struct Conversions(RwLock<Seen>);

#[derive(Default)]
struct Seen {
    at: Option<DateTime<Utc>>,
    by_country: HashMap<String, HashMap<Provider, Conversion>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Conversion {
    pub sent: i64,
    pub verified: i64,
}

pub fn conversions(app: &App) -> Arc<Conversions> {
    app.part(|_| Conversions::default())
}

impl Conversions {
    /// Looks at them again if that was long ago.
    pub async fn refresh(&self, db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
        let at = self.0.read().unwrap_or_else(PoisonError::into_inner).at;
        if at.is_some_and(|at| now - at < LOOKED_AT_EVERY) {
            return Ok(());
        }
        let mut by_country: HashMap<String, HashMap<Provider, Conversion>> = HashMap::new();
        for row in store::conversions(db, now - SEEN_BACK).await? {
            if let Some(provider) = Provider::from_name(&row.provider) {
                let conversion = Conversion { sent: row.sent, verified: row.verified };
                by_country.entry(row.country).or_default().insert(provider, conversion);
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Seen { at: Some(now), by_country };
        Ok(())
    }

    /// The providers of a channel for this country, the one to try first at the front.
    pub fn order(&self, app: &App, channel: Channel, country: &str) -> Vec<Provider> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let of_country = seen.by_country.get(country);
        sorted(app.config.sms.on(channel).collect(), |provider| of_country?.get(&provider).copied())
    }
}

/// Less than half of what the best of them converts is bad.
fn sorted(mut providers: Vec<Provider>, of: impl Fn(Provider) -> Option<Conversion>) -> Vec<Provider> {
    let known = |provider| of(provider).filter(|conversion| conversion.sent >= FLOOR);
    // Of a thousand, so that they compare without fractions.
    let rate = |conversion: Conversion| conversion.verified * 1_000 / conversion.sent.max(1);
    let best = providers.iter().filter_map(|provider| known(*provider)).map(rate).max().unwrap_or(0);
    providers.sort_by_key(|provider| known(*provider).is_some_and(|conversion| rate(conversion) * 2 < best));
    providers
}

enumeration!(AttemptState::as_str in "message_attempts.state" {
    Sending = "sending",
    Accepted = "accepted",
    Delivered = "delivered",
    Failed = "failed",
    Unknown = "unknown",
});

/// Once more at a provider: as often as it asks for it, but once only if the message may have been sent.
fn may_come_again<'a>(tried: impl Iterator<Item = &'a Tried>) -> bool {
    let mut unknown = 0;
    for tried in tried {
        match tried.state {
            AttemptState::Unknown => unknown += 1,
            _ if tried.asked_to_come_later() => {}
            _ => return false,
        }
    }
    unknown <= 1
}

/// Those that are left, in order: not tried yet first, and then those that may be asked once more.
pub fn left(order: Vec<Provider>, tried: &[Tried]) -> Vec<Provider> {
    let of = |provider: Provider| tried.iter().filter(move |tried| tried.provider == provider.name());
    let has_no_whatsapp = tried.iter().any(Tried::has_no_whatsapp);
    let order = order.into_iter().filter(|provider| !has_no_whatsapp || provider.channel() != Channel::Whatsapp);
    let (fresh, known): (Vec<_>, Vec<_>) = order.partition(|provider| of(*provider).next().is_none());
    let again = known.into_iter().filter(|provider| may_come_again(of(*provider)));
    fresh.into_iter().chain(again).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clients::outbound::Failure, messages::state::ends};

    const ORDER: [Provider; 3] = [Provider::Twilio, Provider::Vonage, Provider::AwsSns];

    fn order(of: &[(Provider, i64, i64)]) -> Vec<Provider> {
        sorted(ORDER.to_vec(), |provider| {
            let found = of.iter().find(|(known, ..)| *known == provider);
            found.map(|(_, sent, verified)| Conversion { sent: *sent, verified: *verified })
        })
    }

    #[test]
    fn the_configured_order_holds_while_codes_come_back() {
        assert_eq!(order(&[]), ORDER);
        assert_eq!(order(&[(Provider::Twilio, 100, 50), (Provider::Vonage, 100, 99)]), ORDER);
        assert_eq!(order(&[(Provider::Twilio, 19, 0), (Provider::Vonage, 100, 99)]), ORDER, "too few to tell");
        assert_eq!(order(&[(Provider::Twilio, 100, 0)]), ORDER, "there is none to compare with");
    }

    #[test]
    fn a_provider_whose_codes_hardly_come_back_is_tried_last() {
        let demoted = [Provider::Vonage, Provider::AwsSns, Provider::Twilio];
        assert_eq!(order(&[(Provider::Twilio, 20, 4), (Provider::Vonage, 100, 80)]), demoted);
    }

    #[test]
    fn who_was_not_tried_comes_before_who_asked_to_come_later_and_nobody_else_comes() {
        let tried = |provider: Provider, state, failure| Tried { provider: provider.name().to_owned(), state, failure };
        let later = tried(Provider::Twilio, AttemptState::Failed, Some(Failure::TryLater));
        assert_eq!(
            left(ORDER.to_vec(), std::slice::from_ref(&later)),
            [Provider::Vonage, Provider::AwsSns, Provider::Twilio]
        );
        for (state, failure) in [
            (AttemptState::Sending, None),
            (AttemptState::Accepted, None),
            (AttemptState::Failed, Some(Failure::Blocked)),
            (AttemptState::Failed, Some(Failure::Misconfigured)),
        ] {
            let left = left(ORDER.to_vec(), &[later.clone(), tried(Provider::Vonage, state, failure)]);
            assert_eq!(left, [Provider::AwsSns, Provider::Twilio], "{state:?}");
        }
    }

    #[test]
    fn what_may_have_been_sent_goes_to_all_others_first_and_to_the_same_provider_once_more() {
        let tried = |provider: Provider, state, failure| Tried { provider: provider.name().to_owned(), state, failure };
        let unknown = |provider| tried(provider, AttemptState::Unknown, Some(Failure::Unknown));
        let first = unknown(Provider::Twilio);
        assert_eq!(
            left(ORDER.to_vec(), std::slice::from_ref(&first)),
            [Provider::Vonage, Provider::AwsSns, Provider::Twilio]
        );
        let twice = [first, unknown(Provider::Twilio), unknown(Provider::Vonage)];
        assert_eq!(left(ORDER.to_vec(), &twice), [Provider::AwsSns, Provider::Vonage]);
    }

    #[test]
    fn who_has_no_whatsapp_is_asked_there_no_more_and_may_get_an_sms() {
        let order = vec![Provider::WhatsApp, Provider::TwilioWhatsApp, Provider::Twilio];
        let refused = Tried {
            provider: Provider::WhatsApp.name().to_owned(),
            state: AttemptState::Failed,
            failure: Some(Failure::NumberRefused),
        };
        assert!(!refused.is_final());
        assert_eq!(left(order, &[refused]), [Provider::Twilio]);
        assert!(ends(Provider::Twilio, Failure::NumberRefused) && ends(Provider::WhatsApp, Failure::ConsentWithdrawn));
    }

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<AttemptState>();
    }
}
