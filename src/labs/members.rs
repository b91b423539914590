//! The members of a lab. A lab keeps at least one admin, also when two of them demote each other at the same instant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{lock, store::members as store};
use crate::{
    auth::{self, Admin, Auth, Role, Viewer},
    error::{Error, Reason, Result},
    page::{Cursor, Limit, Page},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    pub lab_id: Uuid,
    pub user_id: Uuid,
    /// Empty until they give one.
    #[schema(example = "Marie Curie")]
    pub name: String,
    /// Shown to the lab's admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+12025550123")]
    pub phone: Option<String>,
    pub role: Role,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "manager"}))]
pub struct MemberPatch {
    pub role: Role,
}

pub async fn list(by: &Auth<Viewer>, limit: Limit, after: Option<Cursor<Uuid>>) -> Result<Page<Member>> {
    let mut db = by.app().lists().await?;
    let after = after.map_or(Uuid::nil(), |cursor| cursor.0);
    let rows = store::page(&mut db, by.lab_id(), sees_phones(by), after, limit.plus_one()).await?;
    Ok(Page::new(rows, limit, |member| member.user_id))
}

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
    lock(&mut tx, by.lab_id()).await?;
    let changed = store::set_role(&mut tx, by.lab_id(), user_id, version, patch.role, by.now()).await?;
    let Some((member, before)) = changed else {
        let found = store::find(&mut tx, by.lab_id(), user_id, false).await?;
        return Err(found.map_or(Error::NotFound("member"), |_| Error::Stale));
    };
    before.allows(Some(patch.role))?;
    tx.commit().await?;
    auth::forget(by.app(), user_id);
    Ok(member)
}

/// An admin removes anybody, everybody else only themselves.
pub async fn remove(by: &Auth<Viewer>, user_id: Uuid, version: Option<i32>) -> Result<()> {
    if by.role() < Role::Admin && user_id != by.user_id() {
        return Err(Error::Forbidden("this needs the role Admin in the lab, unless it is you who leaves"));
    }
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    lock(&mut tx, by.lab_id()).await?;
    let Some(before) = store::delete(&mut tx, by.lab_id(), user_id, version).await? else {
        let found = store::find(&mut tx, by.lab_id(), user_id, false).await?;
        return Err(found.map_or(Error::NotFound("member"), |_| Error::Stale));
    };
    before.allows(None)?;
    tx.commit().await?;
    auth::forget(by.app(), user_id);
    Ok(())
}

/// What was, before a membership changed. The change is judged by it and only then committed.
pub(super) struct Before {
    pub role: Role,
    /// Somebody else in the lab is an admin and can sign in.
    pub another_admin: bool,
}

impl Before {
    fn allows(&self, role: Option<Role>) -> Result<()> {
        if self.role == Role::Admin && role != Some(Role::Admin) && !self.another_admin {
            return Err(
                Reason::LastAdmin.because("this is the only admin of the lab; make somebody else an admin first")
            );
        }
        Ok(())
    }
}
