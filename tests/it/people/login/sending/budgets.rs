use super::*;

/// Ten messages an hour.
const TEN: [(&str, &str); 3] = [("SIGN_UP", "open"), ("SMS_PRICES", "*=0.10"), ("SMS_BUDGET_PER_HOUR", "1.00")];

/// Of blocks of their own.
fn phone(number: usize) -> String {
    format!("+4915{number:02}2345678")
}

async fn spent(app: &TestApp) -> String {
    let budget = app.owner().await.get("/v1/admin/messages/budget").await.ok();
    budget["hour"]["spent"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_provider_did_not_take_is_given_back(db: PgPool) {
    let scene = Scene::new(db, &TEN).await;
    scene.is_down();
    for number in 0..10 {
        ask(&scene.app, &phone(number)).await.expect(202);
    }
    assert_eq!(spent(&scene.app).await, "1", "held until it is clear what becomes of them");
    ask(&scene.app, &phone(10)).await.problem(503, "budget-spent");
    for _ in 0..6 {
        scene.app.drain().await;
        scene.app.advance(TimeDelta::seconds(16));
    }
    assert_eq!(spent(&scene.app).await, "0");
    scene.is_mended();
    assert_eq!(scene.taken(&phone(10)).await, 1);
    assert_eq!(spent(&scene.app).await, "0.1");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn messages_that_were_never_tried_are_given_back_and_shown(db: PgPool) {
    let scene = Scene::new(db, &[("SIGN_UP", "open"), ("SMS_PRICES", "*=0.10"), ("SMS_BUDGET_PER_HOUR", "5.00")]).await;
    scene.is_down();
    for number in 0..20 {
        ask(&scene.app, &phone(number)).await.expect(202);
        scene.app.drain().await;
    }
    assert_eq!(scene.provider.asked().len(), 5, "then it is left alone");
    for _ in 0..20 {
        scene.app.advance(TimeDelta::seconds(1));
        scene.app.drain().await;
    }
    scene.app.advance(TimeDelta::minutes(10));
    scene.app.drain().await;
    let report = scene.app.owner().await.get("/v1/admin/messages").await.ok();
    let rows = report["items"].as_array().unwrap();
    let of = |provider: &str| rows.iter().find(|row| row["provider"] == provider).unwrap();
    let untried = of("none")["failed"]["untried"].as_i64().unwrap();
    assert!(untried >= 14, "{report}");
    assert_eq!((&of("none")["country"], &of("none")["cost"]), (&json!("DE"), &json!("0")));
    assert_eq!(of("twilio")["failed"]["untried"], 0);
    assert_eq!(spent(&scene.app).await, "0");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_failed_by_a_receipt_is_given_back_unless_it_has_a_price(db: PgPool) {
    let scene = Scene::new(db, &TEN).await;
    // The number is refused; and the network failed, so that the message is sent again.
    for (number, code, then) in [(0, "30005", "0"), (1, "30008", "0.1")] {
        assert_eq!(scene.taken(&phone(number)).await, 1);
        assert_eq!(spent(&scene.app).await, "0.1");
        let last = "select id from message_attempts order by seq desc limit 1";
        let last: uuid::Uuid = sqlx::query_scalar(last).fetch_one(&scene.app.db).await.unwrap();
        let url = format!("{}/v1/webhooks/twilio?reference={last}", crate::messages::PUBLIC_URL);
        let posted = twilio::receipt(&url, "undelivered", &[("ErrorCode", code)]);
        crate::messages::callbacks::post(&scene.app, axum::http::Method::POST, &posted).await.expect(204);
        scene.app.advance(TimeDelta::seconds(20));
        scene.app.drain().await;
        assert_eq!(spent(&scene.app).await, then, "{code}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn strangers_cannot_spend_what_is_for_people_who_are_known(db: PgPool) {
    let scene = Scene::new(db, &TEN).await;
    for number in 0..10 {
        assert_eq!(scene.taken(&phone(number)).await, 1);
    }
    ask(&scene.app, &phone(10)).await.problem(503, "budget-spent");
    scene.has_account(&phone(20)).await;
    assert_eq!(scene.taken(&phone(20)).await, 1, "a tenth is theirs");
    scene.has_account(&phone(21)).await;
    ask(&scene.app, &phone(21)).await.problem(503, "budget-spent");
    // Somebody has to be able to come in and mend things.
    scene.has_account(&phone(22)).await;
    let made = sqlx::query("update users set is_owner = true where phone = $1").bind(phone(22));
    made.execute(&scene.app.db).await.unwrap();
    assert_eq!(scene.taken(&phone(22)).await, 1, "an owner");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_only_invited_people_come_in_a_budget_tells_nobody_apart(db: PgPool) {
    let scene = Scene::new(db, &[&[("SIGN_UP", "invite")], &TEN[1..]].concat()).await;
    for number in 0..12 {
        scene.has_account(&phone(number)).await;
        let expected = if number < 10 { 202 } else { 503 };
        for (who, phone) in [("a stranger", phone(50 + number)), ("a member", phone(number))] {
            ask(&scene.app, &phone).await.expect(expected).body["instance"].take();
            assert!(number < 12, "{who}");
        }
        scene.app.drain().await;
    }
    assert_eq!(scene.provider.asked().len(), 10);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn with_a_price_of_its_own_a_message_takes_the_difference_in_the_hour_in_which_it_was_asked_for(db: PgPool) {
    let scene = Scene::new(db, &TEN).await;
    let left_of_hour = 3600 - scene.app.now().timestamp().rem_euclid(3600);
    scene.app.advance(TimeDelta::seconds(left_of_hour - 1));
    ask(&scene.app, &phone(0)).await.expect(202);
    scene.is_down();
    scene.app.drain().await;
    scene.app.advance(TimeDelta::seconds(60));
    for _ in 0..6 {
        scene.app.drain().await;
        scene.app.advance(TimeDelta::seconds(16));
    }
    assert_eq!(spent(&scene.app).await, "0", "nothing is taken from the next hour");
    let of_hours = "select coalesce(min(cost), 0) >= 0 from code_tallies where scope = '*' group by hour";
    let all: Vec<bool> = sqlx::query_scalar(of_hours).fetch_all(&scene.app.db).await.unwrap();
    assert!(!all.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_develops_is_told_in_the_terminal_why_a_phone_gets_no_code(db: PgPool) {
    let vars = [("SMS_PRICES", "*=1"), ("SMS_BUDGET_PER_HOUR", "1"), ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "6")];
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    let told = async |answer: Answer, what: &str| {
        app.drain().await;
        let terminal = app.terminal();
        let last = terminal.lines().last().unwrap_or_default();
        assert!(last.starts_with("note: no code goes to the phone …") && last.contains(what), "{terminal}");
        assert!(!answer.text.contains(what), "{}", answer.text);
    };
    told(ask(&app, "+12025550145").await.expect(202), "neither an account nor an invitation; invite it").await;
    told(ask(&app, "+12025550145").await.expect(429), "a limit of the phone or of the client's address").await;
    app.advance(TimeDelta::seconds(30));
    let made = sqlx::query("insert into users (id, phone, created_at, updated_at) values ($1, $2, now(), now())");
    made.bind(uuid::Uuid::now_v7()).bind("+12025550123").execute(&app.db).await.unwrap();
    log_in(&app, "+12025550123").await;
    app.advance(TimeDelta::seconds(30));
    told(ask(&app, "+12025550123").await.expect(503), "a budget (SMS_BUDGET_…) is spent").await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn stops_and_budgets_are_in_the_metrics_before_anything_has_stopped(db: PgPool) {
    let metrics = chemstock::platform::telemetry::install();
    let vars = [&TEN[..], &[("SMS_BUDGET_PER_DAY", "7.25"), ("SMS_COUNTRY_BUDGETS_PER_DAY", "NO=3.00")]].concat();
    let scene = Scene::new(db, &vars).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(chemstock::worker::run(scene.app.app.clone(), stop.clone()));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let shown = metrics.render();
        let all = [
            "login_sending_stopped_total{kind=\"budget\"}",
            "login_sending_stopped_total{kind=\"block\"}",
            "login_sending_stopped_total{kind=\"country\"}",
            "message_budget_left{scope=\"hour\"}",
            "message_budget_left{scope=\"day\"} 7.25",
            "message_budget_left{scope=\"NO\"} 3",
        ];
        if all.iter().all(|line| shown.contains(line)) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{shown}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.cancel();
    worker.await.unwrap();
}
