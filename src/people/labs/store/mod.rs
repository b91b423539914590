//! The SQL of labs; that of members and invitations is beside it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::{Lab, LabPatch};
use crate::{
    auth::{RIGHTS, Role},
    base::{
        error::{OnConstraint, Reason, Result},
        text::{Name, Text},
    },
};

pub mod invitations;
pub mod members;
pub mod policies;
pub mod revocations;

/// Reads the caller's own memberships, and the labs themselves only for an owner: neither grows with all labs.
pub async fn page(db: &mut PgConnection, user_id: Uuid, after: Uuid, limit: i64) -> Result<Vec<Lab>> {
    let labs = sqlx::query_as!(
        Lab,
        r#"select l.id, l.name, l.time_zone, l.contact, m.role as "role?: Role", l.version, l.created_at, l.updated_at
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

pub async fn insert(tx: &mut PgTransaction<'_>, id: Uuid, name: &Name, admin: Uuid, now: DateTime<Utc>) -> Result<Lab> {
    sqlx::query_as!(
        Lab,
        r#"with lab as (
            insert into labs (id, name, created_at, updated_at) values ($1, $2, $4, $4)
            returning id, name, time_zone, contact, version, created_at, updated_at
        ), admin as (
            insert into memberships (lab_id, user_id, role, created_at, updated_at)
            select id, $3, 'admin', $4, $4 from lab returning role
        )
        select id, name, time_zone, contact, role as "role?: Role", version, created_at, updated_at from lab, admin"#,
        id,
        name.as_str(),
        admin,
        now
    )
    .fetch_one(&mut **tx)
    .await
    .on_constraint("labs_pkey", || Reason::IdTaken.because("there is something with this id already"))
    .on_constraint("labs_name_key", || Reason::NameTaken.because("another lab has this name"))
}

/// None when somebody else took the name in between.
pub async fn insert_numbered(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    name: &str,
    admin: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Lab>> {
    let made = sqlx::query_as!(
        Lab,
        r#"with recursive candidate (n, name) as (
            select 1, $2::text
            union all
            select n + 1, $2 || ' ' || n + 1 from candidate where exists (select from labs where name = candidate.name)
        ), lab as (
            insert into labs (id, name, created_at, updated_at)
            select $1, name, $4, $4 from candidate order by n desc limit 1
            on conflict on constraint labs_name_key do nothing
            returning id, name, time_zone, contact, version, created_at, updated_at
        ), admin as (
            insert into memberships (lab_id, user_id, role, created_at, updated_at)
            select id, $3, 'admin', $4, $4 from lab returning role
        )
        select id, name, time_zone, contact, role as "role?: Role", version, created_at, updated_at from lab, admin"#,
        id,
        name,
        admin,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(made)
}

pub async fn find(db: &mut PgConnection, id: Uuid, role: Option<Role>) -> Result<Option<Lab>> {
    let lab = sqlx::query_as!(
        Lab,
        r#"select id, name, time_zone, contact, $2::text as "role?: Role", version, created_at, updated_at
        from labs where id = $1"#,
        id,
        role.map(Role::as_str)
    )
    .fetch_optional(db)
    .await?;
    Ok(lab)
}

/// Before and after.
pub async fn update(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    role: Role,
    version: Option<i32>,
    patch: &LabPatch,
    now: DateTime<Utc>,
) -> Result<Option<(Lab, Lab)>> {
    let row = sqlx::query!(
        r#"with was as (
            select id, name, time_zone, contact, coalesce($3, name) as new_name, coalesce($5, time_zone) as new_zone,
                case when $6 then $7 else contact end as new_contact
            from labs where id = $1 and ($2::int is null or version = $2) for no key update
        ), now as (
            select *, (name, time_zone, contact) is distinct from (new_name, new_zone, new_contact) as changed from was
        )
        update labs l set name = now.new_name, time_zone = now.new_zone, contact = now.new_contact,
            version = l.version + now.changed::int,
            updated_at = case when now.changed then $4 else l.updated_at end
        from now where l.id = now.id
        returning l.id, l.name, l.time_zone, l.contact, l.version, l.created_at, l.updated_at, now.name as old_name,
            now.time_zone as old_zone, now.contact as old_contact"#,
        id,
        version,
        patch.name.as_ref().map(Name::as_str),
        now,
        patch.time_zone.map(Tz::name),
        patch.contact.is_some(),
        patch.contact.as_ref().and_then(|contact| contact.as_ref().map(Text::as_str))
    );
    let row = row.fetch_optional(&mut **tx).await;
    let row = row.on_constraint("labs_name_key", || Reason::NameTaken.because("another lab has this name"))?;
    Ok(row.map(|row| {
        let after = Lab {
            id: row.id,
            name: row.name,
            time_zone: row.time_zone,
            contact: row.contact,
            role: Some(role),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        let (name, time_zone, contact) = (row.old_name, row.old_zone, row.old_contact);
        (Lab { name, time_zone, contact, ..after.clone() }, after)
    }))
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
