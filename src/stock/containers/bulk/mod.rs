//! Many events in one call, with a verdict for each. Each is booked as a single one is, those of one bottle in their
//! order; `atomic` books all of them in one transaction, or none.

mod atomic;
mod http;

use std::collections::HashMap;

use chemistry::canonical_code;
use futures_util::{StreamExt as _, stream};
use uuid::Uuid;

pub use self::{atomic::post_all, http::routes};
use super::{
    Container, NewEvent,
    draft::{Draft, Posted},
    posting, store,
};
use crate::{
    auth::{Auth, CONNECTIONS_OF_BULK, Member},
    base::error::{Error, Reason, Result},
    stock::codes::{self, Code},
};

/// Events of one call.
const MOST: usize = 500;
/// How the bottle of an event is named.
#[derive(Debug)]
pub enum Named {
    Id(Uuid),
    Code(Code),
}

/// What was sent, or why it cannot be read.
pub type Operation = Result<(Named, NewEvent)>;

#[derive(Debug)]
pub enum Verdict {
    /// Now, or by an earlier call.
    Booked(Box<Posted>),
    /// Nothing of it was booked.
    Failed(Error),
    /// It was not tried, or taken back, because of another one.
    NotBooked,
}

#[derive(Debug)]
pub struct Verdicts {
    /// In the order of the operations.
    pub all: Vec<Verdict>,
    /// False when nothing was booked, as one of all was refused.
    pub stand: bool,
}

/// Each for itself: what becomes of one does not matter to another, unless it is of the same bottle.
pub async fn post_each(by: &Auth<Member>, operations: Vec<Operation>) -> Result<Verdicts> {
    let _turn = by.turn_of_bulk().await?;
    let drafts = drafts(by, operations).await?;
    let mut verdicts: Vec<_> = drafts.iter().map(|_| Verdict::NotBooked).collect();
    let mut of_bottles: HashMap<Uuid, Vec<(usize, Draft)>> = HashMap::new();
    for (n, draft) in drafts.into_iter().enumerate() {
        match draft {
            Ok(draft) => of_bottles.entry(draft.container_id).or_default().push((n, draft)),
            Err(why) => verdicts[n] = Verdict::Failed(why),
        }
    }
    let booking = of_bottles.into_values().map(|of_bottle| book_in_order(by, of_bottle));
    let mut booking = stream::iter(booking).buffer_unordered(CONNECTIONS_OF_BULK);
    while let Some(booked) = booking.next().await {
        for (n, booked) in booked {
            verdicts[n] = booked.map_or_else(Verdict::Failed, |posted| Verdict::Booked(Box::new(posted)));
        }
    }
    Ok(Verdicts { all: verdicts, stand: true })
}

/// The events of one bottle. When one cannot be booked for now, those after it wait, too.
async fn book_in_order(by: &Auth<Member>, drafts: Vec<(usize, Draft)>) -> Vec<(usize, Result<Posted>)> {
    let mut booked = Vec::with_capacity(drafts.len());
    for (n, draft) in drafts {
        let posted = posting::book(by, &draft).await;
        let goes_on = posted.as_ref().err().is_none_or(is_refusal);
        booked.push((n, posted));
        if !goes_on {
            break;
        }
    }
    booked
}

/// Whether it would be refused again.
fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::NotFound(_) | Error::Forbidden(_) | Error::Invalid(_) | Error::Rejected(_))
}

/// The operations with their bottles. A repeat of the call makes the same ids.
async fn drafts(by: &Auth<Member>, operations: Vec<Operation>) -> Result<Vec<Result<Draft>>> {
    if operations.is_empty() || operations.len() > MOST {
        return Err(Error::field("/operations", format!("must have 1 to {MOST} operations, has {}", operations.len())));
    }
    let labelled = find_labelled(by, &operations).await?;
    let mut bottle_of_id: HashMap<Uuid, Uuid> = HashMap::new();
    let drafts = operations.into_iter().map(|operation| {
        let id = by.id_or_new(operation.as_ref().ok().and_then(|(_, event)| event.id));
        let ((named, event), id) = (operation?, id?);
        let container_id = match named {
            Named::Id(id) => id,
            Named::Code(code) => labelled.find(&code)?,
        };
        // Which of them came first would be chance.
        if *bottle_of_id.entry(id).or_insert(container_id) != container_id {
            return Err(
                Reason::IdTaken.because("an earlier operation of this request, of another container, has this id")
            );
        }
        Draft::new(by, id, container_id, event)
    });
    Ok(drafts.collect())
}

/// Bottles by the canonical form of their codes.
struct Labelled(HashMap<String, Vec<Container>>);

async fn find_labelled(by: &Auth<Member>, operations: &[Operation]) -> Result<Labelled> {
    let named = operations.iter().flatten().filter_map(|(named, _)| match named {
        Named::Code(code) => Some(code.as_str()),
        Named::Id(_) => None,
    });
    let named: Vec<_> = named.collect();
    let mut labelled: HashMap<_, Vec<_>> = HashMap::new();
    if !named.is_empty() {
        let db = &mut *by.app().lookups().await?;
        for bottle in store::find_by_code(db, by.lab_id(), &named, by.keys().unseen()).await? {
            labelled.entry(canonical_code(&bottle.code)).or_default().push(bottle);
        }
    }
    Ok(Labelled(labelled))
}

impl Labelled {
    fn find(&self, code: &Code) -> Result<Uuid> {
        let alike = self.0.get(&canonical_code(code.as_str())).map_or(&[][..], Vec::as_slice);
        let chosen = codes::choose(&[code.as_str()], alike.iter().collect(), |it| &it.code)?;
        chosen.map(|it| it.id).ok_or(Error::NotFound("container"))
    }
}
