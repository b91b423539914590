//! What looks alike is found alike, whatever was imported first.

use serde_json::json;
use sqlx::PgPool;

use super::search::{add, found};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn numbers_and_keys_are_found_however_they_are_written(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    add(
        &manager,
        json!({"name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"}),
    )
    .await;
    add(&manager, json!({"name": "CAS test strips", "cas": "67-64-1"})).await;
    for q in [
        "64-17-5",
        "64\u{2011}17\u{2011}5",
        "64–17–5",
        "64−17−5",
        "64175",
        "CAS 64-17-5",
        "CAS: 64175",
        "cas-no. 64–17–5",
        "64\u{2009}17\u{a0}5",
        "200-578-6",
        "EC 200-578-6",
        "2005786",
        "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
        "InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
        "inchikey: LFQSCWFLJHTTHZ\u{2011}UHFFFAOYSA\u{2011}N",
    ] {
        assert_eq!(found(&manager, q).await, ["Ethanol"], "{q}");
    }
    assert_eq!(found(&manager, "CAS test").await, ["CAS test strips"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn primes_dashes_greek_letters_and_spaces_fold_alike_in_names_and_searches(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for name in
        ["4,4\u{2032}-Bipyridine", "α-Pinene", ".gamma.-Butyrolactone", "beta-Carotene", "N,N\u{2011}Dimethylformamide"]
    {
        add(&manager, json!({"name": name})).await;
    }
    for (name, ways) in [
        (
            "4,4\u{2032}-Bipyridine",
            ["4,4'-bipyridine", "4,4’-bipyridine", "4,4\u{2032}\u{2013}bipyridine", "4,4\u{2033}\u{a0}bipyridine"],
        ),
        ("α-Pinene", ["alpha-pinene", ".alpha.-pinene", "Α\u{2011}PINENE", "a-pinene"]),
        (
            ".gamma.-Butyrolactone",
            ["γ-butyrolactone", "gamma butyrolactone", "γ\u{2003}butyrolactone", "g-butyrolactone"],
        ),
        ("beta-Carotene", ["β-carotene", "β–carotene", ".beta.-carotene", "ß-carotene"]),
        (
            "N,N\u{2011}Dimethylformamide",
            [
                "N,N-dimethylformamide",
                "n,n–dimethylformamide",
                "N, N-dimethyl\u{ad}formamide",
                "ｎ，ｎ-dimethylformamide",
            ],
        ),
    ] {
        for way in ways {
            assert_eq!(found(&manager, way).await.first().map(String::as_str), Some(name), "{way}");
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_name_comes_before_a_synonym_whatever_was_imported_first(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    add(&manager, json!({"name": "Mercury trimer", "synonyms": ["mercury"]})).await;
    add(&manager, json!({"name": "Mercury", "synonyms": ["quicksilver"]})).await;
    add(&manager, json!({"name": "Lead", "synonyms": ["plumbum"]})).await;
    add(&manager, json!({"name": "Lead dimer", "synonyms": ["lead"]})).await;
    assert_eq!(found(&manager, "mercury").await, ["Mercury", "Mercury trimer"]);
    assert_eq!(found(&manager, "lead").await, ["Lead", "Lead dimer"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn names_are_kept_composed_and_an_invisible_one_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = manager.post("/v1/chemicals", json!({"name": "Schwefelsa\u{308}ure"})).await.created();
    assert_eq!(made["name"], "Schwefels\u{e4}ure");
    for q in ["Schwefels\u{e4}ure", "Schwefelsa\u{308}ure", "schwefelsaure"] {
        assert_eq!(found(&manager, q).await, ["Schwefels\u{e4}ure"], "{q}");
    }
    for name in ["\u{200b}", "\u{2060}\u{feff}", "\u{3164}"] {
        let problem = manager.post("/v1/chemicals", json!({"name": name})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/name", "{name:?}");
    }
    for turned in ["safe \u{202e}dica", "\u{2067}acid", "acid\u{202c}"] {
        manager.post("/v1/chemicals", json!({"name": turned})).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn terms_of_an_older_fold_are_written_anew(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    add(&manager, json!({"name": "4,4'-Bipyridine"})).await;
    for old in
        ["update chemical_terms set term = '4,4''-bipyridine', kind = 1", "update chemicals set terms_version = 0"]
    {
        sqlx::query(old).execute(&app.db).await.expect("an old row");
    }
    assert_eq!(chemstock::catalogue::chemicals::refresh_terms(app.app.clone()).await.expect("it is written"), 1);
    assert_eq!(chemstock::catalogue::chemicals::refresh_terms(app.app.clone()).await.expect("nothing is left"), 0);
    assert_eq!(found(&manager, "4,4-bipyridine").await, ["4,4'-Bipyridine"]);
}
