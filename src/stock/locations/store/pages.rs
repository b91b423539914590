//! Lists of locations, without those that the reader may not see.

use sqlx::PgConnection;
use uuid::Uuid;

use super::locations;
use crate::{
    base::{error::Result, text::Name},
    stock::locations::{Access, Filter, Kind, Location, Placed},
};

/// The condition that narrows most chooses the index: those in one place, those of a name, or all.
pub async fn page(db: &mut PgConnection, lab_id: Uuid, filter: &Filter, unseen: &[Uuid]) -> Result<Vec<Location>> {
    match (filter.parent_id, &filter.name) {
        (Some(parent), _) => within(db, lab_id, parent, filter, unseen).await,
        (None, Some(name)) => named(db, lab_id, name, filter, unseen).await,
        (None, None) => all(db, lab_id, filter, unseen).await,
    }
}

/// Also of places that are closed.
pub async fn paths(db: &mut PgConnection, lab_id: Uuid, ids: &[Uuid], unseen: &[Uuid]) -> Result<Vec<Placed>> {
    let paths = sqlx::query_as!(
        Placed,
        r#"select id, code, location_path(lab_id, parent_id) || name as "path!" from locations
        where lab_id = $1 and id = any ($2) and id <> all ($3)"#,
        lab_id,
        ids,
        unseen
    );
    Ok(paths.fetch_all(db).await?)
}

async fn within(
    db: &mut PgConnection,
    lab_id: Uuid,
    parent: Uuid,
    filter: &Filter,
    unseen: &[Uuid],
) -> Result<Vec<Location>> {
    let locations = locations!(
        r#"where lab_id = $1 and parent_id = $2 and id > $3 and not $4 and ($5::bool or closed_at is null)
            and ($6::text is null or starts_with(lower(name), lower($6))) and id <> all ($8)
        order by id limit $7"#,
        lab_id,
        parent,
        filter.after,
        filter.roots_only,
        filter.with_closed,
        filter.name.as_ref().map(Name::as_str),
        filter.limit.plus_one(),
        unseen
    );
    Ok(locations.fetch_all(db).await?)
}

async fn named(
    db: &mut PgConnection,
    lab_id: Uuid,
    name: &Name,
    filter: &Filter,
    unseen: &[Uuid],
) -> Result<Vec<Location>> {
    let locations = locations!(
        r#"where lab_id = $1 and lower(name) collate "C" >= lower($2)
            and lower(name) collate "C" < lower($2) || U&'\+10FFFF'
            and id > $3 and (not $4 or parent_id is null) and ($5::bool or closed_at is null)
            and id <> all ($7)
        order by id limit $6"#,
        lab_id,
        name.as_str(),
        filter.after,
        filter.roots_only,
        filter.with_closed,
        filter.limit.plus_one(),
        unseen
    );
    Ok(locations.fetch_all(db).await?)
}

async fn all(db: &mut PgConnection, lab_id: Uuid, filter: &Filter, unseen: &[Uuid]) -> Result<Vec<Location>> {
    let locations = if filter.roots_only {
        let roots = locations!(
            "where lab_id = $1 and parent_id is null and id > $2 and ($3::bool or closed_at is null)
                and id <> all ($5)
            order by id limit $4",
            lab_id,
            filter.after,
            filter.with_closed,
            filter.limit.plus_one(),
            unseen
        );
        roots.fetch_all(db).await?
    } else {
        let all = locations!(
            "where lab_id = $1 and id > $2 and ($3::bool or closed_at is null) and id <> all ($5)
            order by id limit $4",
            lab_id,
            filter.after,
            filter.with_closed,
            filter.limit.plus_one(),
            unseen
        );
        all.fetch_all(db).await?
    };
    Ok(locations)
}
