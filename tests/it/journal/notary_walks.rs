//! The walk over all lines, after which the notary goes on by the numbers of transactions.

use chemstock::journal::notary;
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::PgPool;
use uuid::Uuid;

use super::{a_bottle, chain, number, tamper, write};
use crate::{
    contract::statements::Statements,
    support::{TestApp, log},
};

const EVENT: &str = "insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before,
        state_after, by_system, occurred_at, recorded_at)
    values ($1, $2, $3, $4, 'withdraw', 0, 100, 'opened', 'opened', 'import', $5, $5)";

/// The walk has begun, and has not looked at a line.
async fn begin_walk(app: &TestApp) {
    tamper(app, "update journal_notary set generation = 'old'").await;
    assert_eq!(notary::step(&app.app).await.unwrap(), 1);
    let walks = "select walked_lab is not null from journal_notary";
    assert!(sqlx::query_scalar::<_, bool>(walks).fetch_one(&app.db).await.unwrap());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_that_are_booked_during_a_walk_keep_their_order_whatever_their_ids_and_times(db: PgPool) {
    let app = TestApp::new(db).await;
    let (_, bottle) = a_bottle(&app).await;
    number(&app).await;
    begin_walk(&app).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for seq in 2..8_i32 {
        let id = Uuid::from_u128(u128::MAX - u128::try_from(seq).unwrap());
        let at = app.now() - TimeDelta::minutes(i64::from(seq));
        sqlx::query(EVENT).bind(id).bind(app.lab).bind(bottle).bind(seq).bind(at).execute(&mut by_hand).await.unwrap();
    }
    number(&app).await;
    let order = "select e.seq from journal_chain c join stock_events e on e.lab_id = c.lab_id and e.id = c.line_id
        where c.lab_id = $1 order by c.position";
    let order: Vec<i32> = sqlx::query_scalar(order).bind(app.lab).fetch_all(&app.db).await.unwrap();
    assert_eq!(order, [1, 2, 3, 4, 5, 6, 7]);
    chain::assert_whole(&app.db).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_of_another_server_are_numbered_whatever_its_numbers_were(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for n in 0..30 {
        let id = write(&mut by_hand, app.lab).await.unwrap();
        // Below ours, among those to come, and far above.
        let xid = ["3", "pg_current_xact_id()::text::bigint + 40", "9000000000"][n % 3];
        tamper(&app, &format!("update journal set xid = {xid} where id = '{id}'")).await;
    }
    begin_walk(&app).await;
    number(&app).await;
    for _ in 0..80 {
        write(&mut by_hand, app.lab).await.unwrap();
    }
    number(&app).await;
    assert_eq!(chain::assert_whole(&app.db).await.len(), 110);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_walk_that_takes_long_shows_in_the_metrics_and_in_the_log(db: PgPool) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _measured = metrics::set_default_local_recorder(&recorder);
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    begin_walk(&app).await;
    let path = app.path(&format!("/containers/{bottle}/events"));
    manager.post(&path, serde_json::json!({"type": "open"})).await.created();
    app.advance(TimeDelta::minutes(7));
    notary::measure(app.app.clone()).await.unwrap();
    let shown = recorder.handle().render();
    assert!(shown.lines().any(|line| line == "journal_oldest_seconds 420"), "{shown}");
    let (log, _heard) = log::start();
    number(&app).await;
    assert!(log.text().contains("the notary has walked over all lines"), "{}", log.text());
    notary::measure(app.app.clone()).await.unwrap();
    let shown = recorder.handle().render();
    let lines = chain::assert_whole(&app.db).await.len();
    let numbered = format!("journal_numbered_total {lines}");
    assert!(shown.lines().any(|line| line == numbered), "{numbered} is not in\n{shown}");
    assert!(shown.lines().any(|line| line == "journal_oldest_seconds 0"), "{shown}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_notary_that_finds_another_at_work_reads_no_line(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    number(&app).await;
    write(&mut by_hand, app.lab).await.unwrap();
    let mut other = app.db.begin().await.unwrap();
    sqlx::query("select from journal_notary for update").execute(&mut *other).await.unwrap();
    let (statements, heard) = Statements::start();
    assert_eq!(notary::step(&app.app).await.unwrap(), 0);
    let read: Vec<_> = statements.take().into_iter().filter(|it| it.contains("from unnest")).collect();
    assert_eq!(read, Vec::<String>::new());
    drop(heard);
    other.rollback().await.unwrap();
    number(&app).await;
    assert_eq!(chain::assert_whole(&app.db).await.len(), 1);
}
