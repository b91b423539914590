//! SQL on overrides. A row without values is one that was taken away.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{ChemicalOverrides, NewChemicalOverrides, Seen};
use crate::{
    chemistry::{Density, MolarMass},
    error::{Error, OnConstraint, Result},
    text::Text,
};

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

/// None: what is there is not what the caller has seen. With whether there were none.
pub async fn set(
    db: &mut PgConnection,
    key: Key,
    seen: Seen,
    new: &NewChemicalOverrides,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(ChemicalOverrides, bool)>> {
    let version = if let Seen::Version(version) = seen { Some(version) } else { None };
    let row = sqlx::query!(
        r#"with there as (
            select version from chemical_overrides
            where lab_id = $1 and chemical_id = $2 and num_nonnulls(name, density, molar_mass) > 0
        )
        insert into chemical_overrides as o (lab_id, chemical_id, name, density, molar_mass, terms, version, updated_at,
            updated_by)
        select $1, $2, $3, $4, $5, $6, 1, $7, $8 where $9::int is null or exists (select from there)
        on conflict on constraint chemical_overrides_pkey do update set name = excluded.name, density = excluded.density,
            molar_mass = excluded.molar_mass, terms = excluded.terms, version = o.version + 1,
            updated_at = excluded.updated_at, updated_by = excluded.updated_by
        where $10 or coalesce(o.version = $9, num_nonnulls(o.name, o.density, o.molar_mass) = 0)
        returning chemical_id, name, density as "density: Density", molar_mass as "molar_mass: MolarMass", version,
            updated_at, updated_by, not exists (select from there) as "is_new!""#,
        key.lab_id,
        key.chemical_id,
        new.name.as_ref().map(Text::as_str),
        new.density.map(Density::get),
        new.molar_mass.map(MolarMass::get),
        &new.terms(),
        now,
        by,
        version,
        seen == Seen::Any
    );
    let row = row.fetch_optional(db).await;
    let row = row.on_constraint("chemical_overrides_chemical_fkey", || Error::NotFound("chemical"))?;
    Ok(row.map(|row| {
        let overrides = ChemicalOverrides {
            chemical_id: row.chemical_id,
            name: row.name,
            density: row.density,
            molar_mass: row.molar_mass,
            version: row.version,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        };
        (overrides, row.is_new)
    }))
}

/// Takes them away. Whether there were any, at the version that was read.
pub async fn clear(db: &mut PgConnection, key: Key, read: Option<i32>, by: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let cleared = sqlx::query!(
        "update chemical_overrides set name = null, density = null, molar_mass = null, terms = '{}',
            version = version + 1, updated_at = $4, updated_by = $5
        where lab_id = $1 and chemical_id = $2 and num_nonnulls(name, density, molar_mass) > 0
            and ($3::int is null or version = $3)",
        key.lab_id,
        key.chemical_id,
        read,
        now,
        by
    );
    Ok(cleared.execute(db).await?.rows_affected() > 0)
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
