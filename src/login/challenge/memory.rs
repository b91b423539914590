//! The store of an installation that is one process: a map behind a lock. A restart forgets it, which voids the codes on
//! their way and opens the limits: good enough for development, and `config` sees that production has another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Take, Verdict, Window};
use crate::secrets::constant_time_eq;

/// More phones than this are refused until others are forgotten: memory is bounded, whoever asks.
const MOST_PHONES: usize = 100_000;
const SWEPT_EVERY: TimeDelta = TimeDelta::seconds(60);
const TAKEN_KEPT_FOR: TimeDelta = TimeDelta::days(1);

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

    fn take(&self, one: Take) -> Pending<'_, Admission> {
        let admission = self.phones().take(&one);
        Box::pin(async move { Ok(admission) })
    }

    fn give_back(&self, key: [u8; 32], id: Uuid) -> Pending<'_, ()> {
        if let Some(counted) = self.phones().taken.get_mut(&key) {
            counted.0.retain(|(one, _)| *one != id);
        }
        Box::pin(async { Ok(()) })
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
    /// What was counted against others than phones.
    taken: HashMap<[u8; 32], Counted>,
    swept_at: Option<DateTime<Utc>>,
}

#[derive(Default)]
struct Phone {
    sent: Counted,
    live: HashMap<Purpose, Challenge>,
    idle_from: DateTime<Utc>,
}

/// What counted and when, as far back as the longest window reaches.
#[derive(Default)]
struct Counted(VecDeque<(Uuid, DateTime<Utc>)>);

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
            let allowed_at = phone.sent.next_at(&new.windows, new.now).max(new.not_before.unwrap_or(new.now));
            if allowed_at > new.now {
                return Admission::Refused { retry_after: (allowed_at - new.now).to_std().unwrap_or_default() };
            }
            phone.record(new);
            self.holders.insert(new.id, new.phone_key);
            if let Some(void) = phone.live.insert(new.purpose, Challenge::from(new)) {
                self.holders.remove(&void.id);
            }
        }
        phone.sent.admitted(&new.windows, new.now)
    }

    fn take(&mut self, one: &Take) -> Admission {
        self.sweep(one.now);
        let counted = self.taken.entry(one.key).or_default();
        if !counted.0.iter().any(|(id, _)| *id == one.id) {
            let allowed_at = counted.next_at(&one.windows, one.now);
            if allowed_at > one.now {
                return Admission::Refused { retry_after: (allowed_at - one.now).to_std().unwrap_or_default() };
            }
            counted.record(one.id, &one.windows, one.now);
        }
        counted.admitted(&one.windows, one.now)
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
        let sealed = live.sealed.clone();
        if right || live.guesses_left == 0 {
            self.holders.remove(&guess.challenge_id);
            phone.live.remove(&guess.purpose);
        }
        if right { Verdict::Right { sealed } } else { Verdict::Wrong { sealed } }
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
        self.by_key.retain(|_, phone| now < phone.idle_from || !phone.live.is_empty());
        self.taken.retain(|_, counted| counted.0.back().is_some_and(|(_, at)| now - *at < TAKEN_KEPT_FOR));
    }
}

impl Phone {
    fn record(&mut self, new: &NewChallenge) {
        self.idle_from = new.now + self.sent.record(new.id, &new.windows, new.now);
    }
}

impl Counted {
    /// When there is room for the next: now, or when enough of the earlier ones have left every window.
    fn next_at(&self, windows: &[Window], now: DateTime<Utc>) -> DateTime<Utc> {
        let full = windows.iter().filter_map(|window| {
            let oldest_that_counts = self.0.len().checked_sub(window.most)?;
            Some(self.0.get(oldest_that_counts)?.1 + window.length)
        });
        full.max().map_or(now, |at| at.max(now))
    }

    fn admitted(&self, windows: &[Window], now: DateTime<Utc>) -> Admission {
        let mut left = [u32::MAX; 3];
        for (left, window) in left.iter_mut().zip(windows) {
            let used = self.0.iter().filter(|(_, at)| now - *at < window.length).count();
            *left = u32::try_from(window.most.saturating_sub(used)).unwrap_or(u32::MAX);
        }
        Admission::Admitted { next_at: self.next_at(windows, now), left }
    }

    /// Answers how long it counts.
    fn record(&mut self, id: Uuid, windows: &[Window], now: DateTime<Utc>) -> TimeDelta {
        let longest = windows.iter().map(|window| window.length).max().unwrap_or_default();
        while self.0.front().is_some_and(|(_, first)| *first + longest <= now) {
            self.0.pop_front();
        }
        self.0.push_back((id, now));
        longest
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
