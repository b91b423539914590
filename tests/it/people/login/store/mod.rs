//! The challenge store against a model that remembers everything and counts anew each time; then against many callers
//! at once. Whatever store there is passes the same tests: memory, one Redis server, a Cluster of three.

use std::{sync::Arc, time::Duration};

use chemstock::{
    base::error::Error,
    people::codes::challenge::{
        Admission, ChallengeStore, Guess, NewChallenge, Pending, Purpose, Verdict, Window, memory::MemoryStore, new_id,
        redis::RedisStore,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

use self::model::{follow, step};
use crate::support::redis::{Kind, prefix};

mod model;

const RIGHT: [u8; 32] = [1; 32];
const WRONG: [u8; 32] = [2; 32];
const GUESSES: u32 = 3;
const LIVES_FOR: TimeDelta = TimeDelta::seconds(600);
const PURPOSES: [Purpose; 3] = [Purpose::LOGIN, Purpose::PHONE_CHANGE, Purpose::EMAIL];

type Store = Arc<dyn ChallengeStore>;

fn in_memory() -> Store {
    Arc::new(MemoryStore::default())
}

fn on_one_server() -> Store {
    Arc::new(RedisStore::at_the_time_of_the_caller(Kind::Single.client(), &prefix()))
}

fn on_a_cluster() -> Store {
    Arc::new(RedisStore::at_the_time_of_the_caller(Kind::Cluster.client(), &prefix()))
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn windows() -> [Window; 3] {
    [(1, 30), (3, 3600), (6, 86_400)].map(|(most, seconds)| Window { most, length: TimeDelta::seconds(seconds) })
}

fn phone_key(phone: u8) -> [u8; 32] {
    [phone; 32]
}

fn new_challenge(id: Uuid, phone: u8, purpose: usize, now: DateTime<Utc>) -> NewChallenge {
    NewChallenge {
        id,
        purpose: PURPOSES[purpose],
        phone_key: phone_key(phone),
        mac: RIGHT,
        sealed: vec![phone, 0, 255, b'\r', b'\n'],
        guesses: GUESSES,
        now,
        expires_at: now + LIVES_FOR,
        windows: windows(),
        not_before: None,
    }
}

/// A request of its own. Who is told that the store is away, as on a machine with too much to do, asks again.
async fn guess(store: &Store, challenge_id: Uuid, purpose: Purpose, code: [u8; 32], now: DateTime<Utc>) -> Verdict {
    let nonce = *Uuid::new_v4().as_bytes();
    let mac = move |_: &[u8]| Some(code);
    persistently(|| store.verify(Guess { challenge_id, purpose, mac: &mac, now, nonce })).await
}

async fn persistently<'a, T>(ask: impl Fn() -> Pending<'a, T>) -> T {
    loop {
        match ask().await {
            Err(Error::Unavailable { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
            answer => return answer.unwrap(),
        }
    }
}

fn does_what_the_model_does(store: fn() -> Store, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let all = prop::collection::vec(step(), 1..120);
    let outcome = TestRunner::new(config).run(&all, |steps| {
        runtime.block_on(async { follow(&store(), steps).await });
        Ok(())
    });
    outcome.unwrap();
}

/// What so many that all begin together get.
async fn at_once<T, F>(count: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let together = Arc::new(Barrier::new(count));
    let mut all = JoinSet::new();
    for number in 0..count {
        let (work, together) = (work(number), together.clone());
        all.spawn(async move {
            together.wait().await;
            work.await
        });
    }
    all.join_all().await
}

async fn admitted(store: &Store, phone: u8, now: DateTime<Utc>) -> Uuid {
    let id = new_id(&phone_key(phone), now);
    let admission = store.admit(new_challenge(id, phone, 0, now)).await.unwrap();
    assert!(matches!(admission, Admission::Admitted { .. }));
    id
}

/// A live challenge of the right code `[1; 32]`, and when.
pub async fn admitted_on(store: &dyn ChallengeStore) -> (Uuid, DateTime<Utc>) {
    let id = new_id(&phone_key(1), start());
    store.admit(new_challenge(id, 1, 0, start())).await.unwrap();
    (id, start())
}

/// One whose id was made for another phone.
pub fn challenge_astray() -> NewChallenge {
    new_challenge(new_id(&phone_key(2), start()), 1, 0, start())
}

async fn of_fifty_at_once_one_is_admitted(store: Store) {
    let admissions = at_once(50, |_| {
        let (store, id) = (store.clone(), new_id(&phone_key(1), start()));
        async move { persistently(|| store.admit(new_challenge(id, 1, 0, start()))).await }
    });
    let count = admissions.await.iter().filter(|one| matches!(one, Admission::Admitted { .. })).count();
    assert_eq!(count, 1);
}

async fn of_a_hundred_right_guesses_at_once_one_is_believed(store: Store) {
    let id = admitted(&store, 1, start()).await;
    let verdicts = at_once(100, |_| {
        let store = store.clone();
        async move { guess(&store, id, Purpose::LOGIN, RIGHT, start()).await }
    });
    let verdicts = verdicts.await;
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Right { .. })).count(), 1);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Gone).count(), 99);
}

async fn of_five_hundred_wrong_guesses_at_once_no_more_are_compared_than_allowed(store: Store) {
    let id = admitted(&store, 1, start()).await;
    let verdicts = at_once(500, |_| {
        let store = store.clone();
        async move { guess(&store, id, Purpose::LOGIN, WRONG, start()).await }
    });
    let compared = verdicts.await.iter().filter(|verdict| matches!(verdict, Verdict::Wrong { .. })).count();
    assert_eq!(compared, GUESSES as usize);
    assert_eq!(guess(&store, id, Purpose::LOGIN, RIGHT, start()).await, Verdict::Gone);
}

async fn a_repeated_admission_is_counted_once_and_stays_the_same(store: Store) {
    let id = new_id(&phone_key(1), start());
    let first = store.admit(new_challenge(id, 1, 0, start())).await.unwrap();
    let repeat = store.admit(new_challenge(id, 1, 0, start())).await.unwrap();
    assert_eq!(first, repeat);
    let other = store.admit(new_challenge(new_id(&phone_key(1), start()), 1, 0, start())).await.unwrap();
    assert_eq!(other, Admission::Refused { retry_after: Duration::from_secs(30) });
}

async fn a_guess_that_cannot_be_compared_costs_nothing(store: Store) {
    let id = admitted(&store, 1, start()).await;
    for _ in 0..=GUESSES {
        let unopened = |_: &[u8]| None;
        let guess = Guess { challenge_id: id, purpose: Purpose::LOGIN, mac: &unopened, now: start(), nonce: [0; 16] };
        assert_eq!(store.verify(guess).await.unwrap(), Verdict::Gone);
    }
    assert!(matches!(guess(&store, id, Purpose::LOGIN, RIGHT, start()).await, Verdict::Right { .. }));
}

async fn a_right_code_that_let_nobody_in_is_good_once_more(store: Store) {
    let id = admitted(&store, 1, start()).await;
    let mac = |_: &[u8]| Some(RIGHT);
    let by =
        |nonce: u8| Guess { challenge_id: id, purpose: Purpose::LOGIN, mac: &mac, now: start(), nonce: [nonce; 16] };
    for _ in 0..2 * GUESSES {
        assert!(matches!(store.verify(by(1)).await.unwrap(), Verdict::Right { .. }));
        // Not by whoever was not told that it is right.
        store.restore(by(2)).await.unwrap();
        assert_eq!(store.verify(by(3)).await.unwrap(), Verdict::Gone);
        store.restore(by(1)).await.unwrap();
        store.restore(by(1)).await.unwrap();
    }
    assert!(matches!(guess(&store, id, Purpose::LOGIN, WRONG, start()).await, Verdict::Wrong { .. }));
    assert!(matches!(store.verify(by(4)).await.unwrap(), Verdict::Right { .. }));
    assert_eq!(store.verify(by(5)).await.unwrap(), Verdict::Gone);
}

/// An instance whose clock is an hour ahead, and one whose clock is right, on one server.
#[tokio::test(flavor = "multi_thread")]
async fn redis_counts_by_its_own_clock_whatever_those_of_the_instances_say() {
    let store: Store = Arc::new(RedisStore::new(Kind::Single.client(), &prefix()));
    let (now, ahead) = (start(), start() + TimeDelta::hours(1));
    let ask = |at| {
        let store = store.clone();
        async move { store.admit(new_challenge(new_id(&phone_key(1), at), 1, 0, at)).await.unwrap() }
    };
    let Admission::Admitted { next_at, .. } = ask(now).await else { panic!("the first is admitted") };
    assert_eq!(next_at, now + TimeDelta::seconds(30), "in the time of who asks");
    for at in [ahead, now, now - TimeDelta::hours(1)] {
        let Admission::Refused { retry_after } = ask(at).await else { panic!("no half minute has passed") };
        assert!((1..=30).contains(&retry_after.as_secs()), "{retry_after:?}");
    }
}

macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        on_every_store!(@ in_memory 256 $($test)*);
        on_every_store!(@ on_one_server 48 $($test)*);
        on_every_store!(@ on_a_cluster 24 $($test)*);
    };
    (@ $store:ident $cases:literal $($test:ident)*) => {
        mod $store {
            #[test]
            fn the_store_does_what_the_model_does() {
                super::does_what_the_model_does(super::$store, $cases);
            }

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::$store()).await;
            })*
        }
    };
}

on_every_store! {
    of_fifty_at_once_one_is_admitted,
    of_a_hundred_right_guesses_at_once_one_is_believed,
    of_five_hundred_wrong_guesses_at_once_no_more_are_compared_than_allowed,
    a_repeated_admission_is_counted_once_and_stays_the_same,
    a_guess_that_cannot_be_compared_costs_nothing,
    a_right_code_that_let_nobody_in_is_good_once_more,
}
