//! The SQL of memberships.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::Role,
    error::Result,
    labs::members::{Before, Member},
};

pub async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    with_phone: bool,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Member>> {
    let members = sqlx::query_as!(
        Member,
        r#"select m.lab_id, m.user_id, u.name, case when $2 then u.phone end as phone, m.role as "role: Role",
            m.version, m.created_at, m.updated_at
        from memberships m join users u on u.id = m.user_id
        where m.lab_id = $1 and m.user_id > $3
        order by m.user_id limit $4"#,
        lab_id,
        with_phone,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(members)
}

pub async fn find(db: &mut PgConnection, lab_id: Uuid, user_id: Uuid, with_phone: bool) -> Result<Option<Member>> {
    let member = sqlx::query_as!(
        Member,
        r#"select m.lab_id, m.user_id, u.name, case when $3 then u.phone end as phone, m.role as "role: Role",
            m.version, m.created_at, m.updated_at
        from memberships m join users u on u.id = m.user_id
        where m.lab_id = $1 and m.user_id = $2"#,
        lab_id,
        user_id,
        with_phone
    )
    .fetch_optional(db)
    .await?;
    Ok(member)
}

/// Who calls it holds the lab's lock.
pub async fn set_role(
    db: &mut PgConnection,
    lab_id: Uuid,
    user_id: Uuid,
    version: Option<i32>,
    role: Role,
    now: DateTime<Utc>,
) -> Result<Option<(Member, Before)>> {
    let changed = sqlx::query!(
        r#"update memberships m set role = $4, version = m.version + 1, updated_at = $5
        from memberships was join users u on u.id = was.user_id
        where was.lab_id = $1 and was.user_id = $2 and m.lab_id = $1 and m.user_id = $2
            and ($3::int is null or m.version = $3)
        returning m.lab_id, m.user_id, u.name, u.phone, m.role as "role: Role", m.version, m.created_at, m.updated_at,
            was.role as "was: Role",
            exists (select from memberships a join users p on p.id = a.user_id where a.lab_id = $1
                and a.user_id <> $2 and a.role = 'admin' and p.disabled_at is null) as "another_admin!""#,
        lab_id,
        user_id,
        version,
        role.as_str(),
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(changed.map(|row| {
        let member = Member {
            lab_id: row.lab_id,
            user_id: row.user_id,
            name: row.name,
            phone: row.phone,
            role: row.role,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (member, Before { role: row.was, another_admin: row.another_admin })
    }))
}

/// Who calls it holds the lab's lock.
pub async fn delete(
    db: &mut PgConnection,
    lab_id: Uuid,
    user_id: Uuid,
    version: Option<i32>,
) -> Result<Option<Before>> {
    let deleted = sqlx::query_as!(
        Before,
        r#"delete from memberships where lab_id = $1 and user_id = $2 and ($3::int is null or version = $3)
        returning role as "role: Role",
            exists (select from memberships a join users p on p.id = a.user_id where a.lab_id = $1
                and a.user_id <> $2 and a.role = 'admin' and p.disabled_at is null) as "another_admin!""#,
        lab_id,
        user_id,
        version
    )
    .fetch_optional(db)
    .await?;
    Ok(deleted)
}
