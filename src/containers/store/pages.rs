//! Lists of containers. Each query walks the index of its first condition in the order of its cursor, so a page costs the
//! same in any lab; what else is asked for is checked on the rows that it meets.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::containers;
use crate::{
    containers::{Container, ContainerFilter, State},
    error::Result,
};

/// (Of the index's columns also the lab stands in the order, as a range: else the planner may go through the containers
/// of all labs in the order of their ids, and throw away those of others.)
pub async fn all(db: &mut PgConnection, lab_id: Uuid, filter: &ContainerFilter) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where (c.lab_id, c.id) > ($1, $2) and c.lab_id <= $1 order by c.lab_id, c.id limit $3",
        lab_id,
        filter.after().id,
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn in_state(
    db: &mut PgConnection,
    lab_id: Uuid,
    state: State,
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and (c.state, c.id) > ($2, $3) and c.state <= $2 order by c.state, c.id limit $4",
        lab_id,
        state.as_str(),
        filter.after().id,
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn low(db: &mut PgConnection, lab_id: Uuid, filter: &ContainerFilter) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and c.is_low and c.id > $2 and ($3::text is null or c.state = $3)
        order by c.id limit $4",
        lab_id,
        filter.after().id,
        filter.state_name(),
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn with_chemical(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and c.chemical_id = $2 and c.id > $3 and ($4::text is null or c.state = $4)
            and ($5::date is null or c.expires_on < $5) and (not $6::bool or c.is_low)
        order by c.id limit $7",
        lab_id,
        chemical,
        filter.after().id,
        filter.state_name(),
        filter.expiring_before,
        filter.low,
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

/// What expires before a day, the first to expire first.
pub async fn expiring(
    db: &mut PgConnection,
    lab_id: Uuid,
    date: NaiveDate,
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and c.expires_on < $2 and (c.expires_on, c.id) > ($3, $4)
            and ($5::text is null or c.state = $5) and (not $6::bool or c.is_low)
        order by c.expires_on, c.id limit $7",
        lab_id,
        date,
        after.date,
        after.id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

/// What stands in a location and everything below it, place by place: each place is one short walk, and the walk ends
/// with the page. (`offset 0` keeps the planner from reading all locations of the lab on each level of the tree.)
pub async fn in_location(
    db: &mut PgConnection,
    lab_id: Uuid,
    location: Uuid,
    filter: &ContainerFilter,
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers!(
        "with recursive below (id) as (
            select id from locations where lab_id = $1 and id = $2
            union all
            select l.id from below b cross join lateral
                (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
        ) ";
        "from (select id from below where id >= $3 order by id) p cross join lateral (
            select containers.* from containers
            where lab_id = $1 and location_id = p.id
                and id > case p.id when $3 then $4 else '00000000-0000-0000-0000-000000000000'::uuid end
                and ($5::uuid is null or chemical_id = $5) and ($6::text is null or state = $6)
                and ($7::date is null or expires_on < $7) and (not $8::bool or is_low)
            order by id limit $9
        ) c join chemicals h on h.id = c.chemical_id
        order by p.id, c.id limit $9",
        lab_id,
        location,
        after.location,
        after.id,
        filter.chemical_id,
        filter.state_name(),
        filter.expiring_before,
        filter.low,
        filter.limit.plus_one()
    );
    Ok(rows.fetch_all(db).await?)
}

/// What is left of a chemical.
pub async fn of_chemical(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    most: i64,
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and c.chemical_id = $2 and c.state not in ('disposed', 'empty', 'lost', 'voided')
        order by c.id limit $3",
        lab_id,
        chemical,
        most
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn of_lot(db: &mut PgConnection, lab_id: Uuid, lot: &str, most: i64) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        r#"from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and upper(c.lot) collate "C" = upper($2)
            and c.state not in ('disposed', 'empty', 'lost', 'voided')
        order by c.id limit $3"#,
        lab_id,
        lot,
        most
    );
    Ok(rows.fetch_all(db).await?)
}

/// What is left of a supplier's article.
pub async fn of_gtin(db: &mut PgConnection, lab_id: Uuid, gtin: &str, most: i64) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "from containers c join chemicals h on h.id = c.chemical_id
        where c.lab_id = $1 and c.gtin = $2 and c.state not in ('disposed', 'empty', 'lost', 'voided')
        order by c.id limit $3",
        lab_id,
        gtin,
        most
    );
    Ok(rows.fetch_all(db).await?)
}
