//! The SQL of locations. The function `location_path` is the migration's.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Around, Code, Filter, Kind, Location, LocationPatch};
use crate::{
    error::{Error, OnConstraint, Reason, Result},
    text::Name,
};

/// Reads whole locations: `locations!("where ...", arguments)`.
macro_rules! locations {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Location,
            r#"select id, parent_id, kind as "kind: Kind", name, code,
                location_path(lab_id, parent_id) || name as "path!", version, created_at, updated_at
            from locations "# + $rest
            $(, $argument)*
        )
    };
}

/// The condition that narrows most chooses the index: those in one place, those of a name, or all.
pub async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &Filter,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Location>> {
    let name = filter.name.as_ref().map(Name::as_str);
    let (roots_only, parent) = (filter.roots_only, filter.parent_id);
    let locations = match (parent, name) {
        (Some(parent), _) => {
            let within = locations!(
                r#"where lab_id = $1 and parent_id = $2 and id > $3 and not $4
                    and ($5::text is null or starts_with(lower(name), lower($5)))
                order by id limit $6"#,
                lab_id,
                parent,
                after,
                roots_only,
                name,
                limit
            );
            within.fetch_all(db).await?
        }
        (None, Some(name)) => {
            let named = locations!(
                r#"where lab_id = $1 and lower(name) collate "C" >= lower($2)
                    and lower(name) collate "C" < lower($2) || U&'\+10FFFF'
                    and id > $3 and (not $4 or parent_id is null)
                order by id limit $5"#,
                lab_id,
                name,
                after,
                roots_only,
                limit
            );
            named.fetch_all(db).await?
        }
        (None, None) if roots_only => {
            let roots = locations!(
                "where lab_id = $1 and parent_id is null and id > $2 order by id limit $3",
                lab_id,
                after,
                limit
            );
            roots.fetch_all(db).await?
        }
        (None, None) => {
            let all = locations!("where lab_id = $1 and id > $2 order by id limit $3", lab_id, after, limit);
            all.fetch_all(db).await?
        }
    };
    Ok(locations)
}

pub async fn find(db: &mut PgConnection, lab_id: Uuid, id: Uuid) -> Result<Option<Location>> {
    Ok(locations!("where lab_id = $1 and id = $2", lab_id, id).fetch_optional(db).await?)
}

/// Two at most: first those that have one of the codes, in that order.
pub async fn find_by_code(
    db: &mut PgConnection,
    lab_id: Uuid,
    codes: &[&str],
    canonical: Option<&str>,
) -> Result<Vec<Location>> {
    let found = locations!(
        "where id in (
            select id from locations where lab_id = $1 and code = any($2)
            union
            select id from locations where lab_id = $1 and translate(upper(code), 'OIL-', '011') = $3
                and code <> translate(upper(code), 'OIL-', '011')
                and length(translate(upper(code), 'OIL-', '011')) = 9
        ) order by array_position($2, code) limit 2",
        lab_id,
        codes as &[&str],
        canonical
    );
    Ok(found.fetch_all(db).await?)
}

pub struct Place<'a> {
    pub parent_id: Option<Uuid>,
    pub kind: Kind,
    pub name: &'a Name,
    pub code: &'a str,
}

/// A location as written, and what stands around it.
struct Written {
    id: Uuid,
    parent_id: Option<Uuid>,
    kind: Kind,
    name: String,
    code: String,
    path: Vec<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    parent: Option<Kind>,
    child: Option<Kind>,
    in_itself: bool,
}

impl Written {
    fn split(self) -> (Location, Around) {
        let Self { id, parent_id, kind, name, code, path, version, created_at, updated_at, .. } = self;
        let around = Around { parent: self.parent, child: self.child, in_itself: self.in_itself };
        (Location { id, parent_id, kind, name, code, path, version, created_at, updated_at }, around)
    }
}

/// Who calls it holds the lab's lock.
pub async fn insert(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    place: Place<'_>,
    now: DateTime<Utc>,
) -> Result<(Location, Around)> {
    let written = sqlx::query_as!(
        Written,
        r#"insert into locations as l (lab_id, id, parent_id, kind, name, code, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)
        returning id, parent_id, kind as "kind: Kind", name, code,
            location_path(lab_id, parent_id) || name as "path!", version, created_at, updated_at,
            (select p.kind from locations p where p.lab_id = $1 and p.id = $3) as "parent: Kind",
            null as "child: Kind", false as "in_itself!""#,
        lab_id,
        id,
        place.parent_id,
        place.kind.as_str(),
        place.name.as_str(),
        place.code,
        now
    )
    .fetch_one(db)
    .await
    .or_refused()?;
    Ok(written.split())
}

/// Who calls it holds the lab's lock. All but the changed row is read as it was before.
pub async fn update(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    version: Option<i32>,
    patch: &LocationPatch,
    now: DateTime<Utc>,
) -> Result<Option<(Location, Around)>> {
    let written = sqlx::query_as!(
        Written,
        r#"with recursive target as (
            select id, case when $4 then $5 else parent_id end as parent_id
            from locations where lab_id = $1 and id = $2 and ($3::int is null or version = $3)
        ), above as (
            select p.id, p.parent_id from target t join locations p on p.lab_id = $1 and p.id = t.parent_id
            union all
            select p.id, p.parent_id from above a join locations p on p.lab_id = $1 and p.id = a.parent_id
        )
        update locations l set parent_id = t.parent_id, kind = coalesce($6, l.kind), name = coalesce($7, l.name),
            code = coalesce($8, l.code), version = l.version + 1, updated_at = $9
        from target t where l.lab_id = $1 and l.id = t.id
        returning l.id, l.parent_id, l.kind as "kind: Kind", l.name, l.code,
            location_path(l.lab_id, l.parent_id) || l.name as "path!", l.version, l.created_at, l.updated_at,
            (select p.kind from locations p where p.lab_id = $1 and p.id = t.parent_id) as "parent: Kind",
            (select c.kind from locations c where c.lab_id = $1 and c.parent_id = $2
                order by array_position(array['building', 'room', 'cabinet', 'shelf', 'box'], c.kind) limit 1) as "child: Kind",
            exists (select from above where id = $2) as "in_itself!""#,
        lab_id,
        id,
        version,
        patch.parent_id.is_some(),
        patch.parent_id.flatten(),
        patch.kind.map(Kind::as_str),
        patch.name.as_ref().map(Name::as_str),
        patch.code.as_ref().map(Code::as_str),
        now
    )
    .fetch_optional(db)
    .await
    .or_refused()?;
    Ok(written.map(Written::split))
}

pub async fn delete(db: &mut PgConnection, lab_id: Uuid, id: Uuid, version: Option<i32>) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from locations where lab_id = $1 and id = $2 and ($3::int is null or version = $3)",
        lab_id,
        id,
        version
    )
    .execute(db)
    .await
    .on_constraint("locations_parent_fkey", || Reason::LocationInUse.because("there are locations in it"))
    .on_constraint("containers_location_fkey", || Reason::LocationInUse.because("there are containers in it"))?;
    Ok(deleted.rows_affected() > 0)
}

trait OrRefused<T> {
    fn or_refused(self) -> Result<T>;
}

impl<T> OrRefused<T> for sqlx::Result<T> {
    fn or_refused(self) -> Result<T> {
        self.on_constraint("locations_pkey", || Reason::IdTaken.because("there is something with this id already"))
            .on_constraint("locations_lab_id_id_key", || {
                Reason::IdTaken.because("there is something with this id already")
            })
            .on_constraint("locations_code_key", || {
                Reason::CodeTaken.because("another location of the lab has this code")
            })
            .on_constraint("locations_code_of_container", || {
                Reason::CodeTaken.because("a container of the lab has this code")
            })
            .on_constraint("locations_name_key", || {
                Reason::NameTaken.because("another location beside it has this name")
            })
            .on_constraint("locations_own_parent_check", || {
                Reason::LocationCycle.because("a location cannot lie in itself")
            })
            .on_constraint("locations_parent_fkey", || Error::field("/parent_id", "is not a location of this lab"))
    }
}
