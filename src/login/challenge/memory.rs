//! The store of an installation that is one process: a map behind a lock. A restart forgets it, which voids the codes on
//! their way and opens the limits: good enough for development, and `config` sees that production has another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Verdict, Window};
use crate::secrets::constant_time_eq;

/// More phones than this are refused until others are forgotten: memory is bounded, whoever asks.
const MOST_PHONES: usize = 100_000;
const SWEPT_EVERY: TimeDelta = TimeDelta::seconds(60);
const FAILURES_KEPT_FOR: TimeDelta = TimeDelta::days(30);

#[derive(Default)]
pub struct MemoryStore(Mutex<Phones>);

impl ChallengeStore for MemoryStore {
    fn admit(&self, new: NewChallenge) -> Pending<'_, Admission> {
        let admission = self.phones().admit(&new);
        Box::pin(async move { Ok(admission) })
    }

    fn verify<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, Verdict> {
        let verdict = self.phones().verify(&guess);
        Box::pin(async move { Ok(verdict) })
    }
}

impl MemoryStore {
    fn phones(&self) -> MutexGuard<'_, Phones> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Phones {
    by_key: HashMap<[u8; 32], Phone>,
    /// Whose a live challenge is.
    holders: HashMap<Uuid, [u8; 32]>,
    swept_at: Option<DateTime<Utc>>,
}

#[derive(Default)]
struct Phone {
    /// When codes were sent, as far back as the longest window reaches.
    sent: VecDeque<DateTime<Utc>>,
    live: HashMap<Purpose, Challenge>,
    wrong_in_a_row: u32,
    last_wrong: Option<DateTime<Utc>>,
    idle_from: DateTime<Utc>,
}

struct Challenge {
    id: Uuid,
    mac: [u8; 32],
    sealed: Vec<u8>,
    guesses_left: u32,
    expires_at: DateTime<Utc>,
}

impl Phones {
    fn admit(&mut self, new: &NewChallenge) -> Admission {
        self.sweep(new.now);
        if self.by_key.len() >= MOST_PHONES && !self.by_key.contains_key(&new.phone_key) {
            return Admission::Refused { retry_after: Duration::from_mins(1) };
        }
        let phone = self.by_key.entry(new.phone_key).or_default();
        let repeated = phone.live.get(&new.purpose).is_some_and(|live| live.id == new.id);
        if !repeated {
            let allowed_at = phone.next_at(&new.windows, new.now);
            if allowed_at > new.now {
                return Admission::Refused { retry_after: (allowed_at - new.now).to_std().unwrap_or_default() };
            }
            phone.record(new);
            self.holders.insert(new.id, new.phone_key);
            if let Some(void) = phone.live.insert(new.purpose, Challenge::from(new)) {
                self.holders.remove(&void.id);
            }
        }
        Admission::Admitted { next_at: phone.next_at(&new.windows, new.now) }
    }

    fn verify(&mut self, guess: &Guess<'_>) -> Verdict {
        let holder = self.holders.get(&guess.challenge_id).and_then(|key| self.by_key.get_mut(key));
        let Some(phone) = holder else { return Verdict::Gone };
        let Some(live) = phone.live.get_mut(&guess.purpose).filter(|live| live.id == guess.challenge_id) else {
            return Verdict::Gone;
        };
        if guess.now >= live.expires_at {
            return Verdict::Gone;
        }
        let Some(mac) = (guess.mac)(&live.sealed) else {
            return Verdict::Gone;
        };
        live.guesses_left -= 1;
        let right = constant_time_eq(&mac, &live.mac);
        if right || live.guesses_left == 0 {
            self.holders.remove(&guess.challenge_id);
            let over = phone.live.remove(&guess.purpose);
            if let Some(over) = over.filter(|_| right) {
                phone.wrong_in_a_row = 0;
                return Verdict::Right { sealed: over.sealed };
            }
        }
        phone.wrong_in_a_row = phone.wrong_in_a_row.saturating_add(1);
        phone.last_wrong = Some(guess.now);
        Verdict::Wrong { in_a_row: phone.wrong_in_a_row }
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        if self.swept_at.is_some_and(|at| now - at < SWEPT_EVERY) {
            return;
        }
        self.swept_at = Some(now);
        for phone in self.by_key.values_mut() {
            phone.live.retain(|_, live| {
                let alive = now < live.expires_at;
                if !alive {
                    self.holders.remove(&live.id);
                }
                alive
            });
        }
        self.by_key.retain(|_, phone| phone.is_of_use(now));
    }
}

impl Phone {
    /// When the next code may be sent: now, or when enough of the earlier ones have left every window.
    fn next_at(&self, windows: &[Window], now: DateTime<Utc>) -> DateTime<Utc> {
        let full = windows.iter().filter_map(|window| {
            let oldest_that_counts = self.sent.len().checked_sub(window.most)?;
            Some(*self.sent.get(oldest_that_counts)? + window.length)
        });
        full.max().map_or(now, |at| at.max(now))
    }

    fn record(&mut self, new: &NewChallenge) {
        let longest = new.windows.iter().map(|window| window.length).max().unwrap_or_default();
        while self.sent.front().is_some_and(|first| *first + longest <= new.now) {
            self.sent.pop_front();
        }
        self.sent.push_back(new.now);
        self.idle_from = new.now + longest;
    }

    fn is_of_use(&self, now: DateTime<Utc>) -> bool {
        let has_failed = self.wrong_in_a_row > 0 && self.last_wrong.is_some_and(|at| now - at < FAILURES_KEPT_FOR);
        now < self.idle_from || has_failed || !self.live.is_empty()
    }
}

impl From<&NewChallenge> for Challenge {
    fn from(new: &NewChallenge) -> Self {
        Self {
            id: new.id,
            mac: new.mac,
            sealed: new.sealed.clone(),
            guesses_left: new.guesses,
            expires_at: new.expires_at,
        }
    }
}
