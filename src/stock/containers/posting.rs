//! Booking an event: read, decide, write, with nothing lost when two phones book at once.
//!
//! The write is guarded by the version that was decided on, so when nobody else was faster it is one statement, which
//! may hold the events of other bottles. When somebody was, the second try locks the row, and everybody who comes for
//! that bottle stands in line.

use std::{slice, sync::Arc};

use chemistry::{Quantity, Unit};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::Uuid;

use super::{
    Container,
    actor::Actor,
    changes::{Changes, Rest, change},
    counting::{Counting, counting_for},
    days::{day_of, occurred_at},
    draft::{Draft, Posted, repeated},
    entry::Entry,
    event::{Event, NewEvent},
    events::recent,
    history::WHOLE,
    ledger::{self, Booking, Circumstances, Situation},
    lending::check_holder,
    line::StockEvent,
    lock,
    rights::allowed,
    snapshot,
    state::EventType,
    store, undo,
    who::who,
    writing,
};
use crate::{
    auth::{Auth, InLab, Member},
    base::error::{Error, Result},
    journal,
    stock::locations,
};

pub async fn post(by: &Auth<Member>, container_id: Uuid, posted: NewEvent) -> Result<Posted> {
    let id = by.id_or_new(posted.id)?;
    book(by, &Draft::new(by, id, container_id, posted)?).await
}

/// Books what was posted, or answers what was booked under its id before.
pub async fn book(by: &Auth<Member>, draft: &Draft) -> Result<Posted> {
    match book_once(by, draft).await {
        // The first try may have brought about the very state that refuses the repeat.
        Err(refusal @ (Error::Rejected(_) | Error::Invalid(_) | Error::Forbidden(_))) if draft.may_be_repeat => {
            repeated(&mut *by.app().db().await?, by, draft).await?.ok_or(refusal)
        }
        other => other,
    }
}

async fn book_once(by: &Auth<Member>, draft: &Draft) -> Result<Posted> {
    let before = snapshot(by, draft.container_id).await?;
    let entry = Arc::new(entry(&mut *by.app().db().await?, by, &before, draft).await?);
    if let Some(is_low) = writing::book(by.app(), entry.clone()).await? {
        return posted(&before, &entry, is_low);
    }
    // Somebody else was faster.
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let before = lock(&mut tx, by, draft.container_id).await?;
    let posted = book_locked(&mut tx, by, &before, draft).await?;
    // The event is its line in the journal.
    journal::commit(tx, by, []).await?;
    Ok(posted)
}

/// Books it in a transaction that holds the bottle's row, and does not commit.
pub async fn book_locked(
    tx: &mut PgTransaction<'_>,
    by: &Auth<Member>,
    before: &Container,
    draft: &Draft,
) -> Result<Posted> {
    let entry = Arc::new(entry(tx, by, before, draft).await?);
    let booked = store::book(tx, slice::from_ref(&entry)).await?;
    // A place is all that can have changed: the one where an undo would bring it back.
    let is_low = booked.into_iter().next().transpose()?.flatten().ok_or_else(undo::place_is_gone)?;
    posted(before, &entry, is_low)
}

async fn entry(db: &mut PgConnection, by: &Auth<Member>, before: &Container, draft: &Draft) -> Result<Entry> {
    let now = by.now();
    let occurred_at = occurred_at(db, before, draft.posted.occurred_at, now).await?;
    let booking = decide(db, by, before, draft, occurred_at).await?;
    let after = booking.after;
    let rest = Rest {
        opened_on: change(before.opened_on, after.opened_on),
        holder_id: change(before.holder_id, after.holder_id),
        tare: change(before.tare.map(|tare| tare.value.get()), after.tare),
        ..Rest::default()
    };
    let event = StockEvent {
        id: draft.id,
        container_id: before.id,
        seq: before.version + 1,
        r#type: draft.posted.r#type,
        delta: booking.delta,
        amount_after: quantity(after.amount, after.unit)?,
        typed: draft.event.typed(),
        counted_with: booking.counted_with,
        state_before: Some(before.state),
        state_after: after.state,
        location_before: before.location_id,
        location_after: after.location_id,
        changes: Changes::default(),
        reverses: draft.event.reverses(),
        reason: draft.posted.reason.clone().map(String::from),
        by: Actor::person(by.user_id()),
        occurred_at,
        recorded_at: now,
        undoable: None,
    }
    .with_changes(&rest);
    let day = event.r#type.opens().then(|| day_of(by, occurred_at));
    let (lab_id, content, origin) = (before.lab_id, draft.content, by.origin());
    let without_key = by.keys().acts_without([before.location_id, after.location_id]);
    Ok(Entry { lab_id, after, event, rest, day, content, origin, without_key })
}

fn posted(before: &Container, entry: &Entry, is_low: bool) -> Result<Posted> {
    let (after, event) = (&entry.after, entry.event.clone());
    let container = Container {
        state: after.state,
        amount: event.amount_after,
        is_low,
        location_id: after.location_id,
        opened_on: after.opened_on,
        holder_id: after.holder_id,
        tare: after.tare.map(|grams| quantity(grams, Unit::Gram)).transpose()?,
        version: event.seq,
        updated_at: event.recorded_at,
        ..before.clone()
    };
    Ok(Posted { event, container, is_new: true })
}

/// May it happen, and what comes of it? A refusal says what the container does allow.
async fn decide(
    db: &mut PgConnection,
    by: &Auth<Member>,
    before: &Container,
    draft: &Draft,
    occurred_at: DateTime<Utc>,
) -> Result<Booking> {
    let counting = counting_for(db, before, draft.event.typed()).await?;
    let (now, who, kind) = (situation(before, counting), who(by), draft.posted.r#type);
    let needs_history = matches!(kind, EventType::Reverse | EventType::Find);
    let decided = match who.check(kind, &now) {
        Ok(()) if needs_history => decide_by_history(db, by, before, draft, &now).await,
        Ok(()) => check_holder(db, by, &draft.event, now.location_id)
            .await
            .and_then(|()| ledger::decide(&now, &draft.event, circumstances(by, occurred_at, None))),
        Err(refusal) => Err(refusal),
    };
    let decided = decided.and_then(|it| who.check_arrival(kind, it.after.location_id).map(|()| it));
    if !matches!(decided, Err(Error::Rejected(_))) {
        return decided;
    }
    let actions = allowed_actions(db, by, before).await?;
    decided.map_err(|error| error.with(|members| members.allowed_actions = Some(actions)))
}

/// The events that would succeed for the caller.
pub async fn allowed_actions<R: InLab>(
    db: &mut PgConnection,
    by: &Auth<R>,
    container: &Container,
) -> Result<Vec<&'static str>> {
    let history = recent(db, by, container.id).await?;
    let counting = counting_for(db, container, Some(Quantity::NO_GRAMS)).await?;
    let is_in_one = container.location_id.is_some() && by.keys().opens(container.location_id);
    let has_places = is_in_one || locations::has_open(db, by.lab_id(), by.keys()).await?;
    Ok(allowed(&situation(container, counting), &history, &who(by), has_places))
}

async fn decide_by_history(
    db: &mut PgConnection,
    by: &Auth<Member>,
    before: &Container,
    draft: &Draft,
    now: &Situation,
) -> Result<Booking> {
    let history = store::history(db, by.lab_id(), before.id, by.time_zone(), WHOLE, None).await?;
    match draft.event {
        Event::Reverse(undone) => undo::undo(now, &history, undone, &who(by)),
        _ => ledger::decide(now, &draft.event, circumstances(by, by.now(), history.state_before_loss())),
    }
}

fn circumstances(by: &Auth<Member>, at: DateTime<Utc>, before_loss: Option<super::State>) -> Circumstances {
    Circumstances { by: by.user_id(), day: day_of(by, at), before_loss }
}

fn situation(container: &Container, counting: Counting) -> Situation {
    Situation {
        state: container.state,
        amount: container.amount.value.get(),
        unit: container.amount.unit,
        location_id: container.location_id,
        opened_on: container.opened_on,
        came_opened: container.came_opened,
        holder_id: container.holder_id,
        tare: container.tare.map(|tare| tare.value.get()),
        counting,
    }
}

/// What the ledger has worked out, as an amount that a container can hold.
fn quantity(value: Decimal, unit: Unit) -> Result<Quantity> {
    Quantity::new(value, unit).map_err(|_| Error::field("/amount/value", ledger::TOO_MUCH))
}
