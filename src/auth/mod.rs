//! Who is calling, and what may they do: [`Auth<R>`] is the first argument of a guarded handler. It verifies the access
//! token, finds the role in the lab of the path, and *carries [`App`]*: who forgets it has no database to leak. Its
//! fields are private, so a use case that takes `&Auth<Manager>` is called by a manager or not at all.
//! (How one becomes somebody is `people/login`.)

use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::{FromRequestParts, RawPathParams, rejection::RawPathParamsRejection},
    http::{HeaderMap, header, request::Parts},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use self::standing::Standing;
pub use self::{
    keys::{ALL_KEYS, Keys},
    policies::{Policies, PolicyName, Registration, Sharing},
    right::{Admin, Anyone, Cataloguer, InLab, Manager, Member, Owner, Right, Viewer},
    standing::{forget, forget_all, role_and_keys},
    store::lock_rights,
    turns::CONNECTIONS_OF_BULK,
};
use crate::{
    base::{
        enumeration::enumeration,
        error::{Error, Reason, Result},
        ids::{RequestId, Seed},
        phone::Phone,
        tokens::Assurance,
    },
    platform::app::App,
};

mod firebase;
mod keys;
mod policies;
mod repeats;
mod right;
mod standing;
mod store;
mod turns;

/// What somebody is in a lab; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also posts stock events, and registers and edits containers unless the lab's policy `registration` is `manager`.
    Member,
    /// Also edits locations, and releases from quarantine; where there is one lab, also the catalogue.
    Manager,
    /// Also manages people, policies and the lab.
    Admin,
}

enumeration!(Role::as_str in "memberships.role, invitations.role, location_keys.roles" {
    Viewer = "viewer",
    Member = "member",
    Manager = "manager",
    Admin = "admin",
});

/// The lock under which a lab could lose its last admin, or the installation its last owner: "RGHT" in ASCII. Whoever
/// takes such a right away holds it to the end of the transaction, and looks only then at who else has it. It comes
/// before every lock of a row.
pub const RIGHTS: i64 = 1_380_403_284;

/// Whether somebody else sees a place of the caller's lab.
pub async fn sees<R: InLab>(db: &mut PgConnection, by: &Auth<R>, user_id: Uuid, place: Uuid) -> Result<bool> {
    let standing = standing::read(db, user_id, by.now()).await?;
    Ok(standing.is_some_and(|it| it.keys_in(by.lab_id()).sees(Some(place))))
}

const FRESH_SECONDS: i64 = 300;

pub struct Auth<R> {
    app: App,
    caller: Caller,
    standing: Arc<Standing>,
    lab_id: Uuid,
    role: Option<Role>,
    /// When the request came.
    at: DateTime<Utc>,
    /// From the Idempotency-Key: makes the ids of a repeated request come out the same.
    seed: Option<Seed>,
    request_id: Option<RequestId>,
    right: PhantomData<R>,
}

/// By which session and request something came; both are absent where there was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    pub session_id: Option<Uuid>,
    pub request_id: Option<RequestId>,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    pub user_id: Uuid,
    /// None where the token is not one of ours.
    pub session_id: Option<Uuid>,
    /// When the login was; none without a session.
    pub auth_time: Option<i64>,
    /// What the login is worth; none without a session.
    pub acr: Option<Assurance>,
}

impl<R> Auth<R> {
    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn user_id(&self) -> Uuid {
        self.caller.user_id
    }

    /// Who comes with a Firebase token has none, and is told where to get one.
    pub fn session_id(&self) -> Result<Uuid> {
        let needed = || Reason::SessionRequired.because("trade the Firebase token at /v1/auth/firebase first");
        self.caller.session_id.ok_or_else(needed)
    }

    /// For the journal.
    pub fn origin(&self) -> Origin {
        Origin { session_id: self.caller.session_id, request_id: self.request_id }
    }

    /// Whether the caller edits the catalogue that all labs share.
    pub fn is_cataloguer(&self) -> bool {
        Cataloguer::check(&self.standing, None).is_ok()
    }

    /// Of the installation.
    pub fn is_owner(&self) -> bool {
        self.standing.is_owner
    }

    /// Those that the caller belongs to.
    pub fn labs(&self) -> Vec<Uuid> {
        self.standing.labs()
    }

    /// The places of all their labs that the caller may not see.
    pub fn unseen_anywhere(&self) -> Vec<Uuid> {
        self.standing.unseen_anywhere()
    }

    /// None in a lab that the caller does not belong to.
    pub fn role_in(&self, lab: Uuid) -> Option<Role> {
        self.standing.role_in(lab)
    }

    /// The caller's own, at most five seconds old.
    pub fn phone(&self) -> Option<&Phone> {
        self.standing.phone.as_ref()
    }

    /// OWASP ASVS 5.0, 7.5.1: what would take an account over needs more than a session that was left open, and more
    /// than the mailbox. A refresh renews neither the time of the login nor what it is worth.
    pub fn check_fresh_login(&self) -> Result<()> {
        self.session_id()?;
        if self.caller.acr != Some(Assurance::Phone) {
            return Err(Reason::FreshLoginRequired.because("your login was by e-mail; log in by phone"));
        }
        let logged_in_at = self.caller.auth_time.unwrap_or(i64::MIN);
        if self.now().timestamp().saturating_sub(logged_in_at) <= FRESH_SECONDS {
            return Ok(());
        }
        Err(Reason::FreshLoginRequired.because("your login is older than five minutes; log in again"))
    }

    /// One time for all that a request does.
    pub fn now(&self) -> DateTime<Utc> {
        self.at
    }

    /// Looks again at what the caller is here, for what outlives a request; false when the session or the account has
    /// ended. What the caller may is to be asked again then.
    pub async fn look_again(&mut self) -> Result<bool> {
        let Some(standing) = standing::of(&self.app, self.caller, i64::MIN).await? else { return Ok(false) };
        let is_alive = self.caller.session_id.is_none_or(|id| standing.has_session(id));
        self.standing = standing;
        self.at = self.app.clock.now();
        Ok(is_alive)
    }
}

impl<R: InLab> Auth<R> {
    /// The lab of the path, in which the caller has the right.
    pub fn lab_id(&self) -> Uuid {
        self.lab_id
    }

    /// In the lab of the path; at most five seconds old, as a role is.
    pub fn keys(&self) -> &Keys {
        self.standing.keys_in(self.lab_id)
    }

    pub fn role(&self) -> Role {
        self.role.unwrap_or(Role::Viewer)
    }

    /// Of the lab of the path.
    pub fn time_zone(&self) -> Tz {
        self.standing.time_zone_of(self.lab_id)
    }

    /// Of the lab of the path, as they hold now.
    pub fn policies(&self) -> Policies {
        self.standing.policies_of(self.lab_id)
    }
}

impl<R: Right> FromRequestParts<App> for Auth<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let (caller, standing) = identify(app, &parts.headers).await?;
        let lab = lab_of_path(parts, app).await?;
        let role = R::check(&standing, lab)?;
        let (seed, request_id) = (parts.extensions.get().cloned(), parts.extensions.get().copied());
        let (app, lab_id, at) = (app.clone(), lab.unwrap_or_default(), app.clock.now());
        Ok(Self { app, caller, standing, lab_id, role, at, seed, request_id, right: PhantomData })
    }
}

/// Refuses a path of which a part is not UTF-8.
async fn lab_of_path(parts: &mut Parts, app: &App) -> Result<Option<Uuid>> {
    match RawPathParams::from_request_parts(parts, app).await {
        Ok(params) => Ok(params.iter().find(|(name, _)| *name == "lab_id").and_then(|(_, id)| id.parse().ok())),
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(part)) => {
            // It names the part in backticks, and nowhere else.
            Err(Error::PathNotUtf8(part.body_text().split('`').nth(1).unwrap_or_default().to_owned()))
        }
        Err(_) => Ok(None),
    }
}

/// Verifies the bearer token and that its session is alive. Both answers are kept in memory: a token until it expires,
/// a standing for at most five seconds.
pub async fn identify(app: &App, headers: &HeaderMap) -> Result<(Caller, Arc<Standing>)> {
    let token = bearer(headers)?;
    let claims = match app.tokens.verify(token, app.clock.now()) {
        Ok(claims) => claims,
        Err(why) => return firebase::identify(app, token).await?.ok_or_else(|| Error::BadToken(why.to_string())),
    };
    let caller = Caller {
        user_id: claims.sub,
        session_id: Some(claims.sid),
        auth_time: Some(claims.auth_time),
        acr: Some(claims.acr),
    };
    let standing =
        standing::of(app, caller, claims.iat).await?.ok_or_else(|| Error::BadToken("unknown user".into()))?;
    if !standing.has_session(claims.sid) {
        return Err(Error::BadToken("the session has ended".into()));
    }
    Ok((caller, standing))
}

/// RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Result<&str> {
    let header = headers.get(header::AUTHORIZATION).ok_or(Error::NoToken)?;
    let (scheme, token) = header.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Error::NoToken)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Error::NoToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Role>();
    }
}
