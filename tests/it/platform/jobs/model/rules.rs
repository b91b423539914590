//! What becomes of jobs, in plain words: a list of them and a clock in seconds.

/// How a try of a job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Play {
    Done,
    Again,
    Fail,
    Panic,
    /// It waits until it is let go or its process dies.
    HangThenDone,
    HangThenFail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
    /// Withdrawn, so there is no row.
    Gone,
}

pub const TRIES: i32 = 3;
const LEASE: i64 = 60;

#[derive(Debug, Clone)]
pub struct Job {
    /// What it works on.
    pub work: u32,
    pub key: Option<usize>,
    /// Seconds between two runs.
    pub every: Option<i64>,
    pub state: State,
    /// Chance shortens a pause: due between the two.
    pub due: (i64, i64),
    pub tries: i32,
    pub is_asked_to_end: bool,
    /// When it is to run once more, as somebody queued it while it ran.
    pub once_more: Option<i64>,
    pub lease_ends: i64,
    /// The schedule that it was claimed with.
    claimed_every: Option<i64>,
    pub has_error: bool,
}

impl Job {
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Queued | State::Running)
    }
}

/// What somebody wants to be queued.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub work: u32,
    pub key: Option<usize>,
    pub every: Option<i64>,
    pub at: Option<i64>,
}

#[derive(Default)]
pub struct World {
    pub now: i64,
    pub jobs: Vec<Job>,
}

impl World {
    pub fn holder_of(&self, key: usize) -> Option<usize> {
        self.jobs.iter().position(|job| job.is_live() && job.key == Some(key))
    }

    /// The number of the job that does it.
    pub fn queue(&mut self, wish: Wish) -> usize {
        let due = wish.at.or(wish.every.map(|every| self.now + every)).unwrap_or(self.now);
        let Some(number) = wish.key.and_then(|key| self.holder_of(key)) else {
            self.jobs.push(Job {
                work: wish.work,
                key: wish.key,
                every: wish.every,
                state: State::Queued,
                due: (due, due),
                tries: 0,
                is_asked_to_end: false,
                once_more: None,
                lease_ends: 0,
                claimed_every: None,
                has_error: false,
            });
            return self.jobs.len() - 1;
        };
        let job = &mut self.jobs[number];
        let is_running = job.state == State::Running;
        if wish.every.is_some() {
            // A new schedule decides when it is due, and on what it works. What was wanted before stays wanted by then.
            job.work = wish.work;
            if job.every != wish.every {
                job.every = wish.every;
                job.due = (due, due);
                job.once_more = job.once_more.map(|earlier| earlier.min(due));
            }
        } else if is_running {
            if job.every.is_none() {
                job.work = wish.work;
            }
            job.once_more = Some(job.once_more.map_or(due, |earlier| earlier.min(due)));
        }
        number
    }

    pub fn withdraw(&mut self, key: usize) -> bool {
        let Some(number) = self.holder_of(key) else { return false };
        let job = &mut self.jobs[number];
        if job.state == State::Queued {
            job.state = State::Gone;
            return true;
        }
        let was_wanted_again = job.every.is_some() || job.once_more.is_some();
        job.is_asked_to_end |= job.every.is_some();
        (job.every, job.once_more) = (None, None);
        was_wanted_again
    }

    pub fn cancel(&mut self, number: usize) -> bool {
        let job = &mut self.jobs[number];
        match job.state {
            State::Running if job.every.is_none() => (job.is_asked_to_end, job.once_more) = (true, None),
            State::Queued if job.every.is_none() => (job.state, job.is_asked_to_end) = (State::Cancelled, true),
            State::Failed => (job.state, job.is_asked_to_end) = (State::Cancelled, true),
            _ => return false,
        }
        true
    }

    /// None where another one has its key by now.
    pub fn retry(&mut self, number: usize) -> Option<bool> {
        if self.jobs[number].state != State::Failed {
            return Some(false);
        }
        if self.jobs[number].key.is_some_and(|key| self.holder_of(key).is_some()) {
            return None;
        }
        let now = self.now;
        let job = &mut self.jobs[number];
        (job.state, job.due, job.tries, job.is_asked_to_end) = (State::Queued, (now, now), 0, false);
        Some(true)
    }

    /// Those that begin now. Of some it is known already how they end.
    pub fn claim(&mut self) -> Vec<usize> {
        let now = self.now;
        let mut begun = Vec::new();
        for number in 0..self.jobs.len() {
            let job = &mut self.jobs[number];
            let is_lost = job.state == State::Running && job.lease_ends <= now;
            if !(is_lost || job.state == State::Queued && job.due.1 <= now) {
                continue;
            }
            if is_lost && job.once_more.take().is_some() {
                // Nobody asked for the end of what was queued after that, and it has not been tried.
                (job.is_asked_to_end, job.tries) = (false, 0);
            }
            job.state = State::Running;
            job.tries += 1;
            (job.lease_ends, job.claimed_every) = (now + LEASE, job.every);
            if job.is_asked_to_end {
                job.has_error = false;
                self.over(number, State::Cancelled);
            } else if job.tries > TRIES {
                job.has_error = true;
                self.over(number, State::Failed);
            } else {
                begun.push(number);
            }
        }
        begun
    }

    pub fn end(&mut self, number: usize, play: Play) {
        let now = self.now;
        let job = &mut self.jobs[number];
        job.has_error = matches!(play, Play::Fail | Play::Panic | Play::HangThenFail);
        match play {
            Play::Done | Play::HangThenDone => self.over(number, State::Done),
            _ if job.is_asked_to_end && (!job.has_error || job.tries < TRIES) => self.over(number, State::Cancelled),
            Play::Again => {
                (job.state, job.due, job.tries, job.once_more) = (State::Queued, (now, now), 0, None);
            }
            _ if job.tries < TRIES => {
                // 5, 10, 20 … seconds, or up to a quarter less.
                let longest = 5_i64 << (job.tries - 1);
                (job.state, job.due, job.once_more) = (State::Queued, (now + longest * 3 / 4, now + longest), None);
            }
            _ => self.over(number, State::Failed),
        }
    }

    /// Nothing is left of this run. It waits for its next, if there is one.
    fn over(&mut self, number: usize, state: State) {
        let now = self.now;
        let job = &mut self.jobs[number];
        let next = match (job.once_more.take(), job.every) {
            (Some(once_more), _) => Some(once_more),
            (None, Some(every)) if job.every == job.claimed_every => Some(now + every),
            (None, Some(_)) => Some(job.due.0),
            (None, None) => None,
        };
        match next {
            Some(next) => {
                (job.state, job.due, job.tries, job.is_asked_to_end) = (State::Queued, (next, next), 0, false);
            }
            None => job.state = state,
        }
    }
}
