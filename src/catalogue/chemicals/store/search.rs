//! The SQL of the search. Every range is cut, so that a search costs the same in any catalogue.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::chemicals;
use crate::{
    base::error::Result,
    catalogue::chemicals::{
        Chemical,
        query::{KnownWord, Meant, Query},
    },
};

/// The best matches: 0 the name, 1 another term, 2 the beginning of the name, and if these are few, 3 the beginning of
/// another term, 4 all words in its name, and 5 in its names together. Among equals the one that is written as it was
/// typed comes first, then the shortest text, then what many names have been given to. Of what begins so the shortest
/// are kept: cut by the alphabet, `chlor` would end before chloroform.
pub async fn search(db: &mut PgConnection, query: &Query, most: i64) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        r#"with names (id, rank, term) as materialized (
            (select chemical_id, 0, term from chemical_terms where kind = 0 and term = any($1) limit 200)
            union all
            (select chemical_id, 1, term from chemical_terms where kind = 1 and term = any($1) limit 200)
            union all
            (select chemical_id, 2, term from (
                select chemical_id, term from chemical_terms
                where kind = 0 and term >= $2 and term < $2 || U&'\+10FFFF' order by term, chemical_id limit 5000
            ) t order by length(term), term, chemical_id limit 200)
        ), hits (id, rank, term) as materialized (
            table names
            union all
            (select chemical_id, 3, term from (
                select chemical_id, term from chemical_terms
                where kind = 1 and term >= $2 and term < $2 || U&'\+10FFFF'
                    and (select count(distinct id) from names) < $5
                order by term, chemical_id limit 5000
            ) t order by length(term), term, chemical_id limit 200)
        ), wide (id, rank, term) as (
            table hits
            union all
            select c.id, case when w.is_name then 4 else 5 end, lower(c.name) collate "C"
            from (select count(distinct id) as n from hits) f
                cross join lateral chemicals_by_words($3, 5000, (f.n + $5)::int) w join chemicals c on c.id = w.chemical_id
            where cardinality($3) > 0 and f.n < $5
        ), best as (
            select id, term, rank from (
                select distinct on (id) id, term, rank from wide order by id, rank, length(term), term
            ) h
            order by rank, length(term), term, id limit 4 * $5
        ) "#;
        "from best b join chemicals c on c.id = b.id
        order by b.rank, (lower(c.name) = $4) desc, length(b.term), b.term, cardinality(c.synonyms) desc, c.name, c.id limit $5",
        &query.exact,
        query.key,
        &query.words,
        query.typed,
        most
    );
    Ok(found.fetch_all(db).await?)
}

pub struct Known {
    /// Whether the whole text is a term of the catalogue.
    pub is_term: bool,
    /// How many of the chemicals that were found have a term that begins with the text.
    pub begin: usize,
    pub words: HashMap<String, KnownWord>,
}

pub async fn known(db: &mut PgConnection, query: &Query, found: &[Uuid]) -> Result<Known> {
    let rows = sqlx::query!(
        r#"select a.word as "word!", n as "n!",
            (select count(*) from generate_series(1, length(a.word)) i where exists (
                select from catalogue_words c where c.word >= left(a.word, i) and c.word < left(a.word, i) || U&'\+10FFFF'
            )) as "letters!",
            exists (select from chemical_terms where kind = any('{0,1}') and term = any($2)) as "is_term!",
            (select count(*) from unnest($3::uuid[]) f (id) where exists (
                select from chemical_terms t where t.chemical_id = f.id and t.term >= $4 and t.term < $4 || U&'\+10FFFF'
            )) as "begin!"
        from unnest($1::text[] || '{""}') a (word) cross join lateral (
            select count(*) as n from (select from chemical_words w where w.word = a.word limit 100) w
        ) w"#,
        &query.words,
        &query.exact,
        found,
        query.key
    );
    let rows = rows.fetch_all(db).await?;
    Ok(Known {
        is_term: rows.iter().any(|row| row.is_term),
        begin: rows.first().and_then(|row| usize::try_from(row.begin).ok()).unwrap_or_default(),
        words: rows.into_iter().map(|row| (row.word, KnownWord { chemicals: row.n, letters: row.letters })).collect(),
    })
}

/// Words of the catalogue that are one of these slips, or begin with one. What a short slip begins is too much to be
/// told apart.
pub async fn corrections(db: &mut PgConnection, slips: &[String]) -> Result<Vec<String>> {
    let words = sqlx::query_scalar!(
        r#"select distinct w.word as "word!" from unnest($1::text[]) s (slip) cross join lateral (
            select word from catalogue_words
            where word >= s.slip and word <= case when length(s.slip) < 5 then s.slip else s.slip || U&'\+10FFFF' end
            order by word limit 3
        ) w limit 1000"#,
        slips
    );
    Ok(words.fetch_all(db).await?)
}

/// Chemicals of which a name, another term or the number is what may have been meant, the likelier slip before the
/// other.
pub async fn search_meant(db: &mut PgConnection, meant: &Meant, known: &[Uuid], most: i64) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        r#"with hits (id, rank, term) as materialized (
            (select t.chemical_id, 3 * t.kind + m.unlikely, t.term from unnest($1::text[], $2::int[]) m (key, unlikely)
                join chemical_terms t on t.kind = any('{0,1}') and t.term = m.key limit 500)
            union all
            (select chemical_id, 0, term from chemical_terms where kind = any('{0,1}') and term = any($3) limit 200)
        ), best as (
            select distinct on (id) id, term, rank from hits where id <> all ($4) order by id, rank, length(term), term
        ) "#;
        "from best b join chemicals c on c.id = b.id
        order by b.rank, cardinality(c.synonyms) desc, length(b.term), b.term, c.name, c.id limit $5",
        &meant.keys,
        &meant.unlikelihoods,
        &meant.cas,
        known,
        most
    );
    Ok(found.fetch_all(db).await?)
}

/// Chemicals of which a name (0 to 2) or another term (3 to 5) begins with what may have been meant, and if these are
/// few, those that have all words of the likeliest.
pub async fn search_near(db: &mut PgConnection, meant: &Meant, known: &[Uuid], most: i64) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        r#"with meant as materialized (
            select * from unnest($1::text[], $2::int[]) m (key, unlikely)
        ), hits (id, rank, term) as materialized (
            (select t.chemical_id, m.unlikely, t.term from meant m cross join lateral (
                select chemical_id, term from chemical_terms
                where kind = 0 and term > m.key and term < m.key || U&'\+10FFFF' order by term limit 5
            ) t)
            union all
            (select t.chemical_id, 3 + m.unlikely, t.term from meant m cross join lateral (
                select chemical_id, term from chemical_terms
                where kind = 1 and term > m.key and term < m.key || U&'\+10FFFF' order by term limit 5
            ) t)
        ), wide (id, rank, term) as (
            table hits
            union all
            select c.id, 6 + w.n, lower(c.name) collate "C"
            from (select count(distinct id) as n from hits) f
                cross join lateral chemicals_by_likeliest($3, 1000, (f.n + cardinality($4::uuid[]) + $5)::int) w
                join chemicals c on c.id = w.chemical_id
            where f.n < $5
        ), best as (
            select id, term, rank from (
                select distinct on (id) id, term, rank from wide where id <> all ($4)
                order by id, rank, length(term), term
            ) h
            order by rank, length(term), term, id limit 4 * $5
        ) "#;
        "from best b join chemicals c on c.id = b.id order by b.rank, length(b.term), b.term, c.name, c.id limit $5",
        &meant.keys,
        &meant.unlikelihoods,
        &meant.words,
        known,
        most
    );
    Ok(found.fetch_all(db).await?)
}
