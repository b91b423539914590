use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use super::{Erased, KnownBy, LabRole, NewUser, Ownership, User, UserPatch, user_of};
use crate::base::{email::Email, error::Result, language::Language, phone::Phone};

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<User>> {
    let found = sqlx::query_as!(
        User,
        r#"select id as "id!", phone as "phone: Phone", name as "name!", is_owner as "is_owner!",
            is_cataloguer as "is_cataloguer!", version as "version!", labs as "labs!: Json<Vec<LabRole>>", language as "language: Language", email as "email: Email"
        from profiles where id = $1"#,
        id
    );
    Ok(found.fetch_optional(db).await?)
}

pub async fn find_id(db: &mut PgConnection, known_by: &KnownBy) -> Result<Option<Uuid>> {
    let (issuer, subject) = known_by.identity().unzip();
    let id = sqlx::query_scalar!(
        "select id from users
        where phone = $1 or id = (select user_id from identities where issuer = $2 and subject = $3)",
        known_by.phone().map(Phone::as_str),
        issuer,
        subject
    );
    Ok(id.fetch_optional(db).await?)
}

/// A profile after a change, and what there was before.
pub struct Updated {
    pub user: User,
    pub is_renamed: bool,
    pub old_language: Option<Language>,
}

pub async fn update(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    version: Option<i32>,
    patch: UserPatch,
    now: DateTime<Utc>,
) -> Result<Option<Updated>> {
    let updated = sqlx::query!(
        r#"with was as (
            select id, name, language, coalesce($3, name) as new_name, case when $5 then $6 else language end as new_language
            from users where id = $1 and ($2::integer is null or version = $2) for no key update
        ), changed as (
            update users u set name = was.new_name, language = was.new_language,
                version = u.version + ((was.name, was.language) is distinct from (was.new_name, was.new_language))::int,
                updated_at = case when (was.name, was.language) is distinct from (was.new_name, was.new_language) then $4
                    else u.updated_at end
            from was where u.id = was.id
            returning u.id, u.name, u.language, u.version, was.name <> u.name as is_renamed, was.language as old_language
        )
        select p.id as "id!", p.phone as "phone: Phone", c.name, p.is_owner as "is_owner!",
            p.is_cataloguer as "is_cataloguer!", c.version, p.labs as "labs!: Json<Vec<LabRole>>", c.language as "language: Language", p.email as "email: Email",
            c.is_renamed as "is_renamed!", c.old_language as "old_language: Language"
        from changed c join profiles p on p.id = c.id"#,
        id,
        version,
        patch.name.map(String::from),
        now,
        patch.language.is_some(),
        patch.language.flatten() as Option<Language>
    );
    Ok(updated.fetch_optional(&mut **tx).await?.map(|row| {
        let user = user_of!(row);
        Updated { user, is_renamed: row.is_renamed, old_language: row.old_language }
    }))
}

/// Held until the transaction ends. The number is nobody else's: "FRST" in ASCII.
pub async fn queue_up_for_being_first(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("select from pg_advisory_xact_lock(1179800404)").execute(db).await?;
    Ok(())
}

pub async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewUser,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<bool>> {
    let is_owner = sqlx::query_scalar!(
        "insert into users (id, phone, is_owner, created_at, updated_at)
        values ($1, $2, $3 or ($4 and not exists (select from users)), $5, $5)
        on conflict on constraint users_phone_key do nothing
        returning is_owner",
        new.id,
        phone.as_str(),
        new.owner == Ownership::Yes,
        new.owner == Ownership::IfFirst,
        now
    );
    Ok(is_owner.fetch_optional(&mut **tx).await?)
}

/// The identity comes first, as its key is what two people who come at once meet; its reference to the user is checked
/// at the end of the statement.
pub async fn insert_with_identity(
    tx: &mut PgTransaction<'_>,
    new: &NewUser,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<Option<bool>> {
    let is_owner = sqlx::query_scalar!(
        "with identity as (
            insert into identities (issuer, subject, user_id, created_at) values ($2, $3, $1, $6)
            on conflict on constraint identities_pkey do nothing
            returning user_id
        )
        insert into users (id, is_owner, created_at, updated_at)
        select user_id, $4 or ($5 and not exists (select from users)), $6, $6 from identity
        returning is_owner",
        new.id,
        issuer,
        subject,
        new.owner == Ownership::Yes,
        new.owner == Ownership::IfFirst,
        now
    );
    Ok(is_owner.fetch_optional(&mut **tx).await?)
}

/// Somebody who was made an owner: what they were before, if they were here.
pub struct NewOwner {
    pub id: Uuid,
    pub was_owner: Option<bool>,
    pub disabled_at: Option<DateTime<Utc>>,
}

/// Whom it made one, or enabled; none for somebody who was one and can sign in.
pub async fn make_owner(
    tx: &mut PgTransaction<'_>,
    new_id: Uuid,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<NewOwner>> {
    let made = sqlx::query_as!(
        NewOwner,
        r#"with was as (
            select is_owner, disabled_at from users where phone = $2 for no key update
        )
        insert into users as u (id, phone, is_owner, created_at, updated_at)
        select $1, $2, true, $3, $3 from (select count(*) from was) read_before_it_changes
        on conflict on constraint users_phone_key
            do update set is_owner = true, disabled_at = null, version = u.version + 1, updated_at = $3
                where not u.is_owner or u.disabled_at is not null
        returning id, (select is_owner from was) as was_owner, (select disabled_at from was) as disabled_at"#,
        new_id,
        phone.as_str(),
        now
    );
    Ok(made.fetch_optional(&mut **tx).await?)
}

pub async fn is_only_owner(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let only = sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and is_owner and disabled_at is null)
            and not exists (select from users where id <> $1 and is_owner and disabled_at is null) as "only!""#,
        id
    );
    Ok(only.fetch_one(db).await?)
}

pub async fn erase(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<Erased>> {
    let erased = sqlx::query_as!(
        Erased,
        r#"with was as (
            select * from users where id = $1 and deleted_at is null and ($2::int is null or version = $2) for update
        ), erased as (
            update users u set phone = null, name = '', email = null, language = null, is_owner = false,
                is_cataloguer = false, disabled_at = coalesce(u.disabled_at, $3), deleted_at = $3,
                version = u.version + 1, updated_at = $3
            from was where u.id = was.id
            returning u.id, was.phone, was.name <> '' as has_name, was.email is not null as has_email, was.language,
                was.is_owner, was.is_cataloguer, was.disabled_at
        ), identities as (
            delete from identities where user_id = (select id from erased)
        )
        select phone as "phone: Phone", has_name as "has_name!", has_email as "has_email!",
            language as "language: Language", is_owner as "is_owner!", is_cataloguer as "is_cataloguer!", disabled_at
        from erased"#,
        id,
        version,
        now
    );
    Ok(erased.fetch_optional(&mut **tx).await?)
}

pub async fn is_there(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and deleted_at is null) as "there!""#,
        id
    );
    Ok(there.fetch_one(db).await?)
}
