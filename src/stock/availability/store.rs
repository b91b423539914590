//! SQL on who has what.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Availability, Total};
use crate::base::error::Result;

/// Containers count that somebody may use: not those that are lost, given up, empty or in quarantine. In the labs of
/// others the caller has no key to what is hidden.
pub async fn page(
    db: &mut PgConnection,
    chemical_id: Uuid,
    (own, now): (&[Uuid], DateTime<Utc>),
    after: Uuid,
    limit: i64,
    unseen: &[Uuid],
) -> Result<Vec<Availability>> {
    let labs = sqlx::query_as!(
        Availability,
        r#"with recursive own as (
            select unnest($2::uuid[]) as lab_id
        ), seen as materialized (
            select lab_id as id, true as is_own from own
            union all
            select p.lab_id, false from (select distinct lab_id from lab_policies where name = 'sharing') p
            where exists (select from own) and p.lab_id not in (select lab_id from own)
                and policies_of_lab(p.lab_id, $3) ->> 'sharing' = 'stock'
        ), hidden as (
            select l.lab_id, l.id from seen s join locations l on l.lab_id = s.id
            where not s.is_own and l.access = 'hidden'
            union
            select l.lab_id, l.id from hidden h join locations l on l.lab_id = h.lab_id and l.parent_id = h.id
        )
        select l.id as "lab_id!", l.name as "lab_name!", s.is_own as "is_own!",
            t.amounts as "amounts!: Json<Vec<Total>>", l.contact as "contact?"
        from seen s join labs l on l.id = s.id cross join lateral (
            select jsonb_agg(jsonb_build_object('value', trim_scale(total)::text, 'unit', unit) order by unit) as amounts
            from (
                select unit, sum(amount) as total from containers
                where lab_id = l.id and chemical_id = $1 and not is_gone and state in ('in_stock', 'opened', 'on_loan')
                    and amount > 0 and (location_id = any ($6)) is not true
                    and not exists (select from hidden h where h.lab_id = l.id and h.id = containers.location_id)
                group by unit
            ) held
        ) t
        where l.id > $4 and t.amounts is not null order by l.id limit $5"#,
        chemical_id,
        own,
        now,
        after,
        limit,
        unseen
    );
    Ok(labs.fetch_all(db).await?)
}

pub async fn is_chemical(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from chemicals where id = $1 and deleted_at is null) as "known!""#,
        id
    );
    Ok(known.fetch_one(db).await?)
}
