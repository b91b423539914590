//! All events of a call in one transaction, or none.

use std::collections::{HashMap, HashSet};

use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::Uuid;

use super::{Operation, Verdict, Verdicts, drafts, is_refusal};
use crate::{
    auth::{Auth, Member},
    base::error::{Error, Result},
    journal,
    stock::containers::{
        Container,
        draft::{Draft, Posted, repeated},
        posting::book_locked,
        store,
    },
};

pub async fn post_all(by: &Auth<Member>, operations: Vec<Operation>) -> Result<Verdicts> {
    let _turn = by.turn_of_bulk().await?;
    let drafts = drafts(by, operations).await?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let mut turn = Turn::begin(&mut tx, by, drafts.iter().flatten()).await?;
    let (many, mut all, mut stand) = (drafts.len(), Vec::with_capacity(drafts.len()), true);
    for draft in drafts {
        let booked = match draft {
            Ok(draft) => turn.book(&mut tx, by, &draft).await,
            Err(why) => Err(why),
        };
        match booked {
            Ok(posted) => all.push(Verdict::Booked(Box::new(posted))),
            Err(no) if is_refusal(&no) => {
                stand = false;
                all.push(Verdict::Failed(no));
            }
            Err(failure) if stand => return Err(failure),
            // A refusal by a constraint ends the transaction, which takes no further statement.
            Err(_) => break,
        }
    }
    if stand {
        // The events are their lines in the journal.
        journal::commit(tx, by, []).await?;
        return Ok(Verdicts { all, stand });
    }
    tx.rollback().await?;
    let mut all = as_it_is_now(&mut db, by, all, &turn.made).await?;
    all.resize_with(many, || Verdict::NotBooked);
    Ok(Verdicts { all, stand })
}

/// After the transaction is taken back: an event that it had made is not booked, whether it was posted once or twice.
/// What was booked before the call stands beside its bottle as that is now, not as it was in the transaction.
async fn as_it_is_now(
    db: &mut PgConnection,
    by: &Auth<Member>,
    verdicts: Vec<Verdict>,
    made: &HashSet<Uuid>,
) -> Result<Vec<Verdict>> {
    let of_before = |verdict: &Verdict| match verdict {
        Verdict::Booked(posted) => Some(posted).filter(|it| !made.contains(&it.event.id)).map(|it| it.container.id),
        _ => None,
    };
    let bottles: HashSet<_> = verdicts.iter().filter_map(of_before).map(|id| (by.lab_id(), id)).collect();
    let bottles = if bottles.is_empty() { Vec::new() } else { store::find_all(db, &Vec::from_iter(bottles)).await? };
    let seen = bottles.into_iter().filter(|it| by.keys().sees(it.location_id));
    let seen: HashMap<Uuid, Box<Container>> = seen.map(|it| (it.id, it)).collect();
    let now = |verdict| match verdict {
        Verdict::Booked(posted) if made.contains(&posted.event.id) => Verdict::NotBooked,
        Verdict::Booked(mut posted) => match seen.get(&posted.container.id) {
            Some(bottle) => {
                posted.container = (**bottle).clone();
                Verdict::Booked(posted)
            }
            None => Verdict::Failed(Error::NotFound("container")),
        },
        other => other,
    };
    Ok(verdicts.into_iter().map(now).collect())
}

/// How far the transaction is.
struct Turn {
    /// Those that the caller may see, locked, as they are by now.
    bottles: HashMap<Uuid, Container>,
    booked: HashSet<Uuid>,
    /// Events of this transaction.
    made: HashSet<Uuid>,
}

impl Turn {
    async fn begin(
        tx: &mut PgTransaction<'_>,
        by: &Auth<Member>,
        drafts: impl Iterator<Item = &Draft> + Clone,
    ) -> Result<Self> {
        let wanted: HashSet<_> = drafts.clone().map(|draft| draft.container_id).collect();
        let bottles = store::lock(tx, by.lab_id(), &Vec::from_iter(wanted)).await?;
        let seen = bottles.into_iter().filter(|it| by.keys().sees(it.location_id));
        let bottles = seen.map(|it| (it.id, *it)).collect();
        let ids: Vec<_> = drafts.filter(|draft| draft.may_be_repeat).map(|draft| draft.id).collect();
        // An id that was made a moment ago is no event's.
        let booked = if ids.is_empty() { Vec::new() } else { store::find_booked(tx, by.lab_id(), &ids).await? };
        Ok(Self { bottles, booked: booked.into_iter().collect(), made: HashSet::new() })
    }

    async fn book(&mut self, tx: &mut PgTransaction<'_>, by: &Auth<Member>, draft: &Draft) -> Result<Posted> {
        let before = self.bottles.get(&draft.container_id).ok_or(Error::NotFound("container"))?;
        if self.booked.contains(&draft.id) {
            return repeated(tx, by, draft).await?.ok_or(Error::NotFound("event"));
        }
        let posted = book_locked(tx, by, before, draft).await?;
        self.bottles.insert(draft.container_id, posted.container.clone());
        self.booked.insert(draft.id);
        self.made.insert(draft.id);
        Ok(posted)
    }
}
