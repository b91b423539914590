//! People: who somebody is, apart from how they came in (`login`) and what they may do in a lab (`labs`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, PgTransaction, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use crate::{
    auth::{Anyone, Auth, Role},
    base::{
        email::Email,
        error::{Error, Reason, Result},
        ids,
        language::Language,
        patch::{self, Change},
        phone::Phone,
        text::Name,
        version::Versioned,
    },
    config::Environment,
    journal::{self, Change as JournalChange, Kind, NO_LAB},
    platform::app::App,
};

mod http;
mod store;

/// A person, as that person sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    /// In E.164 form. Null for somebody who came by another identity provider.
    #[schema(value_type = Option<String>, required = true, example = "+12025550123")]
    pub phone: Option<Phone>,
    /// Empty until it is set.
    #[schema(example = "Rosalind Franklin")]
    pub name: String,
    /// Runs the installation: creates labs.
    pub is_owner: bool,
    /// Edits the catalogue that all labs share: as somebody to whom an owner gave the right, as an owner, or as a
    /// manager where there is one lab.
    pub is_cataloguer: bool,
    #[schema(value_type = Vec<LabRole>)]
    pub labs: Json<Vec<LabRole>>,
    /// Of messages to them. Null: as each request's `Accept-Language` asks for it.
    #[schema(required = true)]
    pub language: Option<Language>,
    /// A mailbox to which a code can go when the phone is out of reach; null unless one was proven at `/v1/me/email`.
    #[schema(value_type = Option<String>, required = true, example = "rosalind@example.org")]
    pub email: Option<Email>,
    /// Counts its changes. In double quotes it is the `ETag`.
    #[schema(example = 1)]
    pub version: i32,
}

/// The user of a row that has more columns than those of a [`User`].
macro_rules! user_of {
    ($row:ident) => {
        $crate::people::users::User {
            id: $row.id,
            phone: $row.phone,
            name: $row.name,
            is_owner: $row.is_owner,
            is_cataloguer: $row.is_cataloguer,
            labs: $row.labs,
            language: $row.language,
            email: $row.email,
            version: $row.version,
        }
    };
}
pub(crate) use user_of;

/// A lab and what the person is in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LabRole {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    #[schema(example = "My lab")]
    pub name: String,
    pub role: Role,
}

impl Versioned for User {
    fn version(&self) -> i32 {
        self.version
    }
}

/// What is to change; a field that is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Rosalind Franklin", "language": "de"}))]
pub struct UserPatch {
    pub name: Option<Name>,
    /// Of messages; null leaves it to each request.
    #[serde(default, deserialize_with = "patch::change")]
    #[schema(value_type = Option<Language>)]
    pub language: Change<Language>,
}

/// By what a person is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownBy {
    Phone(Phone),
    /// The name that another identity provider gives them.
    Identity {
        issuer: String,
        subject: String,
    },
}

impl KnownBy {
    pub fn phone(&self) -> Option<&Phone> {
        if let Self::Phone(phone) = self { Some(phone) } else { None }
    }

    /// Issuer and subject.
    pub fn identity(&self) -> Option<(&str, &str)> {
        if let Self::Identity { issuer, subject } = self { Some((issuer, subject)) } else { None }
    }
}

pub struct NewUser {
    pub id: Uuid,
    pub known_by: KnownBy,
    pub owner: Ownership,
}

/// Whether a new person runs the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    No,
    Yes,
    /// If there is nobody else yet.
    IfFirst,
}

/// Whether somebody new, with this phone if any, runs the installation.
pub fn ownership(app: &App, phone: Option<&Phone>) -> Ownership {
    let bootstrap = app.config.bootstrap_owner_phone.as_deref().and_then(|owner| Phone::parse(owner, None).ok());
    if bootstrap.is_some() && bootstrap.as_ref() == phone {
        Ownership::Yes
    } else if app.config.environment == Environment::Development {
        Ownership::IfFirst
    } else {
        Ownership::No
    }
}

pub async fn me(by: &Auth<Anyone>) -> Result<User> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.user_id()).await?.ok_or(Error::NotFound("user"))
}

pub async fn update_me(by: &Auth<Anyone>, version: Option<i32>, patch: UserPatch) -> Result<User> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    // The caller is there, so a row that is not found has another version.
    let updated = store::update(&mut tx, by.user_id(), version, patch, by.now()).await?.ok_or(Error::Stale)?;
    let change = JournalChange::new(Kind::UserChanged, NO_LAB, by.user_id())
        .personal("name", updated.is_renamed)
        .field("language", updated.old_language, updated.user.language);
    journal::commit(tx, by, [change]).await?;
    Ok(updated.user)
}

pub async fn find_id(db: &mut PgConnection, known_by: &KnownBy) -> Result<Option<Uuid>> {
    store::find_id(db, known_by).await
}

/// Whether the new person is an owner; none when somebody is known by this already. Of two people who both come first,
/// the second waits for the end of the first's transaction.
pub async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewUser,
    now: DateTime<Utc>,
) -> Result<Option<(bool, JournalChange)>> {
    if new.owner == Ownership::IfFirst {
        store::queue_up_for_being_first(tx).await?;
    }
    let is_owner = match &new.known_by {
        KnownBy::Phone(phone) => store::insert(tx, new, phone, now).await?,
        KnownBy::Identity { issuer, subject } => store::insert_with_identity(tx, new, issuer, subject, now).await?,
    };
    let has_phone = new.known_by.phone().is_some();
    let told =
        |is_owner| (is_owner, created(new.id, is_owner).personal("phone", has_phone).personal("identity", !has_phone));
    Ok(is_owner.map(told))
}

fn created(id: Uuid, is_owner: bool) -> JournalChange {
    JournalChange::new(Kind::UserCreated, NO_LAB, id).field("is_owner", None, Some(is_owner))
}

/// Makes an owner who can sign in of a person who is here, or comes later with this phone. Whom it changed, and what;
/// none for somebody who was one. The caller commits, and calls [`auth::forget`](crate::auth::forget) then.
pub async fn make_owner(
    tx: &mut PgTransaction<'_>,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Vec<JournalChange>)>> {
    let Some(made) = store::make_owner(tx, ids::new(now), phone, now).await? else { return Ok(None) };
    let changes = match made.was_owner {
        None => vec![created(made.id, true).personal("phone", true)],
        Some(was_owner) => vec![
            JournalChange::new(Kind::UserRightsChanged, NO_LAB, made.id).field("is_owner", was_owner, true),
            JournalChange::new(Kind::UserEnabled, NO_LAB, made.id).field("disabled_at", made.disabled_at, None),
        ],
    };
    Ok(Some((made.id, changes)))
}

/// Refuses where somebody is the only one who runs the installation and can sign in. Who calls it holds the lock of
/// [`auth::lock_rights`](crate::auth::lock_rights).
pub async fn check_another_owner(db: &mut PgConnection, id: Uuid) -> Result<()> {
    if store::is_only_owner(db, id).await? {
        return Err(
            Reason::LastOwner.because("this is the only owner of the installation; make somebody else one first")
        );
    }
    Ok(())
}

/// What an account was before it was erased.
#[expect(clippy::struct_excessive_bools, reason = "a row of answers")]
pub struct Erased {
    pub phone: Option<Phone>,
    has_name: bool,
    has_email: bool,
    language: Option<Language>,
    is_owner: bool,
    is_cataloguer: bool,
    disabled_at: Option<DateTime<Utc>>,
}

impl Erased {
    pub fn change(&self, id: Uuid, now: DateTime<Utc>) -> JournalChange {
        JournalChange::new(Kind::UserDeleted, NO_LAB, id)
            .personal("phone", self.phone.is_some())
            .personal("name", self.has_name)
            .personal("email", self.has_email)
            .field("language", self.language, None)
            .field("is_owner", self.is_owner, false)
            .field("is_cataloguer", self.is_cataloguer, false)
            .field("disabled_at", self.disabled_at, self.disabled_at.or(Some(now)))
            .field("deleted_at", None, Some(now))
    }
}

/// Takes all that is personal from somebody, for good: the row stays, as the history names its id. None where the
/// account is erased already, or has another version.
pub async fn erase(
    tx: &mut PgTransaction<'_>,
    id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<Erased>> {
    store::erase(tx, id, version, now).await
}

/// Whether the account is there and not erased.
pub async fn is_there(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    store::is_there(db, id).await
}
