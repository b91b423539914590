//! What a running server does, by the real clock.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::code_in;
use crate::{
    people::login::PHONE,
    support::{
        folder::Folder,
        instance::{self, Instance},
        outside::Fault,
        providers::{Contract, twilio, vonage},
    },
};

const FIRST: Contract = twilio::CONTRACT;
const SECOND: Contract = vonage::CONTRACT;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_running_server_asks_the_next_five_seconds_after_one_that_hung_up(db: PgPool) {
    let (first, second) = (FIRST.start().await, SECOND.start().await);
    first.has(Fault::Reset);
    let mut vars = vec![
        ("DATABASE_URL", instance::database_url(&db)),
        ("SIGN_UP", "open".to_owned()),
        ("SMS_PROVIDERS", "twilio,vonage".to_owned()),
    ];
    vars.extend((FIRST.vars)(&first.url).into_iter().chain((SECOND.vars)(&second.url)));
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let folder = Folder::new();
    let server = Instance::start(&folder, &vars).await;
    let (status, asked) = server.post("/auth/otp/request", &serde_json::json!({ "phone": PHONE })).await;
    assert_eq!(status, 202, "{asked}");
    let deadline = Instant::now() + Duration::from_secs(15);
    while second.asked().is_empty() {
        assert!(Instant::now() < deadline, "nobody else was asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let between = (second.last().at - first.last().at).as_secs_f64();
    assert!((4.9..6.0).contains(&between), "{between} s");
    assert_eq!(code_in(&first.last()), code_in(&second.last()));
}
