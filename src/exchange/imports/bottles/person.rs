//! In whose name a lab's bottles are booked.

use anyhow::bail;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::phone::Phone,
    exchange::imports::{Usage, store},
};

/// The member of the lab whom `--for` names by the phone.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, phone: &Phone) -> anyhow::Result<Uuid> {
    match store::find_person(db, lab_id, phone).await? {
        None => bail!(Usage("nobody has the phone that --for names; they sign in first".to_owned())),
        Some(person) if person.is_disabled => {
            bail!(Usage("the account of the person whom --for names is disabled".to_owned()))
        }
        Some(person) if !person.is_member => {
            bail!(Usage(
                "the person whom --for names is no member of the lab; an administrator adds them first".to_owned()
            ))
        }
        Some(person) => Ok(person.id),
    }
}
