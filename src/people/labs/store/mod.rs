//! The SQL of labs; that of members and invitations is beside it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Lab, LabPatch};
use crate::{
    auth::{RIGHTS, Role},
    base::{
        error::{OnConstraint, Reason, Result},
        text::Name,
    },
};

pub mod invitations;
pub mod members;

/// Reads the caller's own memberships, and the labs themselves only for an owner: neither grows with all labs.
pub async fn page(db: &mut PgConnection, user_id: Uuid, after: Uuid, limit: i64) -> Result<Vec<Lab>> {
    let labs = sqlx::query_as!(
        Lab,
        r#"select l.id, l.name, l.time_zone, m.role as "role?: Role", l.version, l.created_at, l.updated_at
        from (
            select lab_id as id from memberships where user_id = $1 and left_at is null and lab_id > $2
            union
            (select id from labs
                where (select is_owner from users where id = $1) and id > $2
                order by id limit $3)
        ) seen
        join labs l on l.id = seen.id
        left join memberships m on m.lab_id = l.id and m.user_id = $1 and m.left_at is null
        order by l.id limit $3"#,
        user_id,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(labs)
}

pub async fn insert(db: &mut PgConnection, id: Uuid, name: &Name, admin: Uuid, now: DateTime<Utc>) -> Result<Lab> {
    sqlx::query_as!(
        Lab,
        r#"with lab as (
            insert into labs (id, name, created_at, updated_at) values ($1, $2, $4, $4)
            returning id, name, time_zone, version, created_at, updated_at
        ), admin as (
            insert into memberships (lab_id, user_id, role, created_at, updated_at)
            select id, $3, 'admin', $4, $4 from lab returning role
        )
        select id, name, time_zone, role as "role?: Role", version, created_at, updated_at from lab, admin"#,
        id,
        name.as_str(),
        admin,
        now
    )
    .fetch_one(db)
    .await
    .on_constraint("labs_pkey", || Reason::IdTaken.because("there is something with this id already"))
    .on_constraint("labs_name_key", || Reason::NameTaken.because("another lab has this name"))
}

/// False when somebody else took the name in between.
pub async fn insert_numbered(
    db: &mut PgConnection,
    id: Uuid,
    name: &str,
    admin: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let made = sqlx::query_scalar!(
        r#"with recursive candidate (n, name) as (
            select 1, $2::text
            union all
            select n + 1, $2 || ' ' || n + 1 from candidate where exists (select from labs where name = candidate.name)
        ), lab as (
            insert into labs (id, name, created_at, updated_at)
            select $1, name, $4, $4 from candidate order by n desc limit 1
            on conflict on constraint labs_name_key do nothing
            returning id
        )
        insert into memberships (lab_id, user_id, role, created_at, updated_at)
        select id, $3, 'admin', $4, $4 from lab
        returning lab_id"#,
        id,
        name,
        admin,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(made.is_some())
}

pub async fn find(db: &mut PgConnection, id: Uuid, role: Role) -> Result<Option<Lab>> {
    let lab = sqlx::query_as!(
        Lab,
        r#"select id, name, time_zone, $2::text as "role?: Role", version, created_at, updated_at
        from labs where id = $1"#,
        id,
        role.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(lab)
}

pub async fn update(
    db: &mut PgConnection,
    id: Uuid,
    role: Role,
    version: Option<i32>,
    patch: &LabPatch,
    now: DateTime<Utc>,
) -> Result<Option<Lab>> {
    sqlx::query_as!(
        Lab,
        r#"update labs set name = coalesce($3, name), time_zone = coalesce($6, time_zone),
            version = version + (name <> coalesce($3, name) or time_zone <> coalesce($6, time_zone))::int,
            updated_at = case when name <> coalesce($3, name) or time_zone <> coalesce($6, time_zone) then $4 else updated_at end
        where id = $1 and ($2::int is null or version = $2)
        returning id, name, time_zone, $5::text as "role?: Role", version, created_at, updated_at"#,
        id,
        version,
        patch.name.as_ref().map(Name::as_str),
        now,
        role.as_str(),
        patch.time_zone.map(Tz::name)
    )
    .fetch_optional(db)
    .await
    .on_constraint("labs_name_key", || Reason::NameTaken.because("another lab has this name"))
}

/// Rows that refer to the lab may still be added: they need its key, and that stays.
pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let found =
        sqlx::query_scalar!("select id from labs where id = $1 for no key update", id).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// The lock of all rights comes first, as everybody takes it first.
pub async fn lock_with_rights(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select l.id from pg_advisory_xact_lock($2), labs l where l.id = $1 for no key update of l",
        id,
        RIGHTS
    );
    Ok(found.fetch_optional(db).await?.is_some())
}
