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
//! Time is the caller's, as a test must be able to move it. Servers whose clocks differ shift each other's windows by
//! the difference; what they cannot do is keep a code good for longer: every key also ends by the clock of Redis.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Take, Verdict, Window};
use crate::{
    clients::redis::{Redis, Script},
    error::{Error, Result},
};

static ADMIT: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("windows.lua"), include_str!("admit.lua"))));
static TAKE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("windows.lua"), include_str!("take.lua"))));
static VERIFY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("verify.lua")));

pub struct RedisStore {
    redis: Redis,
    /// Before every key; empty but in tests, which share a server.
    prefix: String,
}

impl ChallengeStore for RedisStore {
    fn admit(&self, new: NewChallenge) -> Pending<'_, Admission> {
        Box::pin(self.redis.within(self.admit_one(new)))
    }

    fn verify<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, Verdict> {
        Box::pin(self.redis.within(self.verify_one(guess)))
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
        Self { redis, prefix: prefix.to_owned() }
    }

    async fn admit_one(&self, new: NewChallenge) -> Result<Admission> {
        let slot = slot(&new.phone_key);
        if slot != slot_of(new.id) {
            return Err(Error::Internal(anyhow::anyhow!("the challenge's id was not made by new_id for its phone")));
        }
        let (phone, lifetime) = (phone_tag(&new.phone_key), new.expires_at - new.now);
        let keys = [
            format!("{}otp:{{{slot}}}:{phone}:sent", self.prefix),
            self.live_key(&slot, &phone, new.purpose),
            self.pointer_key(new.id),
        ];
        let mut arguments =
            vec![new.id.as_bytes().to_vec(), number(micros(new.now)), number(new.not_before.map_or(0, micros))];
        arguments.extend(windows(&new.windows));
        arguments.extend([
            new.mac.to_vec(),
            number(new.guesses.into()),
            number(micros(new.expires_at)),
            number(lifetime.num_milliseconds().max(1)),
            [phone.as_bytes(), &new.sealed].concat(),
        ]);
        let reply: Vec<i64> = self.redis.run(&ADMIT, &keys, &slices(&arguments)).await?;
        admission(&reply)
    }

    /// What the guess has for a MAC depends on what was sealed, so that is fetched first. It does not change.
    async fn verify_one(&self, guess: Guess<'_>) -> Result<Verdict> {
        let pointer = redis::cmd("GET").arg(self.pointer_key(guess.challenge_id)).to_owned();
        let found: Option<Vec<u8>> = self.redis.call(&pointer).await?;
        let Some((phone, sealed)) = found.as_deref().and_then(<[u8]>::split_first_chunk::<TAG_LENGTH>) else {
            return Ok(Verdict::Gone);
        };
        let Some(mac) = (guess.mac)(sealed) else {
            return Ok(Verdict::Gone);
        };
        let phone = String::from_utf8_lossy(phone);
        let keys = [self.live_key(&slot_of(guess.challenge_id), &phone, guess.purpose)];
        // With the MAC: whoever learns of a try that was right still has to know its code.
        let attempt = [&guess.nonce[..], &mac].concat();
        let arguments = [guess.challenge_id.as_bytes().to_vec(), mac.to_vec(), attempt, number(micros(guess.now))];
        let verdict: String = self.redis.run(&VERIFY, &keys, &slices(&arguments)).await?;
        match verdict.as_str() {
            "right" => Ok(Verdict::Right { sealed: sealed.to_vec() }),
            "wrong" => Ok(Verdict::Wrong { sealed: sealed.to_vec() }),
            "gone" => Ok(Verdict::Gone),
            _ => Err(nonsense()),
        }
    }

    async fn take_one(&self, one: Take) -> Result<Admission> {
        let mut arguments = vec![one.id.as_bytes().to_vec(), number(micros(one.now))];
        arguments.extend(windows(&one.windows));
        let reply: Vec<i64> = self.redis.run(&TAKE, &[self.limit_key(&one.key)], &slices(&arguments)).await?;
        admission(&reply)
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
        [number(most), number(window.length.num_microseconds().unwrap_or(i64::MAX))]
    })
}

fn number(number: i64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn slices(arguments: &[Vec<u8>]) -> Vec<&[u8]> {
    arguments.iter().map(Vec::as_slice).collect()
}

/// `[0, wait]`, or `[1, next at, left of each window]`; times in microseconds.
fn admission(reply: &[i64]) -> Result<Admission> {
    match reply {
        [0, wait] => {
            Ok(Admission::Refused { retry_after: TimeDelta::microseconds(*wait).to_std().unwrap_or(Duration::ZERO) })
        }
        [1, next_at, left @ ..] => {
            let mut of_each = [u32::MAX; 3];
            for (one, left) in of_each.iter_mut().zip(left) {
                *one = u32::try_from(*left).unwrap_or(u32::MAX);
            }
            let next_at = DateTime::from_timestamp_micros(*next_at).ok_or_else(nonsense)?;
            Ok(Admission::Admitted { next_at, left: of_each })
        }
        _ => Err(nonsense()),
    }
}

fn nonsense() -> Error {
    Error::Internal(anyhow::anyhow!("a script in Redis answered with something that it does not say"))
}
