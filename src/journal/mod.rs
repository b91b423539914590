//! The journal: one line for each change that a user can see, with before and after, written in the transaction of the
//! change. A use case begins a transaction, writes, and ends with [`commit`], which takes what has changed ([`Change`])
//! and who changed it ([`Actor`]). There is no other end: `.clippy.toml` bans the `commit` of sqlx, and the stores of
//! what is journalled write in a transaction alone.
//!
//! Events of the ledger (`stock_events`) are lines already and are not written twice. Sessions, codes, the outbox,
//! tallies, the answers to repeated requests and jobs are not journalled; logins have an audit of their own
//! (`people::audit`).
//!
//! The notary gives the lines their order and their hashes, `verify` recomputes those, and `audit` shows them.

mod actor;
pub mod audit;
mod canonical;
mod change;
mod http;
mod kind;
mod lines;
pub mod notary;
mod store;
mod verify;

use sqlx::{PgConnection, PgTransaction};

pub use self::{
    actor::{Actor, Committer, System},
    change::{Change, Journalled, NO_LAB},
    http::routes,
    kind::Kind,
};
use crate::{
    auth::Auth,
    base::{
        error::{Error, Reason, Result},
        ids::OwnId,
        made::Made,
    },
};

/// Ends a use case: writes a line for each change, commits, and rings for the notary. A change of nothing leaves no
/// line.
#[expect(clippy::disallowed_methods, reason = "the one commit of use cases")]
pub async fn commit(
    mut tx: PgTransaction<'_>,
    by: impl Committer,
    changes: impl IntoIterator<Item = Change>,
) -> Result<()> {
    let changes: Vec<_> = changes.into_iter().filter(|change| !change.is_empty()).collect();
    if !changes.is_empty() {
        store::insert(&mut tx, &by.actor(), &changes).await?;
    }
    tx.commit().await?;
    if let Some(app) = by.app() {
        notary::ring(app);
    }
    Ok(())
}

/// The answer to a repeat of a request: what its first try has made, as it is now. An id of the client's is refused as
/// taken, unless this person has made just this under it. `first` is the change that made it; `beside` are its fields
/// that the request leaves to the server.
pub async fn made_before<T, R>(
    db: &mut PgConnection,
    by: &Auth<R>,
    given: Option<OwnId>,
    made: T,
    first: &Change,
    beside: &[&str],
) -> Result<Made<T>> {
    let is_named = given.is_some_and(OwnId::is_given);
    if is_named && !store::is_told(db, by.user_id(), first, beside).await? {
        return Err(id_taken());
    }
    Ok(Made { resource: made, is_new: !is_named })
}

pub fn id_taken() -> Error {
    Reason::IdTaken.because("something else has this id already")
}
