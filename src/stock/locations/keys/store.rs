//! The SQL of keys.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::LocationKeys;
use crate::{auth::Role, base::error::Result};

pub struct Keys<'a> {
    pub lab_id: Uuid,
    pub location_id: Uuid,
    pub users: &'a [Uuid],
    pub roles: &'a [Role],
}

/// Of a place that was deleted, too.
pub async fn find(
    db: &mut PgConnection,
    lab_id: Uuid,
    location_id: Uuid,
    unseen: &[Uuid],
) -> Result<Option<LocationKeys>> {
    let keys = sqlx::query_as!(
        LocationKeys,
        r#"select l.id as location_id, coalesce(k.users, '{}') as "users!",
            coalesce(k.roles, '{}') as "roles!: Vec<Role>", coalesce(k.version, 0) as "version!", k.updated_at as "updated_at?", k.updated_by as "updated_by?"
        from locations l left join location_keys k on k.lab_id = l.lab_id and k.location_id = l.id
        where l.lab_id = $1 and l.id = $2 and l.id <> all ($3)"#,
        lab_id,
        location_id,
        unseen
    );
    Ok(keys.fetch_optional(db).await?)
}

/// Which of these people are in the lab, and stay so until the transaction ends.
pub async fn members_of(db: &mut PgConnection, lab_id: Uuid, users: &[Uuid]) -> Result<Vec<Uuid>> {
    let members = sqlx::query_scalar!(
        "select user_id from memberships where lab_id = $1 and user_id = any ($2) and left_at is null
        order by user_id for share",
        lab_id,
        users
    );
    Ok(members.fetch_all(db).await?)
}

/// None: the place is not there, or its keys have another version. Version 0 is that of keys that were never set.
pub async fn set(
    tx: &mut PgTransaction<'_>,
    keys: &Keys<'_>,
    version: Option<i32>,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<LocationKeys>> {
    let roles: Vec<_> = keys.roles.iter().map(|role| role.as_str()).collect();
    let written = sqlx::query_as!(
        LocationKeys,
        r#"insert into location_keys as k (lab_id, location_id, users, roles, version, updated_at, updated_by)
        select l.lab_id, l.id, $3, $4, 1, $6, $7 from locations l
        where l.lab_id = $1 and l.id = $2 and l.closed_at is null and (coalesce($5::int, 0) = 0
            or exists (select from location_keys where lab_id = $1 and location_id = $2))
        on conflict on constraint location_keys_pkey do update set users = excluded.users, roles = excluded.roles,
            (version, updated_at, updated_by) = (
                select k.version + changed::int, case when changed then excluded.updated_at else k.updated_at end,
                    case when changed then excluded.updated_by else k.updated_by end
                from (select (k.users, k.roles) is distinct from (excluded.users, excluded.roles) as changed) new
            )
        where $5::int is null or k.version = $5
        returning location_id, users, roles as "roles: Vec<Role>", version, updated_at as "updated_at?",
            updated_by as "updated_by?""#,
        keys.lab_id,
        keys.location_id,
        keys.users,
        &roles as &[&str],
        version,
        now,
        by
    );
    Ok(written.fetch_optional(&mut **tx).await?)
}

pub async fn find_open(db: &mut PgConnection, lab_id: Uuid, location_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select 1 from locations where lab_id = $1 and id = $2 and closed_at is null",
        lab_id,
        location_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}
