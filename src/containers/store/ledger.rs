//! SQL on the ledger: the booking of an event, and its reading.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::named_constraints;
use crate::{
    chemistry::{Amount, Quantity, Unit},
    containers::{
        Actor, EventType, State, StockEvent, System,
        changes::{Changes, Rest},
        counting::CountedWith,
        history::{History, Past},
        ledger::Situation,
    },
    error::{Error, OnConstraint, Reason, Result},
};

/// Writes the container and the event, if what was decided on still holds: the container's version (the one before the
/// event's seq), and the place to which an undo brings it back. Answers whether it is low now.
pub async fn book(
    db: &mut PgConnection,
    lab_id: Uuid,
    after: &Situation,
    event: &StockEvent,
    rest: Rest,
    content: &[u8],
) -> Result<Option<bool>> {
    let is_low = sqlx::query_scalar!(
        r#"with changed as (
            update containers set state = $4, amount = $5, location_id = $6, opened_on = $7, holder_id = $8, tare = $9,
                version = version + 1, updated_at = $10
            where lab_id = $1 and id = $2 and version = $3
            returning is_low
        ), booked as (
            insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
                state_before, state_after, location_before, location_after, reverses, reason, by_user, occurred_at,
                recorded_at, changes, counted_with, content)
            select $11, $1, $2, $3 + 1, $12, $13, $5, $14, $15, $16, $4, $17, $6, $18, $19, $20, $21, $10, $22, $23, $24
            from changed
        )
        select is_low as "is_low!" from changed"#,
        lab_id,
        event.container_id,
        event.seq - 1,
        after.state.as_str(),
        after.amount,
        after.location_id,
        after.opened_on,
        after.holder_id,
        after.tare,
        event.recorded_at,
        event.id,
        event.r#type.as_str(),
        event.delta,
        event.typed.map(|typed| typed.value.get()),
        event.typed.map(|typed| typed.unit.code()),
        event.state_before.map(State::as_str),
        event.location_before,
        event.reverses,
        event.reason,
        event.by.user_id,
        event.occurred_at,
        rest.or_none().map(Json) as _,
        event.counted_with.map(Json) as _,
        content
    )
    .fetch_optional(db)
    .await;
    named_constraints(or_closed_since(is_low, event))
        .on_constraint("stock_events_pkey", || Reason::IdTaken.because("another event has this id"))
        .on_constraint("stock_events_reverses_key", || {
            Reason::NotReversible.because("the event has been reversed already")
        })
}

/// Nothing was booked where an undo would bring the container back to a place that was closed after the ledger was read.
fn or_closed_since(booked: sqlx::Result<Option<bool>>, event: &StockEvent) -> Result<Option<bool>> {
    match booked.map_err(Error::from) {
        Err(error) if event.reverses.is_some() && error.violates("containers_location_fkey") => Ok(None),
        booked => booked,
    }
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
                e.reverses, e.reason, e.by_user, e.by_system as "by_system: _", e.by_for, e.occurred_at, e.recorded_at
            from stock_events e join containers c on c.id = e.container_id "# + $rest
            $(, $argument)*
        )
    };
}

pub async fn events_before(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
    seq: i32,
    limit: i64,
) -> Result<Vec<StockEvent>> {
    let rows = events!(
        "where c.lab_id = $1 and e.container_id = $2 and e.seq < $3 order by e.seq desc limit $4",
        lab_id,
        container_id,
        seq,
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(StockEvent::from).collect())
}

pub async fn find_event(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
    id: Uuid,
) -> Result<Option<StockEvent>> {
    let row = events!("where c.lab_id = $1 and e.container_id = $2 and e.id = $3", lab_id, container_id, id);
    Ok(row.fetch_optional(db).await?.map(StockEvent::from))
}

/// Which container an event belongs to, and what was posted; none for what was not.
pub async fn find_content(db: &mut PgConnection, id: Uuid) -> Result<Option<(Uuid, Option<Vec<u8>>)>> {
    let row = sqlx::query!("select container_id, content from stock_events where id = $1", id);
    Ok(row.fetch_optional(db).await?.map(|row| (row.container_id, row.content)))
}

/// What a container of the lab was made from; none for one that nobody posted.
pub async fn find_first_content(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
) -> Result<Option<Option<Vec<u8>>>> {
    let content = sqlx::query_scalar!(
        "select content from stock_events where container_id = $2 and seq = 1 and lab_id = $1",
        lab_id,
        container_id
    );
    Ok(content.fetch_optional(db).await?)
}

pub async fn is_member(db: &mut PgConnection, lab_id: Uuid, user_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select 1 from memberships where lab_id = $1 and user_id = $2 and left_at is null",
        lab_id,
        user_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

pub async fn first_occurred_at(db: &mut PgConnection, container_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    let first = sqlx::query_scalar!(
        "select occurred_at from stock_events where container_id = $1 order by seq limit 1",
        container_id
    );
    Ok(first.fetch_optional(db).await?)
}

/// The newest events of a bottle, back to `since` and at most so many, as far as an undo needs them.
pub async fn history(
    db: &mut PgConnection,
    container_id: Uuid,
    zone: Tz,
    since: i32,
    most: Option<i64>,
) -> Result<History> {
    let rows = sqlx::query!(
        r#"select id, seq, type as "type: EventType", by_user, by_system as "by_system: System", by_for, occurred_at,
            recorded_at, reverses, delta, amount_after, state_before as "state_before: State",
            state_after as "state_after: State", location_before, location_after, changes as "changes: Json<Rest>",
            location_before is not null and (location_before is distinct from location_after or type = 'dispose')
                and not exists (select from locations l where l.id = location_before and l.closed_at is null)
                as "place_is_gone!",
            changes -> 'holder_id' ->> 0 is not null and not exists (
                select from memberships m
                where m.lab_id = e.lab_id and m.user_id = (changes -> 'holder_id' ->> 0)::uuid and m.left_at is null
            ) as "holder_is_gone!"
        from (
            select * from stock_events where container_id = $1 and seq >= $2 order by seq desc limit $3::bigint
        ) e order by seq"#,
        container_id,
        since,
        most
    );
    let lines = rows.fetch_all(db).await?.into_iter().map(|row| Past {
        id: row.id,
        seq: row.seq,
        r#type: row.r#type,
        by: Actor { user_id: row.by_user, system: row.by_system, r#for: row.by_for },
        recorded_at: row.recorded_at,
        day: row.occurred_at.with_timezone(&zone).date_naive(),
        reverses: row.reverses,
        delta: row.delta,
        amount_after: row.amount_after,
        state_before: row.state_before,
        state_after: row.state_after,
        location_before: row.location_before,
        location_after: row.location_after,
        place_is_gone: row.place_is_gone,
        holder_is_gone: row.holder_is_gone,
        rest: row.changes.map(|it| it.0).unwrap_or_default(),
    });
    Ok(History::new(lines.collect()))
}
