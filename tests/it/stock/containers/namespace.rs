//! Bottles and places of a lab share one name space of codes.

use std::borrow::Cow;

use serde_json::json;
use sqlx::{PgPool, migrate::Migrator};

use super::{bottle_of, chemical, events_of};
use crate::support::TestApp;

const CODES: i64 = 20_261_127_000_200;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_and_a_place_never_have_one_code(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "X-1"})).await;
    let place = |name: &str, code: &str| json!({"kind": "room", "name": name, "code": code});
    let bottle = |code: &str| json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": code});
    let (places, bottles) = (app.path("/locations"), app.path("/containers"));

    manager.post(&places, place("A", "X-1")).await.problem(409, "code-taken");
    let room = manager.post(&places, place("A", "X-2")).await.created();
    manager.post(&bottles, bottle("X-2")).await.problem(409, "code-taken");
    manager.patch(&super::path_of(&app, &made), "*", json!({"code": "X-2"})).await.problem(409, "code-taken");
    let path = app.path(&format!("/locations/{}", room["id"].as_str().unwrap()));
    manager.patch(&path, "*", json!({"code": "X-1"})).await.problem(409, "code-taken");
    manager.patch(&path, "*", json!({"name": "A2", "code": "X-2"})).await.ok();

    // A bottle that should never have been gives its code back, and so does a place that is no more.
    let events = manager.get(&events_of(&app, &made)).await.ok();
    let receipt = events["items"][0]["id"].clone();
    manager.post(&events_of(&app, &made), json!({"type": "reverse", "event_id": receipt})).await.created();
    manager.post(&places, place("B", "X-1")).await.created();
    manager.delete(&path, "*").await.expect(204);
    manager.post(&bottles, bottle("X-2")).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_who_bring_one_code_at_once_one_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    for n in 0..25 {
        let code = format!("C-{n}");
        let place = json!({"kind": "room", "name": code, "code": code});
        let bottle = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": code});
        let (places, bottles) = (app.path("/locations"), app.path("/containers"));
        let (place, one, two) = tokio::join!(
            manager.post(&places, place),
            manager.post(&bottles, bottle.clone()),
            manager.post(&bottles, bottle)
        );
        let mut statuses = [place.status.as_u16(), one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409], "{code}");
    }
}

/// A bottle and a place of one code, and a place whose code is its own.
const OLD: &str = "
    insert into labs (id, name, created_at, updated_at) values ('01900000-0000-7000-8000-000000000001', 'Old', now(), now());
    insert into chemicals (id, name, synonyms, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000003', 'water', '{}', now(), now());
    insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, created_at, updated_at)
    values ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001',
        '01900000-0000-7000-8000-000000000003', 'A', 'in_stock', 'mL', 90, 100, now(), now());
    insert into locations (id, lab_id, kind, name, code, created_at, updated_at)
    values ('01900000-0000-7000-8000-000000000005', '01900000-0000-7000-8000-000000000001', 'room', 'R', 'A', now(), now()),
        ('01900000-0000-7000-8000-000000000006', '01900000-0000-7000-8000-000000000001', 'room', 'S', 'B', now(), now());";

#[sqlx::test(migrations = false)]
async fn of_old_doubles_the_bottle_keeps_the_code_and_the_place_is_told(db: PgPool) {
    let migrate = async |wanted: &dyn Fn(i64) -> bool| {
        let migrations = chemstock::platform::app::MIGRATIONS.iter().filter(|it| wanted(it.version)).cloned().collect();
        let mut part = Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT };
        part.set_ignore_missing(true);
        part.run(&db).await.unwrap();
    };
    migrate(&|version| version < CODES).await;
    sqlx::raw_sql(OLD).execute(&db).await.unwrap();
    migrate(&|version| version >= CODES).await;
    let codes: Vec<(String,)> = sqlx::query_as("select code from locations order by id").fetch_all(&db).await.unwrap();
    assert!(codes[0].0.parse::<chemistry::ContainerCode>().is_ok(), "{codes:?}");
    assert_eq!(codes[1].0, "B");
    let told: Vec<(String, String)> =
        sqlx::query_as("select old_code, new_code from renamed_codes").fetch_all(&db).await.unwrap();
    assert_eq!(told, [("A".to_owned(), codes[0].0.clone())]);
    let (kept,): (String,) = sqlx::query_as("select code from containers").fetch_one(&db).await.unwrap();
    assert_eq!(kept, "A");
}
