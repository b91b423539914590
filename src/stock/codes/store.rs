//! SQL on the codes of a lab.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::error::Result;

/// A code as it is printed, and on what.
pub struct Printed {
    pub code: String,
    pub is_location: bool,
}

/// The one that keeps others from a canonical form.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, canonical: &str) -> Result<Option<Printed>> {
    let found = sqlx::query_as!(
        Printed,
        r#"select code, location_id is not null as "is_location!" from codes
        where lab_id = $1 and canonical = $2 and spelling = ''"#,
        lab_id,
        canonical
    );
    Ok(found.fetch_optional(db).await?)
}
