//! Lists of containers. Each query walks the index of its first condition in the order of its cursor, so a page costs
//! the same in any lab; what else is asked for is checked on the rows that it meets. Each reads what is there, or what
//! is gone.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::containers;
use crate::{
    base::error::Result,
    stock::containers::{Container, ContainerFilter, State},
};

/// Reads containers as [`containers!`] does, with `below`: the ids of the place `$2` of the lab `$1`, and of all below
/// it. (`offset 0` keeps the planner from reading all locations of the lab on each level of the tree.)
macro_rules! containers_below {
    ($from:literal; $rest:literal $(, $argument:expr)* $(,)?) => {
        containers!(
            "with recursive below (id) as (
                select id from locations where lab_id = $1 and id = $2
                union all
                select l.id from below b cross join lateral
                    (select id from locations where lab_id = $1 and parent_id = b.id offset 0) l
            ) ";
            $from; $rest $(, $argument)*
        )
    };
}

/// (What is gone stands in the order, as a range: else the planner may go through the whole lab in the order of its
/// ids, and throw away what is gone.)
pub async fn all(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and (c.is_gone, c.id) < ($2, $3) and c.is_gone >= $2
            and (c.location_id = any ($5)) is not true
        order by c.is_gone desc, c.id desc limit $4",
        lab_id,
        gone,
        filter.after().id,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn in_state(
    db: &mut PgConnection,
    lab_id: Uuid,
    state: State,
    filter: &ContainerFilter,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and (c.state, c.id) < ($2, $3) and c.state >= $2 and (c.location_id = any ($5)) is not true
        order by c.state desc, c.id desc limit $4",
        lab_id,
        state.as_str(),
        filter.after().id,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn low(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &ContainerFilter,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.is_low and c.id < $2 and ($3::text is null or c.state = $3)
            and (c.location_id = any ($5)) is not true
        order by c.id desc limit $4",
        lab_id,
        filter.after().id,
        filter.state_name(),
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

pub async fn with_chemical(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.chemical_id = $2 and c.is_gone = $3 and c.id < $4
            and ($5::text is null or c.state = $5) and (not $6::bool or c.is_low)
            and (c.location_id = any ($8)) is not true
        order by c.id desc limit $7",
        lab_id,
        chemical,
        gone,
        filter.after().id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// A lab has few bottles of one chemical: all are read, and the first of them in the order of places are kept.
pub async fn with_chemical_in_location(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    location: Uuid,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers_below!(
        "containers c";
        "where c.lab_id = $1 and c.chemical_id = $3 and c.is_gone = $4 and c.location_id in (select id from below)
            and (c.location_id > $5 or c.location_id = $5 and c.id < $6)
            and ($7::text is null or c.state = $7) and (not $8::bool or c.is_low)
            and (c.location_id = any ($10)) is not true
        order by c.location_id, c.id desc limit $9",
        lab_id,
        location,
        chemical,
        gone,
        after.location,
        after.id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// Those of a chemical that expire before a day, anywhere or in a place.
pub async fn with_chemical_expiring(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical: Uuid,
    (date, location): (NaiveDate, Option<Uuid>),
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers_below!(
        "containers c";
        "where c.lab_id = $1 and c.chemical_id = $3 and c.is_gone = $4
            and ($2::uuid is null or c.location_id in (select id from below))
            and c.expires_on < $5 and (c.expires_on, c.id) > ($6, $7)
            and ($8::text is null or c.state = $8) and (not $9::bool or c.is_low)
            and (c.location_id = any ($11)) is not true
        order by c.expires_on, c.id limit $10",
        lab_id,
        location,
        chemical,
        gone,
        date,
        after.date,
        after.id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// What expires before a day, the first to expire first.
pub async fn expiring(
    db: &mut PgConnection,
    lab_id: Uuid,
    date: NaiveDate,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.is_gone = $2 and c.expires_on < $3 and (c.expires_on, c.id) > ($4, $5)
            and ($6::text is null or c.state = $6) and (not $7::bool or c.is_low)
            and (c.location_id = any ($9)) is not true
        order by c.expires_on, c.id limit $8",
        lab_id,
        gone,
        date,
        after.date,
        after.id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// The same in a location and below it. What expires first stands in the places whose own first expires first: of these
/// the index has the rest, so that a page costs some reads for each place, however many bottles it has.
pub async fn expiring_in_location(
    db: &mut PgConnection,
    lab_id: Uuid,
    location: Uuid,
    date: NaiveDate,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers_below!(
        "(
            select f.id from (
                select b.id from below b cross join lateral (
                    select id, expires_on from containers
                    where lab_id = $1 and location_id = b.id and is_gone = $3 and expires_on < $4
                        and (expires_on, id) > ($5, $6) and ($7::text is null or state = $7) and (not $8::bool or is_low)
                    order by expires_on, id limit 1
                ) f where b.id <> all ($10) order by f.expires_on, f.id limit $9
            ) p cross join lateral (
                select id, expires_on from containers
                where lab_id = $1 and location_id = p.id and is_gone = $3 and expires_on < $4
                    and (expires_on, id) > ($5, $6) and ($7::text is null or state = $7) and (not $8::bool or is_low)
                order by expires_on, id limit $9
            ) f order by f.expires_on, f.id limit $9
        ) f join containers c on c.lab_id = $1 and c.id = f.id";
        "order by c.expires_on, c.id limit $9",
        lab_id,
        location,
        gone,
        date,
        after.date,
        after.id,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}

/// What stands in a location and everything below it, place by place: each place is one short walk, and the walk ends
/// with the page.
pub async fn in_location(
    db: &mut PgConnection,
    lab_id: Uuid,
    location: Uuid,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    let after = filter.after();
    let rows = containers_below!(
        "(select id from below where id >= $3 and id <> all ($9) order by id) p cross join lateral (
            select containers.* from containers
            where lab_id = $1 and location_id = p.id and is_gone = $5
                and id < case p.id when $3 then $4 else 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid end
                and ($6::text is null or state = $6) and (not $7::bool or is_low)
            order by id desc limit $8
        ) c";
        "order by p.id, c.id desc limit $8",
        lab_id,
        location,
        after.location,
        after.id,
        gone,
        filter.state_name(),
        filter.low,
        filter.limit.plus_one(),
        unseen
    );
    Ok(rows.fetch_all(db).await?)
}
