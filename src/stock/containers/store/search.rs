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

/// Reads matches: `ranked_bottles!("... ranked as (select id, rank ...)"; lab_id, filter, after, most, unseen;
/// arguments)`, where the text is the rest of a `with`. Of what it ranks those bottles come that the filter leaves and
/// the reader sees, from `after` on. It may use their parameters: `$1` is the lab, `$2` to `$7` are what the filter says
/// (whether they are gone, location, chemical, state, day of expiry, whether they are low), `$8` to `$10` the rank, day
/// and id of the match to go on from, `$11` how many are wanted and `$12` the places that the reader does not see. Its
/// own arguments begin at `$13`. `below` has the ids of the filter's place and of all below it.
macro_rules! ranked_bottles {
    ($with:literal; $lab_id:expr, $filter:expr, $after:expr, $most:expr, $unseen:expr; $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Match,
            "with recursive below (id) as (
                select id from locations where lab_id = $1 and id = $3
                union all
                select l.id from below b cross join lateral
                    (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
            ), "
                + $with
                + r#" select c.id, r.rank as "rank!"
            from ranked r join containers c on c.lab_id = $1 and c.id = r.id
            where c.is_gone = any ($2) and ($3::uuid is null or c.location_id in (select id from below))
                and ($4::uuid is null or c.chemical_id = $4) and ($5::text is null or c.state = $5)
                and ($6::date is null or c.expires_on < $6) and (not $7::bool or c.is_low)
                and (r.rank > $8 or r.rank = $8 and case when $6::date is null then c.id < $10
                    else c.expires_on > $9 or c.expires_on = $9 and c.id < $10 end)
                and (c.location_id = any ($12)) is not true
            order by r.rank, case when $6::date is not null then c.expires_on end, c.id desc limit $11"#,
            $lab_id,
            $filter.gone() as &[bool],
            $filter.location_id,
            $filter.chemical_id,
            $filter.state_name(),
            $filter.expiring_before as Option<NaiveDate>,
            $filter.low,
            $after.rank,
            $after.date,
            $after.id,
            $most,
            $unseen,
            $($argument),+
        )
    };
}

/// 0 what the label says (code or lot), 1 what it begins with; then the bottles of chemicals: 2 the name, the lab's or
/// the catalogue's, 3 another term, 4 the beginning of the name, 5 of another term, 6 all words in the names. Of one
/// rank the newest comes first, or when a day is given the first to expire.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn search(
    db: &mut PgConnection,
    lab_id: Uuid,
    (q, query): (&str, &Query),
    filter: &ContainerFilter,
    after: &Key,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Match>> {
    let rows = ranked_bottles!(
        r#"labelled (id, rank) as materialized (
            (select id, rank from (
                select id, expires_on, case when upper($13) collate "C" in (upper(code) collate "C", upper(lot) collate "C")
                    then 0 else 1 end as rank
                from containers
                where lab_id = $1 and upper(code) collate "C" >= upper($13)
                    and upper(code) collate "C" < upper($13) || U&'\+10FFFF' and is_gone = any ($2)
                    and ($4::uuid is null or chemical_id = $4) and ($5::text is null or state = $5)
                    and ($6::date is null or expires_on < $6) and (not $7::bool or is_low)
                    and ($3::uuid is null or location_id in (select id from below))
                    and (location_id = any ($12)) is not true
            ) l
            where rank > $8 or rank = $8 and case when $6::date is null then id < $10
                else expires_on > $9 or expires_on = $9 and id < $10 end
            order by rank, case when $6::date is not null then expires_on end, id desc limit $11)
            union
            (select id, rank from (
                select id, expires_on, case when upper($13) collate "C" in (upper(code) collate "C", upper(lot) collate "C")
                    then 0 else 1 end as rank
                from containers
                where lab_id = $1 and upper(lot) collate "C" >= upper($13)
                    and upper(lot) collate "C" < upper($13) || U&'\+10FFFF' and is_gone = any ($2)
                    and ($4::uuid is null or chemical_id = $4) and ($5::text is null or state = $5)
                    and ($6::date is null or expires_on < $6) and (not $7::bool or is_low)
                    and ($3::uuid is null or location_id in (select id from below))
                    and (location_id = any ($12)) is not true
            ) l
            where rank > $8 or rank = $8 and case when $6::date is null then id < $10
                else expires_on > $9 or expires_on = $9 and id < $10 end
            order by rank, case when $6::date is not null then expires_on end, id desc limit $11)
        ), named (chemical_id, rank) as materialized (
            select chemical_id, min(rank) from (
                select chemical_id, rank from chemicals_of_lab($1, $14, $15, $16)
                union all
                select chemical_id, rank from chemicals_named_by_lab($1, $14, $15, $16)
            ) f
            where $15 <> '' and ($4::uuid is null or chemical_id = $4) group by chemical_id
        ), ranked as (
            table labelled
            union all
            select b.id, n.rank from named n cross join lateral (
                select id from containers
                where lab_id = $1 and chemical_id = n.chemical_id and is_gone = any ($2)
                    and ($5::text is null or state = $5) and ($6::date is null or expires_on < $6)
                    and (not $7::bool or is_low) and ($3::uuid is null or location_id in (select id from below))
                    and not (upper(code) collate "C" >= upper($13)
                        and upper(code) collate "C" < upper($13) || U&'\+10FFFF')
                    and (lot is null or not (upper(lot) collate "C" >= upper($13)
                        and upper(lot) collate "C" < upper($13) || U&'\+10FFFF'))
            ) b
        )"#;
        lab_id, filter, after, most, unseen;
        q,
        &query.exact,
        query.key,
        &query.words,
    );
    Ok(rows.fetch_all(db).await?)
}

/// What may have been meant: 10 a label one slip away, from 20 on the name or another term, from 40 on what the
/// likeliest begin or have all words of. A name that the lab has given is taken for one that shares half of its letters
/// in threes, as the catalogue's words know nothing of it. Those that were found as they were typed are left out.
#[expect(clippy::too_many_arguments, reason = "one statement, and its arguments")]
pub async fn search_meant(
    db: &mut PgConnection,
    lab_id: Uuid,
    (labels, key, meant): (&[String], &str, &Meant),
    known: &[Uuid],
    filter: &ContainerFilter,
    after: &Key,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Match>> {
    let rows = ranked_bottles!(
        r#"labelled (id) as materialized (
            select c.id from unnest($13::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.code) collate "C" = label.text
            union
            select c.id from unnest($13::text[]) label (text)
                join containers c on c.lab_id = $1 and upper(c.lot) collate "C" = label.text
        ), texts as materialized (
            select * from unnest($14::text[], $15::int[]) with ordinality m (key, unlikely, n)
        ), likely as materialized (
            select * from unnest($17::text[]) with ordinality l (words, n) join texts using (n)
        ), named (chemical_id, rank) as materialized (
            select chemical_id, min(rank) from (
                select t.chemical_id, 20 + 4 * t.kind + x.unlikely as rank from texts x
                    join chemical_terms t on t.kind = any ('{0,1}') and t.term = x.key
                union all
                select chemical_id, 20 from chemical_terms where kind = any ('{0,1}') and term = any ($16)
                union all
                select f.chemical_id, 40 + 8 * l.n::int + f.rank from likely l
                    cross join lateral chemicals_of_lab($1, '{}', l.key, string_to_array(l.words, ' ')) f
                union all
                select o.chemical_id, 20 from chemical_overrides o cross join unnest(o.terms) t (term)
                where o.lab_id = $1 and $19 <> '' and word_similarity($19, t.term) >= 0.45
            ) f where $4::uuid is null or chemical_id = $4 group by chemical_id
        ), ranked as (
            select id, 10 as rank from labelled where id <> all ($18)
            union all
            select b.id, n.rank from named n cross join lateral (
                select id from containers
                where lab_id = $1 and chemical_id = n.chemical_id and is_gone = any ($2)
                    and ($5::text is null or state = $5) and ($6::date is null or expires_on < $6)
                    and (not $7::bool or is_low) and ($3::uuid is null or location_id in (select id from below))
                    and id not in (select id from labelled) and id <> all ($18)
            ) b
        )"#;
        lab_id, filter, after, most, unseen;
        labels,
        &meant.keys,
        &meant.unlikelihoods,
        &meant.cas,
        &meant.words,
        known,
        key,
    );
    Ok(rows.fetch_all(db).await?)
}
