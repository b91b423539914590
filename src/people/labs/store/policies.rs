//! SQL on the policies of a lab.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use crate::{
    auth::PolicyName,
    base::error::Result,
    people::labs::policies::{PolicyChange, PolicyState},
};

/// Where a value stands among those of a lab.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Key(pub DateTime<Utc>, pub i32, pub PolicyName);

/// The latest first, after `after`. The defaults of the code stand before all that was set, as set by nobody.
pub async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    name: Option<PolicyName>,
    now: DateTime<Utc>,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<PolicyChange>> {
    let names = PolicyName::ALL.map(PolicyName::as_str);
    let defaults = PolicyName::ALL.map(PolicyName::default_value);
    let rows = sqlx::query_as!(
        PolicyChange,
        r#"with known as (
            select name, seq, value, effective_from, set_by, set_at, withdrawn_at, withdrawn_by from lab_policies
            where lab_id = $1 and name = any ($2)
            union all
            select d.name, 0, d.value, least(l.created_at, $4), null, l.created_at, null, null
            from labs l cross join unnest($2::text[], $3::jsonb[]) d (name, value) where l.id = $1
        ), told as (
            select *, case
                when withdrawn_at is not null then 'withdrawn'
                when effective_from > $4 then 'coming'
                when row_number() over (partition by name, withdrawn_at is null and effective_from <= $4
                    order by effective_from desc, seq desc) = 1 then 'in_effect'
                else 'past' end as state
            from known where $5::text is null or name = $5
        )
        select name as "name!: PolicyName", value as "value!", state as "state!: PolicyState",
            effective_from as "effective_from!", set_by as "set_by?", set_at as "set_at!",
            withdrawn_by as "withdrawn_by?", withdrawn_at as "withdrawn_at?", seq as "seq!"
        from told where $6::timestamptz is null or (effective_from, seq, name) < ($6, $7::int, $8::text)
        order by effective_from desc, seq desc, name desc limit $9"#,
        lab_id,
        &names as &[&str],
        &defaults,
        now,
        name.map(PolicyName::as_str),
        after.map(|Key(from, ..)| from),
        after.map(|Key(_, seq, _)| seq),
        after.map(|Key(_, _, name)| name.as_str()),
        limit
    );
    Ok(rows.fetch_all(db).await?)
}

/// Who calls it holds the lab's lock.
pub async fn insert(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    name: PolicyName,
    value: &Value,
    from: DateTime<Utc>,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into lab_policies (lab_id, name, seq, value, effective_from, set_by, set_at)
        select $1, $2, coalesce(max(seq), 0) + 1, $3, $4, $5, $6 from lab_policies where lab_id = $1 and name = $2",
        lab_id,
        name.as_str(),
        value,
        from,
        by,
        now
    );
    inserted.execute(&mut **tx).await?;
    Ok(())
}

/// What is coming does not come.
pub async fn withdraw(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    name: PolicyName,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    let withdrawn = sqlx::query!(
        "update lab_policies set withdrawn_at = $3, withdrawn_by = $4
        where lab_id = $1 and name = $2 and withdrawn_at is null and effective_from > $3",
        lab_id,
        name.as_str(),
        now,
        by
    );
    withdrawn.execute(&mut **tx).await?;
    Ok(())
}
