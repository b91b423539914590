//! A ledger that was written before events said everything keeps its meaning.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{events_of, path_of};
use crate::support::{
    TestApp,
    schema::{emptied, migrate},
};

const WHOLE_EVENTS: i64 = 20_261_127_000_100;

/// A bottle that was opened, lent, taken back into quarantine; and one that came opened, nobody knows when.
const OLD: &str = "
    insert into labs (id, name, created_at, updated_at) values ('01900000-0000-7000-8000-000000000001', 'Old', now(), now());
    insert into users (id, name, created_at, updated_at) values ('01900000-0000-7000-8000-000000000002', 'A', now(), now());
    insert into memberships (lab_id, user_id, role, created_at, updated_at) values
        ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002', 'member', now(), now());
    insert into chemicals (id, name, synonyms, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000003', 'water', '{}', now(), now());
    insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, tare, opened_on, version,
        created_at, updated_at)
    values ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001',
        '01900000-0000-7000-8000-000000000003', 'A', 'quarantined', 'mL', 90.000, 100, 30, '2026-11-02', 4, now(), now()),
        ('01900000-0000-7000-8000-000000000005', '01900000-0000-7000-8000-000000000001',
        '01900000-0000-7000-8000-000000000003', 'B', 'opened', 'mL', 50, 50, null, null, 1, now(), now());
    insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before, state_after, by_user,
        occurred_at, recorded_at)
    select ('01900000-0000-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, '01900000-0000-7000-8000-000000000001',
        bottle::uuid, seq, type, delta, after, was, is_now, '01900000-0000-7000-8000-000000000002',
        '2026-11-01T10:00:00Z'::timestamptz + seq * interval '1 day', '2026-11-01T10:00:00Z'::timestamptz + (seq - 1) * interval '1 day'
    from (values
        (1, '01900000-0000-7000-8000-000000000004', 1, 'receive', 100, 100, null, 'in_stock'),
        (2, '01900000-0000-7000-8000-000000000004', 2, 'withdraw', -10.000, 90.000, 'in_stock', 'opened'),
        (3, '01900000-0000-7000-8000-000000000004', 3, 'check_out', 0, 90.000, 'opened', 'on_loan'),
        (4, '01900000-0000-7000-8000-000000000004', 4, 'quarantine', 0, 90.000, 'on_loan', 'quarantined'),
        (5, '01900000-0000-7000-8000-000000000005', 1, 'receive', 50, 50, null, 'opened')
    ) as line (n, bottle, seq, type, delta, after, was, is_now)";

#[sqlx::test(migrations = false)]
async fn old_lines_say_what_they_changed_and_can_be_undone(db: PgPool) {
    emptied(&db).await;
    migrate(&db, |version| version < WHOLE_EVENTS).await;
    sqlx::raw_sql(OLD).execute(&db).await.unwrap();
    migrate(&db, |_| true).await;

    let mut app = TestApp::new(db).await;
    app.lab = "01900000-0000-7000-8000-000000000001".parse().unwrap();
    let (manager, holder) = (app.client("manager").await, json!("01900000-0000-7000-8000-000000000002"));
    let bottle = json!({"id": "01900000-0000-7000-8000-000000000004"});
    let lines = manager.get(&events_of(&app, &bottle)).await.ok()["items"].clone();
    let of = |back: usize, field: &str| lines[back]["changes"][field].clone();
    assert_eq!(of(0, "holder_id"), json!([holder, null]));
    assert_eq!(of(1, "holder_id"), json!([null, holder]));
    assert_eq!(of(2, "opened_on"), json!([null, "2026-11-02"]));
    assert_eq!(of(3, "tare"), json!([null, {"value": "30", "unit": "g"}]));
    assert_eq!(of(2, "amount")[1], json!({"value": "90", "unit": "mL"}), "no zeros that mean nothing");
    assert_eq!(lines[0]["by"], json!({"user_id": holder, "system": null, "for": null}));

    let undo = json!({"type": "reverse", "event_id": lines[0]["id"]});
    let back = manager.post(&events_of(&app, &bottle), undo).await.created()["container"].clone();
    assert_eq!((&back["state"], &back["holder_id"]), (&json!("on_loan"), &holder));
    assert_eq!(manager.get(&path_of(&app, &bottle)).await.ok()["amount"]["value"], "90");

    let unknown = json!({"id": "01900000-0000-7000-8000-000000000005"});
    let path = events_of(&app, &unknown);
    manager.post(&path, json!({"type": "check_out"})).await.created();
    let home = manager.post(&path, json!({"type": "check_in"})).await.created()["container"].clone();
    assert_eq!((&home["state"], &home["opened_on"]), (&json!("opened"), &Value::Null));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_old_move_is_no_repeat_of_a_move_elsewhere(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = super::bottle(&app, &manager, "1", "L").await;
    let (there, elsewhere) =
        (super::location(&app, None, "room", "R").await, super::location(&app, None, "room", "S").await);
    let id = crate::support::own_id();
    let move_to = |place: uuid::Uuid| json!({"type": "move", "id": id, "location_id": place});
    manager.post(&events_of(&app, &made), move_to(there)).await.created();
    let old = "begin; set local session_replication_role = replica; update stock_events set content = null; commit";
    sqlx::raw_sql(old).execute(&app.db).await.unwrap();
    manager.post(&events_of(&app, &made), move_to(there)).await.expect(200);
    manager.post(&events_of(&app, &made), move_to(elsewhere)).await.problem(409, "id-taken");
}

/// From there on the lab leads the keys.
const KEYS: i64 = 20_261_128_000_200;

#[sqlx::test(migrations = false)]
async fn bottles_places_and_undone_events_keep_their_meaning_under_keys_that_begin_with_the_lab(db: PgPool) {
    emptied(&db).await;
    migrate(&db, |version| version < WHOLE_EVENTS).await;
    sqlx::raw_sql(OLD).execute(&db).await.unwrap();
    migrate(&db, |version| version < KEYS).await;
    let rows = "
        insert into locations (id, lab_id, kind, name, code, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000006', '01900000-0000-7000-8000-000000000001', 'room', 'R', 'R', now(), now());
        insert into locations (id, lab_id, parent_id, kind, name, code, created_at, updated_at)
        select '01900000-0000-7000-8000-000000000007', lab_id, id, 'shelf', 'S', 'S', now(), now() from locations;
        insert into renamed_codes values ('01900000-0000-7000-8000-000000000007', 'A', 'S');
        update containers set location_id = '01900000-0000-7000-8000-000000000007', state = 'on_loan', version = 5,
            holder_id = '01900000-0000-7000-8000-000000000002' where code = 'A';
        insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before, state_after,
            reverses, by_user, occurred_at, recorded_at, changes)
        select '01900000-0000-7000-8000-000000000106', lab_id, container_id, 5, 'reverse', 0, 90, 'quarantined', 'on_loan',
            id, by_user, now(), now(), '{\"holder_id\": [null, \"01900000-0000-7000-8000-000000000002\"]}'
        from stock_events where seq = 4";
    sqlx::raw_sql(rows).execute(&db).await.unwrap();
    migrate(&db, |_| true).await;

    let renamed: Vec<(String,)> = sqlx::query_as(
        "select l.name from renamed_codes r join locations l on l.lab_id = r.lab_id and l.id = r.location_id",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(renamed, [("S".to_owned(),)]);
    let mut app = TestApp::new(db).await;
    app.lab = "01900000-0000-7000-8000-000000000001".parse().unwrap();
    let manager = app.client("manager").await;
    let bottle = json!({"id": "01900000-0000-7000-8000-000000000004"});
    let lines = manager.get(&events_of(&app, &bottle)).await.ok()["items"].clone();
    let undone = json!({"type": "reverse", "event_id": lines[1]["id"]});
    manager.post(&events_of(&app, &bottle), undone).await.problem(409, "not-reversible");
    manager.post(&events_of(&app, &bottle), json!({"type": "check_in"})).await.created();
    let shelf = manager.get(&app.path("/locations/01900000-0000-7000-8000-000000000007")).await.ok();
    assert_eq!(shelf["path"], json!(["R", "S"]));
}

/// From there on a bottle keeps the code under which it came.
const IMPORTED_BOTTLES: i64 = 20_261_127_000_940;

#[sqlx::test(migrations = false)]
async fn a_bottle_that_an_older_version_imported_came_under_the_code_that_it_has(db: PgPool) {
    emptied(&db).await;
    migrate(&db, |version| version < WHOLE_EVENTS).await;
    sqlx::raw_sql(OLD).execute(&db).await.unwrap();
    migrate(&db, |version| version < IMPORTED_BOTTLES).await;
    let of_import = "alter table stock_events disable trigger stock_events_append_only;
        update stock_events set by_user = null, by_system = 'import' where seq = 1 and container_id in
            (select id from containers where code = 'A');
        alter table stock_events enable trigger stock_events_append_only";
    sqlx::raw_sql(of_import).execute(&db).await.unwrap();
    migrate(&db, |_| true).await;
    let codes = "select code, imported_as from containers order by code";
    let codes: Vec<(String, Option<String>)> = sqlx::query_as(codes).fetch_all(&db).await.unwrap();
    assert_eq!(codes, [("A".to_owned(), Some("A".to_owned())), ("B".to_owned(), None)]);
}
