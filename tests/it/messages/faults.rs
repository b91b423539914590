//! What becomes of a message when its provider fails, for each provider and each way to fail: the tables of
//! docs/reliability.md. `CHEMSTOCK_WRITE_DOCS=1 scripts/test faults` writes them anew.

use std::{fmt::Write as _, sync::Mutex};

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{attempts, code_in, send, state, through};
use crate::support::{
    TestApp,
    outside::{Fault, Outside},
    providers::{Contract, aws_sns, bird, messagebird, twilio, vonage},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md");
const ENDS: &str = "<!-- end -->\n";
/// While one table is written, no other is.
static WRITES: Mutex<()> = Mutex::new(());

/// The other one, to which a message may pass on.
fn second(first: Contract) -> Contract {
    if first.name == vonage::CONTRACT.name { twilio::CONTRACT } else { vonage::CONTRACT }
}

fn faults(of: Contract) -> Vec<(String, Fault)> {
    let general = [
        ("no answer", Fault::Silent),
        ("hangs up", Fault::Reset),
        ("answer cut short", Fault::Truncated),
        ("200 with garbage", Fault::Garbage),
        ("endless answer", Fault::Endless),
        ("502, a gateway's HTML", Fault::Answers(crate::support::outside::Reply::html(502))),
        ("200, a gateway's HTML", Fault::Answers(crate::support::outside::Reply::html(200))),
    ];
    let own = (of.errors)().into_iter().map(|(name, reply, _)| (name.to_owned(), Fault::Answers(reply)));
    general.into_iter().map(|(name, fault)| (name.to_owned(), fault)).chain(own).collect()
}

struct Row {
    outcome: String,
    /// How many messages each provider was asked to send.
    asked: (usize, usize),
    /// From the first to the second.
    seconds: Option<f64>,
    state: String,
}

/// To a new installation, as far as it remembers providers.
async fn row(app: &TestApp, first: (Contract, &Outside), second: &Outside, fault: Fault, phone: &str) -> Row {
    let (app, (contract, first)) = (app.restarted(), first);
    let count = || (first.asked().len(), second.asked().len());
    let (before, began) = (count(), app.now());
    first.has(fault);
    let challenge = send(&app, phone).await;
    if count() == (before.0 + 1, before.1) {
        // What may have been sent goes on when a silent provider would be given up.
        app.advance(TimeDelta::seconds(4));
        app.drain().await;
        assert_eq!(count().1, before.1, "{}: not before", contract.name);
        app.advance(TimeDelta::seconds(1));
        app.drain().await;
    }
    let after = count();
    let asked = (after.0 - before.0, after.1 - before.1);
    assert!(asked.0 == 1 && asked.1 <= 1, "{}: {asked:?}", contract.name);
    let since = app.now() - began;
    let seconds = (asked.1 == 1)
        .then(|| (second.last().at - first.last().at).as_secs_f64() + since.to_std().unwrap_or_default().as_secs_f64());
    if asked.1 == 1 {
        assert_eq!(code_in(&first.last()), code_in(&second.last()), "{}: one code", contract.name);
    }
    let (_, _, failure) = attempts(&app).await.into_iter().find(|(name, ..)| name == contract.name).unwrap();
    let state = state(&app, &challenge).await;
    for sql in ["delete from messages", "delete from code_tallies", "delete from message_tallies"] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    Row { outcome: failure.unwrap_or_else(|| "accepted".to_owned()), asked, seconds, state }
}

fn written(seconds: Option<f64>, may_have_been_sent: bool) -> &'static str {
    match seconds {
        None => "",
        Some(seconds) if may_have_been_sent => {
            assert!((5.0..7.0).contains(&seconds), "{seconds} s");
            "after 5 s"
        }
        Some(seconds) => {
            assert!(seconds < 2.0, "{seconds} s");
            "under 2 s"
        }
    }
}

async fn table(db: PgPool, first: Contract) -> String {
    let mut table =
        String::from("| fault | outcome | asked: it, the next | to the next | message then |\n|---|---|---|---|---|\n");
    let second = second(first);
    let (one, other) = (first.start().await, second.start().await);
    let app = through(db, &[(first, &one), (second, &other)], &[]).await;
    // Each of its own block of numbers: where no code comes back, sending would stop.
    let mut phones = (0..).map(|n| format!("+1{}5550123", 201 + n));
    for (name, fault) in faults(first) {
        let row = row(&app, (first, &one), &other, fault, &phones.next().unwrap()).await;
        let next = written(row.seconds, row.outcome == "unknown");
        let (it, other) = row.asked;
        writeln!(table, "| {name} | {} | {it}, {other} | {next} | {} |", row.outcome, row.state).unwrap();
    }
    table
}

async fn faults_are_as_documented(db: PgPool, provider: Contract) {
    let table = table(db, provider).await;
    let begins = format!("<!-- {}: written by tests/it/messages/faults.rs -->\n", provider.name);
    let _alone = WRITES.lock();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(&begins).expect("where it begins");
    let (documented, after) = rest.split_once(ENDS).expect("where it ends");
    if std::env::var_os("CHEMSTOCK_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{before}{begins}{table}{ENDS}{after}")).unwrap();
    } else {
        assert!(documented == table, "run `CHEMSTOCK_WRITE_DOCS=1 scripts/test faults` and read it:\n{table}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn faults_of_twilio_are_as_documented(db: PgPool) {
    faults_are_as_documented(db, twilio::CONTRACT).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn faults_of_vonage_are_as_documented(db: PgPool) {
    faults_are_as_documented(db, vonage::CONTRACT).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn faults_of_aws_sns_are_as_documented(db: PgPool) {
    faults_are_as_documented(db, aws_sns::CONTRACT).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn faults_of_messagebird_are_as_documented(db: PgPool) {
    faults_are_as_documented(db, messagebird::CONTRACT).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn faults_of_bird_are_as_documented(db: PgPool) {
    faults_are_as_documented(db, bird::CONTRACT).await;
}
