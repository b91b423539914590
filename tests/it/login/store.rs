//! The challenge store against a model that remembers everything and counts anew each time. Whatever store there is
//! passes the same tests.

use std::{sync::Barrier, time::Duration};

use chemstock::login::challenge::{
    Admission, ChallengeStore, Guess, NewChallenge, Purpose, Take, Verdict, Window, memory::MemoryStore,
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

const RIGHT: [u8; 32] = [1; 32];
const WRONG: [u8; 32] = [2; 32];
const GUESSES: u32 = 3;
const LIVES_FOR: TimeDelta = TimeDelta::seconds(600);
const PURPOSES: [Purpose; 2] = [Purpose::LOGIN, Purpose("phone change")];

fn windows() -> [Window; 3] {
    [(1, 30), (3, 3600), (6, 86_400)].map(|(most, seconds)| Window { most, length: TimeDelta::seconds(seconds) })
}

#[derive(Debug, Clone)]
enum Step {
    Admit {
        phone: u8,
        purpose: usize,
    },
    /// Of the challenge so many back.
    Guess {
        back: usize,
        purpose: usize,
        right: bool,
    },
    Wait {
        seconds: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u8, 0..2_usize).prop_map(|(phone, purpose)| Step::Admit { phone, purpose }),
        4 => (0..4_usize, 0..2_usize, prop::bool::weighted(0.3))
            .prop_map(|(back, purpose, right)| Step::Guess { back, purpose, right }),
        2 => prop_oneof![0..40_i64, 500..700_i64, 1000..90_000_i64].prop_map(|seconds| Step::Wait { seconds }),
    ]
}

struct Sent {
    id: Uuid,
    phone: u8,
    purpose: usize,
    at: DateTime<Utc>,
    wrong: u32,
    over: bool,
}

struct Model {
    sent: Vec<Sent>,
    now: DateTime<Utc>,
}

impl Model {
    fn allows(&self, phone: u8, at: DateTime<Utc>) -> bool {
        windows().iter().all(|window| {
            let within = self.sent.iter().filter(|sent| sent.phone == phone && at - sent.at < window.length);
            within.count() < window.most
        })
    }

    fn left(&self, phone: u8) -> [u32; 3] {
        windows().map(|window| {
            let within = self.sent.iter().filter(|sent| sent.phone == phone && self.now - sent.at < window.length);
            u32::try_from(window.most - within.count()).unwrap()
        })
    }

    fn admit(&mut self, id: Uuid, phone: u8, purpose: usize) -> bool {
        let admitted = self.allows(phone, self.now);
        if admitted {
            for old in self.sent.iter_mut().filter(|sent| sent.phone == phone && sent.purpose == purpose) {
                old.over = true;
            }
            self.sent.push(Sent { id, phone, purpose, at: self.now, wrong: 0, over: false });
        }
        admitted
    }

    fn guess(&mut self, id: Uuid, purpose: usize, right: bool) -> Verdict {
        let sent = self.sent.iter_mut().find(|sent| sent.id == id).expect("sent");
        if sent.over || sent.purpose != purpose || self.now - sent.at >= LIVES_FOR || sent.wrong == GUESSES {
            return Verdict::Gone;
        }
        if right {
            sent.over = true;
            return Verdict::Right { sealed: vec![sent.phone] };
        }
        sent.wrong += 1;
        Verdict::Wrong { sealed: vec![sent.phone] }
    }
}

fn new_challenge(id: Uuid, phone: u8, purpose: usize, now: DateTime<Utc>) -> NewChallenge {
    NewChallenge {
        id,
        purpose: PURPOSES[purpose],
        phone_key: [phone; 32],
        mac: RIGHT,
        sealed: vec![phone],
        guesses: GUESSES,
        now,
        expires_at: now + LIVES_FOR,
        windows: windows(),
        not_before: None,
    }
}

async fn follow(store: &dyn ChallengeStore, steps: Vec<Step>) {
    let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let mut model = Model { sent: Vec::new(), now: start };
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Wait { seconds } => model.now += TimeDelta::seconds(seconds),
            Step::Admit { phone, purpose } => {
                let id = Uuid::from_u128(number as u128);
                let admission = store.admit(new_challenge(id, phone, purpose, model.now)).await.unwrap();
                let expected = model.admit(id, phone, purpose);
                let next_at = match admission {
                    Admission::Admitted { next_at, left } => {
                        assert_eq!(left, model.left(phone), "step {number}");
                        next_at
                    }
                    Admission::Refused { retry_after } => model.now + retry_after,
                };
                assert_eq!(matches!(admission, Admission::Admitted { .. }), expected, "step {number}");
                // The time that it names is the first at which there is room.
                assert!(model.allows(phone, next_at));
                assert!(!model.allows(phone, next_at - TimeDelta::microseconds(1)));
            }
            Step::Guess { back, purpose, right } => {
                let Some(sent) = model.sent.iter().rev().nth(back) else {
                    continue;
                };
                let (id, mac) = (sent.id, move |_: &[u8]| Some(if right { RIGHT } else { WRONG }));
                let guess = Guess { challenge_id: id, purpose: PURPOSES[purpose], mac: &mac, now: model.now };
                let verdict = store.verify(guess).await.unwrap();
                assert_eq!(verdict, model.guess(id, purpose, right), "step {number}");
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

proptest! {
    #[test]
    fn the_store_in_memory_does_what_the_model_does(steps in prop::collection::vec(step(), 1..120)) {
        runtime().block_on(follow(&MemoryStore::default(), steps));
    }
}

/// How many of fifty threads that all begin together see what `wanted` looks for.
fn of_fifty_at_once<T: Send>(work: impl Fn(u128) -> T + Sync, wanted: impl Fn(&T) -> bool) -> usize {
    let together = Barrier::new(50);
    let done: Vec<T> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|number| {
                let (work, together) = (&work, &together);
                scope.spawn(move || {
                    together.wait();
                    work(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    done.iter().filter(|result| wanted(result)).count()
}

#[test]
fn of_fifty_threads_one_is_admitted_and_one_is_believed() {
    let (store, now) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    let admit = |number| {
        let admission = store.admit(new_challenge(Uuid::from_u128(number), 1, 0, now));
        (number, runtime().block_on(admission).unwrap())
    };
    let admitted = std::sync::Mutex::new(None);
    let count = of_fifty_at_once(admit, |(number, admission)| {
        let is_admitted = matches!(admission, Admission::Admitted { .. });
        if is_admitted {
            *admitted.lock().unwrap() = Some(*number);
        }
        is_admitted
    });
    assert_eq!(count, 1);
    let challenge_id = Uuid::from_u128(admitted.lock().unwrap().unwrap());
    let guess = |_| {
        let mac = |_: &[u8]| Some(RIGHT);
        let guess = Guess { challenge_id, purpose: Purpose::LOGIN, mac: &mac, now };
        runtime().block_on(store.verify(guess)).unwrap()
    };
    assert_eq!(of_fifty_at_once(guess, |verdict| matches!(verdict, Verdict::Right { .. })), 1);
}

#[tokio::test]
async fn a_repeated_admission_is_counted_once_and_stays_the_same() {
    let (store, now) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    let id = Uuid::from_u128(1);
    let first = store.admit(new_challenge(id, 1, 0, now)).await.unwrap();
    let repeat = store.admit(new_challenge(id, 1, 0, now)).await.unwrap();
    assert_eq!(first, repeat);
    let other = store.admit(new_challenge(Uuid::from_u128(2), 1, 0, now)).await.unwrap();
    assert_eq!(other, Admission::Refused { retry_after: Duration::from_secs(30) });
}

#[tokio::test]
async fn nothing_is_admitted_before_the_time_that_is_named() {
    let (store, now) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    let id = Uuid::from_u128(1);
    let waiting = |now| NewChallenge { not_before: Some(now + TimeDelta::seconds(40)), ..new_challenge(id, 1, 0, now) };
    let refused = Admission::Refused { retry_after: Duration::from_secs(40) };
    assert_eq!(store.admit(waiting(now)).await.unwrap(), refused);
    // The refusal counted nothing.
    let passed = NewChallenge { not_before: Some(now), ..new_challenge(id, 1, 0, now) };
    assert!(matches!(store.admit(passed).await.unwrap(), Admission::Admitted { left: [0, 2, 5], .. }));
}

fn take(id: u128, key: u8, now: DateTime<Utc>) -> Take {
    let windows = [(3, 3600), (5, 86_400)].map(|(most, seconds)| Window { most, length: TimeDelta::seconds(seconds) });
    Take { key: [key; 32], id: Uuid::from_u128(id), windows, now }
}

#[tokio::test]
async fn what_is_taken_counts_in_both_windows_and_once_for_each_id() {
    let (store, start) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    for id in [1, 2, 2, 3] {
        assert!(matches!(store.take(take(id, 1, start)).await.unwrap(), Admission::Admitted { .. }));
    }
    let refused = Admission::Refused { retry_after: Duration::from_hours(1) };
    assert_eq!(store.take(take(4, 1, start)).await.unwrap(), refused);
    assert!(matches!(store.take(take(4, 2, start)).await.unwrap(), Admission::Admitted { left: [2, 4, 4], .. }));
    let later = start + TimeDelta::hours(1);
    for id in [5, 6] {
        assert!(matches!(store.take(take(id, 1, later)).await.unwrap(), Admission::Admitted { .. }));
    }
    let refused = Admission::Refused { retry_after: Duration::from_hours(23) };
    assert_eq!(store.take(take(7, 1, later)).await.unwrap(), refused);
}

#[tokio::test]
async fn what_is_given_back_may_be_taken_again_and_only_by_its_id() {
    let (store, now) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    for id in 1..=3 {
        store.take(take(id, 1, now)).await.unwrap();
    }
    store.give_back([1; 32], Uuid::from_u128(9)).await.unwrap();
    store.give_back([2; 32], Uuid::from_u128(1)).await.unwrap();
    assert!(matches!(store.take(take(4, 1, now)).await.unwrap(), Admission::Refused { .. }));
    store.give_back([1; 32], Uuid::from_u128(2)).await.unwrap();
    assert!(matches!(store.take(take(4, 1, now)).await.unwrap(), Admission::Admitted { .. }));
    assert!(matches!(store.take(take(5, 1, now)).await.unwrap(), Admission::Refused { .. }));
}

#[test]
fn of_fifty_threads_that_take_three_get_it() {
    let (store, now) = (MemoryStore::default(), DateTime::from_timestamp(1_795_000_000, 0).unwrap());
    let taken = |number| runtime().block_on(store.take(take(number, 1, now))).unwrap();
    assert_eq!(of_fifty_at_once(taken, |admission| matches!(admission, Admission::Admitted { .. })), 3);
}
