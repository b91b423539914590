//! The search among the bottles of a lab. Every range is cut, so that it costs the same in any lab and any catalogue;
//! the other conditions of the list are checked on what is found.

use sqlx::PgConnection;
use uuid::Uuid;

use super::containers;
use crate::{
    chemicals::Slips,
    containers::{Container, ContainerFilter},
    error::Result,
};

/// First what the label says (code or lot, or how it begins), then bottles of chemicals with a name, synonym, number or
/// formula that is or begins with the text, and if these are few, of those with all its words in their names.
pub async fn search(
    db: &mut PgConnection,
    lab_id: Uuid,
    q: &str,
    words: &[String],
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let (label, term) = (q.to_uppercase(), q.to_lowercase());
    let rows = containers!(
        r#"with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $5
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ), labelled as materialized (
            (select id, case when upper(code) collate "C" = $2 then 0 else 1 end as rank from containers
                where lab_id = $1 and upper(code) collate "C" >= $2 and upper(code) collate "C" < $2 || U&'\+10FFFF'
                order by upper(code) collate "C" limit 200)
            union all
            (select id, case when upper(lot) collate "C" = $2 then 0 else 1 end as rank from containers
                where lab_id = $1 and upper(lot) collate "C" >= $2 and upper(lot) collate "C" < $2 || U&'\+10FFFF'
                order by upper(lot) collate "C" limit 200)
        ), named as materialized (
            select chemical_id, min(case when term = $3 then 2 else 3 end) as rank from (
                select chemical_id, term from chemical_terms where term >= $3 and term < $3 || U&'\+10FFFF'
                order by term, chemical_id limit 1000
            ) t group by chemical_id
        ), worded as materialized (
            select chemical_id, 4 as rank from chemicals_by_words($4) where (select count(*) from named) < $10
        ), ranked as (
            select id, min(rank) as rank from (
                table labelled
                union all
                select b.id, m.rank from (table named union all table worded) m cross join lateral (
                    select id from containers where lab_id = $1 and chemical_id = m.chemical_id order by id limit 50
                ) b
            ) f group by id
        ) "#;
        "from ranked r join containers c on c.id = r.id join chemicals h on h.id = c.chemical_id
        where ($5::uuid is null or c.location_id in (table below)) and ($6::uuid is null or c.chemical_id = $6)
            and ($7::text is null or c.state = $7) and ($8::date is null or c.expires_on < $8)
            and (not $9::bool or c.is_low)
        order by r.rank, c.id limit $10",
        lab_id,
        label,
        term,
        words,
        filter.location_id,
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before,
        filter.low,
        filter.limit.count()
    );
    Ok(rows.fetch_all(db).await?)
}

/// What may have been meant: a label, a word or a CAS number that is one slip away.
pub async fn search_alike(
    db: &mut PgConnection,
    lab_id: Uuid,
    labels: &[String],
    (words, slips): (&[String], &Slips),
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        r#"with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $7
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ), alike as materialized (
            select chemical_id from chemicals_by_slip($3, $4, $5)
            union select chemical_id from chemical_terms where term = any($6)
        ), found (id, rank) as materialized (
            (select c.id, 0 from unnest($2::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.code) collate "C" = label.text limit 200)
            union
            (select c.id, 0 from unnest($2::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.lot) collate "C" = label.text limit 200)
            union
            select b.id, 1 from alike a cross join lateral (
                select id from containers where lab_id = $1 and chemical_id = a.chemical_id order by id limit 50
            ) b
        ), ranked as (
            select id, min(rank) as rank from found group by id
        ) "#;
        "from ranked r join containers c on c.id = r.id join chemicals h on h.id = c.chemical_id
        where ($7::uuid is null or c.location_id in (table below)) and ($8::uuid is null or c.chemical_id = $8)
            and ($9::text is null or c.state = $9) and ($10::date is null or c.expires_on < $10)
            and (not $11::bool or c.is_low)
        order by r.rank, length(h.name), h.name, c.id limit $12",
        lab_id,
        labels,
        words,
        &slips.slips,
        &slips.slip_of,
        &slips.cas,
        filter.location_id,
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before,
        filter.low,
        filter.limit.count()
    );
    Ok(rows.fetch_all(db).await?)
}
