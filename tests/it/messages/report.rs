//! What who runs the installation sees of messages and their cost, and what they may cost.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{code_in, log_in_with, send, through};
use crate::{
    people::login::{PHONE, ask},
    support::{
        outside::{Fault, Reply},
        providers::{twilio, vonage},
    },
};

const GERMAN: &str = "+4915112345678";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn each_day_country_provider_and_channel_has_its_figures(db: PgPool) {
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let more = [("SMS_PRICES", "US=0.01,*=0.08"), ("SMS_CURRENCY", "USD")];
    let app = through(db, &[(twilio::CONTRACT, &first), (vonage::CONTRACT, &second)], &more).await;
    let challenge = send(&app, PHONE).await;
    log_in_with(&app, &challenge, &code_in(&first.last())).await;
    app.advance(TimeDelta::days(1));
    first.has(Fault::Answers(Reply::html(503)));
    send(&app, GERMAN).await;
    app.drain().await;

    let owner = app.owner().await;
    let list = owner.get("/v1/admin/messages?limit=2").await.ok();
    let rows = list["items"].as_array().unwrap();
    let today = app.now().date_naive().to_string();
    let (down, sent) = (&rows[0], &rows[1]);
    assert_eq!((&down["day"], &down["provider"], &down["sent"]), (&json!(today), &json!("twilio"), &json!(0)));
    assert_eq!(down["failed"]["try_later"], 1);
    assert_eq!((&sent["provider"], &sent["country"], &sent["cost"]), (&json!("vonage"), &json!("DE"), &json!("0.08")));
    assert_eq!(sent["cost_per_login"], Value::Null);
    let cursor = list["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/v1/admin/messages?limit=2&cursor={cursor}")).await.ok();
    let expected = json!([{
        "day": (app.now() - TimeDelta::days(1)).date_naive().to_string(), "country": "US", "provider": "twilio",
        "channel": "sms", "sent": 1, "delivered": 0, "verified": 1,
        "failed": {"number_refused": 0, "consent_withdrawn": 0, "blocked": 0, "misconfigured": 0, "try_later": 0, "unknown": 0,
            "untried": 0},
        "cost": "0.01", "cost_per_login": "0.01"
    }]);
    assert_eq!((&rest["items"], &rest["next_cursor"]), (&expected, &Value::Null));
    let only_today = owner.get(&format!("/v1/admin/messages?from={today}&to={today}")).await.ok();
    assert_eq!(only_today["items"].as_array().unwrap().len(), 2);
    owner.get("/v1/admin/messages?from=2020-01-01").await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_price_that_a_provider_says_counts_against_the_budget_and_one_in_other_money_does_not(db: PgPool) {
    let second = vonage::CONTRACT.start().await;
    let more = [("SMS_PRICES", "*=1.00"), ("SMS_CURRENCY", "EUR"), ("SMS_BUDGET_PER_DAY", "10")];
    let app = through(db.clone(), &[(vonage::CONTRACT, &second)], &more).await;
    send(&app, PHONE).await;
    let owner = app.owner().await;
    let budget = owner.get("/v1/admin/messages/budget").await.ok();
    let said = owner.get("/v1/admin/messages").await.ok()["items"][0]["cost"].clone();
    assert_ne!(said, "1", "the provider has said its price");
    assert_eq!((&budget["currency"], &budget["day"]["spent"], &budget["hour"]), (&json!("EUR"), &said, &Value::Null));

    let more = [("SMS_PRICES", "*=1.00"), ("SMS_CURRENCY", "USD"), ("SMS_BUDGET_PER_DAY", "10")];
    let app = through(db, &[(vonage::CONTRACT, &second)], &more).await;
    app.advance(TimeDelta::days(2));
    send(&app, PHONE).await;
    let budget = owner_budget(&app).await;
    assert_eq!((&budget["day"]["spent"], &budget["day"]["left"]), (&json!("1"), &json!("9")));
}

async fn owner_budget(app: &crate::support::TestApp) -> Value {
    app.owner().await.get("/v1/admin/messages/budget").await.ok()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_country_has_a_budget_of_its_own_and_others_go_on(db: PgPool) {
    let first = twilio::CONTRACT.start().await;
    let more = [("SMS_PRICES", "*=1.00"), ("SMS_COUNTRY_BUDGETS_PER_DAY", "DE=2.50")];
    let app = through(db, &[(twilio::CONTRACT, &first)], &more).await;
    for phone in [GERMAN, "+4915112345679"] {
        send(&app, phone).await;
    }
    let refused = ask(&app, "+4915112345670").await;
    let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    refused.problem(503, "budget-spent");
    assert!(wait > 0 && wait <= 86_400, "until the day is over");
    ask(&app, PHONE).await.expect(202);
    let told = "select count(*) from login_events where kind = 'sending_stopped' and detail = 'day budget of DE'";
    assert_eq!(sqlx::query_scalar::<_, i64>(told).fetch_one(&app.db).await.unwrap(), 1);
    let budget = owner_budget(&app).await;
    assert_eq!(budget["countries"][0]["country"], "DE");
    assert_eq!(budget["countries"][0]["left"], "0.5");
    app.advance(TimeDelta::days(1));
    send(&app, "+4915112345670").await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn fifty_requests_at_once_do_not_pass_the_budget_of_a_country(db: PgPool) {
    let first = twilio::CONTRACT.start().await;
    let more = [("SMS_PRICES", "*=1.00"), ("SMS_COUNTRY_BUDGETS_PER_DAY", "US=5.00")];
    let app = std::sync::Arc::new(through(db, &[(twilio::CONTRACT, &first)], &more).await);
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..50 {
        let app = app.clone();
        asked.spawn(async move { ask(&app, &format!("+120255501{n:02}")).await.status.as_u16() });
    }
    let answers = asked.join_all().await;
    let sent = answers.iter().filter(|status| **status == 202).count();
    assert_eq!(sent, 5, "{answers:?}");
    assert_eq!(ask(&app, "+12125550123").await.status, 503);
}
