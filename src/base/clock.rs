//! What time it is: the real time, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// Clones of a manual clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn real() -> Self {
        Self(None)
    }

    /// A clock that stands still until `advance`.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.timestamp_micros()))))
    }

    pub fn is_manual(&self) -> bool {
        self.0.is_some()
    }

    /// Moves a manual clock, also backwards. The real one cannot be moved.
    pub fn advance(&self, by: Duration) {
        let Some(micros) = &self.0 else { panic!("only a manual clock moves") };
        micros.fetch_add(by.num_microseconds().expect("a span of less than 292,000 years"), Ordering::SeqCst);
    }

    /// In whole microseconds, as Postgres keeps them: what is written is what is read back.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.0 {
            Some(micros) => micros.load(Ordering::SeqCst),
            None => system_micros(),
        };
        DateTime::from_timestamp_micros(micros).expect("a time between the years -262,000 and 262,000")
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the system clock")]
fn system_micros() -> i64 {
    Utc::now().timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let start = DateTime::from_timestamp(1_800_000_000, 123_456_789).unwrap();
        let clock = Clock::manual(start);
        let clone = clock.clone();
        assert_eq!(clock.now().timestamp_subsec_nanos(), 123_456_000);
        assert_eq!(clock.now(), clock.now());

        clock.advance(Duration::seconds(90));
        assert_eq!(clone.now().timestamp(), 1_800_000_090);
        clone.advance(Duration::seconds(-100));
        assert_eq!(clock.now().timestamp(), 1_799_999_990);
    }

    #[test]
    fn the_real_clock_runs_in_whole_microseconds() {
        let now = Clock::real().now();
        assert_eq!(now.timestamp_subsec_nanos() % 1_000, 0);
        assert!(Clock::real().now() >= now);
    }
}
