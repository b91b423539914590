use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle_of, chemical, events_of, location};
use crate::support::{Client, TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn any_code_gets_a_typed_answer_with_what_may_be_done(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", Some("64-17-5"), None).await;
    let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"lot": "ABC123"})).await;
    let old = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "old/label 7"})).await;
    let room = location(&app, None, "room", "R").await;
    let own = made["code"].as_str().unwrap();

    let scan = async |code: &str| manager.get(&app.path(&format!("/scan/{code}"))).await.ok();
    for code in [own.to_owned(), own.to_lowercase()] {
        let answer = scan(&code).await;
        assert_eq!((&answer["type"], &answer["container"]["id"]), (&json!("container"), &made["id"]), "{code}");
        assert!(answer["allowed_actions"].as_array().unwrap().contains(&json!("withdraw")));
    }
    assert_eq!(scan("old%2Flabel%207").await["container"]["id"], old["id"]);
    assert_eq!(scan(&room.to_string()).await["location"]["id"], json!(room));

    let cas = scan("64-17-5").await;
    assert_eq!((&cas["type"], &cas["chemical"]["id"]), (&json!("chemical"), &json!(ethanol)));
    assert_eq!(cas["containers"].as_array().unwrap().len(), 2);

    let label = scan("%5Dd20109506000134352%1D17280630%1D10ABC123").await;
    assert_eq!((&label["type"], &label["lot"]), (&json!("product"), &json!("ABC123")), "{label}");
    assert_eq!(label["expires_on"], "2028-06-30");
    assert_eq!(label["containers"][0]["id"], made["id"]);

    let unknown = scan("4006381333931x").await;
    assert_eq!((&unknown["type"], &unknown["allowed_actions"]), (&json!("unknown"), &json!(["create_container"])));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_edits_the_catalogue_may_add_the_chemical_of_an_unknown_number(db: PgPool) {
    let app = TestApp::new(db).await;
    for (role, actions) in
        [("member", &["create_container"][..]), ("manager", &["create_container", "create_chemical"])]
    {
        let scanned = scan(&app, &app.client(role).await, "7732-18-5").await;
        assert_eq!(scanned["allowed_actions"], json!(actions), "{role}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn hostile_codes_are_refused_or_unknown(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    for code in ["%00", "%F0%28%8C%28", &"9".repeat(600), "%27%3B--", "%5C", "%25"] {
        let status = viewer.get(&app.path(&format!("/scan/{code}"))).await.status.as_u16();
        assert!([200, 400, 404, 422].contains(&status), "{code}: {status}");
    }
}

/// Every byte that is not a letter or digit, percent-encoded.
pub fn encoded(code: &str) -> String {
    let byte =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    code.bytes().map(byte).collect()
}

pub async fn scan(app: &TestApp, by: &Client, code: &str) -> Value {
    by.get(&app.path(&format!("/scan/{}", encoded(code)))).await.ok()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn labels_of_suppliers_are_read_as_the_public_cases_say(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../data/cases/scan.json")).unwrap();
    for case in cases {
        let answer = scan(&app, &viewer, case["scan"].as_str().unwrap()).await;
        for (field, expected) in case["expect"].as_object().unwrap() {
            assert_eq!(&answer[field], expected, "{field} of {case}");
        }
    }
    let weighed = scan(&app, &viewer, "(01)94028887034023(3103)001224(15)260205").await;
    assert_eq!(weighed["amount"], json!({"value": "1.224", "unit": "kg"}));
    assert_eq!(weighed["expires_on"], "2026-02-05", "best before counts");
    let several = scan(&app, &viewer, "0104046963351946172401011019A21G8345").await;
    let split = json!({"lot": "19A", "serial": "G8345", "expires_on": "2024-01-01"});
    assert!(several["candidates"].as_array().unwrap().contains(&split), "{several}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_labs_own_code_comes_before_any_other_reading(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", Some("67-64-1"), None).await;
    let cases: Value = serde_json::from_str(include_str!("../../../data/cases/codes.json")).unwrap();
    let more = ["67-64-1", "4012345678901", "+E308T800206X0/$230513/14D20260413C", "https://lab.example/c/bottle-7"];
    let codes = cases["containers"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).chain(more);
    for code in codes {
        let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": code})).await;
        assert_eq!(made["code"], code);
        let answer = scan(&app, &manager, code).await;
        assert_eq!((&answer["type"], &answer["container"]["id"]), (&json!("container"), &made["id"]), "{code}");
    }
    let new = json!({"kind": "room", "name": "R", "code": "7732-18-6"});
    manager.post(&app.path("/locations"), new).await.created();
    assert_eq!(scan(&app, &manager, "7732-18-6").await["location"]["name"], "R");
    let new = json!({"kind": "room", "name": "S", "code": "64-17-5"});
    manager.post(&app.path("/locations"), new).await.created();
    assert_eq!(scan(&app, &manager, "]C064-17-5").await["location"]["name"], "S");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_is_kept_as_it_was_given_and_found_as_a_label_shows_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let typed = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": " 0000-0001-y "})).await;
    assert_eq!(typed["code"], "0000-0001-y");
    for code in ["00000001Y", "0000-0001-y", "0000-0001-Y", "OOOOOOOIY", "]Q100000001Y"] {
        assert_eq!(scan(&app, &manager, code).await["container"]["id"], typed["id"], "{code}");
    }
    let new = json!({"kind": "room", "name": "R", "code": "00000001Y"});
    manager.post(&app.path("/locations"), new).await.problem(409, "code-taken");

    let new = json!({"kind": "room", "name": "S", "code": "LAB-00-0000"});
    let place = manager.post(&app.path("/locations"), new).await.created();
    assert_eq!(place["code"], "LAB-00-0000");
    assert_eq!(scan(&app, &manager, "lab-00-0000").await["location"]["id"], place["id"]);
    let path = app.path(&format!("/locations/{}", place["id"].as_str().unwrap()));
    assert_eq!(manager.patch(&path, "*", json!({"code": "SOL000006"})).await.ok()["code"], "SOL000006");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lot_counts_together_with_its_article(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (acetone, toluene) = (chemical(&app, "acetone", None, None).await, chemical(&app, "toluene", None, None).await);
    let lot = |supplier: &str, gtin: &str| json!({"supplier": supplier, "gtin": gtin, "lot": "L77"});
    let ours = bottle_of(&app, &manager, acetone, "1", "L", lot("A", "09506000134352")).await;
    let other = bottle_of(&app, &manager, toluene, "1", "L", lot("B", "4012345678901")).await;
    assert_eq!((&ours["gtin"], &other["gtin"]), (&json!("09506000134352"), &json!("04012345678901")));
    let ids = async |code: &str| {
        let answer = scan(&app, &manager, code).await;
        let found = answer["containers"].as_array().unwrap().iter().map(|it| it["id"].clone());
        found.collect::<Vec<_>>()
    };
    let label = "(01)09506000134352(10)L77(17)271231";
    assert_eq!(ids(label).await, [ours["id"].clone()]);
    assert_eq!(ids("4012345678901").await, [other["id"].clone()]);
    assert!(ids("(10)L77").await.is_empty(), "two products have this lot");
    // Nobody wrote the article down: the same chemical of the same supplier is one product, another one is not.
    let third = bottle_of(&app, &manager, acetone, "1", "L", json!({"lot": "l77", "supplier": "a"})).await;
    bottle_of(&app, &manager, toluene, "1", "L", json!({"lot": "L77"})).await;
    assert_eq!(ids(label).await, [third["id"].clone(), ours["id"].clone()], "the newest first");
    let path = super::path_of(&app, &third);
    let changed = manager.patch(&path, "*", json!({"gtin": "4012345678901"})).await.ok();
    assert_eq!(changed["gtin"], "04012345678901");
    assert_eq!(ids(label).await, [ours["id"].clone()]);
    assert_eq!(manager.patch(&path, "*", json!({"gtin": null})).await.ok()["gtin"], Value::Null);
    manager.patch(&path, "*", json!({"gtin": "4012345678902"})).await.expect(422);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_unknown_says_which_number_it_is_and_actions_are_those_of_the_person(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, viewer) = (app.client("manager").await, app.client("viewer").await);
    let unknown = scan(&app, &manager, "64-17-5").await;
    assert_eq!((&unknown["type"], &unknown["cas"]), (&json!("unknown"), &json!("64-17-5")));
    let article = scan(&app, &manager, "96385074").await;
    assert_eq!((&article["gtin"], &article["containers"]), (&json!("00000096385074"), &json!([])));
    assert_eq!(article["allowed_actions"], json!(["create_container"]));
    let separated = scan(&app, &manager, "[)>\u{1e}06\u{1d}Zx\u{1e}").await;
    assert_eq!(separated["value"], "[)>\u{1e}06\u{1d}Zx\u{1e}");

    let bottle = super::bottle(&app, &manager, "1", "L").await;
    let code = bottle["code"].as_str().unwrap();
    assert_eq!(scan(&app, &viewer, code).await["allowed_actions"], json!([]));
    let refused =
        manager.post(&events_of(&app, &bottle), json!({"type": "find"})).await.problem(409, "event-not-allowed");
    assert_eq!(scan(&app, &manager, code).await["allowed_actions"], refused["allowed_actions"]);
}

#[test]
fn a_scan_has_one_flat_schema_whose_actions_are_typed() {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi/openapi.json")).unwrap();
    let schemas = &document["components"]["schemas"];
    let scan = &schemas["ScanResult"];
    assert_eq!((&scan["type"], &scan["required"]), (&json!("object"), &json!(["type"])));
    let action = scan["properties"]["allowed_actions"]["items"]["$ref"].as_str().unwrap();
    assert_eq!(action, "#/components/schemas/Action");
    let actions = schemas["Action"]["enum"].as_array().unwrap();
    // An edit is booked by a PATCH, and nobody posts one.
    for event in schemas["EventType"]["enum"].as_array().unwrap().iter().filter(|it| **it != "edit") {
        assert!(actions.contains(event), "{event}");
    }
    assert!(actions.contains(&json!("create_container")) && actions.contains(&json!("list_containers")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_label_finds_its_bottle_behind_hundreds_of_another_article_in_the_lot(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetone = chemical(&app, "acetone", None, None).await;
    let wanted = bottle_of(&app, &manager, acetone, "1", "L", json!({"lot": "L1", "gtin": "09506000134352"})).await;
    let made = bottle_of(&app, &manager, acetone, "1", "L", json!({"lot": "L1", "gtin": "04012345678901"})).await;
    sqlx::query(
        "insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, lot, gtin,
            created_at, updated_at)
        select gen_random_uuid(), lab_id, chemical_id, 'X' || n, state, unit, amount, initial_amount, lot, gtin,
            created_at, updated_at
        from containers, generate_series(1, 250) n where id = $1::uuid",
    )
    .bind(made["id"].as_str())
    .execute(&app.db)
    .await
    .unwrap();
    let scanned = manager.get(&app.path("/scan/(01)09506000134352(10)L1")).await.ok();
    assert_eq!(scanned["containers"].as_array().unwrap().len(), 1);
    assert_eq!(scanned["containers"][0]["id"], wanted["id"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn invisible_characters_in_a_scan_are_as_invisible_as_in_the_code(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"code": "AB\u{200b}-7"})).await;
    for code in ["AB-7", "AB%E2%80%8B-7", "%EF%BB%BFAB-7"] {
        assert_eq!(
            manager.get(&app.path(&format!("/scan/{code}"))).await.ok()["container"]["id"],
            made["id"],
            "{code}"
        );
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_move_is_offered_where_there_is_a_place_and_a_weighing_where_a_mass_fits_the_unit(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let made = bottle_of(&app, &manager, ethanol, "500", "pg", json!({"code": "TRACE"})).await;
    let path = events_of(&app, &made);
    let offers = async |action: &str| {
        scan(&app, &manager, "TRACE").await["allowed_actions"].as_array().unwrap().contains(&json!(action))
    };
    assert!(!offers("move").await);
    let new = json!({"kind": "room", "name": "R"});
    let room = manager.post(&app.path("/locations"), new).await.created();
    assert!(offers("move").await);
    let room_path = app.path(&format!("/locations/{}", room["id"].as_str().unwrap()));
    manager.delete(&room_path, "*").await.expect(204);
    assert!(!offers("move").await, "it is closed");

    assert!(offers("weigh").await);
    let five = json!({"value": "5", "unit": "g"});
    let empty = manager.post(&path, json!({"type": "weigh", "gross": five, "tare": five})).await.created();
    assert_eq!(empty["container"]["amount"]["value"], "0");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_an_article_the_newest_that_are_not_gone_are_shown_and_the_others_not_read(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetone = chemical(&app, "acetone", None, None).await;
    let of_article = |n: usize| json!({"gtin": "4006381333931", "code": format!("G-{n:02}")});
    for n in 0..30 {
        let made = bottle_of(&app, &manager, acetone, "1", "L", of_article(n)).await;
        if n < 3 || n == 29 {
            manager.post(&events_of(&app, &made), json!({"type": "empty"})).await.created();
        }
    }
    let found = scan(&app, &manager, "4006381333931").await;
    let shown: Vec<_> = found["containers"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    let newest: Vec<_> = (9..29).rev().map(|n| format!("G-{n:02}")).collect();
    assert_eq!(shown, newest);

    // Many more that are gone, and many of another article, in a table whose statistics say so.
    for sql in [
        "insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, gtin, created_at,
            updated_at)
        select ('fffffff0-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, lab_id, chemical_id, 'OLD-' || n,
            case n % 2 when 0 then 'empty' else state end, unit, 0, 1,
            case n % 2 when 0 then gtin else '09506000134352' end, created_at, updated_at
        from containers, generate_series(1, 2000) n where code = 'G-05'",
        "analyze containers",
    ] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    let plan: Vec<String> = sqlx::query_scalar(
        "explain (analyze, costs off, timing off) select id from containers
        where lab_id = $1 and gtin = '04006381333931' and not is_gone order by id desc limit 20",
    )
    .bind(app.lab)
    .fetch_all(&app.db)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("containers_gtin_idx") && !plan.contains("Rows Removed") && !plan.contains("Sort"), "{plan}");
}
