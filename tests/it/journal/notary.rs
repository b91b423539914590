//! The notary alone, one thing at a time.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use chemstock::journal::notary;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::{a_bottle, chain, number, tamper, write, write_event};
use crate::{contract::statements::Statements, stock::containers::withdraw, support::TestApp};

const LABS: [Uuid; 3] = [Uuid::nil(), Uuid::from_u128(1), Uuid::from_u128(2)];

async fn connect(app: &TestApp) -> PgConnection {
    app.db.acquire().await.unwrap().detach()
}

/// The lines of a lab in their order.
async fn order(app: &TestApp, lab_id: Uuid) -> Vec<Uuid> {
    let lines = "select line_id from journal_chain where lab_id = $1 order by position";
    sqlx::query_scalar(lines).bind(lab_id).fetch_all(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_of_journal_and_ledger_stand_in_one_chain_for_each_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    let events = app.path(&format!("/containers/{bottle}/events"));
    manager.post(&events, withdraw("10", "mL")).await.created();
    let mut by_hand = connect(&app).await;
    for _ in 0..3 {
        for lab in LABS {
            write(&mut by_hand, lab).await.unwrap();
        }
        write(&mut by_hand, app.lab).await.unwrap();
        number(&app).await;
        chain::assert_whole(&app.db).await;
        manager.post(&events, withdraw("0.25", "mL")).await.created();
    }
    number(&app).await;
    let links = chain::assert_whole(&app.db).await;
    assert_eq!(links.iter().filter(|link| link.0 == app.lab && link.2).count(), 5);
    assert_eq!(links.iter().filter(|link| link.0 == app.lab && !link.2).count(), 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_that_is_written_first_and_committed_last_stands_last(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let (mut slow, mut fast) = (connect(&app).await, connect(&app).await);
    let mut transaction = slow.begin().await.unwrap();
    let first = write(&mut transaction, LABS[0]).await.unwrap();
    let second = write(&mut fast, LABS[0]).await.unwrap();
    number(&app).await;
    assert_eq!(order(&app, LABS[0]).await, [second]);
    let third = write(&mut fast, LABS[0]).await.unwrap();
    number(&app).await;
    transaction.commit().await.unwrap();
    number(&app).await;
    assert_eq!(order(&app, LABS[0]).await, [second, third, first]);
    chain::assert_whole(&app.db).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_rolled_back_leaves_no_hole_and_what_a_savepoint_kept_is_there(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let mut by_hand = connect(&app).await;
    let mut given_up = by_hand.begin().await.unwrap();
    write(&mut given_up, LABS[1]).await.unwrap();
    number(&app).await;
    given_up.rollback().await.unwrap();
    let mut kept = by_hand.begin().await.unwrap();
    let before = write(&mut kept, LABS[1]).await.unwrap();
    let mut savepoint = kept.begin().await.unwrap();
    write(&mut savepoint, LABS[1]).await.unwrap();
    savepoint.rollback().await.unwrap();
    let mut savepoint = kept.begin().await.unwrap();
    let within = write(&mut savepoint, LABS[1]).await.unwrap();
    number(&app).await;
    savepoint.commit().await.unwrap();
    assert_eq!(order(&app, LABS[1]).await, Vec::<Uuid>::new());
    kept.commit().await.unwrap();
    number(&app).await;
    let (order, kept) = (order(&app, LABS[1]).await, [before, within]);
    assert!(order.len() == 2 && kept.iter().all(|id| order.contains(id)), "{order:?}");
    chain::assert_whole(&app.db).await;
}

/// More than a step takes, in one transaction and in several.
const MANY: &str = "insert into journal (lab_id, id, kind, subject, changes, by_system, at)
    select lab, gen_random_uuid(), 'location.moved', lab, '{}', 'sweep', now()
    from unnest($1::uuid[]) lab, generate_series(1, 2000)";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn more_lines_than_a_step_takes_are_numbered_in_several(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let (mut open, mut by_hand) = (connect(&app).await, connect(&app).await);
    let mut transaction = open.begin().await.unwrap();
    write(&mut transaction, LABS[0]).await.unwrap();
    for _ in 0..3 {
        sqlx::query(MANY).bind(&LABS[..]).execute(&mut by_hand).await.unwrap();
    }
    let mut sizes = vec![notary::step(&app.app).await.unwrap(), notary::step(&app.app).await.unwrap()];
    // It has a lower number than those that were cut, and comes between two steps.
    sqlx::query(MANY).bind(&LABS[..]).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    while let size @ 1.. = notary::step(&app.app).await.unwrap() {
        sizes.push(size);
    }
    assert_eq!(sizes, [5_000, 5_000, 5_000, 9_001]);
    chain::assert_whole(&app.db).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_of_a_bottle_keep_their_order_in_a_transaction_that_takes_several_steps(db: PgPool) {
    let app = TestApp::new(db).await;
    let (_, bottle) = a_bottle(&app).await;
    number(&app).await;
    let events = "insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before,
            state_after, by_system, occurred_at, recorded_at)
        select gen_random_uuid(), $1, $2, n, 'withdraw', 0, 100, 'opened', 'opened', 'import', now(), now()
        from generate_series(2, 12001) n order by random()";
    sqlx::query(events).bind(app.lab).bind(bottle).execute(&app.db).await.unwrap();
    number(&app).await;
    let order = "select e.seq from journal_chain c join stock_events e on e.lab_id = c.lab_id and e.id = c.line_id
        where c.lab_id = $1 order by c.position";
    let order: Vec<i32> = sqlx::query_scalar(order).bind(app.lab).fetch_all(&app.db).await.unwrap();
    assert!(order.is_sorted() && order.len() == 12_001);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_of_the_time_before_the_notary_are_numbered_too(db: PgPool) {
    let app = TestApp::new(db).await;
    let (_, bottle) = a_bottle(&app).await;
    let mut by_hand = connect(&app).await;
    for seq in 2..6 {
        write_event(&mut by_hand, app.lab, bottle, seq).await.unwrap();
    }
    assert_eq!(tamper(&app, "update stock_events set xid = null").await, 5);
    sqlx::query(MANY).bind(&LABS[..]).execute(&mut by_hand).await.unwrap();
    number(&app).await;
    let old = order(&app, app.lab).await;
    assert_eq!(old.len(), 5);
    write_event(&mut by_hand, app.lab, bottle, 6).await.unwrap();
    number(&app).await;
    assert_eq!(order(&app, app.lab).await[..5], old);
    chain::assert_whole(&app.db).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn on_another_server_each_line_keeps_its_position_and_old_numbers_mean_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut by_hand = connect(&app).await;
    sqlx::query(MANY).bind(&LABS[..]).execute(&mut by_hand).await.unwrap();
    number(&app).await;
    let before = chain::assert_whole(&app.db).await;
    // As after a restore: some lines have no position yet, numbers are those of the old server, below and above ours.
    for lab in LABS {
        write(&mut by_hand, lab).await.unwrap();
    }
    let spread =
        "update journal set xid = greatest(3, pg_current_xact_id()::text::bigint + (random() * 400)::int - 200)";
    tamper(&app, spread).await;
    tamper(&app, "update journal_notary set generation = 'old', below = 9000000000, in_progress = '{5}'").await;
    for _ in 0..150 {
        let mut transaction = by_hand.begin().await.unwrap();
        write(&mut transaction, LABS[1]).await.unwrap();
        notary::step(&app.app).await.unwrap();
        transaction.commit().await.unwrap();
        write(&mut by_hand, LABS[2]).await.unwrap();
    }
    number(&app).await;
    let after = chain::assert_whole(&app.db).await;
    assert_eq!(after.len(), before.len() + 3 + 300);
    assert!(before.iter().all(|link| after.contains(link)), "a link has changed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn numbers_of_transactions_are_compared_as_numbers(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let mut by_hand = connect(&app).await;
    let mut expected = Vec::new();
    for xid in [97, 98, 99, 100, 101, 200] {
        let id = write(&mut by_hand, LABS[0]).await.unwrap();
        expected.push(id);
        tamper(&app, &format!("update journal set xid = {xid} where id = '{id}'")).await;
    }
    tamper(&app, "update journal_notary set below = 98, in_progress = '{97}'").await;
    number(&app).await;
    assert_eq!(order(&app, LABS[0]).await, expected);
    chain::assert_whole(&app.db).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_notary_at_rest_takes_one_statement(db: PgPool) {
    let app = TestApp::new(db).await;
    a_bottle(&app).await;
    number(&app).await;
    let (statements, _heard) = Statements::start();
    notary::step(&app.app).await.unwrap();
    let taken = statements.take();
    assert_eq!(taken.len(), 1, "{taken:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_that_take_the_same_step_one_takes_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let other = app.restarted();
    number(&app).await;
    let mut by_hand = connect(&app).await;
    for _ in 0..30 {
        write(&mut by_hand, LABS[0]).await.unwrap();
        let (one, two) = tokio::join!(notary::step(&app.app), notary::step(&other.app));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
    }
    assert_eq!(chain::assert_whole(&app.db).await.len(), 30);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nobody_changes_the_chain(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut by_hand = connect(&app).await;
    write(&mut by_hand, LABS[0]).await.unwrap();
    number(&app).await;
    for sql in ["update journal_chain set position = 2", "delete from journal_chain", "truncate journal_chain"] {
        let refused = sqlx::raw_sql(sql).execute(&mut by_hand).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
}
