//! What a store has to do, by remembering everything and counting anew each time.

use chemstock::people::codes::challenge::{Admission, NewChallenge, Take, Verdict, Window, new_id};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    GUESSES, LIVES_FOR, PURPOSES, RIGHT, Store, WRONG, guess, new_challenge, persistently, phone_key, start, windows,
};

#[derive(Debug, Clone)]
pub enum Step {
    Admit {
        phone: u8,
        purpose: usize,
        /// In how many seconds it may be.
        not_before: Option<i64>,
    },
    /// Of the challenge so many back.
    Guess {
        back: usize,
        purpose: usize,
        right: bool,
    },
    Take {
        who: u8,
    },
    /// Of what was taken, so many back.
    GiveBack {
        back: usize,
    },
    Wait {
        seconds: i64,
    },
}

pub fn step() -> impl Strategy<Value = Step> {
    let not_before = prop::option::weighted(0.2, -50..50_i64);
    prop_oneof![
        3 => (0..3_u8, 0..2_usize, not_before)
            .prop_map(|(phone, purpose, not_before)| Step::Admit { phone, purpose, not_before }),
        4 => (0..4_usize, 0..2_usize, prop::bool::weighted(0.3))
            .prop_map(|(back, purpose, right)| Step::Guess { back, purpose, right }),
        2 => (0..2_u8).prop_map(|who| Step::Take { who }),
        1 => (0..3_usize).prop_map(|back| Step::GiveBack { back }),
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

struct Taken {
    id: Uuid,
    who: u8,
    at: DateTime<Utc>,
}

struct Model {
    sent: Vec<Sent>,
    taken: Vec<Taken>,
    now: DateTime<Utc>,
}

/// How many more fit into each window.
fn room(times: &[DateTime<Utc>], windows: &[Window], at: DateTime<Utc>) -> Vec<u32> {
    let room = |window: &Window| window.most - times.iter().filter(|time| at - **time < window.length).count();
    windows.iter().map(|window| u32::try_from(room(window)).unwrap()).collect()
}

impl Model {
    fn sent_to(&self, phone: u8) -> Vec<DateTime<Utc>> {
        self.sent.iter().filter(|sent| sent.phone == phone).map(|sent| sent.at).collect()
    }

    fn taken_by(&self, who: u8) -> Vec<DateTime<Utc>> {
        self.taken.iter().filter(|taken| taken.who == who).map(|taken| taken.at).collect()
    }

    fn guess(&mut self, id: Uuid, purpose: usize, right: bool) -> Verdict {
        let sent = self.sent.iter_mut().find(|sent| sent.id == id).expect("sent");
        if sent.over || sent.purpose != purpose || self.now - sent.at >= LIVES_FOR || sent.wrong == GUESSES {
            return Verdict::Gone;
        }
        let sealed = vec![sent.phone, 0, 255, b'\r', b'\n'];
        if right {
            sent.over = true;
            return Verdict::Right { sealed };
        }
        sent.wrong += 1;
        Verdict::Wrong { sealed }
    }

    async fn admit(&mut self, store: &Store, phone: u8, purpose: usize, not_before: Option<DateTime<Utc>>) {
        let id = new_id(&phone_key(phone), self.now);
        let new = || NewChallenge { not_before, ..new_challenge(id, phone, purpose, self.now) };
        let admission = persistently(|| store.admit(new())).await;
        let expected = !room(&self.sent_to(phone), &windows(), self.now).contains(&0)
            && not_before.is_none_or(|at| at <= self.now);
        if expected {
            for old in self.sent.iter_mut().filter(|sent| sent.phone == phone && sent.purpose == purpose) {
                old.over = true;
            }
            self.sent.push(Sent { id, phone, purpose, at: self.now, wrong: 0, over: false });
        }
        self.compare(&admission, expected, &self.sent_to(phone), &windows(), not_before);
    }

    async fn take(&mut self, store: &Store, who: u8) {
        let windows: [Window; 2] = [windows()[1], windows()[2]];
        let id = Uuid::new_v4();
        let take = || Take { key: [100 + who; 32], id, windows, now: self.now };
        let admission = persistently(|| store.take(take())).await;
        assert_eq!(persistently(|| store.take(take())).await, admission, "a repeat counts once");
        let expected = !room(&self.taken_by(who), &windows, self.now).contains(&0);
        if expected {
            self.taken.push(Taken { id, who, at: self.now });
        }
        self.compare(&admission, expected, &self.taken_by(who), &windows, None);
    }

    /// What it left is what is left, and the time that it names is the first at which there is room.
    fn compare(
        &self,
        admission: &Admission,
        expected: bool,
        times: &[DateTime<Utc>],
        windows: &[Window],
        not_before: Option<DateTime<Utc>>,
    ) {
        let allows = |at| !room(times, windows, at).contains(&0) && not_before.is_none_or(|from| from <= at);
        let next_at = match admission {
            Admission::Admitted { next_at, left } => {
                assert!(expected, "admitted what there was no room for");
                assert_eq!(left[..windows.len()], room(times, windows, self.now));
                *next_at
            }
            Admission::Refused { retry_after } => {
                assert!(!expected, "refused what there was room for");
                self.now + *retry_after
            }
        };
        assert!(allows(next_at));
        assert!(next_at == self.now || !allows(next_at - TimeDelta::microseconds(1)));
    }
}

pub async fn follow(store: &Store, steps: Vec<Step>) {
    let mut model = Model { sent: Vec::new(), taken: Vec::new(), now: start() };
    for step in steps {
        match step {
            Step::Wait { seconds } => model.now += TimeDelta::seconds(seconds),
            Step::Admit { phone, purpose, not_before } => {
                let not_before = not_before.map(|seconds| model.now + TimeDelta::seconds(seconds));
                model.admit(store, phone, purpose, not_before).await;
            }
            Step::Guess { back, purpose, right } => {
                let Some(id) = model.sent.iter().rev().nth(back).map(|sent| sent.id) else { continue };
                let code = if right { RIGHT } else { WRONG };
                let verdict = guess(store, id, PURPOSES[purpose], code, model.now).await;
                assert_eq!(verdict, model.guess(id, purpose, right));
            }
            Step::Take { who } => model.take(store, who).await,
            Step::GiveBack { back } => {
                let Some(index) = model.taken.len().checked_sub(back + 1) else { continue };
                let taken = model.taken.remove(index);
                for _ in 0..2 {
                    persistently(|| store.give_back([100 + taken.who; 32], taken.id)).await;
                }
            }
        }
    }
}
