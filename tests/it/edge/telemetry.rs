//! What the process tells those who watch it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, routing::post};
use regex::Regex;
use serde_json::json;
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::support::{
    TestApp,
    folder::Folder,
    instance::{Instance, PHONE, RIGHT, database_url, http},
};

#[sqlx::test(migrations = false)]
async fn what_happens_before_the_first_scrape_is_in_it_and_invented_methods_are_one(db: PgPool) {
    let folder = Folder::new();
    let (url, metrics) = (database_url(&db), free_address());
    let vars = [
        ("DATABASE_URL", url.as_str()),
        ("METRICS_ADDR", &metrics),
        ("SIGN_UP", "open"),
        ("TEST_PHONE_NUMBERS", &format!("{PHONE}={RIGHT}")),
    ];
    let instance = Instance::start(&folder, &vars).await;
    let challenge = instance.ask().await;
    let wrong = json!({"challenge_id": challenge, "code": "000000"});
    assert_eq!(instance.post("/auth/otp/verify", &wrong).await.0, 401);
    for n in 0..50 {
        let method = reqwest::Method::from_bytes(format!("M{n:06}").as_bytes()).unwrap();
        http().request(method, format!("http://{}/v1/me", instance.address)).send().await.unwrap();
    }
    let shown = http().get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await.unwrap();
    for line in ["login_wrong_codes_total 1", "messages_verified_total{provider=\"console\"} 0"] {
        assert!(shown.lines().any(|it| it == line), "{line} is not in\n{shown}");
    }
    assert!(shown.contains("route=\"/v1/auth/otp/verify\",status=\"401\""), "{shown}");
    assert!(shown.contains("method=\"other\"") && !shown.contains("M000001"), "{shown}");
}

/// Names, labels and values: an alert about a series of another name would be quiet for ever.
#[sqlx::test(migrations = false)]
async fn every_series_that_an_alert_asks_for_is_shown_with_its_labels(db: PgPool) {
    let folder = Folder::new();
    let (url, metrics) = (database_url(&db), free_address());
    let vars = [
        ("DATABASE_URL", url.as_str()),
        ("METRICS_ADDR", &metrics),
        ("SMS_CURRENCY", "USD"),
        ("SMS_PRICES", "*=0.05"),
        ("SMS_BUDGET_PER_DAY", "10"),
    ];
    let instance = Instance::start(&folder, &vars).await;
    instance.get("/me").await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let shown = loop {
        let shown = http().get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await.unwrap();
        // The background measures it as soon as it has begun.
        if shown.contains("message_budget_left{") || Instant::now() > deadline {
            break shown;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let alerts = include_str!("../../../deploy/alerts.yaml").split("- alert: ").skip(1);
    let series = Regex::new(r"([a-z]+_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let condition = Regex::new(r#"(\w+)(=~?)"([^"]*)""#).unwrap();
    let of_the_text = Regex::new(r"\$labels\.(\w+)").unwrap();
    let mut seen = 0;
    for alert in alerts {
        let (expression, text) = alert.split_once("annotations:").expect("a text");
        let expression = expression.split_once("expr:").expect("an expression").1;
        for found in series.captures_iter(expression).filter(|found| &found[1] != "histogram_quantile") {
            let mut wanted = vec![found[1].to_owned()];
            for is in condition.captures_iter(found.get(2).map_or("", |labels| labels.as_str())) {
                let value = if &is[2] == "=" { format!("{}\"", &is[3]) } else { String::new() };
                wanted.push(format!("{}=\"{value}", &is[1]));
            }
            wanted.extend(of_the_text.captures_iter(text).map(|label| format!("{}=\"", &label[1])));
            let has_all = |line: &str| {
                // A series without labels has its value next.
                let name = line.split(['{', ' ']).next();
                name == Some(&*wanted[0]) && wanted.iter().all(|part| line.contains(&**part))
            };
            assert!(shown.lines().any(has_all), "{wanted:?} of «{}» is not in\n{shown}", alert.lines().next().unwrap());
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Takes what a collector of traces takes.
async fn collector() -> (String, Arc<Mutex<Vec<Bytes>>>) {
    let taken = Arc::<Mutex<Vec<Bytes>>>::default();
    let kept = taken.clone();
    let routes = Router::new().route("/v1/traces", post(async move |body: Bytes| kept.lock().unwrap().push(body)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes).into_future());
    (url, taken)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[sqlx::test(migrations = false)]
async fn traces_go_to_the_collector_below_the_callers_own_and_name_nobody(db: PgPool) {
    let (folder, (endpoint, taken)) = (Folder::new(), collector().await);
    let url = database_url(&db);
    let vars = [
        ("DATABASE_URL", url.as_str()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("SIGN_UP", "open"),
        ("TEST_PHONE_NUMBERS", &format!("{PHONE}={RIGHT}")),
    ];
    let instance = Instance::start(&folder, &vars).await;
    let asked = http()
        .post(format!("http://{}/v1/auth/otp/request", instance.address))
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .json(&json!({ "phone": PHONE }))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 202);
    let challenge: serde_json::Value = asked.json().await.unwrap();
    let right = json!({"challenge_id": challenge["challenge_id"], "code": RIGHT});
    assert_eq!(instance.post("/auth/otp/verify", &right).await.0, 200);
    // What is not sent yet is sent at the end.
    instance.signal("-TERM");
    let trace = [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c];
    let deadline = Instant::now() + Duration::from_secs(20);
    let told = loop {
        let told = taken.lock().unwrap().concat();
        if holds(&told, b"POST /v1/auth/otp/verify") || Instant::now() > deadline {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for part in [&b"POST /v1/auth/otp/verify"[..], b"POST /v1/auth/otp/request", b"chemstock", b"http.route", &trace] {
        assert!(holds(&told, part), "{} is not in {}", String::from_utf8_lossy(part), String::from_utf8_lossy(&told));
    }
    for secret in [&PHONE.as_bytes()[1..], RIGHT.as_bytes()] {
        assert!(!holds(&told, secret), "{}", String::from_utf8_lossy(&told));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn without_redis_it_is_ready_and_degraded_and_without_the_database_it_is_not(db: PgPool) {
    let app = TestApp::with_vars(db, &[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let member = app.client("member").await;
    let health = app.nobody().get("/health/ready").await.ok();
    assert_eq!(
        health,
        json!({"status": "degraded", "database": "ok", "redis": "away", "providers": {"console": "ok"}})
    );
    member.get("/v1/me").await.ok();
    app.db.close().await;
    app.app.lanes().close().await;
    let problem = app.nobody().get("/health/ready").await.expect(503);
    assert!(problem.headers.contains_key("retry-after"));
    assert_eq!(problem.problem(503, "unavailable")["services"], json!({"database": "away", "redis": "away"}));
}
