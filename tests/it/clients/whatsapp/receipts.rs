use axum::http::HeaderMap;
use chemstock::clients::{
    outbound::{Callback, Distrust, Failure, Receipt, ReceiptState},
    whatsapp::WhatsApp,
};
use serde_json::{Value, json};

use super::{REFERENCE, client_without};
use crate::support::providers::whatsapp::{VERIFY_TOKEN, hmac_sha256, signed, status_webhook};

fn receipts_of(client: &WhatsApp, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Receipt>, Distrust> {
    let url = "https://chem.example/v1/webhooks/whatsapp";
    client.receipts(&Callback { url, query: "", headers, body, now: chrono::DateTime::UNIX_EPOCH })
}

fn receipt_of(status: &Value) -> Vec<Receipt> {
    let body = status_webhook(status).to_string().into_bytes();
    receipts_of(&client_without("http://127.0.0.1:9", &[]), &signed(&body), &body).expect("a receipt")
}

fn status(state: &str) -> Value {
    json!({
        "id": "wamid.1", "status": state, "timestamp": "1763640000", "recipient_id": "12025550123",
        "biz_opaque_callback_data": REFERENCE,
        "pricing": { "billable": true, "pricing_model": "PMP", "category": "authentication" },
    })
}

#[test]
fn a_receipt_tells_what_became_of_a_message() {
    for (said, state) in
        [("sent", ReceiptState::Sent), ("delivered", ReceiptState::Delivered), ("read", ReceiptState::Delivered)]
    {
        let expected = Receipt { id: "wamid.1".to_owned(), reference: Some(REFERENCE), state, price: None, code: None };
        assert_eq!(receipt_of(&status(said)), [expected], "{said}");
    }
    for state in ["deleted", "warning", "", "SENT"] {
        assert_eq!(receipt_of(&status(state)), [], "{state}");
    }
}

#[test]
fn a_receipt_of_a_failure_has_its_code_and_meaning() {
    for (code, why) in [
        (json!(131_026), Failure::NumberRefused),
        (json!(131_050), Failure::ConsentWithdrawn),
        (json!(131_049), Failure::Blocked),
        (json!(131_042), Failure::Misconfigured),
        (json!(131_000), Failure::TryLater),
        (json!(199_999), Failure::TryLater),
    ] {
        let mut failed = status("failed");
        failed["errors"] = json!([{ "code": code, "title": "x", "message": "x", "error_data": { "details": "x" } }]);
        let receipt = receipt_of(&failed).remove(0);
        assert_eq!((receipt.state, receipt.code), (ReceiptState::Failed(why), Some(code.to_string())));
    }
    let receipt = receipt_of(&status("failed")).remove(0);
    assert_eq!((receipt.state, receipt.code), (ReceiptState::Failed(Failure::TryLater), None));
}

#[test]
fn what_is_no_receipt_is_none() {
    let client = client_without("http://127.0.0.1:9", &[]);
    let change = |field: &str, value: &Value| json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": field, "value": value }] }] });
    let incoming = json!({ "messages": [{ "from": "12025550123", "id": "wamid.2", "type": "text" }] });
    let with_status = |status: Value| change("messages", &json!({ "statuses": [status] }));
    for body in [
        change("messages", &incoming),
        change("account_update", &json!({ "statuses": [status("sent")] })),
        json!({ "entry": [] }),
        json!({ "entry": [7, null, { "changes": 7 }, { "changes": [7, null] }] }),
        with_status(json!(null)),
        with_status(json!({ "id": 7, "status": "sent" })),
        with_status(json!({ "id": "", "status": "sent" })),
        with_status(json!({ "id": "wamid.1", "status": { "deep": [] } })),
    ] {
        let body = body.to_string().into_bytes();
        assert_eq!(receipts_of(&client, &signed(&body), &body), Ok(Vec::new()));
    }
    for body in ["", "null", "[]", "{}", "{\"entry\":{}}", &"[".repeat(100_000)] {
        assert_eq!(receipts_of(&client, &signed(body.as_bytes()), body.as_bytes()), Err(Distrust::Unreadable));
    }
}

#[test]
fn of_a_receipt_every_bit_is_signed() {
    let client = client_without("http://127.0.0.1:9", &[]);
    let body = status_webhook(&status("sent")).to_string().into_bytes();
    let headers = signed(&body);
    for at in 0..body.len() {
        let mut other = body.clone();
        other[at] ^= 1;
        assert_eq!(receipts_of(&client, &headers, &other), Err(Distrust::Forged), "{at}");
    }
    let signature = headers["x-hub-signature-256"].to_str().unwrap();
    for at in 0..signature.len() {
        let mut other = signature.as_bytes().to_vec();
        other[at] ^= 1;
        let other = String::from_utf8(other).unwrap();
        let Ok(value) = other.parse() else { continue };
        let headers = HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), value)]);
        assert_eq!(receipts_of(&client, &headers, &body), Err(Distrust::Forged), "{at}");
    }
    for forged in ["", "sha256=", "sha1=0", &signature[..70], &signature[7..]] {
        let headers = HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), forged.parse().unwrap())]);
        assert_eq!(receipts_of(&client, &headers, &body), Err(Distrust::Forged), "{forged}");
    }
    assert_eq!(receipts_of(&client, &HeaderMap::new(), &body), Err(Distrust::Forged));
}

#[test]
fn without_the_apps_secret_no_receipt_is_believed() {
    let client = client_without("http://127.0.0.1:9", &["WHATSAPP_APP_SECRET"]);
    let body = status_webhook(&status("sent")).to_string().into_bytes();
    assert_eq!(receipts_of(&client, &signed(&body), &body), Err(Distrust::NotSetUp));
}

/// RFC 4231, test case 2; and one of ours, made with Python's hmac and pinned.
#[test]
fn signatures_are_hmac_sha256() {
    let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hmac_sha256(b"Jefe", b"what do ya want for nothing?"), known);
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let pinned = "sha256=eefab58106e73358686845848feb95c56372e7391b3dc050b6a31c8c5f347ece";
    let headers = HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), pinned.parse().unwrap())]);
    assert_eq!(receipts_of(&client_without("http://127.0.0.1:9", &[]), &headers, body), Ok(Vec::new()));
}

#[test]
fn the_webhook_is_subscribed_by_whoever_knows_the_token() {
    let client = client_without("http://127.0.0.1:9", &[]);
    let query = |mode: &str, token: &str, challenge: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("hub.mode", mode).append_pair("hub.challenge", challenge);
        query.append_pair("hub.verify_token", token).finish()
    };
    assert_eq!(client.subscription(&query("subscribe", VERIFY_TOKEN, "1158201444")), Some("1158201444".to_owned()));
    for (mode, token, challenge) in [
        ("unsubscribe", VERIFY_TOKEN, "1158201444"),
        ("subscribe", "another", "1158201444"),
        ("subscribe", "", "1158201444"),
        ("subscribe", VERIFY_TOKEN, ""),
        ("subscribe", VERIFY_TOKEN, "<script>"),
        ("subscribe", VERIFY_TOKEN, &"1".repeat(129)),
    ] {
        assert_eq!(client.subscription(&query(mode, token, challenge)), None, "{mode} {token} {challenge}");
    }
    for bad in ["", "hub.mode=subscribe", "%", "hub.verify_token=%ff&hub.mode=subscribe&hub.challenge=1"] {
        assert_eq!(client.subscription(bad), None);
    }
    let client = client_without("http://127.0.0.1:9", &["WHATSAPP_VERIFY_TOKEN"]);
    assert_eq!(client.subscription(&query("subscribe", "", "1")), None);
}
