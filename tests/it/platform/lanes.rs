//! Connections are passed on without asking Postgres first, unless there is something to ask.

use std::time::Duration;

use chemstock::platform::lanes::{FRESH_FOR, Lanes, Lease, pool_options};
use sqlx::{Connection as _, PgPool};

/// A lane of one connection, and the pool behind it.
fn lane_of(db: &PgPool, fresh_for: Duration) -> (Lanes, PgPool) {
    let pool = pool_options().max_connections(1).connect_lazy_with((*db.connect_options()).clone());
    (Lanes::single(pool.clone(), fresh_for), pool)
}

async fn lease(lanes: &Lanes) -> Lease {
    lanes.lookups.lease().await.expect("a connection")
}

/// Which process of Postgres serves the next lease.
async fn pid(lanes: &Lanes) -> sqlx::Result<i32> {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *lease(lanes).await).await
}

async fn terminate(db: &PgPool, pid: i32) {
    sqlx::query("select pg_terminate_backend($1, 5000)").bind(pid).execute(db).await.expect("it ends");
}

#[sqlx::test(migrations = false)]
async fn a_connection_that_has_answered_everything_does_not_go_through_the_pool(db: PgPool) {
    let (lanes, pool) = lane_of(&db, FRESH_FOR);
    let first = pid(&lanes).await.expect("a process");
    assert_eq!((pool.size(), pool.num_idle()), (1, 0));
    assert_eq!(pid(&lanes).await.expect("a process"), first);
    lanes.close().await;
    assert_eq!(pool.size(), 0);
    assert!(matches!(lanes.lookups.lease().await, Err(sqlx::Error::PoolClosed)));
}

#[sqlx::test(migrations = false)]
async fn a_lease_that_ends_after_the_lanes_were_closed_ends_its_connection(db: PgPool) {
    let (lanes, pool) = lane_of(&db, FRESH_FOR);
    let late = lease(&lanes).await;
    tokio::join!(lanes.close(), async { drop(late) });
    assert_eq!(pool.size(), 0);
}

#[sqlx::test(migrations = false)]
async fn nothing_is_left_of_a_transaction_that_was_dropped(db: PgPool) {
    let (lanes, _) = lane_of(&db, FRESH_FOR);
    let mut before = lease(&lanes).await;
    let mut tx = before.begin().await.expect("a transaction");
    sqlx::query("create table half (n int)").execute(&mut *tx).await.expect("a table");
    drop(tx);
    drop(before);
    let found: Option<String> = sqlx::query_scalar("select to_regclass('half')::text")
        .fetch_one(&mut *lease(&lanes).await)
        .await
        .expect("an answer");
    assert_eq!(found, None);
}

#[sqlx::test(migrations = false)]
async fn the_next_caller_does_not_get_the_answer_of_one_who_hung_up(db: PgPool) {
    let (lanes, _) = lane_of(&db, FRESH_FOR);
    let mut impatient = lease(&lanes).await;
    let slow = sqlx::query("select 1, pg_sleep(0.2)").execute(&mut *impatient);
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    drop(impatient);
    let two: i32 = sqlx::query_scalar("select 2").fetch_one(&mut *lease(&lanes).await).await.expect("an answer");
    assert_eq!(two, 2);
}

#[sqlx::test(migrations = false)]
async fn a_statement_that_is_refused_leaves_the_connection_in_use(db: PgPool) {
    let (lanes, _) = lane_of(&db, FRESH_FOR);
    let first = pid(&lanes).await.expect("a process");
    sqlx::query("select 1 / 0").execute(&mut *lease(&lanes).await).await.expect_err("refused");
    assert_eq!(pid(&lanes).await.expect("a process"), first);
}

#[sqlx::test(migrations = false)]
async fn a_connection_that_the_server_ended_fails_once_and_is_replaced(db: PgPool) {
    let (lanes, _) = lane_of(&db, FRESH_FOR);
    let first = pid(&lanes).await.expect("a process");
    terminate(&db, first).await;
    pid(&lanes).await.expect_err("ended");
    assert_ne!(pid(&lanes).await.expect("another process"), first);
}

#[sqlx::test(migrations = false)]
async fn when_the_server_has_ended_all_connections_one_statement_fails_and_the_rest_are_replaced(db: PgPool) {
    let pool = pool_options().max_connections(4).connect_lazy_with((*db.connect_options()).clone());
    let lanes = Lanes::single(pool, FRESH_FOR);
    let mut leases = vec![lease(&lanes).await, lease(&lanes).await, lease(&lanes).await, lease(&lanes).await];
    for lease in &mut leases {
        let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut **lease).await.expect("a process");
        terminate(&db, pid).await;
    }
    drop(leases);
    pid(&lanes).await.expect_err("ended");
    for _ in 0..8 {
        pid(&lanes).await.expect("a living process");
    }
}

#[sqlx::test(migrations = false)]
async fn after_a_pause_a_connection_that_the_server_ended_is_replaced_before_its_use(db: PgPool) {
    let (lanes, _) = lane_of(&db, Duration::ZERO);
    let first = pid(&lanes).await.expect("a process");
    assert_eq!(pid(&lanes).await.expect("a process"), first, "tested, and found good");
    terminate(&db, first).await;
    assert_ne!(pid(&lanes).await.expect("another process"), first);
}
