//! The store of production, shared by all instances. Each operation is one script on one server.
//!
//! Keys, with `{slot}` the first 16 bits of the phone's keyed hash, so that all of a login lies in one slot of a
//! Cluster; a challenge's id ends in the same bits ([`super::new_id`]):
//!
//! - `otp:{slot}:<hash of the phone>:sent`, a sorted set: which challenges counted, by when;
//! - `otp:{slot}:<hash of the phone>:<purpose>`, a hash: the live challenge, its guesses left, what tries were told;
//! - `otp:{slot}:<challenge>`, a string: whose it is, and what it sealed;
//! - `rl:{hash}`, a sorted set: what was counted against an address, network or the like.
//!
//! Time is that of Redis, whatever the clocks of those who ask: what they send and are told are spans. Only a test says
//! what time it is.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Take, Verdict, Window};
use crate::{
    base::error::{Error, Result},
    clients::redis::{Redis, Script},
};

static ADMIT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("time.lua"), include_str!("windows.lua"), include_str!("admit.lua")))
});
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("time.lua"), include_str!("windows.lua"), include_str!("take.lua")))
});
static VERIFY: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("time.lua"), include_str!("verify.lua"))));
static RESTORE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("restore.lua")));

pub struct RedisStore {
    redis: Redis,
    /// Before every key; empty but in tests, which share a server.
    prefix: String,
    /// Redis is told what time it is.
    takes_time_of_caller: bool,
}

impl ChallengeStore for RedisStore {
    fn admit(&self, new: NewChallenge) -> Pending<'_, Admission> {
        Box::pin(self.redis.within(self.admit_one(new)))
    }

    fn verify<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, Verdict> {
        Box::pin(self.redis.within(self.verify_one(guess)))
    }

    fn restore<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, ()> {
        Box::pin(self.redis.within(self.restore_one(guess)))
    }

    fn take(&self, one: Take) -> Pending<'_, Admission> {
        Box::pin(self.redis.within(self.take_one(one)))
    }

    fn give_back(&self, key: [u8; 32], id: Uuid) -> Pending<'_, ()> {
        let key = self.limit_key(&key);
        Box::pin(self.redis.within(async move {
            let mut remove = redis::cmd("ZREM");
            self.redis.call(remove.arg(key).arg(id.as_bytes())).await
        }))
    }
}

impl RedisStore {
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self { redis, prefix: prefix.to_owned(), takes_time_of_caller: false }
    }

    /// For tests, which move it.
    pub fn at_the_time_of_the_caller(redis: Redis, prefix: &str) -> Self {
        Self { takes_time_of_caller: true, ..Self::new(redis, prefix) }
    }

    async fn admit_one(&self, new: NewChallenge) -> Result<Admission> {
        let slot = slot(&new.phone_key);
        if slot != slot_of(new.id) {
            return Err(Error::Internal(anyhow::anyhow!("the challenge's id was not made by new_id for its phone")));
        }
        let (phone, lifetime) = (phone_tag(&new.phone_key), new.expires_at - new.now);
        let wait = new.not_before.map_or(0, |not_before| micros(not_before - new.now));
        let keys = [
            format!("{}otp:{{{slot}}}:{phone}:sent", self.prefix),
            self.live_key(&slot, &phone, new.purpose),
            self.pointer_key(new.id),
        ];
        let mut arguments = vec![new.id.as_bytes().to_vec(), self.time(new.now), number(wait)];
        arguments.extend(windows(&new.windows));
        arguments.extend([
            new.mac.to_vec(),
            number(new.guesses.into()),
            number(micros(lifetime)),
            number(lifetime.num_milliseconds().max(1)),
            [phone.as_bytes(), &new.sealed].concat(),
        ]);
        let reply: Vec<i64> = self.redis.run(&ADMIT, &keys, &slices(&arguments)).await?;
        admission(&reply, new.now)
    }

    async fn verify_one(&self, guess: Guess<'_>) -> Result<Verdict> {
        let Some(found) = self.find(&guess).await? else { return Ok(Verdict::Gone) };
        let Found { keys, mut arguments, sealed } = found;
        arguments.push(self.time(guess.now));
        let verdict: String = self.redis.run(&VERIFY, &keys, &slices(&arguments)).await?;
        match verdict.as_str() {
            "right" => Ok(Verdict::Right { sealed }),
            "wrong" => Ok(Verdict::Wrong { sealed }),
            "gone" => Ok(Verdict::Gone),
            _ => Err(nonsense()),
        }
    }

    async fn restore_one(&self, guess: Guess<'_>) -> Result<()> {
        let Some(found) = self.find(&guess).await? else { return Ok(()) };
        self.redis.run(&RESTORE, &found.keys, &slices(&found.arguments)).await
    }

    /// What the guess has for a MAC depends on what was sealed, so that is fetched first. It does not change.
    async fn find(&self, guess: &Guess<'_>) -> Result<Option<Found>> {
        let pointer = redis::cmd("GET").arg(self.pointer_key(guess.challenge_id)).to_owned();
        let found: Option<Vec<u8>> = self.redis.call(&pointer).await?;
        let Some((phone, sealed)) = found.as_deref().and_then(<[u8]>::split_first_chunk::<TAG_LENGTH>) else {
            return Ok(None);
        };
        let Some(mac) = (guess.mac)(sealed) else { return Ok(None) };
        let phone = String::from_utf8_lossy(phone);
        // With the MAC: whoever learns of a try that was right still has to know its code.
        let attempt = [&guess.nonce[..], &mac].concat();
        Ok(Some(Found {
            keys: [self.live_key(&slot_of(guess.challenge_id), &phone, guess.purpose)],
            arguments: vec![guess.challenge_id.as_bytes().to_vec(), mac.to_vec(), attempt],
            sealed: sealed.to_vec(),
        }))
    }

    /// Nothing, where Redis looks at its own clock.
    fn time(&self, now: DateTime<Utc>) -> Vec<u8> {
        if self.takes_time_of_caller { number(now.timestamp_micros()) } else { Vec::new() }
    }

    async fn take_one(&self, one: Take) -> Result<Admission> {
        let mut arguments = vec![one.id.as_bytes().to_vec(), self.time(one.now)];
        arguments.extend(windows(&one.windows));
        let reply: Vec<i64> = self.redis.run(&TAKE, &[self.limit_key(&one.key)], &slices(&arguments)).await?;
        admission(&reply, one.now)
    }

    fn live_key(&self, slot: &str, phone: &str, purpose: Purpose) -> String {
        format!("{}otp:{{{slot}}}:{phone}:{}", self.prefix, purpose.0)
    }

    fn pointer_key(&self, challenge: Uuid) -> String {
        format!("{}otp:{{{}}}:{}", self.prefix, slot_of(challenge), challenge.simple())
    }

    fn limit_key(&self, key: &[u8; 32]) -> String {
        format!("{}rl:{{{}}}", self.prefix, phone_tag(key))
    }
}

/// The challenge of a guess.
struct Found {
    keys: [String; 1],
    /// Its id, the MAC of the guess, the try.
    arguments: Vec<Vec<u8>>,
    sealed: Vec<u8>,
}

/// Digits of a keyed hash in a key's name: half of them are as good as all.
const TAG_LENGTH: usize = 32;

fn phone_tag(key: &[u8; 32]) -> String {
    let half = u128::from_be_bytes(*key.first_chunk().expect("32 bytes have 16"));
    format!("{half:0TAG_LENGTH$x}")
}

fn slot(phone_key: &[u8; 32]) -> String {
    format!("{:02x}{:02x}", phone_key[0], phone_key[1])
}

fn slot_of(challenge: Uuid) -> String {
    let [.., first, second] = *challenge.as_bytes();
    format!("{first:02x}{second:02x}")
}

fn windows<const N: usize>(windows: &[Window; N]) -> impl Iterator<Item = Vec<u8>> {
    windows.iter().flat_map(|window| {
        let most = i64::try_from(window.most).unwrap_or(i64::MAX);
        [number(most), number(micros(window.length))]
    })
}

fn number(number: i64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn micros(span: TimeDelta) -> i64 {
    span.num_microseconds().unwrap_or(i64::MAX)
}

fn slices(arguments: &[Vec<u8>]) -> Vec<&[u8]> {
    arguments.iter().map(Vec::as_slice).collect()
}

/// `[0, wait]`, or `[1, wait for the next, left of each window]`; in microseconds from now.
fn admission(reply: &[i64], now: DateTime<Utc>) -> Result<Admission> {
    match reply {
        [0, wait] => {
            Ok(Admission::Refused { retry_after: TimeDelta::microseconds(*wait).to_std().unwrap_or(Duration::ZERO) })
        }
        [1, wait, left @ ..] => {
            let mut of_each = [u32::MAX; 3];
            for (one, left) in of_each.iter_mut().zip(left) {
                *one = u32::try_from(*left).unwrap_or(u32::MAX);
            }
            let next_at = now.checked_add_signed(TimeDelta::microseconds(*wait)).ok_or_else(nonsense)?;
            Ok(Admission::Admitted { next_at, left: of_each })
        }
        _ => Err(nonsense()),
    }
}

fn nonsense() -> Error {
    Error::Internal(anyhow::anyhow!("a script in Redis answered with something that it does not say"))
}
