//! Many writers, two notaries, and somebody who kills the connections of all.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chemstock::journal::notary;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use super::{a_bottle, chain, number, write, write_event};
use crate::support::TestApp;

const WRITERS: u64 = 50;
const TRANSACTIONS: u64 = 14;
const LABS: [Uuid; 3] = [Uuid::nil(), Uuid::from_u128(1), Uuid::from_u128(2)];

/// The same numbers in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

struct Place {
    db: PgPool,
    lab: Uuid,
    bottle: Uuid,
    seq: AtomicI32,
    killed: AtomicUsize,
}

impl Place {
    async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.db.connect_options()).await.unwrap()
    }

    async fn write(&self, db: &mut PgConnection, dice: &mut Dice) -> sqlx::Result<Uuid> {
        match usize::try_from(dice.below(5)).unwrap() {
            n @ 0..3 => write(db, LABS[n]).await,
            3 => write(db, self.lab).await,
            _ => write_event(db, self.lab, self.bottle, self.seq.fetch_add(1, Ordering::Relaxed)).await,
        }
    }

    async fn transaction(&self, db: &mut PgConnection, dice: &mut Dice) -> sqlx::Result<()> {
        let mut transaction = db.begin().await?;
        self.write(&mut transaction, dice).await?;
        for _ in 0..dice.below(4) {
            let mut savepoint = transaction.begin().await?;
            self.write(&mut savepoint, dice).await?;
            if dice.below(3) == 0 {
                savepoint.rollback().await?;
            } else {
                savepoint.commit().await?;
            }
        }
        // What is under test: the time between the writing of a line and its appearance.
        sleep(Duration::from_millis(dice.below(40))).await;
        if dice.below(10) == 0 { transaction.rollback().await } else { transaction.commit().await }
    }
}

async fn writer(place: Arc<Place>, mut dice: Dice) {
    let mut db = place.connect().await;
    for _ in 0..TRANSACTIONS {
        if place.transaction(&mut db, &mut dice).await.is_err() {
            place.killed.fetch_add(1, Ordering::Relaxed);
            db = place.connect().await;
        }
    }
}

/// Now and then ends a connection to this database, whoever has it, but its own and those of readers.
async fn killer(place: Arc<Place>, is_over: Arc<AtomicBool>) {
    let mut db = place.connect().await;
    while !is_over.load(Ordering::Relaxed) {
        let kill = "select pg_terminate_backend(pid) from (
                select pid from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and query <> ''
                    and query not like '%reader%'
                order by random() limit 1
            ) p";
        sqlx::query(kill).execute(&mut db).await.unwrap();
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and query like '%journal_notary%' and query not like '%killer%'
                and state <> 'idle' and random() < 0.5 -- killer";
        sqlx::query(kill).execute(&mut db).await.unwrap();
        sleep(Duration::from_millis(15)).await;
    }
}

async fn notary_that_is_killed(app: TestApp, is_over: Arc<AtomicBool>) -> usize {
    let mut failures = 0;
    while !is_over.load(Ordering::Relaxed) {
        if notary::step(&app.app).await.is_err() {
            failures += 1;
        }
    }
    failures
}

/// What somebody has read who asks for what lies above the last position, and never comes back below it.
async fn reader(place: Arc<Place>, is_over: Arc<AtomicBool>) -> BTreeMap<(Uuid, i64), (Uuid, Vec<u8>)> {
    let (mut db, mut read) = (place.connect().await, BTreeMap::new());
    let labs = [LABS[0], LABS[1], LABS[2], place.lab];
    let mut last = [0; 4];
    loop {
        // Asked for before the last look, so that it sees everything.
        let is_last = is_over.load(Ordering::Relaxed);
        for (lab, last) in labs.iter().zip(&mut last) {
            let next = "select position, line_id, hash from journal_chain -- reader
                where lab_id = $1 and position > $2 order by position";
            let rows = sqlx::query_as(next).bind(lab).bind(*last).fetch_all(&mut db).await.unwrap();
            for (position, line_id, hash) in rows {
                assert_eq!(position, *last + 1, "a gap that a reader sees");
                *last = position;
                read.insert((*lab, position), (line_id, hash));
            }
        }
        if is_last {
            return read;
        }
    }
}

/// Uses up numbers of transactions, so that the next power of ten is crossed if it is not too far.
async fn come_near_a_power_of_ten(db: &PgPool) {
    let now: i64 = sqlx::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(db).await.unwrap();
    let left = 10_i64.pow(now.ilog10() + 1) - now - 300;
    if (1..200_000).contains(&left) {
        let burn =
            format!("do $$ begin for i in 1..{left} loop perform pg_current_xact_id(); commit; end loop; end $$");
        sqlx::raw_sql(sqlx::AssertSqlSafe(burn)).execute(db).await.unwrap();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn fifty_writers_and_two_notaries_that_are_killed_leave_a_chain_without_gap_or_double(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let (_, bottle) = a_bottle(&app).await;
    number(&app).await;
    come_near_a_power_of_ten(&app.db).await;
    let (seq, killed) = (AtomicI32::new(2), AtomicUsize::new(0));
    let place = Arc::new(Place { db: db.clone(), lab: app.lab, bottle, seq, killed });
    let (writing_is_over, is_over) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        readers.spawn(reader(place.clone(), is_over.clone()));
    }
    let mut others = JoinSet::new();
    for _ in 0..2 {
        others.spawn(notary_that_is_killed(app.restarted(), writing_is_over.clone()));
    }
    let killer = tokio::spawn(killer(place.clone(), writing_is_over.clone()));
    let writers: JoinSet<_> = (0..WRITERS).map(|n| writer(place.clone(), Dice(n * 7_919 + 1))).collect();
    writers.join_all().await;
    writing_is_over.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    let failures: usize = others.join_all().await.into_iter().sum();
    // Connections that were killed while nobody used them fail once more.
    while notary::step(&app.app).await.is_err() {}
    number(&app).await;
    is_over.store(true, Ordering::Relaxed);

    let chain = chain::assert_whole(&db).await;
    assert!(chain.len() > 500, "{} lines", chain.len());
    let killed = place.killed.load(Ordering::Relaxed);
    assert!(killed > 2 && failures > 0, "{killed} writers and {failures} notaries were killed");
    let chain: BTreeMap<_, _> =
        chain.into_iter().map(|(lab, position, _, id, hash)| ((lab, position), (id, hash))).collect();
    for read in readers.join_all().await {
        assert_eq!(read, chain, "a reader has read what stands there at the end");
    }
}
