//! Terms and words that an older version of the fold has made.

use sqlx::{Connection as _, PgConnection};

use super::{chemicals, update};
use crate::base::error::Result;

/// Writes the terms and words of some chemicals anew that an older fold has made, and says how many there were. What
/// another instance is just writing is left to it.
#[expect(clippy::disallowed_methods, reason = "nobody sees the terms themselves")]
pub async fn refresh_some(db: &mut PgConnection) -> Result<usize> {
    let mut tx = db.begin().await?;
    let stale = chemicals!(
        "from chemicals c where c.terms_version < 1 and c.deleted_at is null order by c.id limit 500
        for no key update skip locked"
    );
    let stale = stale.fetch_all(&mut *tx).await?;
    if !stale.is_empty() {
        update(&mut tx, &stale).await?;
        tx.commit().await?;
    }
    Ok(stale.len())
}

pub async fn count_stale(db: &mut PgConnection) -> Result<i64> {
    let stale =
        sqlx::query_scalar!(r#"select count(*) as "n!" from chemicals where terms_version < 1 and deleted_at is null"#);
    Ok(stale.fetch_one(db).await?)
}
