use serde_json::json;
use sqlx::PgPool;

use super::{bottle_of, chemical, location};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn any_code_gets_a_typed_answer_with_what_may_be_done(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", Some("64-17-5"), None).await;
    let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"lot": "ABC123"})).await;
    let old = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "old/label 7"})).await;
    let room = location(&app, None, "room", "R").await;
    let own = made["code"].as_str().unwrap();

    let scan = async |code: &str| manager.get(&app.path(&format!("/scan/{code}"))).await.ok();
    for code in [own.to_owned(), own.to_lowercase(), format!("https%3A%2F%2Flab.example%2Fc%2F{own}")] {
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

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn hostile_codes_are_refused_or_unknown(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    for code in ["%00", "%F0%28%8C%28", &"9".repeat(600), "%27%3B--", "%5C", "%25"] {
        let status = viewer.get(&app.path(&format!("/scan/{code}"))).await.status.as_u16();
        assert!([200, 400, 404, 422].contains(&status), "{code}: {status}");
    }
}
