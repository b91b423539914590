//! Codes in addresses: links of QR codes, and what no path can hold.

use serde_json::json;
use sqlx::PgPool;

use super::{bottle_of, chemical, path_of, scanning::scan};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_link_is_ours_at_the_address_of_now_and_those_of_before_alone(db: PgPool) {
    let former = ("FORMER_PUBLIC_URLS", "https://old.example, http://10.0.0.7:8080/");
    let app = TestApp::with_vars(db, &[("PUBLIC_URL", "https://lab.example/"), former]).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "B-1"})).await;
    let made_code = bottle_of(&app, &manager, ethanol, "1", "L", json!({})).await;
    for (bottle, code) in [(&made, "B-1"), (&made_code, made_code["code"].as_str().unwrap())] {
        for host in ["https://lab.example", "HTTP://LAB.EXAMPLE", "https://old.example", "http://10.0.0.7:8080"] {
            let answer = scan(&app, &manager, &format!("{host}/c/{code}")).await;
            assert_eq!(answer["container"]["id"], bottle["id"], "{host}");
        }
        for host in ["https://elsewhere.example", "https://lab.example.elsewhere.example", "http://10.0.0.7"] {
            let link = format!("{host}/c/{code}");
            let answer = scan(&app, &manager, &link).await;
            assert_eq!((&answer["type"], &answer["value"]), (&json!("unknown"), &json!(link)));
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_gets_a_code_that_no_path_can_hold(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let bottle = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": "..."})).await;
    let place = manager.post(&app.path("/locations"), json!({"kind": "room", "name": "R"})).await.created();
    let place = app.path(&format!("/locations/{}", place["id"].as_str().unwrap()));
    for code in [".", "..", " .. "] {
        let new = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": code});
        for refused in [
            manager.post(&app.path("/containers"), new).await,
            manager.patch(&path_of(&app, &bottle), "*", json!({"code": code})).await,
            manager.post(&app.path("/locations"), json!({"kind": "room", "name": "S", "code": code})).await,
            manager.patch(&place, "*", json!({"code": code})).await,
        ] {
            assert_eq!(refused.problem(422, "invalid")["errors"][0]["pointer"], "/code", "{code}");
        }
    }
}
