//! What it takes for a code to be believed: the limits of who guesses, the wait of whose it is, and one comparison that
//! is counted, whatever comes of it (NIST SP 800-63B-4 section 3.2.2).

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    challenge::{Guess, Verdict, challenges},
    failures,
    holder::{Aim, Holder},
    throttle,
};
use crate::{
    base::{
        address::ClientAddress,
        error::{Error, Reason, Result},
        typed,
    },
    people::audit::{self, EventKind, LoginEvent, Trace},
    platform::app::App,
};

/// A code with whatever was copied around it.
const LONGEST_PASTED: usize = 256;

/// The digits of what was typed: one guess of this address, if it can be a code. What cannot be one counts for the
/// address alone and costs the code nothing.
pub async fn admit(app: &App, typed: &str, from: ClientAddress, now: DateTime<Utc>) -> Result<String> {
    throttle::guess(app, from, now).await?;
    let length = usize::from(app.config.otp.length);
    let code = if typed.len() <= LONGEST_PASTED { typed::code(typed) } else { String::new() };
    if code.len() == length && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(code);
    }
    audit::note(app, LoginEvent::new(now, EventKind::CodeGuessed, "malformed", &Trace::of_address(from)));
    Err(Error::field("/code", format!("must be the {length} digits of the code, as a string")))
}

/// A code that is shown, and for what.
pub struct Shown<'a> {
    pub challenge_id: Uuid,
    pub code: &'a str,
    pub aim: Aim,
    /// Its bucket has to wait.
    pub is_blocked: bool,
    /// Of the request, so that its repeat after a lost answer is not one more guess.
    pub nonce: [u8; 16],
}

impl Shown<'_> {
    /// Somebody else's challenge is none, and loses no guess.
    fn mac(&self, app: &App, sealed: &[u8]) -> Option<[u8; 32]> {
        let holder = Holder::open(app, self.challenge_id, sealed).filter(|holder| holder.aim == self.aim)?;
        Some(holder.code_mac(app, self.challenge_id, self.code))
    }

    fn guess<'a>(&self, mac: &'a (dyn Fn(&[u8]) -> Option<[u8; 32]> + Send + Sync), now: DateTime<Utc>) -> Guess<'a> {
        let (challenge_id, purpose, nonce) = (self.challenge_id, self.aim.purpose(), self.nonce);
        Guess { challenge_id, purpose, mac, now, nonce }
    }
}

/// After what the right code was for: if that broke off on our side, the code is good once more, as its holder should
/// not need another. Should it have been used all the same, the database knows, which takes every code once.
pub async fn unless_broken_off<T>(app: &App, shown: &Shown<'_>, outcome: Result<T>, now: DateTime<Utc>) -> Result<T> {
    if matches!(outcome, Err(Error::Unavailable { .. } | Error::Newer(_) | Error::Database(_) | Error::Internal(_))) {
        let mac = |sealed: &[u8]| shown.mac(app, sealed);
        if let Err(cause) = challenges(app).restore(shown.guess(&mac, now)).await {
            tracing::warn!(%cause, "a code that let nobody in is used up");
        }
    }
    outcome
}

/// Whose code it is, when it is right and for this. Every other way ends with the same answer, after one statement that
/// says what happened. Whoever has to wait gets nothing compared, and loses no guess by it.
///
/// The connection is kept over the comparison: a flood that leaves none must not leave a wrong guess uncounted.
pub async fn compare(
    app: &App,
    db: &mut PgConnection,
    shown: &Shown<'_>,
    from: ClientAddress,
    now: DateTime<Utc>,
) -> Result<Holder> {
    let (id, is_blocked) = (shown.challenge_id, shown.is_blocked);
    let mac = |sealed: &[u8]| shown.mac(app, sealed);
    let guess = shown.guess(&mac, now);
    let verdict = if is_blocked { Verdict::Gone } else { challenges(app).verify(guess).await? };
    match verdict {
        Verdict::Right { sealed } => return Holder::open(app, id, &sealed).ok_or_else(refused),
        Verdict::Wrong { sealed } => {
            let holder = Holder::open(app, id, &sealed).ok_or_else(refused)?;
            let (bucket, trace) = (holder.bucket(app), holder.trace(app, from));
            failures::count(db, &bucket, &trace, now).await?;
        }
        Verdict::Gone => {
            let outcome = if is_blocked { "locked" } else { "gone" };
            let event = LoginEvent::new(now, EventKind::CodeGuessed, outcome, &Trace::of_address(from));
            audit::store::insert(db, &[event.detail(id.to_string())]).await?;
        }
    }
    Err(refused())
}

/// The same for every cause: whoever guesses learns nothing from it.
pub fn refused() -> Error {
    Reason::CodeRefused.because("the code was not accepted; ask for a new one if it does not work")
}
