//! Ids are UUIDv7 (RFC 9562 section 5.7): in order of time, so that new rows lie together in every index.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub fn new(now: DateTime<Utc>) -> Uuid {
    from_parts(now, crate::base::secrets::random())
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

/// Ids for a request with an Idempotency-Key: the n-th id of a repeat is the n-th id of the first try, so a repeat after
/// a crash meets the row that the first try made instead of making a second.
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
    fn an_id_is_a_version_7_uuid_that_carries_its_time() {
        let now = DateTime::from_timestamp_millis(1_795_000_000_000).unwrap();
        let id = new(now);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().unwrap().to_unix().0, 1_795_000_000);
    }
}
