//! What the notary costs, and how long lines wait for their positions: withdrawals come at a steady pace, in turns
//! with the notary and without it. It needs a database of its own, on this machine: `DATABASE_URL=postgresql://...
//! cargo bench --bench notary`. CPU is that of this process and of all of Postgres.

use std::{
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

struct Load {
    app: App,
    router: Router,
    lab: Uuid,
    token: String,
    bottles: Vec<String>,
    next: usize,
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
    let shown = telemetry::render();
    for line in shown.lines().filter(|line| line.starts_with("journal_lag_seconds")) {
        println!("{line}");
    }
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
        let mut load = Self { app, router, lab, token, bottles: Vec::new(), next: 0 };
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
                under_way.spawn(post(self.router.clone(), self.request(&path, &taken)));
                self.next += 1;
                events += 1;
            }
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
        // What still waits for its position costs, too.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = self.cpu().await;
        let each = |seconds: f64| seconds * 1e6 / f64::from(events);
        Cost { server: each(now.server - cpu.server), postgres: each(now.postgres - cpu.postgres) }
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
