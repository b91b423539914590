//! The search among the bottles of a lab: their ids, the best first, with how well they match. What else is asked for
//! is checked before anything is cut.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::error::Result,
    catalogue::chemicals::{Meant, Query},
    stock::containers::{ContainerFilter, filter::Key},
};

pub struct Match {
    pub id: Uuid,
    pub rank: i32,
}

/// 0 what the label says (code or lot), 1 what it begins with; then the bottles of chemicals: 2 the name, the lab's or
/// the catalogue's, 3 another term, 4 the beginning of the name, 5 of another term, 6 all words in the names. Of one
/// rank the newest comes first, or when a day is given the first to expire.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn found(
    db: &mut PgConnection,
    lab_id: Uuid,
    (q, query): (&str, &Query),
    filter: &ContainerFilter,
    after: &Key,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Match>> {
    let rows = sqlx::query_as!(
        Match,
        r#"with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $7
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ), labelled (id, rank) as materialized (
            (select id, rank from (
                select id, expires_on, case when upper($2) collate "C" in (upper(code) collate "C", upper(lot) collate "C")
                    then 0 else 1 end as rank
                from containers
                where lab_id = $1 and upper(code) collate "C" >= upper($2)
                    and upper(code) collate "C" < upper($2) || U&'\+10FFFF' and is_gone = any ($6)
                    and ($8::uuid is null or chemical_id = $8) and ($9::text is null or state = $9)
                    and ($10::date is null or expires_on < $10) and (not $11::bool or is_low)
                    and ($7::uuid is null or location_id in (select id from below))
                    and (location_id = any ($16)) is not true
            ) l
            where rank > $12 or rank = $12 and case when $10::date is null then id < $14
                else expires_on > $13 or expires_on = $13 and id < $14 end
            order by rank, case when $10::date is not null then expires_on end, id desc limit $15)
            union
            (select id, rank from (
                select id, expires_on, case when upper($2) collate "C" in (upper(code) collate "C", upper(lot) collate "C")
                    then 0 else 1 end as rank
                from containers
                where lab_id = $1 and upper(lot) collate "C" >= upper($2)
                    and upper(lot) collate "C" < upper($2) || U&'\+10FFFF' and is_gone = any ($6)
                    and ($8::uuid is null or chemical_id = $8) and ($9::text is null or state = $9)
                    and ($10::date is null or expires_on < $10) and (not $11::bool or is_low)
                    and ($7::uuid is null or location_id in (select id from below))
                    and (location_id = any ($16)) is not true
            ) l
            where rank > $12 or rank = $12 and case when $10::date is null then id < $14
                else expires_on > $13 or expires_on = $13 and id < $14 end
            order by rank, case when $10::date is not null then expires_on end, id desc limit $15)
        ), named (chemical_id, rank) as materialized (
            select chemical_id, min(rank) from (
                select chemical_id, rank from chemicals_of_lab($1, $3, $4, $5)
                union all
                select chemical_id, rank from chemicals_named_by_lab($1, $3, $4, $5)
            ) f
            where $4 <> '' and ($8::uuid is null or chemical_id = $8) group by chemical_id
        ), ranked as (
            table labelled
            union all
            select b.id, n.rank from named n cross join lateral (
                select id from containers
                where lab_id = $1 and chemical_id = n.chemical_id and is_gone = any ($6)
                    and ($9::text is null or state = $9) and ($10::date is null or expires_on < $10)
                    and (not $11::bool or is_low) and ($7::uuid is null or location_id in (select id from below))
                    and not (upper(code) collate "C" >= upper($2)
                        and upper(code) collate "C" < upper($2) || U&'\+10FFFF')
                    and (lot is null or not (upper(lot) collate "C" >= upper($2)
                        and upper(lot) collate "C" < upper($2) || U&'\+10FFFF'))
            ) b
        )
        select c.id, r.rank as "rank!" from ranked r join containers c on c.lab_id = $1 and c.id = r.id
        where c.is_gone = any ($6) and ($7::uuid is null or c.location_id in (select id from below))
            and (c.location_id = any ($16)) is not true
            and ($8::uuid is null or c.chemical_id = $8) and ($9::text is null or c.state = $9)
            and ($10::date is null or c.expires_on < $10) and (not $11::bool or c.is_low)
            and (r.rank > $12 or r.rank = $12 and case when $10::date is null then c.id < $14
                else c.expires_on > $13 or c.expires_on = $13 and c.id < $14 end)
        order by r.rank, case when $10::date is not null then c.expires_on end, c.id desc limit $15"#,
        lab_id,
        q,
        &query.exact,
        query.key,
        &query.words,
        filter.gone() as &[bool],
        filter.location_id,
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before as Option<NaiveDate>,
        filter.low,
        after.rank,
        after.date,
        after.id,
        most,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// What may have been meant: 10 a label one slip away, from 20 on the name or another term, from 40 on what the
/// likeliest begin or have all words of. A name that the lab has given is taken for one that shares half of its letters
/// in threes, as the catalogue's words know nothing of it. Those that were found as they were typed are left out.
#[expect(clippy::too_many_lines, clippy::too_many_arguments, reason = "one statement, and its arguments")]
pub async fn meant(
    db: &mut PgConnection,
    lab_id: Uuid,
    (labels, key, meant): (&[String], &str, &Meant),
    known: &[Uuid],
    filter: &ContainerFilter,
    after: &Key,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Match>> {
    let rows = sqlx::query_as!(
        Match,
        r#"with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $9
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ), labelled (id) as materialized (
            select c.id from unnest($2::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.code) collate "C" = label.text
            union
            select c.id from unnest($2::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.lot) collate "C" = label.text
        ), texts as materialized (
            select * from unnest($3::text[], $4::int[]) with ordinality m (key, unlikely, n)
        ), likely as materialized (
            select * from unnest($6::text[]) with ordinality l (words, n) join texts using (n)
        ), named (chemical_id, rank) as materialized (
            select chemical_id, min(rank) from (
                select t.chemical_id, 20 + 4 * t.kind + x.unlikely as rank from texts x
                    join chemical_terms t on t.kind = any ('{0,1}') and t.term = x.key
                union all
                select chemical_id, 20 from chemical_terms where kind = any ('{0,1}') and term = any ($5)
                union all
                select f.chemical_id, 40 + 8 * l.n::int + f.rank from likely l
                    cross join lateral chemicals_of_lab($1, '{}', l.key, string_to_array(l.words, ' ')) f
                union all
                select o.chemical_id, 20 from chemical_overrides o cross join unnest(o.terms) t (term)
                where o.lab_id = $1 and $18 <> '' and word_similarity($18, t.term) >= 0.45
            ) f where $10::uuid is null or chemical_id = $10 group by chemical_id
        ), ranked as (
            select id, 10 as rank from labelled
            union all
            select b.id, n.rank from named n cross join lateral (
                select id from containers
                where lab_id = $1 and chemical_id = n.chemical_id and is_gone = any ($8)
                    and ($11::text is null or state = $11) and ($12::date is null or expires_on < $12)
                    and (not $13::bool or is_low) and ($9::uuid is null or location_id in (select id from below))
                    and id not in (select id from labelled)
            ) b
        )
        select c.id, r.rank as "rank!" from ranked r join containers c on c.lab_id = $1 and c.id = r.id
        where c.id <> all ($7) and c.is_gone = any ($8) and ($9::uuid is null or c.location_id in (select id from below))
            and (c.location_id = any ($19)) is not true
            and ($10::uuid is null or c.chemical_id = $10) and ($11::text is null or c.state = $11)
            and ($12::date is null or c.expires_on < $12) and (not $13::bool or c.is_low)
            and (r.rank > $14 or r.rank = $14 and case when $12::date is null then c.id < $16
                else c.expires_on > $15 or c.expires_on = $15 and c.id < $16 end)
        order by r.rank, case when $12::date is not null then c.expires_on end, c.id desc limit $17"#,
        lab_id,
        labels,
        &meant.keys,
        &meant.unlikelihoods,
        &meant.cas,
        &meant.words,
        known,
        filter.gone() as &[bool],
        filter.location_id,
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before as Option<NaiveDate>,
        filter.low,
        after.rank,
        after.date,
        after.id,
        most,
        key,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// Words of which one is the label (lot or code, or how it begins) of a bottle, and the others name what is in it, as
/// [`found`] finds it. One entry for each word that may be the label.
pub struct Both<'a> {
    pub labels: Vec<&'a str>,
    pub keys: Vec<String>,
    /// Separated by spaces, as no word has one.
    pub words: Vec<String>,
    /// Separated by line breaks.
    pub exact: Vec<String>,
}

/// Bottles that have all words of a text, one in the label and the others in the chemical's names. All have the rank 7.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn found_by_both(
    db: &mut PgConnection,
    lab_id: Uuid,
    both: &Both<'_>,
    filter: &ContainerFilter,
    after: &Key,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Match>> {
    let rows = sqlx::query_as!(
        Match,
        r#"with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $6
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ), texts as materialized (
            select upper(label) collate "C" as label, key, words, exact, n
            from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality t (label, key, words, exact, n)
        ), labelled (id, n) as materialized (
            select c.id, t.n from texts t join containers c on c.lab_id = $1 and upper(c.lot) collate "C" >= t.label
                and upper(c.lot) collate "C" < t.label || U&'\+10FFFF'
            union
            select c.id, t.n from texts t join containers c on c.lab_id = $1 and upper(c.code) collate "C" >= t.label
                and upper(c.code) collate "C" < t.label || U&'\+10FFFF'
        ), named (chemical_id, n) as materialized (
            select f.chemical_id, t.n from texts t cross join lateral (
                select chemical_id
                from chemicals_of_lab($1, string_to_array(t.exact, E'\n'), t.key, string_to_array(t.words, ' '))
                union
                select chemical_id
                from chemicals_named_by_lab($1, string_to_array(t.exact, E'\n'), t.key, string_to_array(t.words, ' '))
            ) f where t.n in (select n from labelled)
        )
        select c.id, 7 as "rank!" from containers c
        where c.lab_id = $1
            and c.id in (
                select l.id from labelled l join containers b on b.lab_id = $1 and b.id = l.id
                    join named n on n.n = l.n and n.chemical_id = b.chemical_id
            )
            and c.is_gone = any ($7) and ($6::uuid is null or c.location_id in (select id from below))
            and (c.location_id = any ($15)) is not true
            and ($8::uuid is null or c.chemical_id = $8) and ($9::text is null or c.state = $9)
            and ($10::date is null or c.expires_on < $10) and (not $11::bool or c.is_low)
            and case when $10::date is null then c.id < $13 else c.expires_on > $12 or c.expires_on = $12 and c.id < $13 end
        order by case when $10::date is not null then c.expires_on end, c.id desc limit $14"#,
        lab_id,
        &both.labels as &[&str],
        &both.keys,
        &both.words,
        &both.exact,
        filter.location_id,
        filter.gone() as &[bool],
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before as Option<NaiveDate>,
        filter.low,
        after.date,
        after.id,
        most,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}
