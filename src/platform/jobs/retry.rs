//! How often a job is tried, and how long it waits in between.

use std::time::Duration;

use chrono::TimeDelta;

#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// After so many failures it is a dead letter.
    pub max_attempts: i32,
    /// After the first failure; after each further one twice as long.
    pub first: Duration,
    pub longest: Duration,
}

impl Retry {
    /// Ten times within three quarters of an hour.
    pub const USUAL: Self = Self { max_attempts: 10, first: Duration::from_secs(5), longest: Duration::from_hours(1) };

    /// Up to a quarter shorter, by chance, so that those that failed together do not come back together.
    pub(super) fn pause(&self, attempts: i32, chance: u8) -> TimeDelta {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(30);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let pause = pause.saturating_sub(pause / 4 * u32::from(chance) / u32::from(u8::MAX));
        TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_the_one_before_up_to_the_longest() {
        let seconds = |attempts| Retry::USUAL.pause(attempts, 0).num_seconds();
        assert_eq!([1, 2, 3, 9, 10, 11, 12, 1000].map(seconds), [5, 10, 20, 1280, 2560, 3600, 3600, 3600]);
    }

    #[test]
    fn chance_shortens_a_pause_by_a_quarter_at_the_most() {
        assert_eq!(Retry::USUAL.pause(3, u8::MAX).num_seconds(), 15);
        assert!((0..=u8::MAX).all(|chance| (15..=20).contains(&Retry::USUAL.pause(3, chance).num_seconds())));
    }
}
