//! The store of an installation that is one process: a map behind a lock. A restart forgets it, which voids the codes
//! on their way and opens the limits: good enough for development, and `config` sees that production has another.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Take, Verdict, Window};
use crate::base::secrets::constant_time_eq;

/// More phones than this, or addresses, are refused until others are forgotten: memory is bounded, whoever asks.
const MOST_PHONES: usize = 100_000;
const SWEPT_EVERY: TimeDelta = TimeDelta::seconds(60);

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

    fn restore<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, ()> {
        self.phones().restore(&guess);
        Box::pin(async { Ok(()) })
    }

    fn take(&self, one: Take) -> Pending<'_, Admission> {
        let admission = self.phones().take(&one);
        Box::pin(async move { Ok(admission) })
    }

    fn give_back(&self, key: [u8; 32], id: Uuid) -> Pending<'_, ()> {
        if let Some(taken) = self.phones().taken.get_mut(&key) {
            taken.give_back(id);
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
    /// By whom it was taken.
    taken: HashMap<[u8; 32], Taken>,
    swept_at: Option<DateTime<Utc>>,
}

#[derive(Default)]
struct Phone {
    /// When codes were sent, as far back as the longest window reaches.
    sent: VecDeque<DateTime<Utc>>,
    live: HashMap<Purpose, Challenge>,
    idle_from: DateTime<Utc>,
}

#[derive(Default)]
struct Taken {
    at: VecDeque<(DateTime<Utc>, Uuid)>,
    ids: HashSet<Uuid>,
    idle_from: DateTime<Utc>,
}

struct Challenge {
    id: Uuid,
    mac: [u8; 32],
    sealed: Vec<u8>,
    guesses_left: u32,
    expires_at: DateTime<Utc>,
    /// By the request whose code was right.
    used_by: Option<[u8; 16]>,
}

impl Phones {
    fn admit(&mut self, new: &NewChallenge) -> Admission {
        self.sweep(new.now);
        if self.by_key.len() >= MOST_PHONES && !self.by_key.contains_key(&new.phone_key) {
            return FULL;
        }
        let phone = self.by_key.entry(new.phone_key).or_default();
        let repeated = phone.live.get(&new.purpose).is_some_and(|live| live.id == new.id);
        if !repeated {
            let allowed_at = next_at(&phone.sent, |at| *at, &new.windows, new.now);
            let allowed_at = allowed_at.max(new.not_before.unwrap_or(allowed_at));
            if allowed_at > new.now {
                return refused(allowed_at, new.now);
            }
            phone.record(new);
            self.holders.insert(new.id, new.phone_key);
            if let Some(void) = phone.live.insert(new.purpose, Challenge::from(new)) {
                self.holders.remove(&void.id);
            }
        }
        Admission::Admitted {
            next_at: next_at(&phone.sent, |at| *at, &new.windows, new.now),
            left: new.windows.map(|window| left(&phone.sent, |at| *at, window, new.now)),
        }
    }

    fn take(&mut self, one: &Take) -> Admission {
        self.sweep(one.now);
        if self.taken.len() >= MOST_PHONES && !self.taken.contains_key(&one.key) {
            return FULL;
        }
        let taken = self.taken.entry(one.key).or_default();
        if !taken.ids.contains(&one.id) {
            let allowed_at = next_at(&taken.at, |(at, _)| *at, &one.windows, one.now);
            if allowed_at > one.now {
                return refused(allowed_at, one.now);
            }
            taken.record(one);
        }
        let [first, second] = one.windows.map(|window| left(&taken.at, |(at, _)| *at, window, one.now));
        Admission::Admitted {
            next_at: next_at(&taken.at, |(at, _)| *at, &one.windows, one.now),
            left: [first, second, second],
        }
    }

    fn verify(&mut self, guess: &Guess<'_>) -> Verdict {
        let holder = self.holders.get(&guess.challenge_id).and_then(|key| self.by_key.get_mut(key));
        let Some(phone) = holder else { return Verdict::Gone };
        let Some(live) = phone.live.get_mut(&guess.purpose).filter(|live| live.id == guess.challenge_id) else {
            return Verdict::Gone;
        };
        if guess.now >= live.expires_at || live.used_by.is_some() {
            return Verdict::Gone;
        }
        let Some(mac) = (guess.mac)(&live.sealed) else {
            return Verdict::Gone;
        };
        live.guesses_left -= 1;
        let sealed = live.sealed.clone();
        if constant_time_eq(&mac, &live.mac) {
            live.used_by = Some(guess.nonce);
            return Verdict::Right { sealed };
        }
        if live.guesses_left == 0 {
            self.holders.remove(&guess.challenge_id);
            phone.live.remove(&guess.purpose);
        }
        Verdict::Wrong { sealed }
    }

    fn restore(&mut self, guess: &Guess<'_>) {
        let holder = self.holders.get(&guess.challenge_id).and_then(|key| self.by_key.get_mut(key));
        let live = holder.and_then(|phone| phone.live.get_mut(&guess.purpose));
        if let Some(live) = live.filter(|live| live.id == guess.challenge_id && live.used_by == Some(guess.nonce)) {
            live.used_by = None;
            live.guesses_left += 1;
        }
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
        self.taken.retain(|_, taken| now < taken.idle_from);
    }
}

const FULL: Admission = Admission::Refused { retry_after: Duration::from_mins(1) };

fn refused(until: DateTime<Utc>, now: DateTime<Utc>) -> Admission {
    Admission::Refused { retry_after: (until - now).to_std().unwrap_or_default() }
}

/// When the next one fits: now, or when enough of the earlier ones have left every window.
fn next_at<T>(
    earlier: &VecDeque<T>,
    at: impl Fn(&T) -> DateTime<Utc>,
    windows: &[Window],
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let full = windows.iter().filter_map(|window| {
        let oldest_that_counts = earlier.len().checked_sub(window.most)?;
        Some(at(earlier.get(oldest_that_counts)?) + window.length)
    });
    full.max().map_or(now, |at| at.max(now))
}

fn left<T>(earlier: &VecDeque<T>, at: impl Fn(&T) -> DateTime<Utc>, window: Window, now: DateTime<Utc>) -> u32 {
    let over = earlier.partition_point(|one| at(one) + window.length <= now);
    u32::try_from(window.most.saturating_sub(earlier.len() - over)).unwrap_or(u32::MAX)
}

fn longest(windows: &[Window]) -> TimeDelta {
    windows.iter().map(|window| window.length).max().unwrap_or_default()
}

impl Phone {
    fn record(&mut self, new: &NewChallenge) {
        let longest = longest(&new.windows);
        while self.sent.front().is_some_and(|first| *first + longest <= new.now) {
            self.sent.pop_front();
        }
        self.sent.push_back(new.now);
        self.idle_from = new.now + longest;
    }

    fn is_of_use(&self, now: DateTime<Utc>) -> bool {
        now < self.idle_from || !self.live.is_empty()
    }
}

impl Taken {
    fn record(&mut self, one: &Take) {
        let longest = longest(&one.windows);
        while let Some((_, id)) = self.at.pop_front_if(|(first, _)| *first + longest <= one.now) {
            self.ids.remove(&id);
        }
        self.at.push_back((one.now, one.id));
        self.ids.insert(one.id);
        self.idle_from = one.now + longest;
    }

    fn give_back(&mut self, id: Uuid) {
        if self.ids.remove(&id) {
            self.at.retain(|(_, taken)| *taken != id);
        }
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
            used_by: None,
        }
    }
}
