//! What the lab has of what was scanned.

use chemistry::{Gtin, Label};
use sqlx::PgConnection;
use uuid::Uuid;

use super::containers;
use crate::{base::error::Result, stock::containers::Container};

/// What is left of a chemical.
pub async fn of_chemical(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.chemical_id = $2 and not c.is_gone and (c.location_id = any ($4)) is not true
        order by c.id desc limit $3",
        lab_id,
        chemical,
        most,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn of_lot(
    db: &mut PgConnection,
    lab_id: Uuid,
    label: &Label,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        r#"where c.lab_id = $1 and upper(c.lot) collate "C" = upper($2) and not c.is_gone
            and (c.gtin = $4 or (c.gtin is null or $4::text is null) and (c.catalogue_number is null or $5::text is null
                or lower(c.catalogue_number) = lower($5)))
            and (c.location_id = any ($6)) is not true
        order by c.id desc limit $3"#,
        lab_id,
        label.lot,
        most,
        label.gtin.as_ref().map(Gtin::as_str),
        label.catalogue_number,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// What is left of a supplier's article.
pub async fn of_gtin(
    db: &mut PgConnection,
    lab_id: Uuid,
    gtin: &str,
    most: i64,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.gtin = $2 and not c.is_gone and (c.location_id = any ($4)) is not true
        order by c.id desc limit $3",
        lab_id,
        gtin,
        most,
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}
