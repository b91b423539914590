//! Real processes that are killed at any moment: no job is lost, and only what a kill cut short is done again.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use sqlx::PgPool;
use uuid::Uuid;

use super::count;
use crate::support::{
    dice::Dice,
    folder::Folder,
    instance::{Instance, database_url},
};

const KILLS: usize = 8;
const JOBS: i32 = 450;

/// Who took a job and who ended it is written down with each change, and a run of `sweep_keys` takes a moment and
/// leaves a row. Each process has a name at Postgres.
const WATCHED: &str = "
    create table told (
        n bigint generated always as identity, job uuid, kind text, state text, attempts int, lease interval, by_process text
    );
    create function tell() returns trigger language plpgsql as $$ begin
        insert into told (job, kind, state, attempts, lease, by_process) values (new.id, new.kind, new.state, new.attempts,
            new.lease_until - clock_timestamp(), current_setting('application_name'));
        return null;
    end $$;
    create trigger tells after update on jobs for each row
        when (old.lease_id is distinct from new.lease_id) execute function tell();
    create table swept (by_process text);
    create function take_a_moment() returns trigger language plpgsql as $$ begin
        perform pg_sleep(0.03);
        insert into swept values (current_setting('application_name'));
        return null;
    end $$;
    create trigger takes_a_moment before delete on idempotency_keys for each statement execute function take_a_moment();
    insert into jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_at)
        select gen_random_uuid(), kind, '7', 'queued', now() - n * interval '1 millisecond', 0, 10, now()
        from unnest('{sweep_keys,sweep_invitations,count_codes}'::text[]) kind, generate_series(1, $JOBS / 3) n;";

const OURS: &str = "select count(*) from jobs where payload = '7' and state <> 'done'";

async fn start(db: &PgPool, folder: &Folder, name: &str) -> Instance {
    let url = format!("{}?application_name={name}", database_url(db));
    Instance::start(folder, &[("DATABASE_URL", &url)]).await
}

/// Kills it, waits until its last statements have ended, and lets the minute of its leases pass.
async fn kill(db: &PgPool, instance: &mut Instance, name: &str) {
    instance.process.kill().unwrap();
    instance.process.wait().unwrap();
    let connected =
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1";
    while sqlx::query_scalar::<_, i64>(connected).bind(name).fetch_one(db).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let later = "update jobs set lease_until = now() - interval '1 second' where state = 'running'
        and (select by_process from told where job = jobs.id order by n desc limit 1) = $1";
    sqlx::query(later).bind(name).execute(db).await.unwrap();
}

struct Told {
    state: String,
    attempts: i32,
    by: String,
}

/// What became of each job, in order.
async fn lives(db: &PgPool) -> BTreeMap<Uuid, Vec<Told>> {
    let told = "select t.job, t.state, t.attempts, t.by_process from told t join jobs j on j.id = t.job
        where j.payload = '7' order by t.n";
    let rows: Vec<(Uuid, String, i32, String)> = sqlx::query_as(told).fetch_all(db).await.unwrap();
    let mut lives = BTreeMap::<_, Vec<_>>::new();
    for (job, state, attempts, by) in rows {
        lives.entry(job).or_default().push(Told { state, attempts, by });
    }
    lives
}

/// Claimed and done by the same process; each claim before was of a process that was killed, and none came after.
fn is_sane(life: &[Told], killed: &HashSet<String>) -> bool {
    let Some((done, claims)) = life.split_last() else { return false };
    let in_turn = claims.iter().zip(1..).all(|(claim, n)| claim.state == "running" && claim.attempts == n);
    let cut_short = claims.iter().rev().skip(1).all(|claim| killed.contains(&claim.by));
    in_turn && cut_short && done.state == "done" && claims.last().is_some_and(|claim| claim.by == done.by)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_processes_that_are_killed_and_started_again_no_job_is_lost_and_only_what_was_cut_short_runs_twice(
    db: PgPool,
) {
    let watched = WATCHED.replace("$JOBS", &JOBS.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(watched)).execute(&db).await.unwrap();
    let (folder, mut dice, mut killed) = (Folder::new(), Dice(1), HashSet::new());
    let mut names = ["one-0".to_owned(), "two-0".to_owned()];
    let mut running = [start(&db, &folder, &names[0]).await, start(&db, &folder, &names[1]).await];
    for round in 1..=KILLS {
        tokio::time::sleep(Duration::from_millis(20 + u64::try_from(dice.below(200)).unwrap())).await;
        let which = dice.below(2);
        kill(&db, &mut running[which], &names[which]).await;
        let next = format!("{}-{round}", ["one", "two"][which]);
        killed.insert(std::mem::replace(&mut names[which], next));
        running[which] = start(&db, &folder, &names[which]).await;
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while count(&db, OURS).await > 0 {
        assert!(Instant::now() < deadline, "{} jobs have not ended: {}", count(&db, OURS).await, running[0].said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(running);

    let lives = lives(&db).await;
    assert_eq!(lives.len(), usize::try_from(JOBS).unwrap());
    for (job, life) in &lives {
        let told: Vec<_> = life.iter().map(|it| (&*it.state, it.attempts, &*it.by)).collect();
        assert!(is_sane(life, &killed), "{job}: {told:?} with {killed:?} killed");
    }
    assert!(lives.values().any(|life| life.len() > 2), "no kill has cut a job short");
    assert_sane_table(&db).await;
}

async fn assert_sane_table(db: &PgPool) {
    let ended = "select count(*) from jobs where payload = '7' and attempts >= 1 and finished_at >= started_at
        and lease_id is null and lease_until is null and last_error is null";
    assert_eq!(count(db, ended).await, i64::from(JOBS));
    let odd = "select count(*) from told where state = 'running' and (lease is null or lease > interval '60 seconds')";
    assert_eq!(count(db, odd).await, 0, "a lease ends within a minute");
    let (done, begun) = (
        "select count(*) from told where kind = 'sweep_keys' and state <> 'running'",
        "select count(*) from told where kind = 'sweep_keys' and state = 'running'",
    );
    let swept = count(db, "select count(*) from swept").await;
    assert!(count(db, done).await <= swept && swept <= count(db, begun).await, "{swept} runs have left a row");
    let steps = "select count(*) from (select from jobs where key = 'step' group by kind having count(*) <> 1) odd";
    assert_eq!(count(db, steps).await, 0, "each step waits once for its next turn");
}
