//! The policies of a lab, with their history. Which policies there are says [`PolicyName`]. Of each, one value holds,
//! from the creation of the lab on, and one more may be coming.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    lock,
    store::policies::{self as store, Key},
};
use crate::{
    auth::{self, Admin, Auth, PolicyName, Viewer},
    base::{
        dates,
        enumeration::enumeration,
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
    },
    journal,
};

/// A value that a policy has, had or will have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PolicyChange {
    pub name: PolicyName,
    #[schema(value_type = String, example = "manager")]
    pub value: Value,
    pub state: PolicyState,
    pub effective_from: DateTime<Utc>,
    /// Null for what holds from the creation of the lab on.
    #[schema(required = true)]
    pub set_by: Option<Uuid>,
    pub set_at: DateTime<Utc>,
    #[schema(required = true)]
    pub withdrawn_by: Option<Uuid>,
    #[schema(required = true)]
    pub withdrawn_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub seq: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyState {
    Coming,
    InEffect,
    /// Another value has come since.
    Past,
    /// It was to come, and did not.
    Withdrawn,
}

// What the statement of the store says, and no table.
enumeration!(PolicyState::as_str in "the state of a policy" {
    Coming = "coming",
    InEffect = "in_effect",
    Past = "past",
    Withdrawn = "withdrawn",
});

/// A policy of the lab as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Policy {
    pub name: PolicyName,
    /// What holds now. Of `registration`: `member` or `manager`, from which role on people register and edit
    /// containers. Of `sharing`: `none` or `stock`, what other labs of the installation see.
    #[schema(value_type = String, example = "member")]
    pub value: Value,
    pub effective_from: DateTime<Utc>,
    /// Null for what holds from the creation of the lab on.
    #[schema(required = true)]
    pub set_by: Option<Uuid>,
    pub set_at: DateTime<Utc>,
    /// What will hold next.
    #[schema(required = true)]
    pub coming: Option<PolicyChange>,
    /// Higher with each value that is set, withdrawn, or takes effect.
    pub version: i32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": "manager", "effective_from": "2035-01-01T00:00:00Z"}))]
pub struct NewPolicy {
    /// One that the policy can have.
    #[schema(value_type = String, example = "manager")]
    pub value: Value,
    /// Left out, from now on.
    #[serde(default, deserialize_with = "dates::optional")]
    pub effective_from: Option<DateTime<Utc>>,
}

impl Policy {
    /// From all that was ever set of it.
    fn of(changes: &[PolicyChange]) -> Option<Self> {
        let is = |state| move |it: &&PolicyChange| it.state == state;
        let held = changes.iter().find(is(PolicyState::InEffect))?.clone();
        let began = changes.iter().filter(|it| matches!(it.state, PolicyState::InEffect | PolicyState::Past)).count();
        let withdrawn = changes.iter().filter(is(PolicyState::Withdrawn)).count();
        // What came with the lab counts once.
        let version = i32::try_from(changes.len() + began + withdrawn - 1).unwrap_or(i32::MAX);
        Some(Self {
            name: held.name,
            value: held.value,
            effective_from: held.effective_from,
            set_by: held.set_by,
            set_at: held.set_at,
            coming: changes.iter().find(is(PolicyState::Coming)).cloned(),
            version,
        })
    }

    /// The line of a value that is set: it takes the place of the one that was coming, if it is to come itself, or else
    /// of the one that holds.
    fn set_line(&self, lab_id: Uuid, value: &Value, from: DateTime<Utc>, now: DateTime<Utc>) -> journal::Change {
        let replaced = self.coming.as_ref().filter(|_| from > now);
        let (before, since) = replaced.map_or((&self.value, self.effective_from), |it| (&it.value, it.effective_from));
        self.line(lab_id, journal::Kind::PolicySet).told("value", before, value).field("effective_from", since, from)
    }

    /// The line of a value that was coming and is withdrawn.
    fn withdrawn_line(&self, lab_id: Uuid, coming: &PolicyChange) -> journal::Change {
        self.line(lab_id, journal::Kind::PolicyWithdrawn).told("value", Some(&coming.value), None).field(
            "effective_from",
            Some(coming.effective_from),
            None,
        )
    }

    fn line(&self, lab_id: Uuid, kind: journal::Kind) -> journal::Change {
        journal::Change::new(kind, lab_id, lab_id).field("policy", None, Some(self.name))
    }

    /// The change that has to be written, if one has to.
    fn change(&self, new: NewPolicy, now: DateTime<Utc>) -> Result<Option<(Value, DateTime<Utc>)>> {
        self.name.check(&new.value)?;
        // In whole microseconds, as it is kept: so a repeat is recognised.
        let from = new.effective_from.map_or(now, |from| from.trunc_subsecs(6));
        // As it was read.
        if from == self.effective_from && self.value == new.value {
            return Ok(None);
        }
        if from < now {
            return Err(Error::field("/effective_from", "must not lie in the past: leave it out for now"));
        }
        let is_there = match &self.coming {
            _ if from == now => self.value == new.value,
            Some(coming) => coming.value == new.value && coming.effective_from == from,
            None => false,
        };
        Ok((!is_there).then_some((new.value, from)))
    }
}

/// The newest first.
pub async fn list(
    by: &Auth<Viewer>,
    name: Option<PolicyName>,
    limit: Limit,
    after: Option<Cursor<Key>>,
) -> Result<Page<PolicyChange>> {
    let list = List::new("policies", &(by.lab_id(), name));
    let after = list.after(after)?;
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, by.lab_id(), name, by.now(), after, limit.plus_one()).await?;
    Ok(list.page(rows, limit, |it| Key(it.effective_from, it.seq, it.name)))
}

pub async fn get(by: &Auth<Viewer>, name: PolicyName) -> Result<Policy> {
    find(&mut *by.app().lookups().await?, by.lab_id(), name, by.now()).await
}

async fn find(db: &mut PgConnection, lab_id: Uuid, name: PolicyName, now: DateTime<Utc>) -> Result<Policy> {
    let changes = store::page(db, lab_id, Some(name), now, None, i64::MAX).await?;
    Policy::of(&changes).ok_or(Error::NotFound("lab"))
}

/// From then on the policy has this value. What was coming is withdrawn when something else is to come.
pub async fn set(by: &Auth<Admin>, name: PolicyName, read: Option<i32>, new: NewPolicy) -> Result<Policy> {
    let now = by.now();
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    lock(&mut tx, by.lab_id()).await?;
    let policy = find(&mut tx, by.lab_id(), name, now).await?;
    if read.is_some_and(|read| read != policy.version) {
        return Err(Error::Stale);
    }
    let Some((value, from)) = policy.change(new, now)? else { return Ok(policy) };
    if from > now {
        store::withdraw(&mut tx, by.lab_id(), name, by.user_id(), now).await?;
    }
    store::insert(&mut tx, by.lab_id(), name, &value, from, by.user_id(), now).await?;
    let change = policy.set_line(by.lab_id(), &value, from, now);
    let policy = find(&mut tx, by.lab_id(), name, now).await?;
    journal::commit(tx, by, [change]).await?;
    // What holds is kept with the standing of each of the lab's people.
    auth::forget_all(by.app());
    Ok(policy)
}

/// Takes back what is coming.
pub async fn withdraw(by: &Auth<Admin>, name: PolicyName, read: Option<i32>) -> Result<()> {
    let now = by.now();
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    lock(&mut tx, by.lab_id()).await?;
    let policy = find(&mut tx, by.lab_id(), name, now).await?;
    let coming = policy.coming.as_ref().ok_or(Error::NotFound("coming value of the policy"))?;
    if read.is_some_and(|read| read != policy.version) {
        return Err(Error::Stale);
    }
    store::withdraw(&mut tx, by.lab_id(), name, by.user_id(), now).await?;
    journal::commit(tx, by, [policy.withdrawn_line(by.lab_id(), coming)]).await
}
