use std::time::{Duration, Instant};

use chemstock::{
    base::language::Language,
    clients::{
        http::Http,
        outbound::{Accepted, Failure, Outgoing},
        whatsapp::WhatsApp,
    },
    config::Config,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::whatsapp::{CONTRACT, NOBODY, NUMBER_ID, TEMPLATE, message_id},
};

mod receipts;

const REFERENCE: Uuid = Uuid::from_u128(0x0199_3f2e_8a5b_7c1d_9e2f_3a4b_5c6d_7e8f);

fn client_without(url: &str, missing: &[&str]) -> WhatsApp {
    let vars = CONTRACT.vars;
    let vars: Vec<_> = vars(url).into_iter().filter(|(name, _)| !missing.contains(name)).collect();
    let value = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let config = Config::from_vars(value).expect("good settings").sms.whatsapp.expect("WhatsApp");
    WhatsApp::new(&config, &Http::new(None))
}

fn client(outside: &Outside) -> WhatsApp {
    client_without(&outside.url, &[])
}

fn message(to: &str, language: Language) -> Outgoing<'_> {
    Outgoing {
        reference: REFERENCE,
        to,
        subject: "not sent",
        text: "not sent",
        code: Some("12345678"),
        language,
        valid_for: Duration::from_mins(5),
        receipts_at: Some("https://chem.example/v1/webhooks/whatsapp?reference=1"),
    }
}

#[tokio::test]
async fn a_code_goes_out_as_the_contract_says() {
    let meta = CONTRACT.start().await;
    let accepted = client(&meta).send(&message("+12025550123", Language::Portuguese)).await.unwrap();
    assert_eq!(accepted, Accepted { id: message_id("12025550123"), price: None, delivered: false });
    let asked = meta.last();
    let code = json!([{ "type": "text", "text": "12345678" }]);
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+12025550123", "type": "template",
        "template": { "name": TEMPLATE, "language": { "code": "pt_BR" }, "components": [
            { "type": "body", "parameters": code },
            { "type": "button", "sub_type": "url", "index": "0", "parameters": code },
        ]},
        "biz_opaque_callback_data": REFERENCE.to_string(),
    });
    assert_eq!(asked.json(), expected);
    assert_eq!((asked.method, asked.path), ("POST".to_owned(), format!("/v23.0/{NUMBER_ID}/messages")));
}

#[tokio::test]
async fn the_template_is_in_the_language_of_the_message_or_else_in_the_first() {
    let meta = CONTRACT.start().await;
    let client = client(&meta);
    for (language, code) in [
        (Language::English, "en_US"),
        (Language::German, "de"),
        (Language::Portuguese, "pt_BR"),
        (Language::Spanish, "en_US"),
        (Language::Chinese, "en_US"),
    ] {
        client.send(&message("+12025550123", language)).await.unwrap();
        assert_eq!(meta.last().json()["template"]["language"], json!({ "code": code }));
    }
}

#[tokio::test]
async fn a_message_without_a_code_is_refused_without_a_request() {
    let meta = CONTRACT.start().await;
    let notice = Outgoing { code: None, ..message("+12025550123", Language::English) };
    let refused = client(&meta).send(&notice).await.unwrap_err();
    assert_eq!((refused.why, refused.code.as_str()), (Failure::Blocked, "no-template"));
    assert!(meta.asked().is_empty());
}

#[tokio::test]
async fn a_number_without_whatsapp_is_refused_for_good() {
    let meta = CONTRACT.start().await;
    let refused = client(&meta).send(&message(NOBODY, Language::English)).await.unwrap_err();
    assert_eq!((refused.why, refused.code.as_str()), (Failure::NumberRefused, "131026"));
}

#[tokio::test]
async fn every_error_of_meta_has_its_meaning() {
    let meta = CONTRACT.start().await;
    let client = client(&meta);
    for (code, reply, why) in (CONTRACT.errors)() {
        meta.has(Fault::Answers(reply));
        let refused = client.send(&message("+12025550123", Language::English)).await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.why), (code, why));
        let refused = client.check().await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.why), (code, why));
    }
}

#[tokio::test]
async fn a_meta_that_does_not_answer_as_it_should_holds_nobody_up() {
    let started = Instant::now();
    let outcome = async |fault: Fault| {
        let meta = CONTRACT.start().await;
        meta.has(fault);
        let refused = client(&meta).send(&message("+12025550123", Language::English)).await.unwrap_err();
        (refused.why, refused.code)
    };
    let unreachable = async {
        let client = client_without("http://127.0.0.1:9", &[]);
        let refused = client.send(&message("+12025550123", Language::English)).await.unwrap_err();
        (refused.why, refused.code)
    };
    let (silent, reset, truncated, garbage, endless, unreachable) = tokio::join!(
        outcome(Fault::Silent),
        outcome(Fault::Reset),
        outcome(Fault::Truncated),
        outcome(Fault::Garbage),
        outcome(Fault::Endless),
        unreachable
    );
    assert_eq!(silent, (Failure::Unknown, "timeout".to_owned()));
    assert_eq!(unreachable, (Failure::TryLater, "unreachable".to_owned()));
    for broken in [reset, truncated, endless] {
        assert_eq!(broken, (Failure::Unknown, "broken-off".to_owned()));
    }
    assert_eq!(garbage, (Failure::Unknown, "garbled".to_owned()));
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_hostile_answer_is_an_unknown_outcome_or_a_refusal() {
    let meta = CONTRACT.start().await;
    let client = client(&meta);
    let (deep, long) = ("[".repeat(100_000), "x".repeat(257));
    let bodies = [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "\"x\"",
        "{\"messages\":[]}",
        "{\"messages\":{}}",
        "{\"messages\":[{}]}",
        "{\"messages\":[{\"id\":7}]}",
        "{\"messages\":[{\"id\":\"\"}]}",
        "{\"messages\":[{\"id\":\"a b\"}]}",
        "{\"error\":{\"code\":131026}}",
        "{\"id\":1e400}",
        "{\"error\":{\"code\":99999999999999999999999}}",
        "{\"error\":{\"code\":-1}}",
        "{\"error\":[]}",
        &deep,
        &format!("{{\"messages\":[{{\"id\":\"{long}\"}}]}}"),
    ];
    for body in bodies {
        for status in [200, 201, 400, 500] {
            meta.has(Fault::Answers(Reply { status, content_type: "application/json", body: body.to_owned() }));
            let refused = client.send(&message("+12025550123", Language::English)).await.unwrap_err();
            assert_eq!(refused.why == Failure::Unknown, status < 300, "{status} {}", &body[..body.len().min(60)]);
            client.check().await.unwrap_err();
        }
    }
    let long_code = json!({ "error": { "code": 12_025_550_123_u64 } });
    meta.has(Fault::Answers(Reply::json(400, &long_code)));
    let refused = client.send(&message("+12025550123", Language::English)).await.unwrap_err();
    assert_eq!(refused.code, "other");
}

#[tokio::test]
async fn a_check_asks_for_the_number_and_sends_nothing() {
    let meta = CONTRACT.start().await;
    client(&meta).check().await.unwrap();
    let asked = meta.last();
    assert_eq!((asked.method.as_str(), asked.query.as_str(), asked.body.as_str()), ("GET", "fields=id", ""));
    meta.has(Fault::Answers(Reply::json(200, &json!({ "id": "another" }))));
    assert_eq!(client(&meta).check().await.unwrap_err().code, "garbled");
}
