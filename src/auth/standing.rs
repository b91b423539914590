//! What a person is here right now: alive sessions, and the role and the keys in each lab, from one statement, kept for
//! five seconds.
//! The instance that changes a standing forgets it at once ([`forget`]); others follow within the five seconds.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use moka::sync::Cache;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    Caller, Policies, Role,
    keys::{ALL_KEYS, Keys},
    store,
};
use crate::{
    base::{error::Result, phone::Phone},
    platform::app::App,
};

const KEPT_FOR: Duration = Duration::from_secs(5);
const CLOCK_SKEW_SECONDS: i64 = 2;

#[derive(Debug)]
pub struct Standing {
    pub is_owner: bool,
    /// Given by an owner.
    pub is_cataloguer: bool,
    /// There is one lab in this installation.
    pub is_only_lab: bool,
    pub phone: Option<Phone>,
    labs: Vec<InLab>,
    /// Of the labs in which they do not open every place.
    keys: HashMap<Uuid, Keys>,
    sessions: Vec<Uuid>,
    read_at: i64,
}

/// What a person is in a lab, and what holds there.
#[derive(Debug)]
struct InLab {
    id: Uuid,
    role: Role,
    time_zone: Tz,
    policies: Policies,
}

impl Standing {
    fn in_lab(&self, id: Uuid) -> Option<&InLab> {
        self.labs.iter().find(|lab| lab.id == id)
    }

    pub fn role_in(&self, lab: Uuid) -> Option<Role> {
        self.in_lab(lab).map(|lab| lab.role)
    }

    pub fn highest_role(&self) -> Option<Role> {
        self.labs.iter().map(|lab| lab.role).max()
    }

    pub fn keys_in(&self, lab: Uuid) -> &Keys {
        self.keys.get(&lab).unwrap_or(&ALL_KEYS)
    }

    pub fn into_lab(mut self, lab: Uuid) -> Option<(Role, Keys)> {
        let role = self.role_in(lab)?;
        Some((role, self.keys.remove(&lab).unwrap_or_default()))
    }

    pub fn labs(&self) -> Vec<Uuid> {
        self.labs.iter().map(|lab| lab.id).collect()
    }

    pub fn unseen_anywhere(&self) -> Vec<Uuid> {
        self.keys.values().flat_map(|keys| keys.unseen().iter().copied()).collect()
    }

    pub fn time_zone_of(&self, lab: Uuid) -> Tz {
        self.in_lab(lab).map_or(Tz::UTC, |lab| lab.time_zone)
    }

    /// A policy that begins takes effect as soon as this is read again.
    pub fn policies_of(&self, lab: Uuid) -> Policies {
        self.in_lab(lab).map_or_else(Policies::default, |lab| lab.policies)
    }

    pub fn has_session(&self, id: Uuid) -> bool {
        self.sessions.contains(&id)
    }

    /// A session that began on another instance after this was read is not in it, but is no less alive.
    fn may_predate(&self, token_issued_at: i64) -> bool {
        token_issued_at + CLOCK_SKEW_SECONDS >= self.read_at
    }
}

struct Standings {
    kept: Cache<Uuid, Arc<Standing>>,
    /// Counts the calls of `forget`: what was read before one must not be kept after it.
    forgotten: AtomicU64,
}

fn standings(app: &App) -> Arc<Standings> {
    app.part(|_| Standings {
        kept: Cache::builder().max_capacity(50_000).time_to_live(KEPT_FOR).build(),
        forgotten: AtomicU64::new(0),
    })
}

/// Somebody's standing; none for a user that is unknown or disabled.
pub(super) async fn of(app: &App, caller: Caller, token_issued_at: i64) -> Result<Option<Arc<Standing>>> {
    let standings = standings(app);
    let user_id = caller.user_id;
    if let Some(kept) = standings.kept.get(&user_id)
        && (caller.session_id.is_none_or(|id| kept.has_session(id)) || !kept.may_predate(token_issued_at))
    {
        return Ok(Some(kept));
    }
    let before = standings.forgotten.load(Ordering::SeqCst);
    let found = read(&mut *app.lookups().await?, user_id, app.clock.now()).await?.map(Arc::new);
    if let Some(found) = &found
        && standings.forgotten.load(Ordering::SeqCst) == before
    {
        standings.kept.insert(user_id, found.clone());
        // A `forget` between the check and the insert would have found nothing to remove.
        if standings.forgotten.load(Ordering::SeqCst) != before {
            standings.kept.invalidate(&user_id);
        }
    }
    Ok(found)
}

/// To be called after every committed change of a person's sessions or roles.
pub fn forget(app: &App, user_id: Uuid) {
    let standings = standings(app);
    standings.forgotten.fetch_add(1, Ordering::SeqCst);
    standings.kept.invalidate(&user_id);
}

/// To be called after a change that concerns everybody in a lab, or by which anybody may have lost a right.
pub fn forget_all(app: &App) {
    let standings = standings(app);
    standings.forgotten.fetch_add(1, Ordering::SeqCst);
    standings.kept.invalidate_all();
}

/// What somebody is in a lab and may see there, as the caller's transaction reads it: for work that goes on in their
/// name without a request. None: they have no part in the lab any more.
pub async fn role_and_keys(
    db: &mut PgConnection,
    user_id: Uuid,
    lab_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Role, Keys)>> {
    Ok(read(db, user_id, now).await?.and_then(|standing| standing.into_lab(lab_id)))
}

pub(super) async fn read(db: &mut PgConnection, user_id: Uuid, now: DateTime<Utc>) -> Result<Option<Standing>> {
    let row = store::find_standing(db, user_id, now).await?;
    Ok(row.map(|row| Standing {
        is_owner: row.is_owner,
        is_cataloguer: row.is_cataloguer,
        is_only_lab: row.is_only_lab,
        phone: row.phone,
        keys: keys(&row.shut),
        labs: row.labs.into_iter().map(in_lab).collect(),
        sessions: row.sessions,
        read_at: now.timestamp(),
    }))
}

/// A zone that this version does not know counts as the one that every lab begins with.
fn in_lab((id, role, zone, Json(policies)): (Uuid, Role, String, Json<Policies>)) -> InLab {
    InLab { id, role, time_zone: zone.parse().unwrap_or(Tz::UTC), policies }
}

fn keys(shut: &[store::Shut]) -> HashMap<Uuid, Keys> {
    let of_lab = |lab: &[store::Shut]| {
        let (lab_id, .., is_passed) = lab[0];
        // Somebody is an admin in the whole of a lab.
        if is_passed {
            return (lab_id, Keys::of_admin_without(lab.iter().map(|(_, id, ..)| *id).collect()));
        }
        let places = |hidden: bool| lab.iter().filter(|it| it.2 == hidden).map(|(_, id, ..)| *id).collect();
        (lab_id, Keys::without(places(true), places(false)))
    };
    shut.chunk_by(|(one, ..), (other, ..)| one == other).map(of_lab).collect()
}
