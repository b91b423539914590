//! What an owner of the installation does with somebody's account: find it, see where it is logged in, end its
//! sessions, disable it (OWASP ASVS 5.0, 7.4.2 and 7.4.5), give and take the rights that hold in no lab, and appoint a
//! lab's admin. [`deletion`] is what one does with one's own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use super::{
    audit::{self, EventKind, LoginEvent, Trace},
    sessions::store::{EndedBecause, end_sessions},
};
use crate::{
    auth::{self, Auth, Owner},
    base::{
        error::{Error, Result},
        made::Made,
        page::{Cursor, Limit, List, Page},
        phone::Phone,
        version::Versioned,
    },
    journal::{self, Actor, Change, Journalled, Kind, NO_LAB, System},
    people::{
        labs::{self, Member},
        users,
    },
    platform::app::App,
};

mod deletion;
mod http;
mod store;

/// A person, as an owner of the installation sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Account {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    /// Null for somebody who came by another identity provider.
    #[schema(value_type = Option<String>, required = true, example = "+12025550123")]
    pub phone: Option<Phone>,
    #[schema(example = "Rosalind Franklin")]
    pub name: String,
    /// Runs the installation.
    pub is_owner: bool,
    /// May edit the catalogue that all labs share, by an owner's gift. (Owners may in any case, and so may the managers
    /// of the only lab.)
    pub is_cataloguer: bool,
    /// Null unless it is.
    #[schema(required = true)]
    pub disabled_at: Option<DateTime<Utc>>,
    /// Counts its changes. In double quotes it is the `ETag`.
    #[schema(example = 1)]
    pub version: i32,
}

impl Account {
    fn runs_the_installation(&self) -> bool {
        self.is_owner && self.disabled_at.is_none()
    }

    fn with(&self, patch: &AccountPatch, now: DateTime<Utc>) -> Self {
        let disabled_at = match patch.disabled {
            None => self.disabled_at,
            Some(true) => self.disabled_at.or(Some(now)),
            Some(false) => None,
        };
        let after = Self {
            is_owner: patch.is_owner.unwrap_or(self.is_owner),
            is_cataloguer: patch.is_cataloguer.unwrap_or(self.is_cataloguer),
            disabled_at,
            ..self.clone()
        };
        Self { version: self.version + i32::from(after != *self), ..after }
    }
}

impl Journalled for Account {
    const PERSONAL: &'static [&'static str] = &["phone", "name"];
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
    /// Runs the installation.
    pub is_owner: Option<bool>,
    /// May edit the catalogue that all labs share.
    pub is_cataloguer: Option<bool>,
}

/// Who is to be an admin of the lab.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"}))]
pub struct NewAdmin {
    pub user_id: Uuid,
}

pub async fn list(
    by: &Auth<Owner>,
    phone: Option<&Phone>,
    after: Option<Cursor<Uuid>>,
    limit: Limit,
) -> Result<Page<Account>> {
    let list = List::new("accounts", &phone);
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.lists().await?;
    let found = store::list(&mut db, phone, after, limit.plus_one()).await?;
    Ok(list.page(found, limit, |account| account.id))
}

/// Whoever is disabled is out at once here, and within five seconds on every other instance. No lab loses its last
/// admin by it, nor the installation its last owner.
pub async fn change(by: &Auth<Owner>, id: Uuid, version: Option<i32>, patch: &AccountPatch) -> Result<Account> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    auth::lock_rights(&mut tx).await?;
    let before = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    if version.is_some_and(|version| version != before.version) {
        return Err(Error::Stale);
    }
    let after = before.with(patch, by.now());
    if after.version == before.version {
        return Ok(before);
    }
    if before.runs_the_installation() && !after.runs_the_installation() {
        users::check_another_owner(&mut tx, id).await?;
    }
    let mut changes = changes(&before, &after)?;
    if after.disabled_at.is_some() && before.disabled_at.is_none() {
        if id == by.user_id() {
            return Err(Error::Forbidden("nobody disables their own account"));
        }
        labs::check_another_admin(&mut tx, id).await?;
        changes.extend(labs::revoke_made_by(&mut tx, None, id, by.now()).await?);
    }
    store::update(&mut tx, &after, by.now(), &events(by, &before, &after, patch)).await?;
    journal::commit(tx, by, changes).await?;
    auth::forget(by.app(), id);
    Ok(after)
}

/// For the journal.
fn changes(before: &Account, after: &Account) -> Result<Vec<Change>> {
    let kind = if after.disabled_at.is_some() { Kind::UserDisabled } else { Kind::UserEnabled };
    let open = Change::new(kind, NO_LAB, after.id).changed(before, after)?.only(&["disabled_at"]);
    let rights = Change::new(Kind::UserRightsChanged, NO_LAB, after.id).changed(before, after)?;
    Ok(vec![open, rights.only(&["is_owner", "is_cataloguer"])])
}

/// A right that is given twice is told once.
fn events(by: &Auth<Owner>, before: &Account, after: &Account, patch: &AccountPatch) -> Vec<LoginEvent> {
    let disabled = patch.disabled.map(|disabled| {
        let kind = if disabled { EventKind::AccountDisabled } else { EventKind::AccountEnabled };
        (kind, "done")
    });
    let right = |had: bool, has: bool, name| {
        let kind = if has { EventKind::RightGiven } else { EventKind::RightTaken };
        (had != has).then_some((kind, name))
    };
    let owner = right(before.is_owner, after.is_owner, "owner");
    let cataloguer = right(before.is_cataloguer, after.is_cataloguer, "cataloguer");
    let all = [disabled, owner, cataloguer].into_iter().flatten();
    all.map(|(kind, outcome)| event_of(by.now(), after.id, kind, outcome, by_owner(by)).done_by(by.user_id())).collect()
}

fn event_of(now: DateTime<Utc>, of: Uuid, kind: EventKind, outcome: &str, detail: String) -> LoginEvent {
    let event = LoginEvent::new(now, kind, outcome, &Trace::default()).detail(detail);
    LoginEvent { user_id: Some(of), ..event }
}

/// Makes somebody an admin of a lab, also of one that has none who can sign in. New is who was none before.
pub async fn appoint_admin(by: &Auth<Owner>, lab_id: Uuid, new: &NewAdmin) -> Result<Made<Member>> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let (member, change) = labs::make_admin(&mut tx, lab_id, new.user_id, by.now()).await?;
    let is_new = change.is_some();
    if is_new {
        let detail = format!("of lab {lab_id}, {}", by_owner(by));
        let event = event_of(by.now(), new.user_id, EventKind::AdminAppointed, "done", detail).done_by(by.user_id());
        audit::store::insert(&mut tx, &[event]).await?;
    }
    journal::commit(tx, by, change).await?;
    auth::forget(by.app(), new.user_id);
    Ok(Made { resource: member, is_new })
}

/// `chemstock owner`: of a person who is here, or comes later with this phone. Who was disabled is enabled.
pub async fn make_owner(app: &App, phone: &Phone) -> Result<()> {
    let now = app.clock.now();
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    let Some((user_id, changes)) = users::make_owner(&mut tx, phone, now).await? else { return Ok(()) };
    let event = event_of(now, user_id, EventKind::RightGiven, "owner", "by the command line".to_owned());
    audit::store::insert(&mut tx, &[event]).await?;
    journal::commit(tx, Actor::system(System::CommandLine, now), changes).await?;
    auth::forget(app, user_id);
    Ok(())
}

pub async fn end_all_sessions(by: &Auth<Owner>, user_id: Uuid) -> Result<()> {
    let because = EndedBecause::EndedByAdmin;
    let event = because.event(user_id, None, &Trace::default(), by.now()).detail(by_owner(by)).done_by(by.user_id());
    let is_known = end_sessions(&mut *by.app().db().await?, user_id, None, because, &event).await?;
    auth::forget(by.app(), user_id);
    if is_known { Ok(()) } else { Err(Error::NotFound("user")) }
}

fn by_owner(by: &Auth<Owner>) -> String {
    format!("by {}", by.user_id())
}
