//! What a whole run of messages leaves behind, with all that goes wrong in one: logs, metrics, tables and answers.

use chemstock::messages::probe;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{code_in, through};
use crate::{
    people::login::{ask, privacy::tables},
    support::{
        hex, log,
        outside::{Fault, Outside, Reply},
        providers::{Contract, aws_sns, bird, messagebird, twilio, vonage, whatsapp},
    },
};

const PROVIDERS: [Contract; 6] =
    [twilio::CONTRACT, vonage::CONTRACT, aws_sns::CONTRACT, messagebird::CONTRACT, bird::CONTRACT, whatsapp::CONTRACT];

/// Every provider fails once in each way while a code is sent, each to another phone.
async fn run(db: &PgPool) -> (Vec<String>, Vec<String>) {
    let (mut secrets, mut answers) = (Vec::new(), Vec::new());
    let mut phones = (0..).map(|n| format!("+1{}5550123", 201 + n));
    for provider in PROVIDERS {
        let outside = provider.start().await;
        let app = through(db.clone(), &[(provider, &outside)], &[("OTP_LENGTH", "8")]).await;
        for fault in faults(provider) {
            match fault {
                Some(fault) => outside.has(fault),
                None => outside.is_well(),
            }
            let phone = phones.next().unwrap();
            let channel = if provider.name == "whatsapp" { "whatsapp" } else { "sms" };
            let asked = json!({ "phone": phone, "channel": channel });
            answers.push(app.nobody().post("/v1/auth/otp/request", asked).await.expect(202).text);
            app.drain().await;
            secrets.push(phone[1..].to_owned());
            // So that the breaker lets the next one through.
            app.advance(TimeDelta::minutes(11));
        }
        for method in ["POST", "GET"] {
            let path =
                format!("/v1/webhooks/{}?reference=1&status=delivered&to={}", provider.name, phones.next().unwrap());
            let forged = app.nobody().send(method.parse().unwrap(), &path, &[], Some(json!({"a": 1}))).await;
            answers.push(forged.text);
        }
        probe::check(&app.app.config).await;
        // Not of the checks.
        let messages = outside.asked().into_iter().filter(|asked| asked.body.contains("code"));
        secrets.extend(messages.map(|asked| code_in(&asked)));
        secrets.extend(credentials(provider, &outside));
        sqlx::query("delete from code_tallies").execute(&app.db).await.unwrap();
    }
    (secrets, answers)
}

fn faults(provider: Contract) -> Vec<Option<Fault>> {
    let own = (provider.errors)().into_iter().map(|(_, reply, _)| Some(Fault::Answers(reply))).take(3);
    let general = [None, Some(Fault::Reset), Some(Fault::Garbage), Some(Fault::Truncated)];
    let told = Reply::json(400, &json!({"message": "+12015550123 got 123456", "code": "+12015550123"}));
    general.into_iter().chain(own).chain([Some(Fault::Answers(told))]).collect()
}

fn credentials(provider: Contract, outside: &Outside) -> Vec<String> {
    let is_secret =
        |name: &str| ["TOKEN", "SECRET", "ACCESS_KEY", "SIGNING_KEY"].iter().any(|word| name.contains(word));
    let vars = (provider.vars)(&outside.url).into_iter();
    vars.filter(|(name, value)| is_secret(name) && *name != "AWS_ACCESS_KEY_ID" && value.len() > 6)
        .map(|(_, value)| value)
        .collect()
}

/// The digits of a code within a longer number, such as a duration, are not the code.
fn tells(line: &str, secret: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    line.match_indices(secret).any(|(at, _)| {
        let (before, after) = (line[..at].trim_end_matches('.'), &line[at + secret.len()..]);
        secret.len() > 8 || !(before.ends_with(is_digit) || after.starts_with(is_digit))
    })
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_code_phone_credential_or_text_is_in_what_a_run_of_messages_leaves(db: PgPool) {
    let metrics = chemstock::platform::telemetry::install();
    let (log, _guard) = log::start();
    let (secrets, answers) = run(&db).await;
    sqlx::query("update labs set name = id::text").execute(&db).await.unwrap();
    let app = crate::support::TestApp::new(db).await;
    let tables = tables(&app).await;
    let report = app.owner().await.get("/v1/admin/messages?limit=200").await.ok().to_string();
    // The last of what goes wrong: the database, when a message is due.
    app.app.lanes().close().await;
    ask(&app, "+12015550123").await.expect(503);
    let (log, metrics, answers) = (log.text(), metrics.render(), answers.join("\n"));
    for (what, text, sign) in [
        ("log", &log, "a message was not taken"),
        ("metrics", &metrics, "messages_total"),
        ("tables", &tables, "message_attempts"),
        ("answers", &answers, "/problems/callback-refused"),
        ("report", &report, "try_later"),
    ] {
        assert!(what == "tables" || text.contains(sign), "there is a {what}");
        for secret in secrets.iter().map(String::as_str).chain(["Chemstock code", "got 123456"]) {
            let line = text.lines().find(|line| tells(line, secret) || line.contains(&hex(secret)));
            assert_eq!(line, None, "{secret} in {what}");
        }
    }
    assert!(secrets.len() > 60, "{}", secrets.len());
}
