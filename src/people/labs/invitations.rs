//! Invitations into a lab. An invitation admits as many people as it says, each once, as long as it lasts and whoever
//! made it is an admin; one for a phone admits that phone alone, once, and keeps the phone in clear until then. It
//! changes nothing for a member, and lets nobody back in whose membership ended after it was made. The code is told
//! once and kept as SHA-256: 128 random bits need no slow hash.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::{Connection as _, PgConnection, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Member,
    invitation::Invitation,
    invitation_code::{code_of, hash},
    store::{
        invitations::{self as store, Key, Redeemed},
        members,
        revocations::{self, Ending},
    },
};
use crate::{
    auth::{self, Admin, Anyone, Auth, Role},
    base::{
        error::{Error, Reason, Result},
        ids::OwnId,
        made::Made,
        page::{Cursor, Limit, List, Page},
        phone::Phone,
        text::Text,
    },
    journal::{self, Actor, Change, Kind, System},
    platform::app::App,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "member", "max_uses": 5, "expires_in_hours": 72}))]
pub struct NewInvitation {
    /// Your own UUIDv7, if you like.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    /// What they will be in the lab.
    pub role: Role,
    /// How many people it admits.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1000, default = 1)]
    pub max_uses: Option<Between<1, 1000>>,
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 720, default = 168)]
    pub expires_in_hours: Option<Between<1, 720>>,
    /// Admits this phone alone, also without the code.
    #[schema(value_type = Option<String>, example = "+12025550123")]
    pub phone: Option<Phone>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "0A1B2C3D4E5F6G7H8J9K0M1N2P"}))]
pub struct AcceptInvitation {
    /// Small letters will do, and spaces or dashes do not matter.
    pub code: Text<64>,
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub struct Between<const LOW: i32, const HIGH: i32>(i32);

impl<const LOW: i32, const HIGH: i32> TryFrom<i64> for Between<LOW, HIGH> {
    type Error = String;

    fn try_from(number: i64) -> std::result::Result<Self, String> {
        let number = i32::try_from(number).ok().filter(|number| (LOW..=HIGH).contains(number));
        number.map(Self).ok_or_else(|| format!("must be a whole number from {LOW} to {HIGH}"))
    }
}

pub async fn list(by: &Auth<Admin>, limit: Limit, after: Option<Cursor<Uuid>>) -> Result<Page<Invitation>> {
    let list = List::new("invitations", &by.lab_id());
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, by.lab_id(), after, limit.plus_one(), by.now()).await?;
    Ok(list.page(rows, limit, |invitation| invitation.id))
}

pub async fn create(by: &Auth<Admin>, new: NewInvitation) -> Result<Made<Invitation>> {
    let code = code_of(by.nonce());
    let (now, given) = (by.now(), new.id);
    let invitation = Invitation {
        id: by.id_or_new(given)?,
        lab_id: by.lab_id(),
        role: new.role,
        phone: new.phone.map(String::from),
        max_uses: new.max_uses.map_or(1, |uses| uses.0),
        uses: 0,
        expires_at: now + TimeDelta::hours(new.expires_in_hours.map_or(168, |hours| hours.0).into()),
        revoked_at: None,
        created_by: by.user_id(),
        version: 1,
        created_at: now,
        code: None,
    };
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    match store::insert(&mut tx, &invitation, &hash(&code)).await {
        Ok(true) => {
            journal::commit(tx, by, [created(&invitation)?]).await?;
            Ok(Made::new(Invitation { code: Some(code), ..invitation }))
        }
        Ok(false) => Err(Error::Forbidden("this needs the role Admin in the lab")),
        Err(error) => {
            let refusal = by.or_made(given, error)?;
            tx.rollback().await?;
            let made = store::find(&mut db, by.lab_id(), invitation.id, now).await?.ok_or(refusal)?;
            let may_be_same = made.may_be_for(invitation.phone.as_deref());
            let expires_at = made.created_at + (invitation.expires_at - now);
            let first = created(&Invitation { expires_at, ..invitation })?;
            let Made { resource, is_new } = journal::made_before(&mut db, by, given, made, &first, &[]).await?;
            // A line of the journal does not have the phone.
            if !is_new && !may_be_same {
                return Err(journal::id_taken());
            }
            Ok(Made { resource: Invitation { code: is_new.then_some(code), ..resource }, is_new })
        }
    }
}

fn created(invitation: &Invitation) -> Result<Change> {
    Change::new(Kind::InvitationCreated, invitation.lab_id, invitation.id).created(invitation)
}

pub async fn get(by: &Auth<Admin>, id: Uuid) -> Result<Invitation> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), id, by.now()).await?.ok_or(Error::NotFound("invitation"))
}

/// Ends it for good; it stays in the list, as its members joined by it.
pub async fn revoke(by: &Auth<Admin>, id: Uuid, version: Option<i32>) -> Result<()> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    if let Some(revoked) = revocations::revoke(&mut tx, by.lab_id(), id, version, by.now()).await? {
        return journal::commit(tx, by, [revoked.change()]).await;
    }
    let found = store::find(&mut tx, by.lab_id(), id, by.now()).await?;
    Err(found.map_or(Error::NotFound("invitation"), |_| Error::Stale))
}

/// Somebody who is signed in already joins one more lab.
pub async fn accept(by: &Auth<Anyone>, code: &str) -> Result<Member> {
    let hash = hash(code);
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let Some((member, changes)) = let_in(&mut tx, Key::CodeHash(&hash), by.user_id(), by.now()).await? else {
        if by.is_repeatable()
            && let Some(member) = members::find_let_in(&mut tx, &hash, by.user_id()).await?
        {
            return Ok(member);
        }
        let is_member = store::is_of_members_lab(&mut tx, &hash, by.user_id()).await?;
        let already = || Reason::AlreadyMember.because("you are a member of this lab already");
        return Err(if is_member { already() } else { Reason::InvitationRefused.at("/code", REFUSED) });
    };
    journal::commit(tx, by, changes).await?;
    auth::forget(by.app(), by.user_id());
    Ok(member)
}

/// One rule for a login and for somebody who is signed in.
async fn let_in(
    tx: &mut PgTransaction<'_>,
    key: Key<'_>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Member, [Change; 2])>> {
    store::lock_lab(tx, key).await?;
    let redeemed = store::redeem(tx, key, user_id, now).await?;
    Ok(redeemed.map(|Redeemed { member, before, invitation_id, uses, was_for_phone }| {
        let used = Change::new(Kind::InvitationUsed, member.lab_id, invitation_id).field("uses", uses - 1, uses);
        let joined = member.joined(before);
        (member, [used.personal("phone", was_for_phone), joined])
    }))
}

/// The usable invitation of this code, or else one for this phone, if there is one. `login` asks before it lets a new
/// person in.
pub async fn find_invitation<'a>(
    db: &mut PgConnection,
    code: Option<&str>,
    phone: impl Into<Option<&'a Phone>>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let phone = phone.into().map(Phone::as_str);
    store::find_usable(db, code.map(hash).as_ref().map(<[u8; 32]>::as_slice), phone, now).await
}

/// Makes `user` a member. The caller commits, and calls [`auth::forget`] then.
pub async fn redeem(
    tx: &mut PgTransaction<'_>,
    invitation: Uuid,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<[Change; 2]> {
    let joined = let_in(tx, Key::Id(invitation), user, now).await?;
    joined.map(|(_, changes)| changes).ok_or_else(|| Reason::InvitationRefused.because(REFUSED))
}

/// Ends the invitations that somebody has made in a lab, or in any.
pub async fn revoke_made_by(
    tx: &mut PgTransaction<'_>,
    lab_id: Option<Uuid>,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Change>> {
    let revoked = revocations::revoke_made_by(tx, lab_id, user, now).await?;
    Ok(revoked.iter().map(Ending::change).collect())
}

/// Ends the invitations for a phone that is nobody's any more, and takes it out of them and out of those that `user`
/// used.
pub async fn forget_phone(
    tx: &mut PgTransaction<'_>,
    phone: &Phone,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Change>> {
    let forgotten = revocations::forget_phone(tx, phone.as_str(), user, now).await?;
    Ok(forgotten.iter().map(Ending::change).collect())
}

impl Ending {
    fn change(&self) -> Change {
        let is_new = self.revoked_before != self.revoked_at;
        let kind = if is_new { Kind::InvitationRevoked } else { Kind::InvitationPhoneErased };
        let change = Change::new(kind, self.lab_id, self.id).field("revoked_at", self.revoked_before, self.revoked_at);
        change.personal("phone", self.had_phone)
    }
}

/// An invitation that has expired stays this long in the list of its lab.
const KEPT_FOR: TimeDelta = TimeDelta::days(30);
const MOST: i64 = 500;

/// Background step: takes the phones out of invitations that have expired, and drops those that expired long ago.
pub async fn sweep(app: App) -> Result<usize> {
    let (mut db, now) = (app.db().await?, app.clock.now());
    let mut tx = db.begin().await?;
    // Whoever looks at one that has expired sees no phone anyway.
    let phones = revocations::drop_phones(&mut tx, now, MOST).await?;
    let dropped = revocations::drop_expired(&mut tx, now - KEPT_FOR, now, MOST).await?;
    let told = |it: &Invitation| Change::new(Kind::InvitationDropped, it.lab_id, it.id).deleted(it);
    let changes = dropped.iter().map(told).collect::<Result<Vec<_>>>()?;
    journal::commit(tx, Actor::system(System::Sweep, now), changes).await?;
    Ok(usize::try_from(phones).unwrap_or(usize::MAX).saturating_add(dropped.len()))
}

const REFUSED: &str =
    "no invitation that admits you has this code; it may be used up, too old or older than the end of your membership";
