//! Labs and their people: who belongs to which, as what, and how one gets in. The lab's row is the lock under which
//! whatever holds for a whole lab is checked and changed ([`lock`]).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use sqlx::{Connection as _, PgConnection, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    http::routes,
    invitation::Invitation,
    invitations::{AcceptInvitation, NewInvitation, find_invitation, forget_phone, redeem, revoke_made_by, sweep},
    member::Member,
    members::{MemberPatch, check_another_admin, leave_all, lock_all, make_admin},
};
use crate::{
    auth::{self, Admin, Anyone, Auth, Owner, Role},
    base::{
        error::{Error, Result},
        ids::OwnId,
        made::Made,
        page::{Cursor, Limit, List, Page},
        patch,
        text::{Name, Text},
    },
    journal::{self, Change, Journalled, Kind},
};

mod http;
mod invitation;
mod invitation_code;
pub mod invitations;
mod member;
pub mod members;
pub mod policies;
mod store;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lab {
    pub id: Uuid,
    #[schema(example = "Organic Synthesis")]
    pub name: String,
    /// IANA name. An event falls on a day of this zone.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// Whom other labs ask for what this one has, where its policy `sharing` is `stock`.
    #[schema(required = true, example = "Stockroom, room 114, extension 4711")]
    pub contact: Option<String>,
    /// What you are in it; null where you see it as the installation's owner alone.
    #[schema(required = true)]
    pub role: Option<Role>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Journalled for Lab {
    const PERSONAL: &'static [&'static str] = &["contact"];
    // The caller's own.
    const LEFT_OUT: &'static [&'static str] = &["role"];
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Organic Synthesis"}))]
pub struct NewLab {
    /// Your own UUIDv7, if you like.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    pub name: Name,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Organic Synthesis, 2nd floor"}))]
pub struct LabPatch {
    pub name: Option<Name>,
    /// IANA name, such as `Europe/Berlin`.
    #[serde(default, deserialize_with = "time_zone")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    pub time_zone: Option<Tz>,
    /// Whom other labs ask for what this one has: a room, an extension, a mailbox.
    #[serde(default, deserialize_with = "patch::change")]
    #[schema(value_type = Option<Text<200>>)]
    pub contact: patch::Change<Text<200>>,
}

fn time_zone<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<Tz>, D::Error> {
    let Some(name) = Option::<String>::deserialize(from)? else { return Ok(None) };
    name.parse()
        .map(Some)
        .map_err(|_| D::Error::custom("must be an IANA time zone such as \"Europe/Berlin\" or \"UTC\""))
}

/// Those the caller belongs to; an owner of the installation sees all.
pub async fn list(by: &Auth<Anyone>, limit: Limit, after: Option<Cursor<Uuid>>) -> Result<Page<Lab>> {
    let list = List::new("labs", &by.user_id());
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, by.user_id(), after, limit.plus_one()).await?;
    Ok(list.page(rows, limit, |lab| lab.id))
}

/// The creator becomes its first admin.
pub async fn create(by: &Auth<Owner>, new: NewLab) -> Result<Made<Lab>> {
    let id = by.id_or_new(new.id)?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let lab = match store::insert(&mut tx, id, &new.name, by.user_id(), by.now()).await {
        Ok(lab) => {
            journal::commit(tx, by, made(&lab, by.user_id())?).await?;
            Made::new(lab)
        }
        Err(error) => {
            let refusal = by.or_made(new.id, error)?;
            tx.rollback().await?;
            let lab = store::find(&mut db, id, by.role_in(id)).await?.ok_or(refusal)?;
            let (name, time_zone) = (new.name.into(), Tz::UTC.name().to_owned());
            let [created, _] = made(&Lab { name, time_zone, contact: None, ..lab.clone() }, by.user_id())?;
            journal::made_before(&mut db, by, new.id, lab, &created, &[]).await?
        }
    };
    // With a second lab, the managers of the only one lose the right to the catalogue.
    auth::forget_all(by.app());
    Ok(lab)
}

/// An owner of the installation sees any lab, as in the list.
pub async fn get(by: &Auth<Anyone>, lab_id: Uuid) -> Result<Lab> {
    let role = by.role_in(lab_id);
    if role.is_none() && !by.is_owner() {
        return Err(Error::NotFound("lab"));
    }
    let mut db = by.app().lookups().await?;
    store::find(&mut db, lab_id, role).await?.ok_or(Error::NotFound("lab"))
}

pub async fn change(by: &Auth<Admin>, version: Option<i32>, patch: LabPatch) -> Result<Lab> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let updated = store::update(&mut tx, by.lab_id(), by.role(), version, &patch, by.now()).await?;
    // The caller is a member of it, so it is there.
    let (before, after) = updated.ok_or(Error::Stale)?;
    let change = Change::new(Kind::LabChanged, after.id, after.id).changed(&before, &after)?;
    journal::commit(tx, by, [change]).await?;
    // The zone of a lab is kept with the standing of each of its people.
    auth::forget_all(by.app());
    Ok(after)
}

/// Of a new lab and its first admin.
fn made(lab: &Lab, admin: Uuid) -> Result<[Change; 2]> {
    let created = Change::new(Kind::LabCreated, lab.id, lab.id).created(lab)?;
    let joined = Change::new(Kind::MemberJoined, lab.id, admin).field("role", None, Some(Role::Admin));
    Ok([created, joined])
}

/// Makes a lab for its first admin, outside of any request for one. A name that is taken gets a number.
pub async fn create_for(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    name: &str,
    admin_user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<[Change; 2]> {
    loop {
        // Somebody else may take the free name between the search and the insert; their lab is seen by the next try.
        if let Some(lab) = store::insert_numbered(tx, lab_id, name, admin_user_id, now).await? {
            return made(&lab, admin_user_id);
        }
    }
}

/// Holds the lab's row until the transaction ends. Statements after it see all that earlier holders have committed,
/// which those of one statement together with the lock would not.
pub async fn lock(db: &mut PgConnection, lab_id: Uuid) -> Result<()> {
    if store::lock(db, lab_id).await? { Ok(()) } else { Err(Error::NotFound("lab")) }
}

/// Holds the lab's row and [`auth::lock_rights`]: for a change by which the lab might lose its last admin.
async fn lock_with_rights(db: &mut PgConnection, lab_id: Uuid) -> Result<()> {
    if store::lock_with_rights(db, lab_id).await? { Ok(()) } else { Err(Error::NotFound("lab")) }
}
