//! Leaves a provider alone that has just shown that it cannot, so that nobody's code waits for its time-out. After a
//! pause one message tries it again; that one closes the breaker, or doubles the pause. Each instance learns for
//! itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{clients::outbound::Failure, config::Provider, platform::app::App};

/// In a row.
const MOST_FAILURES: u32 = 5;
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(30);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(10);

#[derive(Default)]
pub struct Breakers(Mutex<HashMap<Provider, Breaker>>);

#[derive(Default)]
struct Breaker {
    failures: u32,
    /// None while it is closed.
    open: Option<Open>,
}

struct Open {
    until: DateTime<Utc>,
    pause: TimeDelta,
}

pub fn breakers(app: &App) -> Arc<Breakers> {
    app.part(|_| Breakers::default())
}

/// Of each provider that is set up: `ok`, or `paused` while it is left alone.
pub fn provider_states(app: &App) -> BTreeMap<&'static str, &'static str> {
    let breakers = breakers(app);
    let providers = app.config.sms.providers.iter();
    providers.map(|it| (it.name(), if breakers.is_paused(*it) { "paused" } else { "ok" })).collect()
}

impl Breakers {
    fn is_paused(&self, provider: Provider) -> bool {
        let breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.get(&provider).is_some_and(|breaker| breaker.open.is_some())
    }

    /// Whether a message may go there now. After the pause the first that asks is the one that tries; the others wait
    /// for it, or for as long as a pause again.
    pub fn lets_through(&self, provider: Provider, now: DateTime<Utc>) -> bool {
        let mut breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match breakers.get_mut(&provider).and_then(|breaker| breaker.open.as_mut()) {
            None => true,
            Some(open) if now >= open.until => {
                open.until = now + open.pause;
                true
            }
            Some(_) => false,
        }
    }

    /// What became of a message there. A number that is refused says nothing against the provider.
    pub fn learn(&self, provider: Provider, failure: Option<Failure>, now: DateTime<Utc>) {
        let is_down = match failure {
            // What is set wrong stays wrong until somebody mends it: one is enough.
            Some(Failure::Misconfigured) => MOST_FAILURES,
            Some(Failure::TryLater | Failure::Unknown) => 1,
            _ => 0,
        };
        let mut breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = breakers.entry(provider).or_default();
        if is_down == 0 {
            *breaker = Breaker::default();
            metrics::gauge!("message_provider_paused", "provider" => provider.name()).set(0);
            return;
        }
        breaker.failures += is_down;
        if breaker.failures >= MOST_FAILURES {
            let pause = breaker.open.as_ref().map_or(SHORTEST_PAUSE, |open| (open.pause * 2).min(LONGEST_PAUSE));
            let is_new = breaker.open.is_none();
            breaker.open = Some(Open { until: now + pause, pause });
            metrics::gauge!("message_provider_paused", "provider" => provider.name()).set(1);
            if is_new {
                tracing::error!(
                    provider = provider.name(),
                    ?failure,
                    seconds = pause.num_seconds(),
                    "a provider is left alone for a while: it fails"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: Provider = Provider::Twilio;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let breakers = Breakers::default();
        for failure in [true, true, true, true, false, true, true, true, true] {
            breakers.learn(PROVIDER, failure.then_some(Failure::TryLater), at(0));
        }
        assert!(breakers.lets_through(PROVIDER, at(0)));
        breakers.learn(PROVIDER, Some(Failure::TryLater), at(0));
        assert!(!breakers.lets_through(PROVIDER, at(29)));
        assert!(breakers.lets_through(Provider::Vonage, at(0)));
    }

    #[test]
    fn after_the_pause_one_tries_and_closes_it_or_doubles_the_pause() {
        let breakers = Breakers::default();
        breakers.learn(PROVIDER, Some(Failure::Misconfigured), at(0));
        assert!(breakers.lets_through(PROVIDER, at(30)));
        assert!(!breakers.lets_through(PROVIDER, at(31)), "one is enough to see");
        breakers.learn(PROVIDER, Some(Failure::TryLater), at(31));
        assert!(!breakers.lets_through(PROVIDER, at(90)));
        assert!(breakers.lets_through(PROVIDER, at(91)));
        breakers.learn(PROVIDER, None, at(91));
        assert!(breakers.lets_through(PROVIDER, at(91)) && breakers.lets_through(PROVIDER, at(91)));
    }

    #[test]
    fn the_pause_has_an_end() {
        let breakers = Breakers::default();
        (0..20).for_each(|_| breakers.learn(PROVIDER, Some(Failure::Misconfigured), at(0)));
        assert!(breakers.lets_through(PROVIDER, at(600)));
    }

    #[test]
    fn a_refused_number_says_nothing_against_the_provider() {
        let breakers = Breakers::default();
        (0..20).for_each(|_| breakers.learn(PROVIDER, Some(Failure::NumberRefused), at(0)));
        assert!(breakers.lets_through(PROVIDER, at(0)));
    }
}
