//! SQL on who is calling: what other features have written, and nothing of its own.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Policies, Role};
use crate::base::{error::Result, phone::Phone};

/// A person who is not disabled; of each lab the id, the role, the zone and the policies stand at the same place.
pub struct Row {
    pub is_owner: bool,
    pub is_cataloguer: bool,
    pub is_only_lab: bool,
    pub phone: Option<Phone>,
    pub labs: Vec<Uuid>,
    pub roles: Vec<Role>,
    pub time_zones: Vec<String>,
    pub policies: Vec<Json<Policies>>,
    pub sessions: Vec<Uuid>,
    /// By lab.
    pub shut: Vec<Shut>,
}

/// A place to which they lack a key: its own, or that of one around it.
pub struct Shut {
    pub lab_id: Uuid,
    pub id: Uuid,
    pub is_hidden: bool,
}

pub async fn find_standing(db: &mut PgConnection, user_id: Uuid, now: DateTime<Utc>) -> Result<Option<Row>> {
    let row = sqlx::query!(
        r#"with recursive shut (lab_id, id, is_hidden) as (
            select l.lab_id, l.id, l.access = 'hidden'
            from memberships m
                join locations l on l.lab_id = m.lab_id and l.access <> 'open'
                left join location_keys k on k.lab_id = l.lab_id and k.location_id = l.id
            where m.user_id = $1 and m.left_at is null and m.role <> 'admin' and not coalesce(
                $1 = any (k.users) or k.roles && case m.role
                    when 'manager' then '{viewer,member,manager}' when 'member' then '{viewer,member}' else '{viewer}'
                end::text[], false)
            union
            select l.lab_id, l.id, s.is_hidden from shut s cross join lateral
                (select lab_id, id from locations where lab_id = s.lab_id and parent_id = s.id offset 0) l
        )
        select is_owner, is_cataloguer, (select count(*) = 1 from (select from labs limit 2) l) as "is_only_lab!",
            phone as "phone: Phone",
            array(select lab_id from memberships where user_id = u.id and left_at is null order by lab_id) as "labs!",
            array(select role from memberships where user_id = u.id and left_at is null order by lab_id)
                as "roles!: Vec<Role>",
            array(select l.time_zone from memberships m join labs l on l.id = m.lab_id
                where m.user_id = u.id and m.left_at is null order by m.lab_id) as "time_zones!",
            array(select policies_of_lab(lab_id, $2) from memberships
                where user_id = u.id and left_at is null order by lab_id) as "policies!: Vec<Json<Policies>>",
            array(select id from sessions where user_id = u.id and ended_at is null) as "sessions!",
            array(select lab_id from shut order by lab_id, id, is_hidden) as "shut_labs!",
            array(select id from shut order by lab_id, id, is_hidden) as "shut_ids!",
            array(select is_hidden from shut order by lab_id, id, is_hidden) as "shut_hidden!"
        from users u where id = $1 and disabled_at is null"#,
        user_id,
        now
    );
    Ok(row.fetch_optional(db).await?.map(|row| Row {
        is_owner: row.is_owner,
        is_cataloguer: row.is_cataloguer,
        is_only_lab: row.is_only_lab,
        phone: row.phone,
        labs: row.labs,
        roles: row.roles,
        time_zones: row.time_zones,
        policies: row.policies,
        sessions: row.sessions,
        shut: (row.shut_labs.into_iter().zip(row.shut_ids).zip(row.shut_hidden))
            .map(|((lab_id, id), is_hidden)| Shut { lab_id, id, is_hidden })
            .collect(),
    }))
}

/// By the phone, or by issuer and subject.
pub async fn find_user(
    db: &mut PgConnection,
    phone: Option<&Phone>,
    identity: Option<(&str, &str)>,
) -> Result<Option<Uuid>> {
    let (issuer, subject) = identity.unzip();
    let found = sqlx::query_scalar!(
        "select id from users
        where phone = $1 or id = (select user_id from identities where issuer = $2 and subject = $3)",
        phone.map(Phone::as_str),
        issuer,
        subject
    );
    Ok(found.fetch_optional(db).await?)
}

/// Held to the end of the transaction.
pub async fn lock(db: &mut PgConnection, key: i64) -> Result<()> {
    sqlx::query!("select from pg_advisory_xact_lock($1)", key).execute(db).await?;
    Ok(())
}
