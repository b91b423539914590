//! From a proven phone or identity to a session: whose it is, and who may come in that was never here before.

use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::Uuid;

use super::{
    proven::{InVain, Proven},
    store,
};
use crate::{
    auth::{self, Origin},
    base::{
        error::{Error, Reason, Result},
        ids,
    },
    config::SignUp,
    journal::{self, Actor, Change},
    people::{
        audit::{self, EventKind, LoginEvent},
        labs,
        sessions::{NewSession, TokenPair},
        users::{self, NewUser, User},
    },
    platform::app::App,
};

/// How a try ends.
enum End {
    In(User),
    Unknown,
    Out {
        outcome: &'static str,
        why: Error,
        /// By the statement that found it out.
        is_told: bool,
    },
}

pub async fn sign_in(app: &App, proven: Proven, device_name: String) -> Result<TokenPair> {
    let session = NewSession::new(app, device_name, proven.amr.clone(), proven.auth_time);
    let mut db = app.db().await?;
    // Somebody who was here before, with no invitation to redeem: one statement.
    let mut end = match proven.invitation {
        None => log_in(&mut db, &proven, &session).await?,
        Some(_) => End::Unknown,
    };
    if matches!(end, End::Unknown) && proven.mailbox.is_some() {
        let event = LoginEvent::new(session.now, EventKind::CodeGuessed, "gone", &proven.attempt.trace);
        audit::note(app, event.detail("the mailbox is no longer the account's"));
        return Err((proven.refused)(InVain::Replayed));
    }
    if matches!(end, End::Unknown) {
        end = sign_up(app, &mut db, &proven, &session).await?;
    }
    drop(db);
    let user = match end {
        End::In(user) => user,
        End::Unknown => return Err(Error::Internal(anyhow::anyhow!("a user who was just there is gone"))),
        End::Out { outcome, why, is_told } => {
            if !is_told {
                audit::note(app, LoginEvent::new(session.now, EventKind::LoggedIn, outcome, &proven.attempt.trace));
            }
            return Err(why);
        }
    };
    // A standing that is kept from before does not know the new session.
    auth::forget(app, user.id);
    Ok(session.into_pair(app, user))
}

async fn sign_up(app: &App, db: &mut PgConnection, proven: &Proven, session: &NewSession) -> Result<End> {
    let mut tx = db.begin().await?;
    let owner = users::ownership(app, proven.who.phone());
    let new = NewUser { id: ids::new(session.now), known_by: proven.who.clone(), owner };
    let inserted = users::insert(&mut tx, &new, session.now).await?;
    let has_new_owner = matches!(inserted, Some((true, _)));
    let changes = match inserted {
        Some((is_owner, created)) => match admit(app, &mut tx, &new, is_owner, proven.invitation, session).await {
            Err(why @ Error::Rejected(_)) => return Ok(End::Out { outcome: "uninvited", why, is_told: false }),
            admitted => [vec![created], admitted?].concat(),
        },
        None => welcome_back(&mut tx, proven, session).await?,
    };
    match log_in(&mut tx, proven, session).await? {
        // What the statement has told is undone with all else.
        End::Out { outcome, why, .. } => Ok(End::Out { outcome, why, is_told: false }),
        End::In(user) => {
            let origin = Origin { session_id: Some(session.id), request_id: proven.request_id };
            journal::commit(tx, Actor::person(user.id, origin, session.now), changes).await?;
            // A new owner brings a lab, and a second lab takes the catalogue from the managers of the first.
            if has_new_owner {
                auth::forget_all(app);
            }
            Ok(End::In(user))
        }
        End::Unknown => Ok(End::Unknown),
    }
}

/// The new person stays if there is a reason to: owner, invited, or open doors.
async fn admit(
    app: &App,
    tx: &mut PgTransaction<'_>,
    new: &NewUser,
    is_owner: bool,
    invitation: Option<Uuid>,
    session: &NewSession,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    if is_owner {
        changes.extend(labs::create_for(tx, ids::new(session.now), "My lab", new.id, session.now).await?);
    }
    match invitation {
        Some(invitation) if is_owner || app.config.sign_up == SignUp::Open => {
            changes.extend(redeem_if_good(tx, invitation, new.id, session).await?);
        }
        Some(invitation) => changes.extend(labs::redeem(tx, invitation, new.id, session.now).await?),
        None if is_owner || app.config.sign_up == SignUp::Open => {}
        None => {
            let why = "you have no account here; ask a lab's admin for an invitation";
            return Err(Reason::InvitationRequired.because(why));
        }
    }
    Ok(changes)
}

async fn welcome_back(tx: &mut PgTransaction<'_>, proven: &Proven, session: &NewSession) -> Result<Vec<Change>> {
    let Some(invitation) = proven.invitation else {
        return Ok(Vec::new());
    };
    let user_id = users::find_id(tx, &proven.who).await?.ok_or(Error::NotFound("user"))?;
    redeem_if_good(tx, invitation, user_id, session).await
}

/// An invitation that is no good any more keeps nobody out who may come in without it.
#[expect(clippy::disallowed_methods, reason = "the end of a savepoint")]
async fn redeem_if_good(
    tx: &mut PgTransaction<'_>,
    invitation: Uuid,
    user: Uuid,
    session: &NewSession,
) -> Result<Vec<Change>> {
    let mut step = tx.begin().await?;
    match labs::redeem(&mut step, invitation, user, session.now).await {
        Ok(changes) => {
            step.commit().await?;
            Ok(changes.into())
        }
        Err(Error::Rejected(_)) => {
            step.rollback().await?;
            Ok(Vec::new())
        }
        Err(other) => Err(other),
    }
}

async fn log_in(db: &mut PgConnection, proven: &Proven, session: &NewSession) -> Result<End> {
    let out = |outcome, why, is_told| Ok(End::Out { outcome, why, is_told });
    match store::log_in(db, proven, session).await {
        // Whoever keeps the codes has forgotten that this one was used: a Redis that lost its last writes.
        Err(why) if why.violates("consumed_challenges_pkey") => {
            out("replayed", (proven.refused)(InVain::Replayed), false)
        }
        Err(why) => Err(why),
        Ok(None) => Ok(End::Unknown),
        // The lock is looked at where the token is made: it may have come after the code was compared.
        Ok(Some(found)) if found.is_locked => out("locked", (proven.refused)(InVain::Locked), true),
        Ok(Some(found)) if found.is_disabled => {
            out("disabled", Error::Forbidden("this account has been disabled"), true)
        }
        Ok(Some(found)) => Ok(End::In(found.user)),
    }
}
