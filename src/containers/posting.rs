//! Booking an event: read, decide, write, with nothing lost when two phones book at once.
//!
//! The write is guarded by the version that was decided on, so one statement is enough when nobody else was faster. When
//! somebody was, the second try locks the row, and everybody who comes for that bottle stands in line.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Container,
    event::{Event, PostedEvent},
    ledger::{self, Booking, Past, Situation},
    snapshot,
    state::{EventType, State, allowed},
    store,
};
use crate::{
    auth::{Auth, Member, Role, Viewer},
    chemistry::{Quantity, Unit},
    error::{Error, Reason, Rejection, Result},
    page::{Cursor, Limit, Page},
};

/// A line of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StockEvent {
    pub id: Uuid,
    pub container_id: Uuid,
    /// Its place in the container's ledger: later is higher, with gaps.
    pub seq: i32,
    pub r#type: EventType,
    /// What it added (or, negative, took), in the container's unit. The deltas of a container sum up to its amount.
    #[schema(value_type = String, example = "-12.5")]
    pub delta: rust_decimal::Decimal,
    pub amount_after: Quantity,
    /// The amount as it was typed.
    pub typed: Option<Quantity>,
    pub state_before: Option<State>,
    pub state_after: State,
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    /// The event that this one undoes.
    pub reverses: Option<Uuid>,
    pub reason: Option<String>,
    pub by_user: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

/// The booked event and the container as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Posted {
    pub event: StockEvent,
    pub container: Container,
    /// False when an event with this id was booked before: nothing happened this time.
    #[serde(skip)]
    pub is_new: bool,
}

pub async fn post(by: &Auth<Member>, container_id: Uuid, posted: PostedEvent) -> Result<Posted> {
    let event = posted.sort()?;
    if by.role() < posted.r#type.needs() {
        return Err(Error::Forbidden("this event needs the role Manager in the lab"));
    }
    let draft = Draft { id: by.id_or_new(posted.id), posted, event };
    match book_once(by, container_id, &draft).await {
        // Only a client's own id can be there already: the phone repeats what it did not hear the answer to.
        Err(Error::Rejected(Rejection { reason: Reason::IdTaken, .. })) => repeated(by, container_id, &draft).await,
        other => other,
    }
}

struct Draft {
    id: Uuid,
    posted: PostedEvent,
    event: Event,
}

async fn book_once(by: &Auth<Member>, container_id: Uuid, draft: &Draft) -> Result<Posted> {
    let before = snapshot(by.app(), by.lab_id(), container_id).await?;
    if let Some(done) = book(&mut *by.app().db().await?, by, &before, draft).await? {
        return Ok(done);
    }
    // Somebody else was faster.
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let before = store::lock(&mut tx, by.lab_id(), container_id).await?.ok_or(Error::NotFound("container"))?;
    let done = book(&mut tx, by, &before, draft).await?.ok_or(Error::Stale)?;
    tx.commit().await?;
    Ok(done)
}

/// None: the container is no longer as it was read.
async fn book(db: &mut PgConnection, by: &Auth<Member>, before: &Container, draft: &Draft) -> Result<Option<Posted>> {
    let now = by.now();
    let booking = decide(db, by, before, draft).await?;
    let after = &booking.after;
    let event = StockEvent {
        id: draft.id,
        container_id: before.id,
        seq: before.version + 1,
        r#type: draft.posted.r#type,
        delta: booking.delta,
        amount_after: quantity(after.amount, after.unit)?,
        typed: draft.event.typed(),
        state_before: Some(before.state),
        state_after: after.state,
        location_before: before.location_id,
        location_after: after.location_id,
        reverses: draft.event.reverses(),
        reason: draft.posted.reason.clone().map(String::from),
        by_user: by.user_id(),
        // A phone's clock may be ahead of ours; an event does not happen after it is told.
        occurred_at: draft.posted.occurred_at.unwrap_or(now).min(now),
        recorded_at: now,
    };
    let Some(is_low) = store::book(db, before.lab_id, after, &event).await? else {
        return Ok(None);
    };
    let container = Container {
        state: after.state,
        amount: event.amount_after,
        is_low,
        location_id: after.location_id,
        opened_on: after.opened_on,
        holder_id: after.holder_id,
        tare: after.tare.map(|grams| quantity(grams, Unit::Gram)).transpose()?,
        version: event.seq,
        updated_at: now,
        ..before.clone()
    };
    Ok(Some(Posted { event, container, is_new: true }))
}

/// May it happen, and what comes of it? A refusal says what the container does allow.
async fn decide(db: &mut PgConnection, by: &Auth<Member>, before: &Container, draft: &Draft) -> Result<Booking> {
    let kind = draft.posted.r#type;
    let now = situation(before);
    let decided = if !kind.starts_from().contains(&before.state) {
        let state = before.state.as_str();
        Err(Reason::EventNotAllowed.because(format!("a container that is {state} does not allow {}", kind.as_str())))
    } else if let Event::Reverse(undone) = draft.event {
        let past = store::find_past(db, before.id, undone).await?;
        let past: Past = past.ok_or_else(|| Error::field("/event_id", "is not an event of this container"))?;
        ledger::undo(&now, &past)
    } else {
        ledger::decide(&now, &draft.event, by.user_id(), by.now().date_naive())
    };
    decided.map_err(|error| with_allowed_actions(error, before.state, by.role()))
}

fn with_allowed_actions(error: Error, state: State, role: Role) -> Error {
    match error {
        Error::Rejected(rejection) => {
            Error::Rejected(Rejection { allowed_actions: Some(allowed(state, role)), ..rejection })
        }
        other => other,
    }
}

fn situation(container: &Container) -> Situation {
    Situation {
        state: container.state,
        amount: container.amount.value.get(),
        unit: container.amount.unit,
        location_id: container.location_id,
        opened_on: container.opened_on,
        holder_id: container.holder_id,
        tare: container.tare.map(|tare| tare.value.get()),
        density: container.density.or(container.chemical.density),
    }
}

/// The answer to an event that was booked before, if it is the same event; another under its id is refused.
async fn repeated(by: &Auth<Member>, container_id: Uuid, draft: &Draft) -> Result<Posted> {
    let db = &mut *by.app().db().await?;
    let taken = || Reason::IdTaken.because("another event has this id");
    let event = store::find_event(db, by.lab_id(), container_id, draft.id).await?.ok_or_else(taken)?;
    let same = event.r#type == draft.posted.r#type
        && event.by_user == by.user_id()
        && event.typed == draft.event.typed()
        && event.reverses == draft.event.reverses();
    if !same {
        return Err(taken());
    }
    let container = store::find_all(db, &[container_id]).await?.pop().ok_or(Error::NotFound("container"))?;
    Ok(Posted { event, container: *container, is_new: false })
}

/// The ledger, newest first.
pub async fn events(
    by: &Auth<Viewer>,
    container_id: Uuid,
    limit: Limit,
    cursor: Option<Cursor<i32>>,
) -> Result<Page<StockEvent>> {
    let mut db = by.app().lists().await?;
    let before = cursor.map_or(i32::MAX, |Cursor(seq)| seq);
    let rows = store::events_before(&mut db, by.lab_id(), container_id, before, limit.plus_one()).await?;
    // Every container has its receipt, so nothing at all means no such container.
    if rows.is_empty() && before == i32::MAX {
        return Err(Error::NotFound("container"));
    }
    Ok(Page::new(rows, limit, |event| event.seq))
}

/// What the ledger has worked out, as an amount that a container can hold.
fn quantity(value: rust_decimal::Decimal, unit: Unit) -> Result<Quantity> {
    Quantity::new(value, unit).map_err(|why| Error::field("/amount/value", why.to_string()))
}
