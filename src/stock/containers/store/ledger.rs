//! SQL on the ledger: the booking of an event, and its reading.

use std::{collections::HashMap, sync::Arc};

use chemistry::{Amount, Quantity, Unit};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{column, named_constraints};
use crate::{
    base::error::{Error, OnConstraint, Reason, Result},
    stock::containers::{
        Actor, EventType, State, StockEvent, System,
        changes::{Changes, Rest},
        counting::CountedWith,
        entry::Entry,
    },
};

/// Writes each container and its event; all or none are refused. Answers whether the container is low now. None: this
/// one was not written, and has to be decided on again. Its version, the one before the event's seq, is no longer that;
/// or somebody is writing it just now, for whom the others do not wait; or it has two events here; or its place is
/// closed.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn book(db: &mut PgConnection, entries: &[Arc<Entry>]) -> Result<Vec<Result<Option<bool>>>> {
    let mut sorted: Vec<&Entry> = entries.iter().map(Arc::as_ref).collect();
    sorted.sort_unstable_by_key(|it| (it.lab_id, it.event.id));
    let booked = sqlx::query!(
        r#"with patience as materialized (
            select set_config('lock_timeout', '500ms', true)
        ), entry as (
            select e.* from patience,
                unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::numeric[], $6::uuid[], $7::date[],
                $8::uuid[], $9::numeric[], $10::timestamptz[], $11::uuid[], $12::text[], $13::numeric[], $14::numeric[],
                $15::text[], $16::text[], $17::uuid[], $18::uuid[], $19::text[], $20::uuid[], $21::timestamptz[],
                $22::jsonb[], $23::jsonb[], $24::bytea[], $25::uuid[], $26::text[], $27::date[],
                $28::boolean[])
                as e (lab_id, container_id, seq, state, amount, location_id, opened_on, holder_id, tare, recorded_at, id, type, delta, typed_value, typed_unit, state_before,
                location_before, reverses, reason, by_user, occurred_at, changes, counted_with, content, session_id,
                request_id, day, without_key)
        ), free as materialized (
            select c.lab_id, c.id from entry e join containers c
                on c.lab_id = e.lab_id and c.id = e.container_id and c.version = e.seq - 1
            for no key update of c skip locked
        ), changed as (
            update containers c set state = e.state, amount = e.amount, location_id = e.location_id,
                opened_on = e.opened_on, holder_id = e.holder_id, tare = e.tare, version = e.seq,
                updated_at = e.recorded_at
            from free f join entry e on e.lab_id = f.lab_id and e.container_id = f.id
            where c.lab_id = f.lab_id and c.id = f.id and c.version = e.seq - 1
            returning e.lab_id, e.id, c.is_low
        ), booked as (
            insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
                state_before, state_after, location_before, location_after, reverses, reason, by_user, occurred_at,
                recorded_at, changes, counted_with, content, session_id, request_id, day, without_key)
            select e.id, e.lab_id, e.container_id, e.seq, e.type, e.delta, e.amount, e.typed_value, e.typed_unit,
                e.state_before, e.state, e.location_before, e.location_id, e.reverses, e.reason, e.by_user,
                e.occurred_at, e.recorded_at, e.changes, e.counted_with, e.content, e.session_id, e.request_id, e.day,
                e.without_key
            from changed join entry e on e.lab_id = changed.lab_id and e.id = changed.id
        )
        select lab_id as "lab_id!", id as "id!", is_low as "is_low!" from changed"#,
        &column(&sorted, |it| it.lab_id),
        &column(&sorted, |it| it.event.container_id),
        &column(&sorted, |it| it.event.seq),
        &column(&sorted, |it| it.after.state.as_str()) as &[&str],
        &column(&sorted, |it| it.after.amount),
        &column(&sorted, |it| it.after.location_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.after.opened_on) as &[Option<NaiveDate>],
        &column(&sorted, |it| it.after.holder_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.after.tare) as &[Option<Decimal>],
        &column(&sorted, |it| it.event.recorded_at),
        &column(&sorted, |it| it.event.id),
        &column(&sorted, |it| it.event.r#type.as_str()) as &[&str],
        &column(&sorted, |it| it.event.delta),
        &column(&sorted, |it| it.event.typed.map(|typed| typed.value.get())) as &[Option<Decimal>],
        &column(&sorted, |it| it.event.typed.map(|typed| typed.unit.code())) as &[Option<&str>],
        &column(&sorted, |it| it.event.state_before.map(State::as_str)) as &[Option<&str>],
        &column(&sorted, |it| it.event.location_before) as &[Option<Uuid>],
        &column(&sorted, |it| it.event.reverses) as &[Option<Uuid>],
        &column(&sorted, |it| it.event.reason.as_deref()) as &[Option<&str>],
        &column(&sorted, |it| it.event.by.user_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.event.occurred_at),
        &column(&sorted, |it| it.rest.clone().or_none().map(Json)) as &[Option<Json<Rest>>],
        &column(&sorted, |it| it.event.counted_with.clone().map(Json)) as &[Option<Json<CountedWith>>],
        &column(&sorted, |it| it.content.as_slice()) as &[&[u8]],
        &column(&sorted, |it| it.origin.session_id) as &[Option<Uuid>],
        &column(&sorted, |it| it.origin.request_id.map(|id| id.to_string())) as &[Option<String>],
        &column(&sorted, |it| it.day) as &[Option<NaiveDate>],
        &column(&sorted, |it| it.without_key.then_some(true)) as &[Option<bool>]
    );
    let booked = match booked.fetch_all(db).await.map_err(Error::from) {
        // An undo would bring it back to a place that was closed after the ledger was read.
        Err(error) if is_undo(entries) && error.violates("containers_location_fkey") => Ok(Vec::new()),
        booked => booked,
    };
    let booked = named_constraints(booked)
        .on_constraint("stock_events_pkey", || Reason::IdTaken.because("another event has this id"))
        .on_constraint("stock_events_reverses_key", || {
            Reason::NotReversible.because("the event has been reversed already")
        })?;
    let is_low: HashMap<_, _> = booked.into_iter().map(|row| ((row.lab_id, row.id), row.is_low)).collect();
    Ok(entries.iter().map(|it| Ok(is_low.get(&(it.lab_id, it.event.id)).copied())).collect())
}

fn is_undo(entries: &[Arc<Entry>]) -> bool {
    matches!(entries, [only] if only.event.reverses.is_some())
}

struct EventRow {
    id: Uuid,
    container_id: Uuid,
    seq: i32,
    r#type: EventType,
    delta: Decimal,
    amount_after: Amount,
    unit: Unit,
    typed_value: Option<Amount>,
    typed_unit: Option<Unit>,
    counted_with: Option<Json<CountedWith>>,
    state_before: Option<State>,
    state_after: State,
    location_before: Option<Uuid>,
    location_after: Option<Uuid>,
    changes: Option<Json<Rest>>,
    reverses: Option<Uuid>,
    reason: Option<String>,
    by_user: Option<Uuid>,
    by_system: Option<System>,
    by_for: Option<Uuid>,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    now_state: State,
    now_amount: Decimal,
    now_location: Option<Uuid>,
    now_holder: Option<Uuid>,
    now_version: i32,
}

/// The bottle as it is at the end of its ledger, as far as it decides what can be undone.
pub struct Present {
    pub state: State,
    pub amount: Decimal,
    pub unit: Unit,
    pub location_id: Option<Uuid>,
    pub holder_id: Option<Uuid>,
    pub version: i32,
}

impl From<&EventRow> for Present {
    fn from(row: &EventRow) -> Self {
        Self {
            state: row.now_state,
            amount: row.now_amount,
            unit: row.unit,
            location_id: row.now_location,
            holder_id: row.now_holder,
            version: row.now_version,
        }
    }
}

impl From<EventRow> for StockEvent {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            container_id: row.container_id,
            seq: row.seq,
            r#type: row.r#type,
            delta: row.delta,
            amount_after: Quantity { value: row.amount_after, unit: row.unit },
            typed: row.typed_value.zip(row.typed_unit).map(|(value, unit)| Quantity { value, unit }),
            counted_with: row.counted_with.map(|it| it.0),
            state_before: row.state_before,
            state_after: row.state_after,
            location_before: row.location_before,
            location_after: row.location_after,
            changes: Changes::default(),
            reverses: row.reverses,
            reason: row.reason,
            by: Actor { user_id: row.by_user, system: row.by_system, r#for: row.by_for },
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            undoable: None,
        }
        .with_changes(&row.changes.map(|it| it.0).unwrap_or_default())
    }
}

/// Reads ledger lines: `events!("where ...", arguments)`, with the tables named `e` and `c`.
macro_rules! events {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            EventRow,
            r#"select e.id, e.container_id, e.seq, e.type as "type: _", e.delta, e.amount_after as "amount_after: _",
                c.unit as "unit: _", e.typed_value as "typed_value: _", e.typed_unit as "typed_unit: _",
                e.counted_with as "counted_with: _", e.state_before as "state_before: _",
                e.state_after as "state_after: _", e.location_before, e.location_after, e.changes as "changes: _",
                e.reverses, e.reason, e.by_user, e.by_system as "by_system: _", e.by_for, e.occurred_at, e.recorded_at,
                c.state as "now_state: _", c.amount as now_amount, c.location_id as now_location,
                c.holder_id as now_holder, c.version as now_version
            from stock_events e join containers c on c.lab_id = e.lab_id and c.id = e.container_id "# + $rest
            $(, $argument)*
        )
    };
}

/// The newest first, with the bottle as it is now; none: there is no event.
pub async fn events_before(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
    seq: i32,
    limit: i64,
    unseen: &[Uuid],
) -> Result<Option<(Vec<StockEvent>, Present)>> {
    let rows = events!(
        "where e.lab_id = $1 and e.container_id = $2 and e.seq < $3 and (c.location_id = any ($5)) is not true
        order by e.seq desc limit $4",
        lab_id,
        container_id,
        seq,
        limit,
        unseen
    );
    let rows = rows.fetch_all(db).await?;
    let Some(now) = rows.first().map(Present::from) else { return Ok(None) };
    Ok(Some((rows.into_iter().map(StockEvent::from).collect(), now)))
}

pub async fn find_event(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
    id: Uuid,
) -> Result<Option<StockEvent>> {
    let row = events!("where e.lab_id = $1 and e.container_id = $2 and e.id = $3", lab_id, container_id, id);
    Ok(row.fetch_optional(db).await?.map(StockEvent::from))
}

/// Which container an event of the lab belongs to, and what was posted; none for what was not.
pub async fn find_content(db: &mut PgConnection, lab_id: Uuid, id: Uuid) -> Result<Option<(Uuid, Option<Vec<u8>>)>> {
    let row = sqlx::query!("select container_id, content from stock_events where lab_id = $1 and id = $2", lab_id, id);
    Ok(row.fetch_optional(db).await?.map(|row| (row.container_id, row.content)))
}

/// Those that are ids of events of the lab.
pub async fn find_booked(db: &mut PgConnection, lab_id: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let booked = sqlx::query_scalar!("select id from stock_events where lab_id = $1 and id = any ($2)", lab_id, ids);
    Ok(booked.fetch_all(db).await?)
}

/// What a container of the lab was made from; none for one that nobody posted.
pub async fn find_first_content(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
) -> Result<Option<Option<Vec<u8>>>> {
    let content = sqlx::query_scalar!(
        "select content from stock_events where lab_id = $1 and container_id = $2 and seq = 1",
        lab_id,
        container_id
    );
    Ok(content.fetch_optional(db).await?)
}

/// Whether somebody can act on a loan: an account that is not disabled, in the lab as a member or more.
pub async fn can_hold(db: &mut PgConnection, lab_id: Uuid, user_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select 1 from memberships m join users u on u.id = m.user_id and u.disabled_at is null
        where m.lab_id = $1 and m.user_id = $2 and m.left_at is null and m.role <> 'viewer'",
        lab_id,
        user_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

pub async fn first_occurred_at(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
) -> Result<Option<DateTime<Utc>>> {
    let first = sqlx::query_scalar!(
        "select occurred_at from stock_events where lab_id = $1 and container_id = $2 order by seq limit 1",
        lab_id,
        container_id
    );
    Ok(first.fetch_optional(db).await?)
}
