//! SQL on overrides. A row without values is one that was taken away.

use chemistry::{Density, MolarMass};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use super::{ChemicalOverrides, NewChemicalOverrides, Seen, terms};
use crate::base::{error::Result, text::Text};

#[derive(Clone, Copy)]
pub struct Key {
    pub lab_id: Uuid,
    pub chemical_id: Uuid,
}

pub async fn find(db: &mut PgConnection, lab_id: Uuid, chemical_id: Uuid) -> Result<Option<ChemicalOverrides>> {
    let found = sqlx::query_as!(
        ChemicalOverrides,
        r#"select chemical_id, name, density as "density: _", molar_mass as "molar_mass: _", version, updated_at,
            updated_by
        from chemical_overrides
        where lab_id = $1 and chemical_id = $2 and num_nonnulls(name, density, molar_mass) > 0"#,
        lab_id,
        chemical_id
    );
    Ok(found.fetch_optional(db).await?)
}

/// Before, if there were any, and after. None: what is there is not what the caller has seen, or the chemical is not in
/// the catalogue; whoever deletes it waits until the transaction ends. Who calls it holds the lab's lock.
#[expect(clippy::too_many_lines, reason = "one statement, its arguments and its answer")]
pub async fn set(
    tx: &mut PgTransaction<'_>,
    key: Key,
    seen: Seen,
    new: &NewChemicalOverrides,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Option<ChemicalOverrides>, ChemicalOverrides)>> {
    let version = if let Seen::Version(version) = seen { Some(version) } else { None };
    let row = sqlx::query!(
        r#"with kept as (
            select from chemicals where id = $2 and deleted_at is null for key share
        ), there as (
            select name, density, molar_mass from chemical_overrides
            where lab_id = $1 and chemical_id = $2 and num_nonnulls(name, density, molar_mass) > 0
        )
        insert into chemical_overrides as o (lab_id, chemical_id, name, density, molar_mass, terms, version, updated_at,
            updated_by, terms_version)
        select $1, $2, $3, $4, $5, $6, 1, $7, $8, 1
        where exists (select from kept) and ($9::int is null or exists (select from there))
        on conflict on constraint chemical_overrides_pkey do update set name = excluded.name, density = excluded.density,
            molar_mass = excluded.molar_mass, terms = excluded.terms, terms_version = 1,
            (version, updated_at, updated_by) = (
                select o.version + changed::int, case when changed then excluded.updated_at else o.updated_at end,
                    case when changed then excluded.updated_by else o.updated_by end
                from (
                    select (o.name, o.density, o.molar_mass)
                        is distinct from (excluded.name, excluded.density, excluded.molar_mass) as changed
                ) new
            )
        where $10 or coalesce(o.version = $9, num_nonnulls(o.name, o.density, o.molar_mass) = 0)
        returning chemical_id, name, density as "density: Density", molar_mass as "molar_mass: MolarMass", version,
            updated_at, updated_by, not exists (select from there) as "is_new!",
            (select name from there) as old_name, (select density from there) as "old_density: Density",
            (select molar_mass from there) as "old_molar_mass: MolarMass""#,
        key.lab_id,
        key.chemical_id,
        new.name.as_ref().map(Text::as_str),
        new.density.map(Density::get),
        new.molar_mass.map(MolarMass::get),
        &terms(new.name.as_ref().map(Text::as_str)),
        now,
        by,
        version,
        seen == Seen::Any
    );
    Ok(row.fetch_optional(&mut **tx).await?.map(|row| {
        let overrides = ChemicalOverrides {
            chemical_id: row.chemical_id,
            name: row.name,
            density: row.density,
            molar_mass: row.molar_mass,
            version: row.version,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        };
        let (name, density, molar_mass) = (row.old_name, row.old_density, row.old_molar_mass);
        let before = (!row.is_new).then(|| ChemicalOverrides { name, density, molar_mass, ..overrides.clone() });
        (before, overrides)
    }))
}

/// Takes them away. What there was, at the version that was read.
pub async fn clear(
    tx: &mut PgTransaction<'_>,
    key: Key,
    read: Option<i32>,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<ChemicalOverrides>> {
    let cleared = sqlx::query_as!(
        ChemicalOverrides,
        r#"with there as (
            select * from chemical_overrides
            where lab_id = $1 and chemical_id = $2 and num_nonnulls(name, density, molar_mass) > 0
                and ($3::int is null or version = $3)
            for update
        )
        update chemical_overrides o set name = null, density = null, molar_mass = null, terms = '{}',
            version = o.version + 1, updated_at = $4, updated_by = $5
        from there where o.lab_id = there.lab_id and o.chemical_id = there.chemical_id
        returning there.chemical_id, there.name, there.density as "density: _", there.molar_mass as "molar_mass: _",
            there.version, there.updated_at, there.updated_by"#,
        key.lab_id,
        key.chemical_id,
        read,
        now,
        by
    );
    Ok(cleared.fetch_optional(&mut **tx).await?)
}

/// Takes those of all labs away: what there was, each with its lab.
pub async fn clear_all(
    tx: &mut PgTransaction<'_>,
    chemical_id: Uuid,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, ChemicalOverrides)>> {
    let rows = sqlx::query!(
        r#"with there as (
            select * from chemical_overrides
            where chemical_id = $1 and num_nonnulls(name, density, molar_mass) > 0 for update
        ), cleared as (
            update chemical_overrides o set name = null, density = null, molar_mass = null, terms = '{}',
                version = o.version + 1, updated_at = $2, updated_by = $3
            from there where o.lab_id = there.lab_id and o.chemical_id = there.chemical_id
        )
        select lab_id, chemical_id, name, density as "density: Density", molar_mass as "molar_mass: MolarMass", version,
            updated_at, updated_by
        from there order by lab_id"#,
        chemical_id,
        now,
        by
    );
    let rows = rows.fetch_all(&mut **tx).await?.into_iter().map(|row| {
        let overrides = ChemicalOverrides {
            chemical_id: row.chemical_id,
            name: row.name,
            density: row.density,
            molar_mass: row.molar_mass,
            version: row.version,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        };
        (row.lab_id, overrides)
    });
    Ok(rows.collect())
}

#[derive(Serialize)]
struct Folded {
    lab_id: Uuid,
    chemical_id: Uuid,
    terms: Vec<String>,
}

/// Writes the terms of some names anew that an older fold has made, and says how many there were. What another instance
/// is just writing is left to it.
#[expect(clippy::disallowed_methods, reason = "nobody sees the terms themselves")]
pub async fn refresh_some(db: &mut PgConnection) -> Result<usize> {
    let mut tx = db.begin().await?;
    let stale = sqlx::query!(
        "select lab_id, chemical_id, name from chemical_overrides where terms_version < 1
        order by lab_id, chemical_id limit 500 for update skip locked"
    );
    let stale = stale.fetch_all(&mut *tx).await?.into_iter();
    let folded: Vec<_> = stale
        .map(|row| Folded { lab_id: row.lab_id, chemical_id: row.chemical_id, terms: terms(row.name.as_deref()) })
        .collect();
    if !folded.is_empty() {
        let written = sqlx::query!(
            "update chemical_overrides o set terms = new.terms, terms_version = 1
            from jsonb_to_recordset($1) as new (lab_id uuid, chemical_id uuid, terms text[])
            where o.lab_id = new.lab_id and o.chemical_id = new.chemical_id",
            Json(&folded) as _
        );
        written.execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(folded.len())
}

pub async fn count_stale(db: &mut PgConnection) -> Result<i64> {
    let stale = sqlx::query_scalar!(r#"select count(*) as "n!" from chemical_overrides where terms_version < 1"#);
    Ok(stale.fetch_one(db).await?)
}

/// What the lab calls these chemicals, of those that it calls otherwise.
pub async fn names(db: &mut PgConnection, lab_id: Uuid, chemicals: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let named = sqlx::query!(
        r#"select chemical_id, name as "name!" from chemical_overrides
        where lab_id = $1 and chemical_id = any($2) and name is not null"#,
        lab_id,
        chemicals
    );
    Ok(named.fetch_all(db).await?.into_iter().map(|row| (row.chemical_id, row.name)).collect())
}
