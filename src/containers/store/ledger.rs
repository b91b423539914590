//! SQL on the ledger.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::named_constraints;
use crate::{
    chemistry::{Amount, Quantity, Unit},
    containers::{
        StockEvent,
        ledger::{Past, Situation},
        state::{EventType, State},
    },
    error::{Error, OnConstraint, Reason, Result},
};

/// Writes the container and the event, if the container is still at the version that was decided on (the one before the
/// event's seq). Answers whether it is low now.
pub async fn book(db: &mut PgConnection, lab_id: Uuid, after: &Situation, event: &StockEvent) -> Result<Option<bool>> {
    let is_low = sqlx::query_scalar!(
        r#"with changed as (
            update containers set state = $4, amount = $5, location_id = $6, opened_on = $7, holder_id = $8, tare = $9,
                version = version + 1, updated_at = $10
            where lab_id = $1 and id = $2 and version = $3
            returning is_low
        ), booked as (
            insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
                state_before, state_after, location_before, location_after, reverses, reason, by_user, occurred_at,
                recorded_at)
            select $11, $1, $2, $3 + 1, $12, $13, $5, $14, $15, $16, $4, $17, $6, $18, $19, $20, $21, $10 from changed
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
        event.by_user,
        event.occurred_at
    )
    .fetch_optional(db)
    .await;
    named_constraints(is_low.map_err(Error::from))
        .on_constraint("stock_events_pkey", || Reason::IdTaken.because("another event has this id"))
        .on_constraint("stock_events_reverses_key", || {
            Reason::NotReversible.because("the event has been reversed already")
        })
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
    state_before: Option<State>,
    state_after: State,
    location_before: Option<Uuid>,
    location_after: Option<Uuid>,
    reverses: Option<Uuid>,
    reason: Option<String>,
    by_user: Uuid,
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
            state_before: row.state_before,
            state_after: row.state_after,
            location_before: row.location_before,
            location_after: row.location_after,
            reverses: row.reverses,
            reason: row.reason,
            by_user: row.by_user,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
        }
    }
}

/// Reads ledger lines: `events!("where ...", arguments)`, with the tables named `e` and `c`.
macro_rules! events {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            EventRow,
            r#"select e.id, e.container_id, e.seq, e.type as "type: _", e.delta, e.amount_after as "amount_after: _",
                c.unit as "unit: _", e.typed_value as "typed_value: _", e.typed_unit as "typed_unit: _",
                e.state_before as "state_before: _", e.state_after as "state_after: _", e.location_before,
                e.location_after, e.reverses, e.reason, e.by_user, e.occurred_at, e.recorded_at
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

/// An event of the container, as far as its reversal needs it.
pub async fn find_past(db: &mut PgConnection, container_id: Uuid, id: Uuid) -> Result<Option<Past>> {
    let past = sqlx::query_as!(
        Past,
        r#"select type as "type: _", delta, state_before as "state_before: _", state_after as "state_after: _",
            location_before, location_after,
            exists (select from stock_events where reverses = e.id) as "is_reversed!"
        from stock_events e where container_id = $1 and id = $2"#,
        container_id,
        id
    );
    Ok(past.fetch_optional(db).await?)
}
