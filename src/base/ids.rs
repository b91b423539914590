//! Ids are UUIDv7 (RFC 9562 section 5.7): in order of time, so that new rows lie together in every index.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use uuid::{Uuid, Variant};

pub fn new(now: DateTime<Utc>) -> Uuid {
    from_parts(now, crate::base::secrets::random())
}

/// The id of a request, as the answer's `X-Request-Id` has it; that of a run, for what no request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(new(now))
    }

    /// The same in every try of a job.
    pub fn of_job(id: Uuid) -> Self {
        Self(id)
    }

    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// In small letters, with hyphens.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An id whose last two bytes are given: they tell where to look for what it names. The other 58 random bits remain.
pub fn with_tail(now: DateTime<Utc>, tail: [u8; 2]) -> Uuid {
    let mut random: [u8; 10] = crate::base::secrets::random();
    random[8..].copy_from_slice(&tail);
    from_parts(now, random)
}

fn from_parts(at: DateTime<Utc>, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The id that a client gives to what it makes: a UUIDv7, as lists are in the order of ids. The nil UUID stands for
/// none (RFC 9562 section 5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Uuid")]
pub struct OwnId(Uuid);

/// The clock of a client may be this much ahead. An id of a later time would stand first in lists until then.
const AHEAD: TimeDelta = TimeDelta::days(1);

impl OwnId {
    /// The nil UUID stands for none.
    pub fn is_given(self) -> bool {
        !self.0.is_nil()
    }

    pub fn given(self, now: DateTime<Utc>) -> Result<Option<Uuid>, &'static str> {
        let millis = self.0.as_u128() >> 80;
        let latest = u128::try_from((now + AHEAD).timestamp_millis()).unwrap_or_default();
        match self.0 {
            id if id.is_nil() => Ok(None),
            _ if millis > latest => Err("begins with a time that is more than a day ahead of the server's clock"),
            id => Ok(Some(id)),
        }
    }
}

impl TryFrom<Uuid> for OwnId {
    type Error = &'static str;

    fn try_from(id: Uuid) -> Result<Self, Self::Error> {
        let is_in_order = id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122;
        if is_in_order || id.is_nil() {
            return Ok(Self(id));
        }
        Err("must be a UUID of version 7: lists are in the order of ids, and only these begin with the time")
    }
}

/// Ids for a request with an Idempotency-Key: the n-th id of a repeat is the n-th id of the first try, so a repeat
/// after a crash meets the row that the first try made instead of making a second.
#[derive(Clone)]
pub struct Seed {
    started_at: DateTime<Utc>,
    hash: [u8; 32],
    made: Arc<AtomicU32>,
}

impl Seed {
    pub fn new(started_at: DateTime<Utc>, hash: [u8; 32]) -> Self {
        Self { started_at, hash, made: Arc::default() }
    }

    pub fn next_id(&self) -> Uuid {
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random.copy_from_slice(&self.hash[..10]);
        for (byte, n) in random[6..].iter_mut().zip(n.to_be_bytes()) {
            *byte ^= n;
        }
        from_parts(self.started_at, random)
    }

    /// The same in every try of the request, and in no other request.
    pub fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.hash[16..]);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_makes_the_same_ids_in_the_same_order() {
        let at = DateTime::UNIX_EPOCH;
        let (first, repeat) = (Seed::new(at, [7; 32]), Seed::new(at, [7; 32]));
        let ids: Vec<_> = (0..3).map(|_| first.next_id()).collect();
        assert_eq!(ids, (0..3).map(|_| repeat.next_id()).collect::<Vec<_>>());
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn a_given_tail_stands_at_the_end_and_leaves_the_rest_to_chance() {
        let (one, other) = (with_tail(DateTime::UNIX_EPOCH, [1, 2]), with_tail(DateTime::UNIX_EPOCH, [1, 2]));
        assert_eq!(one.as_bytes()[14..], [1, 2]);
        assert_eq!(one.get_version_num(), 7);
        assert_ne!(one, other);
    }

    #[test]
    fn an_id_of_ones_own_is_of_version_7_or_nil() {
        let read = |id: &str| serde_json::from_value::<OwnId>(id.into());
        let given = |id: &str| read(id).unwrap().given(DateTime::from_timestamp_millis(1_795_000_000_000).unwrap());
        let own = given("01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f").unwrap();
        assert_eq!(own.map(|id| id.to_string()).as_deref(), Some("01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"));
        assert_eq!(given("00000000-0000-0000-0000-000000000000").unwrap(), None);
        for other in [
            "9b2f4c1e-3a5d-4f6b-8c7d-1e2f3a4b5c6d",
            "1ef21d2f-1207-6660-8c4f-419efbd44d48",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "01993f2e-8a5b-7c1d-1e2f-3a4b5c6d7e8f",
        ] {
            assert!(read(other).unwrap_err().to_string().contains("version 7"), "{other}");
        }
        assert!(read("7").is_err());
    }

    #[test]
    fn an_id_of_ones_own_is_at_most_a_day_ahead() {
        let now = DateTime::from_timestamp_millis(1_795_000_000_000).unwrap();
        let own = |at| OwnId::try_from(new(now + at)).unwrap().given(now);
        assert!(own(TimeDelta::days(1)).unwrap().is_some());
        assert!(own(TimeDelta::days(1) + TimeDelta::milliseconds(1)).is_err());
        let last: OwnId = serde_json::from_value("ffffffff-ffff-7fff-bfff-ffffffffffff".into()).unwrap();
        assert!(last.given(now).is_err());
    }

    #[test]
    fn an_id_is_a_version_7_uuid_that_carries_its_time() {
        let now = DateTime::from_timestamp_millis(1_795_000_000_000).unwrap();
        let id = new(now);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().unwrap().to_unix().0, 1_795_000_000);
    }
}
