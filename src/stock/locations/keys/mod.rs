//! Who has the keys to a place.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use super::access;
use crate::{
    auth::{self, Auth, Manager, Role, Viewer},
    base::error::{Error, Field, Result},
    journal::{self, Journalled},
    people::labs,
};

mod http;
mod store;

/// A lab has no more people than this in one list.
const MOST: usize = 1_000;

/// Who has the key to a location. It opens everything below it, too, but for what is itself closed or hidden.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocationKeys {
    pub location_id: Uuid,
    pub users: Vec<Uuid>,
    /// Each stands for those above it, too.
    pub roles: Vec<Role>,
    /// 0 until they are set for the first time.
    pub version: i32,
    #[schema(required = true)]
    pub updated_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub updated_by: Option<Uuid>,
}

impl Journalled for LocationKeys {
    const LEFT_OUT: &'static [&'static str] = &["location_id", "updated_by"];
}

/// All who shall have the key, beside the admins of the lab, who need none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"users": [], "roles": ["manager"]}))]
pub struct NewLocationKeys {
    /// Members of the lab.
    #[schema(max_items = 1000)]
    pub users: Vec<Uuid>,
    /// Each stands for those above it, too: `member` also for managers.
    pub roles: Vec<Role>,
}

pub async fn get(by: &Auth<Viewer>, id: Uuid) -> Result<LocationKeys> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), id, by.keys().unseen()).await?.ok_or(Error::NotFound("location"))
}

/// Puts these in the place of all that there were.
pub async fn set(by: &Auth<Manager>, id: Uuid, version: Option<i32>, new: NewLocationKeys) -> Result<LocationKeys> {
    access::check(by.keys(), id)?;
    let NewLocationKeys { mut users, mut roles } = new;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    labs::lock(&mut tx, by.lab_id()).await?;
    let before = store::find(&mut tx, by.lab_id(), id, &[]).await?.ok_or(Error::NotFound("location"))?;
    if users.len() > MOST {
        return Err(Error::field("/users", format!("must have at most {MOST} people")));
    }
    let members = store::members_of(&mut tx, by.lab_id(), &users).await?;
    let stranger = |(at, _)| Field::new(format!("/users/{at}"), "is not a member of the lab");
    let strangers: Vec<_> =
        users.iter().enumerate().filter(|(_, user)| !members.contains(user)).map(stranger).collect();
    if !strangers.is_empty() {
        return Err(Error::Invalid(strangers));
    }
    users.sort_unstable();
    users.dedup();
    roles.sort_unstable();
    roles.dedup();
    let written = store::Keys { lab_id: by.lab_id(), location_id: id, users: &users, roles: &roles };
    if let Some(keys) = store::set(&mut tx, &written, version, by.user_id(), by.now()).await? {
        let change = journal::Change::new(journal::Kind::LocationKeysChanged, by.lab_id(), id)
            .without_key(by.keys().acts_without([Some(id), None]));
        journal::commit(tx, by, [change.changed(&before, &keys)?]).await?;
        auth::forget_all(by.app());
        return Ok(keys);
    }
    tx.rollback().await?;
    let found = store::find_open(&mut db, by.lab_id(), id).await?;
    Err(if found { Error::Stale } else { Error::NotFound("location") })
}
