//! How many messages a second leave through one instance, by a provider on this machine that answers at once. It needs
//! a database of its own: `DATABASE_URL=postgresql://... cargo bench --bench outbox`, as `scripts/bench --only send`
//! does.

#![expect(clippy::disallowed_methods, reason = "it writes what is measured past the use cases")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use axum::{Router, http::StatusCode, routing::post};
use chemstock::{
    base::{language::Language, phone::Phone},
    config::Config,
    messages::{self, Content, Kind, NewMessage, Recipient},
    serve,
};
use chrono::TimeDelta;
use sqlx::Connection as _;
use tokio::net::TcpListener;

const MESSAGES: usize = 10_000;

#[tokio::main]
async fn main() {
    // Where there is no database, as with `cargo test --benches`, there is nothing to measure.
    let Some(database) = std::env::var_os("DATABASE_URL").and_then(|url| url.into_string().ok()) else { return };
    let taken = Arc::new(AtomicUsize::new(0));
    let provider = provider(taken.clone()).await;
    let data = std::env::temp_dir().join(format!("chemstock-bench-{}", std::process::id()));
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(database.clone()),
        "DATA_DIR" => data.to_str().map(str::to_owned),
        "TWILIO_BASE_URL" => Some(provider.clone()),
        "TWILIO_ACCOUNT_SID" => Some("AC00000000000000000000000000000000".to_owned()),
        "TWILIO_AUTH_TOKEN" => Some("00000000000000000000000000000000".to_owned()),
        "TWILIO_PHONE_NUMBER" => Some("+15005550006".to_owned()),
        _ => None,
    });
    let connected = serve::connect(config.expect("a configuration")).await.expect("a database");
    let app = connected.app.clone();
    let mut db = app.db().await.expect("a connection");
    let mut transaction = db.begin().await.expect("a transaction");
    for n in 0..MESSAGES {
        let phone = format!("+1{}55501{:02}", 201 + n / 100 % 700, n % 100);
        let message = NewMessage {
            challenge_id: None,
            recipient: Recipient::Sms(Phone::parse(&phone, None).expect("a number of tests")),
            content: Content {
                kind: Kind::LoginCode,
                language: Language::English,
                code: Some("123456".to_owned()),
                minutes: 10,
            },
            expires_at: app.clock.now() + TimeDelta::minutes(10),
            withheld: None,
        };
        messages::queue(&mut transaction, &app, message).await.expect("a message");
    }
    transaction.commit().await.expect("a commit");
    drop(db);
    let began = Instant::now();
    let sent = messages::send_due(app.clone()).await.expect("a database");
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!((sent, taken.load(Ordering::SeqCst)), (MESSAGES, MESSAGES), "each is sent once");
    report(seconds);
    drop(app);
    connected.close().await;
    std::fs::remove_dir_all(data).ok();
}

#[expect(clippy::print_stdout, reason = "what it measured")]
fn report(seconds: f64) {
    let count = f64::from(u32::try_from(MESSAGES).unwrap_or(u32::MAX));
    println!("outbox: {MESSAGES} messages in {seconds:.2} s, {:.0} a second", count / seconds);
}

async fn provider(taken: Arc<AtomicUsize>) -> String {
    let answer = async move || {
        let number = taken.fetch_add(1, Ordering::SeqCst);
        (StatusCode::CREATED, format!(r#"{{"sid": "SM{number:032x}", "status": "queued", "price": null}}"#))
    };
    let routes = Router::new().route("/2010-04-01/Accounts/{sid}/Messages.json", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(axum::serve(listener, routes).into_future());
    url
}
