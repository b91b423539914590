//! A person deletes the account: all that is personal goes at once, and the history keeps an id that leads to nobody.
//!
//! What stays for a while cannot be read without `SECRET_KEY`, and goes by itself: a code that waits in Redis for ten
//! minutes, the answer to a request with an Idempotency-Key for a day, a notice to a former phone until the outbox is
//! swept.

use sqlx::Connection as _;

use super::event_of;
use crate::{
    auth::{self, Anyone, Auth},
    base::error::{Error, Result},
    journal, messages,
    people::{
        audit::{self, EventKind},
        codes::failures,
        labs,
        sessions::store::delete_sessions,
        users,
    },
};

/// A repeat that comes in beside the first finds nothing left to do.
pub async fn delete_me(by: &Auth<Anyone>, version: Option<i32>) -> Result<()> {
    by.check_fresh_login()?;
    let (app, user_id, now) = (by.app(), by.user_id(), by.now());
    // What waits in memory to be written may name the phone by its hash.
    audit::write_noted(app.clone()).await?;
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    auth::lock_rights(&mut tx).await?;
    labs::lock_all(&mut tx, user_id).await?;
    users::check_another_owner(&mut tx, user_id).await?;
    labs::check_another_admin(&mut tx, user_id).await?;
    let Some(erased) = users::erase(&mut tx, user_id, version, now).await? else {
        return if users::is_there(&mut tx, user_id).await? { Err(Error::Stale) } else { Ok(()) };
    };
    let mut changes = vec![erased.change(user_id, now)];
    changes.extend(labs::leave_all(&mut tx, user_id, now).await?);
    changes.extend(labs::revoke_made_by(&mut tx, None, user_id, now).await?);
    delete_sessions(&mut tx, user_id).await?;
    let hash = erased.phone.as_ref().map(|phone| audit::phone_hash(app, phone));
    let devices = audit::store::forget_person(&mut tx, user_id, hash.as_ref().map(<[u8; 32]>::as_slice)).await?;
    if let Some(phone) = &erased.phone {
        let devices = devices.into_iter().map(Some).chain([None]);
        let buckets: Vec<_> = devices.map(|device| failures::bucket(app, phone, device).to_vec()).collect();
        failures::forget(&mut tx, &buckets).await?;
        messages::forget(&mut tx, &buckets).await?;
        changes.extend(labs::forget_phone(&mut tx, phone, user_id, now).await?);
    }
    let event = event_of(now, user_id, EventKind::AccountDeleted, "done", "by the person".to_owned());
    audit::store::insert(&mut tx, &[event]).await?;
    journal::commit(tx, by, changes).await?;
    auth::forget(app, user_id);
    Ok(())
}
