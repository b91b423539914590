//! What the notary costs, and how long lines wait for their positions: withdrawals come at a steady pace, in turns
//! with the notary and without it. It needs a database of its own, on this machine: `DATABASE_URL=postgresql://...
//! cargo bench --bench notary`. CPU is that of this process and of all of Postgres. The lag of a line is measured from
//! outside in a run of its own: from the answer to its withdrawal, which comes after the commit, until its position is
//! read. It takes about a minute and a half.

use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use chemstock::{
    config::Config,
    journal::notary,
    platform::{app::App, telemetry},
    router, serve,
};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::{task::JoinSet, time::interval};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

const BOTTLES: usize = 2_000;
/// In a second.
const PACE: u32 = 2_000;
/// They come so many at a time.
const AT_ONCE: u64 = 20;
const SECONDS: u64 = 4;
const ROUNDS: usize = 5;
/// The run in which lags are measured.
const LAG_SECONDS: u64 = 30;
/// Between two looks for new positions: no lag is measured finer.
const LOOK: Duration = Duration::from_millis(5);
/// After the last withdrawal.
const LONGEST_LAG: Duration = Duration::from_secs(10);
/// Until everything is warm.
const WARMING_UP: Duration = Duration::from_secs(5);

struct Load {
    app: App,
    router: Router,
    lab: Uuid,
    token: String,
    bottles: Vec<String>,
    next: usize,
    /// When each event was answered.
    answered: HashMap<Uuid, Instant>,
}

#[tokio::main]
async fn main() {
    // Where there is no database, as with `cargo test --benches`, there is nothing to measure.
    let Some(database) = std::env::var_os("DATABASE_URL").and_then(|url| url.into_string().ok()) else { return };
    let data = std::env::temp_dir().join(format!("chemstock-bench-{}", std::process::id()));
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(database.clone()),
        "DATA_DIR" => data.to_str().map(str::to_owned),
        _ => None,
    });
    let connected = serve::connect(config.expect("a configuration")).await.expect("a database");
    telemetry::install();
    let mut load = Load::new(connected.app.clone()).await;
    load.run(1).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(load.run(SECONDS).await);
        catch_up(&load.app).await;
        let stop = CancellationToken::new();
        let notary = tokio::spawn(notary::run(load.app.clone(), stop.clone()));
        with.push(load.run(SECONDS).await);
        stop.cancel();
        notary.await.expect("it stops");
        catch_up(&load.app).await;
    }
    report(&without, &with);
    lag(&mut load, &database).await;
    drop(load);
    connected.close().await;
    fs::remove_dir_all(data).ok();
}

async fn catch_up(app: &App) {
    while notary::step(app).await.expect("a database") > 0 {}
}

/// CPU of an event in microseconds.
#[derive(Clone, Copy)]
struct Cost {
    server: f64,
    postgres: f64,
}

#[expect(clippy::print_stdout, reason = "what it measured")]
fn report(without: &[Cost], with: &[Cost]) {
    type Part = fn(&Cost) -> f64;
    let parts: [(&str, Part); 3] =
        [("server", |it| it.server), ("Postgres", |it| it.postgres), ("both", |it| it.server + it.postgres)];
    for (name, part) in parts {
        let sorted = |costs: &[Cost]| {
            let mut costs: Vec<_> = costs.iter().map(part).collect();
            costs.sort_by(f64::total_cmp);
            costs
        };
        let (without, with) = (sorted(without), sorted(with));
        let more = with[ROUNDS / 2] - without[ROUNDS / 2];
        println!("{name}, CPU µs an event: {without:.0?} without the notary, {with:.0?} with it, {more:.0} more");
    }
}

/// Runs the load beside the notary, and reads positions as they come.
#[expect(clippy::print_stdout, reason = "what it measured")]
async fn lag(load: &mut Load, database: &str) {
    catch_up(&load.app).await;
    let (stop, read) = (CancellationToken::new(), CancellationToken::new());
    let notary = tokio::spawn(notary::run(load.app.clone(), stop.clone()));
    let reader = tokio::spawn(positions(database.to_owned(), load.lab, read.clone()));
    load.answered.clear();
    let begun = Instant::now();
    load.run(LAG_SECONDS).await;
    let booked = u32::try_from(load.answered.len()).expect("not so many");
    let pace = f64::from(booked) / begun.elapsed().as_secs_f64();
    tokio::time::sleep(LONGEST_LAG).await;
    read.cancel();
    stop.cancel();
    notary.await.expect("it stops");
    let numbered = reader.await.expect("positions");
    let counted = load.answered.iter().filter(|(_, answered)| **answered >= begun + WARMING_UP);
    let lags = counted.map(|(id, answered)| numbered.get(id).map(|at| at.saturating_duration_since(*answered)));
    let (mut lags, missing): (Vec<_>, Vec<_>) = lags.partition(Option::is_some);
    lags.sort_unstable();
    let at = |share: usize| lags[(lags.len() * share / 1000).min(lags.len() - 1)].unwrap_or_default().as_millis();
    println!(
        "lag of {} lines at {pace:.0} events a second (asked for: {PACE}), from the commit to the position: \
        p50 {} ms, p99 {} ms, p99.9 {} ms, longest {} ms; without a position after {} s: {}",
        lags.len(),
        at(500),
        at(990),
        at(999),
        at(1000),
        LONGEST_LAG.as_secs(),
        missing.len()
    );
}

/// When each line was first seen with a position.
async fn positions(database: String, lab: Uuid, stop: CancellationToken) -> HashMap<Uuid, Instant> {
    let mut db = PgConnection::connect(&database).await.expect("a connection of its own");
    let newest = "select coalesce(max(position), 0) from journal_chain where lab_id = $1";
    let mut last: i64 = sqlx::query_scalar(newest).bind(lab).fetch_one(&mut db).await.expect("a position");
    let (mut seen, mut looks) = (HashMap::new(), interval(LOOK));
    let new = "select position, line_id from journal_chain where lab_id = $1 and position > $2 order by position";
    while !stop.is_cancelled() {
        looks.tick().await;
        let rows = sqlx::query_as::<_, (i64, Uuid)>(new).bind(lab).bind(last).fetch_all(&mut db);
        for (position, id) in rows.await.expect("positions") {
            last = position;
            seen.insert(id, Instant::now());
        }
    }
    seen
}

impl Load {
    /// A lab with bottles, and somebody who takes from them.
    async fn new(app: App) -> Self {
        let (lab, user, session, now) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), app.clock.now());
        let mut db = app.db().await.expect("a connection");
        for statement in [
            "insert into labs (id, name, created_at, updated_at) values ($1, 'Bench', $4, $4)",
            "insert into users (id, created_at, updated_at) values ($2, $4, $4)",
            "insert into memberships (lab_id, user_id, role, created_at, updated_at) values ($1, $2, 'manager', $4, $4)",
            "insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
            values ($3, $2, '{sms}', $4, $4, $4, $4 + interval '1 day')",
            "insert into chemicals (id, name, created_at, updated_at) values ($1, $1::text, $4, $4)",
        ] {
            let typed = "with given as (select $1::uuid, $2::uuid, $3::uuid, $4::timestamptz) ";
            let query = sqlx::query(sqlx::AssertSqlSafe(format!("{typed}{statement}")));
            query.bind(lab).bind(user).bind(session).bind(now).execute(&mut *db).await.expect("a row");
        }
        drop(db);
        let (token, _) = app.tokens.sign(user, session, now.timestamp(), vec!["sms".into()], now);
        let router = router::service(app.clone());
        let mut load = Self { app, router, lab, token, bottles: Vec::new(), next: 0, answered: HashMap::new() };
        for _ in 0..BOTTLES {
            let new = json!({"chemical_id": lab, "amount": {"value": "1000", "unit": "mL"}});
            let made = post(load.router.clone(), load.request("", &new)).await;
            load.bottles.push(made["id"].as_str().expect("an id").to_owned());
        }
        load
    }

    fn request(&self, below: &str, body: &Value) -> Request<Body> {
        Request::post(format!("/v1/labs/{}/containers{below}", self.lab))
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body.to_string()))
            .expect("a request")
    }

    async fn run(&mut self, seconds: u64) -> Cost {
        let (mut under_way, mut events) = (JoinSet::new(), 0_u32);
        let mut ticks = interval(Duration::from_secs(AT_ONCE) / PACE);
        let (cpu, begun) = (self.cpu().await, Instant::now());
        while begun.elapsed() < Duration::from_secs(seconds) {
            ticks.tick().await;
            for _ in 0..AT_ONCE {
                let taken = json!({"type": "withdraw", "amount": {"value": "0.001", "unit": "mL"}});
                let path = format!("/{}/events", self.bottles[self.next % BOTTLES]);
                let answer = post(self.router.clone(), self.request(&path, &taken));
                under_way.spawn(async move { (answer.await, Instant::now()) });
                self.next += 1;
                events += 1;
            }
            while let Some(answer) = under_way.try_join_next() {
                self.note(answer.expect("an answer"));
            }
        }
        for answer in under_way.join_all().await {
            self.note(answer);
        }
        // What still waits for its position costs, too.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = self.cpu().await;
        let each = |seconds: f64| seconds * 1e6 / f64::from(events);
        Cost { server: each(now.server - cpu.server), postgres: each(now.postgres - cpu.postgres) }
    }

    fn note(&mut self, (answer, at): (Value, Instant)) {
        let id = answer["event"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an event");
        self.answered.insert(id, at);
    }

    /// Seconds so far.
    async fn cpu(&self) -> Cost {
        let mut db = self.app.db().await.expect("a connection");
        let pids: Vec<i32> =
            sqlx::query_scalar("select pid from pg_stat_activity").fetch_all(&mut *db).await.expect("processes");
        let postgres = pids.iter().map(|pid| ticks(&pid.to_string())).sum::<f64>();
        Cost { server: ticks("self") / 100.0, postgres: postgres / 100.0 }
    }
}

/// User and system time, as in proc(5).
fn ticks(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |it| it.1);
    after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

async fn post(router: Router, request: Request<Body>) -> Value {
    let answer = router.oneshot(request).await.expect("an answer");
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert!(body.get("status").is_none_or(|status| !status.is_number()), "{body}");
    body
}
