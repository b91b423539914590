//! Whom a bottle may be lent to.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{event::Event, store};
use crate::{
    auth::{self, Auth, Member},
    base::error::{Error, Reason, Result},
};

/// Refuses to lend a bottle from this place to somebody who could not use it or bring it back: who is no member, or has
/// no key to a hidden place, without which nothing that belongs there is seen.
pub async fn check_holder(db: &mut PgConnection, by: &Auth<Member>, event: &Event, from: Option<Uuid>) -> Result<()> {
    let Event::CheckOut(Some(holder)) = event else { return Ok(()) };
    if *holder == by.user_id() {
        return Ok(());
    }
    if !store::can_hold(db, by.lab_id(), *holder).await? {
        return Err(refused("is no active member of the lab"));
    }
    match from {
        Some(place) if !auth::sees(db, by, *holder, place).await? => {
            Err(refused("has no key to the hidden place of the container"))
        }
        _ => Ok(()),
    }
}

fn refused(why: &str) -> Error {
    Reason::HolderRefused.at("/holder_id", why)
}
