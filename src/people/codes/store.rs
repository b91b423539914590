//! SQL on codes that have let somebody in.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::base::error::Result;

pub async fn drop_consumed_challenges(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from consumed_challenges where challenge_id in
            (select challenge_id from consumed_challenges where consumed_at < $1 limit $2 for update skip locked)",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}
