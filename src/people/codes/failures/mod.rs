//! Wrong codes in a row, kept in the database, so that neither a new code nor a restart nor an emptied Redis resets
//! them (NIST SP 800-63B-4 section 3.2.2). From the fifth on the next code and the next guess wait, from 30 seconds
//! doubling to an hour; the hundredth locks the phone until an operator unlocks it. A right code resets them.
//!
//! They are counted in buckets: a phone's own, and one for each device that has logged in with it. Wrong
//! guesses of a stranger fill the phone's bucket; its owner can still log in with a known device.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::{error::Result, phone::Phone},
    people::audit::{self, EventKind, LoginEvent, Trace},
    platform::app::App,
};

mod store;

/// How many in a row there may be at most (NIST SP 800-63B-4 section 3.2.2).
pub const MOST: usize = 100;
/// How many are forgiven: whoever types badly does not wait.
const FREE: usize = 4;
const FIRST_WAIT: f64 = 30.0;
const LONGEST_WAIT: f64 = 3600.0;
/// A hundred years: until somebody unlocks it.
const LOCK: f64 = 3_155_760_000.0;
/// A lock looks like the longest wait.
const LONGEST_SHOWN: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// Whose failures are counted together.
pub fn bucket(app: &App, phone: &Phone, device: Option<Uuid>) -> [u8; 32] {
    match device {
        None => audit::phone_hash(app, phone),
        Some(device) => app.secret.mac("phone", &[phone.as_str().as_bytes(), device.as_bytes()]),
    }
}

/// The wait, in seconds, after so many in a row; the last stands for all that are more.
fn waits() -> Vec<f64> {
    let wait = |in_a_row: usize| match in_a_row {
        0..=FREE => 0.0,
        MOST.. => LOCK,
        // Doubles at most seven times until it is cut.
        _ => LONGEST_WAIT.min(FIRST_WAIT * f64::from(1_u32 << (in_a_row - FREE - 1).min(10))),
    };
    (1..=MOST).map(wait).collect()
}

/// Whoever is blocked for longer than until then is locked: no wait is as long.
pub fn longest_wait(now: DateTime<Utc>) -> DateTime<Utc> {
    // An hour, and what the clocks of our servers differ by at the most.
    now + LONGEST_SHOWN * 2
}

/// What a request for a code is told: a lock looks like any other wait.
pub fn not_before(blocked_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    blocked_until.map(|until| until.min(now + LONGEST_SHOWN))
}

/// How many a new challenge allows: also those who guess all at once do not get past the hundredth.
pub fn guesses(of_a_challenge: u32, in_a_row: i32) -> u32 {
    let left = MOST.saturating_sub(usize::try_from(in_a_row).unwrap_or(0));
    of_a_challenge.min(u32::try_from(left).unwrap_or(u32::MAX)).max(1)
}

/// Whether the bucket of this challenge has to wait, so that the guess is not even compared.
pub async fn is_blocked(db: &mut PgConnection, challenge_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    store::is_blocked(db, challenge_id, now).await
}

/// Counts a wrong guess.
pub async fn count(db: &mut PgConnection, bucket: &[u8; 32], trace: &Trace, now: DateTime<Utc>) -> Result<()> {
    let wrong = LoginEvent::new(now, EventKind::CodeGuessed, "wrong", trace);
    let locked = LoginEvent::new(now, EventKind::PhoneLocked, "done", trace);
    let in_a_row = store::count(db, bucket, now, &waits(), &wrong, &locked).await?;
    metrics::counter!("login_wrong_codes_total").increment(1);
    if usize::try_from(in_a_row) == Ok(MOST) {
        metrics::counter!("login_locks_total").increment(1);
        tracing::warn!("a phone is locked after {MOST} wrong codes in a row; `chemstock unlock` opens it");
    }
    Ok(())
}

/// `chemstock unlock`: whether it was closed, or on the way there.
pub async fn unlock(app: &App, phone: &Phone) -> Result<bool> {
    let now = app.clock.now();
    let hash = audit::phone_hash(app, phone);
    let trace = Trace { phone_hash: Some(hash), ..Trace::default() };
    let event = LoginEvent::new(now, EventKind::PhoneUnlocked, "done", &trace);
    store::reset(&mut *app.db().await?, &hash, &event).await
}

/// Of a phone that is nobody's any more.
pub async fn forget(db: &mut PgConnection, buckets: &[Vec<u8>]) -> Result<()> {
    store::forget(db, buckets).await
}

/// Drops those that are forgiven anyway, half a year after. A wait or a lock stays.
pub async fn sweep(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    store::drop_forgiven(db, now - chrono::TimeDelta::days(180), most).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_the_fifth_to_an_hour_and_the_hundredth_locks() {
        let waits = waits();
        assert_eq!(waits[..5], [0.0, 0.0, 0.0, 0.0, 30.0]);
        assert_eq!(waits[5..13], [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0]);
        assert_eq!((waits.len(), waits[98], waits[99]), (MOST, 3600.0, LOCK));
    }

    #[test]
    fn near_the_lock_a_challenge_allows_no_more_guesses_than_are_left() {
        assert_eq!([0, 94, 95, 96, 97, 99, 100].map(|in_a_row| guesses(5, in_a_row)), [5, 5, 5, 4, 3, 1, 1]);
    }
}
