//! What each provider posts about a message that it was given, signed as the provider does.

use axum::{
    body::Body,
    http::{self, Method},
};
use serde_json::json;
use uuid::Uuid;

use super::PUBLIC_URL;
use crate::{
    people::login::PHONE,
    support::{
        Answer, TestApp,
        outside::Outside,
        providers::{Contract, aws_sns, bird, messagebird, posted::Posted, twilio, vonage, whatsapp},
    },
};

/// What a provider posts of the message that has this reference.
pub type Tell = fn(&TestApp, &Outside, reference: Uuid, what: What) -> Posted;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Delivered,
    /// The network, not the number, is at fault.
    Failed,
}

/// As the provider would: to our public address.
pub async fn post(app: &TestApp, method: Method, posted: &Posted) -> Answer {
    let path = posted.url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{} is not ours", posted.url));
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in &posted.headers {
        request = request.header(name, value);
    }
    app.nobody().send_raw(request, Body::from(posted.body.clone())).await
}

pub fn by_twilio(_: &TestApp, _: &Outside, reference: Uuid, what: What) -> Posted {
    let url = format!("{PUBLIC_URL}/v1/webhooks/twilio?reference={reference}");
    match what {
        What::Delivered => twilio::receipt(&url, "delivered", &[]),
        What::Failed => twilio::receipt(&url, "undelivered", &[("ErrorCode", "30008")]),
    }
}

pub fn by_vonage(app: &TestApp, _: &Outside, reference: Uuid, what: What) -> Posted {
    let (status, code) = if what == What::Delivered { ("delivered", "0") } else { ("failed", "5") };
    let fields = vonage::fields(status, code, &reference.to_string(), app.now().timestamp());
    vonage::receipt(vonage::Way::Form, fields)
}

fn by_messagebird(app: &TestApp, _: &Outside, reference: Uuid, what: What) -> Posted {
    let url = format!("{PUBLIC_URL}/v1/webhooks/messagebird?reference={reference}");
    let state = if what == What::Delivered { "delivered" } else { "delivery_failed" };
    messagebird::report(
        app.now(),
        &url,
        &[("id", messagebird::MESSAGE_ID), ("recipient", "12025550123"), ("status", state)],
    )
}

fn by_bird(app: &TestApp, _: &Outside, reference: Uuid, what: What) -> Posted {
    let status = if what == What::Delivered { "delivered" } else { "delivery_failed" };
    bird::outbound(app.now(), status, &json!({"reference": reference}))
}

/// It knows the message by its own name alone.
fn by_aws(app: &TestApp, sns: &Outside, _: Uuid, what: What) -> Posted {
    let status = if what == What::Delivered { "SUCCESS" } else { "FAILURE" };
    let response = if what == What::Delivered { "Message has been accepted by phone carrier" } else { "Unknown error" };
    let report = json!({
        "notification": {"messageId": aws_sns::MESSAGE_ID, "timestamp": "2027-01-15 08:00:00.000"},
        "delivery": {"destination": PHONE, "priceInUSD": 0.00645, "smsType": "Transactional", "providerResponse": response},
        "status": status
    });
    aws_sns::topic::notification(&sns.url, app.now(), &report)
}

fn by_meta(_: &TestApp, _: &Outside, reference: Uuid, what: What) -> Posted {
    let status = if what == What::Delivered { "delivered" } else { "failed" };
    let status = json!({
        "id": "wamid.HBgL", "status": status, "timestamp": "1800000000", "recipient_id": "12025550123",
        "biz_opaque_callback_data": reference, "errors": [{"code": 131_000}]
    });
    let body = whatsapp::status_webhook(&status).to_string();
    let url = format!("{PUBLIC_URL}/v1/webhooks/whatsapp");
    Posted { url, headers: whatsapp::signed(body.as_bytes()), body: body.into_bytes() }
}

/// Each with the method that it calls us by.
pub const ALL: [(Contract, &str, Tell); 6] = [
    (twilio::CONTRACT, "POST", by_twilio),
    (vonage::CONTRACT, "POST", by_vonage),
    (messagebird::CONTRACT, "GET", by_messagebird),
    (bird::CONTRACT, "POST", by_bird),
    (aws_sns::CONTRACT, "POST", by_aws),
    (whatsapp::CONTRACT, "POST", by_meta),
];
