//! What becomes of a message when its provider fails, for each provider and each way to fail: the table of
//! docs/reliability.md. `CHEMSTOCK_WRITE_DOCS=1 scripts/test faults` writes it anew.

use std::fmt::Write as _;

use sqlx::PgPool;

use super::{attempts, code_in, send, state, through};
use crate::support::{
    outside::{Fault, Outside},
    providers::{Contract, aws_sns, bird, messagebird, twilio, vonage},
};

const PROVIDERS: [Contract; 5] =
    [twilio::CONTRACT, vonage::CONTRACT, aws_sns::CONTRACT, messagebird::CONTRACT, bird::CONTRACT];
const BEGINS: &str = "<!-- written by tests/it/messages/faults.rs -->\n";
const ENDS: &str = "<!-- end -->\n";

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

async fn row(db: PgPool, first: Contract, fault: Fault, phone: &str) -> Row {
    let second = second(first);
    let (one, other) = (first.start().await, second.start().await);
    let app = through(db, &[(first, &one), (second, &other)], &[]).await;
    one.has(fault);
    let challenge = send(&app, phone).await;
    let count = |outside: &Outside| outside.asked().len();
    let asked = (count(&one), count(&other));
    assert!(asked.0 == 1 && asked.1 <= 1, "{}: {asked:?}", first.name);
    let seconds = (asked.1 == 1).then(|| (other.last().at - one.last().at).as_secs_f64());
    if asked.1 == 1 {
        assert_eq!(code_in(&one.last()), code_in(&other.last()), "{}: one code", first.name);
    }
    let (_, _, failure) = attempts(&app).await.into_iter().find(|(name, ..)| name == first.name).unwrap();
    let state = state(&app, &challenge).await;
    sqlx::query("delete from messages").execute(&app.db).await.unwrap();
    Row { outcome: failure.unwrap_or_else(|| "accepted".to_owned()), asked, seconds, state }
}

fn written(seconds: Option<f64>, is_silence: bool) -> &'static str {
    match seconds {
        None => "",
        Some(seconds) if is_silence => {
            assert!(seconds < 6.0, "{seconds} s");
            "after 5 s, under 6 s"
        }
        Some(seconds) => {
            assert!(seconds < 2.0, "{seconds} s");
            "under 2 s"
        }
    }
}

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn the_table_of_faults_is_as_documented(db: PgPool) {
    let mut table = String::from(
        "| provider | fault | outcome | asked: it, the next | to the next | message then |\n|---|---|---|---|---|---|\n",
    );
    // Each of its own block of numbers: where no code comes back, sending would stop.
    let mut phones = (0..).map(|n| format!("+1{}5550123", 201 + n));
    for provider in PROVIDERS {
        for (name, fault) in faults(provider) {
            let is_silence = matches!(fault, Fault::Silent);
            let row = row(db.clone(), provider, fault, &phones.next().unwrap()).await;
            let next = written(row.seconds, is_silence);
            let (it, other) = row.asked;
            let line =
                format!("| {} | {name} | {} | {it}, {other} | {next} | {} |", provider.name, row.outcome, row.state);
            writeln!(table, "{line}").unwrap();
            forget(&db).await;
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGINS).expect("where it begins");
    let (documented, after) = rest.split_once(ENDS).expect("where it ends");
    if std::env::var_os("CHEMSTOCK_WRITE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{BEGINS}{table}{ENDS}{after}")).unwrap();
    } else {
        assert!(documented == table, "run `CHEMSTOCK_WRITE_DOCS=1 scripts/test faults` and read it:\n{table}");
    }
}

/// The next row begins as the first did.
async fn forget(db: &PgPool) {
    for sql in ["delete from code_tallies", "delete from message_tallies", "delete from users", "delete from labs"] {
        drop(sqlx::query(sql).execute(db).await);
    }
}
