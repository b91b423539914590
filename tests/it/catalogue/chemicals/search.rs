//! Lists of the catalogue, and its search.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Client, TestApp};

pub async fn add(by: &Client, chemical: Value) {
    by.post("/v1/chemicals", chemical).await.created();
}

/// As it stands in an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// The names of what a search finds, the best first.
pub async fn found(by: &Client, q: &str) -> Vec<String> {
    let q = encoded(q);
    let page = by.get(&format!("/v1/chemicals?q={q}")).await.ok();
    assert_eq!(page["next_cursor"], Value::Null);
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

async fn catalogue(by: &Client) {
    for chemical in [
        json!({"name": "Methanol", "cas": "67-56-1", "formula": "CH4O", "synonyms": ["methyl alcohol", "MeOH"]}),
        json!({"name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6", "formula": "C2H6O",
            "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "synonyms": ["ethyl alcohol"]}),
        json!({"name": "Ethanolamine", "cas": "141-43-5", "synonyms": ["ethanol, 2-amino-"]}),
        json!({"name": "Acetonitrile", "cas": "75-05-8", "formula": "C2H3N"}),
        json!({"name": "Sulfuric acid", "cas": "7664-93-9", "formula": "H2SO4", "synonyms": ["oil of vitriol"]}),
        json!({"name": "Sodium chloride", "cas": "7647-14-5", "formula": "NaCl"}),
        json!({"name": "Diethyl ether", "cas": "60-29-7", "synonyms": ["ethane, 1,1'-oxybis-", "ether"]}),
    ] {
        add(by, chemical).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_chemical_is_found_by_all_its_names_and_numbers_in_any_case(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    let keys = ["ethanol", "ETHYL ALC", "64-17-5", "64-17", "200-578-6", "C2H6O", "lfqscwfl"];
    for q in keys {
        assert_eq!(found(&manager, q).await[0], "Ethanol", "{q}");
    }
    for (formula, name) in [("H2SO4", "Sulfuric acid"), ("NaCl", "Sodium chloride"), ("CH3OH", "Methanol")] {
        assert_eq!(found(&manager, formula).await, [name], "{formula}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_with_its_label_is_found_as_a_name_and_as_the_number(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    add(&manager, json!({"name": "Zinc pyrithione", "synonyms": ["EINECS 223-214-8"]})).await;
    for q in ["einecs 223-214-8", "EINECS: 223‑214‑8"] {
        assert_eq!(found(&manager, q).await, ["Zinc pyrithione"], "{q}");
    }
    for q in ["einecs 200-578-6", "ELINCS no. 200-578-6", "EC number 200-578-6", "CAS registry number 64-17-5"] {
        assert_eq!(found(&manager, q).await, ["Ethanol"], "{q}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_name_itself_comes_before_names_that_begin_so_and_those_before_synonyms(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    assert_eq!(found(&manager, "ethanol").await, ["Ethanol", "Ethanolamine"]);
    assert_eq!(found(&manager, "eth").await, ["Ethanol", "Ethanolamine", "Diethyl ether"]);
    let limited = manager.get("/v1/chemicals?q=eth&limit=1").await.ok();
    assert_eq!(limited["items"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_typo_is_forgiven(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    for (typo, name) in [
        ("metanol", "Methanol"),
        ("acetonitrl", "Acetonitrile"),
        ("acetonitrle", "Acetonitrile"),
        ("etanol", "Ethanol"),
        ("sulphuric acid", "Sulfuric acid"),
        ("sodum chloride", "Sodium chloride"),
        ("oil of vitrol", "Sulfuric acid"),
    ] {
        assert_eq!(found(&manager, typo).await.first().map(String::as_str), Some(name), "{typo}");
    }
    assert!(found(&manager, "xq").await.is_empty(), "two letters are too few to guess from");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_mistyped_cas_number_finds_the_valid_one(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    for typo in ["64-17-6", "64-71-5", "46-17-5"] {
        assert_eq!(found(&manager, typo).await, ["Ethanol"], "{typo}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn words_are_found_in_any_order_and_in_the_middle_of_a_name(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    catalogue(&manager).await;
    add(&manager, json!({"name": "N,N-Dimethylformamide", "synonyms": ["DMF"]})).await;
    add(&manager, json!({"name": "Chloride test strips"})).await;
    for (q, names) in [
        ("acid sulfuric", vec!["Sulfuric acid"]),
        ("vitriol", vec!["Sulfuric acid"]),
        ("formamide", vec!["N,N-Dimethylformamide"]),
        ("dimethyl", vec!["N,N-Dimethylformamide"]),
        // What begins so comes first, but does not hide the others.
        ("chloride", vec!["Chloride test strips", "Sodium chloride"]),
        ("sodium strips", vec![]),
    ] {
        assert_eq!(found(&manager, q).await, names, "{q}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_change_takes_away_is_no_longer_found(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", json!({"name": "Phlogiston", "synonyms": ["fire air"]})).await.created();
    let path = format!("/v1/chemicals/{}", made["id"].as_str().unwrap());
    manager.patch(&path, "\"1\"", json!({"name": "Oxygen", "synonyms": ["vital gas"]})).await.ok();
    for gone in ["phlogiston", "fire air"] {
        assert!(found(&manager, gone).await.is_empty(), "{gone}");
    }
    for there in ["oxygen", "vital"] {
        assert_eq!(found(&manager, there).await, ["Oxygen"], "{there}");
    }
    manager.delete(&path, "\"2\"").await.expect(204);
    assert!(found(&manager, "oxygen").await.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn pages_go_through_the_catalogue_by_name_and_miss_none(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for name in ["xylene", "Benzene", "acetone", "xylene", "Äther", "toluene", "äther"] {
        add(&manager, json!({"name": name})).await;
    }
    let (mut names, mut path) = (Vec::new(), "/v1/chemicals?limit=2".to_owned());
    loop {
        let page = manager.get(&path).await.ok();
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/chemicals?limit=2&cursor={cursor}");
    }
    assert_eq!(names[..5], ["acetone", "Benzene", "toluene", "xylene", "xylene"]);
    assert_eq!(names.len(), 7);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bad_search_is_refused_by_the_parameters_name(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let long = "x".repeat(201);
    for (query, name) in [
        ("q=a", "?q"),
        ("q=a%00b", "?q"),
        ("q=%F4%8F%BF%BF%F4%8F%BF%BF", "?q"),
        (&format!("q={long}"), "?q"),
        ("limit=0", "?limit"),
        ("limit=1e400", "?limit"),
        ("cursor=!", "?cursor"),
        ("colour=red", "?colour"),
    ] {
        let problem = viewer.get(&format!("/v1/chemicals?{query}")).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], name, "{query}");
    }
    // What means something to LIKE or to a regular expression means nothing here.
    for odd in ["%25%25", "__", "%5C%5C", "a'b", "(((", "--"] {
        viewer.get(&format!("/v1/chemicals?q={odd}")).await.ok();
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn searches_of_one_person_leave_connections_to_others(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let (busy, other) = (app.client("viewer").await, app.client("viewer").await);
    other.get("/v1/labs").await.ok();
    // Until it ends, every search hangs.
    let mut slow = db.begin().await.expect("a transaction");
    sqlx::query("lock table chemical_terms in access exclusive mode").execute(&mut *slow).await.expect("a lock");
    let mut searches = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let busy = busy.clone();
        searches.spawn(async move { busy.get("/v1/chemicals?q=ethanol").await });
    }
    let hanging = "select count(*) from pg_locks where not granted and relation = 'chemical_terms'::regclass";
    while sqlx::query_scalar::<_, i64>(hanging).fetch_one(&mut *slow).await.expect("a number") < 3 {
        tokio::task::yield_now().await;
    }
    for _ in 0..5 {
        let answer = tokio::time::timeout(Duration::from_secs(3), other.get("/v1/labs")).await;
        answer.expect("others do not wait").ok();
    }
    slow.rollback().await.expect("its end");
    for answer in searches.join_all().await {
        answer.ok();
    }
}
