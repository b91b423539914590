use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{EventKind, LoginEvent};
use crate::base::error::Result;

pub async fn insert(db: &mut PgConnection, events: &[LoginEvent]) -> Result<()> {
    let all = sqlx::query!(
        "insert into login_events select * from jsonb_populate_recordset(null::login_events, $1)",
        Json(events) as _
    );
    all.execute(db).await?;
    Ok(())
}

/// Which events a list shows.
#[derive(Debug, Default)]
pub struct Filter {
    pub kind: Option<EventKind>,
    pub from: Option<DateTime<Utc>>,
    pub before: Option<Uuid>,
}

/// Of somebody: what is filed under the hash of the phone, and what happened to the sessions of the user who has it.
pub async fn list(
    db: &mut PgConnection,
    who: Option<(&[u8], &str)>,
    filter: &Filter,
    most: i64,
) -> Result<Vec<LoginEvent>> {
    let found = sqlx::query_as!(
        LoginEvent,
        r#"select id, at, kind as "kind: EventKind", outcome, encode(phone_hash, 'hex') as phone_hash, user_id,
            session_id, address, device, detail, done_by
        from login_events
        where ($1::bytea is null or phone_hash = $1 or user_id = (select id from users where phone = $2))
            and ($3::text is null or kind = $3) and ($4::uuid is null or id < $4)
            and ($5::timestamptz is null or at >= $5)
        order by id desc limit $6"#,
        who.map(|(hash, _)| hash),
        who.map(|(_, phone)| phone),
        filter.kind as Option<EventKind>,
        filter.before,
        filter.from,
        most
    );
    Ok(found.fetch_all(db).await?)
}

/// What somebody did: to others, and to themselves. Each of the two has an index in the order of the list.
pub async fn list_by(db: &mut PgConnection, user_id: Uuid, filter: &Filter, most: i64) -> Result<Vec<LoginEvent>> {
    let found = sqlx::query_as!(
        LoginEvent,
        r#"select id, at, kind as "kind: EventKind", outcome, encode(phone_hash, 'hex') as phone_hash, user_id,
            session_id, address, device, detail, done_by
        from login_events
        where id in (
            (select id from login_events
            where done_by = $1 and ($2::text is null or kind = $2) and ($3::uuid is null or id < $3)
                and ($4::timestamptz is null or at >= $4)
            order by id desc limit $5)
            union all
            (select id from login_events
            where user_id = $1 and done_by is null and kind <> all ($6) and ($2::text is null or kind = $2)
                and ($3::uuid is null or id < $3) and ($4::timestamptz is null or at >= $4)
            order by id desc limit $5)
        )
        order by id desc limit $5"#,
        user_id,
        filter.kind as Option<EventKind>,
        filter.before,
        filter.from,
        most,
        &EventKind::OF_OWNERS.map(EventKind::as_str) as &[&str]
    );
    Ok(found.fetch_all(db).await?)
}

/// What people are called now.
pub async fn names(db: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let named = sqlx::query!("select id, name from users where id = any ($1) and name <> ''", ids);
    Ok(named.fetch_all(db).await?.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Ids are in order of time, so the primary key finds the oldest.
pub async fn purge(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let purged = sqlx::query!(
        "delete from login_events where id in
            (select id from login_events where id < $1 order by id limit $2 for update skip locked)",
        crate::base::ids::new(before),
        most
    );
    Ok(purged.execute(db).await?.rows_affected())
}

/// Takes a person out of all that is told of them; answers the devices that were. What is filed under a former phone goes
/// as far as they had it: later it tells of whoever has the number since.
pub async fn forget_person(db: &mut PgConnection, user_id: Uuid, phone_hash: Option<&[u8]>) -> Result<Vec<Uuid>> {
    let devices = sqlx::query_scalar!(
        r#"with former as materialized (
            select phone_hash, max(at) as left_at from login_events
            where user_id = $1 and kind = 'phone_changed' and outcome = 'left' group by phone_hash
        ), told as materialized (
            select id, device from login_events where user_id = $1 or phone_hash = $2
            union
            select e.id, e.device from former f
                join login_events e on e.phone_hash = f.phone_hash and e.at <= f.left_at and e.user_id is null
        ), forgotten as (
            update login_events set phone_hash = null, address = null, device = null where id in (select id from told)
        )
        select distinct device as "device!" from told where device is not null"#,
        user_id,
        phone_hash
    );
    Ok(devices.fetch_all(db).await?)
}
