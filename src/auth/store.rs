//! SQL on who is calling: what other features have written, and nothing of its own.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Policies, RIGHTS, Role};
use crate::base::{error::Result, phone::Phone};

/// A person who is not disabled.
pub struct Row {
    pub is_owner: bool,
    pub is_cataloguer: bool,
    pub is_only_lab: bool,
    pub phone: Option<Phone>,
    /// The id of each, with the role, the zone and the policies.
    pub labs: Vec<(Uuid, Role, String, Json<Policies>)>,
    pub sessions: Vec<Uuid>,
    /// By lab.
    pub shut: Vec<Shut>,
}

/// The lab and the id of a place to which they lack a key, its own or that of one around it; whether it is hidden, and
/// whether they pass there without, as an admin does.
pub type Shut = (Uuid, Uuid, bool, bool);

pub async fn find_standing(db: &mut PgConnection, user_id: Uuid, now: DateTime<Utc>) -> Result<Option<Row>> {
    let row = sqlx::query_as!(
        Row,
        r#"with recursive shut (lab_id, id, is_hidden, is_passed) as (
            select l.lab_id, l.id, l.access = 'hidden', m.role = 'admin'
            from memberships m
                join locations l on l.lab_id = m.lab_id and l.access <> 'open'
                left join location_keys k on k.lab_id = l.lab_id and k.location_id = l.id
            where m.user_id = $1 and m.left_at is null and not coalesce(
                $1 = any (k.users) or k.roles && case m.role
                    when 'admin' then '{viewer,member,manager,admin}' when 'manager' then '{viewer,member,manager}' when 'member' then '{viewer,member}' else '{viewer}'
                end::text[], false)
            union
            select l.lab_id, l.id, s.is_hidden, s.is_passed from shut s cross join lateral
                (select lab_id, id from locations where lab_id = s.lab_id and parent_id = s.id offset 0) l
        )
        select is_owner, is_cataloguer, (select count(*) = 1 from (select from labs limit 2) l) as "is_only_lab!",
            phone as "phone: Phone",
            array(select (l.id, m.role, l.time_zone, policies_of_lab(l.id, $2))
                from memberships m join labs l on l.id = m.lab_id
                where m.user_id = u.id and m.left_at is null order by l.id)
                as "labs!: Vec<(Uuid, Role, String, Json<Policies>)>",
            array(select id from sessions where user_id = u.id and ended_at is null) as "sessions!",
            array(select (lab_id, id, is_hidden, is_passed) from shut order by lab_id, id, is_hidden)
                as "shut!: Vec<Shut>"
        from users u where id = $1 and disabled_at is null"#,
        user_id,
        now
    );
    Ok(row.fetch_optional(db).await?)
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

/// Holds [`RIGHTS`] to the end of the transaction.
pub async fn lock_rights(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("select from pg_advisory_xact_lock($1)", RIGHTS).execute(db).await?;
    Ok(())
}
