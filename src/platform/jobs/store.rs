use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    job::{Claimed, JobProgress, JobState, NewJob, Settled, StoredJob},
    schedule::Schedule,
};
use crate::base::error::Result;

/// Answers the id of the job that has the key, which is the new one or an earlier one. A new schedule takes the place
/// of an earlier one. A job that runs has read its payload already, so it runs again afterwards.
pub async fn insert(db: &mut PgConnection, new: &NewJob, now: DateTime<Utc>) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "insert into jobs (id, lab_id, kind, key, payload, schedule, state, run_at, attempts, max_attempts, created_by,
            created_at)
        values ($1, $2, $3, $4, $5, $6, 'queued', $7, 0, $8, $9, $10)
        on conflict (kind, key) where state in ('queued', 'running') do update set
            schedule = coalesce(excluded.schedule, jobs.schedule),
            payload = case when excluded.schedule is not null or jobs.state = 'running' and jobs.schedule is null
                then excluded.payload else jobs.payload end,
            run_at = case
                when coalesce(excluded.schedule <> jobs.schedule, excluded.schedule is not null)
                    then least(excluded.run_at, case when jobs.runs_again then jobs.run_at end)
                when excluded.schedule is not null or jobs.state = 'queued' then jobs.run_at
                when jobs.runs_again then least(jobs.run_at, excluded.run_at)
                else excluded.run_at end,
            runs_again = jobs.runs_again or jobs.state = 'running' and excluded.schedule is null
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

/// The key is free again, unless a run has begun, which then is the last one.
pub async fn withdraw(db: &mut PgConnection, kind: &str, key: &str) -> Result<bool> {
    // The update first: it waits for a claim or an ending that is on its way, and then the delete sees what came of it.
    let last = sqlx::query!(
        "update jobs set schedule = null, runs_again = false,
            cancel_requested = cancel_requested or schedule is not null, version = version + 1
        where kind = $1 and key = $2 and state in ('queued', 'running') and (schedule is not null or runs_again)",
        kind,
        key
    );
    let changed = last.execute(&mut *db).await?.rows_affected();
    let deleted = sqlx::query!("delete from jobs where kind = $1 and key = $2 and state = 'queued'", kind, key);
    Ok(changed + deleted.execute(db).await?.rows_affected() > 0)
}

pub struct Claim {
    pub taken: Json<Vec<Claimed>>,
    /// When the next of these kinds is due.
    pub next_due: Option<DateTime<Utc>>,
}

/// Takes what is due, and what nobody runs any more: of each kind as many as there is room for. What was queued while a
/// job ran that then was lost has had no try yet, and nobody asked for its end.
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
            update jobs set state = 'running', attempts = case when runs_again then 1 else attempts + 1 end,
                cancel_requested = cancel_requested and not runs_again, lease_id = $4, lease_until = $5,
                started_at = $3, runs_again = false, version = version + 1
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

/// Those that are still held. One whose end was asked for is not tried again. One that is over is queued once more by
/// its schedule, or because somebody queued it while it ran.
pub async fn settle(db: &mut PgConnection, settled: &[Settled], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update jobs j set lease_id = null, lease_until = null, done = s.done, total = s.total, note = s.note,
            result = s.result, last_error = s.last_error, version = version + 1,
            state = case when s.state = 'queued' and not j.cancel_requested then 'queued'
                when j.schedule is not null or j.runs_again then 'queued'
                when s.state = 'queued' then 'cancelled' else s.state end,
            run_at = case when s.state = 'queued' and not j.cancel_requested then s.run_at
                when j.schedule = s.schedule and not j.runs_again then s.next_run else j.run_at end,
            attempts = case when s.state = 'queued' and not j.cancel_requested then s.attempts
                when j.schedule is not null or j.runs_again then 0 else s.attempts end,
            finished_at = case when s.state = 'queued' and not j.cancel_requested then null
                when j.schedule is not null or j.runs_again then null else $2::timestamptz end,
            cancel_requested = j.cancel_requested and j.schedule is null and not j.runs_again,
            runs_again = false
        from jsonb_to_recordset($1) as s (id uuid, lease_id uuid, state text, run_at timestamptz, next_run timestamptz,
            schedule jsonb, attempts integer, done bigint, total bigint, note text, result jsonb, last_error text)
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

/// Of one that has not ended, or of a dead letter, which is closed by it.
pub async fn cancel(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<StoredJob>> {
    let found = stored_jobs!(
        "update jobs set state = case when state = 'running' then state else 'cancelled' end, cancel_requested = true,
            finished_at = case when state <> 'running' then $2::timestamptz end, runs_again = false, version = version + 1
        where id = $1 and (state = 'failed' or state in ('queued', 'running') and schedule is null)
        returning "; "",
        id,
        now
    );
    Ok(found.fetch_optional(db).await?)
}

/// What has been due since `before` and is of none of these kinds: a dead letter, or for good if it runs by a schedule.
pub async fn give_up_unknown(
    db: &mut PgConnection,
    kinds: &[&str],
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    sqlx::query!(
        "update jobs set state = case when schedule is null then 'failed' else 'cancelled' end, finished_at = $3,
            lease_id = null, lease_until = null, last_error = 'no instance knows this kind', version = version + 1
        where state in ('queued', 'running') and kind <> all($1) and coalesce(lease_until, run_at) < $2",
        &kinds,
        before,
        now
    )
    .execute(db)
    .await?;
    Ok(())
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
    /// When the first of those that wait came due, or the lease of one ended.
    pub waiting_since: Option<DateTime<Utc>>,
    pub running_since: Option<DateTime<Utc>>,
}

pub async fn depths(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Depth>> {
    let depths = sqlx::query_as!(
        Depth,
        r#"select kind, state as "state: JobState", count(*) as "count!",
            min(coalesce(lease_until, run_at)) filter (where coalesce(lease_until, run_at) <= $1
                and state in ('queued', 'running')) as waiting_since,
            min(started_at) filter (where state = 'running') as running_since
        from jobs where state in ('queued', 'running', 'failed') group by kind, state"#,
        now
    );
    Ok(depths.fetch_all(db).await?)
}
