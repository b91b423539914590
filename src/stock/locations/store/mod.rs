//! The SQL of locations. The function `location_path` is the migration's.

mod pages;

use chemistry::canonical_code;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

pub use self::pages::{page, paths};
use super::{
    Access, Kind, Location, LocationPatch, OpenPlace,
    tree::{Contents, Neighbours},
};
use crate::{
    base::{
        error::{Error, OnConstraint, Reason, Result},
        text::Name,
    },
    stock::codes::{self, Code},
};

/// Reads whole locations: `locations!("where ...", arguments)`.
macro_rules! locations {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Location,
            r#"select id, parent_id, kind as "kind: Kind", name, code,
                location_path(lab_id, parent_id) || name as "path!", access as "access: Access", closed_at, version,
                created_at, updated_at
            from locations "# + $rest
            $(, $argument)*
        )
    };
}
use locations;

/// Also one that is closed.
pub async fn find(db: &mut PgConnection, lab_id: Uuid, id: Uuid, unseen: &[Uuid]) -> Result<Option<Location>> {
    let found = locations!("where lab_id = $1 and id = $2 and id <> all ($3)", lab_id, id, unseen);
    Ok(found.fetch_optional(db).await?)
}

pub async fn find_by_code(
    db: &mut PgConnection,
    lab_id: Uuid,
    codes: &[&str],
    unseen: &[Uuid],
) -> Result<Vec<Location>> {
    let found = locations!(
        "where lab_id = $1 and id in (select location_id from codes where lab_id = $1 and canonical = any($2))
            and id <> all ($3)",
        lab_id,
        &codes.iter().map(|code| canonical_code(code)).collect::<Vec<_>>(),
        unseen
    );
    Ok(found.fetch_all(db).await?)
}

/// Whether there is a place beside these.
pub async fn has_open(db: &mut PgConnection, lab_id: Uuid, unseen: &[Uuid]) -> Result<bool> {
    let open = sqlx::query_scalar!(
        "select 1 from locations where lab_id = $1 and closed_at is null and id <> all ($2) limit 1",
        lab_id,
        unseen
    );
    Ok(open.fetch_optional(db).await?.is_some())
}

pub async fn all_open(db: &mut PgConnection, lab_id: Uuid) -> Result<Vec<OpenPlace>> {
    let places = sqlx::query_as!(
        OpenPlace,
        r#"select id, parent_id, kind as "kind: Kind", name, code from locations
        where lab_id = $1 and closed_at is null order by id"#,
        lab_id
    );
    Ok(places.fetch_all(db).await?)
}

pub struct Place<'a> {
    pub parent_id: Option<Uuid>,
    pub kind: Kind,
    pub name: &'a str,
    pub code: &'a str,
    pub access: Access,
}

/// Who calls it holds the lab's lock.
pub async fn insert(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    id: Uuid,
    place: Place<'_>,
    now: DateTime<Utc>,
) -> Result<(Location, Neighbours)> {
    let row = sqlx::query!(
        r#"insert into locations as l (lab_id, id, parent_id, kind, name, code, created_at, updated_at, access)
        values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
        returning location_path(lab_id, parent_id) || name as "path!",
            (select p.kind from locations p where p.lab_id = $1 and p.id = $3) as "parent: Kind",
            $8 <> 'open' or exists (select from locations where lab_id = $1 and access <> 'open') as "is_guarded!""#,
        lab_id,
        id,
        place.parent_id,
        place.kind.as_str(),
        place.name,
        place.code,
        now,
        place.access.as_str()
    )
    .fetch_one(&mut **tx)
    .await
    .or_refused()?;
    let Place { parent_id, kind, name, code, access } = place;
    let (name, code, path) = (name.to_owned(), code.to_owned(), row.path);
    let (closed_at, version, created_at, updated_at) = (None, 1, now, now);
    let location =
        Location { id, parent_id, kind, name, code, path, access, closed_at, version, created_at, updated_at };
    let around = Neighbours {
        parent: row.parent,
        child: None,
        may_not_hold: false,
        in_itself: false,
        is_guarded: row.is_guarded,
    };
    Ok((location, around))
}

/// A location before and after a change, and what stands around it then.
pub struct Updated {
    pub before: Location,
    pub after: Location,
    pub around: Neighbours,
}

/// Who calls it holds the lab's lock. All but the changed row is read as it was before.
#[expect(clippy::too_many_lines, reason = "one statement, its arguments and its answer")]
pub async fn update(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    id: Uuid,
    version: Option<i32>,
    patch: &LocationPatch,
    now: DateTime<Utc>,
    unseen: &[Uuid],
) -> Result<Option<Updated>> {
    let row = sqlx::query!(
        r#"with recursive target as (
            select l.id, l.parent_id as old_parent, l.kind as old_kind, l.name as old_name, l.code as old_code,
                l.access as old_access, n.*,
                (l.parent_id, l.kind, l.name, l.code, l.access) is distinct from n as changed
            from locations l cross join lateral (
                select case when $4 then $5 else l.parent_id end as parent_id, coalesce($6, l.kind) as kind,
                    coalesce($7, l.name) as name, coalesce($8, l.code) as code, coalesce($10, l.access) as access
            ) n
            where l.lab_id = $1 and l.id = $2 and l.closed_at is null and ($3::int is null or l.version = $3)
        ), above as (
            select p.id, p.parent_id from target t join locations p on p.lab_id = $1 and p.id = t.parent_id
            union all
            select p.id, p.parent_id from above a join locations p on p.lab_id = $1 and p.id = a.parent_id
        )
        update locations l set parent_id = t.parent_id, kind = t.kind, name = t.name, code = t.code,
            access = t.access, version = l.version + t.changed::int,
            updated_at = case when t.changed then $9 else l.updated_at end
        from target t where l.lab_id = $1 and l.id = t.id
        returning l.id, l.parent_id, l.kind as "kind: Kind", l.name, l.code,
            location_path(l.lab_id, l.parent_id) || l.name as "path!", l.access as "access: Access", l.version,
            l.created_at, l.updated_at,
            (select p.kind from locations p where p.lab_id = $1 and p.id = t.parent_id) as "parent: Kind",
            (select c.kind from locations c where c.lab_id = $1 and c.parent_id = $2 and c.closed_at is null
                and c.id <> all ($11) order by array_position(array['building', 'room', 'cabinet', 'shelf', 'box'], c.kind) limit 1) as "child: Kind",
            exists (select from locations c where c.lab_id = $1 and c.parent_id = $2 and c.closed_at is null
                and c.id = any ($11)) as "has_unseen!",
            exists (select from above where id = $2) as "in_itself!",
            t.old_parent, t.old_kind as "old_kind: Kind", t.old_name, t.old_code, t.old_access as "old_access: Access",
            t.access <> 'open' or exists (select from locations where lab_id = $1 and access <> 'open')
                as "is_guarded!""#,
        lab_id,
        id,
        version,
        patch.parent_id.is_some(),
        patch.parent_id.flatten(),
        patch.kind.map(Kind::as_str),
        patch.name.as_ref().map(Name::as_str),
        patch.code.as_ref().map(Code::as_str),
        now,
        patch.access.map(Access::as_str),
        unseen
    )
    .fetch_optional(&mut **tx)
    .await
    .or_refused()?;
    Ok(row.map(|row| {
        let after = Location {
            id: row.id,
            parent_id: row.parent_id,
            kind: row.kind,
            name: row.name,
            code: row.code,
            path: row.path,
            access: row.access,
            closed_at: None,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        let around = Neighbours {
            parent: row.parent,
            child: row.child,
            may_not_hold: row.has_unseen && row.kind > row.old_kind,
            in_itself: row.in_itself,
            is_guarded: row.is_guarded,
        };
        let before = Location {
            parent_id: row.old_parent,
            kind: row.old_kind,
            name: row.old_name,
            code: row.old_code,
            access: row.old_access,
            ..after.clone()
        };
        Updated { before, after, around }
    }))
}

/// Holds the lab's lock, and keeps everybody from putting something in. Says which version the place has; none: there
/// is no such place, or it is closed.
pub async fn lock(db: &mut PgConnection, lab_id: Uuid, id: Uuid) -> Result<Option<i32>> {
    let version = sqlx::query_scalar!(
        "select l.version from labs join locations l on l.lab_id = labs.id
        where labs.id = $1 and l.id = $2 and l.closed_at is null
        for no key update of labs for update of l",
        lab_id,
        id
    );
    Ok(version.fetch_optional(db).await?)
}

/// Closes it, if nothing is in it. Who calls it holds [`lock`], so that a statement of its own sees what was put in
/// before.
pub async fn close(tx: &mut PgTransaction<'_>, lab_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Contents> {
    let inside = sqlx::query_as!(
        Contents,
        r#"with inside as materialized (
            select exists (select from locations where lab_id = $1 and parent_id = $2 and closed_at is null) as locations,
                exists (
                    select from containers
                    where lab_id = $1 and location_id = $2 and state not in ('disposed', 'voided')
                ) as containers
        ), closed as (
            update locations l set closed_at = $3, version = version + 1, updated_at = $3
            from inside i where l.lab_id = $1 and l.id = $2 and not i.locations and not i.containers
        )
        select locations as "locations!", containers as "containers!" from inside"#,
        lab_id,
        id,
        now
    );
    Ok(inside.fetch_one(&mut **tx).await?)
}

trait OrRefused<T> {
    fn or_refused(self) -> Result<T>;
}

impl<T> OrRefused<T> for sqlx::Result<T> {
    fn or_refused(self) -> Result<T> {
        self.on_constraint("locations_pkey", || Reason::IdTaken.because("there is something with this id already"))
            .on_constraint(codes::UNIQUE, codes::taken)
            .on_constraint("locations_name_key", || {
                Reason::NameTaken.because("another location beside it has this name")
            })
            .on_constraint("locations_own_parent_check", || {
                Reason::LocationCycle.because("a location cannot lie in itself")
            })
            .on_constraint("locations_parent_fkey", || Error::field("/parent_id", "is not a location of this lab"))
    }
}
