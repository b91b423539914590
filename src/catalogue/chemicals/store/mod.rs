//! SQL on the catalogue. A chemical that was deleted keeps its row, and every statement leaves it out: it has no terms
//! and no words, so those that begin with them need not look at `deleted_at`.

mod refresh;
pub mod search;
mod traces;

use chemistry::CasNumber;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

pub use self::{
    refresh::{count_stale, refresh_some},
    traces::{find_traces, insert_traces},
};
use super::Chemical;
use crate::base::error::{Error, OnConstraint, Reason, Result};

/// Reads whole chemicals: `chemicals!("from chemicals c where ...", arguments)`; a `with` that goes before stands
/// before a semicolon.
macro_rules! chemicals {
    ($rest:literal $(, $argument:expr)* $(,)?) => { chemicals!(""; $rest $(, $argument)*) };
    ($with:literal; $rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::catalogue::chemicals::Chemical,
            $with + r#"select c.id, c.name, c.cas as "cas: _", c.ec as "ec: _", c.inchikey as "inchikey: _",
                c.formula as "formula: _", c.molar_mass as "molar_mass: _", c.density as "density: _", c.synonyms,
                c.removed, c.version, c.created_at, c.updated_at "# + $rest
            $(, $argument)*
        )
    };
}
pub(super) use chemicals;

pub async fn find_all(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Chemical>> {
    Ok(chemicals!("from chemicals c where id = any($1) and deleted_at is null", ids).fetch_all(db).await?)
}

pub async fn find_by_cas(db: &mut PgConnection, cas: &CasNumber) -> Result<Option<Chemical>> {
    let found = chemicals!("from chemicals c where cas = $1 and deleted_at is null", cas.as_str());
    Ok(found.fetch_optional(db).await?)
}

/// (Not for a change of its key: new bottles, which refer to the key, do not wait.)
pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Chemical>> {
    let found = chemicals!("from chemicals c where id = $1 and deleted_at is null for no key update", id);
    Ok(found.fetch_optional(db).await?)
}

/// As [`lock`], and no bottle and no lab begins to refer to it.
pub async fn lock_to_delete(tx: &mut PgTransaction<'_>, id: Uuid) -> Result<Option<Chemical>> {
    let found = chemicals!("from chemicals c where id = $1 and deleted_at is null for update", id);
    Ok(found.fetch_optional(&mut **tx).await?)
}

/// Those that have one of these numbers or terms, in the catalogue or in the lab.
pub async fn find_alike(db: &mut PgConnection, lab_id: Uuid, cas: &[&str], terms: &[String]) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        "from chemicals c where deleted_at is null and id in (
            select id from chemicals where cas = any($1) and deleted_at is null
            union select chemical_id from chemical_terms where kind = any('{0,1}') and term = any($2)
            union select chemical_id from chemical_overrides where lab_id = $3 and terms && $2
        ) order by id",
        cas as &[&str],
        terms,
        lab_id
    );
    Ok(found.fetch_all(db).await?)
}

/// Those that have one of these numbers, keys or terms, until the transaction ends.
pub async fn lock_alike(
    db: &mut PgConnection,
    cas: &[&str],
    inchikeys: &[&str],
    terms: &[String],
) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        "from chemicals c where deleted_at is null and id in (
            select id from chemicals where cas = any($1) and deleted_at is null
            union select id from chemicals where inchikey = any($2) and deleted_at is null
            union select chemical_id from chemical_terms where kind = any('{0,1}') and term = any($3)
        ) order by id for no key update",
        cas as &[&str],
        inchikeys as &[&str],
        terms
    );
    Ok(found.fetch_all(db).await?)
}

/// As [`lock_alike`], for who only looks.
pub async fn find_all_alike(
    db: &mut PgConnection,
    cas: &[&str],
    inchikeys: &[&str],
    terms: &[String],
) -> Result<Vec<Chemical>> {
    let found = chemicals!(
        "from chemicals c where id in (
            select id from chemicals where cas = any($1)
            union select id from chemicals where inchikey = any($2)
            union select chemical_id from chemical_terms where kind = any('{0,1}') and term = any($3)
        ) order by id",
        cas as &[&str],
        inchikeys as &[&str],
        terms
    );
    Ok(found.fetch_all(db).await?)
}

/// From where the last page ended, by name. The database's lower case rules here, as the index is in its order.
pub async fn page(db: &mut PgConnection, name: &str, id: Uuid, limit: i64) -> Result<Vec<Chemical>> {
    let rows = chemicals!(
        r#"from chemicals c where deleted_at is null and (lower(name) collate "C", id) > (lower($1) collate "C", $2)
        order by lower(name) collate "C", id limit $3"#,
        name,
        id,
        limit
    );
    Ok(rows.fetch_all(db).await?)
}

/// A chemical as it is written, many at a time.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    chemical: &'a Chemical,
    removed: &'a [String],
    terms: Vec<String>,
    kinds: Vec<i16>,
    words: Vec<String>,
    ranks: Vec<i16>,
    /// Of each word: the name that has it.
    names: Vec<Option<String>>,
}

fn written(chemicals: &[Chemical]) -> Result<serde_json::Value> {
    let rows = chemicals.iter().map(|chemical| {
        let (terms, kinds) = chemical.terms().into_iter().unzip();
        let (words, places): (_, Vec<_>) = chemical.words().into_iter().unzip();
        let (ranks, names) = places.into_iter().map(|place| (place.rank, place.name)).unzip();
        Written { chemical, removed: &chemical.removed, terms, kinds, words, ranks, names }
    });
    serde_json::to_value(rows.collect::<Vec<_>>()).map_err(|cause| Error::Internal(cause.into()))
}

/// A statement that ends with the insertion of `words`. Of those that are new to the catalogue it also keeps the ends,
/// for the search inside words.
macro_rules! with_new_words {
    ($rest:literal, $argument:expr) => {
        sqlx::query!(
            $rest
                + ", new_words as (
            insert into catalogue_words select distinct word from words order by word on conflict do nothing returning word
        )
        insert into word_ends (ending, word)
        select substr(word, start), word from new_words, generate_series(1, length(word) - 2) start",
            $argument
        )
    };
}

/// Held by who adds names that it has not found, until the transaction ends: of two imports that do so at once, the
/// second finds what the first has added. One lock, however many the names are.
pub async fn lock_new_names(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("select from pg_advisory_xact_lock(hashtextextended('chemstock catalogue', 0))").execute(db).await?;
    Ok(())
}

/// The new words of all these, for who writes chemicals in two statements. Each statement writes its words in their
/// order, so that nobody waits in a ring; two of them would write some out of it.
async fn insert_words(db: &mut PgConnection, chemicals: impl Iterator<Item = &Chemical>) -> Result<()> {
    let words: Vec<String> = chemicals.flat_map(|chemical| chemical.words().into_keys()).collect();
    let inserted =
        with_new_words!("with words as (select word collate \"C\" as word from unnest($1::text[]) word)", &words);
    inserted.execute(db).await?;
    Ok(())
}

/// New ones and changed ones, where a transaction may write both.
pub async fn write(tx: &mut PgTransaction<'_>, new: &[Chemical], changed: &[Chemical]) -> Result<()> {
    if !new.is_empty() && !changed.is_empty() {
        insert_words(tx, new.iter().chain(changed)).await?;
    }
    if !new.is_empty() {
        insert(tx, new).await?;
    }
    if changed.is_empty() { Ok(()) } else { update(tx, changed).await }
}

/// The same for a transaction that is taken back, without the words, which only the search needs.
pub async fn try_to_write(tx: &mut PgTransaction<'_>, new: &[Chemical], changed: &[Chemical]) -> Result<()> {
    if !new.is_empty() {
        insert_written(tx, without_words(written(new)?)).await?;
    }
    if changed.is_empty() { Ok(()) } else { update_written(tx, without_words(written(changed)?)).await }
}

fn without_words(mut written: serde_json::Value) -> serde_json::Value {
    for row in written.as_array_mut().into_iter().flatten() {
        for field in ["words", "ranks", "names"] {
            row[field] = serde_json::json!([]);
        }
    }
    written
}

pub async fn insert(tx: &mut PgTransaction<'_>, chemicals: &[Chemical]) -> Result<()> {
    insert_written(tx, written(chemicals)?).await
}

async fn insert_written(tx: &mut PgTransaction<'_>, written: serde_json::Value) -> Result<()> {
    let inserted = with_new_words!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (id uuid, name text, cas text, ec text, inchikey text,
                formula text, molar_mass numeric, density numeric, synonyms text[], version int,
                created_at timestamptz, updated_at timestamptz, terms text[], kinds smallint[], words text[], ranks smallint[],
                names text[])
        ), inserted as (
            insert into chemicals (id, name, cas, ec, inchikey, formula, molar_mass, density, synonyms, version,
                created_at, updated_at, terms_version)
            select id, name, cas, ec, inchikey, formula, molar_mass, density, synonyms, version, created_at, updated_at, 1
            from new returning id
        ), terms as (
            insert into chemical_terms (chemical_id, term, kind)
            select id, unnest(terms), unnest(kinds) from new join inserted using (id)
        ), words as (
            insert into chemical_words (chemical_id, word, rank, name)
            select id, unnest(words), unnest(ranks), unnest(names) from new join inserted using (id) returning word
        )",
        written
    );
    named_constraints(inserted.execute(&mut **tx).await.map(drop).map_err(Error::from))
}

/// Writes them as they are now; only terms and words that changed are touched.
pub async fn update(tx: &mut PgTransaction<'_>, chemicals: &[Chemical]) -> Result<()> {
    update_written(tx, written(chemicals)?).await
}

async fn update_written(tx: &mut PgTransaction<'_>, written: serde_json::Value) -> Result<()> {
    let updated = with_new_words!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (id uuid, name text, cas text, ec text, inchikey text,
                formula text, molar_mass numeric, density numeric, synonyms text[], removed text[], version int,
                updated_at timestamptz, terms text[], kinds smallint[], words text[], ranks smallint[], names text[])
        ), updated as (
            update chemicals c set name = new.name, cas = new.cas, ec = new.ec, inchikey = new.inchikey,
                formula = new.formula, molar_mass = new.molar_mass, density = new.density, synonyms = new.synonyms,
                removed = new.removed, version = new.version, updated_at = new.updated_at, terms_version = 1
            from new where c.id = new.id
        ), dropped_terms as (
            delete from chemical_terms t using new where t.chemical_id = new.id and t.term <> all (new.terms)
        ), dropped_words as (
            delete from chemical_words w using new where w.chemical_id = new.id and w.word <> all (new.words)
        ), terms as (
            insert into chemical_terms as t (chemical_id, term, kind) select id, unnest(terms), unnest(kinds) from new
            on conflict on constraint chemical_terms_pkey do update set kind = excluded.kind where t.kind <> excluded.kind
        ), words as (
            insert into chemical_words as w (chemical_id, word, rank, name)
            select id, unnest(words), unnest(ranks), unnest(names) from new
            on conflict on constraint chemical_words_pkey do update set rank = excluded.rank, name = excluded.name
            where (w.rank, w.name) is distinct from (excluded.rank, excluded.name)
            returning word
        )",
        written
    );
    named_constraints(updated.execute(&mut **tx).await.map(drop).map_err(Error::from))
}

/// Keeps the row alone. Who calls it holds [`lock_to_delete`].
pub async fn delete(tx: &mut PgTransaction<'_>, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let deleted = sqlx::query!(
        "with terms as (
            delete from chemical_terms where chemical_id = $1
        ), words as (
            delete from chemical_words where chemical_id = $1
        )
        update chemicals set deleted_at = $2, version = version + 1, updated_at = $2 where id = $1",
        id,
        now
    );
    deleted.execute(&mut **tx).await.map(drop).on_constraint("containers_chemical_fkey", || {
        Reason::ChemicalInUse.because("containers in one lab or several refer to it")
    })
}

fn named_constraints<T>(result: Result<T>) -> Result<T> {
    result
        .on_constraint("chemicals_pkey", || Reason::IdTaken.because("another chemical has this id"))
        .on_constraint("chemicals_cas_key", || Reason::CasTaken.because("another chemical has this CAS number"))
}
