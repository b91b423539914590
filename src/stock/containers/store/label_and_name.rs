//! The search among the bottles of a lab by a label and a name together.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::search::Match;
use crate::{
    base::error::Result,
    stock::containers::{ContainerFilter, filter::Key},
};

/// Words of which one is the label (lot or code, or how it begins) of a bottle, and the others name what is in it, as
/// [`search`](super::search) finds it. One entry for each word that may be the label.
pub struct LabelAndName<'a> {
    pub labels: Vec<&'a str>,
    pub keys: Vec<String>,
    /// Separated by spaces, as no word has one.
    pub words: Vec<String>,
    /// Separated by line breaks.
    pub exact: Vec<String>,
}

/// A word with which so many labels begin finds no bottle by itself: then the bottles of the named chemicals are read,
/// and their labels looked at.
const COMMON_LABEL: i64 = 1_000;

/// Bottles that have all words of a text, one in the label and the others in the chemical's names. All have the rank 7.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn search_label_and_name(
    db: &mut PgConnection,
    lab_id: Uuid,
    texts: &LabelAndName<'_>,
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
            select l.id, t.n from texts t cross join lateral (
                (select id from containers where lab_id = $1 and upper(lot) collate "C" >= t.label
                    and upper(lot) collate "C" < t.label || U&'\+10FFFF' limit $16)
                union
                (select id from containers where lab_id = $1 and upper(code) collate "C" >= t.label
                    and upper(code) collate "C" < t.label || U&'\+10FFFF' limit $16)
            ) l
        ), common (n) as materialized (
            select n from labelled group by n having count(*) >= $16
        ), named (chemical_id, n) as materialized (
            select f.chemical_id, t.n from texts t cross join lateral (
                select chemical_id
                from chemicals_of_lab($1, string_to_array(t.exact, E'\n'), t.key, string_to_array(t.words, ' '))
                union
                select chemical_id
                from chemicals_named_by_lab($1, string_to_array(t.exact, E'\n'), t.key, string_to_array(t.words, ' '))
            ) f where t.n in (select n from labelled)
        ), alike (id) as (
            select l.id from labelled l join containers b on b.lab_id = $1 and b.id = l.id
                join named n on n.n = l.n and n.chemical_id = b.chemical_id
            where l.n not in (select n from common)
            union
            (select id from (
                select distinct b.id, b.expires_on
                from common join texts t using (n) join named n using (n) cross join lateral (
                    select id, expires_on from containers
                    where lab_id = $1 and chemical_id = n.chemical_id and is_gone = any ($7)
                        and ($6::uuid is null or location_id in (select id from below))
                        and (location_id = any ($15)) is not true
                        and ($8::uuid is null or chemical_id = $8) and ($9::text is null or state = $9)
                        and ($10::date is null or expires_on < $10) and (not $11::bool or is_low)
                        and case when $10::date is null then id < $13
                            else expires_on > $12 or expires_on = $12 and id < $13 end
                        and (upper(lot) collate "C" >= t.label and upper(lot) collate "C" < t.label || U&'\+10FFFF'
                            or upper(code) collate "C" >= t.label and upper(code) collate "C" < t.label || U&'\+10FFFF')
                    order by case when $10::date is not null then expires_on end, id desc limit $14
                ) b
            ) d
            order by case when $10::date is not null then expires_on end, id desc limit $14)
        )
        select c.id, 7 as "rank!" from containers c
        where c.lab_id = $1 and c.id in (select id from alike)
            and c.is_gone = any ($7) and ($6::uuid is null or c.location_id in (select id from below))
            and (c.location_id = any ($15)) is not true
            and ($8::uuid is null or c.chemical_id = $8) and ($9::text is null or c.state = $9)
            and ($10::date is null or c.expires_on < $10) and (not $11::bool or c.is_low)
            and case when $10::date is null then c.id < $13 else c.expires_on > $12 or c.expires_on = $12 and c.id < $13 end
        order by case when $10::date is not null then c.expires_on end, c.id desc limit $14"#,
        lab_id,
        &texts.labels as &[&str],
        &texts.keys,
        &texts.words,
        &texts.exact,
        filter.location_id,
        filter.gone() as &[bool],
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before as Option<NaiveDate>,
        filter.low,
        after.date,
        after.id,
        most,
        unseen,
        COMMON_LABEL
    );
    Ok(rows.fetch_all(db).await?)
}
