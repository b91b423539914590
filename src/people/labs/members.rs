//! The members of a lab. A lab keeps at least one admin who can sign in, also when two of them demote each other at the
//! same instant. Whoever has left stays readable, so that the history shows a name.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{Connection as _, PgConnection, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    invitations::revoke_made_by,
    lock_with_rights,
    member::{Member, MemberFilter},
    store::members as store,
};
use crate::{
    auth::{self, Admin, Auth, Role, Viewer},
    base::{
        error::{Error, Reason, Result},
        page::{Cursor, Limit, List, Page},
    },
    journal::{self, Change, Kind},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "manager"}))]
pub struct MemberPatch {
    pub role: Role,
}

pub async fn list(
    by: &Auth<Viewer>,
    limit: Limit,
    after: Option<Cursor<Uuid>>,
    with_left: bool,
) -> Result<Page<Member>> {
    let list = List::new("members", &(by.lab_id(), with_left));
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.lists().await?;
    let filter = MemberFilter { with_phones: sees_phones(by), with_left, after, limit };
    let rows = store::page(&mut db, by.lab_id(), &filter).await?;
    Ok(list.page(rows, limit, |member| member.user_id))
}

/// Also somebody who has left.
pub async fn get(by: &Auth<Viewer>, user_id: Uuid) -> Result<Member> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), user_id, sees_phones(by)).await?.ok_or(Error::NotFound("member"))
}

fn sees_phones(by: &Auth<Viewer>) -> bool {
    by.role() == Role::Admin
}

pub async fn change(by: &Auth<Admin>, user_id: Uuid, version: Option<i32>, patch: MemberPatch) -> Result<Member> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    lock_with_rights(&mut tx, by.lab_id()).await?;
    let changed = store::set_role(&mut tx, by.lab_id(), user_id, version, patch.role, by.now()).await?;
    let Some((member, before)) = changed else {
        return Err(not_as_read(&mut tx, by.lab_id(), user_id).await?);
    };
    before.allows(Some(patch.role))?;
    let change = Change::new(Kind::MemberRoleChanged, by.lab_id(), user_id);
    let mut changes = vec![change.field("role", before.role, member.role)];
    if before.role == Role::Admin && patch.role < Role::Admin {
        changes.extend(revoke_made_by(&mut tx, Some(by.lab_id()), user_id, by.now()).await?);
    }
    journal::commit(tx, by, changes).await?;
    auth::forget(by.app(), user_id);
    Ok(member)
}

/// An admin removes anybody, everybody else only themselves.
pub async fn remove(by: &Auth<Viewer>, user_id: Uuid, version: Option<i32>) -> Result<()> {
    if by.role() < Role::Admin && user_id != by.user_id() {
        return Err(Error::Forbidden("this needs the role Admin in the lab, unless it is you who leaves"));
    }
    let now = by.now();
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    lock_with_rights(&mut tx, by.lab_id()).await?;
    let keys = keys_taken(&mut tx, Some(by.lab_id()), user_id).await?;
    let Some(before) = store::end(&mut tx, by.lab_id(), user_id, version, now).await? else {
        return Err(not_as_read(&mut tx, by.lab_id(), user_id).await?);
    };
    before.allows(None)?;
    let mut changes = vec![left(by.lab_id(), user_id, now)];
    changes.extend(keys);
    if before.role == Role::Admin {
        changes.extend(revoke_made_by(&mut tx, Some(by.lab_id()), user_id, now).await?);
    }
    journal::commit(tx, by, changes).await?;
    auth::forget(by.app(), user_id);
    Ok(())
}

/// The lines of the keys that somebody loses with the membership in one lab or in all; a trigger takes them away then.
async fn keys_taken(db: &mut PgConnection, lab_id: Option<Uuid>, user_id: Uuid) -> Result<Vec<Change>> {
    let lists = store::lock_keys(db, lab_id, user_id).await?;
    let line = |store::KeyList { lab_id, location_id, users }| {
        let without: Vec<_> = users.iter().copied().filter(|user| *user != user_id).collect();
        Change::new(Kind::LocationKeysChanged, lab_id, location_id).field("users", users, without)
    };
    Ok(lists.into_iter().map(line).collect())
}

fn left(lab_id: Uuid, user_id: Uuid, now: DateTime<Utc>) -> Change {
    Change::new(Kind::MemberLeft, lab_id, user_id).field("left_at", None, Some(now))
}

async fn not_as_read(db: &mut PgConnection, lab_id: Uuid, user_id: Uuid) -> Result<Error> {
    let found = store::find(db, lab_id, user_id, false).await?.filter(|member| member.left_at.is_none());
    Ok(found.map_or(Error::NotFound("member"), |_| Error::Stale))
}

/// Refuses where somebody is the only admin of a lab, who is about to lose the account. Who calls it holds the lock of
/// [`auth::lock_rights`].
pub async fn check_another_admin(db: &mut PgConnection, user_id: Uuid) -> Result<()> {
    const NAMED: usize = 20;
    let labs = store::labs_with_only_admin(db, user_id).await?;
    if labs.is_empty() {
        return Ok(());
    }
    let named = labs.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let more = labs.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Reason::LastAdmin
        .because(format!("there is no other admin of {named}{more}; make somebody else an admin first")))
}

/// Holds the labs that somebody belongs to until the transaction ends, so that nobody gives them a key there meanwhile:
/// whoever sets keys holds the lab. Who calls it holds [`auth::lock_rights`] and no row yet, as a lab comes before
/// memberships, keys and accounts.
pub async fn lock_all(tx: &mut PgTransaction<'_>, user_id: Uuid) -> Result<()> {
    store::lock_labs_of(tx, user_id).await
}

/// Ends somebody's memberships in all labs. Who calls it has called [`lock_all`].
pub async fn leave_all(tx: &mut PgTransaction<'_>, user_id: Uuid, now: DateTime<Utc>) -> Result<Vec<Change>> {
    let keys = keys_taken(tx, None, user_id).await?;
    let labs = store::end_all(tx, user_id, now).await?;
    Ok(labs.into_iter().map(|lab_id| left(lab_id, user_id, now)).chain(keys).collect())
}

/// Makes somebody an admin of a lab, whatever they were in it; and what has changed, if anything. The caller commits,
/// and calls [`auth::forget`] then.
pub async fn make_admin(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(Member, Option<Change>)> {
    lock_with_rights(tx, lab_id).await?;
    let before = match store::find(tx, lab_id, user_id, false).await? {
        Some(member) if member.left_at.is_none() && member.role == Role::Admin => return Ok((member, None)),
        before => before.map(|member| (member.role, member.left_at)),
    };
    let nobody =
        || Error::field("/user_id", "is nobody who can sign in; an account that is disabled has to be enabled");
    let member = store::make_admin(tx, lab_id, user_id, now).await?.ok_or_else(nobody)?;
    let change = member.joined(before);
    Ok((member, Some(change)))
}
