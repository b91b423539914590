//! What an owner of the installation does with somebody's account: find it, see where it is logged in, end its sessions,
//! disable it (OWASP ASVS 5.0, 7.4.2 and 7.4.5).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use super::{
    audit::{EventKind, LoginEvent, Trace},
    sessions::store::{EndedBecause, end_sessions},
};
use crate::{
    auth::{self, Auth, Owner},
    error::{Error, Result},
    page::{Cursor, Limit, Page},
    phone::Phone,
    web::Versioned,
};

mod http;
mod store;

/// A person, as an owner of the installation sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    /// Null for somebody who came by another identity provider.
    #[schema(value_type = Option<String>, required = true, example = "+12025550123")]
    pub phone: Option<Phone>,
    #[schema(example = "Rosalind Franklin")]
    pub name: String,
    pub is_owner: bool,
    /// Null unless it is.
    #[schema(required = true)]
    pub disabled_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub version: i32,
}

impl Versioned for Account {
    fn version(&self) -> i32 {
        self.version
    }
}

/// What is to change; a field that is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"disabled": true}))]
pub struct AccountPatch {
    pub disabled: Option<bool>,
}

pub async fn list(
    by: &Auth<Owner>,
    phone: Option<&Phone>,
    after: Option<Cursor<Uuid>>,
    limit: Limit,
) -> Result<Page<Account>> {
    let after = after.map_or(Uuid::nil(), |cursor| cursor.0);
    let mut db = by.app().lists().await?;
    let found = store::list(&mut db, phone, after, limit.plus_one()).await?;
    Ok(Page::new(found, limit, |account| account.id))
}

/// Disabled, it is out at once here, and within five seconds on every other instance.
pub async fn change(by: &Auth<Owner>, id: Uuid, version: Option<i32>, patch: &AccountPatch) -> Result<Account> {
    // Else the last owner might shut everybody out.
    if patch.disabled == Some(true) && id == by.user_id() {
        return Err(Error::Forbidden("nobody disables their own account"));
    }
    let kind = if patch.disabled == Some(true) { EventKind::AccountDisabled } else { EventKind::AccountEnabled };
    let event = LoginEvent::new(by.now(), kind, "done", &Trace::default()).detail(by_owner(by));
    let event = LoginEvent { user_id: Some(id), ..event };
    let mut db = by.app().db().await?;
    let Some(account) = store::update(&mut db, id, version, patch.disabled, &event).await? else {
        let is_there = store::exists(&mut db, id).await?;
        return Err(if is_there { Error::Stale } else { Error::NotFound("user") });
    };
    auth::forget(by.app(), id);
    Ok(account)
}

pub async fn end_all_sessions(by: &Auth<Owner>, user_id: Uuid) -> Result<()> {
    let because = EndedBecause::EndedByAdmin;
    let event = because.event(user_id, None, &Trace::default(), by.now()).detail(by_owner(by));
    let is_known = end_sessions(&mut *by.app().db().await?, user_id, None, because, &event).await?;
    auth::forget(by.app(), user_id);
    if is_known { Ok(()) } else { Err(Error::NotFound("user")) }
}

fn by_owner(by: &Auth<Owner>) -> String {
    format!("by {}", by.user_id())
}
