//! Making us pay: rows 24 and 25, and the budgets.

use tokio::task::JoinSet;

use super::scene::*;
use crate::people::login::{OTHER_PHONE, PHONE};

async fn scope(app: &TestApp, scope: &str) -> (i64, i64, String) {
    let sums = "select coalesce(sum(sent), 0), coalesce(sum(verified), 0), coalesce(sum(cost), 0)::text
        from code_tallies where scope = $1";
    sqlx::query_as(sums).bind(scope).fetch_one(&app.db).await.unwrap()
}

async fn stops(app: &TestApp) -> Vec<String> {
    let told = "select detail from login_events where kind = 'sending_stopped' order by id";
    sqlx::query_scalar(told).fetch_all(&app.db).await.unwrap()
}

async fn ask_from(app: &TestApp, source: u32, phone: &str) -> Answer {
    let address = format!("198.51.{}.{}", source / 250, source % 250);
    app.nobody().at(&address).post(REQUEST, json!({ "phone": phone })).await
}

pub async fn numbers_that_verify_nothing(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("SMS_PRICES", "US=0.0079,*=0.08")]).await;
    let (mut first, mut told) = (None, 0);
    for number in 0..300 {
        let mut answer = ask_from(&app, number, &format!("+1202555{number:04}")).await.expect(202);
        app.drain().await;
        answer.body["challenge_id"].take();
        told += i64::from(answer.body["known_people_only"].take() == true);
        let body = first.get_or_insert_with(|| answer.body.clone());
        assert_eq!(answer.body, *body);
    }
    assert_eq!((sent(&app).await, told), (20, 280));
    for number in 0..50 {
        let phone = format!("+8210{}", 20_000_000 + number * 100_003);
        let asked = ask_from(&app, number, &phone).await.expect(202).body;
        assert_eq!(asked["known_people_only"], false, "it is told where it is so");
        app.drain().await;
        if number < 40 {
            verify(&app, &asked["challenge_id"], &last_code(&app)).await.ok();
        }
    }
    assert_eq!((scope(&app, "+1202555").await.0, scope(&app, "+1202555").await.1), (20, 0));
    assert_eq!(scope(&app, "US").await, (20, 0, "0.158000".to_owned()));
    assert_eq!(scope(&app, "KR").await, (50, 40, "4.000000".to_owned()));
    assert_eq!(scope(&app, "*").await, (70, 40, "4.158000".to_owned()));
    assert_eq!(stops(&app).await, ["+1202555"], "told once");
}

pub async fn a_country(db: PgPool) {
    let app = open_doors(db).await;
    log_in(&app, "+14155550123").await;
    for number in 0..120_u32 {
        ask_from(&app, number, &format!("+1202{}{:04}", 456 + number / 15, number)).await.expect(202);
        app.drain().await;
    }
    assert_eq!(stops(&app).await, ["US"]);
    assert_eq!(scope(&app, "US").await.0, 100, "the login of somebody new, and 99 codes that nobody typed in");
    assert_eq!(sent(&app).await, 100);
    log_in(&app, "+14155550123").await;
    assert_eq!(scope(&app, "US").await.0, 100, "who has an account does not count");
    // A day later it is tried again, and if it goes on so, it is told again.
    app.advance(TimeDelta::hours(25));
    ask(&app, PHONE).await.expect(202);
    assert_eq!(sent(&app).await, 102);
    assert_eq!(count(&app, "select count(*) from code_stops").await, 0);
}

async fn has_account(app: &TestApp, phone: &str) {
    let made = sqlx::query("insert into users (id, phone, created_at, updated_at) values ($1, $2, now(), now())");
    made.bind(uuid::Uuid::now_v7()).bind(phone).execute(&app.db).await.unwrap();
}

pub async fn a_budget(db: PgPool) {
    let vars = [("SMS_PRICES", "*=1"), ("SMS_BUDGET_PER_HOUR", "3"), ("SMS_BUDGET_PER_DAY", "5")];
    let app = TestApp::with_vars(db, &vars).await;
    app.owner().await;
    let known = |number: u32| format!("+1202555{number:04}");
    for number in 100..110 {
        has_account(&app, &known(number)).await;
    }
    for number in 100..103 {
        ask(&app, &known(number)).await.expect(202);
    }
    let left_of_hour = 3600 - app.now().timestamp().rem_euclid(3600);
    let mut refusals = Vec::new();
    for phone in [known(103), OTHER_PHONE.to_owned()] {
        let refused = ask(&app, &phone).await;
        let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert_eq!(wait, left_of_hour);
        refusals.push(crate::people::login::anonymous(refused.problem(503, "budget-spent")));
    }
    assert_eq!(refusals[0], refusals[1]);
    assert_eq!(stops(&app).await, ["hour budget"]);
    // To the second; and the refused phone has used up nothing.
    app.advance(TimeDelta::seconds(left_of_hour - 1));
    assert_eq!(ask(&app, &known(103)).await.headers["retry-after"], "1");
    app.advance(TimeDelta::seconds(1));
    for number in 103..105 {
        ask(&app, &known(number)).await.expect(202);
    }
    let refused = ask(&app, &known(105)).await;
    let left_of_day = 86_400 - app.now().timestamp().rem_euclid(86_400);
    assert_eq!(refused.headers["retry-after"], left_of_day.to_string());
    refused.problem(503, "budget-spent");
    assert_eq!(scope(&app, "*").await.2, "5.000000");
    assert_eq!(stops(&app).await, ["hour budget", "day budget"]);
    app.advance(TimeDelta::seconds(left_of_day));
    ask(&app, &known(105)).await.expect(202);
}

/// Of two instances on one database, that know nothing of each other.
pub async fn a_budget_at_once(db: PgPool) {
    let vars = [("SIGN_UP", "open"), ("SMS_PRICES", "*=0.10"), ("SMS_BUDGET_PER_HOUR", "1.00")];
    let one = TestApp::with_vars(db.clone(), &vars).await;
    sqlx::query("update labs set name = id::text").execute(&db).await.unwrap();
    let other = TestApp::with_vars(db, &vars).await;
    let mut asks = JoinSet::new();
    for number in 0..200 {
        let nobody = if number % 2 == 0 { one.nobody() } else { other.nobody() };
        // Each of a block and a country of its own, as they stop by themselves.
        let body = json!({ "phone": format!("+1{}555{:04}", 202 + number % 5, 100 + number) });
        asks.spawn(async move { nobody.post(REQUEST, body).await });
    }
    let answers = asks.join_all().await;
    let admitted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(admitted, 10, "what fits, and no more");
    for refused in answers.into_iter().filter(|answer| answer.status != 202) {
        refused.problem(503, "budget-spent");
    }
    assert_eq!(sent(&one).await, 10);
    assert_eq!(scope(&one, "*").await.2, "1.000000");
    assert_eq!(stops(&one).await, ["hour budget"]);
}

pub async fn dear_destinations(db: PgPool) {
    let app = open_doors(db).await;
    let premium = ["+19005550123", "+18005550123", "+449098790123"];
    let satellites = ["+870773123456", "+881612345678", "+882161234567", "+883510012345678"];
    let undelivered = ["+989123456789", "+5351234567", "+963944567890"];
    for dear in premium.iter().chain(&satellites).chain(&undelivered) {
        ask(&app, dear).await.problem(422, "phone-refused");
    }
    assert_eq!(count(&app, "select count(*) from messages").await, 0);
    assert_eq!(count(&app, "select count(*) from code_tallies").await, 0);
}
