//! Bottles and places of a lab share one name space of codes.

use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{bottle_of, chemical, events_of, scanning::encoded};
use crate::support::{
    TestApp,
    schema::{emptied, migrate},
};

const CODES: i64 = 20_261_127_000_200;
const ONE_NAME_SPACE: i64 = 20_261_128_000_620;

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

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_many_who_bring_the_same_codes_in_other_spellings_at_once_each_code_goes_to_one(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let spellings: [fn(usize) -> String; 3] = [|n| format!("c-{n}"), |n| format!("C {n}"), |n| format!("C{n}")];
    let mut racing = JoinSet::new();
    for n in 0..120 {
        let code = spellings[n % 3]((n * 7) % 40);
        let bottle = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": code});
        let (manager, path) = (manager.clone(), app.path("/containers"));
        racing.spawn(async move { manager.post(&path, bottle).await.status.as_u16() });
    }
    let statuses = racing.join_all().await;
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(201), count(409)), (40, 80), "{statuses:?}");
    assert_one_row_each(&app).await;
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

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_that_differ_in_case_spaces_and_hyphens_alone_are_one_and_the_refusal_names_the_other(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "Lab-7 a"})).await;
    assert_eq!(made["code"], "Lab-7 a", "it is kept as it is printed");
    let room = manager.post(&app.path("/locations"), json!({"kind": "room", "name": "R", "code": "room 1"})).await;
    let room = app.path(&format!("/locations/{}", room.created()["id"].as_str().unwrap()));
    let second = bottle_of(&app, &manager, ethanol, "1", "L", json!({})).await;
    let bottle = |code: &str| json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": code});
    let place = |code: &str| json!({"kind": "room", "name": code, "code": code});
    for code in ["LAB-7 A", "lab7a", "l a b 7-a", "LAB\u{2011}7\u{a0}A"] {
        let refused = [
            manager.post(&app.path("/containers"), bottle(code)).await,
            manager.post(&app.path("/locations"), place(code)).await,
            manager.patch(&super::path_of(&app, &second), "*", json!({"code": code})).await,
            manager.patch(&room, "*", json!({"code": code})).await,
        ];
        for refused in refused {
            let problem = refused.problem(409, "code-taken");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("container") && detail.contains("`Lab-7 a`"), "{code}: {detail}");
        }
        let scanned = manager.get(&app.path(&format!("/scan/{}", encoded(code)))).await.ok();
        assert_eq!(scanned["container"]["id"], made["id"], "{code}");
    }
    let problem = manager.post(&app.path("/containers"), bottle("ROOM-1")).await.problem(409, "code-taken");
    assert!(problem["detail"].as_str().unwrap().contains("location of the lab has the code `room 1`"), "{problem}");
    // Its own code in another spelling is no other one.
    let respelled = manager.patch(&super::path_of(&app, &made), "*", json!({"code": "LAB 7A"})).await.ok();
    assert_eq!(respelled["code"], "LAB 7A");
    manager.patch(&super::path_of(&app, &made), "*", json!({"code": "other"})).await.ok();
    manager.post(&app.path("/containers"), bottle("lab7a")).await.created();
    assert_one_row_each(&app).await;
}

/// Each bottle and place that has a code has it in the table, and nothing else is there.
async fn assert_one_row_each(app: &TestApp) {
    let odd: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "select k.code, t.code from codes k full join (
            select id, code from containers where state <> 'voided'
            union all select id, code from locations where closed_at is null
        ) t on t.id = coalesce(k.container_id, k.location_id) and t.code = k.code
        where k.code is null or t.code is null or k.canonical <> canonical_code(t.code)",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(odd, []);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_program_and_the_database_agree_on_the_canonical_form(db: PgPool) {
    let alphabet: Vec<char> = "09AZaz OILoil-\u{a0}\u{2011}\u{2212}\u{e4}\u{c4}\u{df}\u{131}/.01Y".chars().collect();
    let mut dice = 1_u64;
    let mut codes: Vec<String> = (0..4000)
        .map(|n| {
            let next = |_| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                alphabet[usize::try_from(dice >> 33).unwrap() % alphabet.len()]
            };
            (0..=n % 12).map(next).collect()
        })
        .collect();
    // Ours, with look-alikes.
    codes.extend((0..2000_u32).map(|n| {
        let [a, b, c, d] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        let code = chemistry::ContainerCode::from_random([a, b, c, d, 1]).to_string();
        code.to_lowercase().replace('0', "o").replace('1', if n % 2 == 0 { "i" } else { "L" })
    }));
    let canonical: Vec<String> = sqlx::query_scalar("select canonical_code(code) from unnest($1::text[]) code")
        .bind(&codes)
        .fetch_all(&db)
        .await
        .unwrap();
    for (code, canonical) in codes.iter().zip(canonical) {
        assert_eq!(chemistry::canonical_code(code), canonical, "{code:?}");
    }
}

/// Bottles and places whose codes differ in spelling alone, of the time when each spelling was a code.
const DOUBLES: &str = "
    insert into labs (id, name, created_at, updated_at) values ('01900000-0000-7000-8000-000000000001', 'Old', now(), now());
    insert into chemicals (id, name, synonyms, created_at, updated_at)
        values ('01900000-0000-7000-8000-000000000003', 'water', '{}', now(), now());
    insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, created_at, updated_at)
    select ('01900000-0000-7000-8000-00000000001' || n)::uuid, '01900000-0000-7000-8000-000000000001',
        '01900000-0000-7000-8000-000000000003', code, 'in_stock', 'mL', 90, 100, now(), now()
    from unnest(array['b-1', 'B 1', '0000-0001-y', 'alone']) with ordinality c (code, n);
    insert into locations (id, lab_id, kind, name, code, created_at, updated_at)
    select ('01900000-0000-7000-8000-00000000002' || n)::uuid, '01900000-0000-7000-8000-000000000001', 'room', code, code,
        now(), now()
    from unnest(array['B-1', '00000001Y']) with ordinality c (code, n);";

#[sqlx::test(migrations = false)]
async fn old_spellings_of_one_code_are_kept_and_found_as_they_are_printed_and_any_other_is_refused(db: PgPool) {
    emptied(&db).await;
    migrate(&db, |version| version < ONE_NAME_SPACE).await;
    sqlx::raw_sql(DOUBLES).execute(&db).await.unwrap();
    migrate(&db, |version| version >= ONE_NAME_SPACE).await;
    let mut app = TestApp::new(db).await;
    app.lab = Uuid::parse_str("01900000-0000-7000-8000-000000000001").unwrap();
    let manager = app.client("manager").await;
    assert_one_row_each(&app).await;
    let scan = async |code: &str| manager.get(&app.path(&format!("/scan/{}", encoded(code)))).await;
    for code in ["b-1", "B 1", "0000-0001-y", "alone"] {
        assert_eq!(scan(code).await.ok()["container"]["code"], code);
    }
    for code in ["B-1", "00000001Y"] {
        assert_eq!(scan(code).await.ok()["location"]["code"], code);
    }
    assert_eq!(scan("ALONE").await.ok()["container"]["code"], "alone");
    for code in ["B1", "b 1", "ooooooo1y"] {
        let problem = scan(code).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/code");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(" or `"), "{problem}");
    }
    // While one of them is left, nobody else gets the code.
    let water = "01900000-0000-7000-8000-000000000003";
    let bottle = json!({"chemical_id": water, "amount": {"value": "1", "unit": "L"}, "code": "B1"});
    for (path, code) in [
        ("/containers/01900000-0000-7000-8000-000000000012", "one"),
        ("/locations/01900000-0000-7000-8000-000000000021", "two"),
        ("/containers/01900000-0000-7000-8000-000000000011", "three"),
    ] {
        manager.post(&app.path("/containers"), bottle.clone()).await.problem(409, "code-taken");
        manager.patch(&app.path(path), "*", json!({"code": code})).await.ok();
        assert_one_row_each(&app).await;
    }
    manager.post(&app.path("/containers"), bottle).await.created();
}

#[sqlx::test(migrations = false)]
async fn of_old_doubles_the_bottle_keeps_the_code_and_the_place_is_told(db: PgPool) {
    emptied(&db).await;
    migrate(&db, |version| version < CODES).await;
    sqlx::raw_sql(OLD).execute(&db).await.unwrap();
    migrate(&db, |version| version >= CODES).await;
    let codes: Vec<(String,)> = sqlx::query_as("select code from locations order by id").fetch_all(&db).await.unwrap();
    assert!(codes[0].0.parse::<chemistry::ContainerCode>().is_ok(), "{codes:?}");
    assert_eq!(codes[1].0, "B");
    let told: Vec<(String, String)> =
        sqlx::query_as("select old_code, new_code from renamed_codes").fetch_all(&db).await.unwrap();
    assert_eq!(told, [("A".to_owned(), codes[0].0.clone())]);
    let (kept,): (String,) = sqlx::query_as("select code from containers").fetch_one(&db).await.unwrap();
    assert_eq!(kept, "A");
}
