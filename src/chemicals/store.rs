//! SQL on the catalogue.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Chemical, words::Slips};
use crate::{
    chemistry::CasNumber,
    error::{Error, OnConstraint, Reason, Result},
};

/// Reads whole chemicals: `chemicals!("from chemicals c where ...", arguments)`; a `with` that goes before stands before
/// a semicolon.
macro_rules! chemicals {
    ($rest:literal $(, $argument:expr)* $(,)?) => { chemicals!(""; $rest $(, $argument)*) };
    ($with:literal; $rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Chemical,
            $with + r#"select c.id, c.name, c.cas as "cas: _", c.ec as "ec: _", c.inchikey as "inchikey: _",
                c.formula as "formula: _", c.molar_mass as "molar_mass: _", c.density as "density: _", c.synonyms,
                c.version, c.created_at, c.updated_at "# + $rest
            $(, $argument)*
        )
    };
}

pub async fn find_all(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Chemical>> {
    Ok(chemicals!("from chemicals c where id = any($1)", ids).fetch_all(db).await?)
}

pub async fn find_by_cas(db: &mut PgConnection, cas: &CasNumber) -> Result<Option<Chemical>> {
    Ok(chemicals!("from chemicals c where cas = $1", cas.as_str()).fetch_optional(db).await?)
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Chemical>> {
    Ok(chemicals!("from chemicals c where id = $1 for update", id).fetch_optional(db).await?)
}

/// Those that have one of these numbers, keys or terms, until the transaction ends.
pub async fn lock_alike(
    db: &mut PgConnection,
    cas: &[&str],
    inchikeys: &[&str],
    terms: &[String],
) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        "from chemicals c where id in (
            select id from chemicals where cas = any($1)
            union select id from chemicals where inchikey = any($2)
            union select chemical_id from chemical_terms where term = any($3)
        ) order by id for update",
        cas as &[&str],
        inchikeys as &[&str],
        terms
    );
    Ok(found.fetch_all(db).await?)
}

/// From where the last page ended, by name. The database's lower case rules here, as the index is in its order.
pub async fn page(db: &mut PgConnection, name: &str, id: Uuid, limit: i64) -> Result<Vec<Chemical>> {
    let rows = chemicals!(
        r#"from chemicals c where (lower(name) collate "C", id) > (lower($1) collate "C", $2)
        order by lower(name) collate "C", id limit $3"#,
        name,
        id,
        limit
    );
    Ok(rows.fetch_all(db).await?)
}

/// The best matches: what is the text or the formula, then names and then other terms that begin with the text, and if
/// these are few, names with all its words. Every range is cut, so that a search costs the same in any catalogue.
pub async fn search(
    db: &mut PgConnection,
    q: &str,
    words: &[String],
    formula: Option<&str>,
    most: i64,
) -> Result<Vec<Chemical>> {
    let end_of_prefix = format!("{q}\u{10ffff}");
    let found = chemicals!(
        r#"with prefix (id, term, rank) as materialized (
            (select id, lower(name) collate "C", 1 from chemicals
                where lower(name) collate "C" >= $1 and lower(name) collate "C" < $2
                order by lower(name) collate "C", id limit 200)
            union all
            (select chemical_id, term, 2 from chemical_terms where term >= $1 and term < $2
                order by term, chemical_id limit 200)
            union all
            (select chemical_id, term, 0 from chemical_terms where term = $3 limit 200)
        ), hits (id, term, rank) as (
            select id, term, case when term = $1 then 0 else rank end from prefix
            union all
            select c.id, lower(c.name) collate "C", 3 from chemicals_by_words($4) w join chemicals c on c.id = w.chemical_id
            where (select count(*) from prefix) < $5
        ), best as (
            select id, term, rank from (
                select distinct on (id) id, term, rank from hits order by id, rank, length(term), term
            ) h
            order by rank, length(term), term, id limit $5
        ) "#;
        "from best b join chemicals c on c.id = b.id order by b.rank, length(b.term), b.term, b.id",
        q,
        end_of_prefix,
        formula,
        words,
        most
    );
    Ok(found.fetch_all(db).await?)
}

/// What may have been meant, the shortest name first.
pub async fn search_alike(db: &mut PgConnection, words: &[String], slips: &Slips, most: i64) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        "with alike (id) as (
            select chemical_id from chemicals_by_slip($1, $2, $3)
            union select chemical_id from chemical_terms where term = any($4)
        ) ";
        "from alike a join chemicals c on c.id = a.id order by length(c.name), c.name, c.id limit $5",
        words,
        &slips.slips,
        &slips.slip_of,
        &slips.cas,
        most
    );
    Ok(found.fetch_all(db).await?)
}

/// A chemical as it is written, many at a time.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    chemical: &'a Chemical,
    terms: BTreeSet<String>,
    words: BTreeSet<String>,
}

fn written(chemicals: &[Chemical]) -> Result<serde_json::Value> {
    let rows = chemicals.iter().map(|chemical| Written { chemical, terms: chemical.terms(), words: chemical.words() });
    serde_json::to_value(rows.collect::<Vec<_>>()).map_err(|cause| Error::Internal(cause.into()))
}

pub async fn insert(db: &mut PgConnection, chemicals: &[Chemical]) -> Result<()> {
    let inserted = sqlx::query!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (id uuid, name text, cas text, ec text, inchikey text,
                formula text, molar_mass numeric, density numeric, synonyms text[], version int,
                created_at timestamptz, updated_at timestamptz, terms text[], words text[])
        ), inserted as (
            insert into chemicals (id, name, cas, ec, inchikey, formula, molar_mass, density, synonyms, version,
                created_at, updated_at)
            select id, name, cas, ec, inchikey, formula, molar_mass, density, synonyms, version, created_at, updated_at
            from new returning id
        ), terms as (
            insert into chemical_terms (chemical_id, term) select id, unnest(terms) from new join inserted using (id)
        ), words as (
            insert into chemical_words (chemical_id, word) select id, unnest(words) from new join inserted using (id)
            returning word
        )
        insert into word_ends (ending, word)
        select substr(word, start), word from (select distinct word from words) w, generate_series(1, length(word) - 2) start
        where not exists (select from word_ends e where e.ending = w.word and e.word = w.word)",
        written(chemicals)?
    );
    named_constraints(inserted.execute(db).await.map(drop).map_err(Error::from))
}

/// Writes them as they are now; only terms and words that changed are touched.
pub async fn update(db: &mut PgConnection, chemicals: &[Chemical]) -> Result<()> {
    let updated = sqlx::query!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (id uuid, name text, cas text, ec text, inchikey text,
                formula text, molar_mass numeric, density numeric, synonyms text[], version int,
                updated_at timestamptz, terms text[], words text[])
        ), updated as (
            update chemicals c set name = new.name, cas = new.cas, ec = new.ec, inchikey = new.inchikey,
                formula = new.formula, molar_mass = new.molar_mass, density = new.density, synonyms = new.synonyms,
                version = new.version, updated_at = new.updated_at
            from new where c.id = new.id
        ), dropped_terms as (
            delete from chemical_terms t using new where t.chemical_id = new.id and t.term <> all (new.terms)
        ), dropped_words as (
            delete from chemical_words w using new where w.chemical_id = new.id and w.word <> all (new.words)
        ), terms as (
            insert into chemical_terms (chemical_id, term) select id, unnest(terms) from new on conflict do nothing
        ), words as (
            insert into chemical_words (chemical_id, word) select id, unnest(words) from new on conflict do nothing
            returning word
        )
        insert into word_ends (ending, word)
        select substr(word, start), word from (select distinct word from words) w, generate_series(1, length(word) - 2) start
        where not exists (select from word_ends e where e.ending = w.word and e.word = w.word)",
        written(chemicals)?
    );
    named_constraints(updated.execute(db).await.map(drop).map_err(Error::from))
}

/// Whether there was one, at the version that was read.
pub async fn delete(db: &mut PgConnection, id: Uuid, read: Option<i32>) -> Result<bool> {
    let deleted = sqlx::query!("delete from chemicals where id = $1 and ($2::int is null or version = $2)", id, read)
        .execute(db)
        .await
        .on_constraint("containers_chemical_fkey", || {
            Reason::ChemicalInUse.because("containers in one lab or several refer to it")
        })?;
    Ok(deleted.rows_affected() > 0)
}

fn named_constraints<T>(result: Result<T>) -> Result<T> {
    result
        .on_constraint("chemicals_pkey", || Reason::IdTaken.because("another chemical has this id"))
        .on_constraint("chemicals_cas_key", || Reason::CasTaken.because("another chemical has this CAS number"))
}
