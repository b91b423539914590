//! Where one-time codes wait to be typed in, and what counts how many are sent and guessed. Each operation is one
//! atomic step keyed by the keyed hash of the phone: under any number of parallel requests a limit holds to one.

use std::{ops::Deref, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::{memory::MemoryStore, redis::RedisStore};
use crate::{
    base::{error::Result, ids},
    platform::app::App,
};

pub mod memory;
pub mod redis;

pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Each operation may be repeated after a lost reply: `admit` by its challenge's id, `take` and `give_back` by theirs,
/// and `verify`, where replies can be lost, by its nonce.
pub trait ChallengeStore: Send + Sync {
    /// Counts a code against the limits of its phone and, within them, makes its challenge the only live one of this
    /// phone and purpose.
    fn admit(&self, new: NewChallenge) -> Pending<'_, Admission>;

    /// Takes one guess. The right one ends the challenge, as does the last wrong one.
    fn verify<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, Verdict>;

    /// Makes a challenge as good as before its right code came, when that code could let nobody in: the database that
    /// had to believe it too was away. Only for who has just been told that the guess is right.
    fn restore<'a>(&'a self, guess: Guess<'a>) -> Pending<'a, ()>;

    /// Counts one against a limit that is not a phone's (an address, a network): or refuses, and counts nothing.
    /// Repeated with the same id it counts once.
    fn take(&self, one: Take) -> Pending<'_, Admission>;

    /// Takes back what `take` counted, as what it was for did not happen.
    fn give_back(&self, key: [u8; 32], id: Uuid) -> Pending<'_, ()>;
}

/// The id of a new challenge. Its last 16 bits are the first of the phone's keyed hash: they tell a Cluster where the
/// challenge lies, and tell nobody the phone.
pub fn new_id(phone_key: &[u8; 32], now: DateTime<Utc>) -> Uuid {
    ids::with_tail(now, [phone_key[0], phone_key[1]])
}

/// What a code is for. One for logging in is good for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose(pub &'static str);

impl Purpose {
    pub const LOGIN: Self = Self("login");
    pub const PHONE_CHANGE: Self = Self("phone change");
    pub const EMAIL: Self = Self("email");
}

pub struct NewChallenge {
    /// From [`new_id`].
    pub id: Uuid,
    pub purpose: Purpose,
    pub phone_key: [u8; 32],
    /// Of the code. The code itself is nowhere.
    pub mac: [u8; 32],
    /// What `verify` gives back; the store cannot read it.
    pub sealed: Vec<u8>,
    pub guesses: u32,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub windows: [Window; 3],
    /// Until then it is refused whatever the windows say: the failures of its phone, which the database counts.
    pub not_before: Option<DateTime<Utc>>,
}

pub struct Take {
    /// The keyed hash of who is limited.
    pub key: [u8; 32],
    pub id: Uuid,
    pub windows: [Window; 2],
    pub now: DateTime<Utc>,
}

/// At most this many in any stretch of this length.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub most: usize,
    pub length: TimeDelta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Admitted {
        /// When the limits allow the next one.
        next_at: DateTime<Utc>,
        /// How many more each window has room for.
        left: [u32; 3],
    },
    Refused {
        retry_after: Duration,
    },
}

pub struct Guess<'a> {
    pub challenge_id: Uuid,
    pub purpose: Purpose,
    /// The MAC that the guessed code has, given what the challenge sealed; none when that cannot be opened.
    pub mac: &'a (dyn Fn(&[u8]) -> Option<[u8; 32]> + Send + Sync),
    pub now: DateTime<Utc>,
    /// The same in every try of one request.
    pub nonce: [u8; 16],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Right {
        sealed: Vec<u8>,
    },
    /// Tells whose it was, so that the failure is counted for the phone (in the database, over all its challenges).
    Wrong {
        sealed: Vec<u8>,
    },
    /// Unknown, expired, burnt, used, or for another purpose.
    Gone,
}

/// The store of this installation.
pub struct Challenges(Box<dyn ChallengeStore>);

impl Challenges {
    pub fn new(store: impl ChallengeStore + 'static) -> Self {
        Self(Box::new(store))
    }
}

/// In Redis, where there is one; while that is away, nowhere.
pub fn challenges(app: &App) -> Arc<Challenges> {
    app.part(|app| match &app.redis {
        Some(redis) if app.clock.is_manual() => {
            Challenges::new(RedisStore::at_the_time_of_the_caller(redis.clone(), ""))
        }
        Some(redis) => Challenges::new(RedisStore::new(redis.clone(), "")),
        None => Challenges::new(MemoryStore::default()),
    })
}

impl Deref for Challenges {
    type Target = dyn ChallengeStore;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
