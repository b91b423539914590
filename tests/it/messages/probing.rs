//! `chemstock doctor` asks the providers, and sends a test message if it is told to; and what the simulator plays.

use chemstock::{
    base::{clock::Clock, phone::Phone},
    clients::outbound::Failure,
    config::Config,
    doctor::{Level, examine},
    messages::probe,
};
use serde_json::json;
use sqlx::PgPool;

use super::{delivery, send, state};
use crate::{
    people::login::PHONE,
    support::{
        TestApp,
        outside::{Fault, Outside, Reply},
        providers::{Contract, aws_sns, bird, messagebird, twilio, vonage, whatsapp},
    },
};

const ALL: [Contract; 6] =
    [twilio::CONTRACT, vonage::CONTRACT, aws_sns::CONTRACT, messagebird::CONTRACT, bird::CONTRACT, whatsapp::CONTRACT];

fn set_up(contract: Contract, outside: &Outside) -> Config {
    let vars = (contract.vars)(&outside.url);
    Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())).unwrap()
}

#[tokio::test]
async fn each_provider_is_asked_whether_it_knows_the_credentials_and_sends_nothing_for_it() {
    for contract in ALL {
        let outside = contract.start().await;
        let config = set_up(contract, &outside);
        let of_it = || async {
            let all = probe::check(&config).await;
            all.into_iter().find(|(provider, _)| provider.name() == contract.name).unwrap().1
        };
        assert_eq!(of_it().await, Ok(()), "{}", contract.name);
        outside.has(Fault::Answers(Reply::json(401, &json!({}))));
        assert_eq!(of_it().await.unwrap_err().why, Failure::Misconfigured, "{}", contract.name);
        assert!(outside.asked().iter().all(|asked| !asked.body.contains("PhoneNumber")), "{}", contract.name);
    }
}

#[tokio::test]
async fn the_doctor_tells_what_each_provider_says_and_what_to_do() {
    let outside = vonage::CONTRACT.start().await;
    let config = set_up(vonage::CONTRACT, &outside);
    let told = async || {
        let findings = examine(&config, &Clock::real()).await;
        findings.into_iter().filter(|finding| finding.part == "messages").collect::<Vec<_>>()
    };
    let well = told().await;
    assert_eq!((well[0].level, well[0].found.as_str()), (Level::Ok, "vonage knows the credentials"));
    assert_eq!(well[1].level, Level::Warning, "nobody could tell us of a delivery: {}", well[1].found);
    outside.has(Fault::Answers(Reply::json(401, &json!({}))));
    let wrong = &told().await[0];
    assert_eq!(wrong.level, Level::Problem);
    assert!(wrong.to_string().contains("credentials or the sender are wrong (http-401): compare"), "{wrong}");
}

#[tokio::test]
async fn a_test_message_goes_by_the_first_provider_that_takes_it() {
    let (first, second) = (twilio::CONTRACT.start().await, vonage::CONTRACT.start().await);
    let mut vars = (twilio::CONTRACT.vars)(&first.url);
    vars.extend((vonage::CONTRACT.vars)(&second.url));
    let config = Config::from_vars(|name| vars.iter().find(|it| it.0 == name).map(|it| it.1.clone())).unwrap();
    first.has(Fault::Answers(Reply::html(503)));
    let tried = probe::send(&config, &Phone::parse(PHONE, None).unwrap()).await;
    let outcomes: Vec<_> = tried.iter().map(|(provider, sending)| (provider.name(), sending.is_ok())).collect();
    assert_eq!(outcomes, [("twilio", false), ("vonage", true)]);
    assert_eq!(second.last().form()["text"], "A test message of Chemstock.");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_simulator_plays_a_delivered_a_refused_and_a_failing_number(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("SMS_PROVIDERS", "simulator")]).await;
    app.owner().await;
    for (phone, expected) in [
        ("+15005550006", "delivered"),
        ("+15005550007", "failed"),
        ("+15005550008", "queued"),
        ("+15005550004", "failed"),
        (PHONE, "delivered"),
    ] {
        let challenge = send(&app, phone).await;
        assert_eq!(state(&app, &challenge).await, expected, "{phone}");
        assert_eq!(delivery(&app, &challenge).await["channel"], "sms");
    }
}
