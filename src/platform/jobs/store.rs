use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    job::{Claimed, JobProgress, JobState, NewJob, Settled, StoredJob},
    schedule::Schedule,
};
use crate::base::error::Result;

/// Answers the id of the job that has the key, which is the new one or an earlier one. A new schedule takes the place of
/// an earlier one.
pub async fn insert(db: &mut PgConnection, new: &NewJob, now: DateTime<Utc>) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "insert into jobs (id, lab_id, kind, key, payload, schedule, state, run_at, attempts, max_attempts, created_by,
            created_at)
        values ($1, $2, $3, $4, $5, $6, 'queued', $7, 0, $8, $9, $10)
        on conflict (kind, key) where state in ('queued', 'running') do update set
            schedule = coalesce(excluded.schedule, jobs.schedule),
            payload = case when excluded.schedule is null then jobs.payload else excluded.payload end,
            run_at = case when coalesce(excluded.schedule <> jobs.schedule, excluded.schedule is not null)
                then excluded.run_at else jobs.run_at end
        returning id",
        new.id,
        new.lab_id,
        new.kind,
        new.key,
        new.payload,
        new.schedule.map(Json) as Option<Json<Schedule>>,
        new.run_at,
        new.max_attempts,
        new.created_by,
        now
    );
    Ok(id.fetch_one(db).await?)
}

/// The key is free again, unless a run has begun.
pub async fn delete_queued(db: &mut PgConnection, kind: &str, key: &str) -> Result<bool> {
    let deleted = sqlx::query!("delete from jobs where kind = $1 and key = $2 and state = 'queued'", kind, key);
    Ok(deleted.execute(db).await?.rows_affected() > 0)
}

pub struct Claim {
    pub taken: Json<Vec<Claimed>>,
    /// When the next of these kinds is due.
    pub next_due: Option<DateTime<Utc>>,
}

/// Takes what is due, and what nobody runs any more: of each kind as many as there is room for.
pub async fn claim(
    db: &mut PgConnection,
    rooms: &[(&'static str, i32)],
    lease: (Uuid, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Claim> {
    let (kinds, rooms): (Vec<String>, Vec<i32>) = rooms.iter().map(|(kind, room)| ((*kind).to_owned(), *room)).unzip();
    let claim = sqlx::query_as!(
        Claim,
        r#"with kinds as (
            select * from unnest($1::text[], $2::integer[]) k (kind, room)
        ), due as (
            select j.id from kinds k cross join lateral (
                select id from jobs where kind = k.kind and state = 'queued' and run_at <= $3
                order by run_at limit k.room for update skip locked
            ) j
        ), lost as (
            select j.id from kinds k cross join lateral (
                select id from jobs where kind = k.kind and state = 'running' and lease_until <= $3
                order by lease_until limit k.room for update skip locked
            ) j
        ), taken as (
            update jobs set state = 'running', attempts = attempts + 1, lease_id = $4, lease_until = $5, started_at = $3,
                version = version + 1
            where id in (select id from due union all select id from lost)
            returning id, lease_id, kind, lab_id, created_by, payload, schedule, attempts, max_attempts, cancel_requested,
                jsonb_build_object('done', done, 'total', total, 'note', note) as progress, last_error
        )
        select coalesce(
            (select jsonb_agg(to_jsonb(t) || jsonb_build_object('was_lost', l.id is not null))
                from taken t left join lost l on l.id = t.id),
            '[]') as "taken!: Json<Vec<Claimed>>",
            (select min(n.run_at) from kinds k cross join lateral (
                select run_at from jobs where kind = k.kind and state = 'queued' and run_at > $3 order by run_at limit 1
            ) n) as next_due"#,
        &kinds,
        &rooms,
        now,
        lease.0,
        lease.1
    );
    Ok(claim.fetch_one(db).await?)
}

pub struct Held {
    pub id: Uuid,
    pub cancel_requested: bool,
}

/// Those that are still held; of the others somebody else has taken the lease.
pub async fn prolong(db: &mut PgConnection, leases: &[(Uuid, Uuid)], until: DateTime<Utc>) -> Result<Vec<Held>> {
    let (ids, leases): (Vec<Uuid>, Vec<Uuid>) = leases.iter().copied().unzip();
    let held = sqlx::query_as!(
        Held,
        "update jobs j set lease_until = $3 from unnest($1::uuid[], $2::uuid[]) h (id, lease_id)
        where j.id = h.id and j.lease_id = h.lease_id and j.state = 'running'
        returning j.id, j.cancel_requested",
        &ids,
        &leases,
        until
    );
    Ok(held.fetch_all(db).await?)
}

/// Whether its end was asked for; none when it is no longer held.
pub async fn report(db: &mut PgConnection, id: Uuid, lease: Uuid, progress: &JobProgress) -> Result<Option<bool>> {
    let held = sqlx::query_scalar!(
        "update jobs set done = $3, total = $4, note = $5, version = version + 1
        where id = $1 and lease_id = $2 and state = 'running' returning cancel_requested",
        id,
        lease,
        progress.done,
        progress.total,
        progress.note
    );
    Ok(held.fetch_optional(db).await?)
}

/// Those that are still held. One whose end was asked for is not queued again.
pub async fn settle(db: &mut PgConnection, settled: &[Settled], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update jobs j set lease_id = null, lease_until = null, attempts = s.attempts, done = s.done, total = s.total,
            note = s.note, result = s.result, last_error = s.last_error, run_at = coalesce(s.run_at, j.run_at),
            state = case when s.state = 'queued' and j.cancel_requested then 'cancelled' else s.state end,
            finished_at = case when s.state = 'queued' and not j.cancel_requested then null else $2::timestamptz end,
            version = version + 1
        from jsonb_to_recordset($1) as s (id uuid, lease_id uuid, state text, run_at timestamptz, attempts integer,
            done bigint, total bigint, note text, result jsonb, last_error text)
        where j.id = s.id and j.lease_id = s.lease_id and j.state = 'running'",
        Json(settled) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Rows as whoever looks at jobs sees them; their columns stand between the two texts.
macro_rules! stored_jobs {
    ($before:literal; $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            StoredJob,
            $before + r#"id, kind, state as "state: JobState", lab_id, created_by,
                jsonb_build_object('done', done, 'total', total, 'note', note) as "progress!: Json<JobProgress>", result,
                last_error, attempts, max_attempts, cancel_requested, run_at, created_at, started_at, finished_at, version
                "# + $after
            $(, $argument)*
        )
    };
}

/// The newest first.
pub async fn page(
    db: &mut PgConnection,
    state: Option<JobState>,
    kind: Option<&str>,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<StoredJob>> {
    let found = stored_jobs!(
        "select ";
        "from jobs
        where ($1::text is null or state = $1) and ($2::text is null or kind = $2) and ($3::uuid is null or id < $3)
        order by id desc limit $4",
        state.map(JobState::as_str),
        kind,
        before,
        most
    );
    Ok(found.fetch_all(db).await?)
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<StoredJob>> {
    let found = stored_jobs!("select "; "from jobs where id = $1", id);
    Ok(found.fetch_optional(db).await?)
}

/// Of a dead letter only; from the beginning, and with all its tries.
pub async fn retry(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<StoredJob>> {
    let found = stored_jobs!(
        "update jobs set state = 'queued', run_at = $2, attempts = 0, cancel_requested = false, finished_at = null,
            version = version + 1
        where id = $1 and state = 'failed'
        returning "; "",
        id,
        now
    );
    Ok(found.fetch_optional(db).await?)
}

/// Of one that has not ended, and will.
pub async fn cancel(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<StoredJob>> {
    let found = stored_jobs!(
        "update jobs set state = case when state = 'queued' then 'cancelled' else state end, cancel_requested = true,
            finished_at = case when state = 'queued' then $2::timestamptz end, version = version + 1
        where id = $1 and state in ('queued', 'running') and schedule is null
        returning "; "",
        id,
        now
    );
    Ok(found.fetch_optional(db).await?)
}

pub async fn sweep(
    db: &mut PgConnection,
    done_before: DateTime<Utc>,
    failed_before: DateTime<Utc>,
    most: i64,
) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from jobs where id in (
            select id from jobs
            where finished_at < $1 and (state <> 'failed' or finished_at < $2)
            order by finished_at limit $3 for update skip locked
        )",
        done_before,
        failed_before,
        most
    );
    Ok(swept.execute(db).await?.rows_affected())
}

pub struct Depth {
    pub kind: String,
    pub state: JobState,
    pub count: i64,
    /// The time for which the first of those that are due waits.
    pub oldest: Option<DateTime<Utc>>,
}

pub async fn depths(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Depth>> {
    let depths = sqlx::query_as!(
        Depth,
        r#"select kind, state as "state: JobState", count(*) as "count!",
            min(run_at) filter (where state = 'queued' and run_at <= $1) as oldest
        from jobs where state in ('queued', 'running', 'failed') group by kind, state"#,
        now
    );
    Ok(depths.fetch_all(db).await?)
}
