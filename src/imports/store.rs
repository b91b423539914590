//! The SQL of imported containers.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::places::Place;
use crate::{
    chemistry::{Amount, Unit},
    containers::State,
    error::{Error, Result},
    phone::Phone,
};

/// Five hundred rows may take longer than a request may, in an embedded database above all.
pub async fn give_time(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("set local statement_timeout = '5min'").execute(db).await?;
    Ok(())
}

pub async fn lab_exists(db: &mut PgConnection, lab_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!("select 1 from labs where id = $1", lab_id).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// The person in whose name a lab's bottles are to be booked.
pub struct Person {
    pub id: Uuid,
    pub is_disabled: bool,
    pub is_member: bool,
}

pub async fn find_person(db: &mut PgConnection, lab_id: Uuid, phone: &Phone) -> Result<Option<Person>> {
    let person = sqlx::query_as!(
        Person,
        r#"select u.id, u.disabled_at is not null as "is_disabled!",
            exists (
                select from memberships m where m.lab_id = $1 and m.user_id = u.id and m.left_at is null
            ) as "is_member!"
        from users u where u.phone = $2"#,
        lab_id,
        phone.as_str()
    );
    Ok(person.fetch_optional(db).await?)
}

pub async fn all_places(db: &mut PgConnection, lab_id: Uuid) -> Result<Vec<Place>> {
    let places = sqlx::query_as!(
        Place,
        "select id, parent_id, kind, name, code from locations where lab_id = $1 and closed_at is null
        order by id",
        lab_id
    );
    Ok(places.fetch_all(db).await?)
}

pub async fn insert_locations(
    db: &mut PgConnection,
    lab_id: Uuid,
    places: impl Iterator<Item = &Place>,
    now: DateTime<Utc>,
) -> Result<()> {
    for place in places {
        sqlx::query!(
            "insert into locations (id, lab_id, parent_id, kind, name, code, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $7)",
            place.id,
            lab_id,
            place.parent_id,
            place.kind,
            place.name,
            place.code,
            now
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// What a row says of a bottle beside what is in it and where it stands.
#[derive(Clone, Serialize)]
pub struct Content {
    pub state: State,
    /// Grams.
    pub tare: Option<Amount>,
    pub lot: Option<String>,
    pub supplier: Option<String>,
    pub catalogue_number: Option<String>,
    pub note: Option<String>,
    pub received_on: Option<NaiveDate>,
    pub opened_on: Option<NaiveDate>,
    pub expires_on: Option<NaiveDate>,
}

/// A bottle as an import wrote it, or is about to.
#[derive(Serialize)]
pub struct Imported {
    pub id: Uuid,
    pub event_id: Uuid,
    pub code: String,
    pub chemical_id: Uuid,
    pub location_id: Option<Uuid>,
    pub unit: Unit,
    pub amount: Amount,
    #[serde(flatten)]
    pub content: Content,
    /// Of all that the row says, in hexadecimal digits; none of a bottle that came in otherwise.
    pub fingerprint: Option<String>,
}

/// What was received under these codes: amount, state and place are those of the first event.
pub async fn find_imported(db: &mut PgConnection, lab_id: Uuid, codes: &[&str]) -> Result<HashMap<String, Imported>> {
    let rows = sqlx::query!(
        r#"select c.id, e.id as event_id, c.code, c.chemical_id, e.location_after, c.unit as "unit: Unit",
            e.amount_after as "amount: Amount", e.state_after as "state: State", c.tare as "tare: Amount", c.lot,
            c.supplier, c.catalogue_number, c.note, c.received_on, c.opened_on, c.expires_on,
            case when e.by_system is not null then encode(e.content, 'hex') end as fingerprint
        from containers c join stock_events e on e.container_id = c.id and e.seq = 1
        where c.lab_id = $1 and c.code = any($2) and c.state <> 'voided'"#,
        lab_id,
        codes as &[&str]
    );
    let imported = rows.fetch_all(db).await?.into_iter().map(|row| {
        let content = Content {
            state: row.state,
            tare: row.tare,
            lot: row.lot,
            supplier: row.supplier,
            catalogue_number: row.catalogue_number,
            note: row.note,
            received_on: row.received_on,
            opened_on: row.opened_on,
            expires_on: row.expires_on,
        };
        let bottle = Imported {
            id: row.id,
            event_id: row.event_id,
            code: row.code,
            chemical_id: row.chemical_id,
            location_id: row.location_after,
            unit: row.unit,
            amount: row.amount,
            content,
            fingerprint: row.fingerprint,
        };
        (bottle.code.clone(), bottle)
    });
    Ok(imported.collect())
}

/// The containers and the first event of each ledger, in one statement.
pub async fn insert_imported(
    db: &mut PgConnection,
    lab_id: Uuid,
    rows: &[Imported],
    by_for: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_value(rows).map_err(|cause| Error::Internal(cause.into()))?;
    sqlx::query!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (id uuid, event_id uuid, code text, chemical_id uuid,
                location_id uuid, unit text, amount numeric, state text, tare numeric, lot text, supplier text,
                catalogue_number text, note text, received_on date, opened_on date, expires_on date, fingerprint text)
        ), received as (
            insert into containers (id, lab_id, chemical_id, location_id, code, state, unit, amount, initial_amount,
                tare, lot, supplier, catalogue_number, note, received_on, opened_on, expires_on, created_at, updated_at,
                came_opened)
            select id, $2, chemical_id, location_id, code, state, unit, amount, amount, tare, lot, supplier,
                catalogue_number, note, received_on, opened_on, expires_on, $4, $4,
                state = 'opened'
            from new
        )
        insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
            state_after, location_after, by_system, by_for, occurred_at, recorded_at, content, changes)
        select event_id, $2, id, 1, 'receive', amount, amount, amount, unit, state, location_id, 'import', $3, $4, $4,
            decode(fingerprint, 'hex'),
            (select jsonb_object_agg(field, jsonb_build_array(null, value)) from (values
                ('opened_on', to_jsonb(opened_on)), ('tare', to_jsonb(tare::text)),
                ('received_on', to_jsonb(received_on)), ('expires_on', to_jsonb(expires_on))
            ) as known (field, value) where value is not null)
        from new",
        rows,
        lab_id,
        by_for,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
