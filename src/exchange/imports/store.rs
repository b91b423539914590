//! What an import asks of the lab that it writes for.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::{error::Result, phone::Phone};

/// Five hundred rows may take longer than a request may, in an embedded database above all; and so may those of another
/// import, which this one waits for.
pub async fn give_time(db: &mut PgConnection) -> Result<()> {
    let given = sqlx::query!(
        "select set_config(name, '5min', true) from unnest('{statement_timeout,lock_timeout}'::text[]) name"
    );
    given.fetch_all(db).await?;
    Ok(())
}

pub async fn lab_exists(db: &mut PgConnection, lab_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!("select 1 from labs where id = $1", lab_id).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// Whether a list of this name has brought bottles with made codes.
pub async fn knows_list(db: &mut PgConnection, lab_id: Uuid, name: &str) -> Result<bool> {
    let found = sqlx::query_scalar!("select 1 from imported_lists where lab_id = $1 and name = $2", lab_id, name);
    Ok(found.fetch_optional(db).await?.is_some())
}

pub async fn keep_list(db: &mut PgConnection, lab_id: Uuid, name: &str) -> Result<()> {
    let kept = sqlx::query!(
        "insert into imported_lists (lab_id, name) values ($1, $2) on conflict on constraint imported_lists_pkey do nothing",
        lab_id,
        name
    );
    kept.execute(db).await?;
    Ok(())
}

/// The person in whose name a lab's bottles are to be booked.
pub struct Person {
    pub id: Uuid,
    pub is_disabled: bool,
    pub is_member: bool,
}

pub async fn find_person(db: &mut PgConnection, lab_id: Uuid, phone: &Phone) -> Result<Option<Person>> {
    let person = sqlx::query_as!(
        Person,
        r#"select u.id, u.disabled_at is not null as "is_disabled!",
            exists (
                select from memberships m where m.lab_id = $1 and m.user_id = u.id and m.left_at is null
            ) as "is_member!"
        from users u where u.phone = $2"#,
        lab_id,
        phone.as_str()
    );
    Ok(person.fetch_optional(db).await?)
}
