//! The SQL of lines.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actor::{Actor, Who},
    change::Change,
};
use crate::base::{error::Result, ids};

/// All of them in one statement. Their ids ascend in the order of the changes.
pub async fn insert(db: &mut PgConnection, by: &Actor, changes: &[Change]) -> Result<()> {
    let mut ids: Vec<Uuid> = changes.iter().map(|_| ids::new(by.at)).collect();
    ids.sort_unstable();
    let labs: Vec<_> = changes.iter().map(|change| change.lab_id).collect();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind.as_str()).collect();
    let subjects: Vec<_> = changes.iter().map(|change| change.subject).collect();
    let fields: Vec<_> = changes.iter().map(|change| sqlx::types::Json(&change.fields)).collect();
    let marks: Vec<_> = changes.iter().map(|change| change.without_key.then_some(true)).collect();
    let (user, system, r#for) = match by.who {
        Who::Person(id) => (Some(id), None, None),
        Who::System { system, r#for } => (None, Some(system), r#for),
    };
    let inserted = sqlx::query!(
        "insert into journal (lab_id, id, kind, subject, changes, by_user, by_system, by_for, session_id, request_id, at,
            without_key)
        select lab_id, id, kind, subject, changes, $6, $7, $8, $9, $10, $11, without_key
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::jsonb[], $12::boolean[])
            as change (lab_id, id, kind, subject, changes, without_key)",
        &labs,
        &ids,
        &kinds as &[&str],
        &subjects,
        &fields as _,
        user,
        system.map(super::System::as_str),
        r#for,
        by.origin.session_id,
        by.origin.request_id.map(|id| id.to_string()),
        by.at,
        &marks as &[Option<bool>]
    );
    inserted.execute(db).await?;
    Ok(())
}

/// Whether somebody has made this very change; what the fields `beside` were is not asked.
pub async fn is_told(db: &mut PgConnection, by: Uuid, change: &Change, beside: &[&str]) -> Result<bool> {
    let told = sqlx::query_scalar!(
        r#"select exists (
            select from journal where lab_id = $1 and subject = $2 and kind = $3 and by_user = $4
                and changes - $6::text[] = $5::jsonb - $6::text[]
        ) as "told!""#,
        change.lab_id,
        change.subject,
        change.kind.as_str(),
        by,
        sqlx::types::Json(&change.fields) as _,
        beside as &[&str]
    );
    Ok(told.fetch_one(db).await?)
}
