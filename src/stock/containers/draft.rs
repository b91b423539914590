//! An event that is about to be booked, and what was booked under its id before.

use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Container,
    actor::Actor,
    content::Fingerprint,
    event::{Event, NewEvent},
    line::StockEvent,
    store,
};
use crate::{
    auth::{Auth, Member},
    base::error::{Error, Reason, Result},
};

/// The booked event and the container as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Posted {
    pub event: StockEvent,
    pub container: Container,
    /// False when an event with this id was booked before: nothing happened this time.
    #[serde(skip)]
    pub is_new: bool,
}

/// An event as it was posted, with the bottle that it is of.
pub struct Draft {
    pub id: Uuid,
    pub container_id: Uuid,
    pub posted: NewEvent,
    pub event: Event,
    pub content: Fingerprint,
    /// An id that was made a moment ago has never been booked.
    pub may_be_repeat: bool,
}

impl Draft {
    pub fn new(by: &Auth<Member>, id: Uuid, container_id: Uuid, mut posted: NewEvent) -> Result<Self> {
        let may_be_repeat = posted.id.is_some() || by.is_repeatable();
        let content = posted.fingerprint(container_id, by.user_id());
        posted.location_id = by.keys().or_unknown(posted.location_id);
        let event = posted.classify()?;
        Ok(Self { id, container_id, posted, event, content, may_be_repeat })
    }
}

/// The answer to an event that was booked before, if it is the same event; another under its id is refused. None: no
/// event of the lab has this id.
pub async fn repeated(db: &mut PgConnection, by: &Auth<Member>, draft: &Draft) -> Result<Option<Posted>> {
    let container_id = draft.container_id;
    let taken = || Reason::IdTaken.because("another event has this id");
    let Some((container_of, content)) = store::find_content(db, by.lab_id(), draft.id).await? else { return Ok(None) };
    if container_of != container_id {
        return Err(taken());
    }
    let mut event = store::find_event(db, by.lab_id(), container_id, draft.id).await?.ok_or_else(taken)?;
    let is_same = match content {
        Some(content) => content == draft.content,
        // Booked before contents were kept.
        None => {
            event.state_before.is_some()
                && event.r#type == draft.posted.r#type
                && event.by == Actor::person(by.user_id())
                && event.typed == draft.event.typed()
                && event.reverses == draft.event.reverses()
                && draft.event.place().is_none_or(|place| event.location_after == Some(place))
        }
    };
    if !is_same {
        return Err(taken());
    }
    event.conceal(by.keys());
    let container = store::find_all(db, &[(by.lab_id(), container_id)]).await?.pop();
    let container = container.filter(|it| by.keys().sees(it.location_id)).ok_or(Error::NotFound("container"))?;
    Ok(Some(Posted { event, container: *container, is_new: false }))
}
