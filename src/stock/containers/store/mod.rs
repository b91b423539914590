//! SQL on containers and their ledger.

mod history;
mod imported;
mod label_and_name;
mod ledger;
mod pages;
mod row;
mod scanned;
mod search;

use std::collections::HashMap;

use anyhow::anyhow;
use chemistry::{Density, Factors, Gtin, MolarMass, canonical_code};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

pub use self::{
    history::history,
    imported::{find_imported, insert_imported},
    label_and_name::{LabelAndName, search_label_and_name},
    ledger::{
        Present, book, can_hold, events_before, find_booked, find_content, find_event, find_first_content,
        first_occurred_at,
    },
    pages::{
        all, expiring, expiring_in_location, in_location, in_state, low, with_chemical, with_chemical_expiring,
        with_chemical_in_location,
    },
    row::Row,
    scanned::{of_chemical, of_gtin, of_lot},
    search::{Match, search, search_meant},
};
use super::{Container, changes::Rest, counting::Counting, entry::Creation};
use crate::{
    auth::Origin,
    base::{
        error::{Error, OnConstraint, Reason, Result},
        text::Text,
    },
    stock::codes,
};

/// Reads whole containers: `containers!("containers c"; "where ...", arguments)`, or `containers!("with ..."; "c";
/// "...")`. The chemical is joined as `h`, and what the lab says of it as `o`. The types are spelled out, as `_` would
/// check each value of each row again; and what is never null, as sqlx may take the outer join of a plan for one that
/// leaves out the container.
macro_rules! containers {
    ($from:literal; $rest:literal $(, $argument:expr)* $(,)?) => { containers!(""; $from; $rest $(, $argument)*) };
    ($with:literal; $from:literal; $rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::stock::containers::store::Row,
            $with + r#"select c.id as "id!", c.lab_id as "lab_id!", c.code as "code!", c.chemical_id as "chemical_id!",
                h.name as "chemical_name!", h.cas as "cas: chemistry::CasNumber", o.name as "lab_name?",
                c.location_id,
                c.state as "state!: crate::stock::containers::State", c.unit as "unit!: chemistry::Unit",
                c.amount as "amount!: chemistry::Amount",
                c.initial_amount as "initial_amount!: chemistry::Amount",
                c.low_at as "low_at: chemistry::Amount", c.is_low as "is_low!",
                c.tare as "tare: chemistry::Amount", c.density as "density: chemistry::Density", c.lot,
                c.supplier, c.catalogue_number, c.gtin as "gtin: chemistry::Gtin", c.note,
                c.received_on, c.opened_on, c.expires_on, c.holder_id, c.came_opened as "came_opened!",
                c.version as "version!", c.created_at as "created_at!", c.updated_at as "updated_at!"
            from "# + $from
                + " join chemicals h on h.id = c.chemical_id
                left join chemical_overrides o on o.lab_id = c.lab_id and o.chemical_id = c.chemical_id "
                + $rest
            $(, $argument)*
        )
        // On its way through the streams of sqlx a row is moved some ten times.
        .map(|row| Box::new($crate::stock::containers::Container::from(row)))
    };
}
pub(crate) use containers;

/// By lab and id, of any labs.
pub async fn find_all(db: &mut PgConnection, keys: &[(Uuid, Uuid)]) -> Result<Vec<Box<Container>>> {
    let (labs, ids): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    let rows = containers!(
        "unnest($1::uuid[], $2::uuid[]) wanted (lab_id, id)
            join containers c on c.lab_id = wanted.lab_id and c.id = wanted.id";
        "",
        &labs,
        &ids
    );
    Ok(rows.fetch_all(db).await?)
}

/// In the order of their ids, so that two who lock the same ones wait for one another and not in a ring.
pub async fn lock(db: &mut PgConnection, lab_id: Uuid, ids: &[Uuid]) -> Result<Vec<Box<Container>>> {
    let rows = containers!(
        "containers c";
        "where c.lab_id = $1 and c.id = any ($2) order by c.id for update of c",
        lab_id,
        ids
    );
    Ok(rows.fetch_all(db).await?)
}

/// Those that have one of these codes, however it is spelled.
pub async fn find_by_code(
    db: &mut PgConnection,
    lab_id: Uuid,
    codes: &[&str],
    unseen: &[Uuid],
) -> Result<Vec<Container>> {
    let canonical: Vec<_> = codes.iter().map(|code| canonical_code(code)).collect();
    let rows = containers!(
        "codes k join containers c on c.lab_id = k.lab_id and c.id = k.container_id";
        "where k.lab_id = $1 and k.canonical = any($2) and (c.location_id = any ($3)) is not true",
        lab_id,
        &canonical,
        unseen
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|it| *it).collect())
}

/// One column of many rows.
fn column<'a, R, T>(rows: &[&'a R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|row| of(row)).collect()
}

/// Writes new bottles, each with the event of its receipt; all or none. They go in the order of their codes, so that
/// two who write the same codes wait for one another and not in a ring. The row of `codes` keeps others from the code.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn insert(db: &mut PgConnection, creations: &[Creation]) -> Result<Vec<Result<Container>>> {
    let mut sorted: Vec<_> = creations.iter().map(|it| (it.lab_id, canonical_code(&it.code), it)).collect();
    sorted.sort_unstable_by(|(lab, code, _), (other_lab, other, _)| (lab, code).cmp(&(other_lab, other)));
    let (canonical, sorted): (Vec<_>, Vec<&Creation>) = sorted.into_iter().map(|(_, code, it)| (code, it)).unzip();
    let rows = containers!(
        "with patience as materialized (
            select set_config('lock_timeout', '500ms', true)
        ), receipt as (
            select r.* from patience,
                unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::text[],
                $15::text[], $16::date[], $17::date[], $18::date[], $19::timestamptz[], $20::uuid[], $21::uuid[],
                $22::timestamptz[], $23::numeric[], $24::jsonb[], $25::text[], $26::bytea[], $27::uuid[], $28::text[],
                $29::text[], $30::boolean[])
                as r (id, lab_id,
                chemical_id, location_id, code, state, unit, amount, low_at, tare, density, lot, supplier,
                catalogue_number, note, received_on, opened_on, expires_on, recorded_at, event_id, by_user, occurred_at,
                typed_value, changes, gtin, content, session_id, request_id, canonical,
                without_key)
        ), c as (
            insert into containers (id, lab_id, chemical_id, location_id, code, state, unit, amount, initial_amount,
                low_at, tare, density, lot, supplier, catalogue_number, note, received_on, opened_on, expires_on,
                created_at, updated_at, came_opened, gtin)
            select id, lab_id, chemical_id, location_id, code, state, unit, amount, amount, low_at, tare, density, lot,
                supplier, catalogue_number, note, received_on, opened_on, expires_on, recorded_at, recorded_at,
                state = 'opened', gtin
            from receipt
            returning containers.*
        ), coded as (
            insert into codes (lab_id, canonical, code, container_id) select lab_id, canonical, code, id from receipt
        ), booked as (
            insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
                state_after, location_after, changes, by_user, occurred_at, recorded_at, content, session_id, request_id,
                without_key)
            select event_id, lab_id, id, 1, 'receive', amount, amount, typed_value, unit, state, location_id, changes,
                by_user, occurred_at, recorded_at, content, session_id, request_id, without_key
            from receipt
        ) ";
        "c";
        "",
        &column(&sorted, |it| it.id),
        &column(&sorted, |it| it.lab_id),
        &column(&sorted, |it| it.new.chemical_id),
        &column(&sorted, |it| it.new.location_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.code.as_str()) as &[&str],
        &column(&sorted, |it| it.state.as_str()) as &[&str],
        &column(&sorted, |it| it.new.amount.unit.code()) as &[&str],
        &column(&sorted, |it| it.new.amount.value.get().normalize()),
        &column(&sorted, |it| it.low_at.map(|low| low.value.get())) as &[Option<Decimal>],
        &column(&sorted, |it| it.tare.map(|tare| tare.value.get())) as &[Option<Decimal>],
        &column(&sorted, |it| it.new.density.map(Density::get)) as &[Option<Decimal>],
        &column(&sorted, |it| it.new.lot.as_ref().map(Text::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.new.supplier.as_ref().map(Text::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.new.catalogue_number.as_ref().map(Text::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.new.note.as_ref().map(Text::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.new.received_on) as &[Option<NaiveDate>],
        &column(&sorted, |it| it.new.opened_on) as &[Option<NaiveDate>],
        &column(&sorted, |it| it.new.expires_on) as &[Option<NaiveDate>],
        &column(&sorted, |it| it.recorded_at),
        &column(&sorted, |it| it.event_id),
        &column(&sorted, |it| it.by),
        &column(&sorted, |it| it.occurred_at),
        &column(&sorted, |it| it.new.amount.value.get()),
        &column(&sorted, |it| it.rest.clone().or_none().map(Json)) as &[Option<Json<Rest>>],
        &column(&sorted, |it| it.new.gtin.as_ref().map(Gtin::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.content.as_slice()) as &[&[u8]],
        &column(&sorted, |it| it.origin.session_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.origin.request_id.map(|id| id.to_string())) as &[Option<String>],
        &canonical,
        &column(&sorted, |it| it.without_key.then_some(true)) as &[Option<bool>]
    );
    let inserted = named_constraints(rows.fetch_all(db).await.map_err(Error::from))?;
    let mut inserted: HashMap<_, _> = inserted.into_iter().map(|it| ((it.lab_id, it.id), *it)).collect();
    let missing = || Error::Internal(anyhow!("a bottle was written and not read"));
    Ok(creations.iter().map(|it| inserted.remove(&(it.lab_id, it.id)).ok_or_else(missing)).collect())
}

/// The line of a PATCH in the ledger: none when nothing that stands there has changed.
pub struct Edit {
    pub id: Uuid,
    pub by: Uuid,
    pub origin: Origin,
    pub without_key: bool,
    pub rest: Option<Rest>,
}

/// What is not a matter of stock events, where the version is still the one that was read.
pub async fn update(
    tx: &mut PgTransaction<'_>,
    it: &Container,
    edit: Edit,
    now: DateTime<Utc>,
) -> Result<Option<Container>> {
    let row = containers!(
        "with c as (
            update containers set code = $4, low_at = $5, tare = $6, density = $7, lot = $8, supplier = $9,
                catalogue_number = $10, note = $11, received_on = $12, expires_on = $13, gtin = $18,
                version = version + 1, updated_at = $14
            where lab_id = $1 and id = $2 and version = $3
            returning containers.*
        ), booked as (
            insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before, state_after,
                location_before, location_after, changes, by_user, occurred_at, recorded_at, session_id, request_id,
                without_key)
            select $15, $1, $2, version, 'edit', 0, amount, state, state, location_id, location_id, $16, $17, $14, $14,
                $19::uuid, $20::text, $21::boolean
            from c where $16::jsonb is not null
        ) ";
        "c";
        "",
        it.lab_id,
        it.id,
        it.version,
        it.code,
        it.low_at.map(|low| low.value.get()),
        it.tare.map(|tare| tare.value.get()),
        it.density.map(Density::get),
        it.lot,
        it.supplier,
        it.catalogue_number,
        it.note,
        it.received_on,
        it.expires_on,
        now,
        edit.id,
        edit.rest.map(Json) as _,
        edit.by,
        it.gtin.as_ref().map(Gtin::as_str),
        edit.origin.session_id,
        edit.origin.request_id.map(|id| id.to_string()),
        edit.without_key.then_some(true)
    );
    let updated = row.fetch_optional(&mut **tx).await.map(|row| row.map(|it| *it));
    named_constraints(updated.map_err(Error::from))
}

/// What lets amounts of a chemical change their dimension: what the bottle itself says, the lab, and the catalogue. Of
/// an unknown chemical there is the bottle's own alone.
pub async fn find_counting(
    db: &mut PgConnection,
    lab_id: Uuid,
    chemical_id: Uuid,
    own: Option<Density>,
) -> Result<Counting> {
    let row = sqlx::query!(
        r#"select o.density as "lab_density?: Density", o.molar_mass as "lab_molar_mass?: MolarMass",
            h.density as "density: Density", h.molar_mass as "molar_mass: MolarMass"
        from chemicals h left join chemical_overrides o on o.lab_id = $1 and o.chemical_id = h.id
        where h.id = $2 and h.deleted_at is null"#,
        lab_id,
        chemical_id
    );
    Ok(row.fetch_optional(db).await?.map_or_else(
        || Counting::own(own),
        |row| {
            let lab = Factors { density: row.lab_density, molar_mass: row.lab_molar_mass };
            Counting::new(own, lab, Factors { density: row.density, molar_mass: row.molar_mass })
        },
    ))
}

/// The refusals that a row of containers can meet.
pub(super) fn named_constraints<T>(result: Result<T>) -> Result<T> {
    result
        .on_constraint(codes::UNIQUE, codes::taken)
        .on_constraint("containers_pkey", || Reason::IdTaken.because("another container has this id"))
        .on_constraint("containers_chemical_fkey", || Error::field("/chemical_id", "is not in the catalogue"))
        .on_constraint("containers_location_fkey", || Error::field("/location_id", "is not a location of this lab"))
        .on_constraint("containers_amount_check", || Error::field("/amount/value", "is more than a container can hold"))
}
