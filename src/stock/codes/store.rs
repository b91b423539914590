//! SQL on the codes of a lab.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::error::Result;

/// A code as it is printed, and on what.
pub struct Printed {
    pub code: String,
    pub is_location: bool,
}

/// The one that keeps others from a canonical form, unless its place is not seen.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, canonical: &str, unseen: &[Uuid]) -> Result<Option<Printed>> {
    let found = sqlx::query_as!(
        Printed,
        r#"select k.code, k.location_id is not null as "is_location!"
        from codes k left join containers c on c.lab_id = k.lab_id and c.id = k.container_id
        where k.lab_id = $1 and k.canonical = $2 and k.spelling = ''
            and (coalesce(k.location_id, c.location_id) = any ($3)) is not true"#,
        lab_id,
        canonical,
        unseen
    );
    Ok(found.fetch_optional(db).await?)
}
