//! The SQL of memberships.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use crate::{
    auth::Role,
    base::error::Result,
    people::labs::member::{Before, Member, MemberFilter},
};

/// Reads members: `members!("from memberships m join users u ...", arguments)`; `$1` says whether phones are shown.
/// Whoever has left is shown without one.
macro_rules! members {
    ($rest:literal $(, $argument:expr)* $(,)?) => { members!(""; $rest $(, $argument)*) };
    ($with:literal; $rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::people::labs::Member,
            $with + r#"select m.lab_id, m.user_id, u.name,
                case when $1::bool and m.left_at is null then u.phone end as phone, m.role as "role: Role", m.left_at,
                m.version, m.created_at, m.updated_at "# + $rest
            $(, $argument)*
        )
    };
}

pub async fn page(db: &mut PgConnection, lab_id: Uuid, filter: &MemberFilter) -> Result<Vec<Member>> {
    let members = members!(
        "from memberships m join users u on u.id = m.user_id
        where m.lab_id = $2 and m.user_id > $3 and (m.left_at is null or $4)
        order by m.user_id limit $5",
        filter.with_phones,
        lab_id,
        filter.after,
        filter.with_left,
        filter.limit.plus_one()
    );
    Ok(members.fetch_all(db).await?)
}

/// Also somebody who has left.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, user_id: Uuid, with_phone: bool) -> Result<Option<Member>> {
    let member = members!(
        "from memberships m join users u on u.id = m.user_id where m.lab_id = $2 and m.user_id = $3",
        with_phone,
        lab_id,
        user_id
    );
    Ok(member.fetch_optional(db).await?)
}

/// A member whom the invitation of this code has let in.
pub async fn find_let_in(db: &mut PgConnection, code_hash: &[u8], user_id: Uuid) -> Result<Option<Member>> {
    let member = members!(
        "from invitations i join invitation_uses s on s.invitation_id = i.id
            join memberships m on m.lab_id = i.lab_id and m.user_id = s.user_id and m.left_at is null
            join users u on u.id = m.user_id
        where i.code_hash = $2 and s.user_id = $3",
        false,
        code_hash,
        user_id
    );
    Ok(member.fetch_optional(db).await?)
}

/// Of somebody who has not left. Who calls it holds the lab's lock and that of all rights.
pub async fn set_role(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    user_id: Uuid,
    version: Option<i32>,
    role: Role,
    now: DateTime<Utc>,
) -> Result<Option<(Member, Before)>> {
    let changed = sqlx::query!(
        r#"update memberships m set role = $4, version = m.version + (m.role <> $4)::int,
            updated_at = case when m.role <> $4 then $5 else m.updated_at end
        from memberships was join users u on u.id = was.user_id
        where was.lab_id = $1 and was.user_id = $2 and m.lab_id = $1 and m.user_id = $2 and m.left_at is null
            and ($3::int is null or m.version = $3)
        returning m.lab_id, m.user_id, u.name, u.phone, m.role as "role: Role", m.version, m.created_at, m.updated_at,
            was.role as "was: Role",
            exists (select from memberships a join users p on p.id = a.user_id where a.lab_id = $1 and a.user_id <> $2
                and a.role = 'admin' and a.left_at is null and p.disabled_at is null) as "another_admin!""#,
        lab_id,
        user_id,
        version,
        role.as_str(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(changed.map(|row| {
        let member = Member {
            lab_id: row.lab_id,
            user_id: row.user_id,
            name: row.name,
            phone: row.phone,
            role: row.role,
            left_at: None,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        (member, Before { role: row.was, another_admin: row.another_admin })
    }))
}

/// In the order of their ids, so that two who do it do not wait for each other in a ring.
pub async fn lock_labs_of(db: &mut PgConnection, user_id: Uuid) -> Result<()> {
    let labs = sqlx::query_scalar!(
        "select id from labs where id in (select lab_id from memberships where user_id = $1 and left_at is null)
        order by id for no key update",
        user_id
    );
    labs.fetch_all(db).await?;
    Ok(())
}

/// Who has the keys to a place.
pub struct KeyList {
    pub lab_id: Uuid,
    pub location_id: Uuid,
    pub users: Vec<Uuid>,
}

/// The lists of keys in which somebody stands, in one lab or in all. They stay so until the transaction ends.
pub async fn lock_keys(db: &mut PgConnection, lab_id: Option<Uuid>, user_id: Uuid) -> Result<Vec<KeyList>> {
    let lists = sqlx::query_as!(
        KeyList,
        "select lab_id, location_id, users from location_keys
        where lab_id in (select lab_id from memberships where user_id = $2) and ($1::uuid is null or lab_id = $1)
            and $2 = any (users)
        order by lab_id, location_id for update",
        lab_id,
        user_id
    );
    Ok(lists.fetch_all(db).await?)
}

/// Ends a membership. The row stays, with the role that it had. Who calls it holds the lab's lock and that of all
/// rights.
pub async fn end(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    user_id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<Before>> {
    let ended = sqlx::query_as!(
        Before,
        r#"update memberships set left_at = $4, version = version + 1, updated_at = $4
        where lab_id = $1 and user_id = $2 and left_at is null and ($3::int is null or version = $3)
        returning role as "role: Role",
            exists (select from memberships a join users p on p.id = a.user_id where a.lab_id = $1 and a.user_id <> $2
                and a.role = 'admin' and a.left_at is null and p.disabled_at is null) as "another_admin!""#,
        lab_id,
        user_id,
        version,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(ended)
}

/// The labs of which this person is the only admin who can sign in, by name.
pub async fn labs_with_only_admin(db: &mut PgConnection, user_id: Uuid) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        "select l.name from memberships m join users u on u.id = m.user_id join labs l on l.id = m.lab_id
        where m.user_id = $1 and m.role = 'admin' and m.left_at is null and u.disabled_at is null and not exists (
            select from memberships a join users p on p.id = a.user_id where a.lab_id = m.lab_id and a.user_id <> $1
                and a.role = 'admin' and a.left_at is null and p.disabled_at is null
        )
        order by l.name, l.id",
        user_id
    );
    Ok(names.fetch_all(db).await?)
}

/// Ends all of a person's memberships, and says of which labs.
pub async fn end_all(tx: &mut PgTransaction<'_>, user_id: Uuid, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    let ended = sqlx::query_scalar!(
        "update memberships set left_at = $2, version = version + 1, updated_at = $2
        where user_id = $1 and left_at is null returning lab_id",
        user_id,
        now
    );
    Ok(ended.fetch_all(&mut **tx).await?)
}

/// Makes somebody an admin who can sign in; none if there is nobody like that, or if they are one. Who calls it holds
/// the lab's lock and that of all rights.
pub async fn make_admin(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Member>> {
    let made = members!(
        "with m as (
            insert into memberships as m (lab_id, user_id, role, created_at, updated_at)
            select $2, id, 'admin', $4, $4 from users where id = $3 and disabled_at is null for share
            on conflict on constraint memberships_pkey do update
                set role = 'admin', left_at = null, version = m.version + 1, updated_at = $4
                where m.role <> 'admin' or m.left_at is not null
            returning m.*
        ) ";
        "from m join users u on u.id = m.user_id",
        false,
        lab_id,
        user_id,
        now
    );
    Ok(made.fetch_optional(&mut **tx).await?)
}
