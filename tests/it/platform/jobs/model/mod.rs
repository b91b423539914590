//! Random lives of jobs, compared with a model that shares no code with them.

mod compare;
mod rules;

use std::{collections::HashMap, sync::Mutex, time::Duration};

use chemstock::{
    base::error::Error,
    platform::jobs::{self, Context, Halt, Job, Outcome, Queue, Registry, Retry, Runner, Schedule},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::rules::{Play, TRIES, Wish, World};
use super::probe;
use crate::support::{TestApp, dice::Dice};

const STEPS: usize = 160;

/// Its tries end one after the other as it is written here, and then from the beginning.
#[derive(Serialize, Deserialize)]
struct Played {
    work: u32,
    plays: Vec<Play>,
}

/// How often each work was begun.
#[derive(Default)]
struct Begun(Mutex<HashMap<u32, usize>>);

impl Job for Played {
    const KIND: &'static str = "played";
    const RETRY: Retry = Retry { max_attempts: TRIES, ..Retry::USUAL };
    const AT_ONCE: i32 = 1000;

    async fn run(self, context: Context) -> Result<Outcome, Halt> {
        let app = context.app();
        let play = {
            let begun = app.part(|_| Begun::default());
            let mut begun = begun.0.lock().unwrap();
            let times = begun.entry(self.work).or_default();
            *times += 1;
            self.plays[(*times - 1) % self.plays.len()]
        };
        let (probe, hangs) = (probe(app), matches!(play, Play::HangThenDone | Play::HangThenFail));
        let go = probe.go.notified();
        if hangs && !probe.lets_go() {
            go.await;
        }
        let failure = || Error::Unavailable { service: "Redis", cause: "away".to_owned() };
        match play {
            Play::Done | Play::HangThenDone => Ok(Outcome::Done),
            Play::Again => Ok(Outcome::Again),
            Play::Fail | Play::HangThenFail => Err(failure().into()),
            Play::Panic => panic!("as it is written"),
        }
    }
}

/// The table of jobs and the model of it.
struct Both {
    app: TestApp,
    dice: Dice,
    world: World,
    began: DateTime<Utc>,
    ids: Vec<Uuid>,
    plays: HashMap<u32, Vec<Play>>,
    begun: HashMap<u32, usize>,
    told: Vec<String>,
}

impl Both {
    async fn begin(db: PgPool, seed: u64) -> Self {
        let app = TestApp::new(db).await;
        let (began, world) = (app.now(), World::default());
        let (ids, plays, begun, told) = (Vec::new(), HashMap::new(), HashMap::new(), Vec::new());
        Self { app, dice: Dice(seed), world, began, ids, plays, begun, told }
    }

    fn tell(&mut self, what: &str) {
        self.told.push(format!("{:>6} s  {what}", self.world.now));
    }

    async fn step(&mut self) {
        match self.dice.below(12) {
            0..=6 => self.change_something().await,
            7..=8 => self.wait(),
            _ => self.run().await,
        }
        self.until_the_same().await;
    }

    fn wait(&mut self) {
        let seconds = self.dice.pick(&[1, 4, 5, 10, 30, 59, 60, 120, 600]);
        self.tell(&format!("{seconds} s pass"));
        self.world.now += seconds;
        self.app.advance(TimeDelta::seconds(seconds));
    }

    async fn change_something(&mut self) {
        match self.dice.below(9) {
            0..=4 => self.queue().await,
            5..=6 => self.cancel().await,
            7 => self.retry().await,
            _ => self.withdraw().await,
        }
    }

    async fn queue(&mut self) {
        let work = u32::try_from(self.plays.len()).unwrap();
        let key = (!self.dice.one_in(3)).then(|| self.dice.below(3));
        let every = (key.is_some() && self.dice.one_in(4)).then(|| self.dice.pick(&[60, 300]));
        let at = self.dice.one_in(4).then(|| self.world.now + self.dice.pick(&[0, 7, 90]));
        let wish = Wish { work, key, every, at };
        let all = [Play::Done, Play::Again, Play::Fail, Play::Panic, Play::HangThenDone, Play::HangThenFail];
        let mut plays: Vec<_> = (0..3).map(|_| self.dice.pick(&all)).collect();
        // Otherwise it would run for ever.
        plays.push(self.dice.pick(&[Play::Done, Play::Fail]));
        self.tell(&format!("{wish:?} is queued, which plays {plays:?}"));
        self.plays.insert(work, plays.clone());
        let queue = Queue {
            key: key.map(|key| key.to_string()),
            schedule: every.map(|every| Schedule::Every(Duration::from_secs(every.try_into().unwrap()))),
            run_at: at.map(|at| self.began + TimeDelta::seconds(at)),
            ..Queue::default()
        };
        let id = super::enqueue_as(&self.app, &Played { work, plays }, queue).await;
        let number = self.world.queue(wish);
        if number == self.ids.len() {
            self.ids.push(id);
        }
        assert_eq!(self.ids[number], id, "it is the job of the key\n{}", self.told.join("\n"));
    }

    /// One of the last.
    fn a_job(&mut self) -> Option<usize> {
        let all = self.ids.len();
        (all > 0).then(|| all - 1 - self.dice.below(all.min(6)))
    }

    async fn cancel(&mut self) {
        let Some(number) = self.a_job() else { return };
        self.tell(&format!("{number} is cancelled"));
        let mut db = self.app.app.db().await.unwrap();
        let cancelled = jobs::cancel(&mut db, &self.app.app, self.ids[number]).await.unwrap();
        assert_eq!(cancelled.is_some(), self.world.cancel(number), "{}", self.told.join("\n"));
    }

    async fn retry(&mut self) {
        let Some(number) = self.a_job() else { return };
        self.tell(&format!("{number} is tried again"));
        let mut db = self.app.app.db().await.unwrap();
        let retried = jobs::retry(&mut db, self.ids[number], self.app.now()).await;
        let retried = retried.map(|job| job.is_some()).ok();
        assert_eq!(retried, self.world.retry(number), "{}", self.told.join("\n"));
    }

    async fn withdraw(&mut self) {
        let key = self.dice.below(3);
        self.tell(&format!("what has the key {key} is withdrawn"));
        let mut db = self.app.app.db().await.unwrap();
        let withdrawn = jobs::withdraw::<Played>(&mut db, &key.to_string()).await.unwrap();
        assert_eq!(withdrawn, self.world.withdraw(key), "{}", self.told.join("\n"));
    }

    /// Lets an instance run what is due. Where a job hangs something happens meanwhile; then it goes on, or the
    /// instance dies.
    async fn run(&mut self) {
        self.tell("an instance runs what is due");
        let probe = probe(&self.app.app);
        probe.lets_go.store(false, std::sync::atomic::Ordering::SeqCst);
        let mut runner = Runner::new(self.app.app.clone(), Registry::default().job::<Played>());
        let running: JoinHandle<_> = tokio::spawn(async move { runner.run_due().await.unwrap() });
        let hanging = self.play(false);
        if !hanging.is_empty() {
            self.until_the_same().await;
            for _ in 0..self.dice.below(4) {
                if self.dice.one_in(4) { self.wait() } else { self.change_something().await }
            }
            if self.dice.one_in(2) {
                self.tell("it is killed");
                running.abort();
                assert!(running.await.unwrap_err().is_cancelled());
                return;
            }
            self.tell(&format!("{hanging:?} go on"));
            probe.let_go();
            probe.go.notify_waiters();
            for (number, play) in hanging {
                self.world.end(number, play);
            }
            self.play(true);
        }
        running.await.unwrap();
    }

    /// As `run_due` does: it claims until nothing begins, or something hangs.
    fn play(&mut self, lets_go: bool) -> Vec<(usize, Play)> {
        loop {
            let begun = self.world.claim();
            let mut hanging = Vec::new();
            for number in &begun {
                let work = self.world.jobs[*number].work;
                let times = self.begun.entry(work).or_default();
                *times += 1;
                let plays = &self.plays[&work];
                let play = plays[(*times - 1) % plays.len()];
                if !lets_go && matches!(play, Play::HangThenDone | Play::HangThenFail) {
                    hanging.push((*number, play));
                } else {
                    self.world.end(*number, play);
                }
            }
            if begun.is_empty() || !hanging.is_empty() {
                return hanging;
            }
        }
    }
}

async fn follow(db: PgPool, seed: u64) {
    let mut both = Both::begin(db, seed).await;
    for _ in 0..STEPS {
        both.step().await;
    }
    assert!(both.begun.len() > 20, "most of it is work");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn jobs_live_as_a_model_of_them_does(db: PgPool) {
    follow(db, 1).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn jobs_live_as_a_model_of_them_does_in_another_life_too(db: PgPool) {
    follow(db, 2).await;
}
